"""When does a dated thing hold? From its start, included, to its end, excluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Period:
    """A half-open span of days: `start` is in it, `end` is not; no end means for ever."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        """Refuse a period that holds no day."""
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a period must end after it starts: {self.start} to {self.end}")

    def __contains__(self, day: date) -> bool:
        """Whether the period holds on that day."""
        return self.start <= day and (self.end is None or day < self.end)


def value_at(series: Mapping[date, T], day: date) -> T | None:
    """The value in force on a day: the one with the latest start not after it; None before the first."""
    starts = [start for start in series if start <= day]
    return series[max(starts)] if starts else None
