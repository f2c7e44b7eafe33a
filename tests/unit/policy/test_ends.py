"""What holds no more from a day on, and who still needs it then?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from tests.unit.policy.invented import (
    DAY_ONE,
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
from tuopin.interfaces.policy_of_a_day import policy_of_a_day
from tuopin.policy import Pack, check_pack
from tuopin.tables.engines import Engine
from tuopin.terms import DataError, Problem

FACTS = {"lit": fact("boolean"), "income": fact("money", unit="XTS", min=0, max=10**6)}
END = {"from": "2016-06-01", "status": "ended"}
LIT = {"from": DAY_ONE, "met": "lit"}
HOUSEHOLD = Household({"lit": True, "income": 5})
EVENING, MORNING = date(2016, 5, 31), date(2016, 6, 1)


def with_rules(**standards: Mapping[str, Any]) -> Pack:
    return make_pack(facts=FACTS, standards=standards)


def answers(engine: Engine, pack: Pack, day: date) -> dict[str, Any]:
    (row,) = evaluated(engine, pack, Register([HOUSEHOLD], members=False), day=day)
    return row


def places(problems: list[Problem]) -> list[tuple[str, str | None]]:
    return [(problem.what, problem.place.rule) for problem in problems]


# --- rules -----------------------------------------------------------------------------------------------------------


def test_a_rule_holds_until_the_evening_before_it_ends_and_then_not_at_all(engine: Engine) -> None:
    pack = with_rules(rule=standard("", LIT, END))
    assert check_pack(pack) == []
    assert answers(engine, pack, EVENING)["rule"] is True
    assert "rule" not in answers(engine, pack, MORNING)


def test_a_rule_may_begin_anew_after_its_end(engine: Engine) -> None:
    pack = with_rules(rule=standard("", LIT, END, {"from": "2016-09-01", "met": "not lit"}))
    assert "rule" not in answers(engine, pack, date(2016, 8, 31))
    assert answers(engine, pack, date(2016, 9, 1))["rule"] is False


def test_an_end_is_an_end_for_pilots_too_and_a_later_pilot_holds_in_its_areas(engine: Engine) -> None:
    before = {"from": "2016-03-01", "status": "pilot", "areas": ["n1"], "met": "not lit"}
    after = {**before, "from": "2016-07-01"}
    pack = with_rules(rule=standard("", LIT, before, END, after))
    assert answers(engine, pack, EVENING)["rule"] is False
    assert "rule" not in answers(engine, pack, MORNING)
    assert answers(engine, pack, date(2016, 7, 1))["rule"] is False


def test_scores_and_lists_end_too(engine: Engine) -> None:
    points, level = score({"when": "lit", "points": 3}), groups(("bright", "lit"))
    for spec in (points, level):
        spec["editions"] = [*spec["editions"], END]
    pack = make_pack(facts=FACTS, scores={"points": points}, categories={"level": level})
    assert check_pack(pack) == []
    evening, morning = (answers(engine, pack, day) for day in (EVENING, MORNING))
    assert (evening["points_low"], evening["level_first"]) == (3, "bright")
    assert not {"points_low", "level_first"} & set(morning)


def test_a_rule_that_still_names_what_has_ended_is_refused_where_it_names_it() -> None:
    pack = with_rules(poor=standard("", LIT, END), helped=standard("aid", tests={"aid": "poor"}))
    (problem,) = check_pack(pack)
    assert problem.what == "`poor` ended on 2016-06-01."
    assert problem.fix == "Write a text without it from 2016-06-01, or end this rule too."
    assert (problem.place.rule, problem.place.line) == ("helped", 2)


@pytest.mark.parametrize(
    "then", [END, {"from": "2016-06-01", "met": "lit"}], ids=["it has ended too", "its text no longer names it"]
)
def test_a_rule_that_needs_it_no_more_is_not_refused(then: dict[str, Any]) -> None:
    pack = with_rules(poor=standard("", LIT, END), helped=standard("", {"from": DAY_ONE, "met": "poor"}, then))
    assert check_pack(pack) == []


@pytest.mark.parametrize(
    ("editions", "says"),
    [
        ([LIT, {**END, "met": "lit"}], "an edition with `status: ended` says nothing else"),
        ([LIT, {**END, "tests": {"part": "lit"}}], "an edition with `status: ended` says nothing else"),
        ([{"from": DAY_ONE}], "`met` is missing; add it, or write `status: ended`"),
        ([LIT, {**END, "areas": ["n1"]}], "only a pilot does"),
    ],
)
def test_an_end_says_nothing_and_a_text_says_something(editions: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(DataError) as refused:
        with_rules(rule=standard("", *editions))
    (problem,) = refused.value.problems
    assert says in problem.what
    assert (problem.place.file, problem.place.line) == ("standards/rules.yaml", 2)


@pytest.mark.parametrize(
    ("editions", "what"),
    [
        ([END], "`rule` ends on 2016-06-01, and has not begun."),
        ([LIT, END, {**END, "from": "2017-01-01"}], "`rule` ends on 2017-01-01, and has not begun."),
        ([LIT, {**END, "from": DAY_ONE}], f"Two editions begin on {DAY_ONE}."),
    ],
)
def test_only_what_holds_can_end(editions: list[dict[str, Any]], what: str) -> None:
    assert (what, "rule") in places(check_pack(with_rules(rule=standard("", *editions))))


# --- figures ---------------------------------------------------------------------------------------------------------

ENDING = {DAY_ONE: 3, "2016-06-01": None}


def poor(*editions: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return standard("", *(editions or [{"from": DAY_ONE, "met": "income < least"}]), **more)


NEEDED: dict[str, tuple[str, dict[str, Any]]] = {
    "a parameter of the rule": (
        "`least` ended on 2016-06-01.",
        {"standards": {"poor": poor(parameters={"least": parameter(ENDING, "XTS")})}},
    ),
    "a shared parameter": (
        "`least` ended on 2016-06-01.",
        {"parameters": {"least": parameter(ENDING, "XTS")}, "standards": {"poor": poor()}},
    ),
    "a line": (
        "The line `least` ended on 2016-06-01.",
        {"lines": {"least": line(values=ENDING)}, "standards": {"poor": poor()}},
    ),
    "a line's formula": (
        "The line `least` ended on 2016-06-01.",
        {
            "parameters": {"base": parameter(2, "XTS")},
            "lines": {"least": line(formulas={DAY_ONE: "2 * base", "2016-06-01": None})},
            "standards": {"poor": poor()},
        },
    ),
}


@pytest.mark.parametrize(("what", "rooms"), NEEDED.values(), ids=NEEDED)
def test_a_rule_that_needs_an_ended_figure_is_refused(what: str, rooms: dict[str, Any]) -> None:
    assert places(check_pack(make_pack(facts=FACTS, **rooms))) == [(what, "poor")]


@pytest.mark.parametrize("rooms", [rooms for _, rooms in NEEDED.values()], ids=NEEDED)
def test_a_rule_that_ends_with_its_figure_is_not_refused_and_counts_until_then(
    engine: Engine, rooms: dict[str, Any]
) -> None:
    spec = rooms["standards"]["poor"]
    pack = make_pack(facts=FACTS, **{**rooms, "standards": {"poor": {**spec, "editions": [*spec["editions"], END]}}})
    assert check_pack(pack) == []
    assert answers(engine, pack, EVENING)["poor"] is False  # 5 is not below 3, and not below 4
    assert "poor" not in answers(engine, pack, MORNING)


def test_a_series_may_begin_anew_after_its_end(engine: Engine) -> None:
    values = {**ENDING, "2016-09-01": 9}
    later = {"from": "2016-09-01", "met": "income < least"}
    pack = make_pack(facts=FACTS, lines={"least": line(values=values)}, standards={"poor": poor(later)})
    assert check_pack(pack) == []
    assert answers(engine, pack, date(2016, 9, 1))["poor"] is True


@pytest.mark.parametrize("values", [{DAY_ONE: None}, {**ENDING, "2017-01-01": None}], ids=["never begun", "twice"])
def test_a_series_of_which_nothing_holds_cannot_end(values: dict[str, Any]) -> None:
    for rooms in ({"parameters": {"least": parameter(values, "XTS")}}, {"lines": {"least": line(values=values)}}):
        with pytest.raises(DataError) as refused:
            make_pack(facts=FACTS, **rooms)
        (problem,) = refused.value.problems
        assert f"nothing holds before {max(values)} that could end then" in problem.what
        assert problem.place.file == "lines.yaml"


# --- what an official sees -------------------------------------------------------------------------------------------


def test_what_has_ended_is_shown_as_ended_and_not_as_still_to_come() -> None:
    pack = make_pack(
        facts=FACTS,
        derived={"little": derived("income < few", parameters={"few": parameter(ENDING, "XTS")})},
        lines={"least": line(values=ENDING)},
        standards={"rule": standard("", LIT, END)},
    )
    evening, morning = (policy_of_a_day(pack, day=day, language="en") for day in (EVENING, MORNING))
    for shown, held in ((evening, ("3", DAY_ONE, None)), (morning, (None, None, "2016-06-01"))):
        assert [(one.value, one.since, one.ended) for one in shown.lines] == [held]
        assert [(one.value, one.since, one.ended) for one in shown.figures] == [held]
    assert [(rule.since, rule.ended) for rule in (*evening.rules, *morning.rules)] == [
        (DAY_ONE, None),
        (None, "2016-06-01"),
    ]
    assert morning.in_force == []
