"""Who has a vehicle, a company, a public post, a home in town? As departments would know it with whole books."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tuopin.simulation.draws import Draws
from tuopin.simulation.livelihood import income_a_head
from tuopin.simulation.state import Flags, Part
from tuopin.simulation.territory import Territory

Belonging = Literal["vehicle", "company", "payroll", "property"]
_MIDDLE = 10_000  # yuan a head: where the shares of the calibration hold


def owners(part: Part, territory: Territory, what: Belonging, year: int) -> Flags:
    """Members who have it: adults, the likelier the better off their household is."""
    registers, age = territory.calibration.registers, part.members.age(year)
    share: float = getattr(registers, what) * registers.growth.index(year - territory.calibration.founded)
    rich = np.clip(income_a_head(part) / _MIDDLE, 0.05, 8.0) ** registers.income_slope
    chance = np.minimum(share * rich, 0.9)[part.rows]
    result: Flags = (age >= 20) & (age < 75) & Draws(territory.seed).happens(part.members.number, what, chance)
    return result
