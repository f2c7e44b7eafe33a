"""How is a Parquet or Arrow file read, and what of it is refused?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tuopin.stages.intake.mapping import TextFormat
from tuopin.stages.intake.rejects import counted
from tuopin.stages.intake.source import BATCH_ROWS, Source, damaged, small_cells

MAX_AVERAGE_CELL = 1024


def open_parquet(path: Path, form: TextFormat) -> Source:
    """Open a Parquet file; see `open_source`."""
    del form
    with _arrow_errors(path, "Parquet"), pq.ParquetFile(path) as file:
        columns = tuple(file.schema_arrow.names)
    return Source(path, columns, lambda wanted: _parquet_batches(path, wanted))


def _parquet_batches(path: Path, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with _arrow_errors(path, "Parquet"), pq.ParquetFile(path) as file:
        for group in range(file.metadata.num_row_groups):
            _refuse_swollen(path, file.metadata.row_group(group), wanted)
        rows = file.iter_batches(batch_size=BATCH_ROWS, columns=list(wanted))
        yield from small_cells(path, _validated(batch.select(list(wanted)) for batch in rows))


def _refuse_swollen(path: Path, group: pq.RowGroupMetaData, wanted: Sequence[str]) -> None:
    for number in range(group.num_columns):
        column = group.column(number)
        most = max(64 * 2**20, MAX_AVERAGE_CELL * group.num_rows)
        if column.path_in_schema in wanted and column.total_uncompressed_size > most:
            mebibytes = column.total_uncompressed_size / 2**20
            why = f"{counted(group.num_rows, 'row')} unpacked take {mebibytes:,.0f} MiB."
            raise damaged(path, f"Column {column.path_in_schema} has cells that are too large for an answer.", why)


def open_arrow(path: Path, form: TextFormat) -> Source:
    """Open an Arrow IPC (Feather) file or stream; see `open_source`."""
    del form
    with _arrow_errors(path, "Arrow"), pa.memory_map(str(path)) as file:
        columns = tuple(_arrow_reader(file).schema.names)
    return Source(path, columns, lambda wanted: _arrow_batches(path, wanted))


def _arrow_batches(path: Path, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with _arrow_errors(path, "Arrow"), pa.memory_map(str(path)) as file:
        reader = _arrow_reader(file)
        whole = (
            (reader.get_batch(i) for i in range(reader.num_record_batches)) if hasattr(reader, "get_batch") else reader
        )
        chosen = (batch.select(list(wanted)) for batch in whole)
        pieces = (
            piece for batch in chosen for piece in pa.Table.from_batches([batch]).to_batches(max_chunksize=BATCH_ROWS)
        )
        yield from small_cells(path, _validated(pieces))


def _arrow_reader(file: pa.NativeFile) -> Any:  # noqa: ANN401 - a file reader or a stream reader; pyarrow has no types
    try:
        return pa.ipc.open_file(file)
    except pa.ArrowInvalid:
        file.seek(0)
        return pa.ipc.open_stream(file)


def _validated(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        batch.validate(full=True)
        yield batch


@contextmanager
def _arrow_errors(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError):
        raise damaged(path, f"The file is damaged, cut off, or not {kind}.") from None
