"""What does monitoring propose, and where does it send somebody to look?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import AS_OF, Household, Register, fact, make_pack, standard, write_register
from tuopin.sweep import run_sweep

PACK = make_pack(
    facts={"ill": fact("boolean"), "near": fact("boolean"), "secure": fact("boolean")},
    standards={
        "someone_fell_ill": standard("ill", proposes="alert", applies_if="standing <> 'monitored'"),
        "watch": standard(
            "near and ill", proposes="monitoring", applies_if="standing not in ('registered', 'monitored')"
        ),
        "risk_gone": standard(
            "secure and months_since(standing_since) >= 6", proposes="clearing", applies_if="standing = 'monitored'"
        ),
        "poor_again": standard("near and not secure", proposes="return", applies_if="standing = 'exited'"),
    },
)
LONG_AGO, LATELY = date(2016, 2, 1), date(2016, 11, 1)
WATCHED = [("monitoring", LONG_AGO)]


@pytest.mark.parametrize(
    ("facts", "decisions", "expected"),
    [
        ({"ill": True, "near": True}, [], {("alert", "someone_fell_ill"), ("monitoring", "watch")}),
        ({"ill": True, "near": False}, [], {("alert", "someone_fell_ill")}),
        ({"ill": None, "near": True}, [], {("visit", "watch")}),  # no alert: a rule that cannot tell raised nothing
        ({"ill": False, "near": True}, [], set()),
        ({"ill": True, "near": True}, [("entry", LONG_AGO)], {("alert", "someone_fell_ill")}),
        ({"secure": True}, WATCHED, {("clearing", "risk_gone")}),
        ({"secure": True}, [("monitoring", LATELY)], set()),
        ({"secure": None}, WATCHED, {("visit", "risk_gone")}),
        ({"secure": None}, [("monitoring", LATELY)], set()),  # too early whatever the answer
        ({"ill": False, "near": True, "secure": False}, [("entry", date(2015, 1, 1)), ("exit", LONG_AGO)], {("return", "poor_again")}),
        ({"ill": False, "near": True, "secure": None}, [("entry", date(2015, 1, 1)), ("exit", LONG_AGO)], {("visit", "poor_again")}),
    ],
)  # fmt: skip
def test_what_is_proposed_follows_the_answers_and_the_standing(
    tmp_path: Path, facts: dict[str, Any], decisions: Sequence[tuple[Any, ...]], expected: set[tuple[str, str]]
) -> None:
    register = Register([Household(facts, decisions=decisions)], members=False)
    snapshot = write_register(tmp_path / "snapshot", PACK, register)
    run_sweep(pack=PACK, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "sweep")
    rows = pq.read_table(tmp_path / "sweep" / "proposals").to_pylist()
    assert {(row["kind"], row["rule"]) for row in rows} == expected
    assert {row["stage"] for row in rows} <= {"monitoring", "identification"}
