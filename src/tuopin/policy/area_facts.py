"""What is known of an area: what was asked of it, what its households add up to, what a sample of them showed?

Households are rolled up part by part to the areas they live in, a few rows each; these sums are added up to any tier. A
roll-up keeps the unknown here as everywhere: while one household's answer is unknown, a count has two ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlglot import exp

from tuopin.policy import rollups, sql
from tuopin.policy.compiler import World, compile_condition
from tuopin.policy.dated import in_force
from tuopin.policy.facts_plan import FactsPlan, as_stored, left_join, same, texts_in
from tuopin.policy.files import Derived, Estimate, Fact
from tuopin.policy.language import Call, LanguageError, names, parse
from tuopin.policy.layout import Layout, table_of, tier_column
from tuopin.policy.meaning import Code, Meaning, Moment, Number, Truth, exact, never_asked, nothing_known
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit
from tuopin.policy.worlds import FactWithoutValue, FactWorld, rolled_up
from tuopin.terms import value_at

#: More households than an area has: how far a sum over them can reach.
MOST_HOUSEHOLDS = 10**9

AREA_BUILT_IN = ("households", "persons", "area_standing", "area_standing_since")
AREA_STANDINGS = frozenset({"none", "listed", "exited"})
#: What an estimate is known by: the share found, and the ends of its exact interval.
READINGS = ("point", "lower", "upper")
#: What a reading, as a count, is at least and at most.
ENDS = ("low", "high")

#: The names of tables in a query over areas.
PARTS, THESE = "area_parts", "these_areas"


@dataclass(frozen=True)
class AreaFactsPlan:
    """What to compute of the areas of one tier, and how to read it afterwards.

    Attributes:
        tier: the tier.
        meanings: the meaning of each fact and estimate as a column of an area's row.
        columns: each column with the tree that computes it; estimates are not among them.
        rollup: the aggregates over households, shared by all tiers.
        layout: the shape of the snapshot.
        estimates: the estimates in force that rules of this tier may name.
        inputs: both ends of the counts that estimates are made of, as `<count>__low` and `<count>__high`.
        shares: the columns of the estimates' readings, each with its column in the table of estimates, `e`.
        without_value: the derived facts that no area has on the policy's day, and why.
    """

    tier: str
    meanings: Mapping[str, Meaning]
    columns: Mapping[str, Sql]
    rollup: rollups.Aggregation
    layout: Layout
    estimates: Mapping[str, Estimate]
    inputs: Mapping[str, Sql]
    shares: Mapping[str, Sql]
    without_value: Mapping[str, FactWithoutValue]

    def query(self) -> exp.Select:
        """One row an area of the tier, from the views these_areas, area_tiers, area_parts and area_standings."""
        columns = {
            name: sql.column(name, "a") for name in ("area_code", *map(tier_column, self.layout.territory.tiers))
        }
        query = sql.select({**columns, **self.columns}, sql.table(THESE, "a"))
        if self.rollup.columns:
            query = left_join(query, self._added_up().subquery("m", copy=False), "area_code", "m", of="a")
        if self.layout.has("area_decisions"):
            query = left_join(query, sql.table("area_standings", "s"), "area_code", "s", of="a")
        return query

    def _added_up(self) -> exp.Select:
        """The sums of the areas in which households live, added up to this tier."""
        area = sql.column(tier_column(self.tier), "t")
        sums = {name: _again(tree)(sql.column(name, "p")) for name, tree in self.rollup.columns.items()}
        query = sql.select({"area_code": area, **sums}, sql.table(PARTS, "p"))
        query = query.join(sql.table("area_tiers", "t"), on=same("area_code", "p", "t"), copy=False)
        return query.group_by(area, copy=False)


def plan_areas(pack: Pack, households: FactsPlan, day: date, *, all_facts: bool = False) -> list[AreaFactsPlan]:
    """Plan the facts of areas, for each tier of which some standard in force on the day is asked.

    Args:
        pack: a checked pack.
        households: the plan of the facts of households.
        day: the policy's day.
        all_facts: those facts too that nothing names, and tiers that only an estimate names, as a check needs.

    Raises:
        LanguageError: a derived fact of an area does not compile.
    """
    world = AreaWorld(pack, households, day)
    tiers = asked_tiers(pack, day)
    if all_facts:  # without any tier, the facts are compiled for one
        tiers = [t for t in pack.tiers if t in {*tiers, *(e.applies_to for e in pack.estimates.values())}] or [
            pack.tiers[0]
        ]
    held = households.layout.territory.tiers
    return [_plan(pack, world, tier, day, all_facts=all_facts) for tier in tiers if tier in held]


def asked_tiers(pack: Pack, day: date) -> list[str]:
    """The tiers of whose areas some standard in force on a day is asked, from the top down."""
    asked = {s.applies_to for _, s in pack.standards() if in_force(s.editions, day).anything}
    return [tier for tier in pack.tiers if tier in asked]


def rolled_up_query(rollup: rollups.Aggregation, facts: str) -> exp.Select:
    """The sums over the households of each area, from a part's stored facts and its rows of households."""
    number, area = sql.column("household_no"), sql.column("area_code")
    items = sql.select({"household_no": number, **rollup.items}, sql.table(facts)).subquery("i", copy=False)
    columns = {"area_code": sql.column("area_code", "h"), **{name: sql.column(name, "i") for name in rollup.items}}
    placed = sql.select(columns, items)
    placed = placed.join(sql.table("households", "h"), on=same("household_no", "i", "h"), copy=False)
    sums = sql.select({"area_code": area, **rollup.columns}, placed.subquery("placed", copy=False))
    return sums.group_by(area, copy=False)


