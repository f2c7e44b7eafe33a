"""How do the columns of somebody's survey become facts of a pack? What may stand in a mapping file.

A mapping is one YAML file: which file has households and which has members, how a household is named, where it lives,
and for every fact the column it comes from, with its unit and its recodes. `docs/reference/mapping.md` shows it all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from tuopin.policy.files import Day, Id, Language, Number, PackPart, Source
from tuopin.policy.pack import shaped
from tuopin.policy.yaml_text import Loaded, Loc, load
from tuopin.terms import DataError, Problem

Scalar = bool | int | Decimal | str | None
Comparison = Literal["=", "<>", "<", "<=", ">", ">="]
DateFormat = Literal[
    "YYYY-MM-DD", "YYYY-MM", "YYYYMMDD", "YYYYMM", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY"
]

_WHERE = re.compile(
    r"\s*(?P<column>[^\s<>=]+)\s*(?P<comparison><>|<=|>=|=|<|>)\s*(?P<value>'[^']*'|-?[0-9]+(\.[0-9]+)?)\s*"
)


def _column_names(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _each_once(columns: tuple[str, ...]) -> tuple[str, ...]:
    for name in columns:
        if columns.count(name) > 1:
            raise ValueError(f"the column `{name}` stands twice")
    return columns


def _parts_columns(mark: str) -> str:
    if not mark.isascii() or mark.isalnum() or mark in '"\r\n\0':
        raise ValueError("write the one mark that parts the columns, such as ; or a tab")
    return mark


def _fact_mapping(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _words(value: object) -> object:
    """Values of a source file as a person writes them in YAML: numbers and true/false stand for their text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else value


ColumnName = Annotated[str, StringConstraints(min_length=1)]
SomeColumns = Annotated[tuple[ColumnName, ...], AfterValidator(_each_once)]
ColumnNames = Annotated[SomeColumns, BeforeValidator(_column_names), Field(min_length=1)]
Word = Annotated[str, BeforeValidator(_words)]
FileRef = Annotated[int, Field(ge=1)] | Annotated[str, StringConstraints(min_length=1)]
AreaCode = Annotated[str, BeforeValidator(_words), StringConstraints(min_length=1)]


class TextFormat(PackPart):
    """How text files are written. A Parquet, Arrow, Stata or SPSS file says so itself.

    Attributes:
        encoding: name of the encoding; without it UTF-8, with or without a byte order mark.
        delimiter: one character; without it, the only one of `,` `;` tab `|` that the header has.
        decimal: the decimal mark of numbers.
        unknown: words that mean "no answer" in every column; an empty cell always does.
    """

    encoding: str | None = None
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1), AfterValidator(_parts_columns)] | None = (
        None
    )
    decimal: Literal[".", ","] = "."
    unknown: tuple[Word, ...] = ()


class Condition(PackPart):
    """One comparison of a source column with a number or a quoted word: `age < 16`, `sex = 'male'`."""

    column: str
    comparison: Comparison
    value: Decimal | str

    @classmethod
    def parse(cls, text: object) -> object:
        """Read the comparison.

        Raises:
            ValueError: it is anything else.
        """
        match = _WHERE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ValueError("write one comparison of a column with a number or a quoted word, such as: age < 16")
        value = match["value"]
        return {
            "column": match["column"],
            "comparison": match["comparison"],
            "value": value[1:-1] if value.startswith("'") else Decimal(value),
        }


class IfEmpty(PackPart):
    """What an empty cell means in some rows: nobody asks an infant for a wage. Listed among the assumptions."""

    value: Scalar
    where: Annotated[Condition, BeforeValidator(Condition.parse)]
    reason: Source


