"""Where are the households written that would be answered otherwise? In one new file, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from tuopin.policy.compare import MOVED, ToldMoved
from tuopin.tables import Snapshot
from tuopin.tables.placing import placed_whole
from tuopin.terms import Place, Problem, UsageError

WRITERS: dict[str, Callable[..., Any]] = {".csv": pa_csv.CSVWriter, ".parquet": pq.ParquetWriter}
"""What writes a file, by the ending of its name."""


@contextmanager
def households_written_to(file: Path, snapshot: Snapshot) -> Iterator[ToldMoved]:
    """What is told goes into a file, which appears when the block ends without an error.

    Args:
        file: the file to write; its ending says how.
        snapshot: the snapshot that the households are of.

    Raises:
        UsageError: the ending is another, there is something at the path, or it lies in the snapshot.
    """
    _refuse(file, snapshot)
    with placed_whole(file) as unfinished, WRITERS[file.suffix.lower()](unfinished, MOVED) as writer:
        yield writer.write_batch


def _refuse(file: Path, snapshot: Snapshot) -> None:
    place = Place(file=str(file))
    if file.suffix.lower() not in WRITERS:
        what, fix = "The ending of this name says nothing of how to write the file.", "End it with .csv or .parquet."
        raise UsageError(Problem(what, place, fix=fix))
    if file.exists():
        raise UsageError(Problem("There is something at this path already.", place, fix="Choose another name."))
    if file.resolve().is_relative_to(snapshot.path.resolve()):
        why = "A snapshot is never added to: its check would fail for ever."
        raise UsageError(Problem("The file to write lies in the snapshot.", place, why, "Choose another folder."))
