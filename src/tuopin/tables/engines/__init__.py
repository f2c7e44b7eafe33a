"""Which engine runs our queries? One small seam: views over files, a query, rows out. Engines are named here only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa
from sqlglot import exp

from tuopin.tables.engines.duckdb_engine import DuckDBEngine
from tuopin.terms import Place, Problem, UsageError

Query = str | exp.Expr
"""SQL text in the common subset, or a tree that the engine quotes and writes in its own dialect."""


class Engine(Protocol):
    """Runs queries over Parquet files and Arrow tables. Use it as a context manager.

    A name is one thing: whatever had it before is gone. So no query can read the name that it takes.
    """

    name: str

    def view(self, name: str, source: Path | Sequence[Path] | pa.Table) -> None:
        """Give a name to Parquet files (all with the same columns, in order of rows) or to an Arrow table."""

    def define(self, name: str, query: Query) -> None:
        """Give a name to a query; it runs anew wherever the name is used."""

    def table(self, name: str, query: Query) -> None:
        """Keep the rows of a query in memory under a name, in place of what had it before."""

    def rows(self, query: Query, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query for a few rows, as Python values."""

    def arrow(self, query: Query, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query for a table that fits into memory."""

    def batches(self, query: Query, *, rows: int = 65_536) -> pa.RecordBatchReader:
        """Run a query for a stream of Arrow batches; run no other query until it is read to its end."""

    def write(self, query: Query, file: Path, *, row_group: int = 122_880) -> int:
        """Run a query into a Parquet file and return how many rows it has."""

    def text(self, tree: exp.Expr) -> str:
        """The tree as SQL of this engine."""

    def close(self) -> None:
        """Let go of memory and of files put aside."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def _spark(**asked: object) -> Engine:
    try:
        from tuopin.tables.engines.spark_engine import SparkEngine  # noqa: PLC0415 - nobody needs it who does not ask
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pyspark", "py4j"):
            raise
        fix = "Install tuopin with the extra `spark`: pip install 'tuopin[spark]'."
        raise UsageError(Problem("Spark is not installed.", Place(), fix=fix)) from None
    return SparkEngine(**asked)  # type: ignore[arg-type]


_ENGINES: Mapping[str, Callable[..., Engine]] = {"duckdb": DuckDBEngine, "spark": _spark}
_DISTRIBUTED = frozenset({"spark"})


def open_engine(
    name: str = "duckdb",
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    spill: Path | None = None,
    folders: Sequence[Path] | None = None,
    master: str | None = None,
) -> Engine:
    """Open an engine.

    Args:
        name: which one.
        memory_limit: such as `4GB` or `800MiB`; None: the engine's own choice.
        threads: how many; None: one a core.
        spill: a folder on a disk with room; a folder of the engine's own is made in it and removed on closing. None:
            the system's temporary folder.
        folders: the only folders that a query may read or write; None: any. Name them wherever a query holds text of a
            pack.
        master: where Spark runs, such as `spark://host:7077`; None: on this machine. Other engines have none.

    Raises:
        UsageError: no such engine, or a limit that it does not understand.
    """
    if name not in _ENGINES:
        fix = f"Use one of: {', '.join(sorted(_ENGINES))}."
        raise UsageError(Problem(f"There is no engine named {name}.", Place(), fix=fix))
    if master is not None and name not in _DISTRIBUTED:
        what, why = "Only a distributed engine has a master.", f"{name} runs on this machine alone."
        raise UsageError(Problem(what, Place(), why, "Leave the master out, or choose the engine spark."))
    where = {"master": master} if name in _DISTRIBUTED else {}
    return _ENGINES[name](memory_limit=memory_limit, threads=threads, spill=spill, folders=folders, **where)


__all__ = ["Engine", "Query", "open_engine"]
