"""The science, usable alone: no method knows a country."""
