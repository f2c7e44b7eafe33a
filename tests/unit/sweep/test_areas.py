"""What does a policy say of villages and regions: are their households added up without losing the unknown?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import (
    AS_OF,
    Household,
    Register,
    derived,
    fact,
    make_pack,
    parameter,
    standard,
    write_register,
)
from tuopin.policy import Pack, check_pack
from tuopin.sweep import run_sweep

SIZE = fact("integer", unit="person", min=1, max=20)
AREA = {"entity": "area"}
COUNTS = {
    "poor_persons": derived("persons_if(poor)", "integer", unit="person", **AREA),
    "poor_households": derived("count_if(poor)", "integer", unit="household", **AREA),
    "poor_share": derived("share_of(poor)", "decimal", scale=2, **AREA),
    "cattle": derived("sum_of(goats)", "integer", **AREA),
    "cattle_of_the_poor": derived("sum_of(goats, poor)", "integer", **AREA),
    "most_goats": derived("max_of(goats)", "integer", **AREA),
    "nobody_poor": derived("all_of(not poor)", **AREA),
    "in_the_register": derived("persons_if(standing = 'registered')", "integer", unit="person", **AREA),
    "still_listed": derived("area_standing = 'listed'", **AREA),
}
ASKS = {
    "few_poor": "ratio(poor_persons, persons) < 0.5",
    "few_poor_households": "poor_share < 0.5",
    "many_goats": "cattle >= 4",
    "poor_without_goats": "cattle_of_the_poor = 0",
    "no_herd": "most_goats <= 2",
    "all_well": "nobody_poor",
    "one_registered": "in_the_register >= 1",
    "road_and_people": "road and households >= 1",
    "listed": "still_listed",
    "some_poor": "poor_households >= 1",
}


def pack_of(tier: str, **more: Any) -> Pack:
    standards = {id: standard(text, applies_to=tier) for id, text in ASKS.items()} | more.pop("standards", {})
    facts = {
        "household_size": SIZE,
        "poor": fact("boolean"),
        "goats": fact("integer", min=0, max=9),
        "road": fact("boolean", "area"),
        **more.pop("facts", {}),
    }
    return make_pack(facts=facts, derived=COUNTS | more.pop("derived", {}), standards=standards, **more)


def areas_of(tmp_path: Path, pack: Pack, tier: str, register: Register) -> dict[str, dict[str, Any]]:
    """What a sweep writes of a tier, by code."""
    assert check_pack(pack) == []
    snapshot = write_register(tmp_path / "snapshot", pack, register)
    run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "sweep")
    rows = pq.read_table(tmp_path / "sweep" / "areas" / f"{tier}.parquet").to_pylist()
    assert [row["area_code"] for row in rows] == sorted(row["area_code"] for row in rows)
    return {row["area_code"]: row for row in rows}


def house(size: int | None, poor: bool | None, goats: int | None, area: str = "n11", **more: Any) -> Household:
    return Household({"household_size": size, "poor": poor, "goats": goats}, area=area, **more)


@pytest.mark.parametrize("a_part", [1, 250_000], ids=["a part a village", "one part"])
def test_households_are_added_up_to_villages_and_regions(tmp_path: Path, a_part: int) -> None:
    households = [
        house(5, True, 1), house(3, False, 2), house(2, False, 2),
        house(6, True, 0, "n12", decisions=[("entry", date(2016, 3, 1))]),
        house(4, False, 0, "s11"),
    ]  # fmt: skip
    register = Register(households, members=False, areas={"n11": {"road": True}, "s": {"road": False}}, a_part=a_part)
    villages = areas_of(tmp_path / "v", pack_of("village"), "village", register)
    regions = areas_of(tmp_path / "r", pack_of("region"), "region", register)
    # n11: 5 of 10 persons, 1 of 3 households poor, 5 goats, the poor have 1. n12: 6 of 6 persons, no goat.
    assert {id: villages["n11"][id] for id in ASKS} == {
        "few_poor": False, "few_poor_households": True, "many_goats": True, "poor_without_goats": False,
        "no_herd": True, "all_well": False, "one_registered": False, "road_and_people": True, "listed": False, "some_poor": True,
    }  # fmt: skip
    assert (villages["n12"]["one_registered"], villages["n12"]["poor_persons"], villages["n12"]["cattle"]) == (
        True,
        6,
        0,
    )
    # Region n: 11 of 16 persons, 2 of 4 households poor; s: nobody of 4.
    assert (regions["n"]["poor_persons"], regions["n"]["poor_households"], regions["n"]["cattle"]) == (11, 2, 5)
    assert (regions["n"]["few_poor_households"], regions["s"]["few_poor_households"]) == (False, True)
    assert (regions["n"]["road_and_people"], regions["s"]["road_and_people"]) == (None, False)
    # Where nobody lives, nobody is poor and a share is of nothing.
    empty = regions["e"]
    assert (empty["poor_persons"], empty["all_well"], empty["few_poor"], empty["no_herd"]) == (0, True, None, None)


@pytest.mark.parametrize(
    ("households", "expected"),
    [
        # One household of unknown answer: 2 to 5 persons of 7, so whether fewer than half are poor cannot be told.
        ([house(2, True, 1), house(3, None, 1), house(2, False, 1)], {"few_poor": None, "few_poor_households": None}),
        # 1 to 2 persons of 7: told, whatever the answer.
        ([house(1, True, 1), house(1, None, 1), house(5, False, 1)], {"few_poor": True, "few_poor_households": None}),
        ([house(1, False, None), house(1, False, 3)], {"many_goats": None, "no_herd": False}),
        ([house(1, False, None), house(1, False, 4)], {"many_goats": True, "no_herd": False}),
        ([house(1, None, 0), house(1, False, 4)], {"poor_without_goats": True, "all_well": None}),
        ([house(1, None, 3), house(1, False, 4)], {"poor_without_goats": None}),
        ([house(1, True, None), house(1, False, 4)], {"poor_without_goats": None}),
        ([house(1, None, 3), house(1, True, 4)], {"poor_without_goats": False, "all_well": False}),
        ([house(1, None, None, decisions=[("entry", date(2016, 3, 1))])], {"one_registered": True}),
    ],
)  # fmt: skip
def test_one_unknown_household_keeps_an_areas_count_open_between_two_ends(
    tmp_path: Path, households: Sequence[Household], expected: dict[str, bool | None]
) -> None:
    villages = areas_of(tmp_path, pack_of("village"), "village", Register(households, members=False))
    assert {id: villages["n11"][id] for id in expected} == expected


def test_a_fact_that_nobody_asked_says_nothing_of_an_area_either(tmp_path: Path) -> None:
    register = Register([house(2, True, 1)], members=False, absent=frozenset({"poor"}))
    villages = areas_of(tmp_path, pack_of("village"), "village", register)
    asked = {"few_poor", "few_poor_households", "poor_without_goats", "all_well"}
    assert {id: villages["n11"][id] for id in asked} == dict.fromkeys(asked)
    assert villages["n11"]["many_goats"] is False


EXIT = {
    "village_exit": standard(
        "incidence and road",
        tests={"incidence": "ratio(in_the_register, persons) < 0.02", "road_there": "road"},
        applies_to="village", applies_if="area_standing = 'listed'", proposes="exit",
    ),
    "red_line": standard("in_the_register >= 5", applies_to="village", proposes="warning"),
}  # fmt: skip


def test_an_area_is_proposed_for_exit_for_a_warning_or_for_a_look(tmp_path: Path) -> None:
    registered = [("entry", date(2016, 3, 1))]
    households = [
        house(4, False, 0, "n11"), house(4, False, 0, "n12"), house(4, False, 0, "n21"),
        house(6, True, 0, "ev", decisions=registered), house(4, False, 0, "s11"),
    ]  # fmt: skip
    listed = [(code, "listing", date(2014, 5, 1)) for code in ("n11", "n12", "ev", "s11")]
    register = Register(
        households,
        members=False,
        areas={"n11": {"road": True}, "n21": {"road": True}, "ev": {"road": True}, "s11": {"road": True}},
        area_decisions=[*listed, ("s11", "exit", date(2016, 7, 1))],
    )
    pack = pack_of("village", standards=EXIT)
    areas_of(tmp_path, pack, "village", register)
    rows = pq.read_table(tmp_path / "sweep" / "proposals" / "of-village.parquet").to_pylist()
    found = {(row["area_code"], row["kind"], row["rule"], row["reasons"], row["unknown"]) for row in rows}
    assert found == {
        ("n11", "exit", "village_exit", "incidence,road_there", ""),  # listed, nobody in the register, a road
        ("n12", "visit", "village_exit", "road_there", "road"),  # listed, nobody asked about its road
        ("ev", "warning", "red_line", "red_line", ""),  # 6 persons in the register
    }  # n21 was never listed, s11 has left already
    assert {row["household_id"] for row in rows} == {None}
    assert len({row["proposal_id"] for row in rows}) == 3


SAMPLE = {
    "wrong_found": fact("integer", "area", unit="person", min=0, max=10**6),
    "exited_seen": fact("integer", "area", unit="person", min=0, max=10**6),
    "exited": fact("integer", "area", unit="person", min=0, max=10**8),
    "missed_found": fact("integer", "area", unit="person", min=0, max=10**6),
    "others_seen": fact("integer", "area", unit="person", min=0, max=10**6),
    "others": fact("integer", "area", unit="person", min=0, max=10**8),
    "remaining": fact("integer", "area", unit="person", min=0, max=10**8),
    "rural": fact("integer", "area", unit="person", min=0, max=10**8),
}


def estimate(decides: str = "point", **more: Any) -> dict[str, Any]:
    said = {"label": {"en": "?"}, "applies_to": "region", "source": "invented"}
    return {**said, "confidence": parameter(Decimal("0.95")), "decides": {"2000-01-01": decides}, **more}


def gates(decides: str) -> Pack:
    limit = {"limit": parameter(Decimal("0.02"))}
    return pack_of(
        "region",
        facts=SAMPLE,
        estimates={
            "wrong": estimate(decides, found="wrong_found", of="exited_seen", among="exited"),
            "missed": estimate(decides, found="missed_found", of="others_seen", among="others"),
            "incidence": estimate(decides, known="remaining", extrapolated=["wrong", "missed"], among="rural"),
        },
        standards={
            "wrong_exits_few": standard("wrong < limit", applies_to="region", parameters=limit),
            "few_are_poor": standard("incidence < limit", applies_to="region", parameters=limit),
        },
    )


#: The county of the exit rules of 2016, as worked out in the reference: (3,000 + 200 + 771) / 300,000 = 1.3236… %.
COUNTY = {
    "wrong_found": 5, "exited_seen": 1000, "exited": 40_000, "missed_found": 3, "others_seen": 1000, "others": 257_000,
    "remaining": 3000, "rural": 300_000,
}  # fmt: skip


def at_most(found: int, of: int, share: float) -> float:
    """The probability of finding so many or fewer, added up term by term."""
    return math.fsum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(found + 1))


def upper_by_search(found: int, of: int, risk: float) -> float:
    """The share at which so few or fewer are found with that probability, by halving."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(found, of, middle) > risk else (low, middle)
    return low


