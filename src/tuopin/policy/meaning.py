"""What does a piece of a condition mean on a column of households?

A truth is met, not met or unknown. A number lies between a lowest and a highest possible value: both the same where
it is known, both unknown where nothing is. Every bound is a whole number in units of 10^-scale, so no engine rounds.
"""

from __future__ import annotations

from collections.abc import Callable
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
        asked: every fact under it was asked in this snapshot.
        grounded: at least one fact under it was (a fixed value is no fact).
    """

    sql: Sql
    certain: bool = False
    asked: bool = True
    grounded: bool = True


@dataclass(frozen=True)
class Code:
    """A value out of a list.

    Attributes:
        sql: a text column or literal.
        values: the allowed codes; None for a literal, which takes the other side's.
        unknown: codes of the source that are read as unknown.
    """

    sql: Sql
    values: frozenset[str] | None
    certain: bool = False
    asked: bool = True
    grounded: bool = True
    literal: str | None = None
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Moment:
    """A day or a month (its first day)."""

    sql: Sql
    certain: bool = False
    asked: bool = True
    grounded: bool = True


@dataclass(frozen=True)
class Number:
    """A number between two bounds.

    Attributes:
        low: lowest possible value, in units of 10^-scale; NULL where there is no lower bound known.
        high: highest possible; the same object as `low` where the number is exact.
        scale: decimals of the stored whole number; ignored for a real.
        unit: None for a bare literal, which takes the unit of what it stands beside.
        real: a double (a ratio or a probability), never summed.
        least: the pack says that the stored value is never below; None: it says nothing.
        most: the pack says that the stored value is never above.
        reach: how far from zero the stored value can be at all, by what storage allows; None: not known.
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
    reach: int | None = None
    certain: bool = False
    asked: bool = True
    grounded: bool = True
    constant: Decimal | None = None

    @property
    def exact(self) -> bool:
        """Whether one column says it all (it may still be NULL)."""
        return self.low is self.high

    @property
    def nonnegative(self) -> bool:
        """Whether it can never be below zero."""
        return self.least is not None and self.least >= 0

    def both(self, change: Callable[[Sql], Sql]) -> Number:
        """The number with a change made to each bound."""
        low = change(self.low)
        return replace(self, low=low, high=low if self.exact else change(self.high))


Meaning = Truth | Number | Code | Moment


def number(value: Decimal, unit: Unit | None = None) -> Number:
    """A constant."""
    exponent = int(value.normalize().as_tuple().exponent)
    scale = max(0, -exponent)
    stored = int(value.scaleb(scale))
    written = sql.integer(stored)
    fixed = Number(written, written, scale, unit, least=stored, most=stored, reach=abs(stored))
    return replace(fixed, certain=True, grounded=False, constant=value)


def exact(
    column: Sql,
    *,
    scale: int = 0,
    unit: Unit | None = None,
    least: int | None = None,
    most: int | None = None,
    reach: int | None = None,
    certain: bool = False,
) -> Number:
    """A number in one column; with both bounds declared, they are its reach."""
    if least is not None and most is not None:
        reach = max(abs(least), abs(most))
    return Number(column, column, scale, unit, least=least, most=most, reach=reach, certain=certain)


def nothing_known(unit: Unit | None = None, *, asked: bool = False) -> Number:
    """A number of which nobody knows anything."""
    null = sql.unknown("bigint")
    return Number(null, null, unit=unit, reach=0, asked=asked, grounded=False)


def unasked(meaning: Meaning) -> Meaning:
    """The same kind of thing, of which nothing is known because nobody asked."""
    match meaning:
        case Number(unit=unit):
            return nothing_known(unit)
        case Truth():
            return Truth(sql.unknown("boolean"), asked=False, grounded=False)
        case Code(values=values):
            return Code(sql.unknown("text"), values, asked=False, grounded=False)
        case Moment():
            return Moment(sql.unknown("date"), asked=False, grounded=False)


def never_asked(meaning: Meaning) -> bool:
    """Whether nothing under it was asked: then nothing may be said, whatever its bounds would allow."""
    return not meaning.asked and not meaning.grounded
