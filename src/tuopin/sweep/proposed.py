"""How are proposals written, counted and sealed, in one pass over them?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from tuopin.policy import sql
from tuopin.tables import PROPOSALS
from tuopin.tables.content import ContentHash
from tuopin.tables.engines import Engine, Query
from tuopin.tables.schema import arrow_schema

_COLUMNS = PROPOSALS.structural
_SCHEMA = arrow_schema(_COLUMNS)


class Proposed:
    """The proposals of a sweep, file by file.

    Attributes:
        kinds: how many there are, by stage and kind.
    """

    def __init__(self) -> None:
        self.kinds: dict[str, dict[str, int]] = {}
        self._content = ContentHash(list(_COLUMNS))

    def write(self, engine: Engine, query: Query, file: Path) -> None:
        """Write the rows of a query made by `in_order`."""
        with pq.ParquetWriter(file, _SCHEMA, compression="zstd", compression_level=1) as writer:
            for found in engine.batches(query):
                batch = found.cast(_SCHEMA)
                writer.write_batch(batch)
                self._take(batch)

    def take(self, file: Path) -> bool:
        """Count and seal what an earlier run wrote; False if the file cannot be used, and then none of it counts."""
        try:
            with pq.ParquetFile(file) as stored:
                found = stored.read()
        except (OSError, pa.ArrowException):
            return False
        if not found.schema.equals(_SCHEMA):
            return False
        for batch in found.to_batches():
            self._take(batch)
        return True

    def content_hash(self) -> str:
        """The hash of all proposals written; write no more afterwards."""
        return self._content.hexdigest()

    def _take(self, batch: pa.RecordBatch) -> None:
        self._content.add(batch)
        self._count(batch)

    def _count(self, batch: pa.RecordBatch) -> None:
        kinds = pa.table(batch).group_by(["stage", "kind"]).aggregate([([], "count_all")])
        for row in kinds.sort_by([("stage", "ascending"), ("kind", "ascending")]).to_pylist():
            self.add(row["stage"], row["kind"], row["count_all"])

    def add(self, stage: str, kind: str, many: int) -> None:
        """Count proposals."""
        kinds = self.kinds.setdefault(stage, {})
        kinds[kind] = kinds.get(kind, 0) + many


def in_order(source: exp.Query | str) -> exp.Select:
    """The columns of PROPOSALS from a table or query, in their order; rows in the order in which they are sealed."""
    rows = sql.table(source) if isinstance(source, str) else source.subquery("found", copy=False)
    columns = {column.name: sql.column(column.name) for column in _COLUMNS}
    return sql.select(columns, rows).order_by("household_id", "area_code", "stage", "kind", "rule", copy=False)
