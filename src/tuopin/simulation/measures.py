"""What does help do? Each measure works for most households, within the range that the pack states, after its delay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.simulation.calibration import Calibration
from tuopin.simulation.codes import MEASURES, Measure
from tuopin.simulation.draws import Draws
from tuopin.simulation.state import Flags, Households, Ints, Lookup, Reals
from tuopin.terms import DataError, Place, Problem

_FIRST_YEAR = 1900  # so that a year takes eight bits beside the number of a household


@dataclass(frozen=True)
class Working:
    """A measure in a year.

    Attributes:
        now: households for whom it works in this year.
        failed: households for whom it would begin to work this year and never will.
        begins: households for whom it begins to work this year.
        amount: for everybody the size of the effect, drawn between the ends of its range; read it where `now` says so.
    """

    now: Flags
    failed: Flags
    begins: Flags
    amount: Reals


def working(households: Households, kind: Measure, year: int, *, calibration: Calibration, always: Draws) -> Working:
    """What a measure does to each household in a year.

    A household's luck with a measure is one draw for each time that it receives it.
    """
    effect = calibration.measures[kind]
    got: Ints = getattr(households, f"got_{kind}")
    begins = got + effect.delay_years
    due = (got > 0) & (year >= begins) & (year < begins + effect.lasts_years)
    receipts = households.number * 256 + np.maximum(got - _FIRST_YEAR, 0)
    fails = always.happens(receipts, f"{kind} fails", effect.fails)
    amount = effect.low + (effect.high - effect.low) * always.uniform(receipts, f"{kind} effect")
    starts = due & (year == begins)
    return Working(now=due & ~fails, failed=starts & fails, begins=starts & ~fails, amount=amount)


def takes_part(households: Households, kinds: tuple[Measure, ...], year: int, *, calibration: Calibration) -> Flags:
    """Whether a household takes part in one of these measures in a year, whether or not it does any good."""
    part = np.zeros(len(households), bool)
    for kind in kinds:
        effect = calibration.measures[kind]
        got: Ints = getattr(households, f"got_{kind}")
        part |= (got > 0) & (year >= got) & (year < got + effect.delay_years + effect.lasts_years)
    return part


def receive(households: Households, help_: Help, year: int, *, calibration: Calibration) -> None:
    """Write down which households received which measures in a year.

    What is still on its way or at work goes on: a household that is helped again does not begin to wait again.
    """
    place = Lookup(households.number)
    for code, kind in enumerate(MEASURES):
        effect = calibration.measures[kind]
        rows = place.rows(help_.household[help_.kind == code])
        rows = rows[rows >= 0]
        got: Ints = getattr(households, f"got_{kind}")
        goes_on = (got[rows] > 0) & (year < got[rows] + effect.delay_years + effect.lasts_years)
        got[rows] = np.where(goes_on, got[rows], year)


@dataclass(frozen=True)
class Help:
    """Help given in one year: a household's number and the measure, as in `codes.MEASURES`."""

    household: Ints
    kind: Ints

    def between(self, low: int, high: int) -> Help:
        """The help to households with numbers from `low` up to, not including, `high`."""
        mine = (self.household >= low) & (self.household < high)
        return Help(self.household[mine], self.kind[mine])


def no_help() -> Help:
    """A year in which nobody is helped."""
    return Help(np.zeros(0, np.int64), np.zeros(0, np.int64))


def read_help(rows: pa.Table, *, numbers: Ints, year: int) -> Help:
    """Read a table of help.

    Args:
        rows: `household_id` (already read as `numbers`), `measure` and, where given, `year`.
        numbers: the household number of each row; -1 where it has none.
        year: the year that is lived.

    Raises:
        DataError: a measure that nobody knows, a household id that cannot be, or help of another year.
    """
    place = Place(table="help")
    kinds = pc.index_in(rows.column("measure"), value_set=pa.array(MEASURES, pa.string()))
    unknown = sorted(set(rows.filter(pc.is_null(kinds)).column("measure").to_pylist()), key=str)
    if unknown:
        what = f"There is no measure {', '.join(map(str, unknown))}."
        raise DataError(Problem(what, place, fix=f"Use one of: {', '.join(MEASURES)}."))
    if (numbers < 0).any():
        what = f"{int((numbers < 0).sum()):,} rows of help name a household that cannot be of this country."
        raise DataError(Problem(what, place, fix="Take household_id from a snapshot of this country."))
    if "year" in rows.column_names and rows.num_rows:
        years = set(pc.unique(rows.column("year")).to_pylist())
        if years != {year}:
            what = f"The help is of {', '.join(map(str, sorted(years, key=str)))}, and the year lived is {year}."
            raise DataError(Problem(what, place, fix=f"Hand over the help that was received in {year}."))
    return Help(numbers, np.asarray(kinds.to_numpy(), dtype=np.int64))
