"""How is one row of facts a household computed from the tables of a snapshot?

Members are rolled up to their household and registers are looked up, keeping the unknown: SQL's own aggregates would
drop it. The result is stored once for each snapshot; every policy then reads it without a join.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from sqlglot import exp

from tuopin.policy import sql
from tuopin.policy.files import (
    CategoriesEdition,
    DatedEdition,
    Derived,
    Quantity,
    ScoreEdition,
    Standard,
    StandardEdition,
)
from tuopin.policy.language import LanguageError, names, parse
from tuopin.policy.layout import Layout, table_of, tier_column
from tuopin.policy.meaning import Meaning, Number, never_asked, unasked
from tuopin.policy.pack import Pack, RuleSpec
from tuopin.policy.rollups import Aggregation
from tuopin.policy.sql import Sql
from tuopin.policy.territories import territorial_codes
from tuopin.policy.worlds import FactError, FactWithoutValue, HouseholdWorld
from tuopin.policy.yaml_text import Loc
from tuopin.tables.manifest import PartEntry

#: Raised whenever the same policy would give other SQL: stored facts of an older compiler are not read.
COMPILER_VERSION = 4

#: What every household's row of facts carries besides the pack's own facts.
STRUCTURE = ("household_no", "household_id", "area_code")
#: What stored facts leave out: text that the snapshot has already, dearer to write than all figures together.
NAMES = ("household_id", "area_code")
BUILT_IN = ("household_size", "standing", "applied", "standing_since", "ever_registered", "reported")
#: Those that every sweep reads; the others are stored where a rule names them.
ALWAYS_STORED = BUILT_IN[:3]


class PlannedFacts(Protocol):
    """The facts that rules read: of households, or of the areas of a tier."""

    @property
    def meanings(self) -> Mapping[str, Meaning]:
        """The meaning of each fact as a column."""
        ...

    @property
    def columns(self) -> Mapping[str, Sql]:
        """Each column, and the tree that computes it."""
        ...

    @property
    def without_value(self) -> Mapping[str, FactWithoutValue]:
        """The derived facts that nobody has on the policy's day, and why."""
        ...

    @property
    def layout(self) -> Layout:
        """The shape of the snapshot."""
        ...


