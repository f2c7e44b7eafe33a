"""What is in this snapshot, and is it whole? A folder of Parquet with a manifest, opened for reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tuopin.tables.areas import Areas
from tuopin.tables.layout import part_file, table_files
from tuopin.tables.manifest import Manifest, read_manifest
from tuopin.tables.schema import PARTED, Column
from tuopin.tables.verification import glance, read_table, verify
from tuopin.terms import DataError, Place, Problem


@dataclass(frozen=True)
class Snapshot:
    """An opened snapshot.

    Attributes:
        path: its folder.
        manifest: what it says of itself.
    """

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path) -> Snapshot:
        """Open a snapshot: read its manifest and see that its files are there. Cheap; `check()` reads every row.

        Raises:
            DataError: the folder is no snapshot, or a file of it is missing.
        """
        path = Path(path)
        snapshot = cls(path, read_manifest(path))
        missing = [file for table in snapshot.manifest.tables for file in snapshot.files(table) if not file.is_file()]
        if missing:
            fix = "Copy the whole folder again, or make the snapshot again from its sources."
            raise DataError(
                [Problem("A file of the snapshot is missing.", Place(file=str(file)), fix=fix) for file in missing]
            )
        return snapshot

    def has(self, table: str) -> bool:
        """Whether the snapshot has that table."""
        return table in self.manifest.tables

    def columns(self, table: str) -> list[Column]:
        """The columns of a table; none when there is no such table."""
        return self.manifest.columns(table)

    def files(self, table: str, *, part: int | None = None) -> list[Path]:
        """The Parquet files of a table in order of rows, or the one file of a part of it.

        Raises:
            KeyError: the snapshot has no such table.
        """
        if table not in self.manifest.tables:
            raise KeyError(table)
        if part is not None and table in PARTED:
            return [part_file(self.path, table, part)]
        return table_files(self.path, table, len(self.manifest.parts))

    def areas(self) -> Areas:
        """The tree of areas; read once.

        Raises:
            DataError: its file is damaged.
        """
        return self._areas

    @cached_property
    def _areas(self) -> Areas:
        return Areas(rows=read_table(self.files("areas")[0]), tiers=self.manifest.tiers)

    def quick_check(self) -> list[Problem]:
        """See that the files are those of the manifest: their columns and how many rows they have. No row is read."""
        return glance(self.path, self.manifest)

    def check(self) -> list[Problem]:
        """Read every row and prove it against the manifest; no problem means the snapshot is whole and unchanged."""
        return verify(self.path, self.manifest)
