"""How sure is a figure of the law on a day, and who says so?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.policy.invented import (
    Household,
    Register,
    derived,
    evaluated,
    fact,
    line,
    make_pack,
    parameter,
    standard,
)
from tuopin.interfaces.policy_of_a_day import policy_of_a_day
from tuopin.policy import Pack
from tuopin.policy.dated import confidence_on, source_on
from tuopin.tables.engines import Engine
from tuopin.terms import DataError

#: A yearly series of which one year is own knowledge, as the survey line of China was for 2017.
YEARS = {
    "2016-01-01": 2952,
    "2017-01-01": {"default": 2960, "confidence": "medium", "source": "as remembered, on no page"},
    "2018-01-01": 2995,
}
INCOME = {"income": fact("money", unit="XTS")}


def on(day: str) -> date:
    return date.fromisoformat(day)


@pytest.fixture
def pack() -> Pack:
    return make_pack(
        facts={**INCOME, "rooms": fact("integer")},
        derived={"roomy": derived("rooms >= enough", parameters={"enough": {**parameter(4), "confidence": "low"}})},
        lines={"poverty": line(values=YEARS)},
        parameters={"shared": parameter({"2016-01-01": {"areas": {"n": 5}, "confidence": "unverified"}})},
        standards={"poor": standard("income < poverty + extra", parameters={"extra": parameter(0, "XTS")})},
    )


@pytest.mark.parametrize(
    ("day", "sure", "source"),
    [
        ("2016-12-31", "high", "invented"),
        ("2017-12-31", "medium", "as remembered, on no page"),
        ("2018-01-01", "high", "invented"),
        ("2015-12-31", "high", "invented"),
    ],
)
def test_a_year_may_be_less_sure_than_its_series_and_have_its_own_source(
    pack: Pack, day: str, sure: str, source: str
) -> None:
    poverty = pack.lines["poverty"]
    assert (confidence_on(poverty, on(day)), source_on(poverty, on(day))) == (sure, source)


def test_how_sure_a_value_is_does_not_change_what_is_answered(engine: Engine, pack: Pack) -> None:
    register = Register([Household({"income": amount}) for amount in (2959, 2960)])
    answered = evaluated(engine, pack, register, day=on("2017-12-31"))
    assert [row["poor"] for row in answered] == [True, False]


def test_the_policy_of_a_day_says_how_sure_each_figure_is_and_whose_it_is(pack: Pack) -> None:
    shown = policy_of_a_day(pack, day=on("2017-12-31"), language="en")
    assert [(one.id, one.value, one.confidence, one.source) for one in shown.lines] == [
        ("poverty", "2960", "medium", "as remembered, on no page")
    ]
    (poor,) = shown.rules
    assert [(one.id, one.of, one.confidence) for one in (*shown.figures, *poor.figures)] == [
        ("shared", None, "unverified"),
        ("enough", "roomy", "low"),
        ("extra", "poor", "high"),
    ]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"default": 2952, "confidence": "sure"}, "write one of: 'high', 'medium', 'low' or 'unverified'"),
        ({"default": 2952, "source": "?"}, "at least 3 characters"),
        ({"confidence": "low"}, "a default or at least one area is needed"),
        ({"default": 2952, "because": "so"}, "`because` is not a key that is known here"),
    ],
)
def test_a_value_that_says_what_it_must_not_is_refused_where_it_stands(value: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError) as refused:
        make_pack(facts=INCOME, lines={"poverty": line(values={"2016-01-01": value})})
    (problem,) = refused.value.problems
    assert says in problem.what
    assert (problem.place.file, problem.place.line) == ("lines.yaml", 1)
    assert "2016-01-01" in problem.what
