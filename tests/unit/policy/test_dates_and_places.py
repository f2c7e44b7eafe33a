"""Which text and which figure hold on a day, and in an area?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from tests.unit.policy.invented import (
    Household,
    Register,
    derived,
    evaluated,
    fact,
    groups,
    line,
    make_pack,
    parameter,
    score,
    standard,
)
from tuopin.policy import Pack, check_pack
from tuopin.tables.engines import Engine

LIT = {"lit": fact("boolean"), "wet": fact("boolean")}
LIT_NOT_WET = Household({"lit": True, "wet": False})
EVERYWHERE = ("ev", "n11", "n12", "n21", "s11")


def edition(start: str, met: str, **more: Any) -> dict[str, Any]:
    return {"from": start, "met": met, **more}


def on(engine: Engine, pack: Pack, day: str, rule: str = "rule", household: Household = LIT_NOT_WET) -> object:
    """The answer on a day, or `no text` where the rule does not hold yet."""
    (row,) = evaluated(engine, pack, Register([household], members=False), day=date.fromisoformat(day))
    return row.get(rule, "no text")


def by_village(
    engine: Engine, pack: Pack, facts: Mapping[str, Any], *, a_part: int = 250_000, day: str = "2016-12-31"
) -> list[object]:
    """The answers of households that differ only in where they live: ev, n11, n12, n21, s11."""
    register = Register([Household(facts, area=area) for area in EVERYWHERE], members=False, a_part=a_part)
    return [row["rule"] for row in evaluated(engine, pack, register, day=date.fromisoformat(day))]


# --- editions --------------------------------------------------------------------------------------------------------


def test_an_edition_holds_from_its_first_day_until_the_day_before_the_next(engine: Engine) -> None:
    pack = make_pack(
        facts=LIT, standards={"rule": standard("", edition("2014-01-01", "lit"), edition("2016-03-01", "wet"))}
    )
    days = ["2013-12-31", "2014-01-01", "2016-02-29", "2016-03-01", "2099-01-01"]
    assert [on(engine, pack, day) for day in days] == ["no text", True, True, False, False]


def test_the_order_in_which_editions_are_written_does_not_matter(engine: Engine) -> None:
    pack = make_pack(
        facts=LIT, standards={"rule": standard("", edition("2016-03-01", "wet"), edition("2014-01-01", "lit"))}
    )
    assert [on(engine, pack, day) for day in ("2016-02-29", "2016-03-01")] == [True, False]


def test_an_announced_edition_is_never_applied_not_even_after_its_day(engine: Engine) -> None:
    announced = edition("2015-01-01", "wet", status="announced")
    pack = make_pack(
        facts=LIT,
        standards={"rule": standard("", edition("2014-01-01", "lit"), announced), "only": standard("", announced)},
    )
    assert [on(engine, pack, day) for day in ("2014-12-31", "2015-01-01", "2030-01-01")] == [True, True, True]
    assert on(engine, pack, "2030-01-01", "only") == "no text"


def test_scores_and_categories_follow_their_editions_too(engine: Engine) -> None:
    card = score() | {
        "editions": [
            {"from": day, "items": [{"when": "lit", "points": points}]}
            for day, points in (("2014-01-01", 1), ("2016-01-01", 5))
        ]
    }
    first, second = groups(("poor", "lit")), groups(("near", "lit"))
    level = first | {
        "editions": [first["editions"][0] | {"from": "2014-01-01"}, second["editions"][0] | {"from": "2016-01-01"}]
    }
    pack = make_pack(facts=LIT, scores={"card": card}, categories={"level": level})
    assert [on(engine, pack, day, "card_low") for day in ("2015-12-31", "2016-01-01")] == [1, 5]
    assert [on(engine, pack, day, "level_first") for day in ("2015-12-31", "2016-01-01")] == ["poor", "near"]


def test_the_tests_of_an_edition_belong_to_it_alone(engine: Engine) -> None:
    old = edition("2014-01-01", "a and b", tests={"a": "lit", "b": "not wet"})
    new = edition("2016-01-01", "a", tests={"a": "wet"})
    pack = make_pack(facts=LIT, standards={"rule": standard("", old, new)})
    assert [on(engine, pack, day) for day in ("2015-12-31", "2016-01-01")] == [True, False]


def test_a_test_that_does_not_apply_is_not_met_and_one_that_may_apply_cannot_be_told(engine: Engine) -> None:
    pack = make_pack(facts=LIT, standards={"rule": standard("lit", applies_if="wet")})
    households = [{"lit": True, "wet": True}, {"lit": True, "wet": False}, {"lit": True}, {"lit": False}, {"wet": True}]
    rows = evaluated(engine, pack, Register([Household(facts) for facts in households], members=False))
    assert [row["rule"] for row in rows] == [True, False, None, False, None]


@pytest.mark.parametrize(
    "rule",
    [
        standard("lit", applies_if="wet"),
        standard("", edition("2014-01-01", "lit and wet"), edition("2015-01-01", "lit", status="pilot", areas=["n1"])),
        standard("", edition("2014-01-01", "wet"), edition("2015-01-01", "lit and wet", status="pilot", areas=["n1"])),
        standard("a and b", tests={"a": "lit", "b": "wet"}),
    ],
    ids=["applies", "pilot", "general", "tests"],
)
def test_a_rule_that_cannot_be_told_leaves_scores_and_categories_that_name_it_open(
    engine: Engine, rule: dict[str, Any]
) -> None:
    pack = make_pack(
        facts=LIT,
        standards={"rule": rule, "same": standard("rule")},
        scores={"card": score({"when": "rule", "points": 3})},
        categories={"level": groups(("poor", "rule"))},
    )
    households = [Household({"wet": True}), Household({"wet": True, "lit": True})]
    (row, known) = evaluated(engine, pack, Register(households, members=False))
    assert (row["rule"], row["same"], row["card_low"], row["card_high"]) == (None, None, 0, 3)
    assert (row["level_first"], row["level_last"]) == ("poor", "none")
    assert (known["same"], known["card_low"], known["level_last"]) == (True, 3, "poor")


# --- of whom a text is asked -----------------------------------------------------------------------------------------

ASKED_OF = {"lit": fact("boolean"), "wet": fact("boolean"), "warm": fact("boolean")}


def asked_of(*editions: Mapping[str, Any], **more: Any) -> Pack:
    return make_pack(facts=ASKED_OF, standards={"rule": standard("", *editions, **more)})


def test_an_edition_is_asked_of_its_own_households_and_others_of_those_of_the_standard(engine: Engine) -> None:
    old, new = edition("2014-01-01", "lit"), edition("2016-01-01", "lit", applies_if="warm")
    pack = asked_of(old, new, edition("2018-01-01", "lit"), applies_if="wet")
    days = ("2015-12-31", "2016-01-01", "2018-01-01")
    for facts, expected in (
        ({"lit": True, "wet": True, "warm": False}, [True, False, True]),
        ({"lit": True, "wet": False, "warm": True}, [False, True, False]),
        ({"lit": True, "wet": True}, [True, None, True]),
    ):
        assert [on(engine, pack, day, household=Household(facts)) for day in days] == expected


def test_an_edition_may_be_asked_of_everybody_again(engine: Engine) -> None:
    pack = asked_of(edition("2014-01-01", "lit"), edition("2016-01-01", "lit", applies_if="true"), applies_if="wet")
    assert [on(engine, pack, day) for day in ("2015-12-31", "2016-01-01")] == [False, True]


def test_a_pilot_is_asked_of_its_own_households_in_its_areas(engine: Engine) -> None:
    pilot = edition("2016-06-01", "lit", status="pilot", areas=["n1"], applies_if="wet")
    pack = asked_of(edition("2014-01-01", "lit"), pilot)
    assert by_village(engine, pack, LIT_NOT_WET.facts) == [True, False, False, True, True]


@pytest.mark.parametrize("name", ["nosuch", "part"], ids=["no such name", "a test of the edition"])
def test_of_whom_an_edition_is_asked_is_checked_where_it_stands(name: str) -> None:
    pack = asked_of(edition("2014-01-01", "part", tests={"part": "lit"}, applies_if=f"wet and {name}"))
    (problem,) = check_pack(pack)
    assert problem.what == f"There is no `{name}` here."
    assert (problem.place.file, problem.place.line, problem.place.rule) == ("standards/rules.yaml", 2, "rule")


# --- pilots ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a_part", [1, 250_000], ids=["a part a village", "one part"])
def test_a_pilot_holds_in_its_areas_and_the_general_text_elsewhere(engine: Engine, a_part: int) -> None:
    pilot = edition("2016-06-01", "wet", status="pilot", areas=["n1", "s"])
    pack = make_pack(facts=LIT, standards={"rule": standard("", edition("2014-01-01", "lit"), pilot)})
    facts = LIT_NOT_WET.facts
    assert by_village(engine, pack, facts, a_part=a_part, day="2016-05-31") == [True, True, True, True, True]
    assert by_village(engine, pack, facts, a_part=a_part, day="2016-06-01") == [True, False, False, True, False]


def test_a_pilot_ends_where_a_general_text_begins(engine: Engine) -> None:
    pilot = edition("2016-06-01", "wet", status="pilot", areas=["n"])
    pack = make_pack(
        facts=LIT, standards={"rule": standard("", edition("2014-01-01", "lit"), pilot, edition("2016-09-01", "lit"))}
    )
    assert by_village(engine, pack, LIT_NOT_WET.facts, day="2016-08-31")[1] is False
    assert by_village(engine, pack, LIT_NOT_WET.facts, day="2016-09-01")[1] is True


def test_the_later_of_two_pilots_holds_where_both_do(engine: Engine) -> None:
    pilots = [
        edition("2015-01-01", "wet", status="pilot", areas=["n"]),
        edition("2016-01-01", "lit", status="pilot", areas=["n1"]),
    ]
    pack = make_pack(facts=LIT, standards={"rule": standard("", edition("2014-01-01", "wet"), *pilots)})
    assert by_village(engine, pack, LIT_NOT_WET.facts) == [False, True, True, False, False]


def test_outside_its_areas_a_text_on_trial_meets_nobody(engine: Engine) -> None:
    pack = make_pack(
        facts=LIT, standards={"rule": standard("", edition("2014-01-01", "lit", status="pilot", areas=["n1"]))}
    )
    ev, n11, n12, n21, s11 = by_village(engine, pack, LIT_NOT_WET.facts)
    assert (n11, n12) == (True, True)
    assert True not in (ev, n21, s11)


# --- figures of the law ----------------------------------------------------------------------------------------------

LAND = {"land": fact("decimal", scale=2)}


def needing(values: Mapping[str, Any]) -> Pack:
    """A rule that asks for at least so much land."""
    return make_pack(
        facts=LAND, standards={"rule": standard("land >= least_land", parameters={"least_land": parameter(values)})}
    )


def test_a_figure_holds_from_its_day_until_the_day_before_the_next(engine: Engine) -> None:
    pack = needing({"2014-01-01": 1, "2016-03-01": 3})
    answers = [
        on(engine, pack, day, household=Household({"land": 2})) for day in ("2014-01-01", "2016-02-29", "2016-03-01")
    ]
    assert answers == [True, True, False]


@pytest.mark.parametrize("a_part", [1, 250_000], ids=["a part a village", "one part"])
@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ({"n": 3}, [True, False, False, False, True]),
        ({"n": 3, "n1": 1}, [True, True, True, False, True]),
        ({"n": 3, "n1": 1, "n12": 4}, [True, True, False, False, True]),
        ({"n12": 4, "n1": 1, "n": 3}, [True, True, False, False, True]),
        ({"e": 3, "s": 3}, [False, True, True, True, False]),
        ({"ev": 3, "e": 1}, [False, True, True, True, True]),
        ({"elsewhere": 9}, [True, True, True, True, True]),
    ],
)
def test_the_nearest_area_above_a_household_gives_its_figure(
    engine: Engine, areas: dict[str, int], expected: list[bool], a_part: int
) -> None:
    pack = needing({"2014-01-01": {"default": 2, "areas": areas}})
    assert by_village(engine, pack, {"land": 2}, a_part=a_part) == expected


def test_where_no_figure_holds_nothing_can_be_told(engine: Engine) -> None:
    pack = needing({"2014-01-01": {"areas": {"n1": 2, "s": 3}}})
    assert by_village(engine, pack, {"land": 2}) == [None, True, True, None, False]


def test_figures_of_areas_may_have_more_decimals_than_the_general_one(engine: Engine) -> None:
    pack = needing({"2014-01-01": {"default": 2, "areas": {"n1": 2.005, "s": 1.99, "e": -0.5}}})
    assert by_village(engine, pack, {"land": 2}) == [True, False, False, True, True]
    assert by_village(engine, pack, {"land": 2.01}) == [True, True, True, True, True]
    assert by_village(engine, pack, {"land": -0.5}) == [True, False, False, False, False]


def test_a_later_figure_for_one_area_ends_the_earlier_one_everywhere(engine: Engine) -> None:
    """A dated value says all there is to say of its time: an area that it does not name takes its default."""
    pack = needing({"2014-01-01": {"default": 1, "areas": {"n": 5}}, "2016-01-01": {"default": 1, "areas": {"s": 5}}})
    assert by_village(engine, pack, {"land": 2}) == [True, True, True, True, False]


def test_figures_that_differ_by_area_may_be_reckoned_with(engine: Engine) -> None:
    least = parameter({"2014-01-01": {"default": 2, "areas": {"n1": 1.5, "s": 0.25}}})
    pack = make_pack(
        facts=LAND,
        standards={
            "rule": standard(
                "land >= 2 * least_land + 0.5 and greatest(least_land, 1) <= 2", parameters={"least_land": least}
            )
        },
    )
    assert by_village(engine, pack, {"land": 3.5}) == [False, True, True, False, True]
    assert by_village(engine, pack, {"land": 1}) == [False, False, False, False, True]


def test_a_line_may_differ_by_territory_and_by_date(engine: Engine) -> None:
    values = {"2014-01-01": 100, "2016-01-01": {"default": 120, "areas": {"n": 90, "n12": 130}}}
    pack = make_pack(
        facts={"income": fact("money", unit="XTS")},
        lines={"minimum": line(values=values)},
        standards={"rule": standard("income < minimum")},
    )
    assert by_village(engine, pack, {"income": 110}, day="2015-12-31") == [False] * 5
    assert by_village(engine, pack, {"income": 110}, day="2016-01-01") == [True, False, True, False, True]


# --- figures of the law in derived facts -----------------------------------------------------------------------------


def grown_ups(values: Mapping[str, Any]) -> Pack:
    """Somebody counts as grown up from an age that the law sets."""
    of_age = derived("age >= grown_up", entity="member", parameters={"grown_up": parameter(values)})
    return make_pack(
        facts={"age": fact("integer", "member", min=0, max=130)},
        derived={"of_age": of_age, "adults": derived("count_if(of_age)", "integer", unit="person")},
        standards={"rule": standard("adults >= 1")},
    )


def adults_on(engine: Engine, pack: Pack, day: str, households: Sequence[Household]) -> list[object]:
    rows = evaluated(engine, pack, Register(households), day=date.fromisoformat(day))
    return [row["rule"] for row in rows]


def test_a_derived_fact_takes_the_figure_of_the_policys_day(engine: Engine) -> None:
    pack = grown_ups({"2000-01-01": 18, "2017-01-01": 16})
    seventeen = [Household({}, [{"age": 17}])]
    assert [adults_on(engine, pack, day, seventeen) for day in ("2016-12-31", "2017-01-01")] == [[False], [True]]


def test_a_derived_fact_takes_the_figure_of_the_nearest_area(engine: Engine) -> None:
    pack = grown_ups({"2000-01-01": {"default": 18, "areas": {"n": 16, "n2": 21}}})
    households = [Household({}, [{"age": 17}], area=area) for area in EVERYWHERE]
    assert adults_on(engine, pack, "2016-12-31", households) == [False, True, True, False, False]


def test_what_months_have_passed_is_reckoned_to_the_snapshots_own_day(engine: Engine) -> None:
    pack = make_pack(facts={"moved": fact("month")}, standards={"rule": standard("months_since(moved) >= 12")})
    register = Register([Household({"moved": date(2016, 1, 1)})], members=False, as_of=date(2016, 12, 31))
    assert [row["rule"] for row in evaluated(engine, pack, register, day=date(2020, 1, 1))] == [False]


@pytest.mark.parametrize(
    ("moment", "months", "years"),
    [("2016-12-01", 0, 0), ("2016-11-01", 1, 0), ("2016-01-01", 11, 0), ("2015-12-01", 12, 1), ("2015-11-01", 13, 1),
    ("2014-06-01", 30, 2), ("2017-01-01", -1, -1), ("1900-12-01", 1392, 116)],
)  # fmt: skip
def test_months_and_years_since_a_month(engine: Engine, moment: str, months: int, years: int) -> None:
    pack = make_pack(
        facts={"moved": fact("month")},
        standards={"m": standard(f"months_since(moved) = {months}"), "y": standard(f"years_since(moved) = {years}")},
    )
    (row,) = evaluated(engine, pack, Register([Household({"moved": date.fromisoformat(moment)})], members=False))
    assert (row["m"], row["y"]) == (True, True)


@pytest.mark.parametrize(
    ("moment", "months", "years"),
    [("2016-12-01", 0, 0), ("2016-11-30", 0, 0), ("2016-11-01", 1, 0), ("2015-12-31", 11, 0), ("2015-12-01", 12, 1),
    ("2015-12-02", 11, 0)],
)  # fmt: skip
def test_months_and_years_since_a_day_are_completed_ones(engine: Engine, moment: str, months: int, years: int) -> None:
    pack = make_pack(
        facts={"visited": fact("date")},
        standards={
            "m": standard(f"months_since(visited) = {months}"),
            "y": standard(f"years_since(visited) = {years}"),
        },
    )
    register = Register([Household({"visited": date.fromisoformat(moment)})], members=False, as_of=date(2016, 12, 1))
    (row,) = evaluated(engine, pack, register)
    assert (row["m"], row["y"]) == (True, True)
