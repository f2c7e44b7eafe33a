"""On how many households does a count of an area rest, and how many of them keep it open?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from tuopin.policy import arithmetic, rollups, sql
from tuopin.policy.area_evaluation import AreaEvaluation
from tuopin.policy.area_facts import AreaWorld
from tuopin.policy.compiler import World, compile_condition, compile_number
from tuopin.policy.evaluation import FACTS
from tuopin.policy.facts_plan import left_join, same
from tuopin.policy.files import Derived
from tuopin.policy.language import ROLLUPS, Call, Name, names, parse
from tuopin.policy.layout import table_of, tier_column
from tuopin.policy.meaning import Number, Truth, never_asked
from tuopin.policy.sql import Sql

_NO = "household_no"


@dataclass(frozen=True)
class Below:
    """The households that a roll-up counts, as conditions on a household's row of facts.

    Attributes:
        surely: those that count, whatever nobody knows.
        perhaps: those that count or may count.
        open: those of which nobody can tell whether, or with how much.
        reads: the facts of a household that it names.
    """

    surely: Sql
    perhaps: Sql
    open: Sql
    reads: frozenset[str]


def below(areas: AreaEvaluation, fact: str) -> list[Below]:
    """The households under each roll-up of which a fact of an area is made; none under what was asked of the area."""
    world = AreaWorld(areas.evaluation.pack, areas.evaluation.facts_plan, areas.evaluation.day)
    return list(_below(world, fact))


def _below(world: AreaWorld, fact: str) -> Iterator[Below]:
    size = world.below.lookup("household_size")
    assert isinstance(size, Number)
    spec = world.pack.derived.get(fact)
    if fact == "persons":
        yield Below(sql.truth(True), sql.truth(True), arithmetic.is_unknown(size), frozenset({"household_size"}))
    elif fact == "households":
        yield Below(sql.truth(True), sql.truth(True), sql.truth(False), frozenset())
    elif spec is not None:
        for node in parse(spec.rule).walk():
            if isinstance(node, Call) and node.function in ROLLUPS:
                yield _of_call(node, spec, world.row_below(spec), size)
            elif isinstance(node, Name) and (other := world.pack.derived.get(node.id)) and other.entity == "area":
                yield from _below(world, node.id)


def _of_call(call: Call, spec: Derived, row: World, size: Number) -> Below:
    named = frozenset(name for argument in call.arguments for name in names(argument)) - set(spec.parameters)
    if call.function in ("sum_of", "min_of", "max_of"):
        number = rollups.assuming(compile_number(call.arguments[0], row), spec.assume)
        assert isinstance(number, Number)
        if call.function == "sum_of":
            for chosen in call.arguments[1:]:
                number = rollups.where(number, compile_condition(chosen, row))
        return _summed(number, named)
    condition = rollups.assuming(compile_condition(call.arguments[0], row), spec.assume)
    assert isinstance(condition, Truth)
    if never_asked(condition):
        return Below(sql.truth(False), sql.truth(True), sql.truth(True), named)
    perhaps = sql.either([condition.sql, sql.is_unknown(condition.sql)])
    if call.function != "persons_if":
        return Below(condition.sql, perhaps, sql.is_unknown(condition.sql), named)
    unsized = sql.both([perhaps, arithmetic.is_unknown(size)])
    unsure = sql.either([sql.is_unknown(condition.sql), unsized])
    return Below(condition.sql, perhaps, unsure, named | {"household_size"})


def _summed(number: Number, named: frozenset[str]) -> Below:
    """A household counts in a sum with whatever is not nothing."""
    if never_asked(number):
        return Below(sql.truth(False), sql.truth(True), sql.truth(True), named)
    zero, unknown = sql.integer(0), arithmetic.is_unknown(number)
    something = sql.both([sql.deny(unknown), sql.compare("<>", number.low, zero)])
    return Below(something, sql.either([unknown, something]), unknown, named)


def count_households(
    areas: AreaEvaluation, tier: str, codes: Collection[str], conditions: Mapping[str, Sql]
) -> dict[str, dict[str, int]]:
    """In how many households of each area conditions hold; call `areas.show_areas` first.

    Args:
        areas: the policy on the snapshot.
        tier: of the areas.
        codes: of the areas.
        conditions: on a household's row of facts, by a name.

    Returns:
        By code, by name; an area without households has noughts.
    """
    counts = {code: dict.fromkeys(conditions, 0) for code in codes}
    columns = {f"c{n}": condition for n, condition in enumerate(conditions.values())}
    for row in _rows(areas, tier, codes, columns, {name: _held(sql.column(name, "i")) for name in columns}):
        for name, many in zip(conditions, row[1:], strict=True):
            counts[row[0]][name] += int(many or 0)
    return counts


def count_unanswered(
    areas: AreaEvaluation, tier: str, code: str, open_: Sql, facts: Collection[str]
) -> dict[str, int | None]:
    """How many of the households that keep a count open have not answered each of some questions.

    Args:
        areas: the policy on the snapshot.
        tier: of the area.
        code: of the area.
        open_: whether a household keeps the count open, on its row of facts.
        facts: asked of households, their members or dwellings.

    Returns:
        By fact; None where nobody was asked at all.
    """
    found: dict[str, int | None] = dict.fromkeys(facts)
    asked = [fact for fact in facts if areas.evaluation.layout.has(_table(areas, fact), fact)]
    if "household_size" in facts and areas.evaluation.layout.has("members"):
        asked = [fact for fact in asked if fact != "household_size"]
        found["household_size"] = 0
    counted = {f"f{n}": _held(sql.both([sql.column("open", "i"), _unanswered(areas, f)])) for n, f in enumerate(asked)}
    for row in _rows(areas, tier, [code], {"open": open_}, counted, asked):
        for fact, many in zip(asked, row[1:], strict=True):
            found[fact] = (found[fact] or 0) + int(many or 0)
    return {fact: many if fact not in asked else many or 0 for fact, many in found.items()}


def _rows(
    areas: AreaEvaluation,
    tier: str,
    codes: Collection[str],
    items: Mapping[str, Sql],
    sums: Mapping[str, Sql],
    facts: Collection[str] = (),
) -> Iterator[tuple[Any, ...]]:
    """Sums over the households of areas, part by part: a row an area and part, its code first."""
    if not sums or not codes:
        return
    evaluation, tables = areas.evaluation, {_table(areas, fact) for fact in facts}
    inner = sql.select({_NO: sql.column(_NO), **items}, sql.table(FACTS)).subquery("i", copy=False)
    area = sql.column(tier_column(tier), "t")
    query = sql.select({"area": area, **sums}, inner)
    query = query.join(sql.table("households", "h"), on=same(_NO, "i", "h"), copy=False)
    query = query.join(sql.table("area_tiers", "t"), on=same("area_code", "h", "t"), copy=False)
    if "members" in tables:
        query = left_join(query, _members(areas, facts).subquery("m", copy=False), _NO, "m")
    if "dwellings" in tables:
        query = left_join(query, sql.table("dwellings", "d"), _NO, "d")
    query = query.where(sql.one_of(area, [sql.text(code) for code in sorted(codes)]), copy=False)
    query = query.group_by(area, copy=False)
    for part in areas.parts_with(codes):
        evaluation.show_facts(part)
        for table in sorted(tables - {"households"}):
            evaluation.engine.view(table, evaluation.snapshot.files(table, part=part))
        yield from evaluation.engine.rows(query)


def _members(areas: AreaEvaluation, facts: Collection[str]) -> exp.Select:
    """Of each household, how many members there are and how many answered each question."""
    own = [fact for fact in facts if _table(areas, fact) == "members"]
    answered = {fact: sql.count(sql.column(fact)) for fact in own}
    query = sql.select({_NO: sql.column(_NO), "members": sql.count(), **answered}, sql.table("members"))
    return query.group_by(sql.column(_NO), copy=False)


def _unanswered(areas: AreaEvaluation, fact: str) -> Sql:
    """Whether a household, some member or the dwelling did not answer, or is missing itself."""
    table = _table(areas, fact)
    if table == "members":
        answered, members = sql.column(fact, "m"), sql.column("members", "m")
        return sql.either([sql.is_unknown(members), sql.compare("<", answered, members)])
    return sql.is_unknown(sql.column(fact, "d" if table == "dwellings" else "h"))


def _table(areas: AreaEvaluation, fact: str) -> str:
    if fact == "household_size":
        return "households"
    pack = areas.evaluation.pack
    return table_of((pack.facts.get(fact) or pack.derived[fact]).entity)


def _held(condition: Sql) -> Sql:
    return sql.count(sql.choose([(condition, sql.integer(1))]))
