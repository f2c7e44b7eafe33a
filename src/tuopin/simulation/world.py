"""How does an invented country live? It is founded, lives year by year, and each year can be looked at.

The truth of every year lies in the world's folder, and only this room and a campaign's own accounting open it. What
an office may see is an ordinary snapshot, written by `observe`. `truth` writes the same tables without errors and
unknowns, so that the same policy can be asked what it would have answered had it known.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tuopin.simulation.calibration import Calibration
from tuopin.simulation.codes import REGISTERS, TIERS
from tuopin.simulation.crew import Crew
from tuopin.simulation.decided import Decided
from tuopin.simulation.departments import covered
from tuopin.simulation.founding import found_part
from tuopin.simulation.ids import household_ids, household_numbers
from tuopin.simulation.life import Events, live_part
from tuopin.simulation.measures import Help, no_help, read_help
from tuopin.simulation.state import HOUSEHOLDS_A_COUNTY, Ints, counted, read_part, write_part
from tuopin.simulation.territory import HOUSEHOLDS_A_PART, Territory
from tuopin.simulation.writing import (
    Declared,
    Sight,
    area_table,
    batches_of,
    columns_of,
    put_aside,
    sorted_books,
    write_aside,
)
from tuopin.tables import CoverageEntry, Heading, Snapshot, SnapshotWriter, table_named
from tuopin.tables.engines import open_engine
from tuopin.terms import Place, Problem, UsageError

LEAST_HOUSEHOLDS = 100
_FILE = "world.json"


@dataclass(frozen=True)
class World:
    """An invented country at the end of a year.

    Attributes:
        folder: where its truth lies, a folder a year.
        year: the year that has ended.
        territory: its areas, and with them its seed, its size and its calibration.
        crew: who does the work; the country is the same for any number of processes.
    """

    folder: Path
    year: int
    territory: Territory
    crew: Crew

    @classmethod
    def open(cls, folder: Path, *, year: int | None = None, workers: int | None = None) -> World:
        """A country that was founded before.

        Args:
            folder: the folder that `found` was given.
            year: a year that it has lived; None: the last one.
            workers: as for `found`.

        Raises:
            UsageError: nothing was founded there, or it has not lived that year.
        """
        folder = Path(folder)
        try:
            said = json.loads((folder / _FILE).read_text("utf-8"))
        except OSError:
            what = "No country was founded here."
            raise UsageError(Problem(what, Place(file=str(folder)), fix="Check the folder, or found one.")) from None
        lived = sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())
        if year is not None and year not in lived:
            what, fix = f"The country has not lived {year}.", f"It has lived {lived[0]} to {lived[-1]}."
            raise UsageError(Problem(what, Place(file=str(folder)), fix=fix))
        calibration = Calibration.model_validate(said["calibration"])
        territory = Territory(calibration, said["seed"], said["households"], said["households_a_part"])
        return cls(folder, lived[-1] if year is None else year, territory, Crew(territory, workers))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the processes that share the work; they are started again when they are needed."""
        self.crew.close()

    @property
    def state(self) -> Path:
        """Where the truth of this year lies."""
        return self.folder / str(self.year)

    def live(self, *, help: pa.Table | None = None) -> World:  # noqa: A002 - it is called help
        """The country a year later.

        Args:
            help: what households receive in the year that now begins: `household_id`, `measure` and, if it is there,
                `year`, which must be that year. None: nobody is helped.

        Returns:
            The same country at the end of the next year; a year that was lived before is lived anew.

        Raises:
            DataError: help that nobody can receive.
        """
        year = self.year + 1
        given = no_help()
        if help is not None and help.num_rows:
            given = read_help(help, numbers=household_numbers(help.column("household_id")), year=year)
        with _whole(self.folder / str(year)) as unfinished:
            tasks = [
                _Living(self.state, unfinished, year, no, given.between(*self._numbers(no)))
                for no in range(len(self.territory.parts))
            ]
            self.crew.each(_live, tasks)
        return replace(self, year=year)

    def observe(
        self,
        *,
        columns: Declared,
        heading: Heading,
        target: Path,
        decisions: pa.Table | None = None,
        area_decisions: pa.Table | None = None,
        poor: pa.Table | None = None,
        overwrite: bool = False,
    ) -> Snapshot:
        """Write what an office sees at the end of the year.

        Args:
            columns: the pack's declared columns, by table; a fact that the country does not know gets no column.
            heading: what the snapshot says of itself; `as_of` is 31 December of the year, the coverage of foreign
                registers is added.
            target: the folder to make.
            decisions: what was decided until now: `household_id`, `decision`, `decided_on`, `known_at`. Decisions on
                households that are no more are left out.
            area_decisions: what was decided of areas, in the columns of that table.
            poor: who is truly poor under the policy (`household_id`, `poor`), for independent assessors to find; None:
                they find nothing.
            overwrite: whether a snapshot at the target may be replaced.

        Raises:
            UsageError: something is at the target, or the heading is of another day or of other tiers.
            DataError: decisions that the table does not allow.
        """
        return self._write(columns, heading, target, decisions, area_decisions, poor, overwrite, errors=True)

    def truth(
        self,
        *,
        columns: Declared,
        heading: Heading,
        target: Path | None = None,
        decisions: pa.Table | None = None,
        area_decisions: pa.Table | None = None,
        overwrite: bool = False,
    ) -> Snapshot:
        """Write what is true at the end of the year, as a snapshot without errors, unknowns and leads.

        Args:
            columns: as for `observe`.
            heading: as for `observe`.
            target: the folder to make; None: beside the truth of the year.
            decisions: as for `observe`.
            area_decisions: as for `observe`.
            overwrite: as for `observe`.
        """
        target = target or self.folder / f"truth-{self.year}"
        return self._write(columns, heading, target, decisions, area_decisions, None, overwrite, errors=False)

    def events(self) -> pa.Table:
        """What happened to persons in the year: event, person, household before and after; no row at the founding."""
        files = sorted((self.state / "events").glob("*.parquet"))
        return pa.concat_tables([pq.read_table(file) for file in files]) if files else Events().to_arrow()

    def successors(self) -> pa.Table:
        """Households that began in the year: `household_id`, and `origin_id`, the one that they split off from."""
        split = self.events().filter(pc.equal(self.events().column("event"), "split"))
        pairs = pa.table({"after": split.column("after"), "before": split.column("before")})
        pairs = pairs.group_by(["after", "before"]).aggregate([]).sort_by("after")
        ids = (household_ids(pairs.column(name).to_numpy()) for name in ("after", "before"))
        return pa.table(dict(zip(("household_id", "origin_id"), ids, strict=True)))

    def counts(self) -> dict[str, int]:
        """How many households and members there are."""
        each = [counted(folder=self.state, no=no) for no in range(len(self.territory.parts))]
        return {name: sum(count[name] for count in each) for name in ("households", "members")}

    def _numbers(self, no: int) -> tuple[int, int]:
        """The numbers that a household of a part can have, the last excluded."""
        counties = self.territory.parts[no]
        return counties[0] * HOUSEHOLDS_A_COUNTY, (counties[-1] + 1) * HOUSEHOLDS_A_COUNTY

    def _write(
        self,
        columns: Declared,
        heading: Heading,
        target: Path,
        decisions: pa.Table | None,
        area_decisions: pa.Table | None,
        poor: pa.Table | None,
        overwrite: bool,
        *,
        errors: bool,
    ) -> Snapshot:
        self._refuse(heading)
        decided = None if decisions is None else Decided.of(decisions)
        with SnapshotWriter(target=target, overwrite=overwrite) as writer:
            sight = Sight({name: list(each) for name, each in columns.items()}, errors, writer.scratch())
            rows, kept = area_table(self.territory, self.year, columns.get("areas", ()))
            writer.write_areas(rows, kept, tiers=TIERS)
            sizes = [counted(folder=self.state, no=no)["households"] for no in range(len(self.territory.parts))]
            firsts = [0, *accumulate(sizes)]
            truly_poor = None if poor is None else _poor(poor)
            tasks = []
            for no, first in enumerate(firsts[:-1]):
                span = self._numbers(no)
                mine = None if truly_poor is None else truly_poor[slice(*np.searchsorted(truly_poor, span))]
                known = None if decided is None else decided.between(*span)
                tasks.append(_Seeing(self.state, self.year, no, first, known, mine, sight))
            self.crew.each(_see, tasks)
            self._write_tables(writer, sight, len(sizes), decided=decided is not None)
            if area_decisions is not None:
                structural = table_named("area_decisions").structural
                names = [column.name for column in structural]
                keys = [(key, "ascending") for key in table_named("area_decisions").key]
                writer.write("area_decisions", structural, area_decisions.select(names).sort_by(keys).to_batches())
            return writer.finish(heading.model_copy(update={"coverage": self._coverage()}))

    def _write_tables(self, writer: SnapshotWriter, sight: Sight, parts: int, *, decided: bool) -> None:
        more = (["leads"] if sight.errors else []) + (["decisions"] if decided else [])
        for name in ("households", "members", "dwellings", *more):
            columns = columns_of(name, sight.declared.get(name, ()), sight.folder)
            writer.write(name, columns, batches_of(name, parts, sight.folder))
        with open_engine(memory_limit="512MB", spill=sight.folder) as engine:
            for name in (f"register:{register}" for register in REGISTERS):
                if name in sight.declared:
                    columns = columns_of(name, sight.declared[name], sight.folder)
                    writer.write(name, columns, sorted_books(name, parts, sight.folder, engine))

    def _refuse(self, heading: Heading) -> None:
        place = Place(table="heading")
        if heading.as_of != date(self.year, 12, 31):
            what = f"The country stands at the end of {self.year}, and the heading says {heading.as_of}."
            raise UsageError(Problem(what, place, fix=f"Write as_of {self.year}-12-31."))
        if heading.tiers != TIERS:
            what = f"The country has the tiers {', '.join(TIERS)}, and the heading says {', '.join(heading.tiers)}."
            raise UsageError(Problem(what, place, fix="Only a pack with these tiers can be lived in so far."))

    def _coverage(self) -> tuple[CoverageEntry, ...]:
        """Where each foreign register answers for everybody: whole provinces where it can be said so."""
        since = date(self.territory.calibration.founded, 1, 1)
        entries = []
        for register in REGISTERS:
            open_ = covered(self.territory, register, self.year)
            codes = self.territory.county_codes
            whole = [int(p) for p in np.unique(self.territory.province) if open_[self.territory.province == p].all()]
            areas = [f"{province + 1:02d}" for province in whole]
            areas += [codes[c] for c in np.flatnonzero(open_ & ~np.isin(self.territory.province, whole))]
            entries.append(CoverageEntry(register_=register, areas=tuple(sorted(areas)), since=since))
        return tuple(entries)