def region(tmp_path: Path, decides: str, **changed: int | None) -> dict[str, Any]:
    register = Register([house(4, False, 0)], members=False, areas={"n": COUNTY | changed})
    return areas_of(tmp_path, gates(decides), "region", register)["n"]


def test_a_county_is_extrapolated_from_its_sample_with_an_exact_upper_bound(tmp_path: Path) -> None:
    found = region(tmp_path, "point")
    assert (found["wrong_point"], found["missed_point"]) == (0.005, 0.003)
    assert found["incidence_point__low"] == found["incidence_point__high"] == 3971 / 300_000
    # By the definition: with the bound as the true share, so few or fewer are found once in twenty samples.
    assert at_most(5, 1000, found["wrong_upper"]) == pytest.approx(0.05, abs=1e-9)
    assert at_most(3, 1000, found["missed_upper"]) == pytest.approx(0.05, abs=1e-9)
    assert 1 - at_most(4, 1000, found["wrong_lower"]) == pytest.approx(0.05, abs=1e-9)
    # Both at 97.5 % (Bonferroni), so that the sum holds at 95 %.
    wrong, missed = (upper_by_search(x, 1000, 0.025) for x in (5, 3))
    upper = (3000 + wrong * 40_000 + missed * 257_000) / 300_000
    assert [found[f"incidence_upper__{end}"] for end in ("low", "high")] == pytest.approx([upper] * 2, abs=1e-9)
    assert found["wrong_lower"] < 0.005 < found["wrong_upper"]
    assert (found["wrong_exits_few"], found["few_are_poor"]) == (True, True)


