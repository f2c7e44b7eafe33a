"""How does Spark run our queries? On this machine or a cluster; only queries run, and only over files in their folders.

Workers read the snapshot and the facts; what a query gives comes to this process as Arrow, and this process writes it.
So a cluster needs one folder that all see, no Python on the workers, and nobody but us writes a file.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark import StorageLevel
from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema
from sqlglot import exp

from tuopin.tables.engines.spark_driver import borrow, wanted
from tuopin.terms import DataError, Place, Problem, TuopinError, UsageError

_DANGEROUS = ("java_method", "reflect", "try_reflect")
"""Functions of Spark that would call any Java."""


class SparkEngine:
    """A distributed engine: the threads of this machine, or a cluster named by its master."""

    name = "spark"

    def __init__(
        self,
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
        spill: Path | None = None,
        folders: Sequence[Path] | None = None,
        master: str | None = None,
    ) -> None:
        """Open it; see `open_engine`."""
        self._folders = None if folders is None else [Path(folder).resolve() for folder in folders]
        self._kept: dict[str, DataFrame] = {}
        self._numbers = itertools.count()
        self._driver = borrow(wanted(master=master, memory_limit=memory_limit, threads=threads, spill=spill))
        self._session = self._driver.session()
        state = self._session._jsparkSession.sessionState()  # noqa: SLF001 - functions are dropped nowhere else
        self._parser = state.sqlParser()
        java = self._driver.context._gateway.jvm  # type: ignore[union-attr]  # noqa: SLF001 - as above
        self._spark = java.org.apache.spark.sql
        built_in, system = java.scala.Option.apply("builtin"), java.scala.Option.apply("system")
        for function in _DANGEROUS:
            name = self._spark.catalyst.FunctionIdentifier(function, built_in, system)
            assert state.functionRegistry().dropFunction(name)

    def view(self, name: str, source: Path | Sequence[Path] | pa.Table) -> None:
        """See `Engine.view`."""
        if isinstance(source, pa.Table):
            with self._plain_words():
                self._show(name, self._session.createDataFrame(source))
            return
        files = [Path(file) for file in ([source] if isinstance(source, Path) else source)]
        for file in files:
            self._refuse_elsewhere(file)
        columns = _columns(files)
        with self._plain_words():
            reader = self._session.read.schema(from_arrow_schema(columns)).option("__globPaths__", "false")
            self._show(name, reader.parquet(*(f"file:{file.absolute()}" for file in files)))

    def define(self, name: str, query: str | exp.Expr) -> None:
        """See `Engine.define`."""
        text = self._sql(query)
        with self._plain_words():
            self._parsed(text)
            self._forget(name)
            self._session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {_quoted_name(name)} AS {text}")

    def table(self, name: str, query: str | exp.Expr) -> None:
        """See `Engine.table`."""
        with self._plain_words():
            # Spark finds kept rows by what they were asked for. A mark of their own parts these from every other's, so
            # that rows of a file that was written anew are never taken from what was kept of the old one.
            mark = f"kept {next(self._numbers)}"
            kept = self._frame(self._sql(query)).filter(f"'{mark}' = '{mark}'").persist(StorageLevel.MEMORY_AND_DISK)
            kept.count()
            self._show(name, kept)
            self._kept[name.lower()] = kept

    def _show(self, name: str, frame: DataFrame) -> None:
        """One name is one thing: what had it before is gone, whatever it was."""
        self._forget(name)
        frame.createOrReplaceTempView(_quoted_name(name))

    def _forget(self, name: str) -> None:
        kept = self._kept.pop(name.lower(), None)
        if kept is not None:
            kept.unpersist()

    def rows(self, query: str | exp.Expr, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Engine.rows`."""
        with self._plain_words():
            return [tuple(row) for row in self._frame(self._sql(query), parameters).collect()]

    def arrow(self, query: str | exp.Expr, parameters: Sequence[object] = ()) -> pa.Table:
        """See `Engine.arrow`."""
        with self._plain_words():
            found = self._frame(self._sql(query), parameters).toArrow()
        return found.cast(pa.schema([pa.field(field.name, field.type) for field in found.schema]))

    def batches(self, query: str | exp.Expr, *, rows: int = 65_536) -> pa.RecordBatchReader:
        """See `Engine.batches`. Spark hands its rows over whole: they must fit into memory."""
        found = self.arrow(query)
        return pa.RecordBatchReader.from_batches(found.schema, iter(found.to_batches(max_chunksize=rows)))

    def write(self, query: str | exp.Expr, file: Path, *, row_group: int = 122_880) -> int:
        """See `Engine.write`. The rows must fit into memory, as those of a part do."""
        self._refuse_elsewhere(file)
        found = self.arrow(query)
        with self._plain_words():
            pq.write_table(
                found, file, row_group_size=row_group, compression="zstd", compression_level=1, data_page_version="2.0"
            )
        return int(found.num_rows)

    def text(self, tree: exp.Expr) -> str:
        """See `Engine.text`."""
        if any(cte.args.get("materialized") for cte in tree.find_all(exp.CTE)):
            tree = tree.copy()
            for cte in tree.find_all(exp.CTE):
                cte.set("materialized", None)  # Spark has no word for it, and decides itself
        return tree.sql("spark", identify=True)

    def close(self) -> None:
        """See `Engine.close`."""
        for name in list(self._kept):
            self._forget(name)
        self._driver.give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _sql(self, query: str | exp.Expr) -> str:
        return query if isinstance(query, str) else self.text(query)

    def _frame(self, text: str, parameters: Sequence[object] = ()) -> DataFrame:
        plan = self._parsed(text)
        if parameters:
            return self._session.sql(text, args=list(parameters))
        made = self._spark.classic.Dataset.ofRows(self._session._jsparkSession, plan)  # noqa: SLF001 - as above
        return DataFrame(made, self._session)

    def _parsed(self, text: str) -> JavaObject:
        """What Spark reads in a text, which must be a query: no setting, no file written, no name made or unmade."""
        try:
            return self._parser.parsePlan(f"SELECT * FROM (\n{text}\n)").child().child()
        except ParseException:
            self._parser.parsePlan(text)  # a mistake of ours rises as it is
            raise _only_queries() from None

    def _refuse_elsewhere(self, file: Path) -> None:
        if self._folders is not None and not any(file.resolve().is_relative_to(folder) for folder in self._folders):
            raise _elsewhere()

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        """Turn the engine's errors that a user can cause into problems; a mistake of ours in SQL rises as it is."""
        try:
            yield
        except (PySparkException, Py4JError, pa.ArrowException, OSError) as error:
            translated = _translated(error, self._driver.said)
            if translated is None:
                raise
            raise translated from error


