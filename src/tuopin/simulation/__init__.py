"""What would have happened in a country where the truth is known? An invented one: founded, lived, observed.

The demo, the tests, the benchmarks and the policy laboratory live in it. It knows tables and nothing of any policy: a
campaign decides what to ask, whom to help and what to make of it.
"""

from tuopin.simulation.calibration import Calibration, read_calibration
from tuopin.simulation.codes import MEASURES
from tuopin.simulation.territory import HOUSEHOLDS_A_PART
from tuopin.simulation.world import World, found

__all__ = ["HOUSEHOLDS_A_PART", "MEASURES", "Calibration", "World", "found", "read_calibration"]
