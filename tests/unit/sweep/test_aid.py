"""Does each household receive what fits its causes and its open guarantees, and no more than there is?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tuopin.sweep.aid import help_for
from tuopin.sweep.campaign_file import HelpPlan

PLAN = HelpPlan(
    source="invented",
    reached={2014: 0.5, 2016: 1.0},
    after_exit_until=2020,
    most_measures=3,
    by_cause={"illness": ["medical_aid", "dibao"], "skills": ["training", "job"]},
    without_cause=["industry"],
    by_guarantee={"safe_housing": "housing_works", "safe_water": "water_works"},
)


def known(**columns: list[Any]) -> pa.Table:
    many = len(next(iter(columns.values())))
    blank = {name: [None] * many for name in ("main_cause", "second_cause", "third_cause")}
    answers = {name: pa.array([True] * many) for name in ("safe_housing", "safe_water")}
    ids = [f"H{n:011d}" for n in range(many)]
    causes = {name: pa.array(values, pa.string()) for name, values in {**blank, **columns}.items() if name in blank}
    given = {name: pa.array(values, pa.bool_()) for name, values in columns.items() if name in answers}
    return pa.table({"household_id": ids, **causes, **answers, **given})


def measures(table: pa.Table, year: int = 2016) -> list[list[str]]:
    """The measures of each household, in the order in which they were given."""
    found: dict[str, list[str]] = {id: [] for id in table["household_id"].to_pylist()}
    for row in help_for(table, plan=PLAN, seed=1, year=year).to_pylist():
        found[row["household_id"]].append(row["measure"])
        assert row["year"] == year
    return list(found.values())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"main_cause": ["illness"]}, ["medical_aid", "dibao"]),
        ({"main_cause": ["skills"], "second_cause": ["illness"]}, ["training", "medical_aid", "job"]),
        ({"main_cause": [None]}, ["industry"]),
        ({"main_cause": ["other"]}, []),  # a cause without a medicine of its own: nothing is poured out
        ({"main_cause": ["illness"], "safe_housing": [False]}, ["housing_works", "medical_aid", "dibao"]),
        ({"main_cause": ["illness"], "safe_housing": [False], "safe_water": [False]}, ["housing_works", "water_works", "medical_aid"]),
        ({"main_cause": ["illness"], "safe_housing": [None]}, ["medical_aid", "dibao"]),  # nobody can tell: not open
    ],
)  # fmt: skip
def test_the_right_medicine_for_each_ailment(said: dict[str, list[Any]], expected: list[str]) -> None:
    assert measures(known(**said)) == [expected]


def test_help_reaches_the_stated_share_and_nobody_before_the_first_year() -> None:
    everybody = known(main_cause=["skills"] * 10_000)
    assert sum(bool(found) for found in measures(everybody, 2015)) == pytest.approx(5000, abs=150)
    assert all(measures(everybody, 2016))
    assert not any(measures(everybody, 2013))


def test_nobody_receives_the_same_measure_twice_in_a_year() -> None:
    (found,) = measures(known(main_cause=["illness"], second_cause=["illness"]))
    assert found == ["medical_aid", "dibao"]
