"""How is a snapshot written, whole or not at all? Into a hidden folder beside the target, renamed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tuopin.tables.areas import Areas
from tuopin.tables.content import ContentHash
from tuopin.tables.layout import part_file, table_files
from tuopin.tables.manifest import (
    FILE,
    ColumnEntry,
    Heading,
    Manifest,
    PartEntry,
    TableEntry,
    hash_of,
    write_manifest,
)
from tuopin.tables.rows import RowCheck
from tuopin.tables.schema import PARTED, Column, arrow_schema, table_named
from tuopin.tables.snapshot import Snapshot
from tuopin.tables.verification import coverage_problems
from tuopin.terms import DataError, Place, Problem, UsageError

HOUSEHOLDS_A_PART = 250_000
ROW_GROUP = 122_880


class SnapshotWriter:
    """Writes a snapshot's tables, each once and in key order, then its manifest.

    Use it as a context manager. Leaving the block without `finish()`, or by an exception, removes everything.

        with SnapshotWriter(target=Path("register-2016")) as writer:
            writer.write_areas(areas, columns)
            writer.write("households", columns, batches)
            snapshot = writer.finish(heading)
    """

    def __init__(self, *, target: Path, overwrite: bool = False, households_a_part: int = HOUSEHOLDS_A_PART) -> None:
        """Prepare to write.

        Args:
            target: the folder to make; its parents are made too.
            overwrite: whether a snapshot that is already there may be replaced; nothing else ever is.
            households_a_part: a part is closed at the first change of area after so many households.
        """
        self.target = Path(target)
        self._overwrite = overwrite
        self._a_part = households_a_part
        self._tables: dict[str, TableEntry] = {}
        self._parts: list[PartEntry] = []
        self._made: list[Path] = []
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        self._refuse_existing()
        parent = self.target.absolute().parent
        self._made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(dir=parent, prefix=f".{self.target.name}-"))
        except OSError:
            self._unmake()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is None:
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        self._unmake()

    def _unmake(self) -> None:
        for folder in self._made:
            with suppress(OSError):  # it was never made, or somebody else has put something there
                folder.rmdir()

    @property
    def folder(self) -> Path:
        """The hidden folder in which the snapshot grows."""
        if self._folder is None:
            raise RuntimeError("use SnapshotWriter as a context manager")
        return self._folder

    def scratch(self) -> Path:
        """A private folder on the same disk for intermediate files; it never becomes part of the snapshot."""
        scratch = self.folder / "scratch"
        scratch.mkdir(mode=0o700, exist_ok=True)
        return scratch

    def files(self, table: str) -> list[Path]:
        """The files of a table written so far."""
        return table_files(self.folder, table, len(self._parts))

    def write_areas(self, rows: pa.Table, columns: Sequence[Column], *, tiers: Sequence[str]) -> Areas:
        """Write the tree of areas, sorted by code.

        Raises:
            DataError: the tree does not hold together.
        """
        areas = Areas(rows=rows, tiers=tiers)
        if problems := areas.problems():
            raise DataError(problems)
        self.write("areas", columns, rows.sort_by("area_code").to_batches())
        return areas

    def write(self, table: str, columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> None:
        """Write a table from its rows in key order; households before members and dwellings.

        Raises:
            DataError: rows that break what the columns declare.
        """
        entry = _Growing(table, columns)
        if table == "households":
            self._write_households(entry, batches)
        elif table in PARTED:
            self._write_by_household(entry, batches)
        else:
            self._write_whole(entry, batches)
        self._tables[table] = entry.finished()

    def manifest(self, heading: Heading) -> Manifest:
        """The manifest of what was written so far.

        Raises:
            DataError: the heading does not fit the tables.
        """
        manifest = Manifest(
            **dict(heading),
            tables=dict(sorted(self._tables.items())),
            parts=tuple(self._parts),
            content_hash=hash_of(heading, self._tables),
        )
        areas = Areas(rows=pq.ParquetFile(self.files("areas")[0]).read(), tiers=manifest.tiers)
        if problems := list(coverage_problems(manifest.coverage, areas, registers=manifest.registers)):
            raise DataError(problems)
        return manifest

    def finish(self, heading: Heading) -> Snapshot:
        """Write the manifest and move the folder to its target.

        Raises:
            DataError: the heading does not fit the tables.
        """
        write_manifest(self.folder, self.manifest(heading))
        shutil.rmtree(self.folder / "scratch", ignore_errors=True)
        self._move()
        return Snapshot.open(self.target)

    def _refuse_existing(self) -> None:
        if not self.target.exists():
            return
        if not self._overwrite:
            why, fix = "A snapshot is never changed.", "Choose another folder, or say that this one may be replaced."
            raise UsageError(
                Problem("There is something at the target already.", Place(file=str(self.target)), why, fix)
            )
        if not (self.target / FILE).is_file() and any(self.target.iterdir() if self.target.is_dir() else [self.target]):
            why, fix = "Only a snapshot may be replaced by a snapshot.", "Choose another folder."
            raise UsageError(
                Problem("What is at the target is not a snapshot.", Place(file=str(self.target)), why, fix)
            )

    def _move(self) -> None:
        folder, self._folder, self._made = self.folder, None, []
        folder.chmod(0o777 & ~_umask())
        if not self.target.exists():
            folder.rename(self.target)
            return
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{self.target.name}-old-"))
        self.target.rename(old / "old")
        folder.rename(self.target)
        shutil.rmtree(old)

    def _write_households(self, entry: _Growing, batches: Iterable[pa.RecordBatch]) -> None:
        """Cut the stream of households into parts at changes of area."""
        part: _Part | None = None
        for batch in (entry.take(batch) for batch in batches):
            rest = batch
            while rest.num_rows:
                if part is None:
                    file = part_file(self.folder, "households", len(self._parts))
                    part = _Part(file, entry.schema, first_area=rest.column("area_code")[0].as_py())
                cut = self._rows_for(part, rest.column("area_code"))
                part.add(
                    rest.slice(0, cut), last_area=rest.column("area_code")[cut - 1].as_py() if cut else part.last_area
                )
                rest = rest.slice(cut)
                if rest.num_rows:
                    self._close(part)
                    part = None
        if part:
            self._close(part)

    def _rows_for(self, part: _Part, areas: pa.Array) -> int:
        """How many of the next households still belong to the part: all, or up to a change of area once it is full."""
        if part.rows + len(areas) < self._a_part:
            return len(areas)
        before = pa.concat_arrays([pa.array([part.last_area], pa.string()), areas[:-1]])
        changes = np.flatnonzero(pc.not_equal(areas, before).to_numpy(zero_copy_only=False))
        full = changes[part.rows + changes >= self._a_part]
        return int(full[0]) if len(full) else len(areas)

    def _close(self, part: _Part) -> None:
        part.close()
        first = sum(before.households for before in self._parts)
        self._parts.append(
            PartEntry(
                part=len(self._parts),
                first_area=part.first_area,
                last_area=part.last_area,
                first_household=first,
                households=part.rows,
            )
        )

    def _write_by_household(self, entry: _Growing, batches: Iterable[pa.RecordBatch]) -> None:
        """Put the rows of each household into the part that the household is in."""
        files = [_Part(part_file(self.folder, entry.name, part.part), entry.schema) for part in self._parts]
        ends = np.array([part.first_household + part.households for part in self._parts])
        for batch in (entry.take(batch) for batch in batches):
            cuts = np.searchsorted(batch.column("household_no").to_numpy(), ends)
            start = 0
            for file, end in zip(files, cuts, strict=True):
                if end > start:
                    file.add(batch.slice(start, end - start))
                    start = int(end)
            if start < batch.num_rows:
                what = f"Table {entry.name} has rows of households that the snapshot does not have."
                raise DataError(Problem(what, Place(table=entry.name)))
        for file in files:
            file.close()
        if entry.name == "members":
            counted = zip(self._parts, files, strict=True)
            self._parts = [part.model_copy(update={"members": file.rows}) for part, file in counted]

    def _write_whole(self, entry: _Growing, batches: Iterable[pa.RecordBatch]) -> None:
        (file,) = table_files(self.folder, entry.name, 0)
        whole = _Part(file, entry.schema)
        for batch in batches:
            whole.add(entry.take(batch))
        whole.close()


class _Growing:
    """A table on its way to disk: checked, counted and hashed as it passes."""

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        self.name = name
        self.schema = arrow_schema(columns)
        self._columns = list(columns)
        self._check = RowCheck(table=table_named(name), columns=columns)
        self._content = ContentHash(columns)

    def take(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        try:
            batch = self._check.add(batch)
        except TypeError as error:
            raise DataError(
                Problem(f"The rows do not have the declared columns: {error}.", Place(table=self.name))
            ) from None
        if problems := self._check.problems():
            raise DataError(problems)
        self._content.add(batch)
        return batch

    def finished(self) -> TableEntry:
        columns = tuple(ColumnEntry.of(column, unknown=self._check.unknown[column.name]) for column in self._columns)
        return TableEntry(rows=self._check.rows, columns=columns, content_hash=self._content.hexdigest())


class _Part:
    """One Parquet file, written in row groups of one size."""

    def __init__(self, file: Path, schema: pa.Schema, *, first_area: str = "") -> None:
        file.parent.mkdir(exist_ok=True)
        self.rows = 0
        self.first_area = self.last_area = first_area
        self._schema = schema
        self._parquet = pq.ParquetWriter(file, schema, compression="zstd", compression_level=1)
        self._pending: list[pa.RecordBatch] = []
        self._waiting = 0

    def add(self, batch: pa.RecordBatch, *, last_area: str = "") -> None:
        self.last_area = last_area
        self.rows += batch.num_rows
        self._pending.append(batch)
        self._waiting += batch.num_rows
        if self._waiting >= ROW_GROUP:
            self._flush(whole_groups=True)

    def close(self) -> None:
        self._flush(whole_groups=False)
        self._parquet.close()

    def _flush(self, *, whole_groups: bool) -> None:
        rows = pa.Table.from_batches(self._pending, schema=self._schema)
        ready = rows.num_rows - rows.num_rows % ROW_GROUP if whole_groups else rows.num_rows
        if ready:
            self._parquet.write_table(rows.slice(0, ready), row_group_size=ROW_GROUP)
        rest = rows.slice(ready)
        self._pending, self._waiting = rest.to_batches(), rest.num_rows


def _umask() -> int:
    """What the user keeps from others; a folder made for temporary use keeps everything."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
