"""What can be told when a table, a row or a column is not there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.policy.invented import (
    Household,
    Register,
    derived,
    evaluated,
    fact,
    groups,
    make_pack,
    parameter,
    score,
    standard,
)
from tuopin.tables.engines import Engine

# --- members ---------------------------------------------------------------------------------------------------------

ROLLED = {
    "anyone": derived("any_of(ill)"), "everyone": derived("all_of(ill)"),
    "number": derived("count_if(ill)", "integer", unit="person"),
    "part": derived("share_of(ill)", "decimal", scale=2), "ages": derived("sum_of(age)", "integer"),
    "oldest": derived("max_of(age)", "integer"),
}  # fmt: skip
OF_MEMBERS = make_pack(
    facts={"ill": fact("boolean", "member"), "age": fact("integer", "member", min=0, max=130),
    "household_size": fact("integer", unit="person", min=1, max=60)},
    derived=ROLLED,
    standards={
        "anyone_ill": standard("anyone"), "nobody_ill": standard("not anyone"), "all_ill": standard("everyone"),
        "none_or_more": standard("number >= 0"), "some_part": standard("part >= 0"),
        "ages_known": standard("ages >= 0"), "oldest_known": standard("oldest <= 130"),
        "large": standard("household_size >= 3"), "asked": standard("ages is null"),
    },
)  # fmt: skip


def answers(engine: Engine, register: Register) -> list[dict[str, bool | None]]:
    return [{rule: row[rule] for rule in OF_MEMBERS.rules} for row in evaluated(engine, OF_MEMBERS, register)]


def test_where_no_members_were_listed_nothing_is_told_of_them_but_their_number(engine: Engine) -> None:
    register = Register(
        [Household({"household_size": 4}), Household({"household_size": 2}), Household()], members=False
    )
    nothing = dict.fromkeys(OF_MEMBERS.rules, None)
    assert answers(engine, register) == [nothing | {"large": True}, nothing | {"large": False}, nothing]


def test_where_members_were_listed_they_are_counted_whatever_was_answered(engine: Engine) -> None:
    one, other = {"ill": False, "age": 1}, {"ill": False, "age": 2}
    register = Register(
        [Household({"household_size": 9}, [one, other]), Household({"household_size": 1}, [one, other, one])]
    )
    assert [row["large"] for row in answers(engine, register)] == [False, True]


def test_a_question_that_no_member_was_asked_is_unknown_of_all_households(engine: Engine) -> None:
    register = Register([Household({}, [{"age": 1}]), Household()], frozenset({"ill", "household_size"}))
    for row in answers(engine, register):
        assert {row[rule] for rule in ("anyone_ill", "nobody_ill", "all_ill", "none_or_more", "some_part")} == {None}


def test_a_household_of_nobody_is_told_as_one_of_nobody(engine: Engine) -> None:
    (row, _) = answers(engine, Register([Household(), Household({}, [{"ill": None, "age": None}])]))
    assert row == {
        "anyone_ill": False, "nobody_ill": True, "all_ill": True, "none_or_more": True, "some_part": None,
        "ages_known": True, "oldest_known": None, "large": False, "asked": False,
    }  # fmt: skip


@pytest.mark.parametrize("rule", ["any_of(ill or wet)", "count_if(ill or wet) >= 1"])
def test_one_question_that_was_asked_can_decide_beside_one_that_was_not(engine: Engine, rule: str) -> None:
    pack = make_pack(
        facts={"ill": fact("boolean", "member"), "wet": fact("boolean", "member"), "lit": fact("boolean"),
        "far": fact("boolean"), "n": fact("integer"), "m": fact("integer")},
        derived={"rolled": derived(rule), "here": derived("lit or far"), "more": derived("greatest(n, m)", "integer")},
        standards={"rule": standard("rolled"), "direct": standard("lit or far"), "derived": standard("here"),
        "number": standard("more >= 3")},
    )  # fmt: skip
    households = [
        Household({"lit": True, "n": 5}, [{"ill": True}]),
        Household({"lit": False, "n": 1}, [{"ill": False}]),
    ]
    rows = evaluated(engine, pack, Register(households, frozenset({"wet", "far", "m"})))
    assert [[row[name] for name in ("rule", "direct", "derived", "number")] for row in rows] == [[True] * 4, [None] * 4]


# --- dwellings, areas, derived facts that a source gives -------------------------------------------------------------


def test_a_household_without_a_dwelling_is_unknown_in_all_that_is_asked_of_one(engine: Engine) -> None:
    pack = make_pack(
        facts={"rooms": fact("integer", "dwelling", min=0), "damp": fact("boolean", "dwelling")},
        standards={"rule": standard("rooms >= 1 or damp"), "unknown": standard("rooms is null")},
    )
    housed = Household({"rooms": 2, "damp": False})
    rows = evaluated(
        engine, pack, Register([housed, replace(housed, housed=False), Household({"damp": True})], members=False)
    )
    assert [(row["rule"], row["unknown"]) for row in rows] == [(True, False), (None, True), (True, True)]


def test_a_row_that_is_not_there_is_unknown_although_every_row_that_is_there_is_complete(engine: Engine) -> None:
    pack = make_pack(
        facts={
            "rooms": fact("integer", "dwelling", min=0, max=9), "damp": fact("boolean", "dwelling"),
            "rain": fact("integer", "area", min=0, max=9), "flood": fact("boolean", "area"), "beds": fact("integer"),
        },
        scores={"card": score({"when": "damp", "points": 3}, {"when": "flood", "points": 1})},
        categories={"level": groups(("poor", "damp"), ("near", "flood"))},
        standards={"inside": standard("greatest(rooms, beds) <= 5"), "outside": standard("least(rain, beds) >= 4")},
    )  # fmt: skip
    whole = Household({"rooms": 2, "damp": False, "beds": 5}, area="n11")
    places = {code: {"rain": 4, "flood": True} for code in ("n", "s")}
    rows = evaluated(
        engine, pack, Register([whole, replace(whole, housed=False, area="ev")], members=False, areas=places)
    )
    assert [(row["inside"], row["outside"]) for row in rows] == [(True, True), (None, None)]
    assert [(row["card_low"], row["card_high"]) for row in rows] == [(1, 1), (0, 4)]
    assert [(row["level_first"], row["level_last"]) for row in rows] == [("near", "near"), ("poor", "none")]


def test_a_fact_of_an_area_is_that_of_the_nearest_area_above(engine: Engine) -> None:
    pack = make_pack(
        facts={"flood": fact("boolean", "area"), "rain": fact("integer", "area")},
        standards={"rule": standard("flood"), "wet": standard("rain > 5")},
    )
    known: Mapping[str, Mapping[str, Any]] = {
        "n": {"flood": True, "rain": 9},
        "n1": {"flood": False},
        "n12": {"rain": 1},
        "s1": {"flood": True},
    }
    villages = ("ev", "n11", "n12", "n21", "s11")
    rows = evaluated(engine, pack, Register([Household(area=area) for area in villages], members=False, areas=known))
    assert [row["rule"] for row in rows] == [None, False, False, True, True]
    assert [row["wet"] for row in rows] == [None, True, False, True, None]


def test_a_derived_fact_that_the_source_gives_is_taken_as_given(engine: Engine) -> None:
    pack = make_pack(
        facts={"age": fact("integer", "member")},
        derived={"units": derived("count_if(age >= 14)", "integer", unit="person", given=True)},
        standards={"rule": standard("units >= 2")},
    )
    households = [
        Household({"units": 1}, [{"age": 20}, {"age": 30}]),
        Household({}, [{"age": 20}, {"age": 30}]),
        Household({"units": 2}, [{"age": 1}]),
    ]
    given = [row["rule"] for row in evaluated(engine, pack, Register(households))]
    computed = [row["rule"] for row in evaluated(engine, pack, Register(households, frozenset({"units"})))]
    assert (given, computed) == ([False, None, True], [True, True, False])


def test_a_product_of_what_was_partly_asked_still_decides_where_its_bounds_do(engine: Engine) -> None:
    """Nobody asked an age; the size alone says that a family of four counts 1.9 adults or more."""
    pack = make_pack(
        facts={
            "age": fact("integer", "member"),
            "income": fact("money", unit="XTS/year", min=0, max=100_000),
            "household_size": fact("integer", unit="person", min=1, max=60),
        },
        derived={
            "adults": derived(
                "each * household_size + greatest(first, grown * count_if(age >= 14))", "decimal", unit="adult", scale=2,
                parameters={"each": parameter(Decimal("0.3"), "adult/person"), "grown": parameter(Decimal("0.2"), "adult/person"),
                            "first": parameter(Decimal("0.7"), "adult")},
            ),
        },
        parameters={"line": parameter(100, "XTS/year/adult")},
        standards={"poor": standard("income < line * adults")},
    )  # fmt: skip
    households = [Household({"income": income, "household_size": 4}) for income in (189, 190, None)]
    register = Register(households, frozenset({"age"}), members=False)
    assert [row["poor"] for row in evaluated(engine, pack, register)] == [True, None, None]


# --- registers of other offices --------------------------------------------------------------------------------------

TWO = make_pack(
    about={"registers": {name: {"label": {"en": name}} for name in ("cars", "firms")}},
    facts={"new": fact("boolean", "register:cars"), "owner": fact("boolean", "register:firms"),
    "turnover": fact("money", "register:firms", unit="XTS")},
    derived={"car": derived("in_register(cars, new)"), "any_car": derived("in_register(cars, true)"),
    "firm": derived("in_register(firms, owner and turnover > least)",
    parameters={"least": {"unit": "XTS", "values": {"2000-01-01": 100}, "source": "invented"}})},
    standards={"has_car": standard("car"), "has_any_car": standard("any_car"), "has_firm": standard("firm")},
)  # fmt: skip
CARS: list[dict[str, Any]] = [
    {"person_key": 1, "new": True},
    {"person_key": 2, "new": False},
    {"person_key": 2, "new": None},
    {"person_key": 3, "new": False},
]
FIRMS: list[dict[str, Any]] = [
    {"person_key": 1, "owner": False, "turnover": 500},
    {"person_key": 3, "owner": True, "turnover": 100},
    {"person_key": 4, "owner": True, "turnover": 101},
    {"person_key": 5, "owner": True},
]
PEOPLE = Register([Household({}, [{"person_key": key}]) for key in (1, 2, 3, 4, 5, 6)] + [Household({},
[{"person_key": 3}, {"person_key": 4}]), Household({}, [{"person_key": 6}, {}]),
Household({}, [{"person_key": 1}, {}])], foreign={"cars": CARS, "firms": FIRMS})  # fmt: skip


def looked_up(engine: Engine, register: Register) -> dict[str, list[bool | None]]:
    rows = evaluated(engine, TWO, register)
    return {rule: [row[rule] for row in rows] for rule in TWO.rules}


def test_two_registers_are_looked_up_side_by_side(engine: Engine) -> None:
    assert looked_up(engine, PEOPLE) == {
        "has_car": [True, None, False, False, False, False, False, None, True],
        "has_any_car": [True, True, True, False, False, False, True, None, True],
        "has_firm": [False, False, False, True, None, False, True, None, None],
    }


def test_a_register_that_is_not_at_hand_answers_nothing(engine: Engine) -> None:
    found = looked_up(engine, replace(PEOPLE, foreign={"cars": CARS}))
    assert set(found["has_firm"]) == {None}
    assert found["has_car"][0] is True


@pytest.mark.parametrize(
    ("since", "until", "covered"),
    [(date(2016, 12, 31), None, True), (date(2017, 1, 1), None, False), (date(2000, 1, 1), date(2016, 12, 31), False),
    (date(2000, 1, 1), date(2017, 1, 1), True)],
)  # fmt: skip
def test_a_register_answers_from_its_first_day_until_the_day_before_its_end(
    engine: Engine, since: date, until: date | None, covered: bool
) -> None:
    found = looked_up(engine, replace(PEOPLE, since=since, until=until))
    assert found["has_car"] == [True, None, *([False] * 5 if covered else [None] * 5), None, True]


def test_a_register_answers_no_only_in_the_areas_that_it_covers(engine: Engine) -> None:
    households = [Household({}, [{"person_key": 6}], area=area) for area in ("ev", "n11", "n12", "n21", "s11")]
    found = looked_up(engine, replace(PEOPLE, households=households, covered={"cars": ["n1", "s11"], "firms": ["n"]}))
    assert found["has_car"] == [None, False, False, None, False]
    assert found["has_firm"] == [None, False, False, False, None]
