"""What do stand-ins decide, if they are perfect, slow, blind or bought?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from tests.unit.policy.invented import fact, make_pack, standard
from tuopin.sweep.campaign_file import Officials
from tuopin.sweep.judgement import Judged
from tuopin.sweep.officials import decisions_on

PACK = make_pack(
    facts={"low": fact("boolean"), "shock": fact("boolean")},
    standards={
        "entry_rule": standard("low", proposes="entry"),
        "exit_rule": standard("not low", proposes="exit"),
        "watch_rule": standard("shock", proposes="monitoring"),
        "sign": standard("shock", proposes="alert"),
        "car": standard("low", proposes="question", asks={"en": "?"}, reply_days=15),
    },
)
PERFECT: dict[str, Any] = {
    "source": "invented", "first_month": 2, "last_month": 8, "visits_made": 1.0, "sees_wrong": 0.0, "overlooked": 0.0,
    "slips": 0.0, "captured": 0.0, "favoured": 0.0, "favoured_until": 2014,
}  # fmt: skip


def household(number: int) -> str:
    return f"H{number:011d}"


def truth(rows: dict[int, dict[str, Any]]) -> Judged:
    """Households by number, with what truly holds of them."""
    known = {"standing": "none", "area_code": "v1", "entry_rule": False, "exit_rule": False, "watch_rule": False}
    table = pa.Table.from_pylist([{"household_id": household(n), **known, **said} for n, said in sorted(rows.items())])
    return Judged(table, {})


def proposals(*rows: tuple[int, str, str]) -> pa.Table:
    return pa.Table.from_pylist([{"household_id": household(n), "kind": kind, "rule": rule} for n, kind, rule in rows])


def decided(found: pa.Table) -> dict[str, str]:
    return dict(zip(found["household_id"].to_pylist(), found["decision"].to_pylist(), strict=True))


def decide(table: pa.Table, judged: Judged, *, year: int = 2016, seed: int = 1, **officials: Any) -> pa.Table:
    perfect = Officials(**{**PERFECT, **officials})
    return decisions_on(table, pack=PACK, judged=judged, officials=perfect, seed=seed, year=year)


def test_perfect_officials_decide_what_is_proposed_and_what_a_visit_finds() -> None:
    judged = truth({1: {}, 2: {}, 3: {"entry_rule": True}, 4: {}, 5: {"watch_rule": True}, 6: {}, 7: {}})
    found = decide(
        proposals(
            (1, "entry", "entry_rule"), (2, "exit", "exit_rule"), (3, "visit", "entry_rule"), (4, "visit", "entry_rule"),
            (5, "alert", "sign"), (6, "alert", "sign"), (7, "refusal", "entry_rule"), (8, "question", "car"),
        ),
        judged,
    )  # fmt: skip
    assert decided(found) == {
        household(1): "entry", household(2): "exit", household(3): "entry", household(5): "monitoring",
        household(7): "refusal",
    }  # fmt: skip


def test_a_question_takes_nobody_out() -> None:
    found = decide(proposals((1, "question", "car")), truth({1: {"standing": "registered"}}))
    assert found.num_rows == 0


def test_of_several_proposals_on_one_household_the_weightiest_is_decided() -> None:
    both = proposals(
        (1, "monitoring", "watch_rule"),
        (1, "entry", "entry_rule"),
        (2, "exit", "exit_rule"),
        (2, "refusal", "entry_rule"),
    )
    assert decided(decide(both, truth({1: {}, 2: {}}))) == {household(1): "entry", household(2): "exit"}


def test_decisions_fall_on_days_of_the_stated_months_of_the_next_year() -> None:
    many = proposals(*((n, "entry", "entry_rule") for n in range(1, 400)))
    days = decide(many, truth({n: {} for n in range(1, 400)}))["decided_on"].to_pylist()
    assert min(days) >= date(2017, 2, 1)
    assert max(days) <= date(2017, 8, 28)
    assert {day.month for day in days} == {2, 3, 4, 5, 6, 7, 8}


@pytest.mark.parametrize(
    ("officials", "expected"),
    [
        ({"overlooked": 1.0}, {}),
        ({"slips": 1.0}, {household(1): "refusal", household(3): "entry"}),  # a visit sees, and does not slip
        ({"visits_made": 0.0}, {household(1): "entry", household(2): "exit"}),
        ({"sees_wrong": 1.0}, {household(1): "entry", household(2): "exit", household(4): "entry"}),
    ],
)
def test_each_way_of_failing_does_what_it_says(officials: dict[str, Any], expected: dict[str, str]) -> None:
    judged = truth({1: {}, 2: {}, 3: {"entry_rule": True}, 4: {}})
    table = proposals(
        (1, "entry", "entry_rule"), (2, "exit", "exit_rule"), (3, "visit", "entry_rule"), (4, "visit", "entry_rule")
    )
    assert decided(decide(table, judged, **officials)) == expected


def test_a_visit_to_a_household_that_is_no_more_finds_nothing() -> None:
    assert decide(proposals((9, "visit", "entry_rule")), truth({1: {"entry_rule": True}})).num_rows == 0


def test_a_share_of_mistakes_is_that_share_and_the_same_seed_repeats_it() -> None:
    many = proposals(*((n, "entry", "entry_rule") for n in range(1, 10_001)))
    judged = truth({n: {} for n in range(1, 10_001)})
    found = decide(many, judged, overlooked=0.3)
    assert found.num_rows == pytest.approx(7000, abs=150)  # three standard deviations are 137
    assert found.equals(decide(many, judged, overlooked=0.3))
    assert not found.equals(decide(many, judged, overlooked=0.3, seed=2))


def test_what_the_policy_no_longer_knows_on_the_day_of_the_decision_is_not_decided() -> None:
    """The register closes on 1 May: what is decided from then on brings nobody in, by whatever way."""
    text = {"from": "2000-01-01", "met": "low", "tests": {}}
    closing = standard("", text, {"from": "2017-05-01", "status": "ended"}, proposes="entry")
    pack = make_pack(facts={"low": fact("boolean")}, standards={"entry_rule": closing})
    many = proposals(*((n, "entry" if n % 2 else "visit", "entry_rule") for n in range(1, 401)))
    everybody = truth({n: {"entry_rule": True} for n in range(1, 401)})
    officials = Officials(**{**PERFECT, "captured": 1.0, "favoured": 1.0, "favoured_until": 2016})
    found = decisions_on(many, pack=pack, judged=everybody, officials=officials, seed=1, year=2016)
    assert found.num_rows > 0
    assert max(found["decided_on"].to_pylist()) < date(2017, 5, 1)


def test_in_a_captured_village_others_come_in_too_but_only_while_nobody_looks() -> None:
    rows = {n: {"area_code": f"v{n % 50}"} for n in range(1, 5001)}
    rows |= {n: {"area_code": f"v{n % 50}", "standing": "registered"} for n in range(5001, 5051)}
    judged, nothing = truth(rows), proposals((1, "question", "car"))
    favoured = decide(nothing, judged, year=2014, captured=0.2, favoured=0.5)
    villages = {rows[int(id[1:])]["area_code"] for id in favoured["household_id"].to_pylist()}
    assert 3 <= len(villages) <= 20  # about ten of fifty
    assert favoured.num_rows == pytest.approx(len(villages) * 50, abs=len(villages) * 25)
    assert all(rows[int(id[1:])].get("standing", "none") == "none" for id in favoured["household_id"].to_pylist())
    assert decide(nothing, judged, year=2015, captured=0.2, favoured=0.5).num_rows == 0