class FactMapping(PackPart):
    """Where one fact comes from.

    Attributes:
        column: the source column.
        sum: instead, columns that are added up; unknown while one of them is.
        subtract: columns taken away from the sum.
        value: instead, the same value for everybody; needs `assume`.
        labels: read the value labels of a Stata or SPSS column, not its codes.
        unit: unit of the source column; must be the fact's own, unless `multiply` converts.
        multiply: factor from the source's unit to the fact's.
        recode: their value: ours. For codes and booleans every value must be named; numbers not named pass through.
            null means unknown.
        other: what a value means that `recode` does not name: a code, or `unknown`.
        unknown: values that mean "no answer" in this column.
        if_empty: what an empty cell means in some rows.
        format: how dates are written, where they are text.
        assume: this is not quite what the pack asks; why it may stand in. Listed among the assumptions.
    """

    column: ColumnName | None = None
    sum: SomeColumns = ()
    subtract: SomeColumns = ()
    value: Scalar = None
    labels: bool = False
    unit: str | None = None
    multiply: Number | None = None
    recode: dict[str, Scalar] = Field(default={})
    other: Word | None = None
    unknown: tuple[Word, ...] = ()
    if_empty: IfEmpty | None = None
    format: DateFormat | None = None
    assume: Source | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> FactMapping:
        given = [self.column is not None, bool(self.sum), "value" in self.model_fields_set]
        if sum(given) != 1:
            raise ValueError("write one of `column`, `sum` or `value`")
        if self.subtract and not self.sum:
            raise ValueError("`subtract` needs a `sum` to subtract from")
        if "value" in self.model_fields_set and not self.assume:
            raise ValueError("one value for everybody needs `assume:`, the reason why it may be taken")
        if self.other is not None and not self.recode:
            raise ValueError("`other` needs a `recode` that it completes")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Source columns that the value is made of."""
        return (self.column,) if self.column else (*self.sum, *self.subtract)

    @property
    def columns_read(self) -> tuple[str, ...]:
        """All source columns needed."""
        return (*self.columns, *((self.if_empty.where.column,) if self.if_empty else ()))


def _one_weight(how: FactMapping) -> FactMapping:
    if how.sum:
        raise ValueError("a weight is read from one column, not from a sum")
    given = "value" in how.model_fields_set
    if given and (isinstance(how.value, bool) or not isinstance(how.value, int | Decimal) or how.value <= 0):
        raise ValueError("a weight is a number above 0")
    return how


OneFact = Annotated[FactMapping, BeforeValidator(_fact_mapping)]
Weight = Annotated[OneFact, AfterValidator(_one_weight)]
Facts = dict[Id, OneFact]


class Identity(PackPart):
    """What names a household or a person.

    Attributes:
        column: the column, or several that name it together.
        as_: `kept` for an id that means nothing outside the register; `pseudonym` replaces it by a keyed hash.
    """

    column: ColumnNames
    as_: Literal["kept", "pseudonym"] = Field(alias="as")


class PersonKey(PackPart):
    """What names a person in our register and in a foreign one: always replaced by a keyed hash."""

    column: ColumnNames
    as_: Literal["pseudonym"] = Field(alias="as")


class Level(PackPart):
    """One tier of the tree, read from the rows of households, the highest first.

    Attributes:
        tier: id of the tier.
        column: the column with the area's code.
        name: the column with its name, if there is one.
        within_parent: codes count from 1 in every parent (district 1 of region 2), so they are joined to the parent's.
    """

    tier: Id
    column: ColumnName
    name: ColumnName | None = None
    within_parent: bool = False


class AreaLevels(PackPart):
    """A tree built from columns of the household rows."""

    levels: Annotated[tuple[Level, ...], Field(min_length=1)]


class AreaFile(PackPart):
    """A tree read from a file of areas: their column for each of ours."""

    file: FileRef
    text: TextFormat | None = None
    code: ColumnName
    parent: ColumnName | None = None
    tier: OneFact
    name: ColumnName | None = None
    names: dict[Language, ColumnName] = Field(default={})
    valid_from: ColumnName | None = None
    valid_to: ColumnName | None = None
    successor: ColumnName | None = None
    facts: Facts = Field(default={})


def _kind_of_tree(value: object) -> str:
    return "AreaLevels" if isinstance(value, dict) and "levels" in value else "AreaFile"


Tree = Annotated[
    Annotated[AreaLevels, Tag("AreaLevels")] | Annotated[AreaFile, Tag("AreaFile")], Discriminator(_kind_of_tree)
]


class TableMapping(PackPart):
    """What every table has: the file it is read from, by its place among those given or a pattern of its name."""

    file: FileRef = 1
    text: TextFormat | None = None
    facts: Facts = Field(default={})


class Households(TableMapping):
    """The households.

    Attributes:
        one_row_per: `person` where the file repeats the household's columns for each member.
        id: what names a household.
        area: column with the code of its area, where areas come from a file.
        weight: survey weight of the household.
    """

    one_row_per: Literal["household", "person"] = "household"
    id: Identity
    area: ColumnName | None = None
    weight: Weight | None = None


class OfHouseholds(TableMapping):
    """A table whose rows belong to households; `household` names the columns of their id, where not as above."""

    household: ColumnNames | None = None


class OfAreas(TableMapping):
    """A table whose rows belong to areas; `area` is the column with the area's code."""

    area: ColumnName


