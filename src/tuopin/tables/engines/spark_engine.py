"""How does Spark run our queries? On this machine or a cluster; only queries run, and only over files in their folders.

Workers read the snapshot and the facts; what a query gives comes to this process as Arrow, and this process writes it.
So a cluster needs one folder that all see, no Python on the workers, and nobody but us writes a file.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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

from tuopin.tables.engines.spark_driver import Driver, borrow, wanted
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
        java = self._driver.jvm
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
        text = query if isinstance(query, str) else _written(query)
        with self._plain_words():
            self._parsed(text)
            self._forget(name)
            self._session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {_quoted_name(name)} AS {text}")

    def table(self, name: str, query: str | exp.Expr) -> None:
        """See `Engine.table`."""
        with self._plain_words(), self._frame(query) as frame:
            # Spark finds kept rows by what they were asked for. A mark of their own parts these from every other's, so
            # that rows of a file that was written anew are never taken from what was kept of the old one.
            mark = f"kept {next(self._numbers)}"
            kept = frame.filter(f"'{mark}' = '{mark}'").persist(StorageLevel.MEMORY_AND_DISK)
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
        with self._plain_words(), self._frame(query, parameters) as frame:
            return [tuple(row) for row in frame.collect()]

    def arrow(self, query: str | exp.Expr, parameters: Sequence[object] = ()) -> pa.Table:
        """See `Engine.arrow`."""
        with self._plain_words(), self._frame(query, parameters) as frame:
            found = frame.toArrow()
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
        if not any(map(_is_kept, tree.find_all(exp.CTE))):
            return _written(tree)
        rest, kept = tree.copy(), dict[str, str]()
        for cte in list(filter(_is_kept, rest.args["with_"].expressions)):
            name = f"{cte.alias} {next(self._numbers)}"
            kept[name] = _written(cte.this)
            _point_elsewhere(rest, cte, name)
        return _KeepingText.of(_written(rest), kept)

    def close(self) -> None:
        """See `Engine.close`."""
        with suppress(Py4JError, ConnectionError):  # nothing is kept where Java has ended
            for name in list(self._kept):
                self._forget(name)
        self._driver.give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _frame(self, query: str | exp.Expr, parameters: Sequence[object] = ()) -> Iterator[DataFrame]:
        """What a query gives; its rows are computed by who takes them."""
        text = query if isinstance(query, str) else self.text(query)
        kept = text.kept if isinstance(text, _KeepingText) else {}
        for name, part in kept.items():
            self.table(name, part)
        try:
            plan = self._parsed(text)
            if parameters:
                yield self._session.sql(text, args=list(parameters))
            else:
                made = self._spark.classic.Dataset.ofRows(self._session._jsparkSession, plan)  # noqa: SLF001 - as above
                yield DataFrame(made, self._session)
        finally:
            with suppress(Py4JError, ConnectionError):  # as in close
                for name in kept:
                    self._forget(name)
                    self._session.catalog.dropTempView(name)

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
            translated = _translated(error, self._driver)
            if translated is None:
                raise
            raise translated from error


class _KeepingText(str):
    """SQL that reads some rows more than once: they are computed first and kept under names of their own meanwhile.

    SQL has a word for it, MATERIALIZED, which Spark does not know: it would compute them anew each time.
    """

    __slots__ = ("kept",)
    kept: Mapping[str, str]

    @classmethod
    def of(cls, text: str, kept: Mapping[str, str]) -> Self:
        """A text and the rows that it reads, by name, as queries."""
        new = cls(text)
        new.kept = kept
        return new


def _written(tree: exp.Expr) -> str:
    if any(map(_is_kept, tree.find_all(exp.CTE))):
        tree = tree.copy()
        for cte in tree.find_all(exp.CTE):
            cte.set("materialized", None)
    return tree.sql("spark", identify=True)


def _is_kept(cte: exp.CTE) -> bool:
    return bool(cte.args.get("materialized"))


def _point_elsewhere(tree: exp.Expr, cte: exp.CTE, name: str) -> None:
    """Have a query read a name instead of its own WITH."""
    for table in list(tree.find_all(exp.Table)):
        if table.name == cte.alias and not table.db:
            alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(cte.alias))
            table.replace(exp.Table(this=exp.to_identifier(name, quoted=True), alias=alias))
    with_ = cte.parent
    cte.pop()
    if with_ is not None and not with_.expressions:
        with_.pop()


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


def _translated(error: Exception, driver: Driver) -> TuopinError | None:
    said = str(error)
    if isinstance(error, Py4JNetworkError | ConnectionError) or "OutOfMemoryError" in said:
        why = "" if "OutOfMemoryError" in said + driver.said() else "Spark has ended unexpectedly."
        driver.lost = True
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
