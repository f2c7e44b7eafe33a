"""What goes wrong in a year? Disasters strike counties and villages, prices fall, people lose work or are hurt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuopin.simulation.draws import Draws
from tuopin.simulation.state import Flags, Households, Part, Reals
from tuopin.simulation.territory import Territory


@dataclass(frozen=True)
class Struck:
    """Who was struck in a year, and how hard.

    Attributes:
        disaster: households whose harvest or home was struck.
        lost: share of the year's operating income that a disaster took; 0 where it took nothing.
        home_lost: households whose home is gone.
        prices: what a household's products fetch, against an ordinary year.
        job: members who lose their work, if they have any.
        accident: members who were hurt.
        business: households whose business fails, if they have one.
        pandemic: whether it is a year of a pandemic.
    """

    disaster: Flags
    lost: Reals
    home_lost: Flags
    prices: Reals
    job: Flags
    accident: Flags
    business: Flags
    pandemic: bool


def strike(part: Part, territory: Territory, year: int) -> Struck:
    """The shocks of a year."""
    shocks, draws = territory.calibration.shocks, Draws(territory.seed, year)
    households, members = part.households, part.members
    disaster = _struck_by_disaster(households, territory, draws)
    low, high = shocks.loss.low, shocks.loss.high
    lost = np.where(disaster, low + (high - low) * draws.uniform(households.number, "loss"), 0.0)
    pandemic = year in shocks.pandemic
    adult = (members.age(year) >= 16) & (members.age(year) < 80)
    return Struck(
        disaster=disaster,
        lost=lost,
        home_lost=disaster & draws.happens(households.number, "home lost", shocks.home_lost),
        prices=_prices(households, territory, draws),
        job=draws.happens(members.number, "job lost", shocks.pandemic_job_loss if pandemic else shocks.job_loss),
        accident=adult & draws.happens(members.number, "accident", shocks.accident),
        business=draws.happens(households.number, "business fails", shocks.business_fails),
        pandemic=pandemic,
    )


def _struck_by_disaster(households: Households, territory: Territory, draws: Draws) -> Flags:
    shocks, village = territory.calibration.shocks, households.village
    county = draws.happens(territory.county[village], "county disaster", shocks.county_disaster)
    reached = draws.happens(village, "village reached", shocks.villages_hit)
    alone = draws.happens(village, "village disaster", shocks.village_disaster)
    hit = draws.happens(households.number, "household hit", shocks.households_hit)
    result: Flags = ((county & reached) | alone) & hit
    return result


def _prices(households: Households, territory: Territory, draws: Draws) -> Reals:
    shocks, county = territory.calibration.shocks, territory.county[households.village]
    ordinary = np.exp(shocks.price_spread * draws.normal(county, "prices"))
    low, high = shocks.price_fall_by.low, shocks.price_fall_by.high
    fall = low + (high - low) * draws.uniform(county, "price falls by")
    falls = draws.happens(county, "price falls", shocks.price_fall)
    exposed = Draws(territory.seed).happens(households.number, "lives by the main product", shocks.price_exposed)
    result: Reals = ordinary * np.where(falls & exposed, 1 - fall, 1.0)
    return result
