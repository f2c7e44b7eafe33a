"""What was written down long ago can be read, and decides nothing any more."""

from __future__ import annotations

import pytest

from tests.unit.policy.invented import derived, fact, make_pack, standard
from tuopin.policy import check_pack

FACTS = {
    "lit": fact("boolean"),
    "own_drive": fact("code", values=["enough", "lacking"], history=True),
    "idle": fact("boolean", "member", history=True),
}


@pytest.mark.parametrize(
    "rooms",
    [
        {"standards": {"poor": standard("lit and own_drive = 'lacking'")}},
        {"standards": {"poor": standard("part", tests={"part": "own_drive is null"})}},
        {"standards": {"poor": standard("lit", applies_if="own_drive = 'enough'")}},
        {"derived": {"somebody": derived("any_of(idle)")}, "standards": {"poor": standard("somebody")}},
    ],
    ids=["in a condition", "in a test", "in whom it applies to", "in a derived fact"],
)
def test_a_rule_that_names_history_is_refused_where_it_stands(rooms: dict[str, dict[str, object]]) -> None:
    (problem,) = check_pack(make_pack(facts=FACTS, **rooms))
    assert "which is history" in problem.what
    assert problem.place.line is not None


def test_history_may_be_kept_beside_what_is_used() -> None:
    assert check_pack(make_pack(facts=FACTS, standards={"poor": standard("not lit")})) == []