class Members(OfHouseholds):
    """The members.

    Attributes:
        number: column with the member's number in the household, from 1.
        order: instead, a column of whole numbers that puts the members of a household in order; they are numbered so.
        person_key: what names the person in foreign registers too; a member without one is a member all the same.
    """

    number: ColumnName | None = None
    order: ColumnName | None = None
    person_key: PersonKey | None = None

    @model_validator(mode="after")
    def _one_way_of_numbering(self) -> Members:
        if (self.number is None) == (self.order is None):
            raise ValueError(
                "write one of `number` (the member's number) or `order` (a column that puts members in order)"
            )
        return self


class Coverage(PackPart):
    """Where and when a register knows everybody: only there does "not in it" mean "no"."""

    areas: Annotated[tuple[AreaCode, ...], Field(min_length=1)] | Literal["all"]
    since: Day
    until: Day | None = None


class Register(TableMapping):
    """A foreign register: who keeps a car, owns a company, is paid by the state."""

    person_key: PersonKey
    coverage: tuple[Coverage, ...] = ()


class Currency(PackPart):
    """The currency of all sums: ISO 4217 code and decimals of the minor unit."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    exponent: Annotated[int, Field(ge=0, le=4)]


class Mapping(PackPart):
    """A mapping file."""

    mapping: Id
    pack: Annotated[str, StringConstraints(min_length=1)]
    kind: Literal["register", "survey"]
    as_of: Day
    currency: Currency
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    source: Source
    text: TextFormat = TextFormat()
    areas: Tree
    households: Households
    members: Members | None = None
    dwellings: OfHouseholds | None = None
    registers: dict[Id, Register] = Field(default={})
    leads: OfHouseholds | None = None
    decisions: OfHouseholds | None = None
    area_decisions: OfAreas | None = None


@dataclass(frozen=True)
class ReadMapping:
    """A mapping, and where each of its lines is.

    Attributes:
        model: what it says.
        loaded: the file, for places in messages.
        path: where it was read.
    """

    model: Mapping
    loaded: Loaded
    path: Path


def read_mapping(path: Path) -> ReadMapping:
    """Read a mapping file.

    Raises:
        DataError: it is missing, not strict YAML, or not a mapping; every mistake with its line.
    """
    loaded = load(path)
    model, problems = shaped(loaded, Mapping)
    if model is not None:
        problems = [Problem(what, loaded.place(loc), "", fix) for loc, what, fix in _misfits(model)]
    if model is None or problems:
        raise DataError(problems)
    return ReadMapping(model, loaded, path)


def _misfits(model: Mapping) -> Iterator[tuple[Loc, str, str]]:
    """What is right by itself and does not go together: where, what, and what to write."""
    weight, area = model.households.weight, model.households.area
    if model.kind == "survey" and weight is None:
        yield ("households",), "A survey needs the weight of its households.", "Write `weight:`, the column with it."
    if model.kind == "register" and weight is not None:
        yield ("households", "weight"), "A register has no weights.", "Take it out, or write `kind: survey`."
    if isinstance(model.areas, AreaFile) and area is None:
        yield (
            ("households",),
            "Nothing says where a household lives.",
            "Write `area:`, the column with the area's code.",
        )
    if isinstance(model.areas, AreaLevels) and area is not None:
        why = "The areas are read from the levels already, so `area` says it twice."
        yield ("households", "area"), why, "Take it out, or read the areas from a file."
