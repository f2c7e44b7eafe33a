"""Are the two ends of an estimate the least and the most over all counts that are possible?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from tests.unit.sweep.test_areas import gates
from tuopin.sweep.estimates import estimating_on

DAY = date(2020, 12, 31)
ESTIMATES = gates("point").estimates
READINGS = ("point", "lower", "upper")
COUNTS = {
    "wrong_found": 3, "exited_seen": 6, "exited": 9, "missed_found": 3, "others_seen": 6, "others": 9, "remaining": 9,
    "rural": 12,
}  # fmt: skip
"""The most that each count is drawn at."""


@cache
def exactly(found: int, of: int, risk: float) -> tuple[float, float, float]:
    """A share and the bounds of Clopper and Pearson (1934), from the quantiles of the beta distribution."""
    lower = beta.ppf(risk, found, of - found + 1) if found else 0.0
    upper = beta.ppf(1 - risk, found + 1, of - found) if found < of else 1.0
    return found / of, float(lower), float(upper)


def worlds(ends: Mapping[str, tuple[int, int]], *names: str) -> Iterator[dict[str, int]]:
    """Every combination of counts between their ends."""
    ranges = (range(ends[name][0], ends[name][1] + 1) for name in names)
    yield from (dict(zip(names, values, strict=True)) for values in product(*ranges))


def shares(ends: Mapping[str, tuple[int, int]], found: str, of: str, risk: float) -> list[tuple[float, ...]] | None:
    """The readings of a share in every world that can be; None where perhaps nobody was looked at."""
    if not ends[of][0]:
        return None
    return [exactly(w[found], w[of], risk) for w in worlds(ends, found, of) if w[found] <= w[of]] or None


def extremes(readings: list[tuple[float, ...]]) -> dict[str, tuple[float, float]]:
    return {name: (min(found), max(found)) for name, found in zip(READINGS, zip(*readings, strict=True), strict=True)}


def combined(ends: Mapping[str, tuple[int, int]]) -> dict[str, tuple[float, float]] | None:
    """The combination in every world, its two shares at half the risk each."""
    groups = [("wrong_found", "exited_seen", "exited"), ("missed_found", "others_seen", "others")]
    needed = [(found, of, among) for found, of, among in groups if ends[among] != (0, 0)]
    of_each = [shares(ends, found, of, 0.025) for found, of, _ in needed]
    if not ends["rural"][0] or ends["remaining"][0] > ends["rural"][1]:
        return None
    counts = list(worlds(ends, "remaining", "rural", *(among for *_, among in needed)))
    anything = dict.fromkeys(READINGS, (0.0, 1.0))
    ends_of_shares = [anything if one is None else extremes(one) for one in of_each]
    return extremes([
        tuple(
            min(1.0, (w["remaining"] + sum(s[name][end] * w[g[2]] for s, g in zip(ends_of_shares, needed, strict=True)))
            / w["rural"])
            for name in READINGS
        )
        for end in (0, 1)
        for w in counts
    ])  # fmt: skip


@st.composite
def between(draw: st.DrawFn, most: int, *, least: int = 0) -> tuple[int, int]:
    low = draw(st.integers(least, most))
    return low, low + draw(st.integers(0, 2))


@given(st.fixed_dictionaries({name: between(most) for name, most in COUNTS.items()}))
def test_an_estimate_is_between_its_ends_in_every_world_and_reaches_them(ends: dict[str, tuple[int, int]]) -> None:
    row: dict[str, Any] = {"area_code": "n"}
    row |= {
        f"{name}__{end}": value for name, both in ends.items() for end, value in zip(("low", "high"), both, strict=True)
    }
    (found,) = estimating_on(DAY)(ESTIMATES, pa.Table.from_pylist([row])).to_pylist()
    wrong = shares(ends, "wrong_found", "exited_seen", 0.05)
    missed = shares(ends, "missed_found", "others_seen", 0.05)
    expected = {"wrong": wrong and extremes(wrong), "missed": missed and extremes(missed), "incidence": combined(ends)}
    for id, readings in expected.items():
        for name in READINGS:
            got = (found[f"{id}_{name}__low"], found[f"{id}_{name}__high"])
            assert got == (pytest.approx(readings[name], abs=1e-9) if readings else (None, None))


def test_by_hand() -> None:
    """5 or 6 found of 1,000 to 1,010: from 5 of 1,010 to 6 of 1,000."""
    counts = {"wrong_found": (5, 6), "exited_seen": (1000, 1010)}
    row: dict[str, Any] = {f"{name}__low": 1 for name in COUNTS} | {f"{name}__high": 1 for name in COUNTS}
    row |= {
        f"{name}__{end}": value
        for name, both in counts.items()
        for end, value in zip(("low", "high"), both, strict=True)
    }
    (found,) = estimating_on(DAY)(ESTIMATES, pa.Table.from_pylist([{"area_code": "n", **row}])).to_pylist()
    assert (found["wrong_point__low"], found["wrong_point__high"]) == (float(Fraction(5, 1010)), 0.006)
