"""What may stand in each table of a snapshot? The tables, their structural columns and the facts every country shares.

A country's pack declares further facts; they arrive here as more `Column`s. How values are stored:

- money: whole minor units (cents) of the snapshot's currency; decimal: whole units of 10^-scale. Both BIGINT.
- month: the first day of the month. code: the code's text. NULL everywhere means unknown. NaN is never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal, get_args

import pyarrow as pa

from tuopin.terms import DataError, Place, Problem

FactType = Literal["boolean", "integer", "decimal", "money", "code", "month", "date"]
StructuralType = Literal["key", "ordinal", "text", "number"]
Sensitivity = Literal["public", "personal", "sensitive"]

FACT_TYPES: tuple[str, ...] = get_args(FactType)

LIMITS: Mapping[str, int] = {"money": 10**13, "integer": 10**9, "decimal": 10**12, "ordinal": 2**31 - 1}
"""The largest absolute stored value: sums over a nation then stay inside 64 bits."""

_ARROW: Mapping[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "decimal": pa.int64(),
    "money": pa.int64(),
    "code": pa.string(),
    "month": pa.date32(),
    "date": pa.date32(),
    "key": pa.int64(),
    "ordinal": pa.int32(),
    "text": pa.string(),
    "number": pa.float64(),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: snake_case; for a fact, its id in the pack.
        type: a fact's type, or a structural one: key (BIGINT that joins), ordinal (small count), text, number (float:
            survey weights only, never summed in a rule).
        unit: what one unit is, such as XTS/year or person; None for what has none.
        scale: decimals kept: of a decimal fact, or of money (then the currency's exponent).
        values: the codes allowed; empty: any.
        unknown: codes of a source that say that nobody knows: they are read as unknown, and never stored.
        minimum: least possible value, in natural units (not minor ones); None: no bound but LIMITS.
        maximum: most possible value, in natural units.
        sensitivity: who may see it: public, personal or sensitive.
        required: whether every row must have it.
    """

    name: str
    type: FactType | StructuralType
    unit: str | None = None
    scale: int = 0
    values: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    sensitivity: Sensitivity = "personal"
    required: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type that values are stored in."""
        return _ARROW[self.type]

    @property
    def stored_range(self) -> tuple[int, int] | None:
        """Least and most possible stored value, both included; None where the type has no range."""
        if self.type not in LIMITS:
            return None
        limit = LIMITS[self.type]
        low, high = -limit, limit
        if self.minimum is not None:
            low = max(low, int(self.minimum.scaleb(self.scale).to_integral_value(ROUND_CEILING)))
        if self.maximum is not None:
            high = min(high, int(self.maximum.scaleb(self.scale).to_integral_value(ROUND_FLOOR)))
        return low, high


@dataclass(frozen=True)
class Table:
    """A table of a snapshot.

    Attributes:
        name: as in the manifest; a foreign register is `register:<name>`.
        key: the columns that rows are sorted by and, where `unique`, told apart by.
        structural: columns every such table has; one that is not `required` may be absent as a whole.
        core: facts that every country means alike; absent where nobody asked.
        unique: whether two rows may share a key.
    """

    name: str
    key: tuple[str, ...]
    structural: tuple[Column, ...]
    core: tuple[Column, ...] = ()
    unique: bool = True

    def extended(self, facts: Iterable[Column]) -> Table:
        """This table with a pack's facts beside the core ones.

        Raises:
            DataError: a fact takes a structural column's name, or a core fact's name with another type or other codes.
        """
        facts = list(facts)
        problems = [problem for fact in facts for problem in self._disagreements(fact)]
        if problems:
            raise DataError(problems)
        named = {fact.name for fact in facts}
        return replace(self, core=tuple(facts) + tuple(core for core in self.core if core.name not in named))

    def column(self, name: str) -> Column | None:
        """The structural column or fact of that name."""
        return next((column for column in (*self.structural, *self.core) if column.name == name), None)

    def _disagreements(self, fact: Column) -> Iterable[Problem]:
        place = Place(table=self.name, column=fact.name)
        if any(column.name == fact.name for column in self.structural):
            yield Problem(
                f"`{fact.name}` is the name of a column that every snapshot has.",
                place,
                fix="Give the fact another name.",
            )
        core = next((core for core in self.core if core.name == fact.name), None)
        if core is None:
            return
        if core.type != fact.type:
            why = "Core facts mean the same in every country."
            yield Problem(
                f"`{fact.name}` is a core fact of type {core.type}, not {fact.type}.",
                place,
                why,
                f"Use type {core.type}.",
            )
        elif core.values and not set(fact.values) <= set(core.values):
            extra = ", ".join(sorted(set(fact.values) - set(core.values)))
            fix = f"Use only: {', '.join(core.values)}; or give the fact another name."
            yield Problem(
                f"`{fact.name}` is a core fact and has no code {extra}.",
                place,
                "Core facts mean the same in every country.",
                fix,
            )


def _code(name: str, *values: str, sensitivity: Sensitivity = "personal") -> Column:
    return Column(name, "code", values=values, sensitivity=sensitivity)


def _difficulty(name: str) -> Column:
    return _code(name, "none", "some", "a_lot", "cannot_do", sensitivity="sensitive")


WASHINGTON_GROUP = ("wg_seeing", "wg_hearing", "wg_walking", "wg_remembering", "wg_self_care", "wg_communicating")
"""Washington Group on Disability Statistics, short set: six questions, answered none, some, a_lot or cannot_do."""

HOUSEHOLD_NO = Column("household_no", "key", required=True, sensitivity="public")
"""Dense 0..n-1 position in this snapshot: joins its tables, means nothing outside it."""

PERSON_KEY = Column("person_key", "key")
"""Keyed hash of an identifier; the manifest names the key. No identifier is ever required."""

HOUSEHOLDS = Table(
    "households",
    key=("household_no",),
    structural=(
        HOUSEHOLD_NO,
        Column("household_id", "text", required=True),
        Column("area_code", "text", required=True),
        Column("weight", "number"),
    ),
    core=(
        Column("household_size", "integer", unit="person", minimum=Decimal(1), maximum=Decimal(1000)),
        _code("residence", "usual", "registered"),
        _code("settlement", "urban", "rural", sensitivity="public"),
        _code("mobility", "settled", "mobile", "displaced", "institutional", "no_address", sensitivity="sensitive"),
    ),
)

MEMBERS = Table(
    "members",
    key=("household_no", "member_no"),
    structural=(HOUSEHOLD_NO, Column("member_no", "ordinal", minimum=Decimal(1), required=True), PERSON_KEY),
    core=(
        _code("sex", "female", "male", "other"),
        Column("age", "integer", unit="year", minimum=Decimal(0), maximum=Decimal(130)),
        Column("birth_month", "month"),
        _code("relation"),
        _code("residence", "usual", "registered"),
        _code("enumeration", "listed", "found", "missing"),
        *(_difficulty(name) for name in WASHINGTON_GROUP),
    ),
)

DWELLINGS = Table(
    "dwellings",
    key=("household_no",),
    structural=(HOUSEHOLD_NO,),
    core=(
        Column("rooms", "integer", unit="room", minimum=Decimal(0), maximum=Decimal(1000)),
        _code("water_source"),
        Column("water_minutes", "integer", unit="min", minimum=Decimal(0), maximum=Decimal(1440)),
    ),
)

AREAS = Table(
    "areas",
    key=("area_code",),
    structural=(
        Column("area_code", "text", required=True, sensitivity="public"),
        Column("parent_code", "text", sensitivity="public"),
        Column("tier", "text", required=True, sensitivity="public"),
        Column("name", "text", sensitivity="public"),
        Column("valid_from", "date", sensitivity="public"),
        Column("valid_to", "date", sensitivity="public"),
        Column("successor_code", "text", sensitivity="public"),
    ),
)

LEADS = Table(
    "leads",
    key=("household_no",),
    structural=(
        HOUSEHOLD_NO,
        Column("lead", "code", values=("application", "visit", "department", "hotline"), required=True),
        Column("received_on", "date", required=True),
    ),
    unique=False,
)

DECIDED = ("entry", "refusal", "exit", "return", "monitoring", "clearing")
"""What a person may decide of a household; all but a refusal change its standing."""

DECISIONS = Table(
    "decisions",
    key=("household_no", "decided_on"),
    structural=(
        HOUSEHOLD_NO,
        Column("decision", "code", values=DECIDED, required=True),
        Column("decided_on", "date", required=True),
        Column("known_at", "date", required=True),
    ),
    unique=False,
)

AREA_DECISIONS = Table(
    "area_decisions",
    key=("area_code", "decided_on"),
    structural=(
        Column("area_code", "text", required=True, sensitivity="public"),
        Column("decision", "code", values=("listing", "exit"), required=True, sensitivity="public"),
        Column("decided_on", "date", required=True, sensitivity="public"),
        Column("known_at", "date", required=True, sensitivity="public"),
    ),
    unique=False,
)

REGISTER_COLUMNS = (replace(PERSON_KEY, required=True),)

PROPOSED = (
    *("entry", "return", "visit", "refusal", "question", "exit"),
    *("alert", "monitoring", "clearing", "warning"),
    *("check", "duplicate"),
)
"""What a stage may propose: of identification and exits, of monitoring, of intake."""

PROPOSALS = Table(
    "proposals",
    key=("proposal_id",),
    structural=(
        Column("proposal_id", "text", required=True),
        Column("household_id", "text"),
        Column("area_code", "text", required=True),
        Column("stage", "text", required=True),
        Column(
            "kind",
            "code",
            values=PROPOSED,
            required=True,
        ),
        Column("rule", "text", required=True),
        Column("edition", "text"),
        Column("reasons", "text"),
        Column("unknown", "text"),
        Column("severity_low", "key"),
        Column("severity_high", "key"),
        Column("reply_days", "key"),
    ),
)
"""What every stage writes; it is no table of a snapshot. Without a household it is proposed for the area itself."""

_FIXED = {table.name: table for table in (HOUSEHOLDS, MEMBERS, DWELLINGS, AREAS, LEADS, DECISIONS, AREA_DECISIONS)}
_REGISTER = "register:"

PARTED = ("households", "members", "dwellings")
"""Tables that are written in parts, each with the same households."""

_ENTITIES = {"household": "households", "member": "members", "dwelling": "dwellings", "area": "areas"}


def table_named(name: str) -> Table:
    """The declared table of that name; `register:<name>` is a foreign register.

    Raises:
        KeyError: there is no such table.
    """
    if name.startswith(_REGISTER) and len(name) > len(_REGISTER):
        return Table(name, key=("person_key",), structural=REGISTER_COLUMNS, unique=False)
    return _FIXED[name]


def table_of_entity(entity: str) -> str:
    """The table in which a pack's entity (household, member, dwelling, area, register:<name>) has its rows."""
    return entity if entity.startswith(_REGISTER) else _ENTITIES[entity]


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema in which columns are stored, in the order given."""
    return pa.schema([pa.field(column.name, column.arrow) for column in columns])