def test_a_share_of_nobody_adds_nobody_even_if_nobody_looked_for_it(tmp_path: Path) -> None:
    found = region(tmp_path, "point", exited=0, exited_seen=0, wrong_found=0)
    assert found["wrong_point"] is None
    ends = [found[f"incidence_point__{end}"] for end in ("low", "high")]
    assert ends == pytest.approx([(3000 + 771) / 300_000] * 2)


def test_a_county_that_is_over_the_limit_whatever_a_sample_would_show_does_not_pass(tmp_path: Path) -> None:
    """6,000 of 300,000 are registered still, and 771 were missed by the sample's share: 2.26 % before any wrong exit."""
    found = region(tmp_path, "point", remaining=6000, exited_seen=0, wrong_found=0)
    assert (found["wrong_point"], found["wrong_exits_few"]) == (None, None)
    ends = [found[f"incidence_point__{end}"] for end in ("low", "high")]
    assert ends == pytest.approx([6771 / 300_000, 46_771 / 300_000])
    assert found["few_are_poor"] is False


def test_the_pack_says_whether_the_point_or_the_bound_decides(tmp_path: Path) -> None:
    changed = {"remaining": 4000}  # 1.66 % by the point, 2.24 % by the bound
    assert region(tmp_path / "p", "point", **changed)["few_are_poor"] is True
    assert region(tmp_path / "u", "upper", **changed)["few_are_poor"] is False
    assert region(tmp_path / "l", "lower", **changed)["few_are_poor"] is True


