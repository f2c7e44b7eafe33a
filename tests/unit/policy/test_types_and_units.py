"""Is what cannot be compared refused before anybody is judged by it, and is money of two currencies kept apart?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.policy.invented import (
    Household,
    Register,
    derived,
    evaluated,
    fact,
    figure,
    groups,
    line,
    make_pack,
    parameter,
    score,
    standard,
)
from tuopin.policy import check_pack
from tuopin.policy.units import Unit
from tuopin.tables.engines import Engine

FACTS = {
    "lit": fact("boolean"), "walls": fact("code", values=["mud", "brick"]),
    "sex": fact("code", "member", values=["female", "male"]),
    "goats": fact("integer"), "rooms": fact("integer", unit="room", min=0),
    "minutes": fact("integer", unit="min", min=0), "hours": fact("integer", unit="h"),
    "rate": fact("decimal", scale=2), "income": fact("money", unit="XTS/year"),
    "wage": fact("money", "member", unit="XTS/month"),
    "spent": fact("money", unit="XTS/month"), "size": fact("integer", unit="person", min=0), "moved": fact("month"),
    "seen": fact("date"),
    "age": fact("integer", "member", unit="year", min=0),
}  # fmt: skip


def refusals(met: str, **rooms: Mapping[str, Any]) -> list[str]:
    """What a check says of a pack with one rule."""
    return [
        str(problem)
        for problem in check_pack(make_pack(**{"facts": FACTS, "standards": {"rule": standard(met)}, **rooms}))
    ]


# --- units -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit"),
    [("XTS/person/year", "XTS/person/year"), ("min", "min"), ("L/person/day", "L/day/person"), (None, "a number"),
    ("1", "a number"), ("1/person", "1/person"), ("m*m", "m^2"), ("XTS * year / year", "XTS"), ("%", "%")],
)  # fmt: skip
def test_a_unit_is_words_multiplied_and_divided(text: str | None, unit: str) -> None:
    assert str(Unit.parse(text)) == unit


@pytest.mark.parametrize(
    "text", ["XTS//year", "/year", "XTS/", "*", "m²", "XTS per year", "2", "1 000", "X-S", "a^2", "XTS/(person)"]
)
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a unit"):
        Unit.parse(text)


def test_units_multiply_and_divide_as_numbers_do() -> None:
    year, person, money = Unit.parse("XTS/person/year"), Unit.parse("person"), Unit.parse("XTS")
    assert year * person == Unit.parse("XTS/year")
    assert money / money == Unit()
    assert Unit.parse("XTS/year") != Unit.parse("XTS/month")
    assert Unit.parse("a*b") == Unit.parse("b*a")


@pytest.mark.parametrize(
    "met",
    ["income >= spent", "income = minutes", "rooms > minutes", "minutes > hours", "income + spent > 0", "goats > rooms",
    "rate >= rooms", "greatest(income, spent) > 0",
     "least(rooms, goats) > 0", "rooms - minutes > 0", "income between 0 and spent", "size > rooms",
     "income * size >= income", "ratio(income, size) > income",
     "months_since(moved) > years_since(moved)", "months_since(moved) > goats",
     "ratio(income, size) >= ratio(spent, size)"],
)  # fmt: skip
def test_numbers_of_two_units_are_neither_compared_nor_added(met: str) -> None:
    (said,) = refusals(met)
    assert "cannot be compared" in said or "cannot be added" in said or "cannot be subtracted" in said
    assert "rule" in said


@pytest.mark.parametrize(
    "met",
    ["income >= per_head * size", "spent * 12 > 0 or rooms > 3", "rooms * minutes > minutes * rooms",
    "income - 2 * income < 0", "ratio(income, size) >= per_head",
     "ratio(rooms, size) >= 0.5", "income >= greatest(per_head * size, income)",
     "size >= 1 and goats >= 1 and rate < 0.5", "least(minutes, 30) >= 30", "income > 0", "0 < income", "-income > 0"],
)  # fmt: skip
def test_units_that_come_out_alike_may_be_compared(met: str) -> None:
    assert refusals(met, parameters={"per_head": parameter(100, "XTS/person/year")}) == []


@pytest.mark.parametrize("met",
["income >= 1000", "1000 <= income", "income = 5", "income <> 5", "income in (5, 6)", "income between 1 and 9",
"income + 5 > income",
                                 "greatest(income, 5) > income", "income - 1 > 0", "income * size > 5",
                                 "ratio(income, size) > 5", "least(income, 2 * 3) > income", "income >= (1 + 2)",
                                 "not income < -1"])  # fmt: skip
def test_a_bare_sum_does_not_stand_in_a_rule_for_it_has_no_currency(met: str) -> None:
    (said,) = refusals(met)
    assert "parameter" in said


@pytest.mark.parametrize(
    "rooms",
    [
        {"derived": {"least_sum": derived("1000", "money", unit="XTS/year")}},
        {"derived": {"least_sum": derived("greatest(5, 1000)", "money", unit="XTS/year")}},
        {"lines": {"least_sum": line("XTS/year", formulas={"2000-01-01": "1800"})}},
        {"lines": {"least_sum": line("XTS/year", formulas={"2000-01-01": "2 * 900"})}},
    ],
)
def test_a_bare_sum_does_not_come_in_under_another_name(rooms: Mapping[str, Any]) -> None:
    assert refusals("income >= least_sum", **rooms) != []


# --- types -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("met", "reason"),
    [
        ("goats", "condition is expected"), ("walls", "condition is expected"), ("moved", "condition is expected"),
        ("1", "condition is expected"), ("'mud'", "condition is expected"),
        ("goats and lit", "condition is expected"), ("not goats", "condition is expected"),
        ("goats + 1", "condition is expected"), ("lit > 1", "compares numbers"), ("lit < lit", "compares numbers"),
        ("walls > 'mud'", "compares numbers"), ("walls = 1", "cannot be compared"),
        ("goats = 'mud'", "cannot be compared"), ("lit = 'mud'", "cannot be compared"),
        ("lit = 1", "cannot be compared"),
        ("moved = seen", "Dates are not compared"), ("moved > seen", "Dates are not compared"),
        ("walls = 'straw'", "not one of the values"), ("walls in ('mud', 'straw')", "not one of the values"),
        ("walls in (1)", "not a code"),
        ("goats in ('mud')", "cannot be compared"), ("lit in (true)", "looks up"), ("'mud' = 'mud'", "fixed codes"),
        ("'mud' in ('mud')", "looks up"), ("lit + 1 > 0", "number is expected"),
        ("walls * 2 > 0", "number is expected"),
        ("greatest(lit, 1) > 0", "takes numbers"), ("ratio(walls, 1) > 0", "takes numbers"),
        ("months_since(goats) > 0", "takes a month"), ("years_since(lit) > 0", "takes a month"),
        ("ratio(goats, goats) > 1", "divisor"), ("ratio(goats, rate) > 1", "divisor"),
        ("ratio(goats, size) + 1 > 0", "ratio cannot be added"),
        ("ratio(goats, size) * 2 > 0", "ratio cannot be multiplied"),
        ("ratio(ratio(goats, size), size) > 0", "ratio"), ("greatest(goats, 1) * goats > 1", "no safe bounds"),
        ("nothing > 1", "no `nothing`"), ("age > 1", "fact of a member"), ("count_if(age > 1) > 1", "Give it a name"),
        ("any_of(age > 1)", "Give it a name"), ("rule", "rests on itself"), ("wage > 0", "fact of a member"),
        ("current_date = seen", "no `current_date`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_with_its_reason(met: str, reason: str) -> None:
    (said,) = refusals(met)
    assert reason in said
    assert "standards/rules.yaml" in said


@pytest.mark.parametrize(
    ("rule", "spec", "reason"),
    [
        ("goats", {"type": "boolean"}, "declared as boolean"), ("lit", {"type": "integer"}, "declared as integer"),
        ("rate", {"type": "integer"}, "decimals"), ("rate * rate", {"type": "decimal", "scale": 2}, "decimals"),
        ("income", {"type": "money", "unit": "XTS/month"}, "declared in"),
        ("income", {"type": "integer"}, "declared in"),
        ("wage", {"type": "money", "unit": "XTS/month"}, "fact of a member"),
        ("loop", {"type": "boolean"}, "computed from itself"),
        ("sum_of(goats)", {"type": "integer"}, "not a fact of a member"),
        ("sum_of(sex)", {"type": "integer"}, "number is expected"),
        ("count_if(age)", {"type": "integer", "unit": "person"}, "condition is expected"),
        ("any_of(sum_of(age) > 1)", {"type": "boolean"}, "cannot stand here"),
        ("count_if(age > 1)", {"type": "integer"}, "declared in"),
        ("sum_of(wage)", {"type": "money", "unit": "XTS/year"}, "declared in"),
        ("in_register(cars, lit)", {"type": "boolean"}, "first names a register"),
        ("nosuch", {"type": "boolean"}, "no fact"),
        ("walls", {"type": "boolean"}, "declared as boolean"), ("moved", {"type": "date"}, None),
    ],
)  # fmt: skip
def test_a_derived_fact_is_held_to_what_it_declares(rule: str, spec: Mapping[str, Any], reason: str | None) -> None:
    said = refusals("lit", derived={"loop": derived(rule, **spec)})
    assert (said == []) if reason is None else any(reason in each for each in said), said


@pytest.mark.parametrize(
    ("assume", "rule", "spec"),
    [(0.5, "sum_of(age)", {"type": "integer", "unit": "year"}),
    (True, "sum_of(age)", {"type": "integer", "unit": "year"}), (1, "any_of(age > 1)", {"type": "boolean"}),
    (0.001, "sum_of(wage)", {"type": "money", "unit": "XTS/month"})],
)  # fmt: skip
def test_what_is_assumed_fits_what_is_rolled_up(assume: Any, rule: str, spec: Mapping[str, Any]) -> None:
    value = assume if isinstance(assume, bool | int) else Decimal(str(assume))
    (said,) = refusals("lit", derived={"rolled": derived(rule, assume={"value": value, "source": "invented"}, **spec)})
    assert "assume" in said


def test_what_could_grow_too_large_to_be_counted_is_refused_before_it_is() -> None:
    facts = {
        **FACTS,
        "much": fact("money", unit="XTS/year"),
        "more": fact("decimal", scale=6),
        "little": fact("decimal", scale=6, min=0, max=1),
    }
    assert refusals("much * much > much * much", facts=facts) == []
    for met in ("much * much * much > much", "much * much * more > much", "more * more * more * more > 1"):
        assert any("too large" in said for said in refusals(met, facts=facts)), met
    assert refusals("little * little * little * little > 0.5", facts=facts) == []


# --- assumptions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "spec", "assume", "member", "question", "expected"),
    [
        ("sum_of(age)", {"type": "integer", "unit": "year"}, 10, {}, "rolled = 15", True),
        ("sum_of(age)", {"type": "integer", "unit": "year"}, 10, {"age": 1}, "rolled = 6", True),
        ("min_of(age)", {"type": "integer", "unit": "year"}, 0, {}, "rolled = 0", True),
        ("any_of(age > 5)", {"type": "boolean"}, False, {}, "rolled", False),
        ("all_of(age >= 5)", {"type": "boolean"}, True, {}, "rolled", True),
        ("count_if(age > 5)", {"type": "integer", "unit": "person"}, True, {}, "rolled = 1", True),
        ("sum_of(greatest(age, years_in))", {"type": "integer", "unit": "year"}, 9, {"age": 7}, "rolled = 14", True),
         # 5 and, half known, the 9 assumed
    ],
)  # fmt: skip
def test_what_is_unknown_of_a_member_counts_as_assumed(
    engine: Engine,
    rule: str,
    spec: Mapping[str, Any],
    assume: Any,
    member: Mapping[str, Any],
    question: str,
    expected: bool,
) -> None:
    pack = make_pack(
        facts={**FACTS, "years_in": fact("integer", "member", unit="year", min=0)},
        derived={"rolled": derived(rule, assume={"value": assume, "source": "invented"}, **spec)},
        standards={"rule": standard(question)},
    )
    register = Register([Household({}, [{"age": 5, "years_in": 0}, member])])
    assert evaluated(engine, pack, register)[0]["rule"] is expected


def test_nothing_is_assumed_of_a_question_that_nobody_asked(engine: Engine) -> None:
    assumed = {"value": 0, "source": "invented"}
    pack = make_pack(
        facts=FACTS,
        derived={"ages": derived("sum_of(age)", "integer", unit="year", assume=assumed)},
        standards={"rule": standard("ages = 0")},
    )
    (row,) = evaluated(engine, pack, Register([Household({}, [{}])], frozenset({"age"})))
    assert row["rule"] is None


# --- currencies ------------------------------------------------------------------------------------------------------

LINES = {"fixed": line("XTS/year", values={"2000-01-01": 100}),
"by_area": line("XTS/year", values={"2000-01-01": {"default": 100, "areas": {"n": 200}}}),
         "mixed": line("XTS/year", formulas={"2000-01-01": "greatest(0.5 * middle, bottom)"}),
         "relative": line("XTS/year", formulas={"2000-01-01": "0.6 * middle"})}  # fmt: skip


def two_currencies(**rules: str) -> Any:
    return make_pack(
        facts=FACTS,
        derived={"wages": derived("sum_of(wage)", "money", unit="XTS/month"),
        "poorly_paid": derived("any_of(wage < low_wage)", parameters={"low_wage": parameter(10, "XTS/month")})},
        figures={"middle": figure("median", "income", weight="households")}, lines=LINES,
        parameters={"bottom": parameter(1, "XTS/year"), "per_head": parameter(10, "XTS/person/year"),
        "pay": parameter(50, "XTS/month")},
        standards={name: standard(met) for name, met in rules.items()},
    )  # fmt: skip


OWN = Household({"income": 50, "spent": 5, "size": 2}, [{"wage": 5}])
RULES = {
    "line": "income < fixed", "area": "income < by_area", "product": "income >= per_head * size", "sum": "wages < pay",
    "member": "poorly_paid", "some_line": "spent > 0 and income < fixed",
    "ratio": "ratio(income, size) >= per_head", "greatest": "greatest(income, bottom) >= fixed",
    "difference": "fixed - income > 0", "between": "income between bottom and fixed",
}  # fmt: skip


@pytest.mark.parametrize("rule", sorted(RULES))
def test_money_is_never_compared_with_a_figure_in_another_currency(engine: Engine, rule: str) -> None:
    pack = two_currencies(**RULES)
    (at_home,) = evaluated(engine, pack, Register([OWN]))
    (abroad,) = evaluated(engine, pack, Register([OWN], currency="EUR"))
    assert at_home[rule] is not None
    assert abroad[rule] is None


@pytest.mark.parametrize(
    ("met", "expected"),
    [("income > 0", True), ("income <= 0", False), ("income < relative", False), ("income >= relative", True),
    ("spent * 12 > wages", True), ("spent >= wages", True),
     ("income < mixed", None), ("income is null", False), ("ratio(spent, size) > 0", True)],
)  # fmt: skip
def test_sums_of_one_currency_may_be_compared_whichever_it_is(engine: Engine, met: str, expected: bool | None) -> None:
    """Nothing, multiples of each other, figures worked out from the same register: no rate of exchange is needed."""
    (abroad,) = evaluated(engine, two_currencies(rule=met), Register([OWN], currency="EUR"))
    assert abroad["rule"] is expected


def test_bounds_and_assumptions_in_another_currency_are_no_knowledge(engine: Engine) -> None:
    facts = {"wage": fact("money", "member", unit="XTS", min=0, max=100), "gift": fact("money", "member", unit="XTS")}
    pack = make_pack(
        facts=facts,
        derived={
            "wages": derived("sum_of(wage)", "money", unit="XTS"), "most": derived("max_of(wage)", "money", unit="XTS"),
            "gifts": derived("sum_of(gift)", "money", unit="XTS", assume={"value": 50, "source": "invented"}),
            "all": derived("sum_of(gift)", "money", unit="XTS"),
        },
        standards={"less": standard("wages <= 8 * all"), "most_less": standard("most <= 8 * all"),
        "known": standard("gifts = all"), "not_negative": standard("wages >= 0")},
    )  # fmt: skip
    at_home, abroad = (
        evaluated(
            engine,
            pack,
            Register([Household({}, [{"gift": 25}, {}]), Household({}, [{"wage": None, "gift": 25}])], currency=code),
        )
        for code in ("XTS", "EUR")
    )
    assert (at_home[1]["less"], at_home[1]["most_less"]) == (True, True)
    assert (abroad[1]["less"], abroad[1]["most_less"]) == (None, None)
    assert (at_home[1]["not_negative"], abroad[1]["not_negative"]) == (True, True)
    assert abroad[0]["known"] is None


def test_scores_and_categories_keep_currencies_apart_too(engine: Engine) -> None:
    pack = make_pack(
        facts=FACTS, lines=LINES, figures={"middle": figure("median", "income", weight="households")},
        parameters={"bottom": parameter(1, "XTS/year")},
        scores={"card": score({"when": "income < fixed", "points": 5}, {"when": "lit", "points": 1})},
        categories={"level": groups(("poor", "income < fixed"))},
        standards={"rule": standard("level = 'poor' or card >= 5")},
    )  # fmt: skip
    (row,) = evaluated(engine, pack, Register([Household({"income": 50, "lit": False})], currency="EUR"))
    assert (row["card_low"], row["card_high"], row["level_first"], row["level_last"], row["rule"]) == (
        0,
        5,
        "poor",
        "none",
        None,
    )


@pytest.mark.parametrize("exponent", [0, 2, 3])
def test_the_snapshots_own_minor_unit_is_reckoned_with(engine: Engine, exponent: int) -> None:
    pack = make_pack(facts=FACTS, lines=LINES, figures={"middle": figure("median", "income", weight="households")},
    parameters={"bottom": parameter(1, "XTS/year")},
                     standards={"under": standard("income < fixed"),
                     "relative": standard("income < relative")})  # fmt: skip
    register = Register(
        [Household({"income": income}) for income in (50, 100, 101, 1000, 2000)], exponent=exponent, members=False
    )
    rows = evaluated(engine, pack, register)
    assert [row["under"] for row in rows] == [True, False, False, False, False]
    assert [row["relative"] for row in rows] == [True, False, False, False, False]


# --- declared bounds of derived facts --------------------------------------------------------------------------------


def test_a_derived_fact_that_lies_outside_its_declared_bounds_decides_nothing_wrongly(engine: Engine) -> None:
    """Net pay is declared to be at least 0, but 10 of pay and 50 of debt give -40: nobody may be promised more."""
    pack = make_pack(
        facts={"pay": fact("integer", "member", min=0, max=100), "debt": fact("integer", "member", min=0, max=100)},
        derived={
            "net": derived("pay - debt", "integer", "member", min=0, max=100),
            "nets": derived("sum_of(net)", "integer"),
        },
        standards={"rule": standard("nets >= 0")},
    )
    if check_pack(pack):
        return  # refused: nobody is judged by it
    unknown, known = evaluated(
        engine, pack, Register([Household({}, [{"debt": 50}]), Household({}, [{"pay": 10, "debt": 50}])])
    )
    assert unknown["rule"] is None or unknown["rule"] == known["rule"]
