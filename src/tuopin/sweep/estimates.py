"""What does a sample say of a whole area: the share found, and the bounds between which the true one lies?

A combination extrapolates: those known, and of each group as many as its share says, over all. Its bounds hold together
with the stated confidence, because each share's bound is taken at the more careful one (Bonferroni).

Where a count lies between two ends, so does every reading: the least and the most that it is for any counts between
them. All readings grow with those found and known, and fall with those looked at and with all, so the ends are enough.
Counts are taken apart, as if none had a household in common: the ends are never too near, and sometimes too far.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa

from tuopin.policy import Estimate, Estimating
from tuopin.policy.area_facts import ENDS, READINGS
from tuopin.terms import value_at

Row = Mapping[str, Any]
Count = tuple[int, int]
"""What a count is at least, and at most."""
Ends = tuple[Fraction | float, Fraction | float]
Share = Mapping[str, Ends]
"""By reading, what it is at least, and at most."""


def estimating_on(day: date) -> Estimating:
    """What makes the estimates of areas under the policy of a day."""
    return partial(_estimated, day)


def _estimated(day: date, estimates: Mapping[str, Estimate], counts: pa.Table) -> pa.Table:
    """A row an area: both ends of each reading; unknown where a count is, or where counts contradict each other."""
    columns: dict[str, list[float | None]] = {
        f"{id}_{reading}__{end}": [] for id in estimates for reading in READINGS for end in ENDS
    }
    for row in counts.to_pylist():
        for id, estimate in estimates.items():
            share = _of_area(id, estimates, row, _confidence(estimate, day))
            for reading in READINGS:
                for place, end in enumerate(ENDS):
                    columns[f"{id}_{reading}__{end}"].append(None if share is None else float(share[reading][place]))
    stored = {name: pa.array(values, pa.float64()) for name, values in columns.items()}
    return pa.table({"area_code": counts["area_code"], **stored})


def _confidence(estimate: Estimate, day: date) -> float:
    """The pack's check sees to it that one holds as soon as anything is estimated."""
    value = value_at(estimate.confidence.values, day)
    assert value is not None
    return float(str(value))


def _of_area(id: str, estimates: Mapping[str, Estimate], row: Row, confidence: float) -> Share | None:
    estimate = estimates[id]
    if estimate.extrapolated:
        return _combined(estimate, estimates, row, confidence)
    assert estimate.found is not None
    assert estimate.of is not None
    return _found(_count(row, estimate.found), _count(row, estimate.of), confidence)


def _count(row: Row, id: str) -> Count | None:
    """A count of an area; None where one of its ends is not known."""
    low, high = (row[f"{id}__{end}"] for end in ENDS)
    return None if low is None or high is None else (low, high)


def _found(found: Count | None, of: Count | None, confidence: float) -> Share | None:
    """The share of those looked at; None where perhaps nobody was, or where surely fewer than were found."""
    if found is None or of is None or not of[0] or not 0 <= found[0] <= of[1]:
        return None
    most_found = min(found[1], of[1])  # nobody is found who is not looked at
    least, most = (found[0], of[1]), (most_found, max(of[0], most_found))
    bounds = zip(_bounds(*least, confidence), _bounds(*most, confidence), strict=True)
    return dict(zip(READINGS, [(Fraction(*least), Fraction(*most)), *bounds], strict=True))


@lru_cache(maxsize=100_000)
def _bounds(found: int, of: int, confidence: float) -> tuple[float, float]:
    from tuopin.methods.proportions import exact_lower, exact_upper  # noqa: PLC0415 - few sweeps need the statistics

    return tuple(float(bound(found, of, confidence=confidence)) for bound in (exact_lower, exact_upper))  # type: ignore[return-value] # two of them


def _combined(estimate: Estimate, estimates: Mapping[str, Estimate], row: Row, confidence: float) -> Share | None:
    """Known and extrapolated counts over all; a share of nobody adds nobody, whether or not it was looked for.

    A share that no sample tells is anything from nobody to everybody. None where the counts cannot be told, or where
    surely more are known than there are. Counts taken apart may add up to more than all: a share is never above 1.
    """
    assert estimate.known is not None
    known, among = _count(row, estimate.known), _count(row, estimate.among)
    if known is None or among is None or not among[0] or known[0] > among[1]:
        return None
    careful = careful_confidence(confidence, len(estimate.extrapolated))
    groups = [(_count(row, estimates[id].among), id) for id in estimate.extrapolated]
    sums: dict[str, Ends] = dict.fromkeys(READINGS, known)
    for many, id in groups:
        if many is None:
            return None
        share = _of_area(id, estimates, row, careful) or _ANYTHING
        for reading, (low, high) in share.items():
            sums[reading] = (sums[reading][0] + low * many[0], sums[reading][1] + high * many[1])
    return {
        reading: (min(low / Fraction(among[1]), 1), min(high / Fraction(among[0]), 1))
        for reading, (low, high) in sums.items()
    }


def careful_confidence(confidence: float, shares: int) -> float:
    """The confidence of each share's bound at which the bounds of so many hold together (Bonferroni)."""
    return 1 - (1 - confidence) / shares


_ANYTHING: Share = dict.fromkeys(READINGS, (Fraction(0), Fraction(1)))
