"""How does a folder of invented Parquet become a snapshot? Its manifest, through the public words of tuopin.tables."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tuopin.policy.pack import Pack
from tuopin.tables.content import BLOCK_ROWS, ContentHash
from tuopin.tables.manifest import (
    ColumnEntry,
    CoverageEntry,
    CurrencyEntry,
    Heading,
    Manifest,
    PartEntry,
    TableEntry,
    hash_of,
    write_manifest,
)
from tuopin.tables.schema import Column, arrow_schema, table_named

TABLES = ("areas", "households", "members", "dwellings")


def complete_snapshot(
    folder: Path, *, pack: Pack, name: str, as_of: date, known_at: date, registers: dict[str, list[str]]
) -> None:
    """This will count and hash the tables of a folder and write its manifest.

    Args:
        folder: a snapshot in all but its manifest.
        pack: whose facts the columns are.
        name: what the snapshot is called.
        as_of: the day its facts are true for.
        known_at: the day they were known.
        registers: the areas that each foreign register covers.
    """
    files = {table: sorted((folder / table).glob("*.parquet")) or [folder / f"{table}.parquet"] for table in TABLES}
    files |= {f"register:{register}": [folder / "registers" / f"{register}.parquet"] for register in registers}
    with ThreadPoolExecutor() as pool:
        entries = pool.map(lambda table: _entry(table, files[table], pack), files)
        tables = dict(zip(files, entries, strict=True))
    heading = Heading(
        name=name,
        kind="register",
        country=pack.about.country.code,
        pack=pack.name,
        as_of=as_of,
        known_at=known_at,
        currency=CurrencyEntry(code=pack.currency.code, exponent=pack.currency.exponent),
        tiers=pack.tiers,
        source="Invented by benchmarks/register.py",
        coverage=tuple(
            CoverageEntry(register_=register, areas=tuple(areas), since=date(as_of.year, 1, 1))
            for register, areas in registers.items()
        ),
    )
    manifest = Manifest(
        **dict(heading),
        tables=dict(sorted(tables.items())),
        parts=tuple(_parts(files["households"], files["members"])),
        content_hash=hash_of(heading, tables),
    )
    write_manifest(folder, manifest)


def _entry(table: str, files: list[Path], pack: Pack) -> TableEntry:
    columns = [_column(table, name, pack) for name in pq.ParquetFile(files[0]).schema_arrow.names]
    content, unknown, rows = ContentHash(columns), dict.fromkeys((column.name for column in columns), 0), 0
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=BLOCK_ROWS):
            content.add(pa.RecordBatch.from_arrays(batch.columns, schema=arrow_schema(columns)))
            rows += batch.num_rows
            for column in columns:
                unknown[column.name] += batch.column(column.name).null_count
    entries = tuple(ColumnEntry.of(column, unknown=unknown[column.name]) for column in columns)
    return TableEntry(rows=rows, columns=entries, content_hash=content.hexdigest())


def _column(table: str, name: str, pack: Pack) -> Column:
    """A structural column as it is declared, or a fact as the pack declares it."""
    structural = next((column for column in table_named(table).structural if column.name == name), None)
    if structural is not None:
        return structural
    fact = pack.facts[name]
    return Column(
        name,
        fact.type,
        unit=fact.unit,
        scale=pack.currency.exponent if fact.type == "money" else fact.scale,
        values=tuple(fact.values),
        minimum=fact.min,
        maximum=fact.max,
        sensitivity=fact.sensitivity,
    )


def _parts(households: list[Path], members: list[Path]) -> Iterator[PartEntry]:
    first = 0
    for part, (file, people) in enumerate(zip(households, members, strict=True)):
        areas = pq.ParquetFile(file).read(columns=["area_code"]).column("area_code")
        yield PartEntry(
            part=part,
            first_area=areas[0].as_py(),
            last_area=areas[-1].as_py(),
            first_household=first,
            households=len(areas),
            members=pq.ParquetFile(people).metadata.num_rows,
        )
        first += len(areas)