def _quoted_name(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("spark")


def _columns(files: Sequence[Path]) -> pa.Schema:
    """The columns of Parquet files, which all have the same: looked at here, so that no damaged file is passed over."""
    found: pa.Schema | None = None
    for file in files:
        if file.name.startswith((".", "_")):
            why = "Spark passes over files whose names begin so."
            raise UsageError(Problem("A file's name begins with a dot or underscore.", Place(str(file)), why))
        try:
            columns = pq.read_schema(file).remove_metadata()
        except FileNotFoundError:
            fix = "Check that the folder was copied whole."
            raise DataError(Problem("A file is missing.", Place(str(file)), fix=fix)) from None
        except (OSError, pa.ArrowException) as error:
            raise _damaged(str(file)) from error
        if found is not None and columns.names != found.names:
            raise _damaged(str(file))
        found = found or columns
    assert found is not None
    return found


def _only_queries() -> DataError:
    why = "Its settings are locked, it makes no names, and it writes nothing outside the folders it may use."
    return DataError(Problem("The engine runs queries, and nothing else.", Place(), why))


def _elsewhere() -> DataError:
    fix = "Keep the files in the folders that were named."
    return DataError(Problem("The query would open a file outside the folders it may use.", Place(), fix=fix))


def _damaged(file: str | None) -> DataError:
    fix = "Run `tuopin snapshot check`, and make the snapshot again from its sources."
    return DataError(Problem("A file is damaged or is not Parquet.", Place(file=file), fix=fix))


_TOO_LARGE = ("ARITHMETIC_OVERFLOW", "CAST_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE", "Overflow")


def _translated(error: Exception, log: Callable[[], str]) -> TuopinError | None:
    said = str(error)
    if isinstance(error, Py4JNetworkError | ConnectionError) or "OutOfMemoryError" in said:
        why = "" if "OutOfMemoryError" in said + log() else "Spark has ended unexpectedly."
        fix = "Give it a larger memory limit, or fewer threads."
        return UsageError(Problem("The memory limit is too small for this work.", Place(), why, fix))
    if "No space left" in said:
        fix = "Make room, or choose another folder for temporary files."
        return UsageError(Problem("The disk is full.", Place(), fix=fix))
    if any(word in said for word in _TOO_LARGE):
        why, fix = "An amount or count grew beyond 64 bits.", "Look for impossible amounts in the data or in the rule."
        return DataError(Problem("A sum is too large to be counted exactly.", Place(), why, fix))
    if isinstance(error, AnalysisException):
        relation = (error.getMessageParameters() or {}).get("relationName", "")
        return _elsewhere() if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND" and "`.`" in relation else None
    if "FILE_NOT_EXIST" in said or "FileNotFoundException" in said:
        fix = "Check that the folder was copied whole, and that every worker sees it under the same path."
        return DataError(Problem("A file is missing.", Place(file=_named(said)), fix=fix))
    if "FAILED_READ_FILE" in said or isinstance(error, pa.ArrowException):
        return _damaged(_named(said))
    return None


def _named(said: str) -> str | None:
    """The file that a message names."""
    found = re.search(r"file:(/[^\s,;]*\.parquet)", said)
    return "/" + found[1].lstrip("/") if found else None
