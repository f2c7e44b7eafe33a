"""What does a piece of a condition mean on a column of households?

A truth is met, not met or unknown. A number lies between a lowest and a highest possible value: both the same where
it is known, both unknown where nothing is. Every bound is a whole number in units of 10^-scale, so no engine rounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tuopin.policy import sql
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit


@dataclass(frozen=True)
class Truth:
    """A nullable boolean.

    Attributes:
        sql: the column or condition.
        certain: it is never unknown.
        asked: the facts under it were asked at all in this snapshot.
    """

    sql: Sql
    certain: bool = False
    asked: bool = True


@dataclass(frozen=True)
class Code:
    """A value out of a list.

    Attributes:
        sql: a text column or literal.
        values: the allowed codes; None for a literal, which takes the other side's.
    """

    sql: Sql
    values: frozenset[str] | None
    certain: bool = False
    asked: bool = True
    literal: str | None = None


@dataclass(frozen=True)
class Moment:
    """A day or a month (its first day)."""

    sql: Sql
    certain: bool = False
    asked: bool = True


@dataclass(frozen=True)
class Number:
    """A number between two bounds.

    Attributes:
        low: lowest possible value, in units of 10^-scale; NULL where there is no lower bound known.
        high: highest possible; the same object as `low` where the number is exact.
        scale: decimals of the stored whole number; ignored for a real.
        unit: None for a bare literal, which takes the unit of what it stands beside.
        real: a double (a ratio or a probability), never summed.
        least: a bound that the stored value is never below; None if unbounded.
        most: a bound that the stored value is never above.
        certain: never unknown.
        constant: the value itself, where it is the same for every household.
    """

    low: Sql
    high: Sql
    scale: int = 0
    unit: Unit | None = None
    real: bool = False
    least: int | None = None
    most: int | None = None
    certain: bool = False
    asked: bool = True
    constant: Decimal | None = None

    @property
    def exact(self) -> bool:
        """Whether one column says it all (it may still be NULL)."""
        return self.low is self.high

    @property
    def nonnegative(self) -> bool:
        """Whether it can never be below zero."""
        return self.least is not None and self.least >= 0

    def both(self, change: object) -> Number:
        """The number with a change made to each bound (`change` is a function of one SQL tree)."""
        assert callable(change)
        low = change(self.low)
        return replace(self, low=low, high=low if self.exact else change(self.high))


Meaning = Truth | Number | Code | Moment


def number(value: Decimal, unit: Unit | None = None) -> Number:
    """A constant."""
    exponent = int(value.normalize().as_tuple().exponent)
    scale = max(0, -exponent)
    stored = int(value.scaleb(scale))
    written = sql.integer(stored)
    return Number(written, written, scale, unit, least=stored, most=stored, certain=True, constant=value)


def exact(
    column: Sql,
    *,
    scale: int = 0,
    unit: Unit | None = None,
    least: int | None = None,
    most: int | None = None,
    certain: bool = False,
) -> Number:
    """A number in one column."""
    return Number(column, column, scale, unit, least=least, most=most, certain=certain)


def nothing_known(unit: Unit | None = None, *, asked: bool = False) -> Number:
    """A number of which nobody knows anything."""
    null = sql.unknown("bigint")
    return Number(null, null, unit=unit, asked=asked)
