"""How do rows of a source become rows of ours, one by one, before anybody looks across them?

Each table is read once and written to a private folder, converted and with identifiers already replaced, with the
place of every row (file, row) and whether all of it could be taken (`ok`).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tuopin.stages.intake.convert import Converted, Form, Refusal
from tuopin.stages.intake.rejects import HIDDEN, Rejects
from tuopin.stages.intake.source import Source
from tuopin.stages.intake.words import words_of
from tuopin.terms import DataError, Place, Problem

PLACE = (("file", pa.int16()), ("row", pa.int64()), ("ok", pa.bool_()))
Progress = Callable[[str, int], None]

COMPARED, LISTED = 1_000, 30
"""Columns that a misspelt one is compared with, and columns that a message lists."""


@dataclass(frozen=True)
class StagedColumn:
    """A column to be made.

    Attributes:
        name: its name in the staged table.
        type: its Arrow type.
        reads: the source columns it is made of.
        make: makes it from a batch of the source.
        place: where the mapping asks for it.
        secret: whether it is made of identifiers, which no message shows.
    """

    name: str
    type: pa.DataType
    reads: tuple[str, ...]
    make: Callable[[pa.RecordBatch, Form], Converted]
    place: Place
    secret: bool = False


@dataclass(frozen=True)
class Staged:
    """A table on its way.

    Attributes:
        table: its name in the snapshot.
        file: its staged file.
        columns: the columns it has, each with the source columns that it was made of, for messages.
        sources: names of the source files.
        rows: how many rows it has.
    """

    table: str
    file: Path
    columns: Mapping[str, str]
    sources: tuple[str, ...]
    rows: int


def stage(
    *,
    table: str,
    sources: Sequence[Source],
    columns: Sequence[StagedColumn],
    form: Form,
    folder: Path,
    rejects: Rejects,
    progress: Progress,
) -> Staged:
    """Read a table from its sources.

    Raises:
        DataError: a source lacks a column that the mapping names, or is damaged.
    """
    _refuse_missing(sources, columns)
    schema = pa.schema([*PLACE, *((column.name, column.type) for column in columns)])
    staged = folder / f"{table.replace(':', '-')}.staged.parquet"
    rows = 0
    with pq.ParquetWriter(staged, schema, compression="lz4") as writer:
        for batch in _staged_batches(table, sources, columns, form, rejects):
            writer.write_batch(pa.RecordBatch.from_arrays(batch, schema=schema))
            rows += len(batch[0])
            progress(table, rows)
    made_of = {column.name: " + ".join(column.reads) for column in columns}
    return Staged(table, staged, made_of, tuple(source.path.name for source in sources), rows)


def _staged_batches(
    table: str, sources: Sequence[Source], columns: Sequence[StagedColumn], form: Form, rejects: Rejects
) -> Iterator[list[pa.Array]]:
    for number, source in enumerate(sources):
        source_form = replace(form, labels=source.labels)
        start = 1
        for batch in source.batches(_reads(columns, source)):
            made, refused = _made(columns, batch, source_form)
            rows = np.arange(start, start + batch.num_rows)
            for column, refusal in refused:
                _report(table, source, column, refusal, batch, rows, rejects)
            ok = ~np.logical_or.reduce(
                [np.zeros(batch.num_rows, dtype=bool), *(refusal.rows for _, refusal in refused)]
            )
            yield [pa.array(np.full(batch.num_rows, number), pa.int16()), pa.array(rows), pa.array(ok), *made]
            start += batch.num_rows


def _reads(columns: Sequence[StagedColumn], source: Source) -> list[str]:
    """The source columns needed, each once; at least one, so that rows can be counted."""
    needed = dict.fromkeys(name for column in columns for name in column.reads)
    return list(needed) or [source.columns[0]]


def _made(
    columns: Sequence[StagedColumn], batch: pa.RecordBatch, form: Form
) -> tuple[list[pa.Array], list[tuple[StagedColumn, Refusal]]]:
    made: list[pa.Array] = []
    refused: list[tuple[StagedColumn, Refusal]] = []
    for column in columns:
        try:
            values, refusals = column.make(batch, form)
        except DataError as error:
            raise DataError([replace(problem, place=column.place) for problem in error.problems]) from None
        made.append(values)
        refused += [(column, refusal) for refusal in refusals if refusal.rows.any()]
    return made, refused


def _report(
    table: str,
    source: Source,
    column: StagedColumn,
    refusal: Refusal,
    batch: pa.RecordBatch,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    rejects: Rejects,
) -> None:
    at = np.flatnonzero(refusal.rows)
    if column.secret:
        values = [HIDDEN] * len(at)
    elif refusal.column in batch.schema.names:
        values = pc.fill_null(words_of(batch.column(refusal.column).take(pa.array(at))), "").to_pylist()
    else:
        values = [""] * len(at)
    rejects.add(
        table=table,
        file=source.path.name,
        rows=rows[at].tolist(),
        column=refusal.column,
        values=values,
        reason=refusal.reason,
    )


def _refuse_missing(sources: Sequence[Source], columns: Sequence[StagedColumn]) -> None:
    problems = [problem for source in sources for column in columns for problem in _missing(source, column)]
    if problems:
        raise DataError(problems)


def _missing(source: Source, column: StagedColumn) -> Iterable[Problem]:
    for name in column.reads:
        if name not in source.columns:
            near = difflib.get_close_matches(name, source.columns[:COMPARED], n=1)
            fix = f"Did you mean `{near[0]}`?" if near else f"Its columns: {', '.join(source.columns[:LISTED])}."
            yield Problem(f"{source.path.name} has no column `{name}`.", column.place, fix=fix)
