"""Where does a household live, and what lies above it? The tree of areas, of any depth, with codes that change."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from tuopin.tables.schema import AREAS
from tuopin.terms import Place, Problem


@dataclass(frozen=True)
class Area:
    """A village, district, region: whatever the country's tiers are called.

    Attributes:
        code: its code, unique in the tree.
        parent: code of the area it belongs to; None at the top.
        tier: id of its tier.
        names: its name by language; under "" the name in the register's own language.
        valid_from: first day the code holds; None: always held.
        valid_to: first day it no longer holds; None: still holds.
        successor: the code that took its place.
    """

    code: str
    parent: str | None
    tier: str
    names: Mapping[str, str]
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None

    def name(self, language: str = "") -> str:
        """Its name in a language, else in the register's own, else its code."""
        return self.names.get(language) or self.names.get("") or self.code

    def holds(self, day: date) -> bool:
        """Whether the code is in use on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


class Areas:
    """A tree of areas. Build it from the rows of `areas.parquet` and look at `problems()` before trusting it."""

    def __init__(self, *, rows: pa.Table, tiers: Sequence[str]) -> None:
        """Take rows with the structural columns of the table areas, and the tiers from the top down."""
        self.tiers = tuple(tiers)
        self._rows = rows
        self.codes = self._texts("area_code")

    @cached_property
    def by_code(self) -> dict[str, Area]:
        """Every area by its code."""
        return {area.code: area for area in self._areas}

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Area]:
        return iter(self._areas)

    @property
    def tier_of(self) -> dict[str, str]:
        """The tier of every area by its code."""
        return dict(zip(self.codes, self._texts("tier"), strict=True))

    def above(self, code: str) -> list[Area]:
        """The area itself and those it belongs to, from the bottom up.

        Raises:
            KeyError: no area has the code.
        """
        row, chain = self._row_of[code], list[Area]()
        while row >= 0 and len(chain) < len(self.tiers):
            chain.append(_area(self._rows.slice(row, 1).to_pylist()[0]))
            row = int(self._parents[row])
        return chain

    def below(self, codes: Iterable[str]) -> set[str]:
        """The codes of these areas and of all areas in them, to the bottom."""
        wanted = set(codes)
        known = np.array([row if code in wanted else -1 for row, code in enumerate(self.codes)], dtype=np.int64)
        return {code for code, found in zip(self.codes, self._inherited(known) >= 0, strict=True) if found}

    def between(self, first: str, last: str, among: Collection[str]) -> frozenset[str]:
        """Of some codes, those of areas that lie in a range of codes or that an area of the range lies in."""
        ordered, rows = self._in_order
        inside = rows[bisect_left(ordered, first) : bisect_right(ordered, last)]
        found = np.unique(self._ancestor_rows[:, inside])
        return frozenset(among) & {self.codes[row] for row in found if row >= 0}

    def ancestors(self) -> pa.Table:
        """One row an area: `area_code`, then a column a tier with the code of the area of that tier it lies in.

        An area is its own ancestor of its own tier; a tier that is skipped or lies below it is NULL.
        """
        codes = pa.array(self.codes, pa.string())
        columns = zip(self.tiers, self._ancestor_rows, strict=True)
        return pa.table({"area_code": codes, **{tier: _taken(codes, rows) for tier, rows in columns}})

    @property
    def facts(self) -> list[str]:
        """The facts that areas carry, in the order of the columns."""
        structural = {column.name for column in AREAS.structural}
        return [name for name in self._rows.column_names if name not in structural and not name.startswith("name_")]

    def inherited(self, fact: str) -> pa.Array:
        """A fact for every area, in the order of the rows: its own value, else that of the nearest area above it."""
        own = self._rows.column(fact).combine_chunks()
        known = np.where(own.is_valid().to_numpy(zero_copy_only=False), np.arange(len(own)), -1)
        return _taken(own, self._inherited(known))

    def problems(self) -> list[Problem]:
        """What is wrong with the tree: doubled or unknown codes, tiers out of order (so: circles), impossible dates."""
        found = [*self._doubled(), *itertools.chain.from_iterable(map(self._problems_of, self._areas))]
        return found or [*self._successor_circles()]

    @cached_property
    def _areas(self) -> list[Area]:
        return [_area(row) for row in self._rows.to_pylist()]

    def _texts(self, column: str) -> list[str]:
        """A column of texts; an empty one where nothing stands."""
        return [text or "" for text in self._rows.column(column).to_pylist()]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {code: row for row, code in enumerate(self.codes)}

    @cached_property
    def _parents(self) -> np.ndarray:
        """For each row the row of its parent; -1 at the top."""
        return np.array([self._row_of.get(parent, -1) for parent in self._texts("parent_code")], dtype=np.int64)

    @cached_property
    def _ancestor_rows(self) -> np.ndarray:
        """For each tier and row, the row of the area of that tier above it; -1 where there is none."""
        tiers = np.array(self._texts("tier"), dtype=object)
        rows = np.arange(len(self))
        return np.array([self._inherited(np.where(tiers == tier, rows, -1)) for tier in self.tiers])

    @cached_property
    def _in_order(self) -> tuple[list[str], np.ndarray]:
        """The codes in order, and the row of each."""
        rows = sorted(range(len(self)), key=self.codes.__getitem__)
        return [self.codes[row] for row in rows], np.array(rows, dtype=np.int64)

    def _inherited(self, own: np.ndarray) -> np.ndarray:
        """For each row its own number or, where that is -1, that of the nearest area above that has one."""
        parents, found = self._parents, own
        for _ in self.tiers:  # a parent's tier is higher, so no chain is longer
            missing = (found < 0) & (parents >= 0)
            found = np.where(missing, found[parents], found)
        return found

    def _doubled(self) -> Iterator[Problem]:
        for code, times in Counter(self.codes).items():
            if times > 1:
                fix = "Give each area one row; a code that changed hands needs a new code."
                yield _problem(code, f"Area {code} stands {times} times in the tree.", fix)

    def _problems_of(self, area: Area) -> Iterator[Problem]:
        parent = self.by_code.get(area.parent) if area.parent else None
        if not area.code or len(area.code) > MAX_CODE:
            yield _problem(
                area.code[:MAX_CODE], f"An area's code must have 1 to {MAX_CODE} characters.", "Give it one."
            )
        if area.tier not in self.tiers:
            yield _problem(
                area.code,
                f"Area {area.code} has the unknown tier {area.tier}.",
                f"Use one of: {', '.join(self.tiers)}.",
            )
        elif area.parent and parent is None:
            yield _problem(
                area.code,
                f"Area {area.code} belongs to {area.parent}, which is not in the tree.",
                "Add it, or correct the code.",
            )
        elif parent and parent.tier in self.tiers and self.tiers.index(parent.tier) >= self.tiers.index(area.tier):
            what = f"Area {area.code} ({area.tier}) belongs to {parent.code}, whose tier {parent.tier} is not higher."
            yield _problem(area.code, what, f"The tiers from the top are: {', '.join(self.tiers)}.")
        yield from self._problems_of_dates(area)

    def _problems_of_dates(self, area: Area) -> Iterator[Problem]:
        if area.valid_from and area.valid_to and area.valid_to <= area.valid_from:
            yield _problem(
                area.code,
                f"Area {area.code} ends before it begins.",
                "valid_to is the first day the code no longer holds.",
            )
        if area.successor and area.successor not in self.by_code:
            yield _problem(
                area.code,
                f"Area {area.code} is followed by {area.successor}, which is not in the tree.",
                "Add the successor.",
            )
        if area.successor and not area.valid_to:
            yield _problem(
                area.code,
                f"Area {area.code} has a successor but no end.",
                "Give it valid_to, or take the successor out.",
            )

    def _successor_circles(self) -> Iterator[Problem]:
        for area in self._areas:
            seen, at = {area.code}, area
            while at.successor and at.successor not in seen:
                seen.add(at.successor)
                at = self.by_code[at.successor]
            if at.successor == area.code:
                yield _problem(area.code, f"Area {area.code} succeeds itself in a circle.", "Correct the successors.")


MAX_CODE = 64


def _taken(values: pa.Array, rows: np.ndarray) -> pa.Array:
    """The values at these rows; unknown where the row is -1."""
    return values.take(pa.array(rows, mask=rows < 0))


def _area(row: Mapping[str, Any]) -> Area:
    names = {key.partition("_")[2]: value for key, value in row.items() if key == "name" or key.startswith("name_")}
    return Area(
        code=row["area_code"] or "",
        parent=row.get("parent_code"),
        tier=row.get("tier") or "",
        names={language: name for language, name in names.items() if name},
        valid_from=row.get("valid_from"),
        valid_to=row.get("valid_to"),
        successor=row.get("successor_code"),
    )


def _problem(code: str, what: str, fix: str) -> Problem:
    return Problem(what, Place(table="areas", row=code), fix=fix)
