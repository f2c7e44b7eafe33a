"""Is a snapshot whole, unchanged and what its manifest says? Every row is read once, in constant memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tuopin.tables.areas import Areas
from tuopin.tables.content import BLOCK_ROWS, ContentHash
from tuopin.tables.layout import part_file, table_files
from tuopin.tables.manifest import FILE, CoverageEntry, Manifest, TableEntry, hash_of
from tuopin.tables.rows import RowCheck, plain_batch
from tuopin.tables.schema import PARTED, arrow_schema, table_named
from tuopin.terms import DataError, Place, Problem

_AGAIN = "Make the snapshot again from its sources."
_DAMAGED = "The file is damaged or cut off: it cannot be read as Parquet."
_OTHER_COLUMNS = "The columns are not those of the manifest"


def verify(folder: Path, manifest: Manifest) -> list[Problem]:
    """Every way in which the folder is not what its manifest says; an empty list where it is."""
    problems = [*_files(folder, manifest)]
    for name, entry in manifest.tables.items():
        problems += _table(folder, name, entry, parts=len(manifest.parts))
    if problems:
        return problems
    return [*_heading(manifest), *_parts(folder, manifest), *_areas(folder, manifest)]


def glance(folder: Path, manifest: Manifest) -> list[Problem]:
    """What can be seen of `verify` without reading a row: the manifest itself, and what each file says of itself."""
    if problems := [*_heading(manifest), *_parts_add_up(manifest)]:
        return problems
    for name, entry in manifest.tables.items():
        for file, rows in zip(table_files(folder, name, len(manifest.parts)), _rows_of(manifest, name), strict=True):
            problems += _footer(file, name, entry, rows)
    return problems


def _rows_of(manifest: Manifest, table: str) -> list[int | None]:
    """How many rows each file of a table must have; None where the manifest does not say."""
    if table == "households":
        return [part.households for part in manifest.parts]
    if table == "members":
        return [part.members for part in manifest.parts]
    return [None for _ in manifest.parts] if table in PARTED else [manifest.rows(table)]


def _footer(file: Path, table: str, entry: TableEntry, rows: int | None) -> Iterator[Problem]:
    place = Place(file=str(file), table=table)
    try:
        found = pq.read_metadata(file)
        schema = found.schema.to_arrow_schema()
    except (pa.ArrowException, OSError):
        yield Problem(_DAMAGED, place, fix=_AGAIN)
        return
    try:
        plain_batch(pa.RecordBatch.from_pylist([], schema=schema), arrow_schema(entry.declared))
    except TypeError as error:
        yield Problem(f"{_OTHER_COLUMNS}: {error}.", place, fix=_AGAIN)
        return
    if rows is not None and found.num_rows != rows:
        what = f"The file has {found.num_rows:,} rows; the manifest counts {rows:,}."
        yield Problem(what, place, "It is of another snapshot, or rows were lost.", _AGAIN)


def _files(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    known = {folder / FILE}
    for table in manifest.tables:
        known.update(table_files(folder, table, len(manifest.parts)))
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path not in known):
        what = "This file is in the folder, but the manifest does not know it."
        yield Problem(
            what,
            Place(file=str(file)),
            "A snapshot holds what its manifest declares, and nothing else.",
            "Move the file away.",
        )


def _table(folder: Path, name: str, entry: TableEntry, *, parts: int) -> list[Problem]:
    check = RowCheck(table=table_named(name), columns=entry.declared)
    content = ContentHash(entry.declared)
    for file in table_files(folder, name, parts):
        try:
            for batch in read_batches(file):
                content.add(check.add(batch))
        except DataError as error:
            return error.problems
        except TypeError as error:
            return [Problem(f"{_OTHER_COLUMNS}: {error}.", Place(file=str(file), table=name), fix=_AGAIN)]
    where = str(folder / name.replace("register:", "registers/"))
    found = [replace(problem, place=replace(problem.place, file=where)) for problem in check.problems()]
    if check.rows != entry.rows:
        what = f"Table {name} has {check.rows:,} rows; the manifest counts {entry.rows:,}."
        found.append(Problem(what, Place(file=where, table=name), fix=_AGAIN))
    elif content.hexdigest() != entry.content_hash:
        what = f"The rows of table {name} are not those that were written: the content hash differs."
        found.append(Problem(what, Place(file=where, table=name), "A value was changed, or a row moved.", _AGAIN))
    for column in entry.columns:
        if (unknown := check.unknown[column.name]) != column.unknown:
            what = f"{unknown:,} values are unknown; the manifest counts {column.unknown:,}."
            why = "A rule would take an unknown for an answer."
            found.append(Problem(what, Place(file=where, table=name, column=column.name), why, _AGAIN))
    return found


def read_batches(file: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file, in order, a block at a time.

    Raises:
        DataError: the file is missing, cut off or damaged.
    """
    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=BLOCK_ROWS):
                batch.validate(full=True)
                yield batch
    except FileNotFoundError:
        raise DataError(Problem("The file is missing.", Place(file=str(file)), fix=_AGAIN)) from None
    except (pa.ArrowException, OSError):
        raise DataError(Problem(_DAMAGED, Place(file=str(file)), fix=_AGAIN)) from None