@pytest.mark.parametrize(("wrong", "passes"), [(19, True), (20, False), (21, False)])
def test_a_rate_exactly_on_the_limit_is_not_below_it(tmp_path: Path, wrong: int, passes: bool) -> None:
    assert region(tmp_path, "point", wrong_found=wrong)["wrong_exits_few"] is passes


@pytest.mark.parametrize(
    "changed",
    [
        {"wrong_found": None},
        {"exited_seen": None},
        {"exited_seen": 0, "wrong_found": 0},
        {"rural": 0},
        {"wrong_found": 1001},
    ],
    ids=["nothing counted", "nobody counted", "nobody looked at", "nobody lives there", "more found than looked at"],
)
def test_without_a_sample_or_a_count_nobody_can_tell(tmp_path: Path, changed: dict[str, int | None]) -> None:
    found = region(tmp_path, "point", **changed)
    assert found["few_are_poor"] is None
    ends = [found[f"incidence_point__{end}"] for end in ("low", "high")]
    if changed.get("rural") == 0:
        assert ends == [None, None]
    else:  # of the 40,000 who left, anybody from nobody to all
        assert ends == pytest.approx([3771 / 300_000, 43_771 / 300_000])


@pytest.mark.parametrize(
    ("poor", "answer"),
    [(2, True), (3, None), (4, False)],
    ids=["20 to 22 of 52 persons", "30 to 32 of 52", "40 to 42 of 52"],
)
def test_a_household_of_which_nobody_can_tell_keeps_a_gate_open_only_where_it_matters(
    tmp_path: Path, *, poor: int, answer: bool | None
) -> None:
    houses = [*(house(10, number < poor, 0) for number in range(5)), house(2, None, 0)]
    pack = pack_of(
        "region",
        estimates={"poverty": estimate(found="poor_persons", of="persons", among="persons")},
        standards={"fewer_than_60_percent": standard("poverty < 0.6", applies_to="region")},
    )
    found = areas_of(tmp_path, pack, "region", Register(houses, members=False))["n"]
    assert (found["poverty_point__low"], found["poverty_point__high"]) == (10 * poor / 52, (10 * poor + 2) / 52)
    assert found["fewer_than_60_percent"] is answer


@pytest.mark.parametrize(
    ("rooms", "said"),
    [
        ({"standards": {"x": standard("poor", applies_to="village")}}, "fact of a household, not of the area"),
        ({"standards": {"x": standard("poor_persons > 1")}}, "computed of a whole area"),
        ({"standards": {"x": standard("road", applies_to="country")}}, "is no tier"),
        ({"standards": {"x": standard("road", applies_to="village", proposes="entry")}}, "For an area nothing like"),
        ({"standards": {"x": standard("poor", proposes="warning")}}, "A warning is for an area"),
        ({"standards": {"x": standard("few_poor")}}, "is asked of a village, not of a household"),
        ({"derived": {"x": derived("persons_if(few_poor)", "integer", unit="person", **AREA)}}, "is not a fact of a household"),
        ({"derived": {"x": derived("persons_if(poor)", "integer", unit="person")}}, "count_if"),
        ({"derived": {"households": derived("count_if(poor)", "integer", unit="household", **AREA)}}, "meaning of its own"),
        ({"estimates": {"x": estimate(found="nosuch", of="road", among="persons")}}, "is not a count of an area"),
    ],
)  # fmt: skip
def test_what_does_not_fit_an_area_is_refused_when_the_pack_is_checked(rooms: dict[str, Any], said: str) -> None:
    problems = check_pack(pack_of("village", **rooms))
    assert any(said in f"{problem.what} {problem.fix}" for problem in problems), problems
    assert all(problem.place.file for problem in problems)
