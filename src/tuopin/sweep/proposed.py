"""How are proposals written, counted and sealed, in one pass over them? And are those that lie there still the same?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from tuopin.policy import sql
from tuopin.tables import PROPOSALS
from tuopin.tables.content import ContentHash
from tuopin.tables.engines import Engine, Query
from tuopin.tables.schema import arrow_schema
from tuopin.terms import DataError, Place, Problem

INTAKE_FILE = "intake.parquet"
"""What intake proposes."""

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

    def read(self, file: Path) -> None:
        """Count and seal what a finished sweep wrote; holds one batch in memory.

        Raises:
            DataError: the file cannot be read, or holds no proposals.
        """
        try:
            with pq.ParquetFile(file) as stored:
                if {(field.name, field.type) for field in stored.schema_arrow} != {(f.name, f.type) for f in _SCHEMA}:
                    raise DataError(_unusable("This file does not hold proposals.", file))
                for batch in stored.iter_batches(columns=_SCHEMA.names):
                    self._take(batch.cast(_SCHEMA))
        except (OSError, pa.ArrowException):
            raise DataError(_unusable("A file is damaged or is not Parquet.", file)) from None

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


def file_of_tier(tier: str) -> str:
    """The name of the file of what is proposed for the areas of a tier."""
    return f"of-{tier}.parquet"


def proposed_in(folder: Path, tiers: Sequence[str]) -> Proposed:
    """What lies in a folder of proposals, counted, and sealed in the order in which a sweep seals.

    Args:
        folder: `proposals` of a sweep; it need not exist.
        tiers: the tiers of whose areas the sweep asked something, in its order.

    Raises:
        DataError: a file cannot be read, or holds no proposals.
    """
    last = [*map(file_of_tier, tiers), INTAKE_FILE]
    names = sorted(file.name for file in folder.glob("*.parquet"))
    proposed = Proposed()
    for name in [*(name for name in names if name not in last), *(name for name in last if name in names)]:
        proposed.read(folder / name)
    return proposed


def in_order(source: exp.Query | str) -> exp.Select:
    """The columns of PROPOSALS from a table or query, in their order; rows in the order in which they are sealed."""
    rows = sql.table(source) if isinstance(source, str) else source.subquery("found", copy=False)
    columns = {column.name: sql.column(column.name) for column in _COLUMNS}
    return sql.select(columns, rows).order_by("household_id", "area_code", "stage", "kind", "rule", copy=False)


def _unusable(what: str, file: Path) -> Problem:
    return Problem(what, Place(file=str(file)), fix="Run `tuopin sweep` again.")
