"""What does a sample say of a whole area: the share found, and the bounds between which the true one lies?

A combination extrapolates: those known, and of each group as many as its share says, over all. Its bounds hold together
with the stated confidence, because each share's bound is taken at the more careful one (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa

from tuopin.policy import Estimate, Estimating
from tuopin.terms import value_at

Row = Mapping[str, Any]


def estimating_on(day: date) -> Estimating:
    """What makes the estimates of areas under the policy of a day."""
    return partial(_estimated, day)


@dataclass(frozen=True)
class _Share:
    point: Fraction
    lower: float
    upper: float


def _estimated(day: date, estimates: Mapping[str, Estimate], counts: pa.Table) -> pa.Table:
    """A row an area: each estimate's point, lower and upper reading; unknown where a count is, or counts disagree."""
    columns: dict[str, list[float | None]] = {
        f"{id}_{end}": [] for id in estimates for end in ("point", "lower", "upper")
    }
    for row in counts.to_pylist():
        for id, estimate in estimates.items():
            share = _of_area(id, estimates, row, _confidence(estimate, day))
            for end in ("point", "lower", "upper"):
                columns[f"{id}_{end}"].append(None if share is None else float(getattr(share, end)))
    stored = {name: pa.array(values, pa.float64()) for name, values in columns.items()}
    return pa.table({"area_code": counts["area_code"], **stored})


def _confidence(estimate: Estimate, day: date) -> float:
    """The pack's check sees to it that one holds as soon as anything is estimated."""
    value = value_at(estimate.confidence.values, day)
    assert value is not None
    return float(str(value))


def _of_area(id: str, estimates: Mapping[str, Estimate], row: Row, confidence: float) -> _Share | None:
    estimate = estimates[id]
    if estimate.extrapolated:
        return _combined(estimate, estimates, row, confidence)
    assert estimate.found is not None
    assert estimate.of is not None
    found, of = row[estimate.found], row[estimate.of]
    if found is None or not of or not 0 <= found <= of:  # more found than looked at: the counts contradict each other
        return None
    return _Share(Fraction(found, of), *_bounds(found, of, confidence))


@lru_cache(maxsize=100_000)
def _bounds(found: int, of: int, confidence: float) -> tuple[float, float]:
    from tuopin.methods.proportions import exact_lower, exact_upper  # noqa: PLC0415 - few sweeps need the statistics

    return tuple(float(bound(found, of, confidence=confidence)) for bound in (exact_lower, exact_upper))  # type: ignore[return-value] # two of them


def _combined(estimate: Estimate, estimates: Mapping[str, Estimate], row: Row, confidence: float) -> _Share | None:
    """Known and extrapolated counts over all; a share of nobody adds nobody, whether or not it was looked for."""
    assert estimate.known is not None
    known, among = row[estimate.known], row[estimate.among]
    careful = 1 - (1 - confidence) / len(estimate.extrapolated)
    groups = [(id, row[estimates[id].among]) for id in estimate.extrapolated]
    shares = [(_of_area(id, estimates, row, careful), many) for id, many in groups if many != 0]
    if known is None or not among or any(share is None or many is None for share, many in shares):
        return None
    sums = {
        end: known + sum(getattr(share, end) * many for share, many in shares) for end in ("point", "lower", "upper")
    }
    return _Share(Fraction(sums["point"]) / among, sums["lower"] / among, sums["upper"] / among)