def read_table(file: Path) -> pa.Table:
    """A small Parquet file whole.

    Raises:
        DataError: the file is missing, cut off or damaged.
    """
    batches = list(read_batches(file))
    return pa.Table.from_batches(batches, schema=batches[0].schema if batches else pq.read_schema(file))


def _heading(manifest: Manifest) -> Iterator[Problem]:
    if hash_of(manifest, manifest.tables) != manifest.content_hash:
        what = "The manifest was changed after it was written: its content hash does not fit."
        yield Problem(what, Place(file=FILE), "Dates, currency, tiers and coverage change what the rows mean.", _AGAIN)
    for table in ("households", "areas"):
        if table not in manifest.tables:
            yield Problem(f"The snapshot has no table {table}.", Place(file=FILE), fix=_AGAIN)
    for name, entry in manifest.tables.items():
        for column in (c for c in table_named(name).structural if c.required):
            if column.name not in {other.name for other in entry.columns}:
                yield Problem(f"Table {name} has no column {column.name}.", Place(file=FILE, table=name), fix=_AGAIN)
    households = {column.name for column in manifest.columns("households")}
    if (manifest.kind == "survey") != ("weight" in households):
        yield Problem("A survey has weights, and only a survey does.", Place(file=FILE, table="households"), fix=_AGAIN)


@dataclass
class _Households:
    """What the other tables of a part must agree with."""

    first: int
    count: int = 0
    areas: list[str] = field(default_factory=list)
    last: tuple[str, str] = ("", "")