@dataclass(frozen=True)
class FactsPlan:
    """What to compute, and how to read it afterwards.

    Attributes:
        meanings: the meaning of each fact as a column of the stored row.
        columns: each stored column with the tree that computes it.
        rollups: aggregates over a household's members.
        registers: for each register used, its aggregates over matched rows.
        layout: the shape of the snapshot.
        tiers_used: the tiers by which some rule or figure differs.
        without_value: the derived facts that nobody has on the policy's day, and why; a rule that needs one is refused.
        key: hash of all that the facts depend on besides the snapshot's content.
    """

    meanings: Mapping[str, Meaning]
    columns: Mapping[str, Sql]
    rollups: Aggregation
    registers: Mapping[str, Aggregation]
    layout: Layout
    tiers_used: frozenset[str]
    without_value: Mapping[str, FactWithoutValue]

    @property
    def key(self) -> str:
        """A hash of the trees, parameter values and compiler behind the facts."""
        parts = [str(COMPILER_VERSION)]
        over = [self.rollups, *(self.registers[name] for name in sorted(self.registers))]
        for trees in (self.columns, *(trees for one in over for trees in (one.items, one.columns))):
            parts += [f"{name}={tree.sql()}" for name, tree in trees.items()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def stored(self) -> list[str]:
        """The columns that are stored: not the names, nor tiers by which no rule or figure differs."""
        left_out = {*NAMES, *(tier_column(tier) for tier in self.layout.territory.tiers if tier not in self.tiers_used)}
        return [name for name in self.columns if name not in left_out]

    def stored_query(self, source: str) -> exp.Select:
        """The stored facts with the names and tiers that were left out, from the views households and area_tiers."""
        missing = [name for name in self.columns if name not in self.stored]
        columns = {name: sql.column(name, "f") for name in self.stored}
        columns |= {name: sql.column(name, "h" if name in NAMES else "a") for name in missing}
        query = sql.select(columns, sql.table(source, "f"))
        query = query.join(sql.table("households", "h"), on=same("household_no", "f", "h"), copy=False)
        return left_join(query, sql.table("area_tiers", "a"), "area_code", "a")

    def matches_query(self) -> Sql:
        """Households with a match in some register: one row each, made once before the loop over parts.

        The registers stand below each other, so that members are searched once. Their items are grades already: MAX
        passes over the empty grades of another register's rows.
        """
        stacked = sql.stacked([self._register_rows(register) for register in self.registers])
        household = sql.column("household_no", "m")
        aggregates = {name: tree for over in self.registers.values() for name, tree in over.columns.items()}
        matched = sql.select({"household_no": household, **aggregates}, stacked.subquery("r", copy=False))
        matched = matched.join(sql.table("members", "m"), on=same("person_key", "r", "m"), copy=False)
        return matched.group_by(household, copy=False)

    def _register_rows(self, register: str) -> exp.Select:
        own = self.registers[register].items
        items = {item: own.get(item, sql.unknown("int")) for over in self.registers.values() for item in over.items}
        return sql.select({"person_key": sql.column("person_key"), **items}, sql.table(register, "r"))

    def facts_query(self, columns: Collection[str] | None = None, part: PartEntry | None = None) -> Sql:
        """One row a household, from the snapshot's tables and those that are joined once (joins.py).

        Args:
            columns: which of its columns; default: all.
            part: the part of the snapshot whose households are at hand, where tables that are joined hold more.
        """
        chosen = self.columns if columns is None else {name: self.columns[name] for name in columns}
        query = sql.select(chosen, sql.table("households", "h"))
        query = query.join(_areas_of(part), on=same("area_code", "h", "a"), copy=False)
        if self.rollups.columns:
            household = sql.column("household_no")
            rows = self._member_rows(part).subquery("rows", copy=False)
            rolled = sql.select({"household_no": household, **self.rollups.columns}, rows)
            rolled = rolled.group_by(household, copy=False)
            query = left_join(query, rolled.subquery("m", copy=False), "household_no", "m")
        if self.layout.has("dwellings"):
            query = left_join(query, sql.table("dwellings", "d"), "household_no", "d")
        for table, alias in self._joined_once():
            query = left_join(query, _of_part(table, alias, part), "household_no", alias)
        return query

    def _member_rows(self, part: PartEntry | None) -> exp.Select:
        """A row a member, and beside it the areas its household lives in, where a figure in its row differs by area."""
        items = {"household_no": sql.column("household_no", "members"), **self.rollups.items}
        rows = sql.select(items, sql.table("members"))
        if not any(self.layout.territory.is_asked_in(tree) for tree in self.rollups.items.values()):
            return rows
        rows = rows.join(sql.table("households", "p"), on=same("household_no", "members", "p"), copy=False)
        return rows.join(_areas_of(part, "t"), on=same("area_code", "p", "t"), copy=False)

    def _joined_once(self) -> list[tuple[str, str]]:
        tables = [("matches", "r")] if self.registers else []
        tables += [("standings", "s")] if self.layout.has("decisions") else []
        return tables + ([("open_leads", "l")] if self.layout.has("leads") else [])


def plan_facts(pack: Pack, layout: Layout, policy_date: date, *, all_facts: bool = False) -> FactsPlan:
    """Plan the facts of a pack on a snapshot: those that some rule or figure names.

    Args:
        pack: a checked pack.
        layout: the snapshot's shape.
        policy_date: the day whose parameter values enter derived facts.
        all_facts: those too that nothing names, as a check needs.

    Raises:
        LanguageError: a derived fact does not compile; its id is in `rule` of the error.
    """
    world = HouseholdWorld(pack, layout, policy_date)
    columns: dict[str, Sql] = {name: sql.column(name, "h") for name in STRUCTURE}
    columns |= {tier_column(tier): sql.column(tier_column(tier), "a") for tier in layout.territory.tiers}
    if layout.survey:
        columns["weight"] = sql.column("weight", "h")
    meanings: dict[str, Meaning] = {}
    without_value: dict[str, FactWithoutValue] = {}
    for id in _household_facts(pack, all_facts=all_facts):
        stored, computed = as_stored(id, world.lookup_or_nothing(id, without_value))
        meanings[id] = stored
        columns |= computed
    tiers = _tiers_used(pack, layout)
    return FactsPlan(meanings, columns, world.rollups, world.matches, layout, tiers, without_value)


def _household_facts(pack: Pack, *, all_facts: bool) -> list[str]:
    """Built-in facts, those that a rule or figure names, and a household's public codes, to split tables by."""
    used = set(ALWAYS_STORED) | names_used(pack)
    used |= {id for id, f in pack.facts.items() if (f.entity, f.type, f.sensitivity) == ("household", "code", "public")}
    specs: dict[str, Quantity] = {**pack.facts, **pack.derived}
    rows = ("household", "dwelling", "area")
    own = [id for id, s in specs.items() if s.entity in rows and not (s.entity == "area" and isinstance(s, Derived))]
    return list(dict.fromkeys(id for id in (*BUILT_IN, *own) if all_facts or id in used))


def _tiers_used(pack: Pack, layout: Layout) -> frozenset[str]:
    tier_of = layout.territory.tier_of
    by_figure = {figure.by for figure in pack.figures.values()} & set(layout.territory.tiers)
    return frozenset({tier_of[code] for code in territorial_codes(pack) if code in tier_of} | by_figure)


def names_used(pack: Pack) -> frozenset[str]:
    """Every name in a rule of any edition, in a figure, or in what households add up to."""
    texts = [text for rule in pack.rules.values() for text, _ in texts_in(rule.spec)]
    texts += [text for figure in pack.figures.values() for text in (figure.value, figure.of) if text]
    texts += [derived.rule for derived in pack.derived.values() if derived.entity == "area"]
    return frozenset(name for text in texts for name in names(parse(text, division=True)))


def texts_in(rule: RuleSpec) -> Iterator[tuple[str, Loc]]:
    """Every condition of a rule, of all editions, with its path in the rule."""
    if isinstance(rule, Standard) and rule.applies_if:
        yield rule.applies_if, ("applies_if",)
    for index, edition in enumerate(rule.editions):
        for text, loc in _texts_of_edition(edition):
            yield text, ("editions", index, *loc)


def _texts_of_edition(edition: DatedEdition) -> Iterator[tuple[str, Loc]]:
    match edition:
        case StandardEdition(applies_if=applies_if, tests=tests, met=met):
            yield from [(applies_if, ("applies_if",))] if applies_if else []
            yield from ((text, ("tests", name)) for name, text in tests.items())
            yield from [(met, ("met",))] if met else []
        case ScoreEdition(items=items):
            yield from ((item.when or str(item.fact), ("items", number)) for number, item in enumerate(items))
        case CategoriesEdition(categories=groups):
            yield from ((group.when, ("categories", n, "when")) for n, group in enumerate(groups) if group.when)


def as_stored(id: str, meaning: Meaning) -> tuple[Meaning, dict[str, Sql]]:
    """How a fact is read back, and the columns that store it; a fact that was never asked takes no column."""
    if never_asked(meaning):
        return unasked(meaning), {}
    if not isinstance(meaning, Number):
        fixed = sql.is_fixed(meaning.sql)
        return (meaning, {}) if fixed else (replace(meaning, sql=sql.column(id)), {id: meaning.sql})
    if not meaning.real and (meaning.reach is None or meaning.reach >= sql.BIGINT_MOST):
        raise FactError(
            LanguageError(
                "The fact may be larger than can be stored.", "Give it, or the facts in its rule, `min:` and `max:`."
            ),
            id,
        )
    kind = "double" if meaning.real else "bigint"
    if meaning.exact:
        column = sql.column(id)
        return replace(meaning, low=column, high=column, constant=None), {id: _as(kind, meaning.low)}
    low, high = f"{id}__low", f"{id}__high"
    read = replace(meaning, low=sql.column(low), high=sql.column(high))
    return read, {low: _as(kind, meaning.low), high: _as(kind, meaning.high)}


def _as(kind: str, tree: Sql) -> Sql:
    return tree if isinstance(tree, exp.Column) else sql.cast(tree, kind)


def left_join(query: exp.Select, other: Sql, column: str, alias: str, of: str = "h") -> exp.Select:
    """The rows of a query with another table's beside them where there are any."""
    return query.join(other, on=same(column, of, alias), join_type="left", copy=False)


def _of_part(table: str, alias: str, part: PartEntry | None) -> Sql:
    """A table of the whole nation, or a part's rows of it: an engine would hash them all again for each part."""
    if part is None:
        return sql.table(table, alias)
    first = sql.integer(part.first_household)
    after = sql.integer(part.first_household + part.households)
    number = sql.column("household_no")
    return _rows(table, alias, [sql.compare(">=", number, first), sql.compare("<", number, after)])


def _areas_of(part: PartEntry | None, alias: str = "a") -> Sql:
    if part is None:
        return sql.table("area_tiers", alias)
    code, first, last = sql.column("area_code"), sql.text(part.first_area), sql.text(part.last_area)
    return _rows("area_tiers", alias, [sql.compare(">=", code, first), sql.compare("<=", code, last)])


def _rows(table: str, alias: str, where: list[Sql]) -> Sql:
    return sql.beside({}, sql.table(table)).where(sql.both(where), copy=False).subquery(alias, copy=False)


def same(column: str, left: str, right: str) -> Sql:
    """Two tables agree in a column."""
    return sql.compare("=", sql.column(column, left), sql.column(column, right))


def facts_under(pack: Pack, id: str, layout: Layout) -> frozenset[str]:
    """The facts to ask that a fact rests on: itself, if it is asked or the source gave it, or all below its rule."""
    seen: set[str] = set()
    leaves: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        derived = pack.derived.get(name)
        if derived and not (derived.given and layout.has(table_of(derived.entity), name)):
            for below in names(parse(derived.rule)):
                visit(below)
        elif derived or name in pack.facts or name in BUILT_IN:
            leaves.add(name)

    visit(id)
    return frozenset(leaves)
