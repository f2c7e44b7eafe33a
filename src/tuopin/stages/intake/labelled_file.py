"""How is a Stata or SPSS file read, with its value labels, and what of it is refused?"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from tuopin.stages.intake.mapping import TextFormat
from tuopin.stages.intake.source import BATCH_ROWS, Source, damaged, small_cells
from tuopin.terms import Place, Problem, UsageError


def open_stata(path: Path, form: TextFormat) -> Source:
    """Open a Stata file; see `open_source`."""
    return _open_labelled(path, form, "read_dta")


def open_spss(path: Path, form: TextFormat) -> Source:
    """Open an SPSS file; see `open_source`."""
    return _open_labelled(path, form, "read_por" if path.name.lower().endswith(".por") else "read_sav")


def _open_labelled(path: Path, form: TextFormat, function: str) -> Source:
    read = _labelled_reader(path, form, function)
    _, meta = read(metadataonly=True)
    labels = {
        column: {_code_text(code): str(label) for code, label in known.items()}
        for column, known in meta.variable_value_labels.items()
    }
    return Source(path, tuple(meta.column_names), lambda wanted: _labelled_batches(path, read, wanted), labels)


def _labelled_reader(path: Path, form: TextFormat, function: str) -> Callable[..., tuple[Any, Any]]:
    try:
        pyreadstat = importlib.import_module("pyreadstat")
    except ImportError:
        fix = "Install it with `pip install tuopin[stata]`."
        raise UsageError(
            Problem("Stata and SPSS files need the package pyreadstat.", Place(file=str(path)), fix=fix)
        ) from None
    more = {} if form.encoding is None else {"encoding": form.encoding}

    def read(**options: object) -> tuple[Any, Any]:
        try:
            found = getattr(pyreadstat, function)(str(path), output_format="dict", **more, **options)
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeError, OverflowError):
            raise damaged(path, "The file is damaged, cut off, or not of the kind that its name says.") from None
        return cast("tuple[Any, Any]", found)

    return read


def _labelled_batches(
    path: Path, read: Callable[..., tuple[Any, Any]], wanted: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    offset = 0
    while True:
        rows, _ = read(row_offset=offset, row_limit=BATCH_ROWS, usecols=list(wanted))
        count = len(rows[wanted[0]])
        if not count:
            return
        arrays = [_labelled_array(path, name, rows[name]) for name in wanted]
        yield from small_cells(path, iter([pa.RecordBatch.from_arrays(arrays, names=list(wanted))]))
        offset += count


def _labelled_array(path: Path, name: str, values: Sequence[object]) -> pa.Array:
    try:
        return pa.array(values, from_pandas=True)  # in these files NaN is how "no answer" is stored
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise damaged(
            path, f"Column {name} mixes kinds of values.", "A code and a word cannot be told apart."
        ) from None


def _code_text(code: object) -> str:
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)
