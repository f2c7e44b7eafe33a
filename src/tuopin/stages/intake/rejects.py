"""Which rows were refused, and why? Every one is written down; the first thousand are told."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tuopin.terms import Place, Problem

TOLD = 1_000
MAX_VALUE = 40
HIDDEN = "(hidden)"


@dataclass(frozen=True)
class Reject:
    """One refused row.

    Attributes:
        table: the table it was meant for.
        file: the file it stands in.
        row: its place in the file, from 1; the header is not counted.
        column: the source column; empty where the row as a whole is the matter.
        value: what stands there, shortened; identifiers are hidden.
        reason: why it was refused.
        fix: what to write instead, where that is known.
    """

    table: str
    file: str
    row: int
    column: str
    value: str
    reason: str
    fix: str = ""

    @property
    def problem(self) -> Problem:
        """The reject as a problem to show."""
        what = f"{self.value} {self.reason}." if self.value else f"The row {self.reason}."
        place = Place(file=self.file, table=self.table, row=self.row, column=self.column or None)
        return Problem(what, place, fix=self.fix)


class Rejects:
    """Collects refused rows into a CSV file, holding only the first in memory."""

    def __init__(self, file: Path) -> None:
        """Collect into this file."""
        self.file = file
        self.first: list[Reject] = []
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._rows: dict[str, list[npt.NDArray[np.int64]]] = {}

    def add(
        self,
        *,
        table: str,
        file: str,
        rows: Sequence[int],
        column: str,
        values: Sequence[str],
        reason: str,
        fixes: Sequence[str] = (),
    ) -> None:
        """Refuse rows of one file for one reason; the values are shortened here. Each row has a fix, or none has."""
        new = [
            Reject(table, file, row, column, _short(value), reason, fix)
            for row, value, fix in zip(rows, values, fixes or [""] * len(rows), strict=True)
        ]
        if not new:
            return
        known = self.file.exists()
        with self.file.open("a", encoding="utf-8", newline="") as text:
            writer = csv.writer(text)
            if not known:
                writer.writerow(field.name for field in fields(Reject))
            writer.writerows(astuple(reject) for reject in new)
        self.first += new[: TOLD - len(self.first)]
        self._counts[table, column, reason] += len(new)
        self._rows.setdefault(file, []).append(np.asarray(rows, dtype=np.int64))

    def __bool__(self) -> bool:
        return bool(self._counts)

    @property
    def rows(self) -> int:
        """How many rows of the files were refused, each counted once however much is wrong with it."""
        return sum(len(np.unique(np.concatenate(found))) for found in self._rows.values())

    @property
    def count(self) -> int:
        """How much is wrong with them: a row may be refused for several reasons, and for several tables."""
        return self._counts.total()

    def problems(self) -> list[Problem]:
        """The first rejects, and how many more there are of each kind."""
        told = Counter((reject.table, reject.column, reject.reason) for reject in self.first)
        rest = [
            Problem(
                f"{counted(count - told[kind], 'more row')}, for the same reason: it {reason}.",
                Place(table=table, column=column or None),
            )
            for kind, count in self._counts.items()
            for table, column, reason in [kind]
            if count > told[kind]
        ]
        return [*(reject.problem for reject in self.first), *rest]


def counted(number: int, word: str) -> str:
    """So many of a thing, in words: 1 row, 2 rows."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def refused_rows(rows: int, problems: int) -> str:
    """How many rows were refused; and how many problems they have, where some have several."""
    were = f"{counted(rows, 'row')} {'was' if rows == 1 else 'were'} refused"
    return were if problems == rows else f"{were}, with {counted(problems, 'problem')}"


def _short(value: str) -> str:
    plain = " ".join(value.split())
    return plain if len(plain) <= MAX_VALUE else f"{plain[: MAX_VALUE - 1]}…"
