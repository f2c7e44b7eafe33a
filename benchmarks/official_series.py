"""How wrong is the invented country about 2017-2020? `python -m benchmarks.official_series` lets it live and compares.

The calibration was fitted on incomes of 2013 and 2016 and the headcount of 2013 (`benchmarks.fit_simulation`); the
headcount of 2014 to 2016 was looked at, all else is a prediction. A country of all three regions lives through the
campaign; its shares of persons are set against the official ones, or taken of the rural population that the official
headcount implies. The survey and the register are two systems and are not mixed: of exits by year there is no official
series that was found, so only the country's own are printed.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tuopin.policy import read_pack
from tuopin.policy.dated import figures_on
from tuopin.sweep.campaign import run_campaign

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "chn-nbs-rural-poverty"
BUILD = Path(__file__).resolve().parents[1] / "build" / "official"

#: Millions of persons, with the page or the confidence. None of it stands in the calibration.
REGISTERED = {2013: 89.62}  # first registration, April to October 2014 (China Keywords, Poor Villages)
RETURNED = {2016: 0.684, 2017: 0.208, 2018: 0.058, 2019: 0.0054}  # own knowledge, high; fits SCIO 2020-03-14
MONITORED = {2020: 5.0}  # about 2 and 3 million at risk, early 2020 (own knowledge, high)
ILLNESS = {2013: 0.424, 2015: 0.441}  # share of registered households (CPPCC net 2017-08-27)


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: is counted.
        year: of the country.
        official: the published figure; None where none was found.
        found: the country's.
        unit: of both.
        seen: whether the fit had the official figure before its eyes.
        official_year: of the official figure, where it is another: the country only counts at the end of a year.
    """

    what: str
    year: int
    official: float | None
    found: float
    unit: str
    seen: bool = False
    official_year: int | None = None

    def told(self) -> str:
        """A row of the table in docs/explanation/prediction.md."""
        official = "none found" if self.official is None else f"{self.official:.2f}"
        official += f" (of {self.official_year})" if self.official_year not in (None, self.year) else ""
        error = "" if self.official is None else f"{self.found - self.official:+.2f}"
        when = "seen when fitting" if self.seen else "" if self.official is None else "predicted"
        return f"| {self.what} | {self.year} | {official} | {self.found:.2f} | {error} | {self.unit} | {when} |"


def main() -> int:
    """Live, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=BUILD)
    parser.add_argument("--keep", action="store_true", help="compare the campaign that lies there already")
    given = parser.parse_args()
    if not given.keep:
        shutil.rmtree(given.out, ignore_errors=True)
        run_campaign(
            pack=read_pack("china"), households=given.households, seed=given.seed, years=(2013, 2022), out=given.out
        )
    print("| what | year | official | invented country | error | unit | |")
    print("|---|---|---|---|---|---|---|")
    for row in rows(given.out):
        print(row.told())
    return 0


def rows(campaign: Path) -> Iterator[Row]:
    """Every comparison that both sides know."""
    accounts = {
        account["year"]: account for account in json.loads((campaign / "campaign.json").read_text("utf-8"))["years"]
    }
    poor, share = official()
    rural = {year: poor[year] / (share[year] / 100) / 100 for year in poor if share.get(year)}  # millions
    rural[2020] = rural[2019]
    for year in range(2013, 2021):
        found = 100 * headcount(campaign, year)
        yield Row("below the survey line", year, share[year], found, "% of rural persons", seen=year <= 2016)
    for year, millions in REGISTERED.items():  # registered in the year after
        found = 100 * accounts[year + 1]["entered"] / accounts[year + 1]["persons"]
        share_of_all = 100 * millions / rural[year]
        yield Row("first registered", year + 1, share_of_all, found, "% of rural persons", official_year=year)
    for year in range(2015, 2021):
        found = 100 * accounts[year]["exited"] / accounts[year]["persons"]
        yield Row("left the register in the year", year, None, found, "% of rural persons")
    for year, millions in RETURNED.items():
        found = 100 * accounts[year]["returned"] / accounts[year]["persons"]
        yield Row("returned in the year", year, 100 * millions / rural[year], found, "% of rural persons")
    for year, millions in MONITORED.items():
        found = 100 * accounts[year + 1]["watched"] / accounts[year + 1]["persons"]
        share_of_all = 100 * millions / rural[year]
        yield Row("watched, first year", year + 1, share_of_all, found, "% of rural persons", official_year=year)
    for year, part in ILLNESS.items():
        causes: Mapping[str, int] = accounts[max(year, 2014)]["causes"]
        known = sum(many for cause, many in causes.items() if cause != "not written down")
        yield Row(
            "illness as main cause",
            max(year, 2014),
            100 * part,
            100 * causes.get("illness", 0) / known,
            "% of registered households",
            official_year=year,
        )


def official() -> tuple[dict[int, float], dict[int, float]]:
    """Rural poor in ten thousands and in percent, by year."""
    with (SHARED / "rural_poverty_2010_standard.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    poor = {int(row["year"]): float(row["poor_10k_persons"]) for row in found}
    return poor, {int(row["year"]): float(row["headcount_pct"]) for row in found}


def headcount(campaign: Path, year: int) -> float:
    """The share of persons whose true net income a head lies below the survey's line of the year (2019's in 2020)."""
    rows: Any = pq.read_table(campaign / "truth" / f"judged-{year}.parquet", columns=["welfare", "persons"])
    line = survey_line(min(year, 2019))
    welfare, persons = (rows[name].to_numpy() for name in ("welfare", "persons"))
    return float(np.sum(persons * (welfare < 100 * line)) / np.sum(persons))


def survey_line(year: int) -> float:
    """The statistical line of the pack, in yuan a head."""
    held = figures_on(read_pack("china", examples=False).lines["survey_line"].values, date(year, 12, 31))
    assert held is not None
    assert held.default is not None
    return float(held.default)


if __name__ == "__main__":
    sys.exit(main())
