"""Where does a household stand, by the decisions that people took and by its applications?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from tests.unit.policy.invented import Household, Register, evaluated, fact, make_pack, standard
from tuopin.tables.engines import Engine

STANDINGS = ("none", "registered", "exited", "returned", "monitored", "cleared")
PACK = make_pack(
    facts={"lit": fact("boolean")},
    standards={
        **{f"is_{code}": standard(f"standing = '{code}'") for code in STANDINGS},
        "waits": standard("applied"),
        "told": standard("reported"),
        "was_in": standard("ever_registered"),
        "half_a_year": standard("months_since(standing_since) >= 6"),
    },
)


def day(month: int, day_of_month: int = 1, year: int = 2016) -> date:
    return date(year, month, day_of_month)


def standing(engine: Engine, decisions: Sequence[tuple[Any, ...]], *, others: Sequence[Household] = ()) -> str:
    """The one standing that a household has at the end of 2016."""
    rows = evaluated(engine, PACK, Register([*others, Household({}, decisions=decisions)], members=False))
    (found,) = [code for code in STANDINGS if rows[-1][f"is_{code}"]]
    assert all(rows[-1][f"is_{code}"] is False for code in STANDINGS if code != found)
    return found


OTHERS = [
    Household({}, decisions=[("entry", day(1)), ("exit", day(2))]),
    Household(),
    Household({}, decisions=[("refusal", day(1))]),
]


@pytest.mark.parametrize("others", [(), OTHERS], ids=["alone", "among others"])
@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], "none"),
        ([("entry", day(3))], "registered"),
        ([("entry", day(3)), ("exit", day(5))], "exited"),
        ([("entry", day(3)), ("exit", day(5)), ("return", day(6))], "returned"),
        ([("entry", day(3)), ("exit", day(5)), ("return", day(6)), ("exit", day(7))], "exited"),
        ([("entry", day(3)), ("exit", day(5)), ("entry", day(6))], "registered"),
        ([("monitoring", day(3))], "monitored"),
        ([("entry", day(3)), ("exit", day(5)), ("monitoring", day(6)), ("clearing", day(7))], "cleared"),
        ([("monitoring", day(3)), ("clearing", day(5)), ("return", day(6))], "returned"),
        ([("refusal", day(3))], "none"),
        ([("refusal", day(3)), ("entry", day(5))], "registered"),
        ([("entry", day(3)), ("refusal", day(5))], "registered"),
        ([("entry", day(3)), ("exit", day(5)), ("refusal", day(6))], "exited"),
        ([("entry", day(3, year=2010)), ("exit", day(5, year=2015))], "exited"),
        ([("entry", day(12, 31))], "registered"),  # decided on the snapshot's own day
        ([("entry", day(1, year=2017))], "none"),  # decided after it
        ([("entry", day(3)), ("exit", day(1, year=2017))], "registered"),
        ([("exit", day(3), day(4)), ("entry", day(3), day(3))], "exited"),  # on one day, what was learned later
        ([("exit", day(3), day(3)), ("entry", day(3), day(4))], "registered"),
        ([("entry", day(3), day(9)), ("exit", day(5), day(5))], "exited"),  # a late report of an earlier decision
    ],
)
def test_the_last_decision_that_changes_a_standing_counts(
    engine: Engine, decisions: Sequence[tuple[Any, ...]], expected: str, others: Sequence[Household]
) -> None:
    assert standing(engine, decisions, others=others) == expected


@pytest.mark.parametrize(
    "others",
    [(), [Household({}, leads=[("application", day(3))], decisions=[("entry", day(4))])]],
    ids=["alone", "among others"],
)
@pytest.mark.parametrize(
    ("leads", "decisions", "expected"),
    [
        ([], [], False),
        ([("application", day(3))], [], True),
        ([("application", day(12, 31))], [], True),
        ([("application", day(1, year=2017))], [], False),
        ([("visit", day(3)), ("department", day(4)), ("hotline", day(5))], [], False),
        ([("application", day(3))], [("entry", day(4))], False),
        ([("application", day(3))], [("refusal", day(4))], False),
        ([("application", day(3))], [("refusal", day(3))], False),
        ([("application", day(3))], [("refusal", day(2))], True),
        ([("application", day(3)), ("application", day(6))], [("refusal", day(4))], True),
        ([("application", day(3)), ("application", day(4))], [("refusal", day(5))], False),
        ([("application", day(3))], [("refusal", day(1, year=2017))], True),  # not decided yet on the snapshot's day
    ],
)
def test_an_application_waits_until_it_is_decided(
    engine: Engine,
    leads: Sequence[tuple[str, date]],
    decisions: Sequence[tuple[Any, ...]],
    expected: bool,
    others: Sequence[Household],
) -> None:
    rows = evaluated(engine, PACK, Register([*others, Household({}, leads=leads, decisions=decisions)], members=False))
    assert rows[-1]["waits"] is expected


def test_an_earlier_decision_does_not_answer_a_later_application(engine: Engine) -> None:
    household = Household({}, leads=[("application", day(9))], decisions=[("entry", day(3)), ("exit", day(5))])
    (row,) = evaluated(engine, PACK, Register([household], members=False))
    assert (row["waits"], row["is_exited"]) == (True, True)


@pytest.mark.parametrize(
    ("leads", "decisions", "expected"),
    [
        ([("application", day(3))], [], False),
        ([("visit", day(3))], [], True),
        ([("department", day(3))], [], True),
        ([("hotline", day(3))], [("monitoring", day(4))], False),
        ([("department", day(3))], [("refusal", day(2))], True),
        ([("department", day(1, year=2017))], [], False),
    ],
)
def test_a_report_waits_until_something_is_decided(
    engine: Engine, leads: Sequence[tuple[str, date]], decisions: Sequence[tuple[Any, ...]], expected: bool
) -> None:
    (row,) = evaluated(engine, PACK, Register([Household({}, leads=leads, decisions=decisions)], members=False))
    assert row["told"] is expected


@pytest.mark.parametrize(
    ("decisions", "was_in", "half_a_year"),
    [
        ([], False, None),  # nobody decided, so nothing holds since a day
        ([("entry", day(6, 30))], True, True),  # six whole months before the last day of the year
        ([("entry", day(7, 1))], True, False),
        ([("monitoring", day(3))], False, True),
        ([("entry", day(1)), ("exit", day(2)), ("monitoring", day(9))], True, False),
        ([("return", day(12))], True, False),
        ([("exit", day(2))], True, True),  # the books begin with its exit: it was in the register before
        ([("exit", day(2)), ("monitoring", day(9))], True, False),
        ([("entry", day(3)), ("refusal", day(12))], True, True),  # a refusal changes nothing
        ([("refusal", day(3))], False, None),
    ],
)
def test_since_when_a_standing_holds_and_whether_the_household_was_ever_in_the_register(
    engine: Engine, decisions: Sequence[tuple[Any, ...]], was_in: bool, half_a_year: bool | None
) -> None:
    others = Household({}, decisions=[("entry", day(1)), ("exit", day(2))])
    household = Household({}, decisions=decisions)
    row = evaluated(engine, PACK, Register([others, household], members=False))[-1]
    assert (row["was_in"], row["half_a_year"]) == (was_in, half_a_year)


def test_without_decisions_and_leads_nobody_was_ever_in_the_register(engine: Engine) -> None:
    (row,) = evaluated(engine, PACK, Register([Household()], members=False))
    assert (row["is_none"], row["waits"], row["told"], row["was_in"]) == (True, False, False, False)
    assert row["half_a_year"] is None
