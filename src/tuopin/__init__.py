"""Tuopin: run a targeted poverty-reduction campaign and count it honestly."""

__version__ = "0.1.0"
