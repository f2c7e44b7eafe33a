"""Which table is read from which file, and with which columns?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tuopin.policy.yaml_text import Loc
from tuopin.stages.intake import columns as make
from tuopin.stages.intake.agreement import Agreement
from tuopin.stages.intake.mapping import (
    AreaFile,
    FactMapping,
    FileRef,
    Mapping,
    OfHouseholds,
    ReadMapping,
    TextFormat,
)
from tuopin.stages.intake.pseudonyms import Pseudonyms
from tuopin.stages.intake.staging import StagedColumn
from tuopin.tables import Column
from tuopin.tables.schema import AREAS, MEMBERS
from tuopin.terms import Place, Problem, UsageError

ORDER = Column("number", "key", required=True)
"""What puts the members of a household in order, where they have no number of their own."""


@dataclass(frozen=True)
class Recipe:
    """A table to be read.

    Attributes:
        table: its name in the snapshot.
        file: its file, as the mapping says.
        text: how that file is written, if it is text.
        columns: the columns to make.
        place: where the mapping says so.
    """

    table: str
    file: FileRef
    text: TextFormat
    columns: tuple[StagedColumn, ...]
    place: Place


def needs_key(model: Mapping) -> bool:
    """Whether the mapping replaces identifiers by keyed hashes."""
    by_members = model.members is not None and model.members.person_key is not None
    return model.households.id.as_ == "pseudonym" or by_members or bool(model.registers)


def open_pseudonyms(model: Mapping, key: bytes | None) -> Pseudonyms | None:
    """The keyed hashes that the mapping needs; None where it needs none.

    Raises:
        UsageError: a key is needed and none is given.
    """
    if not needs_key(model):
        return None
    if key is None:
        why = "No identifier enters a snapshot; it is replaced by a hash that only the key's holder can repeat."
        fix = "Give the key of your office in a file; `head -c 32 /dev/urandom > office.key` makes one."
        raise UsageError(Problem("The mapping asks for pseudonyms, and no key is given.", why=why, fix=fix))
    return Pseudonyms(key)


class Recipes:
    """Writes out the recipes of a mapping."""

    def __init__(self, *, mapping: ReadMapping, agreement: Agreement, pseudonyms: Pseudonyms | None) -> None:
        """Take a mapping that agrees with its pack."""
        self._mapping = mapping
        self._model = mapping.model
        self._agreement = agreement
        self._pseudonyms = pseudonyms

    def all(self) -> Iterator[Recipe]:
        """Every table: areas first where they have a file, then households, then what belongs to them."""
        if isinstance(self._model.areas, AreaFile):
            yield self._areas(self._model.areas)
        yield self._households()
        if self._model.members is not None:
            yield self._members()
        for table in ("dwellings", "leads", "decisions"):
            mapped = getattr(self._model, table)
            if mapped is not None:
                yield self._recipe(table, mapped.file, mapped.text, [self._household(mapped, table)], (table,))
        if (decided := self._model.area_decisions) is not None:
            place, why = self._place(("area_decisions", "area")), "every such decision is on some area"
            area = make.area_column("area_code", [decided.area], place=place, why=why)
            yield self._recipe("area_decisions", decided.file, decided.text, [area], ("area_decisions",))
        for name, register in self._model.registers.items():
            loc = ("registers", name)
            key = self._person(register.person_key.column, loc, required=True)
            yield self._recipe(f"register:{name}", register.file, register.text, [key], loc)

    def _areas(self, areas: AreaFile) -> Recipe:
        named = {"parent_code": areas.parent, "name": areas.name, "successor_code": areas.successor}
        named |= {f"name_{language}": column for language, column in areas.names.items()}
        dates = {"valid_from": areas.valid_from, "valid_to": areas.valid_to}
        place = self._place(("areas",))
        columns = [make.area_column("area_code", [areas.code], place=place)]
        columns.append(make.text_column("tier", areas.tier, codes=self._agreement.tiers, place=place))
        columns += [
            make.text_column(name, FactMapping(column=column), place=place) for name, column in named.items() if column
        ]
        for name, column in dates.items():
            declared = AREAS.column(name)
            if column and declared:
                columns.append(make.structural_column(declared, FactMapping(column=column), place=place))
        return self._recipe("areas", areas.file, areas.text, columns, ("areas",))

    def _households(self) -> Recipe:
        mapped = self._model.households
        loc: Loc = ("households",)
        columns = [
            make.household_column(mapped.id.column, pseudonyms=self._for_households, place=self._place((*loc, "id")))
        ]
        if isinstance(self._model.areas, AreaFile):
            assert mapped.area is not None
            columns.append(make.area_column("area_code", [mapped.area], place=self._place((*loc, "area"))))
        else:
            columns += make.level_columns(
                self._model.areas, place=lambda number: self._place(("areas", "levels", number))
            )
        if mapped.weight is not None:
            columns.append(make.weight_column(mapped.weight, place=self._place((*loc, "weight"))))
        return self._recipe("households", mapped.file, mapped.text, columns, loc)

    def _members(self) -> Recipe:
        mapped = self._model.members
        assert mapped is not None
        columns = [self._household(mapped, "members")]
        if mapped.number is not None:
            number = MEMBERS.column("member_no")
            assert number is not None
            place = self._place(("members", "number"))
            columns.append(make.number_column("number", mapped.number, column=number, place=place))
        elif mapped.order is not None:
            place = self._place(("members", "order"))
            columns.append(make.number_column("number", mapped.order, column=ORDER, place=place))
        if mapped.person_key is not None:
            columns.append(self._person(mapped.person_key.column, ("members",), required=False))
        return self._recipe("members", mapped.file, mapped.text, columns, ("members",))

    def _household(self, mapped: OfHouseholds, table: str) -> StagedColumn:
        columns = mapped.household or self._model.households.id.column
        return make.household_column(columns, pseudonyms=self._for_households, place=self._place((table, "household")))

    def _person(self, columns: tuple[str, ...], loc: Loc, *, required: bool) -> StagedColumn:
        assert self._pseudonyms is not None
        place = self._place((*loc, "person_key"))
        return make.person_column(columns, pseudonyms=self._pseudonyms, required=required, place=place)

    @property
    def _for_households(self) -> Pseudonyms | None:
        return self._pseudonyms if self._model.households.id.as_ == "pseudonym" else None

    def _recipe(
        self, table: str, file: FileRef, text: TextFormat | None, columns: list[StagedColumn], loc: Loc
    ) -> Recipe:
        facts = make.fact_columns(self._agreement.facts.get(table, ()), as_of=self._model.as_of)
        return Recipe(table, file, text or self._model.text, (*columns, *facts), self._place((*loc, "file")))

    def _place(self, loc: Loc) -> Place:
        return self._mapping.loaded.place(loc)
