"""Which columns does each staged table get? What names its rows, where they live, and the facts mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.stages.intake.agreement import FactPlan
from tuopin.stages.intake.convert import Converted, Form, Refusal, convert
from tuopin.stages.intake.dates import ages_in_years
from tuopin.stages.intake.mapping import AreaLevels, FactMapping, OneFact
from tuopin.stages.intake.pseudonyms import Pseudonyms, joined
from tuopin.stages.intake.staging import StagedColumn
from tuopin.stages.intake.tree import level_keys
from tuopin.stages.intake.words import words_of
from tuopin.tables import Column
from tuopin.tables.areas import MAX_CODE
from tuopin.terms import Place

MAX_ID = 64
_EXACT_BELOW = 2.0**53


def fact_columns(plans: Sequence[FactPlan], *, as_of: date) -> list[StagedColumn]:
    """The facts of a table; `age` comes from `birth_month` where only that was asked."""
    columns = [_fact_column(plan, as_of) for plan in plans]
    by_name = {plan.column.name: plan for plan in plans}
    if "birth_month" in by_name and "age" not in by_name:
        columns.append(_age_column(by_name["birth_month"], as_of))
    return columns


def _fact_column(plan: FactPlan, as_of: date) -> StagedColumn:
    def make(batch: pa.RecordBatch, form: Form) -> Converted:
        made = convert(plan.column, plan.how, batch, form)
        if plan.column.required:
            made = _never_empty(made, plan)
        return _born_before(made, plan, as_of) if plan.column.name == "birth_month" else made

    return StagedColumn(plan.column.name, plan.column.arrow, plan.how.columns_read, make, plan.place)


def _never_empty(made: Converted, plan: FactPlan) -> Converted:
    empty = _flags(made.values.is_null())
    for refusal in made.refusals:
        empty &= ~refusal.rows
    column = plan.how.columns[0] if plan.how.columns else ""
    return Converted(made.values, [*made.refusals, Refusal(column, empty, "is empty, and every row must have it")])


def _born_before(made: Converted, plan: FactPlan, as_of: date) -> Converted:
    later = pc.fill_null(pc.greater(made.values, pa.scalar(as_of)), False).to_numpy(zero_copy_only=False)
    refusal = Refusal(
        plan.how.columns[0] if plan.how.columns else "", later, f"lies after the day of the register, {as_of}"
    )
    return Converted(made.values, [*made.refusals, refusal])


def _age_column(plan: FactPlan, as_of: date) -> StagedColumn:
    def make(batch: pa.RecordBatch, form: Form) -> Converted:
        born = convert(plan.column, plan.how, batch, form).values
        years = ages_in_years(born, year=as_of.year, month=as_of.month)
        possible = born.is_valid().to_numpy(zero_copy_only=False) & (years >= 0)
        return Converted(pa.array(years, pa.int64(), mask=~possible), [])

    return StagedColumn("age", pa.int64(), plan.how.columns_read, make, plan.place)


def number_column(name: str, source: str, *, column: Column, place: Place) -> StagedColumn:
    """A structural number that every row must have: a member's number, or what puts members in order."""

    def make(batch: pa.RecordBatch, form: Form) -> Converted:
        made = convert(column, FactMapping(column=source), batch, form)
        return Converted(made.values, [*made.refusals, Refusal(source, _empty(batch, source, form), "is empty")])

    return StagedColumn(name, column.arrow, (source,), make, place)


def weight_column(how: OneFact, *, place: Place) -> StagedColumn:
    """The survey weight of a household."""
    return structural_column(Column("weight", "number"), how, place=place)


