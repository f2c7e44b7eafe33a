"""What does a snapshot say of itself? The manifest beside its tables: dates, columns, counts, coverage, hashes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tuopin.tables.content import snapshot_hash
from tuopin.tables.schema import Column, FactType, Sensitivity, StructuralType
from tuopin.terms import Currency, DataError, Place, Problem

SCHEMA_VERSION: Literal[1] = 1
FILE = "manifest.json"

Count = Annotated[int, Field(ge=0)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
TableName = Annotated[
    str,
    Field(
        pattern=r"^(households|members|dwellings|areas|leads|decisions|area_decisions|register:[a-z][a-z0-9_]{0,59})$"
    ),
]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnEntry(_Entry):
    """One column as stored; `unknown` counts its NULLs. A question that nobody asked has no column."""

    name: str
    type: FactType | StructuralType
    unit: str | None = None
    scale: int = 0
    values: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    sensitivity: Sensitivity = "personal"
    required: bool = False
    unknown: Count = 0

    @classmethod
    def of(cls, column: Column, *, unknown: int) -> ColumnEntry:
        """The entry of a declared column."""
        return cls(
            name=column.name,
            type=column.type,
            unit=column.unit,
            scale=column.scale,
            values=column.values,
            minimum=column.minimum,
            maximum=column.maximum,
            sensitivity=column.sensitivity,
            required=column.required,
            unknown=unknown,
        )

    @property
    def column(self) -> Column:
        """The declared column of this entry."""
        return Column(
            self.name,
            self.type,
            unit=self.unit,
            scale=self.scale,
            values=self.values,
            minimum=self.minimum,
            maximum=self.maximum,
            sensitivity=self.sensitivity,
            required=self.required,
        )


class TableEntry(_Entry):
    """One table: its rows, columns and content hash (tables/content.py)."""

    rows: Count
    columns: tuple[ColumnEntry, ...]
    content_hash: Hash

    @property
    def declared(self) -> list[Column]:
        """Its columns, in stored order."""
        return [entry.column for entry in self.columns]


class PartEntry(_Entry):
    """One part: whole areas, so that each can be computed alone. Areas are in order of code, both ends included."""

    part: Count
    first_area: str
    last_area: str
    first_household: Count
    households: Count
    members: Count = 0


class CoverageEntry(_Entry):
    """Where and when a foreign register knows everybody, so that "not in it" is a "no".

    Attributes:
        register_: name of the register.
        areas: area codes at any tier, none above another.
        since: first day covered.
        until: first day no longer covered; None: covered to this day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    register_: str = Field(alias="register")
    areas: tuple[str, ...]
    since: date
    until: date | None = None


class AssumptionEntry(_Entry):
    """A fact that was not asked as the pack asks it, and what was assumed instead."""

    fact: str
    reason: str


class IdentifierEntry(_Entry):
    """How households and persons are named: kept ids of our own, or pseudonyms under the key with this id."""

    household: Literal["kept", "pseudonym"]
    key_id: str | None = None


class CurrencyEntry(_Entry):
    """The currency of every money column."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    exponent: Annotated[int, Field(ge=0, le=4)]


class SourceEntry(_Entry):
    """A file that the snapshot was made from, by name without folder, and its SHA-256."""

    file: str
    sha256: Hash


class RejectedEntry(_Entry):
    """Rows refused on reading, and the households left out because of them."""

    rows: Count = 0
    households: Count = 0


class Heading(_Entry):
    """What the maker of a snapshot says of it; the writer adds what it counts.

    Attributes:
        name: id of the mapping, or any name.
        kind: a register holds cases; a survey is weighted and gives estimates, never cases.
        country: ISO 3166 code.
        pack: id of the pack whose facts it holds.
        as_of: the day the facts are true for.
        known_at: the day we knew them.
        tiers: ids of the tiers of areas, top first.
        source: where the data come from, in words.
    """

    name: str
    kind: Literal["register", "survey"]
    country: str
    pack: str
    as_of: date
    known_at: date
    currency: CurrencyEntry
    tiers: tuple[str, ...]
    source: str = ""
    coverage: tuple[CoverageEntry, ...] = ()
    assumptions: tuple[AssumptionEntry, ...] = ()
    identifiers: IdentifierEntry = IdentifierEntry(household="kept")
    sources: tuple[SourceEntry, ...] = ()
    rejected: RejectedEntry = RejectedEntry()


class Manifest(Heading):
    """The whole manifest. `content_hash` covers all rows and what changes their meaning, not the files."""

    schema_version: Literal[1] = SCHEMA_VERSION
    tables: dict[TableName, TableEntry]
    parts: tuple[PartEntry, ...]
    content_hash: Hash

    @property
    def money(self) -> Currency:
        """The currency, as a term."""
        return Currency(self.currency.code, self.currency.exponent)

    def columns(self, table: str) -> list[Column]:
        """The columns of a table; none when the snapshot has no such table."""
        return self.tables[table].declared if table in self.tables else []

    def rows(self, table: str) -> int:
        """Rows of a table; 0 when the snapshot has no such table."""
        return self.tables[table].rows if table in self.tables else 0

    @property
    def registers(self) -> list[str]:
        """Names of the foreign registers, without `register:`."""
        return sorted(name.partition(":")[2] for name in self.tables if name.startswith("register:"))


def hash_of(heading: Heading, tables: dict[str, TableEntry]) -> str:
    """The content hash of a snapshot with this heading and these tables."""
    said = heading.model_dump(mode="json", by_alias=True)
    meaning = {name: said[name] for name in ("kind", "as_of", "currency", "tiers", "coverage")}
    meaning["columns"] = {name: [column.model_dump(mode="json") for column in t.columns] for name, t in tables.items()}
    return snapshot_hash(tables={name: table.content_hash for name, table in tables.items()}, meaning=meaning)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a snapshot folder.

    Raises:
        DataError: the folder is no snapshot, or its manifest is damaged or of another version.
    """
    file = folder / FILE
    try:
        raw = file.read_bytes()
    except OSError:
        what = (
            "There is no folder here."
            if not folder.exists()
            else "This folder is not a snapshot: it has no manifest.json."
        )
        fix = "Check the path, or make a snapshot with `tuopin snapshot import`."
        raise DataError(Problem(what, Place(file=str(folder)), fix=fix)) from None
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        raise DataError(_problems(file, error)) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a snapshot folder."""
    (folder / FILE).write_text(manifest.model_dump_json(indent=1, by_alias=True) + "\n", encoding="utf-8")


def _problems(file: Path, error: ValidationError) -> Iterable[Problem]:
    fix = "Make the snapshot again from its sources; a manifest is not edited by hand."
    for mistake in error.errors(include_url=False, include_input=False):
        where = ".".join(str(step) for step in mistake["loc"]) or "the whole file"
        yield Problem(
            f"The manifest is damaged or of another version: {where}: {_lower(mistake)}.",
            Place(file=str(file)),
            fix=fix,
        )


def _lower(mistake: Any) -> str:  # noqa: ANN401 - pydantic's own dict of an error
    message = str(mistake["msg"])
    return message[:1].lower() + message[1:]
