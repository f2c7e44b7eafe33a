"""Are those left out and those taken in by mistake counted as the field counts them? Worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from tuopin.sweep.accounts import Account, account_of
from tuopin.sweep.judgement import BY_AGE, Judged
from tuopin.sweep.officials import DECISIONS
from tuopin.tables.engines import open_engine

#: household, persons (children, adults, old), standing, truly poor, at risk, welfare, sex of head
ROWS = [
    (1, (1, 2, 0), "registered", True, True, 1000.0, "female"),
    (2, (0, 1, 1), "none", True, True, 1100.0, "female"),
    (3, (2, 2, 0), "registered", False, False, 5000.0, "male"),
    (4, (0, 1, 0), "returned", True, True, 900.0, "male"),
    (5, (0, 4, 0), "monitored", False, True, 3000.0, "male"),
    (6, (0, 5, 1), "exited", False, True, 3500.0, "male"),
]


def judged(groups: dict[str, str | None] | None = None) -> Judged:
    rows: list[dict[str, Any]] = [
        {
            "household_id": f"H{n:011d}", "persons": sum(ages), "standing": standing, "poor": poor, "at_risk": risk,
            "welfare": welfare, "head": sex, **{f"age{k}": many for k, many in enumerate(ages)},
        }
        for n, ages, standing, poor, risk, welfare, sex in ROWS
    ]  # fmt: skip
    return Judged(
        pa.Table.from_pylist(rows), groups if groups is not None else {"sex of head": "head", "remoteness": None}
    )


def account(**more: Any) -> Account:
    decisions = pa.Table.from_pylist(
        [
            {"household_id": "H00000000001", "decision": "entry", "decided_on": date(2016, 3, 1), "known_at": date(2016, 3, 1)},
            {"household_id": "H00000000003", "decision": "entry", "decided_on": date(2015, 3, 1), "known_at": date(2015, 3, 1)},
            {"household_id": "H00000000006", "decision": "exit", "decided_on": date(2016, 9, 1), "known_at": date(2016, 9, 1)},
            {"household_id": "H00000000099", "decision": "exit", "decided_on": date(2016, 9, 1), "known_at": date(2016, 9, 1)},
        ],
        schema=DECISIONS,
    )  # fmt: skip
    said = {"year": 2016, "decisions": decisions, "poor": "poor", "at_risk": "at_risk", "causes": {}, "warnings": {}}
    return account_of(judged(), **{**said, **more})


def test_the_campaign_is_counted_in_persons() -> None:
    found = account()
    # Truly poor: 3 + 2 + 1. In the register: 3 + 4 + 1. Of 2016: household 1 entered (3), 6 left (6), 99 is no more.
    assert (found.persons, found.poor_true, found.poor_register, found.households_register) == (20, 6, 8, 3)
    assert (found.watched, found.entered, found.exited, found.returned) == (4, 3, 6, 0)


def test_exclusion_and_inclusion_are_shares_of_those_who_belong_and_of_those_inside() -> None:
    errors = {(e.group, e.value): e for e in account().errors["register"]}
    everybody = errors["all persons", ""]
    assert everybody.exclusion == pytest.approx(2 / 6)  # household 2
    assert everybody.inclusion == pytest.approx(4 / 8)  # household 3
    assert errors["sex of head", "female"].exclusion == pytest.approx(2 / 5)
    assert errors["sex of head", "female"].inclusion == 0.0
    assert errors["sex of head", "male"].exclusion == 0.0
    assert errors["sex of head", "male"].inclusion == pytest.approx(4 / 5)
    # By the persons' own age: of one poor old person one is left out, and no old person is in the register.
    assert errors["age", "60 and older"].exclusion == 1.0
    assert errors["age", "60 and older"].inclusion is None
    assert errors["age", "under 16"].exclusion == 0.0
    assert errors["age", "under 16"].inclusion == pytest.approx(2 / 3)


def test_a_group_of_which_the_country_knows_nothing_is_not_measured() -> None:
    (found,) = [error for error in account().errors["register"] if error.group == "remoteness"]
    assert (found.value, found.exclusion, found.inclusion) == (None, None, None)


def test_the_poorest_tenth_is_a_tenth_of_persons_by_welfare() -> None:
    errors = {(e.group, e.value): e for e in account().errors["register"]}
    # Of 20 persons the poorest two would be a tenth: household 4 (one person); household 1 reaches beyond it.
    assert errors["welfare", "poorest tenth"].belong == 1
    assert errors["welfare", "poorest tenth"].exclusion == 0.0


def test_the_watch_is_for_those_at_risk_who_are_not_in_the_register() -> None:
    everybody = account().errors["watch"][0]
    # At risk and outside the register: 2 (two persons), 5 (four), 6 (six). Watched: 5.
    assert (everybody.belong, everybody.inclusion) == (12, 0.0)
    assert everybody.exclusion == pytest.approx(8 / 12)
    assert "watch" not in account(at_risk=None).errors


@pytest.mark.parametrize(("age", "part"), [(0, 0), (15, 0), (16, 1), (59, 1), (60, 2), (109, 2)])
def test_every_age_is_in_one_part(age: int, part: int) -> None:
    with open_engine() as engine:
        held = engine.rows(f"SELECT {', '.join(BY_AGE.values())} FROM (SELECT {age} AS age) AS person")[0]
    assert list(BY_AGE) == ["under 16", "16 to 59", "60 and older"]
    assert [number for number, holds in enumerate(held) if holds] == [part]


def test_of_whom_the_policy_cannot_tell_is_counted_apart() -> None:
    everybody = judged()
    column = everybody.rows.column_names.index("poor")
    unsure = pa.array([None, True, False, True, False, False])  # household 1, of three persons
    rows = everybody.rows.set_column(column, "poor", unsure)
    found = account_of(
        Judged(rows, everybody.groups), year=2016, decisions=DECISIONS.empty_table(), poor="poor", at_risk=None,
        causes={}, warnings={},
    )  # fmt: skip
    assert (found.poor_true, found.poor_unknown) == (3, 3)
    assert account().poor_unknown == 0