class AreaWorld(FactWorld):
    """One area's row, with its households to roll up."""

    def __init__(self, pack: Pack, households: FactsPlan, day: date) -> None:
        """Begin with nothing rolled up."""
        super().__init__(pack, households.layout, day)
        self.below = _Below(households)
        self.rollup = rollups.Aggregation("m", unit=rollups.HOUSEHOLD, most=MOST_HOUSEHOLDS)
        self._built_in: dict[str, Callable[[], Meaning]] = {
            "households": self._households,
            "persons": lambda: self._persons(None),
            "area_standing": self._standing,
            "area_standing_since": self._standing_since,
        }

    def find(self, name: str) -> Meaning:
        """A fact of the area, asked, derived or built in."""
        if name in self._built_in:
            return self._built_in[name]()
        spec: Fact | Derived | None = self.pack.derived.get(name) or self.pack.facts.get(name)
        if spec is None:
            raise LanguageError(f"There is no fact `{name}`.", "Check the spelling, or add it to facts.yaml.")
        if spec.entity != "area":
            fix = "Roll it up in a derived fact of the area: persons_if(…), count_if(…), share_of(…), sum_of(…)."
            raise LanguageError(f"`{name}` is a fact of a {spec.entity}, not of the area.", fix)
        if isinstance(spec, Fact) or (spec.given and self.layout.has(table_of(spec.entity), name)):
            return self.asked(name, spec, "a")
        return self.derived(name, spec)

    def rolled_up(self, call: Call, spec: Derived) -> Meaning:
        """A roll-up over the households of the area."""
        rows = self.row_below(spec)
        if call.function == "in_register":
            raise LanguageError(
                "`in_register` looks up the members of one household.", "Name it there, and roll it up."
            )
        if call.function == "persons_if":
            return self._persons(compile_condition(call.arguments[0], rows))
        size = self._households() if call.function == "share_of" else None
        return rolled_up(call, spec, rows, self.rollup, size, spec.assume)

    def row_below(self, spec: Derived) -> World:
        """What names mean in the row of a household, inside the rule of a derived fact of the area."""
        return _Parameters(self.below, self, spec)

    def _households(self) -> Number:
        counted = sql.coalesce(self.rollup.of(sql.count()), sql.integer(0))
        return exact(counted, unit=rollups.HOUSEHOLD, least=0, most=MOST_HOUSEHOLDS, certain=True)

    def _persons(self, condition: Truth | None) -> Number:
        """The persons in the households of which a condition holds; in all, without one."""
        size = self.below.lookup("household_size")
        assert isinstance(size, Number)
        return rollups.summed(size if condition is None else rollups.where(size, condition), self.rollup)

    def _standing(self) -> Meaning:
        if not self.layout.has("area_decisions"):
            return Code(sql.text("none"), AREA_STANDINGS, certain=True)
        return Code(sql.coalesce(sql.column("standing", "s"), sql.text("none")), AREA_STANDINGS, certain=True)

    def _standing_since(self) -> Meaning:
        if not self.layout.has("area_decisions"):
            return Moment(sql.unknown("date"), grounded=False)
        return Moment(sql.column("standing_since", "s"))


class EstimateError(LanguageError):
    """An estimate that does not compile; `estimate` is its id."""

    def __init__(self, error: LanguageError, estimate: str) -> None:
        """Keep the message and where it belongs."""
        super().__init__(error.what, error.fix)
        self.estimate = estimate


class _Below:
    """What names mean in a roll-up over households: their stored facts."""

    def __init__(self, facts: FactsPlan) -> None:
        self.facts, self.as_of = facts, facts.layout.as_of

    def lookup(self, name: str) -> Meaning:
        if name in self.facts.without_value:
            raise self.facts.without_value[name]
        if name not in self.facts.meanings:
            fix = "Inside a roll-up over an area, name facts of a household."
            raise LanguageError(f"`{name}` is not a fact of a household.", fix)
        return self.facts.meanings[name]

    def roll_up(self, call: Call) -> Meaning:
        fix = "Give the inner one a name as a derived fact of the household."
        raise LanguageError(f"`{call.function}` stands inside another roll-up.", fix)


