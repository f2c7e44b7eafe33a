"""What is an opened file of rows, and what does every kind of file refuse?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tuopin.terms import DataError, Place, Problem

BATCH_ROWS = 65_536
MAX_CELL_BYTES = 2**20

Batches = Callable[[Sequence[str]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Source:
    """An opened file of rows.

    Attributes:
        path: the file.
        columns: its columns, in order.
        labels: for a Stata or SPSS column with value labels, the label of each code.
        batches: reads the columns named, in order of rows.
    """

    path: Path
    columns: tuple[str, ...]
    batches: Batches = field(repr=False)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)


def damaged(path: Path, what: str, why: str = "", fix: str = "Get the file again from where it came.") -> DataError:
    """The refusal of a whole file."""
    return DataError(Problem(what, Place(file=str(path)), why, fix))


def small_cells(path: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Pass batches on; refuse a text cell of a megabyte."""
    for batch in batches:
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            longest = pc.max(pc.binary_length(values)).as_py() if _is_text(values.type) else None
            if longest is not None and longest > MAX_CELL_BYTES:
                why = f"The longest has {longest:,} bytes."
                raise damaged(path, f"Column {name} has a cell of more than {MAX_CELL_BYTES // 2**20} MiB.", why)
        yield batch


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))
