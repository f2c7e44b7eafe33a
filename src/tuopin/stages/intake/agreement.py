"""Does a mapping agree with its pack? Every fact exists, belongs there, and has the unit and codes of the pack."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tuopin.policy import Pack
from tuopin.policy.columns import declared_columns
from tuopin.policy.units import Unit
from tuopin.policy.yaml_text import Loc
from tuopin.stages.intake.convert import UNKNOWN, stored_value
from tuopin.stages.intake.mapping import AreaFile, FactMapping, Facts, ReadMapping
from tuopin.stages.intake.mapping import Mapping as MappingFile
from tuopin.tables import Column, Table, table_named
from tuopin.terms import Currency, DataError, Place, Problem

_WITH_TABLES = ("households", "members", "dwellings", "leads", "decisions", "area_decisions")
#: Tables whose every row must say what they are for.
_DATED = ("leads", "decisions", "area_decisions")
#: What names a row's household or area has a key of its own in the mapping.
_NAMED_APART = ("household_no", "area_code")


@dataclass(frozen=True)
class FactPlan:
    """A fact to be read: as declared, as mapped, and where the mapping says so."""

    column: Column
    how: FactMapping
    place: Place


@dataclass(frozen=True)
class Agreement:
    """What a mapping asks for, in the words of the pack.

    Attributes:
        tables: the declared tables, with the pack's facts.
        facts: the facts to read, by table.
        tiers: the pack's tiers of areas, the highest first.
    """

    tables: Mapping[str, Table]
    facts: Mapping[str, tuple[FactPlan, ...]]
    tiers: tuple[str, ...]


def agree(mapping: ReadMapping, pack: Pack) -> Agreement:
    """Hold a mapping against its pack.

    Raises:
        DataError: every way in which the two do not fit, each with its line in the mapping.
    """
    checking = _Checking(mapping, pack)
    facts = {table: tuple(checking.facts(table, mapped, loc)) for table, mapped, loc in _mapped(mapping.model)}
    checking.tiers()
    if checking.problems:
        raise DataError(checking.problems)
    return Agreement(checking.tables, facts, pack.tiers)


def _mapped(model: MappingFile) -> Iterator[tuple[str, Facts, Loc]]:
    """Each table that the mapping fills: its name, its facts, and their path in the file."""
    for name in _WITH_TABLES:
        if (mapped := getattr(model, name)) is not None:
            yield name, mapped.facts, (name, "facts")
    for register, mapped_register in model.registers.items():
        yield f"register:{register}", mapped_register.facts, ("registers", register, "facts")
    yield "areas", model.areas.facts if isinstance(model.areas, AreaFile) else {}, ("areas", "facts")


def declared_tables(pack: Pack, currency: Currency) -> dict[str, Table]:
    """The tables of a snapshot under a pack: core facts, the pack's facts, and derived facts that may be given.

    Args:
        pack: the pack.
        currency: of the snapshot; it takes the place of the pack's in units.
    """
    columns = declared_columns(pack, currency)
    names = (*_WITH_TABLES, "areas", *(f"register:{name}" for name in pack.about.registers))
    ours = pack.about.currency.code
    return {
        name: table_named(name).extended(_in_currency(column, ours, currency.code) for column in columns.get(name, []))
        for name in names
    }


def _in_currency(column: Column, ours: str, theirs: str) -> Column:
    return replace(column, unit=re.sub(rf"\b{ours}\b", theirs, column.unit)) if column.unit else column


class _Checking:
    """Gathers what does not fit, so that an official sees it all at once."""

    def __init__(self, mapping: ReadMapping, pack: Pack) -> None:
        self.problems: list[Problem] = []
        self._mapping = mapping
        self._pack = pack
        currency = mapping.model.currency
        self.tables = declared_tables(pack, Currency(currency.code, currency.exponent))

    def facts(self, table: str, mapped: Facts, loc: Loc) -> Iterator[FactPlan]:
        """The facts of a table, each checked."""
        if table not in self.tables:
            known = ", ".join(self._pack.about.registers) or "none"
            self._note(loc[:-1], f"The pack knows no {table.replace(':', ' ')}.", f"Its registers: {known}.")
            return
        for name, how in mapped.items():
            column = self._column(table, name, (*loc, name))
            if column is not None:
                self._check(column, how, (*loc, name))
                yield FactPlan(column, how, self._mapping.loaded.place((*loc, name)))
        for column in self.tables[table].structural:
            if table in _DATED and column.required and column.name not in {"household_no", "area_code", *mapped}:
                self._note(loc, f"`{column.name}` is missing.", "Every row of this table must have it.")

    def tiers(self) -> None:
        """Tiers that the mapping names must be the pack's, from the top down."""
        areas = self._mapping.model.areas
        if isinstance(areas, AreaFile):
            self._check(Column("tier", "code", values=self._pack.tiers), areas.tier, ("areas", "tier"))
            return
        named = [level.tier for level in areas.levels]
        for number, tier in enumerate(named):
            if tier not in self._pack.tiers:
                self._note(
                    ("areas", "levels", number, "tier"),
                    f"The pack has no tier `{tier}`.",
                    f"Its tiers: {', '.join(self._pack.tiers)}.",
                )
        if set(named) <= set(self._pack.tiers) and named != [tier for tier in self._pack.tiers if tier in named]:
            fix = f"From the top: {', '.join(self._pack.tiers)}."
            self._note(("areas", "levels"), "The levels are not in the order of the pack's tiers.", fix)

    def _column(self, table: str, name: str, loc: Loc) -> Column | None:
        """The declared column of a fact, or None and a problem."""
        declared = self.tables[table].column(name)
        reserved = {column.name for column in table_named(table).structural}
        if declared is not None and (name not in reserved or (table in _DATED and name not in _NAMED_APART)):
            return declared
        elsewhere = [other for other, known in self.tables.items() if other != table and known.column(name)]
        if name in self._pack.derived:
            self._note(loc, f"`{name}` is computed by the pack, not read.", "Map the facts that it is computed from.")
        elif elsewhere and name not in reserved:
            self._note(loc, f"`{name}` is no fact of {table}.", f"Write it under {elsewhere[0].replace(':', ' ')}.")
        else:
            self._note(
                loc, f"`{name}` is no fact of {table} in the pack {self._pack.name}.", self._nearest(table, name)
            )
        return None

    def _nearest(self, table: str, name: str) -> str:
        near = difflib.get_close_matches(name, [column.name for column in self.tables[table].core], n=1)
        return f"Did you mean `{near[0]}`?" if near else "See the pack's facts.yaml."

    def _check(self, column: Column, how: FactMapping, loc: Loc) -> None:
        is_number = column.type in ("integer", "decimal", "money")
        if is_number:
            self._check_unit(column, how, loc)
        elif how.unit or how.multiply is not None or how.sum:
            self._note(loc, f"`{column.name}` is a {column.type}: it has no unit, factor or sum.", "Take them out.")
        if how.format and column.type not in ("month", "date"):
            self._note(loc, f"`{column.name}` is a {column.type}: it has no date format.", "Take `format` out.")
        if how.other is not None and (is_number or column.type in ("month", "date")):
            self._note(loc, "`other` is for codes and booleans.", "Take it out.")
        for path, value in self._written(how):
            self._check_value(column, value, (*loc, *path))

    def _check_unit(self, column: Column, how: FactMapping, loc: Loc) -> None:
        if not how.columns:
            return
        if column.unit is None or how.unit is None:
            if column.unit != how.unit:
                fix = (
                    f"Write `unit: {column.unit}`, or their unit and `multiply`." if column.unit else "Take `unit` out."
                )
                self._note(
                    loc,
                    f"`{column.name}` is in {column.unit or 'no unit'}; the mapping says {how.unit or 'none'}.",
                    fix,
                )
            return
        same = self._same_unit(column.unit, how.unit, loc)
        if same is False and how.multiply is None:
            fix = f"Write `multiply:`, the factor from {how.unit} to {column.unit}."
            self._note(loc, f"`{column.name}` is in {column.unit}; the source is in {how.unit}.", fix)
        if same and how.multiply is not None:
            self._note(loc, f"`{column.name}` is in {column.unit} already.", "Take `multiply` out, or correct `unit`.")
        if how.multiply is not None and how.multiply <= 0:
            self._note((*loc, "multiply"), "A factor between units is more than zero.", "Correct it.")

    def _same_unit(self, ours: str, theirs: str, loc: Loc) -> bool | None:
        try:
            return Unit.parse(ours) == Unit.parse(theirs)
        except ValueError as error:
            self._note((*loc, "unit"), f"{str(error).capitalize()}.", "")
            return None

    @staticmethod
    def _written(how: FactMapping) -> Iterable[tuple[Loc, object]]:
        """Our values that the mapping writes out, with their place."""
        if (
            how.multiply is None
        ):  # with a factor, recodes are in the source's unit, and the product is checked on reading
            yield from ((("recode", theirs), ours) for theirs, ours in how.recode.items())
        if how.if_empty:
            yield ("if_empty", "value"), how.if_empty.value
        if "value" in how.model_fields_set:
            yield ("value",), how.value
        if how.other is not None and how.other != UNKNOWN:
            yield ("other",), {"true": True, "false": False}.get(how.other, how.other)

    def _check_value(self, column: Column, value: object, loc: Loc) -> None:
        try:
            stored_value(column, value)  # type: ignore[arg-type] # any scalar of YAML
        except ValueError as error:
            self._note(loc, f"`{column.name}` cannot be {value}: {error}.", "")

    def _note(self, loc: Loc, what: str, fix: str) -> None:
        self.problems.append(Problem(what, self._mapping.loaded.place(loc), fix=fix))
