"""Which value of a dated series holds on a day?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

T = TypeVar("T")


def value_at(series: Mapping[date, T], day: date) -> T | None:
    """The value in force on a day: the one with the latest start not after it; None before the first."""
    starts = [start for start in series if start <= day]
    return series[max(starts)] if starts else None
