"""Where does each table lie in the folder of a snapshot?"""

from __future__ import annotations

from pathlib import Path

from tuopin.tables.schema import PARTED


def part_file(folder: Path, table: str, part: int) -> Path:
    """The file of one part of households, members or dwellings."""
    return folder / table / f"part-{part:05d}.parquet"


def table_files(folder: Path, table: str, parts: int) -> list[Path]:
    """The files of a table, in order of rows.

    Args:
        folder: the snapshot.
        table: its name in the manifest; a foreign register is `register:<name>`.
        parts: how many parts the snapshot has.
    """
    if table in PARTED:
        return [part_file(folder, table, part) for part in range(parts)]
    if table.startswith("register:"):
        return [folder / "registers" / f"{table.partition(':')[2]}.parquet"]
    return [folder / f"{table}.parquet"]