def found(
    *,
    calibration: Calibration,
    seed: int,
    households: int,
    folder: Path,
    workers: int | None = None,
    households_a_part: int = HOUSEHOLDS_A_PART,
) -> World:
    """Found a country.

    Args:
        calibration: how it works, as a pack's `simulation.yaml` says.
        seed: another seed is another country.
        households: how many it has at the founding.
        folder: where its truth will lie; made, and not shared with anything else.
        workers: processes that share the work; None: one a core. The country is the same for any number.
        households_a_part: about how many households a process holds in memory at once; at least a county.

    Returns:
        The country on 31 December of the calibration's year of founding.

    Raises:
        UsageError: something is in the folder already, or there are too few households.
    """
    folder = Path(folder)
    if households < LEAST_HOUSEHOLDS:
        what, why = f"A country of {households} households is too small.", "It might die out before it is looked at."
        raise UsageError(Problem(what, Place(), why, f"Give it {LEAST_HOUSEHOLDS} or more."))
    if folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):  # a dot: broken off
        what, fix = "There is something in the folder already.", "Choose another folder for the truth."
        raise UsageError(Problem(what, Place(file=str(folder)), fix=fix))
    folder.mkdir(parents=True, exist_ok=True)
    territory = Territory(calibration, seed, households, households_a_part)
    world = World(folder, calibration.founded, territory, Crew(territory, workers))
    with _whole(world.state) as unfinished:
        world.crew.each(_found, [_Founding(unfinished, no) for no in range(len(territory.parts))])
    said = {
        "seed": seed,
        "households": households,
        "households_a_part": households_a_part,
        "calibration": calibration.model_dump(mode="json"),
    }
    (folder / _FILE).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return world


