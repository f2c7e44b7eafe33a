"""May a fact be computed with what the law says for everybody: a shared parameter, a poverty line?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import (
    DAY_ONE,
    Household,
    Register,
    derived,
    evaluated,
    fact,
    figure,
    line,
    make_pack,
    parameter,
    standard,
    write_register,
)
from tuopin.policy import Pack, check_pack
from tuopin.sweep import run_sweep
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine

FACTS = {
    "income": fact("money", unit="XTS", min=0, max=10**6),
    "wage": fact("money", "member", unit="XTS", min=0, max=10**6),
    "household_size": fact("integer", unit="person", min=1, max=20),
}
DATED = {"2014-01-01": 100, "2016-01-01": 120}
BY_AREA = {DAY_ONE: {"default": 100, "areas": {"n": 120, "n12": 90}}}


def said(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The same figure in the three ways in which a fact may name it."""
    half = {day: {**v, "areas": {c: n / 2 for c, n in v["areas"].items()}, "default": v["default"] / 2}
            if isinstance(v, dict) else v / 2 for day, v in values.items()}  # fmt: skip
    return {
        "a shared parameter": {"parameters": {"least": parameter(values, "XTS")}},
        "a line": {"lines": {"least": line(values=values)}},
        "a line over parameters": {
            "parameters": {"half": parameter(half, "XTS")},
            "lines": {"least": line(formulas={DAY_ONE: "2 * half"})},
        },
    }


WAYS = tuple(said(DATED))
COUNTED = derived("persons_if(income < least)", "integer", unit="person", entity="area")
WARNED = standard("poor_persons >= 3", applies_to="district")


@pytest.mark.parametrize("way", WAYS)
def test_a_households_fact_takes_the_figure_of_the_policys_day(engine: Engine, way: str) -> None:
    pack = make_pack(
        facts=FACTS,
        derived={"poor": derived("income < least")},
        standards={"rule": standard("poor")},
        **said(DATED)[way],
    )
    register = Register([Household({"income": amount}) for amount in (99, 110, 120)])
    answers = [
        [row["rule"] for row in evaluated(engine, pack, register, day=date.fromisoformat(day))]
        for day in ("2015-12-31", "2016-01-01")
    ]
    assert answers == [[True, False, False], [True, True, False]]


@pytest.mark.parametrize("way", WAYS)
def test_a_members_row_and_a_roll_up_take_it_too(engine: Engine, way: str) -> None:
    low = derived("wage < least", entity="member")
    pack = make_pack(
        facts=FACTS,
        derived={"low": low, "some": derived("any_of(low)"), "all": derived("all_of(wage < least)")},
        standards={"some_low": standard("some"), "all_low": standard("all")},
        **said(DATED)[way],
    )
    members: list[list[dict[str, Any]]] = [
        [{"wage": 110}, {"wage": 130}],
        [{"wage": 110}],
        [{"wage": None}, {"wage": 120}],
    ]
    rows = evaluated(engine, pack, Register([Household({}, listed) for listed in members]))
    assert [(row["some_low"], row["all_low"]) for row in rows] == [(True, False), (True, True), (None, False)]


@pytest.mark.parametrize("way", WAYS)
def test_a_figure_that_differs_by_area_is_that_of_the_nearest_area(engine: Engine, way: str) -> None:
    pack = make_pack(
        facts=FACTS,
        derived={"poor": derived("income < least")},
        standards={"rule": standard("poor")},
        **said(BY_AREA)[way],
    )
    places = ("ev", "n11", "n12", "s11")
    rows = evaluated(engine, pack, Register([Household({"income": 95}, area=area) for area in places]))
    assert [row["rule"] for row in rows] == [True, True, False, True]


def areas_of(folder: Path, pack: Pack, snapshot: Snapshot, day: date) -> dict[str, dict[str, Any]]:
    """What a sweep writes of districts, by code."""
    assert check_pack(pack) == []
    out = folder / str(day)
    run_sweep(pack=pack, snapshot=snapshot, as_of=day, out=out)
    return {row["area_code"]: row for row in pq.read_table(out / "areas" / "district.parquet").to_pylist()}