def _parts(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    first, last_area = 0, ""
    yield from _parts_add_up(manifest)
    for part in manifest.parts:
        file = part_file(folder, "households", part.part)
        seen = _Households(first)
        yield from _household_order(file, seen)
        ends = (seen.areas[0], seen.areas[-1]) if seen.areas else ("", "")
        if (seen.first, seen.count, *ends) != (part.first_household, part.households, part.first_area, part.last_area):
            what = f"Part {part.part} is not the span of households and areas that the manifest says."
            yield Problem(what, Place(file=str(file)), fix=_AGAIN)
        if seen.areas and seen.areas[0] <= last_area:
            what = f"Area {seen.areas[0]} lies in two parts, or the parts are out of order."
            yield Problem(what, Place(file=str(file)), "Each part holds whole areas.", _AGAIN)
        for table in [table for table in PARTED[1:] if table in manifest.tables]:
            yield from _belongs(part_file(folder, table, part.part), table, seen)
        first, last_area = seen.first + seen.count, seen.areas[-1] if seen.areas else last_area


def _parts_add_up(manifest: Manifest) -> Iterator[Problem]:
    if sum(part.households for part in manifest.parts) != manifest.rows("households"):
        yield Problem("The parts do not add up to the households.", Place(file=FILE), fix=_AGAIN)


def _household_order(file: Path, seen: _Households) -> Iterator[Problem]:
    """Read one part's households: numbered densely, sorted by area and id."""
    for batch in read_batches(file):
        numbers = batch.column("household_no").to_numpy()
        keys = list(zip(batch.column("area_code").to_pylist(), batch.column("household_id").to_pylist(), strict=True))
        start = seen.first + seen.count
        if not np.array_equal(numbers, np.arange(start, start + len(numbers))):
            yield Problem("household_no does not count the households one by one.", Place(file=str(file)), fix=_AGAIN)
        if any(after <= before for before, after in zip([seen.last, *keys], keys, strict=False)):
            yield Problem(
                "Households are not sorted by area and id, or one stands twice.", Place(file=str(file)), fix=_AGAIN
            )
        areas = pc.unique(batch.column("area_code")).to_pylist()
        seen.areas += areas[1:] if seen.areas and areas and seen.areas[-1] == areas[0] else areas
        seen.count += len(keys)
        seen.last = keys[-1] if keys else seen.last


def _belongs(file: Path, table: str, seen: _Households) -> Iterator[Problem]:
    """Rows of a part belong to its households; a member table has somebody for every household."""
    met = np.zeros(seen.count, dtype=bool)
    for batch in read_batches(file):
        numbers = batch.column("household_no").to_numpy() - seen.first
        inside = (numbers >= 0) & (numbers < seen.count)
        if not inside.all():
            yield Problem(
                f"{table} has rows of households that are not in this part.", Place(file=str(file)), fix=_AGAIN
            )
        met[numbers[inside]] = True
    if table == "members" and not met.all():
        what = (
            f"{int((~met).sum()):,} households have no member (first: household_no {seen.first + int(met.argmin())})."
        )
        yield Problem(
            what,
            Place(file=str(file)),
            "A member table that omits a listed household would count nobody in it.",
            _AGAIN,
        )


def _areas(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    (file,) = table_files(folder, "areas", 0)
    areas = Areas(rows=pq.ParquetFile(file).read(), tiers=manifest.tiers)
    problems = areas.problems()
    yield from problems
    if problems:
        return
    for part in manifest.parts:
        for batch in read_batches(part_file(folder, "households", part.part)):
            used = pc.unique(batch.column("area_code"))
            for code in used.filter(
                pc.invert(pc.is_in(used, value_set=pa.array(areas.codes, pa.string())))
            ).to_pylist():
                yield Problem(
                    f"Households live in {code}, which is not in the tree of areas.",
                    Place(table="households"),
                    fix=_AGAIN,
                )
    yield from coverage_problems(manifest.coverage, areas, registers=manifest.registers)


def coverage_problems(
    coverage: Iterable[CoverageEntry], areas: Areas, *, registers: Collection[str]
) -> Iterable[Problem]:
    """Coverage that names an unknown register or area, an area twice, or a span without a day."""
    for entry in coverage:
        place = Place(file=FILE, table=f"register:{entry.register_}")
        if entry.register_ not in registers:
            yield Problem(
                f"Coverage is stated for {entry.register_}, but the snapshot has no such register.", place, fix=_AGAIN
            )
        if entry.until and entry.until <= entry.since:
            yield Problem(
                "The coverage ends before it begins.", place, fix="`until` is the first day no longer covered."
            )
        for code in entry.areas:
            if code not in areas.by_code:
                yield Problem(f"Coverage names area {code}, which is not in the tree.", place, fix="Correct the code.")
            elif {above.code for above in areas.above(code)[1:]} & set(entry.areas):
                yield Problem(
                    f"Coverage names area {code} and an area that it lies in.", place, fix="Name the larger one only."
                )
