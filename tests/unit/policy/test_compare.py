"""Is it counted right who would move: in a register by heads, in a survey by weights, the main rule first?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy.invented import (
    AS_OF,
    Household,
    Register,
    derived,
    fact,
    groups,
    line,
    make_pack,
    standard,
    text,
    write_register,
)
from tuopin.policy import Difference, Move, Pack, compare
from tuopin.terms import UsageError

FACTS = {
    "household_size": fact("integer", min=1, max=60, unit="person"),
    "income": fact("integer", min=0),
    "settlement": fact("code", values=["urban", "rural"]),
    "mobility": fact("code", values=["settled", "mobile"], sensitivity="sensitive"),
    "sex": fact("code", "member", values=["female", "male"]),
    "owns_land": fact("boolean"),
    "told_nobody": fact("code", values=["yes", "no"], sensitivity="personal"),
}


def pack(limit: int, **more: Any) -> Pack:
    """Poor is whose income is below a limit."""
    return make_pack(facts=FACTS, standards={"poor": standard(f"income < {limit}")}, **more)


def family(income: int | None, size: int | None, weight: float = 1.0, area: str = "n11", **facts: Any) -> Household:
    return Household({"income": income, "household_size": size, **facts}, area=area, weight=weight)


def compared(folder: Path, packs: Sequence[Pack], register: Register, **more: Any) -> Difference:
    snapshot = write_register(folder / "snapshot", packs[0], register)
    return compare(pack_a=packs[0], pack_b=packs[1], snapshot=snapshot, as_of=AS_OF, **more)


#: Of these, b and c become poor when the limit goes from 10 to 20.
FAMILIES = (
    family(5, 3, weight=2.5),  # a: poor before and after
    family(15, 4, weight=1.5),  # b
    family(12, 2, weight=10.25, area="s11"),  # c
    family(30, 1, weight=4.0),  # d: never poor
    family(None, 5, weight=3.0, area="s11"),  # e: nobody can tell
)


def test_a_survey_is_counted_by_its_weights(tmp_path: Path) -> None:
    found = compared(tmp_path, (pack(10), pack(20)), Register(FAMILIES, members=False, survey=True))
    # b and c: 1.5 + 10.25 households, with 1.5 x 4 + 10.25 x 2 persons
    assert found.moves == [Move("poor", None, "not_met", "met", 2, 6, 11.75, 26.5)]
    # all: 2.5 + 1.5 + 10.25 + 4 + 3 households, with 7.5 + 6 + 20.5 + 4 + 15 persons
    assert (found.kind, found.households) == ("survey", 5)
    assert (found.estimated_households, found.estimated_members) == (21.25, 53.0)


@pytest.mark.parametrize("a_part", [1, 250_000])
def test_a_survey_is_split_by_area_however_it_lies_on_disk(tmp_path: Path, a_part: int) -> None:
    register = Register(FAMILIES, members=False, survey=True, a_part=a_part)
    found = compared(tmp_path, (pack(10), pack(20)), register, by="region")
    assert found.moves == [
        Move("poor", "s", "not_met", "met", 1, 2, 10.25, 20.5),
        Move("poor", "n", "not_met", "met", 1, 4, 1.5, 6.0),
    ]
    assert (found.estimated_households, found.estimated_members) == (21.25, 53.0)


def test_a_household_of_unknown_size_counts_as_a_household_and_for_no_person(tmp_path: Path) -> None:
    register = Register([family(15, None, weight=7.0), family(16, 2, weight=0.5)], members=False, survey=True)
    found = compared(tmp_path, (pack(10), pack(20)), register)
    assert found.moves == [Move("poor", None, "not_met", "met", 2, 2, 7.5, 1.0)]


def test_a_register_is_counted_by_heads_and_estimates_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, (pack(10), pack(20)), Register(FAMILIES, members=False))
    assert found.moves == [Move("poor", None, "not_met", "met", 2, 6)]
    assert (found.kind, found.households, found.estimated_households, found.estimated_members) == (
        "register", 5, None, None,
    )  # fmt: skip


def test_a_changed_derived_fact_moves_whoever_it_answers_otherwise(tmp_path: Path) -> None:
    """Each policy reads its own facts, also where both call them alike."""
    packs = [
        make_pack(facts=FACTS, derived={"needy": derived(f"income < {limit}")}, standards={"poor": standard("needy")})
        for limit in (10, 20)
    ]
    for number, a_part in enumerate((1, 250_000)):
        register = Register(FAMILIES, members=False, a_part=a_part)
        found = compared(tmp_path / str(number), packs, register)
        assert found.moves == [Move("poor", None, "not_met", "met", 2, 6)]


# --- order -----------------------------------------------------------------------------------------------------------

ASKED: dict[str, Any] = {"proposes": "question", "asks": text("?"), "reply_days": 5}


def country(limit: int) -> Pack:
    """Rules of every kind, each of which moves somebody when the limit is raised."""
    rules = {
        "cross_check": standard(f"income < {limit + 20}", **ASKED),
        "small": standard(f"income < {limit}"),
        "large": standard(f"income < {limit + 10}"),
        "entry": standard(f"income < {limit}", proposes="entry"),
        "headline": standard(f"income < {limit + 5}"),
        "exit": standard(f"income >= {limit}", proposes="exit"),
    }
    return make_pack(facts=FACTS, standards=rules, about={"headline": ["headline"]})


def test_the_main_rules_stand_first_and_the_cross_checks_last(tmp_path: Path) -> None:
    incomes = [10, 10, 15, 15, 15, 20, 20, 20, 20, 30, 30, 30, 30, 30]
    found = compared(tmp_path, (country(10), country(11)), Register([family(n, 1) for n in incomes], members=False))
    assert [(move.rule, move.households) for move in found.moves] == [
        ("headline", 3), ("entry", 2), ("large", 4), ("exit", 2), ("small", 2), ("cross_check", 5),
    ]  # fmt: skip


def test_the_rows_of_a_rule_stand_together_the_largest_first(tmp_path: Path) -> None:
    register = Register([family(10, 1), family(10, 1, area="s11"), family(20, 1, area="s11")], members=False)
    found = compared(tmp_path, (country(10), country(11)), register, by="region")
    assert [(move.rule, move.group) for move in found.moves] == [
        ("entry", "n"), ("entry", "s"), ("exit", "n"), ("exit", "s"), ("small", "n"), ("small", "s"), ("large", "s"),
    ]  # fmt: skip


def test_a_survey_is_ordered_by_what_it_estimates(tmp_path: Path) -> None:
    rare, many = family(20, 1, weight=90.0), [family(10, 1, weight=1.0)] * 3
    found = compared(tmp_path, (country(10), country(11)), Register([rare, *many], members=False, survey=True))
    assert [move.rule for move in found.moves] == ["entry", "large", "exit", "small"]


# --- groups ----------------------------------------------------------------------------------------------------------

LEANING = {
    "standards": {"poor": standard("income < 10 or owns_land"), "moves": standard("mobility = 'mobile'")},
    "derived": {"landed_or_mobile": derived("owns_land and mobility = 'mobile'")},
    "categories": {"list": groups(("one", "landed_or_mobile"))},
}

#: The name, and why it parts no households of a source that never asked for mobility and settlement.
REFUSED = {
    "a fact that was never asked": ("mobility", "the source of this snapshot did not ask it"),
    "a public code that was never asked": ("settlement", "the source of this snapshot did not ask it"),
    "a fact computed from it": ("landed_or_mobile", "did not ask all that it is computed from"),
    "a fact that no rule names": ("told_nobody", "none of its rules and figures names it"),
    "a number": ("income", "It is a number"),
    "a fact of a member": ("sex", "It is a fact of a member, not of the household"),
    "nothing at all": ("county", "No tier and no fact of the first pack has this name"),
}


@pytest.mark.parametrize(("by", "why"), REFUSED.values(), ids=REFUSED)
def test_what_parts_no_households_is_refused_with_its_reason(tmp_path: Path, by: str, why: str) -> None:
    leaning = make_pack(facts=FACTS, **LEANING)
    register = Register([family(5, 1)], absent=frozenset({"mobility", "settlement"}), members=False)
    with pytest.raises(UsageError) as refused:
        compared(tmp_path, (leaning, leaning), register, by=by)
    (problem,) = refused.value.problems
    assert problem.what == f"The counts cannot be split by `{by}`."
    assert why in problem.why
    assert problem.fix == "Name a tier (region, district, village) or one of these facts: owns_land."
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot"], "it is refused before anything is computed"


def test_a_tier_that_the_snapshot_lacks_is_told_from_a_word(tmp_path: Path) -> None:
    deeper = [{"id": tier, "label": text(tier)} for tier in ("region", "district", "village", "quarter")]
    lower = pack(10, about={"tiers": deeper})
    with pytest.raises(UsageError, match="The pack has this tier, but the snapshot has no areas of it"):
        compared(tmp_path, (lower, lower), Register([family(5, 1)], members=False), by="quarter")


def test_an_unknown_fact_is_a_group_of_its_own(tmp_path: Path) -> None:
    register = Register([family(15, 2, settlement="rural"), family(15, 3)], members=False)
    found = compared(tmp_path, (pack(10), pack(20)), register, by="settlement")
    assert [(move.group, move.households, move.members) for move in found.moves] == [(None, 1, 3), ("rural", 1, 2)]


# --- households ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a_part", [1, 250_000])
def test_every_household_that_moves_is_told_rule_by_rule(tmp_path: Path, a_part: int) -> None:
    told: list[dict[str, str]] = []
    packs = [
        make_pack(facts=FACTS, standards={"poor": standard(f"income < {n}"), "poorest": standard(f"income < {n - 6}")})
        for n in (10, 20)
    ]
    register = Register(FAMILIES, members=False, a_part=a_part)
    found = compared(tmp_path, packs, register, moved=lambda batch: told.extend(batch.to_pylist()))
    # in the order of areas, a is h0, b is h1, d is h2, c is h3, e is h4
    assert [tuple(row.values()) for row in told] == [
        ("h0", "n11", "poorest", "not_met", "met"),
        ("h1", "n11", "poor", "not_met", "met"),
        ("h3", "s11", "poor", "not_met", "met"),
        ("h3", "s11", "poorest", "not_met", "met"),
    ]
    assert sum(move.households for move in found.moves) == len(told)


def test_nobody_is_told_where_the_packs_share_no_rule(tmp_path: Path) -> None:
    other = make_pack(facts=FACTS, standards={"needy": standard("income < 20")})
    told: list[object] = []
    found = compared(tmp_path, (pack(10), other), Register(FAMILIES, members=False), moved=told.append)
    assert (found.moves, found.only_first, found.only_second, told) == ([], ["poor"], ["needy"], [])


def test_the_households_of_a_survey_are_nobodys_cases(tmp_path: Path) -> None:
    register = Register(FAMILIES, members=False, survey=True)
    with pytest.raises(UsageError, match="A survey gives estimates, never cases"):
        compared(tmp_path, (pack(10), pack(20)), register, moved=print)


def test_a_day_on_which_the_packs_begin_to_differ_is_told(tmp_path: Path) -> None:
    """A text that is only announced begins on no day."""
    today = {"from": "2004-01-01", "met": "income < 10", "tests": {}}
    announced = {"from": "2031-01-01", "met": "income < 5", "tests": {}, "status": "announced"}
    then = {"from": "2032-01-01", "met": "income < 20", "tests": {}}
    before = make_pack(facts=FACTS, standards={"poor": standard("", today)})
    after = make_pack(facts=FACTS, standards={"poor": standard("", today, announced, then)})
    difference = compared(tmp_path, [before, after], Register(FAMILIES))
    assert (difference.moves, str(difference.later)) == ([], "2032-01-01")
    same = compared(tmp_path / "same", [before, before], Register(FAMILIES))
    assert (same.later, same.to_dict()["later"]) == (None, None)


def test_a_changed_gate_of_an_area_is_named_though_nobody_is_counted_by_it(tmp_path: Path) -> None:
    def gated(most: str) -> Pack:
        counts = {"the_poor": derived("persons_if(income < 10)", "integer", entity="area", unit="person")}
        gate = standard(f"ratio(the_poor, persons) < {most}", applies_to="village")
        still = standard("persons > 0", applies_to="village")
        poor = standard("income < 10")
        return make_pack(facts=FACTS, derived=counts, standards={"poor": poor, "gate": gate, "peopled": still})

    difference = compared(tmp_path, [gated("0.02"), gated("0.03")], Register(FAMILIES, members=False))
    assert (difference.moves, difference.of_areas) == ([], ["gate"])
    assert compared(tmp_path / "same", [gated("0.02"), gated("0.02")], Register(FAMILIES, members=False)).of_areas == []


def test_a_rule_moves_somebody_also_where_only_what_it_rests_on_was_changed(tmp_path: Path) -> None:
    def resting(limit: int) -> Pack:
        first, second, third = standard(f"income < {limit}"), standard("poor and not owns_land"), standard("owns_land")
        return make_pack(facts=FACTS, standards={"poor": first, "needy": second, "owner": third})

    register = Register([family(15, 4, owns_land=False), family(15, 2, owns_land=True)], members=False)
    moves = compared(tmp_path, [resting(10), resting(20)], register).moves
    assert {(move.rule, move.before, move.after, move.households) for move in moves} == {
        ("poor", "not_met", "met", 2), ("needy", "not_met", "met", 1),
    }  # fmt: skip


def test_a_value_that_changes_later_is_told_though_nobody_moves_today(tmp_path: Path) -> None:
    """And two packs of one name and version are told apart by their content."""
    day = f"{AS_OF.year + 1}-01-01"
    packs = [
        make_pack(
            facts={**FACTS, "income": fact("money", unit="XTS", min=0)},
            lines={"least": line(values={"2010-01-01": 10, day: value})},
            standards={"poor": standard("income < least")},
        )
        for value in (12, 13)
    ]
    found = compared(tmp_path, packs, Register(FAMILIES, members=False))
    assert not found.moves
    assert str(found.later) == day
    assert found.packs[0] != found.packs[1]
    for said, policy in zip(found.packs, packs, strict=True):
        assert said == f"{policy.name} {policy.about.version} ({policy.content_hash[:12]})"
