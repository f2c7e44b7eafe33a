"""Do two snapshots say the same? A hash of the rows, not of the files.

Row groups, compression, dictionaries and the order of columns do not change it; any changed value does. Rows are
taken in key order, in blocks of 65,536. A block's digest is the SHA-256 of its columns, by name, in one canonical
form; the table's hash is the SHA-256 of its columns (name, type, scale, unit), its number of rows and the digests of
its blocks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.tables.schema import Column, arrow_schema

BLOCK_ROWS = 65_536


class ContentHash:
    """The hash of a table, fed batch by batch; holds one block in memory."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Hash rows of these columns; their order does not matter, their types do."""
        self._columns = sorted(columns, key=lambda column: column.name)
        self._schema = arrow_schema(columns)
        self._digests = hashlib.sha256()
        self._pending: list[pa.RecordBatch] = []
        self._waiting = 0
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the next rows, in the declared Arrow types."""
        self._pending.append(batch)
        self._waiting += batch.num_rows
        if self._waiting >= BLOCK_ROWS:
            self._digest_whole_blocks()

    def hexdigest(self) -> str:
        """The hash of all rows taken; take no more afterwards."""
        if self._waiting:
            self._digest(self._joined())
        head = [[column.name, column.type, column.scale, column.unit] for column in self._columns]
        return hashlib.sha256(_json([head, self._rows]) + self._digests.digest()).hexdigest()

    def _joined(self) -> pa.Table:
        return pa.Table.from_batches(self._pending, schema=self._schema)

    def _digest_whole_blocks(self) -> None:
        rows = self._joined()
        whole = rows.num_rows - rows.num_rows % BLOCK_ROWS
        for start in range(0, whole, BLOCK_ROWS):
            self._digest(rows.slice(start, BLOCK_ROWS))
        rest = rows.slice(whole)
        self._pending, self._waiting = rest.to_batches(), rest.num_rows

    def _digest(self, block: pa.Table) -> None:
        digest = hashlib.sha256()
        for column in self._columns:
            for piece in _canonical(block.column(column.name).combine_chunks()):
                digest.update(len(piece).to_bytes(8, "little"))
                digest.update(piece)
        self._digests.update(digest.digest())
        self._rows += block.num_rows


def table_hash(columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> str:
    """The content hash of a whole table, read in key order."""
    content = ContentHash(columns)
    for batch in batches:
        content.add(batch)
    return content.hexdigest()


def snapshot_hash(*, tables: Mapping[str, str], meaning: Mapping[str, object]) -> str:
    """The content hash of a snapshot.

    Args:
        tables: content hash of each table, by name.
        meaning: what the manifest says that changes how rows are read: dates, currency, tiers, coverage (JSON values).
    """
    return hashlib.sha256(_json([dict(tables), dict(meaning)])).hexdigest()


def _canonical(values: pa.Array | pa.ChunkedArray) -> Iterable[bytes | memoryview]:
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    yield b"" if not values.null_count else np.packbits(values.is_valid().to_numpy(zero_copy_only=False)).tobytes()
    if values.type == pa.string():
        yield from _canonical_text(pc.fill_null(values, ""))
    else:
        yield _canonical_fixed(values)


def _canonical_text(values: pa.Array) -> Iterable[bytes | memoryview]:
    _, offsets, data = values.buffers()
    ends = (
        np.frombuffer(offsets, dtype="<i4")[values.offset : values.offset + len(values) + 1]
        if len(values)
        else np.zeros(1, "<i4")
    )
    yield np.diff(ends).astype("<i4").tobytes()
    yield memoryview(data)[ends[0] : ends[-1]] if data else b""


def _canonical_fixed(values: pa.Array) -> bytes:
    if values.type == pa.bool_():
        values = pc.cast(values, pa.uint8())
    elif values.type == pa.date32():
        values = values.cast(pa.int32())
    numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
    if numbers.dtype.kind == "f":
        numbers = numbers + 0.0  # -0.0 and 0.0 are one number
    return bytes(numbers.astype(numbers.dtype.newbyteorder("<"), copy=False).tobytes())


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
