"""The doors of the house: the terminal and the report. Only here is the clock read and a person spoken to."""
