"""What has been decided of the households of the invented country? The caller's decisions, found again part by part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.simulation.ids import household_numbers
from tuopin.simulation.observation import Books
from tuopin.simulation.state import Ints, Lookup
from tuopin.tables import table_named
from tuopin.terms import DataError, Place, Problem

Days = npt.NDArray[np.datetime64]
_COLUMN = next(column for column in table_named("decisions").structural if column.name == "decision")
_BY_NAME = np.argsort(np.argsort(_COLUMN.values))
_ON_THE_REGISTER = ("entry", "return")
_LEFT = ("exit", "monitoring", "clearing")


@dataclass(frozen=True)
class Decided:
    """Decisions on households, sorted by household and day.

    Attributes:
        number: of the household.
        kind: place among the codes of the table decisions.
        day: on which it was decided.
        known: on which it was known.
    """

    number: Ints
    kind: Ints
    day: Days
    known: Days

    @classmethod
    def nothing(cls) -> Decided:
        """No decision at all."""
        none = np.zeros(0, np.int64)
        return cls(none, none, none.astype("datetime64[D]"), none.astype("datetime64[D]"))

    @classmethod
    def of(cls, rows: pa.Table) -> Decided:
        """The rows of a table: `household_id`, `decision`, `decided_on`, `known_at`.

        Raises:
            DataError: a household that cannot be of this country, or a decision that nobody can take.
        """
        number = household_numbers(rows.column("household_id"))
        place = Place(table="decisions")
        if (number < 0).any():
            what = f"{int((number < 0).sum()):,} decisions name a household that cannot be of this country."
            raise DataError(Problem(what, place, fix="Take household_id from a snapshot of this country."))
        kind = pc.index_in(rows.column("decision"), value_set=pa.array(_COLUMN.values, pa.string()))
        if kind.null_count:
            unknown = sorted(set(rows.filter(pc.is_null(kind)).column("decision").to_pylist()), key=str)
            what = f"Nobody can decide {', '.join(map(str, unknown))}."
            raise DataError(Problem(what, place, fix=f"Use one of: {', '.join(_COLUMN.values)}."))
        day, known = (rows.column(name).to_numpy().astype("datetime64[D]") for name in ("decided_on", "known_at"))
        # Of decisions of one day the last is the one known last, then the first by name: as in policy/joins.py.
        order = np.lexsort((-_BY_NAME[kind.to_numpy()], known, day, number))
        return cls(number[order], kind.to_numpy().astype(np.int64)[order], day[order], known[order])

    def between(self, low: int, high: int) -> Decided:
        """The decisions on households with numbers from `low` up to, not including, `high`."""
        return self._take(slice(*np.searchsorted(self.number, [low, high])))

    def books(self, households: Ints) -> Books:
        """What the office's books say of these households."""
        row = Lookup(households).rows(self.number)
        changes = np.flatnonzero(np.isin(self.kind, _kinds(*_ON_THE_REGISTER, *_LEFT)) & (row >= 0))
        last = np.full(len(households), -1)
        last[row[changes]] = self.kind[changes]  # of several to one household the last stays
        entries = changes[self.kind[changes] == _kinds("entry")[0]][::-1]
        entered = np.zeros(len(households), np.int64)
        entered[row[entries]] = self.day[entries].astype("datetime64[Y]").astype(np.int64) + 1970
        ever = np.zeros(len(households), bool)  # who left the register was in it, also where the books begin later
        ever[row[changes[np.isin(self.kind[changes], _kinds(*_ON_THE_REGISTER, "exit"))]]] = True
        left = np.isin(last, _kinds(*_LEFT)) & ever
        return Books(np.isin(last, _kinds(*_ON_THE_REGISTER)), left, entered, poor=None)

    def rows(self, households: Ints, *, first: int) -> pa.Table:
        """The table decisions of a snapshot whose households from number `first` on are these, in their order."""
        place = Lookup(households).rows(self.number)
        order = np.lexsort((np.arange(len(place)), self.day, place))
        mine = self._take(order[place[order] >= 0])
        kinds = pa.DictionaryArray.from_arrays(pa.array(mine.kind.astype(np.int8)), list(_COLUMN.values))
        return pa.table(
            {
                "household_no": pa.array(first + np.sort(place[place >= 0])),
                "decision": kinds,
                "decided_on": pa.array(mine.day),
                "known_at": pa.array(mine.known),
            }
        )

    def _take(self, rows: Ints | slice) -> Decided:
        return Decided(self.number[rows], self.kind[rows], self.day[rows], self.known[rows])


def _kinds(*codes: str) -> list[int]:
    return [_COLUMN.values.index(code) for code in codes]
