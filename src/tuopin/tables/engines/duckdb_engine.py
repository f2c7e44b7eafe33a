"""How does DuckDB run our queries? Locked down: no extensions, no settings changed later, only the folders named."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
from sqlglot import exp

from tuopin.tables.engines.limits import bytes_of
from tuopin.terms import DataError, Place, Problem, TuopinError, UsageError

_SETTINGS: dict[str, str | bool] = {
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": False,
    "python_enable_replacements": False,
}


class DuckDBEngine:
    """An embedded engine: one process, one machine, spills to disk."""

    name = "duckdb"

    def __init__(
        self,
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
        spill: Path | None = None,
        folders: Sequence[Path] | None = None,
    ) -> None:
        """Open it; see `open_engine`."""
        if memory_limit is not None:
            bytes_of(memory_limit)
        self._spill = tempfile.TemporaryDirectory(prefix="tuopin-", dir=spill)
        self._named: dict[str, str] = {}
        try:
            self._connection = duckdb.connect(":memory:", config=dict(_SETTINGS))
            self._connection.execute("SET enable_progress_bar = false")
            self._set("temp_directory", self._spill.name)
            if memory_limit is not None:
                self._set("memory_limit", memory_limit)
            if threads is not None:
                self._set("threads", threads)
            self._lock(folders)
        except duckdb.Error as error:
            self._spill.cleanup()
            fix = "Write memory like 4GB or 800MiB, and threads as a number from 1."
            raise UsageError(
                Problem("The engine cannot be opened with these limits.", Place(), _first_line(error), fix)
            ) from None

    def view(self, name: str, source: Path | Sequence[Path] | pa.Table) -> None:
        """See `Engine.view`."""
        if isinstance(source, pa.Table):
            with _plain_words():
                self._forget(name)
                self._connection.register(name, source)
                self._named[name.lower()] = "ARROW"
            return
        files = ", ".join(_literal(file) for file in ([source] if isinstance(source, Path) else source))
        self._name(name, "VIEW", f"SELECT * FROM read_parquet([{files}], hive_partitioning = false)")

    def define(self, name: str, query: str | exp.Expr) -> None:
        """See `Engine.define`."""
        self._name(name, "VIEW", self._sql(query))

    def table(self, name: str, query: str | exp.Expr) -> None:
        """See `Engine.table`."""
        self._name(name, "TABLE", self._sql(query))

    def _name(self, name: str, kind: str, query: str) -> None:
        """One name is one thing: what had it before is gone, whatever it was."""
        with _plain_words():
            if self._named.get(name.lower()) != kind:
                self._forget(name)
            self._connection.execute(f"CREATE OR REPLACE TEMP {kind} {_quoted_name(name)} AS {query}")
            self._named[name.lower()] = kind

    def _forget(self, name: str) -> None:
        kind = self._named.pop(name.lower(), None)
        if kind == "ARROW":
            self._connection.unregister(name)
        elif kind:
            self._connection.execute(f"DROP {kind} IF EXISTS {_quoted_name(name)}")

    def rows(self, query: str | exp.Expr, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Engine.rows`."""
        with _plain_words():
            return self._connection.execute(self._sql(query), list(parameters)).fetchall()

    def arrow(self, query: str | exp.Expr, parameters: Sequence[object] = ()) -> pa.Table:
        """See `Engine.arrow`."""
        with _plain_words():
            return self._connection.sql(self._sql(query), params=list(parameters)).to_arrow_table()

    def batches(self, query: str | exp.Expr, *, rows: int = 65_536) -> pa.RecordBatchReader:
        """See `Engine.batches`."""
        with _plain_words():
            reader = self._connection.sql(self._sql(query)).to_arrow_reader(rows)
        return pa.RecordBatchReader.from_batches(reader.schema, _guarded(reader))

    def write(self, query: str | exp.Expr, file: Path, *, row_group: int = 122_880) -> int:
        """See `Engine.write`."""
        form = f"FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {row_group}"
        with _plain_words():
            done = self._connection.execute(f"COPY ({self._sql(query)}) TO {_literal(file)} ({form})")
            return int(done.fetchall()[0][0])

    def text(self, tree: exp.Expr) -> str:
        """See `Engine.text`."""
        return tree.sql("duckdb", identify=True)

    def close(self) -> None:
        """See `Engine.close`."""
        self._connection.close()
        self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _set(self, setting: str, value: str | int) -> None:
        self._connection.execute(f"SET {setting} = {_literal(value)}")

    def _lock(self, folders: Sequence[Path] | None) -> None:
        if folders is not None:
            allowed = ", ".join(_literal(Path(folder).absolute()) for folder in folders)
            self._connection.execute(f"SET allowed_directories = [{allowed}]")
            self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def _sql(self, query: str | exp.Expr) -> str:
        return query if isinstance(query, str) else self.text(query)


def _quoted_name(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")


def _literal(value: str | int | Path) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _guarded(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    with _plain_words():
        yield from reader


@contextmanager
def _plain_words() -> Iterator[None]:
    """Turn the engine's errors that a user can cause into problems; a mistake of ours in SQL rises as it is."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        translated = _translated(error)
        if translated is None:
            raise
        raise translated from error


def _translated(error: Exception) -> TuopinError | None:
    said = str(error)
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in said:
        fix = "Give it a larger memory limit, fewer threads, or a disk with more room to spill."
        return UsageError(Problem("The memory limit is too small for this work.", Place(), fix=fix))
    if isinstance(error, duckdb.PermissionException):
        fix = "Keep the files in the folders that were named."
        return DataError(Problem("The query would open a file outside the folders it may use.", Place(), fix=fix))
    if "No space left" in said:
        fix = "Make room, or choose another folder for temporary files."
        return UsageError(Problem("The disk is full.", Place(), fix=fix))
    if isinstance(error, duckdb.OutOfRangeException) or "Overflow" in said:
        why, fix = "An amount or count grew beyond 64 bits.", "Look for impossible amounts in the data or in the rule."
        return DataError(Problem("A sum is too large to be counted exactly.", Place(), why, fix))
    if isinstance(error, duckdb.IOException) and "No files found" in said:
        return DataError(
            Problem("A file is missing.", Place(file=_quoted(said)), fix="Check that the folder was copied whole.")
        )
    if _is_damaged(error, said):
        fix = "Run `tuopin snapshot check`, and make the snapshot again from its sources."
        return DataError(Problem("A file is damaged or is not Parquet.", Place(file=_quoted(said)), fix=fix))
    return None


_DAMAGE = (
    "magic bytes",
    "too small to be a Parquet",
    "corrupt",
    "Failed to read",
    "Could not read enough bytes",
    "ZSTD",
    "Snappy",
    "Thrift",
    "Invalid page",
    "parquet file",
)


def _is_damaged(error: Exception, said: str) -> bool:
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return False
    if type(error) is duckdb.Error:  # of no kind of its own: what reads a page of Parquet could make nothing of it
        return True
    return any(word.lower() in said.lower() for word in _DAMAGE)


def _quoted(said: str) -> str | None:
    """The file that a message names in quotes."""
    for mark in ('"', "'"):
        pieces = said.split(mark)
        for piece in pieces[1::2]:
            if piece.endswith(".parquet"):
                return piece
    return None


def _first_line(error: Exception) -> str:
    line = str(error).splitlines()[0] if str(error) else ""
    return line if line.endswith((".", "!")) else f"{line}."