def household_column(columns: Sequence[str], *, pseudonyms: Pseudonyms | None, place: Place) -> StagedColumn:
    """What names a household: its kept id, or its pseudonym."""

    def make(batch: pa.RecordBatch, form: Form) -> Converted:
        words = joined([words_of(batch.column(name), unknown=form.unknown) for name in columns])
        named = pseudonyms.households(words) if pseudonyms else words
        refusals = _unusable(columns, batch, named, "names no household: it is empty")
        if pseudonyms:
            return Converted(named, refusals)
        too_long = _flags(pc.greater(pc.utf8_length(words), MAX_ID))
        return Converted(words, [*refusals, Refusal(columns[0], too_long, f"is longer than {MAX_ID} characters")])

    return StagedColumn("household_id", pa.string(), tuple(columns), make, place, secret=True)


def person_column(columns: Sequence[str], *, pseudonyms: Pseudonyms, required: bool, place: Place) -> StagedColumn:
    """The keyed hash of a person; only a foreign register's row must have one."""

    def make(batch: pa.RecordBatch, form: Form) -> Converted:
        words = joined([words_of(batch.column(name), unknown=form.unknown) for name in columns])
        keys = pseudonyms.persons(words)
        refusals = _unusable(columns, batch, keys, "names no person: it is empty")
        return Converted(keys, refusals if required else refusals[1:])

    return StagedColumn("person_key", pa.int64(), tuple(columns), make, place, secret=True)


def level_columns(levels: AreaLevels, *, place: Callable[[int], Place]) -> list[StagedColumn]:
    """For each tier the code of the household's area, and its name; the last is where the household lives."""
    columns = []
    keys = level_keys(levels)
    above: list[str] = []
    for number, level in enumerate(levels.levels):
        parts = [*above, level.column] if level.within_parent else [level.column]
        columns.append(area_column(keys[number], parts, place=place(number)))
        if level.name:
            name = FactMapping(column=level.name)
            columns.append(text_column(f"level_name_{number}", name, place=place(number)))
        above = parts
    return columns


def area_column(
    name: str, columns: Sequence[str], *, place: Place, why: str = "every household lives in some area"
) -> StagedColumn:
    """The code of an area; `why` it must be there."""

    def make(batch: pa.RecordBatch, form: Form) -> Converted:
        parts = [words_of(batch.column(part), unknown=form.unknown) for part in columns]
        codes = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, ".")
        too_long = _flags(pc.greater(pc.utf8_length(codes), MAX_CODE))
        refusals = [
            Refusal(columns[-1], _flags(codes.is_null()), f"is empty, and {why}"),
            Refusal(columns[-1], too_long, f"is longer than {MAX_CODE} characters"),
        ]
        return Converted(codes, refusals)

    return StagedColumn(name, pa.string(), tuple(columns), make, place)


def text_column(name: str, how: FactMapping, *, codes: Sequence[str] = (), place: Place) -> StagedColumn:
    """A column of text: a name, or where `codes` are given one of them."""
    return structural_column(Column(name, "code", values=tuple(codes)), how, place=place)


def structural_column(column: Column, how: FactMapping, *, place: Place) -> StagedColumn:
    """A column that is no fact of the pack, converted like one."""
    return StagedColumn(
        column.name, column.arrow, how.columns_read, lambda batch, form: convert(column, how, batch, form), place
    )


def _unusable(columns: Sequence[str], batch: pa.RecordBatch, made: pa.Array, empty: str) -> list[Refusal]:
    """Identifiers that are empty, and identifiers that a file stores as rounded numbers."""
    found = [Refusal(columns[0], _flags(made.is_null()), empty)]
    for name in columns:
        values = batch.column(name)
        if pa.types.is_floating(values.type):
            numbers = pc.fill_null(values.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
            rounded = (np.abs(numbers) >= _EXACT_BELOW) | (np.rint(numbers) != numbers)
            found.append(Refusal(name, rounded, "is stored as a rounded number and names nobody for certain"))
    return found


def _empty(batch: pa.RecordBatch, column: str, form: Form) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return _flags(words_of(batch.column(column), unknown=form.unknown).is_null())


def _flags(values: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False))
