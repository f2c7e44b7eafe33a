"""Does the benchmarks' hand-written query mean what the pack says? A third reading, household by household, in Python.

Slow and plain on purpose: it shares nothing with the query and nothing with the compiler. None is "cannot tell".
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmarks.by_hand import answer_by_hand
from benchmarks.register import generate_register

HOUSEHOLDS = 2_000
LINES = {"01": 70_000, "010000": 60_000, "02": 62_000, "03": 68_050}
LINE_ELSEWHERE = 65_000
ROOF = {"thatch": (2, 2), "earth": (1, 1), "wood": (0, 0), "tile": (0, 0), None: (0, 2)}
DOMAINS = ("seeing", "hearing", "walking", "remembering", "self_care", "communicating")

Row = dict[str, Any]
Answer = bool | None


def all_of(*answers: Answer) -> Answer:
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def no(answer: Answer) -> Answer:
    return None if answer is None else not answer


def any_of(*answers: Answer) -> Answer:
    return no(all_of(*(no(answer) for answer in answers)))


def least(value: int | None, bound: int) -> Answer:
    return None if value is None else value >= bound


def among(value: str | None, *codes: str) -> Answer:
    return None if value is None else value in codes


CHECKS: dict[str, tuple[str, Callable[[Row], Answer]]] = {
    "owns_car": ("vehicles", lambda row: among(row["vehicle_kind"], "car")),
    "owns_costly_vehicle": ("vehicles", lambda row: least(row["vehicle_value"], 5_000_000)),
    "bought_vehicle_lately": ("vehicles", lambda row: least(row["bought_year"], 2014)),
    "owns_company": ("companies", lambda row: among(row["company_role"], "owner")),
    "part_of_large_company": ("companies", lambda row: least(row["company_capital"], 50_000_000)),
    "leads_company": (
        "companies",
        lambda row: all_of(row["company_active"], among(row["company_role"], "owner", "director")),
    ),
    "is_official": ("payroll", lambda row: among(row["payroll_grade"], "official", "manager")),
    "well_paid_official": ("payroll", lambda row: least(row["monthly_pay"], 80_000)),
}


class Nation:
    """Every row of an invented register, at hand by household."""

    def __init__(self, snapshot: Path) -> None:
        self.households = _rows(snapshot, "households/*")
        self.members: dict[int, list[Row]] = defaultdict(list)
        for row in _rows(snapshot, "members/*"):
            self.members[row["household_no"]].append(row)
        self.dwellings = {row["household_no"]: row for row in _rows(snapshot, "dwellings/*")}
        self.parents = {row["area_code"]: row["parent_code"] for row in _rows(snapshot, "areas")}
        self.covered = {
            entry["register"]: set(entry["areas"])
            for entry in json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))["coverage"]
        }
        self.registers: dict[str, dict[int, list[Row]]] = {}
        for register in self.covered:
            by_person = self.registers[register] = defaultdict(list)
            for row in _rows(snapshot, f"registers/{register}"):
                by_person[row["person_key"]].append(row)

    def areas_above(self, code: str | None) -> Iterator[str]:
        while code is not None:
            yield code
            code = self.parents[code]

    def answers(self, household: Row) -> Row:
        members = self.members[household["household_no"]]
        dwelling: Row = self.dwellings.get(household["household_no"], defaultdict(lambda: None))
        areas = list(self.areas_above(household["area_code"]))
        line = next((LINES[code] for code in areas if code in LINES), LINE_ELSEWHERE) * len(members)
        work = [all_of(m["able_to_work"], least(m["age"], 16), no(least(m["age"], 60))) for m in members]
        workers, workers_most = sum(w is True for w in work), sum(w is not False for w in work)
        found: Row = {
            "income_poor": _income_poor(household, members, line),
            "food_and_clothing": all_of(least(household["food_months"], 12), household["warm_clothing"]),
            "schooling": no(
                any_of(*(all_of(least(m["age"], 6), no(least(m["age"], 16)), no(m["enrolled"])) for m in members))
            ),
            "medical_care": all_of(*(m["insured"] for m in members)),
            "safe_housing": among(dwelling["housing_grade"], "a", "b"),
            "safe_water": all_of(
                least(dwelling["water_litres"], 350),
                among(dwelling["water_quality"], "pass"),
                any_of(dwelling["water_piped"], no(least(dwelling["water_minutes"], 21))),
            ),
            "disability": any_of(*(among(m[f"wg_{name}"], "a_lot", "cannot_do") for m in members for name in DOMAINS)),
            "without_labour": False if workers else True if not workers_most else None,
        }
        found["in_need"] = any_of(
            found["income_poor"],
            all_of(no(found["safe_housing"]), no(found["safe_water"])),
            all_of(no(found["food_and_clothing"]), no(found["schooling"])),
        )
        for check, (register, condition) in CHECKS.items():
            found[check] = all_of(found["in_need"], self.in_register(register, condition, members, areas))
        items = [(found["income_poor"], 4), (no(found["food_and_clothing"]), 3), (no(found["schooling"]), 2)]
        items += [(no(found["medical_care"]), 1), (no(found["safe_housing"]), 2), (no(found["safe_water"]), 2)]
        items += [(found["disability"], 2), (found["without_labour"], 2)]
        low, high = ROOF[dwelling["roof"]]
        found["hardship_low"] = low + sum(points for item, points in items if item is True) - (workers_most >= 3)
        found["hardship_high"] = high + sum(points for item, points in items if item is not False) - (workers >= 3)
        return found

    def in_register(
        self, register: str, condition: Callable[[Row], Answer], members: list[Row], areas: list[str]
    ) -> Answer:
        keys = [member["person_key"] for member in members]
        matched = any_of(*(condition(row) for key in keys if key is not None for row in self.registers[register][key]))
        everybody_looked_up = not self.covered[register].isdisjoint(areas) and None not in keys
        return matched if matched is not False or everybody_looked_up else None


def _income_poor(household: Row, members: list[Row], line: int) -> Answer:
    """No wage or transfer is below 0: what is known of them is a lowest income."""
    parts = [member[name] for member in members for name in ("wage_income", "transfer_income")]
    if household["farm_income"] is None:
        return None
    known = household["farm_income"] + sum(part for part in parts if part is not None)
    if known >= line:
        return False
    return None if None in parts else True


def _rows(snapshot: Path, pattern: str) -> list[Row]:
    return [row for file in sorted(snapshot.glob(f"{pattern}.parquet")) for row in pq.read_table(file).to_pylist()]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_register(households=HOUSEHOLDS, build=tmp_path_factory.mktemp("bench"))


def test_the_hand_written_query_answers_as_reading_row_by_row_does(snapshot: Path, tmp_path: Path) -> None:
    by_hand = pq.read_table(answer_by_hand(snapshot=snapshot, out=tmp_path)).sort_by("household_no").to_pylist()
    nation = Nation(snapshot)
    assert len(by_hand) == len(nation.households) == HOUSEHOLDS
    for household, answered in zip(nation.households, by_hand, strict=True):
        place = {name: household[name] for name in ("household_no", "household_id", "area_code")}
        assert answered == place | nation.answers(household)
