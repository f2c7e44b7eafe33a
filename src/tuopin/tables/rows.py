"""Do these rows keep what their table declares? Asked of every batch on its way in and, by a check, on its way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.tables.schema import Column, Table, arrow_schema
from tuopin.terms import Place, Problem

Flags = npt.NDArray[np.bool_]


class RowCheck:
    """Looks at a table batch by batch, in order, and remembers what is wrong with it.

    Attributes:
        rows: rows seen.
        unknown: NULLs seen, by column.
    """

    def __init__(self, *, table: Table, columns: Sequence[Column]) -> None:
        """Check rows of `table` with just these columns, in this order."""
        self.rows = 0
        self.unknown = {column.name: 0 for column in columns}
        self._table = table
        self._columns = list(columns)
        self._schema = arrow_schema(columns)
        self._last: list[Any] | None = None
        self._found: dict[tuple[str, str], tuple[int, int]] = {}

    def add(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Look at the next rows; returns them in the declared Arrow types.

        Raises:
            TypeError: a column is missing, unknown, or of another type: no row of it can be judged.
        """
        batch = plain_batch(batch, self._schema)
        for column in self._columns:
            self._check_column(column, batch.column(column.name))
        self._check_order(batch)
        self.rows += batch.num_rows
        return batch

    def problems(self) -> list[Problem]:
        """One problem for each kind of mistake, with how many rows make it and the first of them."""
        return [
            Problem(
                f"{_counted(count)} {what} (first: row {first + 1}).",
                Place(table=self._table.name, column=column or None, row=first + 1),
            )
            for (column, what), (count, first) in self._found.items()
        ]

    def _check_column(self, column: Column, values: pa.Array) -> None:
        self.unknown[column.name] += values.null_count
        if column.required and values.null_count:
            self._note(column, values.is_null(), "have no value, and every row must have one")
        if column.stored_range:
            self._check_range(column, values, column.stored_range)
        if column.values:
            known = pc.is_in(values, value_set=pa.array(column.values, values.type))
            self._note(column, pc.and_(pc.invert(known), values.is_valid()), "have a code that is not declared")
        if column.type == "month" and len(values):
            self._note(column, pc.not_equal(pc.day(values), 1), "hold a month that is not written as its first day")
        if column.type == "number":
            odd = pc.or_(pc.invert(pc.is_finite(values)), pc.less(values, 0))
            self._note(column, odd, "are below zero, infinite or not a number")

    def _check_range(self, column: Column, values: pa.Array, allowed: tuple[int, int]) -> None:
        found = pc.min_max(values)
        least, most = found["min"].as_py(), found["max"].as_py()
        if least is not None and least < allowed[0]:
            self._note(
                column,
                pc.less(values, allowed[0]),
                f"are below the least possible value, {_natural(column, allowed[0])}",
            )
        if most is not None and most > allowed[1]:
            self._note(
                column,
                pc.greater(values, allowed[1]),
                f"are above the largest possible value, {_natural(column, allowed[1])}",
            )

    def _check_order(self, batch: pa.RecordBatch) -> None:
        keys = [batch.column(name).to_numpy(zero_copy_only=False) for name in self._table.key]
        if not batch.num_rows or any(batch.column(name).null_count for name in self._table.key):
            return
        if self._last is not None:
            keys = [
                np.concatenate([np.array([last], dtype=key.dtype), key])
                for last, key in zip(self._last, keys, strict=True)
            ]
        after, same = self._compare(keys)
        wrong = ~after if self._table.unique else ~(after | same)
        what = f"stand out of order or twice, by {', '.join(self._table.key)}"
        shift = 1 if self._last is None else 0
        self._note(None, np.concatenate([np.zeros(shift, dtype=bool), wrong]), what)
        self._last = [key[-1] for key in keys]

    @staticmethod
    def _compare(keys: list[npt.NDArray[Any]]) -> tuple[Flags, Flags]:
        """For each row after the first: whether its key comes after the one before, and whether it is the same."""
        after = np.zeros(len(keys[0]) - 1, dtype=bool)
        same = ~after
        for key in keys:
            after |= same & (key[1:] > key[:-1])
            same &= key[1:] == key[:-1]
        return after, same

    def _note(self, column: Column | None, wrong: pa.Array | Flags, what: str) -> None:
        flags = wrong if isinstance(wrong, np.ndarray) else pc.fill_null(wrong, False).to_numpy(zero_copy_only=False)
        count = int(flags.sum())
        if not count:
            return
        name = column.name if column else ""
        before, first = self._found.get((name, what), (0, self.rows + int(flags.argmax())))
        self._found[(name, what)] = (before + count, first)


def plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same rows in the declared columns and types, whatever way of packing text a file uses.

    Raises:
        TypeError: a column is missing or undeclared, or holds another type of value.
    """
    names = batch.schema.names
    missing = [name for name in schema.names if name not in names]
    undeclared = [name for name in names if name not in schema.names]
    if missing or undeclared or len(set(names)) != len(names):
        raise TypeError(
            f"missing columns: {', '.join(missing) or 'none'}; undeclared or doubled: {', '.join(undeclared) or 'none'}"
        )
    return pa.RecordBatch.from_arrays([_plain(batch.column(field.name), field) for field in schema], schema=schema)


def _plain(values: pa.Array, field: pa.Field) -> pa.Array:
    if values.type == field.type:
        return values
    if pa.types.is_dictionary(values.type):
        return _plain(values.dictionary_decode(), field)
    if field.type == pa.string() and (pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type)):
        return pc.cast(values, field.type)
    raise TypeError(f"column {field.name} holds {values.type}, not {field.type}")


def _counted(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _natural(column: Column, stored: int) -> str:
    text = f"{stored / 10**column.scale:,.{column.scale}f}" if column.scale else f"{stored:,}"
    return f"{text} {column.unit}" if column.unit else text
