"""Which text and which figure hold on a day, and in which area?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from tuopin.policy.files import Confidence, DatedEdition, DatedValue, Line, Parameter
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
    """The editions that hold on a day. An announced edition never does; a pilot ends where a later text begins."""
    begun = [edition for edition in editions if edition.from_ <= day and edition.status != "announced"]
    general = max((e for e in begun if e.status == "in_force"), key=lambda e: e.from_, default=None)
    pilots = [e for e in begun if e.status == "pilot" and (general is None or e.from_ >= general.from_)]
    return InForce(general, tuple(sorted(pilots, key=lambda e: e.from_, reverse=True)))


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


def figures_on(values: Mapping[date, Decimal | DatedValue], day: date) -> Figures | None:
    """The figure in force on a day; None before the first."""
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
    """The parameter in force on a day; None before its first value."""
    return figures_on(parameter.values, day)
