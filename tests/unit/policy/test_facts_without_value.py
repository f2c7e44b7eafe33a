"""What is said of a derived fact on a day on which a figure in its rule has no value?"""

from __future__ import annotations

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
    figure,
    line,
    make_pack,
    parameter,
    standard,
)
from tuopin.policy import Pack, check_pack
from tuopin.policy.facts_plan import plan_facts
from tuopin.policy.layout import everything_asked
from tuopin.policy.meaning import never_asked
from tuopin.tables.engines import Engine

FACTS = {
    "income": fact("money", unit="XTS", min=0, max=10**6),
    "age": fact("integer", "member", unit="year", min=0, max=130),
    "lit": fact("boolean"),
}
LATE, EARLY = date(2016, 6, 1), date(2016, 5, 31)
LEAST = {"least": parameter({"2016-06-01": 100}, "XTS")}
POOR = {"poor": derived("income < least", parameters=LEAST), "poorly_lit": derived("poor and not lit")}


def from_june(met: str, **more: Any) -> dict[str, Any]:
    return standard("", {"from": "2016-06-01", "met": met}, **more)


def pack_of(*, facts: dict[str, Any] | None = None, **standards: dict[str, Any]) -> Pack:
    return make_pack(facts=FACTS, derived=facts or POOR, standards={"dark": standard("not lit"), **standards})


def test_a_fact_for_a_later_rule_needs_no_figure_before_that_rule(engine: Engine) -> None:
    pack = pack_of(rule=from_june("poorly_lit"))
    assert check_pack(pack) == []
    register = Register([Household({"income": 99, "lit": False})], members=False)
    early, late = (evaluated(engine, pack, register, day=day)[0] for day in (EARLY, LATE))
    assert (early["dark"], "rule" in early) == (True, False)
    assert (late["dark"], late["rule"]) == (True, True)


@pytest.mark.parametrize("name", POOR)
def test_until_then_nothing_is_known_of_it_as_if_nobody_had_asked(name: str) -> None:
    pack = pack_of(rule=from_june("poorly_lit"))
    early, late = (plan_facts(pack, everything_asked(pack, day), day, all_facts=True) for day in (EARLY, LATE))
    assert never_asked(early.meanings[name])
    assert name not in early.columns
    assert not never_asked(late.meanings[name])


@pytest.mark.parametrize("name", POOR)
def test_a_rule_in_force_that_needs_it_is_refused_and_told_why(name: str) -> None:
    (problem,) = check_pack(pack_of(rule=standard(name)))
    assert problem.what == f"`{name}` cannot be computed on {DAY_ONE}: `least` has no value on {DAY_ONE}."
    assert problem.fix == "Date its first value no later than the text that needs it."
    assert (problem.place.file, problem.place.line, problem.place.rule) == ("standards/rules.yaml", 2, "rule")


def test_so_is_one_that_still_needs_it_when_its_figure_has_ended() -> None:
    ended = parameter({DAY_ONE: 100, "2016-06-01": None}, "XTS")
    facts = {"poor": derived("income < least", parameters={"least": ended})}
    (problem,) = check_pack(pack_of(facts=facts, rule=standard("poor")))
    assert problem.what == "`poor` cannot be computed on 2016-06-01: `least` ended on 2016-06-01."
    over = standard("", {"from": DAY_ONE, "met": "poor"}, {"from": "2016-06-01", "status": "ended"})
    assert check_pack(pack_of(facts=facts, rule=over)) == []


AREA: dict[str, dict[str, Any]] = {
    "poor_persons": derived("persons_if(poor)", "integer", unit="person", entity="area"),
    "many_poor": derived("poor_persons > 5", entity="area"),
}


@pytest.mark.parametrize("name", AREA)
def test_the_same_holds_of_what_is_counted_of_areas(name: str) -> None:
    met = "poor_persons > 5" if name == "poor_persons" else name
    facts = {**POOR, **AREA}
    assert check_pack(pack_of(facts=facts, alarm=from_june(met, applies_to="district"))) == []
    (problem,) = check_pack(pack_of(facts=facts, alarm=standard(met, applies_to="district")))
    assert problem.what.startswith(f"`{name}` cannot be computed on {DAY_ONE}: `least` has no value")
    assert problem.place.rule == "alarm"


def test_and_of_what_is_rolled_up_from_members(engine: Engine) -> None:
    old = derived("age >= old_from", entity="member", parameters={"old_from": parameter({"2016-06-01": 60}, "year")})
    facts = {"old": old, "somebody_old": derived("any_of(old)")}
    pack = pack_of(facts=facts, rule=from_june("somebody_old"))
    assert check_pack(pack) == []
    register = Register([Household({"lit": True}, [{"age": 60}])])
    early, late = (evaluated(engine, pack, register, day=day)[0] for day in (EARLY, LATE))
    assert ("rule" in early, late["rule"]) == (False, True)


def test_a_line_over_a_figure_of_such_facts_is_refused_where_it_holds() -> None:
    extra = derived("income + bonus", "money", unit="XTS", parameters={"bonus": LEAST["least"]})
    pack = make_pack(
        facts=FACTS,
        derived={"enough": extra},
        figures={"middle": figure("median", "enough", weight="households")},
        lines={"half": line(formulas={DAY_ONE: "0.5 * middle"})},
        standards={"rule": standard("income < half")},
    )
    problems = check_pack(pack)
    assert {problem.place.rule for problem in problems} == {"half", "rule"}
    assert all("The figure `middle` rests on `enough`, which nobody has" in problem.what for problem in problems)


def test_a_mistake_in_such_a_fact_is_found_on_the_first_day_of_its_figure() -> None:
    facts = {"poor": derived("income < least", parameters={"least": parameter({"2016-06-01": 100}, "XTS/year")})}
    (problem,) = check_pack(pack_of(facts=facts))
    assert "cannot be compared" in problem.what
    assert (problem.place.file, problem.place.rule) == ("facts.yaml", "poor")