@pytest.mark.parametrize("way", WAYS)
def test_the_households_of_an_area_are_counted_under_it(tmp_path: Path, way: str) -> None:
    pack = make_pack(facts=FACTS, derived={"poor_persons": COUNTED}, standards={"alarm": WARNED}, **said(BY_AREA)[way])
    households = [
        Household({"household_size": size, "income": income}, area=area)
        for size, income, area in ((2, 110, "n11"), (4, 95, "n12"), (1, 80, "n12"), (3, 110, "s11"))
    ]
    # Below 120 in n11: 2 persons. Below 90 in n12: 1, not the four with 95. In s1 the line is 100: nobody of 3.
    snapshot = write_register(tmp_path / "snapshot", pack, Register(households, members=False))
    found = areas_of(tmp_path, pack, snapshot, date(2016, 12, 31))
    assert {code: (row["poor_persons"], row["alarm"]) for code, row in found.items()} == {
        "n1": (3, True), "n2": (0, False), "s1": (0, False),
    }  # fmt: skip


def test_facts_stored_under_the_figure_of_one_day_are_not_read_under_that_of_another(tmp_path: Path) -> None:
    since_2014 = {"from": "2014-01-01", "met": "poor_persons >= 3"}
    pack = make_pack(
        facts=FACTS,
        derived={"poor": derived("income < least"), "poor_persons": {**COUNTED, "rule": "persons_if(poor)"}},
        standards={"alarm": standard("", since_2014, applies_to="district")},
        lines={"least": line(values=DATED)},
    )
    households = [Household({"household_size": 3, "income": 110})]
    snapshot = write_register(tmp_path / "snapshot", pack, Register(households, members=False))
    days = (date(2015, 12, 31), date(2016, 12, 31))
    assert [areas_of(tmp_path, pack, snapshot, day)["n1"]["alarm"] for day in days] == [False, True]


MEDIAN = {
    "figures": {"median": figure("median", "income", weight="households")},
    "lines": {"least": line(formulas={DAY_ONE: "0.5 * median"})},
}


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"poor": derived("income < least")}, standard("poor")),
        ({"poor_persons": COUNTED}, WARNED),
        ({"low": derived("wage < least", entity="member"), "poor": derived("any_of(low)")}, standard("poor")),
    ],
    ids=["of a household", "of an area", "of a member"],
)
def test_a_line_over_figures_is_refused_in_a_fact_for_figures_are_counted_from_facts(
    facts: dict[str, Any], rule: dict[str, Any]
) -> None:
    (problem,) = check_pack(make_pack(facts=FACTS, derived=facts, standards={"rule": rule}, **MEDIAN))
    assert problem.what == "The line `least` rests on the figure `median`, which is counted from the facts themselves."
    assert problem.fix == "Compare with it in a standard, or name a line or parameter with dated values."
    assert (problem.place.file, problem.place.line, problem.place.rule) == ("facts.yaml", 2, next(iter(facts)))


def test_a_row_of_a_register_knows_no_area_so_a_figure_that_differs_by_area_is_refused_there() -> None:
    pack = make_pack(
        about={"registers": {"cars": {"label": {"en": "Cars"}}}},
        facts={"power": fact("integer", "register:cars", min=0, max=999)},
        derived={"strong": derived("in_register(cars, power >= much)")},
        parameters={"much": parameter({DAY_ONE: {"default": 100, "areas": {"n": 90}}})},
        standards={"rule": standard("strong")},
    )
    (problem,) = check_pack(pack)
    assert problem.what == "A figure that differs by area stands inside `in_register`."
    assert problem.place.rule == "strong"


def test_a_figure_in_another_unit_is_refused_in_a_fact_too() -> None:
    pack = make_pack(
        facts=FACTS,
        derived={"poor": derived("income < least")},
        parameters={"least": parameter(100, "XTS/year")},
        standards={"rule": standard("poor")},
    )
    (problem,) = check_pack(pack)
    assert "cannot be compared" in problem.what
    assert problem.place.rule == "poor"
