"""Which figures of `simulation.yaml` are fitted, and to what? `python -m benchmarks.fit_simulation` prints them.

It looks at official figures of 2013 to 2016 and at nothing later: income by source in 2013 and 2016, and the rural
headcount by the line of the household survey. What the invented country does after 2016 is a prediction.

Fitted are levels and growth of incomes, and the spread of talent, which gives the headcount of 2013. How fast the
headcount fell from there depends on how strong help is and on how many it reaches, and no official figure tells the two
apart. So the strength stays where the sources of each measure put it, and the reach of a stand-in for a campaign is
fitted and printed: it says how much help a campaign has to give for the fall of 2014-2016.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tuopin.policy import read_pack
from tuopin.simulation.calibration import Calibration, Growth, Range
from tuopin.simulation.codes import CAUSES, MEASURES
from tuopin.simulation.draws import Draws
from tuopin.simulation.founding import found_part
from tuopin.simulation.life import live_part
from tuopin.simulation.livelihood import causes_of, income_a_head
from tuopin.simulation.measures import Help, no_help
from tuopin.simulation.state import Part
from tuopin.simulation.territory import Territory
from tuopin.sweep.campaign import calibration_of

OFFICIAL = Path(__file__).resolve().parents[2] / "shared/data/chn-nbs-rural-poverty/rural_poverty_2010_standard.csv"
FITTED_YEARS = (2013, 2014, 2015, 2016)

#: Yuan a head: NBS, rural household survey, disposable income by source (own knowledge; confirm before quoting).
INCOME_2013 = {"wage": 3653.0, "operating": 3935.0, "property": 195.0, "transfer": 1648.0}
INCOME_2016 = {"wage": 5022.0, "operating": 4741.0, "property": 272.0, "transfer": 2328.0}

#: The line of the household survey in current prices: packs/china/lines.yaml, survey_line.
SURVEY_LINE = {2013: 2736, 2014: 2800, 2015: 2855, 2016: 2952, 2017: 2952, 2018: 2995, 2019: 3218}

#: What the stand-in gives for a cause.
HELP: Mapping[str, tuple[str, ...]] = {
    "illness": ("medical_aid", "insurance_subsidy", "dibao"),
    "disability": ("dibao", "medical_aid", "public_post"),
    "schooling": ("education_aid", "job"),
    "disaster": ("industry", "housing_works"),
    "land": ("industry", "job"),
    "water": ("water_works", "industry"),
    "skills": ("training", "job"),
    "labour": ("dibao", "public_post"),
    "funds": ("micro_loan", "industry"),
    "transport": ("industry", "relocation"),
    "industry_failure": ("industry",),
    "unstable_job": ("job", "training"),
    "accident": ("medical_aid", "public_post"),
    "housing": ("housing_works", "industry"),
    "other": ("industry",),
}


def official_headcounts(file: Path = OFFICIAL) -> dict[int, float]:
    """The official rural headcount ratio by year, as a share."""
    with file.open(encoding="utf-8") as rows:
        return {int(row["year"]): float(row["headcount_pct"]) / 100 for row in csv.DictReader(rows)}


def headcount(parts: list[Part], line: float) -> float:
    """The share of persons in households with less income a head than the line."""
    below = sum(int(part.sizes[income_a_head(part) < line].sum()) for part in parts)
    return below / sum(len(part.members) for part in parts)


def stand_in_help(part: Part, territory: Territory, year: int, *, line: float, reach: float) -> Help:
    """Help by cause for households that look poor; a household is reached with some chance each year."""
    number, draws = part.households.number, Draws(territory.seed, year)
    looks = income_a_head(part) * np.exp(0.15 * draws.normal(number, "stand-in sees"))
    reached = np.flatnonzero((looks < line) & draws.happens(number, "stand-in reaches", reach))
    cause = causes_of(part, territory, year - 1)[reached, 0]
    given = [
        (number[row], MEASURES.index(kind))
        for row, first in zip(reached, cause, strict=True)
        for kind in HELP[CAUSES[first]]
    ]
    households, kinds = np.array(given, dtype=np.int64).reshape(-1, 2).T
    return Help(households, kinds)


def lived(calibration: Calibration, *, households: int, seed: int, until: int, reach: float) -> dict[int, float]:
    """The headcount at the end of each year of a country that is helped from its second year on."""
    territory = Territory(calibration, seed, households)
    parts = [found_part(territory, no) for no in range(len(territory.parts))]
    year = calibration.founded
    found = {year: headcount(parts, SURVEY_LINE[year])}
    while year < until:
        line = SURVEY_LINE[year]
        year += 1
        helped = [stand_in_help(part, territory, year, line=1.15 * line, reach=reach) for part in parts]
        parts = [live_part(part, territory, year, help_=help_)[0] for part, help_ in zip(parts, helped, strict=True)]
        found[year] = headcount(parts, SURVEY_LINE[year])
    return found


def changed(calibration: Calibration, **groups: Mapping[str, Any]) -> Calibration:
    """A calibration with other figures in some groups."""
    update = {name: getattr(calibration, name).model_copy(update=dict(figures)) for name, figures in groups.items()}
    return calibration.model_copy(update=update)


def levels(calibration: Calibration, *, households: int, seed: int, year: int) -> dict[str, float]:
    """Income a head by source at the end of a year in which nobody was helped."""
    territory = Territory(calibration, seed, households)
    totals, persons = dict.fromkeys(INCOME_2013, 0.0), 0
    for no in range(len(territory.parts)):
        part = found_part(territory, no)
        for lived_year in range(calibration.founded + 1, year + 1):
            part, _ = live_part(part, territory, lived_year, help_=no_help())
        of = part.households
        persons += len(part.members)
        totals["wage"] += of.wage.sum()
        totals["operating"] += (of.operating - of.costs).sum()
        totals["property"] += of.from_property.sum()
        granted = (of.dibao_income, of.hardship_income, of.pension, of.ecological, of.asset, of.other)
        totals["transfer"] += sum(each.sum() for each in granted)
    return {name: total / persons for name, total in totals.items()}


def with_levels(calibration: Calibration, *, households: int, seed: int) -> Calibration:
    """The calibration with pay, yields and remittances scaled to the official incomes of 2013."""
    for _ in range(3):
        now = levels(calibration, households=households, seed=seed, year=2013)
        by = {name: INCOME_2013[name] / now[name] for name in now}
        wages, farming, transfers = calibration.wages, calibration.farming, calibration.transfers
        calibration = changed(
            calibration,
            wages={"monthly": tuple(pay * by["wage"] for pay in wages.monthly)},
            farming={
                "gross_a_mu": farming.gross_a_mu * by["operating"],
                "beasts": farming.beasts * by["operating"],
                "business_gross": scaled(farming.business_gross, by["operating"]),
            },
            transfers={
                "kin_yuan": scaled(transfers.kin_yuan, 1 + 1.5 * (by["transfer"] - 1)),
                "property_yuan": scaled(transfers.property_yuan, by["property"]),
            },
        )
    return calibration


def with_growth(calibration: Calibration, *, households: int, seed: int) -> Calibration:
    """The calibration with growth from the official incomes of 2013 to those of 2016."""
    for _ in range(2):
        now = levels(calibration, households=households, seed=seed, year=2016)
        wages, farming, transfers = calibration.wages, calibration.farming, calibration.transfers
        calibration = changed(
            calibration,
            wages={"growth": faster(wages.growth, INCOME_2016["wage"] / now["wage"])},
            farming={"growth": faster(farming.growth, INCOME_2016["operating"] / now["operating"])},
            transfers={"growth": faster(transfers.growth, INCOME_2016["transfer"] / now["transfer"])},
        )
    return calibration


def scaled(span: Range, by: float) -> Range:
    """A range, larger or smaller."""
    return Range(low=span.low * by, high=span.high * by)


def faster(growth: Growth, by: float) -> Growth:
    """A growth that gives so many times as much after three years."""
    years = 1 + growth.fades + growth.fades**2
    return Growth(rate=growth.rate + math.log(by) / years, fades=growth.fades)


def bisected(miss: Callable[[float], float], low: float, high: float, *, steps: int = 9) -> float:
    """Where a figure that rises from `low` to `high` stops missing its mark."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if miss(middle) < 0 else (low, middle)
    return (low + high) / 2


