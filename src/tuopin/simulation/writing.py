"""How does a part become rows of a snapshot? Each part is written aside by whoever has time, and read again in order.

A snapshot is written table by table; the country is made part by part. So every part leaves its tables in a scratch
folder, packed small, and the one who writes the snapshot streams them: never more than a block of rows in memory. Only
the books of departments are not in the order of parts: the engine sorts them by key, and spills when they are large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tuopin.simulation.codes import REGISTERS
from tuopin.simulation.departments import books_of, leads_of
from tuopin.simulation.facts import Fact, Truth, area_facts, truth_of
from tuopin.simulation.ids import household_ids
from tuopin.simulation.observation import Books, keys, see, signatures
from tuopin.simulation.state import Flags, Part
from tuopin.simulation.territory import Territory
from tuopin.tables import Column, table_named
from tuopin.tables.engines import Engine

_BLOCK = 65_536
Declared = Mapping[str, Sequence[Column]]


@dataclass(frozen=True)
class Sight:
    """How a year is looked at.

    Attributes:
        declared: the pack's columns, by table.
        errors: whether as an office sees it; else as it is.
        folder: the scratch folder.
    """

    declared: Declared
    errors: bool
    folder: Path


def write_aside(
    part: Part, territory: Territory, year: int, *, no: int, first: int, books: Books, sight: Sight
) -> None:
    """Write the tables of one part into the scratch folder.

    Args:
        part: its truth.
        territory: where it lies.
        year: the year that ends.
        no: of the part.
        first: household_no of its first household.
        books: what was decided of its households.
        sight: as an office sees it or as it is, in which columns, into which folder.
    """
    truth = truth_of(part, territory, year)
    households, members, dwellings = truth.households | signatures(truth, books), truth.members, truth.dwellings
    listed: Flags = np.ones(len(part.members), bool)
    if sight.errors:
        seen = see(truth, books)
        households, members, dwellings, listed = seen.households, seen.members, seen.dwellings, seen.listed
    number = pa.array(first + np.arange(len(part.households)))
    codes = pa.DictionaryArray.from_arrays(pa.array(part.households.village.astype(np.int32)), territory.village_codes)
    tables = {
        "households": {
            "household_no": number,
            "household_id": household_ids(part.households.number),
            "area_code": codes,
            **_facts(households, sight.declared["households"]),
        },
        "members": _members(truth, members, listed, first, sight),
        "dwellings": _housed(truth, {"household_no": number, **_facts(dwellings, sight.declared["dwellings"])}),
    }
    if sight.errors:
        rows, kinds, days = leads_of(truth, books)
        tables["leads"] = {
            "household_no": pa.array(first + rows),
            "lead": kinds.to_arrow(table_named("leads").structural[1]),
            "received_on": pa.array(days),
        }
    for register in REGISTERS:
        persons, facts = books_of(truth, register)
        declared = sight.declared.get(f"register:{register}", ())
        tables[f"register:{register}"] = {"person_key": pa.array(persons), **_facts(facts, declared)}
    for name, columns in tables.items():
        put_aside(pa.table(columns), sight.folder, name, no)


def _housed(truth: Truth, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The rows of those who have a dwelling."""
    mobility = truth.households["mobility"]
    housed = pa.array(np.flatnonzero(mobility.values != mobility.codes.index("no_address")))
    return {name: values.take(housed) for name, values in columns.items()}


def _members(truth: Truth, members: Mapping[str, Fact], listed: Flags, first: int, sight: Sight) -> dict[str, pa.Array]:
    part, seed = truth.now.part, truth.now.territory.seed
    unknown = np.zeros(len(part.members), bool)
    if sight.errors:
        chance = truth.now.calibration.answers.unknown["person_key"]
        unknown = truth.now.always.happens(part.members.number, "no identifier", chance)
    columns = {
        "household_no": pa.array(first + part.rows),
        "member_no": pa.array(part.members.no.astype(np.int32)),
        "person_key": pa.array(keys(part.members.number, seed), mask=unknown),
        **_facts(members, sight.declared["members"]),
    }
    if listed.all():
        return columns
    kept = pa.array(np.flatnonzero(listed))
    return {name: values.take(kept) for name, values in columns.items()}


def _facts(facts: Mapping[str, Fact], declared: Sequence[Column]) -> dict[str, pa.Array]:
    """The facts that the pack declares and that this country knows, in the order of the pack."""
    return {column.name: facts[column.name].to_arrow(column) for column in declared if column.name in facts}


def put_aside(table: pa.Table, folder: Path, name: str, no: int) -> None:
    """Leave the rows of a part in the scratch folder."""
    file = aside(folder, name, no)
    file.parent.mkdir(parents=True, exist_ok=True)
    if name.startswith("register:"):  # the engine reads Parquet
        pq.write_table(table, file, compression="zstd", compression_level=1)
        return
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=_PACKED) as writer:
        writer.write_table(table, max_chunksize=_BLOCK)


_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")


def aside(folder: Path, name: str, no: int) -> Path:
    """Where a part leaves the rows of a table."""
    return folder / name.replace(":", "-") / f"part-{no:05d}"


def columns_of(name: str, declared: Sequence[Column], folder: Path) -> list[Column]:
    """The columns of a table that were written aside: structural ones and the pack's facts."""
    file = aside(folder, name, 0)
    names = set(pq.read_schema(file).names if name.startswith("register:") else _schema(file).names)
    return [column for column in (*table_named(name).structural, *declared) if column.name in names]


def batches_of(name: str, parts: int, folder: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a table in the order of the parts; each part's file is gone once it is read."""
    for no in range(parts):
        file = aside(folder, name, no)
        with pa.OSFile(str(file)) as source, pa.ipc.open_file(source) as reader:
            for block in range(reader.num_record_batches):
                yield reader.get_batch(block)
        file.unlink()


def sorted_books(name: str, parts: int, folder: Path, engine: Engine) -> Iterator[pa.RecordBatch]:
    """The rows of a register in the order of their keys, sorted by the engine within its memory."""
    files = [aside(folder, name, no) for no in range(parts)]
    columns = pq.read_schema(files[0]).names
    order = ", ".join(f'"{column}"' for column in columns)
    engine.view("books", files)
    yield from engine.batches(f"SELECT * FROM books ORDER BY {order}")  # all columns: ties have an order too


def area_table(territory: Territory, year: int, declared: Sequence[Column]) -> tuple[pa.Table, list[Column]]:
    """The areas with their facts, and the columns of both."""
    rows = territory.rows()
    tiers = rows.column("tier").to_pylist()
    columns = {column.name: column for column in declared}
    kept = [column for column in table_named("areas").structural if column.name in rows.column_names]
    for name, (tier, fact) in area_facts(territory, year).items():
        if name not in columns:
            continue
        mine = np.array([other == tier for other in tiers])
        place = np.where(mine, np.cumsum(mine) - 1, 0)
        values = fact.to_arrow(columns[name]).take(pa.array(place, mask=~mine))
        rows = rows.append_column(name, values.dictionary_decode() if fact.codes else values)
        kept.append(columns[name])
    return rows, kept


def _schema(file: Path) -> pa.Schema:
    with pa.OSFile(str(file)) as source, pa.ipc.open_file(source) as reader:
        return reader.schema
