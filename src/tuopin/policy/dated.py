"""Which text and which figure hold on a day, and in which area?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from tuopin.policy.files import Confidence, DatedEdition, DatedValue, Line, Parameter
from tuopin.policy.language import LanguageError
from tuopin.terms import value_at

Edition = TypeVar("Edition", bound=DatedEdition)


@dataclass(frozen=True)
class InForce(Generic[Edition]):
    """What holds on a day.

    Attributes:
        general: the edition in force everywhere, or None.
        pilots: editions on trial, each in its areas; they come before the general one there.
    """

    general: Edition | None
    pilots: tuple[Edition, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether any text holds anywhere on the day."""
        return self.general is not None or bool(self.pilots)

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All that hold somewhere, the general one last."""
        return (*self.pilots, self.general) if self.general else self.pilots


def in_force(editions: Sequence[Edition], day: date) -> InForce[Edition]:
    """The editions that hold on a day.

    An announced edition never does; a pilot ends where a later text begins, or where the rule ends.
    """
    begun = [edition for edition in editions if edition.from_ <= day and edition.status != "announced"]
    latest = max((e for e in begun if e.status != "pilot"), key=lambda e: e.from_, default=None)
    pilots = [e for e in begun if e.status == "pilot" and (latest is None or e.from_ >= latest.from_)]
    general = latest if latest is not None and latest.status == "in_force" else None
    return InForce(general, tuple(sorted(pilots, key=lambda e: e.from_, reverse=True)))


def end_of(editions: Sequence[DatedEdition], day: date) -> date | None:
    """Since when a rule has ended; None while its general text holds, and before it began."""
    begun = [edition for edition in editions if edition.from_ <= day and edition.status in ("in_force", "ended")]
    latest = max(begun, key=lambda edition: edition.from_, default=None)
    return latest.from_ if latest is not None and latest.status == "ended" else None


@dataclass(frozen=True)
class Figures:
    """A figure on a day: one for everybody, or by area.

    Attributes:
        default: the value where no area's own value holds; None: unknown there.
        areas: values by area code; the nearest area above a household counts.
        confidence: how sure this value is, where that is said of it alone.
        source: the value's own, where it has one.
    """

    default: Decimal | None
    areas: Mapping[str, Decimal]
    confidence: Confidence | None = None
    source: str | None = None


def ended_on(series: Mapping[date, object], day: date) -> date | None:
    """Since when a series of values or formulas has ended; None while it holds, and before it began."""
    begun = [start for start in series if start <= day]
    return max(begun) if begun and series[max(begun)] is None else None


class NothingHolds(LanguageError):
    """A line or parameter was named on a day on which it has no value."""


def nothing_holds(what: str, series: Mapping[date, object], day: date) -> NothingHolds:
    """What is said where something is named on a day on which it has no value: not yet, or no more."""
    ended = ended_on(series, day)
    if ended is not None:
        return NothingHolds(f"{what} ended on {ended}.", "Write a text without it from that day on, or end that too.")
    return NothingHolds(f"{what} has no value on {day}.", "Date its first value no later than the text that needs it.")


def figures_on(values: Mapping[date, Decimal | DatedValue | None], day: date) -> Figures | None:
    """The figure in force on a day; None before the first, and once the series has ended."""
    value = value_at(values, day)
    if value is None:
        return None
    if isinstance(value, DatedValue):
        return Figures(value.default, value.areas, value.confidence, value.source)
    return Figures(value, {})


def source_on(series: Line | Parameter, day: date) -> str:
    """Who says what a line or parameter is on a day: the source of that value, else of the whole series."""
    held = figures_on(series.values, day)
    return series.source if held is None or held.source is None else held.source


def confidence_on(series: Line | Parameter, day: date) -> Confidence:
    """How sure a line or parameter is on a day: that value, else the whole series."""
    held = figures_on(series.values, day)
    return series.confidence if held is None or held.confidence is None else held.confidence


def parameter_on(parameter: Parameter, day: date) -> Figures | None:
    """The parameter in force on a day; None before its first value, and once it has ended."""
    return figures_on(parameter.values, day)
