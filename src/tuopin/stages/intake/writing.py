"""How do staged rows become the tables of a snapshot: numbered, sorted, and without what was refused?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from tuopin.stages.intake.crosschecks import parsed, quoted
from tuopin.stages.intake.staging import Progress, Staged
from tuopin.stages.intake.tree import Tree
from tuopin.tables import Column, SnapshotWriter, Table, arrow_schema
from tuopin.tables.engines import Engine
from tuopin.tables.schema import HOUSEHOLD_NO

_OPTIONAL = ("weight", "person_key")


class TableWriting:
    """Writes the tables of one snapshot."""

    def __init__(
        self,
        *,
        engine: Engine,
        writer: SnapshotWriter,
        staged: Mapping[str, Staged],
        tables: Mapping[str, Table],
        progress: Progress,
    ) -> None:
        """Take staged tables that were looked across: the engine has them, and `refused`, as views."""
        self._engine = engine
        self._writer = writer
        self._staged = staged
        self._tables = tables
        self._progress = progress

    def write(self, tree: Tree, *, tiers: tuple[str, ...], members_in_order: bool) -> None:
        """Write every table."""
        self._writer.write_areas(tree.rows, tree.columns, tiers=tiers)
        self._households()
        self._engine.view("numbered", self._writer.files("households") or self._nobody())
        if "members" in self._staged:
            self._members(in_order=members_in_order)
        for table, order in (
            ("dwellings", ["household_no"]),
            ("leads", ["household_no", "received_on", "lead"]),
            ("decisions", ["household_no", "decided_on", "known_at", "decision"]),
        ):
            if table in self._staged:
                self._of_households(table, order)
        if "area_decisions" in self._staged:
            self._area_decisions()
        for table in self._staged:
            if table.startswith("register:"):
                self._register(table)

    def _households(self) -> None:
        kept = self._kept("households", ["household_id", "area_code"])
        query = (
            f"SELECT {_names(kept, 'h')} FROM households AS h "
            "LEFT JOIN refused AS r ON r.household_id = h.household_id "
            "WHERE r.household_id IS NULL AND h.household_id IS NOT NULL ORDER BY h.area_code, h.household_id"
        )
        self._write("households", [HOUSEHOLD_NO, *kept], _counted(self._batches(query)))

    def _members(self, *, in_order: bool) -> None:
        kept = self._kept("members", [])
        number = self._column("members", "member_no")
        query = (
            f"SELECT n.household_no, m.number AS member_no{_more(kept, 'm')} FROM members AS m "
            "JOIN numbered AS n ON n.household_id = m.household_id ORDER BY n.household_no, m.number"
        )
        batches = self._batches(query)
        self._write("members", [HOUSEHOLD_NO, number, *kept], _numbered(batches) if in_order else batches)

    def _of_households(self, table: str, order: list[str]) -> None:
        kept = self._kept(table, [])
        query = (
            f"SELECT n.household_no{_more(kept, 't')} FROM {table} AS t "
            f"JOIN numbered AS n ON n.household_id = t.household_id ORDER BY {', '.join(order)}"
        )
        self._write(table, [HOUSEHOLD_NO, *kept], self._batches(query))

    def _area_decisions(self) -> None:
        kept = self._kept("area_decisions", ["area_code"])
        query = (
            f"SELECT {_names(kept, 't')} FROM area_decisions AS t JOIN areas AS a ON a.area_code = t.area_code "
            "WHERE t.ok ORDER BY t.area_code, t.decided_on, t.known_at, t.decision"
        )
        self._write("area_decisions", kept, self._batches(query))

    def _register(self, table: str) -> None:
        kept = self._kept(table, ["person_key"])
        names = _names(kept, "t")
        query = f"SELECT {names} FROM {quoted(table)} AS t WHERE t.person_key IS NOT NULL ORDER BY {names}"
        self._write(table, kept, self._batches(query))

    def _batches(self, query: str) -> Iterator[pa.RecordBatch]:
        return iter(self._engine.batches(parsed(query)))

    def _write(self, table: str, columns: list[Column], batches: Iterator[pa.RecordBatch]) -> None:
        schema = arrow_schema(columns)

        def watched() -> Iterator[pa.RecordBatch]:
            rows = 0
            for batch in batches:
                yield batch.cast(schema)
                rows += batch.num_rows
                self._progress(f"writing {table}", rows)

        self._writer.write(table, columns, watched())

    def _kept(self, table: str, first: list[str]) -> list[Column]:
        """The columns of a staged table that enter the snapshot, the structural ones first."""
        have = self._staged[table].columns
        structural = [*first, *(name for name in _OPTIONAL if name in have and name not in first)]
        facts = [name for name in have if name not in structural]
        declared = [self._tables[table].column(name) for name in [*structural, *facts]]
        return [column for column in declared if column is not None]

    def _column(self, table: str, name: str) -> Column:
        column = self._tables[table].column(name)
        assert column is not None
        return column

    @staticmethod
    def _nobody() -> pa.Table:
        return pa.table({"household_no": pa.array([], pa.int64()), "household_id": pa.array([], pa.string())})


def _names(columns: list[Column], table: str) -> str:
    return ", ".join(f"{table}.{quoted(column.name)}" for column in columns)


def _more(columns: list[Column], table: str) -> str:
    return f", {_names(columns, table)}" if columns else ""


def _counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Number households one by one, in their order."""
    start = 0
    for batch in batches:
        numbers = pa.array(np.arange(start, start + batch.num_rows), pa.int64())
        start += batch.num_rows
        yield pa.RecordBatch.from_arrays([numbers, *batch.columns], names=["household_no", *batch.schema.names])


def _numbered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Number members from 1 in every household, in their order."""
    last, number = -1, 0
    for batch in batches:
        households = batch.column("household_no").to_numpy()
        rows = np.arange(batch.num_rows)
        first = np.concatenate([households[:1] != last, households[1:] != households[:-1]])
        start = np.maximum.accumulate(np.where(first, rows, -1))
        numbers = np.where(start >= 0, rows - start + 1, rows + number + 1)
        if batch.num_rows:
            last, number = int(households[-1]), int(numbers[-1])
        place = batch.schema.get_field_index("member_no")
        yield batch.set_column(place, "member_no", pa.array(numbers, pa.int32()))