class _Parameters:
    """Stored facts of a household with the parameters of one derived fact in front."""

    def __init__(self, below: _Below, world: AreaWorld, spec: Derived) -> None:
        self.below, self.world, self.spec = below, world, spec
        self.as_of = below.as_of

    def lookup(self, name: str) -> Meaning:
        figure = self.world.of_the_law(self.spec, name)
        return self.below.lookup(name) if figure is None else figure

    def roll_up(self, call: Call) -> Meaning:
        return self.below.roll_up(call)


def _plan(pack: Pack, world: AreaWorld, tier: str, day: date, *, all_facts: bool) -> AreaFactsPlan:
    estimates = _estimates_on(pack, tier, day)
    meanings: dict[str, Meaning] = {}
    columns: dict[str, Sql] = {}
    without_value: dict[str, FactWithoutValue] = {}
    for id in _area_facts(pack, tier, estimates, all_facts=all_facts):
        meanings[id], computed = as_stored(id, world.lookup_or_nothing(id, without_value))
        columns |= computed
    inputs: dict[str, Sql] = {}
    shares: dict[str, Sql] = {}
    for id, estimate in estimates.items():
        try:
            _refuse_without_value(estimate.counts, without_value)
            for count in estimate.counts:
                inputs |= _ends(count, meanings)
            found, held = _readings(id, estimate, meanings)
        except LanguageError as error:
            raise EstimateError(error, id) from None
        meanings, shares = meanings | found, shares | held
        meanings[id] = meanings[f"{id}_{value_at(estimate.decides, day)}"]
    return AreaFactsPlan(tier, meanings, columns, world.rollup, world.layout, estimates, inputs, shares, without_value)


def _refuse_without_value(counts: Iterable[str], without_value: Mapping[str, FactWithoutValue]) -> None:
    for count in counts:
        if count in without_value:
            raise without_value[count]


def _estimates_on(pack: Pack, tier: str, day: date) -> dict[str, Estimate]:
    """The estimates of a tier of which it is settled on the day what decides."""
    return {id: e for id, e in pack.estimates.items() if e.applies_to == tier and value_at(e.decides, day) is not None}


def _area_facts(pack: Pack, tier: str, estimates: Mapping[str, Estimate], *, all_facts: bool) -> Iterator[str]:
    """The facts of an area that a standard of the tier or an estimate names, in the order of the pack."""
    own = [*AREA_BUILT_IN, *(id for id, spec in {**pack.facts, **pack.derived}.items() if spec.entity == "area")]
    texts = [text for _, s in pack.standards() if s.applies_to == tier for text, _ in texts_in(s)]
    named = {name for text in texts for name in names(parse(text))}
    named |= {id for estimate in estimates.values() for id in estimate.counts}
    yield from (id for id in own if all_facts or id in named)


def _ends(id: str, meanings: Mapping[str, Meaning]) -> dict[str, Sql]:
    """Both ends of a count of an area."""
    meaning = meanings.get(id)
    if not isinstance(meaning, Number) or meaning.real:
        raise LanguageError(f"`{id}` is not a count of an area.", "Name a fact of the area that is a whole number.")
    ends = (sql.unknown("bigint"),) * 2 if never_asked(meaning) else (meaning.low, meaning.high)
    return {f"{id}__{end}": tree for end, tree in zip(ENDS, ends, strict=True)}


def _readings(
    id: str, estimate: Estimate, meanings: Mapping[str, Meaning]
) -> tuple[dict[str, Meaning], dict[str, Sql]]:
    """How conditions read an estimate: its point and its ends; and the columns that hold them.

    A share has one end where its counts have; a combination has two, for a share that no sample tells may be anything.
    """
    counts = [meanings[count] for count in estimate.counts]
    for other in estimate.extrapolated:
        if f"{other}_point" not in meanings:
            raise LanguageError(f"`{other}` is not an estimate that stands before.", "Write the shares first.")
    of_one_end = not estimate.extrapolated and all(isinstance(count, Number) and count.exact for count in counts)
    asked = all(count.asked for count in counts)
    found: dict[str, Meaning] = {}
    columns: dict[str, Sql] = {}
    for name in (f"{id}_{reading}" for reading in READINGS):
        held = {name: ENDS[0]} if of_one_end else {f"{name}__{end}": end for end in ENDS}
        columns |= {column: sql.column(f"{name}__{end}", "e") for column, end in held.items()}
        ends = [sql.column(column) for column in held]
        share = Number(ends[0], ends[-1], unit=Unit(), real=True, least=0, asked=asked)
        found[name] = share if asked else replace(nothing_known(Unit()), real=True)
    return found, columns


def _again(tree: Sql) -> Callable[[Sql], Sql]:
    """How the sums of several areas are added up to one: a largest is the largest of them, a count their total."""
    if isinstance(tree, exp.Max):
        return sql.largest
    return sql.smallest if isinstance(tree, exp.Min) else sql.total