# --- What one process does -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Founding:
    folder: Path
    no: int


def _found(territory: Territory, task: _Founding) -> None:
    write_part(found_part(territory, task.no), folder=task.folder, no=task.no)


@dataclass(frozen=True)
class _Living:
    before: Path
    folder: Path
    year: int
    no: int
    help: Help


def _live(territory: Territory, task: _Living) -> None:
    part = read_part(folder=task.before, no=task.no)
    part, events = live_part(part, territory, task.year, help_=task.help)
    write_part(part, folder=task.folder, no=task.no)
    pq.write_table(events.to_arrow(), task.folder / "events" / f"part-{task.no:05d}.parquet", compression="zstd")


@dataclass(frozen=True)
class _Seeing:
    state: Path
    year: int
    no: int
    first: int
    decided: Decided | None
    poor: Ints | None
    sight: Sight


def _see(territory: Territory, task: _Seeing) -> None:
    part = read_part(folder=task.state, no=task.no)
    numbers = part.households.number
    books = (task.decided or Decided.nothing()).books(numbers)
    if task.poor is not None:
        books = replace(books, poor=np.isin(numbers, task.poor))
    write_aside(part, territory, task.year, no=task.no, first=task.first, books=books, sight=task.sight)
    if task.decided is not None:
        put_aside(task.decided.rows(numbers, first=task.first), task.sight.folder, "decisions", task.no)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder that appears at the target whole or not at all."""
    unfinished = target.with_name(f".{target.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in ("households", "members", "events"):
        (unfinished / name).mkdir(parents=True)
    try:
        yield unfinished
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _poor(rows: pa.Table) -> Ints:
    """The numbers of households that are truly poor, sorted."""
    poor = rows.filter(pc.fill_null(rows.column("poor"), False))
    return np.sort(household_numbers(poor.column("household_id")))