def main() -> int:
    """Fit, and print what goes into `simulation.yaml`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=160_000)
    parser.add_argument("--seed", type=int, default=2013)
    given = parser.parse_args()
    official = official_headcounts()
    size = {"households": given.households, "seed": given.seed}
    calibration = calibration_of(read_pack("china"))

    def with_talent(spread: float) -> Calibration:
        return with_levels(changed(calibration, talent={"household": spread}), **size)

    def too_poor(spread: float) -> float:
        return lived(with_talent(spread), **size, until=2013, reach=0)[2013] - official[2013]

    calibration = with_growth(with_talent(bisected(too_poor, 0.15, 0.75)), **size)

    def too_slow(not_reached: float) -> float:
        found = lived(calibration, **size, until=2016, reach=1 - not_reached)
        return sum(found[year] - official[year] for year in FITTED_YEARS[1:])

    reach = 1 - bisected(too_slow, 0.0, 1.0, steps=7)
    found = lived(calibration, **size, until=2019, reach=reach)
    wages, farming, transfers = calibration.wages, calibration.farming, calibration.transfers
    print("talent.household      ", round(calibration.talent.household, 3))
    print("wages.monthly         ", [round(pay) for pay in wages.monthly], "growth", wages.growth)
    print("farming.gross_a_mu    ", round(farming.gross_a_mu), "beasts", round(farming.beasts))
    print("farming.business_gross", farming.business_gross, "growth", farming.growth)
    print("transfers.kin_yuan    ", transfers.kin_yuan, "growth", transfers.growth)
    print("transfers.property    ", transfers.property_yuan)
    print("reach of help         ", round(reach, 2))
    for year in (2013, 2016):
        print(f"incomes of {year}, unhelped:", {n: round(y) for n, y in levels(calibration, **size, year=year).items()})
    for year, share in found.items():
        kind = "fitted" if year in FITTED_YEARS else "predicted, with the stand-in's help"
        print(f"{year}: {share:.1%} here, {official[year]:.1%} official ({kind})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
