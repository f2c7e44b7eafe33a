"""How is every rule of a policy answered from one stored row of facts, in one scan without a join?

Each standard becomes one nullable boolean, each score a lowest and a highest possible sum, each list of categories
the first and the last possible group. Rules that name other rules stand in a later layer of the same query.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from sqlglot import exp

from tuopin.policy import scores, sql
from tuopin.policy.compiler import compile_condition
from tuopin.policy.dated import InForce, in_force
from tuopin.policy.facts_plan import PlannedFacts
from tuopin.policy.files import HOUSEHOLD, Categories, CategoriesEdition, DatedEdition, Score, Standard, StandardEdition
from tuopin.policy.language import LanguageError, parse
from tuopin.policy.layout import Layout, truth_by_area
from tuopin.policy.lines import FigureValues
from tuopin.policy.meaning import Code, Truth
from tuopin.policy.pack import Pack
from tuopin.policy.rule_world import CompiledRule, RuleError, RuleWorld
from tuopin.policy.sql import Sql

Edition = TypeVar("Edition", bound=DatedEdition)


@dataclass(frozen=True)
class RulesPlan:
    """All rules in force on a day, compiled for one snapshot.

    Attributes:
        rules: by id, in the order of the pack.
        day: the policy's day.
        facts: the plan of the facts they read.
        of: of whom they are asked: `household`, or the areas of a tier.
    """

    rules: Mapping[str, CompiledRule]
    day: date
    facts: PlannedFacts
    of: str = HOUSEHOLD

    @property
    def standards(self) -> dict[str, Standard]:
        """The standards in force."""
        return {id: c.rule.spec for id, c in self.rules.items() if isinstance(c.rule.spec, Standard)}

    def proposing(self, kind: str) -> dict[str, Standard]:
        """The standards in force that propose a kind of decision."""
        return {id: standard for id, standard in self.standards.items() if standard.proposes == kind}

    def editions(self, id: str) -> list[date]:
        """The days from which the texts of a rule hold: a pilot's first, the general text's last."""
        return [edition.from_ for edition in in_force(self.rules[id].rule.spec.editions, self.day).editions]

    def under(self, id: str) -> list[str]:
        """A rule and all that it rests on, each once, itself first."""
        found: dict[str, None] = {}
        waiting = [id]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += self.rules[name].rests_on
        return list(found)

    def only(self, ids: Collection[str]) -> RulesPlan:
        """These rules and all that they rest on."""
        needed = {name for id in ids for name in self.under(id)}
        return replace(self, rules={id: compiled for id, compiled in self.rules.items() if id in needed})

    def columns(self) -> list[str]:
        """The columns of the answers, rule by rule."""
        return [column for compiled in self.rules.values() for column in compiled.columns]

    def query(self, source: str, columns: Mapping[str, Sql] | None = None, where: Sql | None = None) -> exp.Select:
        """The stored rows of facts with the answers beside them.

        Args:
            source: the table of facts.
            columns: what to take of both; default: everything.
            where: of which households, by the columns of the facts.
        """
        inner: Sql = sql.table(source)
        if where is not None:
            inner = sql.beside({}, inner).where(where, copy=False).subquery("chosen", copy=False)
        for layer in range(1 + max((c.layer for c in self.rules.values()), default=0)):
            answers = {name: tree for c in self.rules.values() if c.layer == layer for name, tree in c.columns.items()}
            inner = sql.beside(answers, inner).subquery(f"layer{layer}", copy=False)
        return sql.beside({}, inner) if columns is None else sql.select(columns, inner)


def plan_rules(
    pack: Pack,
    facts: PlannedFacts,
    day: date,
    figures: FigureValues,
    layout: Layout | None = None,
    *,
    of: str = HOUSEHOLD,
) -> RulesPlan:
    """Compile the rules that are in force on a day, and asked of households or of the areas of a tier.

    Args:
        pack: a checked pack.
        facts: the plan of the facts.
        day: the policy's day.
        figures: values of the figures that lines use.
        layout: the shape of the snapshot, or of one part of it (with a narrower territory); default: of the facts.
        of: `household`, or the id of a tier.

    Raises:
        LanguageError: a rule does not compile.
    """
    compiling = _Rules(pack, facts, day, figures, layout or facts.layout, of)
    for id in _asked_of(pack, day, of):
        compiling.rule(id)
    order = [id for id in pack.rules if id in compiling.done]
    return RulesPlan({id: compiling.done[id] for id in order}, day, facts, of)


def _asked_of(pack: Pack, day: date, of: str) -> list[str]:
    return [
        id for id, rule in pack.rules.items() if pack.subject(id) == of and in_force(rule.spec.editions, day).anything
    ]


def rule_errors(
    pack: Pack, facts: PlannedFacts, day: date, figures: FigureValues, *, of: str = HOUSEHOLD
) -> list[RuleError]:
    """Every rule in force on a day that does not compile, each named where the mistake stands."""
    compiling = _Rules(pack, facts, day, figures, facts.layout, of)
    errors: list[RuleError] = []
    for id in _asked_of(pack, day, of):
        try:
            compiling.rule(id)
        except RuleError as error:
            errors.append(error)
        except LanguageError as error:
            errors.append(RuleError(error, pack.rules[id], ()))
    return errors


class _Rules:
    """Compiles rules once each, in the order in which they rest on each other."""

    def __init__(
        self, pack: Pack, facts: PlannedFacts, day: date, figures: FigureValues, layout: Layout, of: str
    ) -> None:
        self.pack, self.facts, self.day, self.figures, self.layout, self.of = pack, facts, day, figures, layout, of
        self.done: dict[str, CompiledRule] = {}
        self.underway: list[str] = []

    def rule(self, id: str) -> CompiledRule:
        """A rule compiled; a rule that rests on itself is refused."""
        if id in self.done:
            return self.done[id]
        if id in self.underway:
            circle = " → ".join([*self.underway[self.underway.index(id) :], id])
            raise LanguageError(f"The rule rests on itself: {circle}.", "Break the circle.")
        self.underway.append(id)
        try:
            self.done[id] = compiled = self._compile(RuleWorld(self, self.pack.rules[id]))
        finally:
            self.underway.pop()
        return compiled

    def _compile(self, world: RuleWorld) -> CompiledRule:
        match world.rule.spec:
            case Standard() as standard:
                return self._standard(world, standard)
            case Score() as score:
                return self._score(world, score)
            case Categories() as categories:
                return self._categories(world, categories)

    # --- standards ---------------------------------------------------------------------------------------------------

    def _standard(self, world: RuleWorld, standard: Standard) -> CompiledRule:
        held = in_force(standard.editions, self.day)
        texts = [self._text(world, standard.editions.index(edition), edition) for edition in held.editions]
        met = self._by_area(held, [text for text, _ in texts])
        nothing = Truth(sql.unknown("boolean"))
        for name in dict.fromkeys(name for _, parts in texts for name in parts):
            world.parts[name] = self._by_area(held, [parts.get(name, nothing) for _, parts in texts])
        met = self._applied(world, standard, held, met)
        id = world.rule.id
        return world.compiled(replace(met, sql=sql.column(id)), {id: met.sql})

    def _text(self, world: RuleWorld, index: int, edition: StandardEdition) -> tuple[Truth, dict[str, Truth]]:
        with world.reading(index, edition.tests):
            met = world.condition(edition.met, "editions", index, "met")
            return met, {name: world.part(name) for name in edition.tests}

    def _by_area(self, held: InForce[StandardEdition], truths: Sequence[Truth]) -> Truth:
        """The pilots' truths in their areas, the general text's elsewhere (it comes last)."""
        if not held.pilots:
            return truths[0]
        pilots = [(edition.areas, truth) for edition, truth in zip(held.pilots, truths, strict=False)]
        return truth_by_area(self.layout.territory, pilots, truths[-1] if held.general else None)

    def _applied(self, world: RuleWorld, standard: Standard, held: InForce[StandardEdition], met: Truth) -> Truth:
        """Of whom it is not asked, it is not met: whom `applies_if` leaves out, and all but the pilots' areas."""
        only_pilots = held.pilots and not held.general
        if not only_pilots and not any(standard.asked_if(edition) for edition in held.editions):
            return met
        world.applies = applies = self._by_area(held, [self._applies(world, standard, e) for e in held.editions])
        certain, asked = applies.certain and met.certain, applies.asked and met.asked
        return Truth(sql.both([applies.sql, met.sql]), certain, asked, met.grounded)

    def _applies(self, world: RuleWorld, standard: Standard, edition: StandardEdition) -> Truth:
        if edition.applies_if is not None:
            return world.condition(edition.applies_if, "editions", standard.editions.index(edition), "applies_if")
        everybody = Truth(sql.truth(True), certain=True, grounded=False)
        return everybody if standard.applies_if is None else world.condition(standard.applies_if, "applies_if")

    # --- scores ------------------------------------------------------------------------------------------------------

    def _score(self, world: RuleWorld, score: Score) -> CompiledRule:
        index, edition = _general(world, score.editions, self.day)
        points = []
        for number, item in enumerate(edition.items):
            with world.placed("editions", index, "items", number):
                points.append(scores.points_of(item, world))
        total, id = scores.added(points), world.rule.id
        columns = {f"{id}_low": sql.cast(total.low, "bigint"), f"{id}_high": sql.cast(total.high, "bigint")}
        with world.placed("editions", index, "probability"):
            chance = scores.probability(total, edition)
        if chance is not None:
            columns |= {f"{id}_probability_low": chance.low, f"{id}_probability_high": chance.high}
        meaning = replace(total, low=sql.column(f"{id}_low"), high=sql.column(f"{id}_high"), constant=None)
        return world.compiled(meaning, columns)

    # --- categories --------------------------------------------------------------------------------------------------

    def _categories(self, world: RuleWorld, categories: Categories) -> CompiledRule:
        index, edition = _general(world, categories.editions, self.day)
        truths = self._groups(world, index, edition)
        rest, id = sql.text(edition.categories[-1].id), world.rule.id
        possible = [(_possibly(truth), sql.text(group)) for group, truth in truths.items()]
        certain = [(truth.sql, sql.text(group)) for group, truth in truths.items()]
        columns = {
            f"{id}_first": sql.choose(possible, otherwise=rest),
            f"{id}_last": sql.choose(certain, otherwise=rest),
        }
        first, last = sql.column(f"{id}_first"), sql.column(f"{id}_last")
        known = sql.choose([(sql.compare("=", first, last), first)])
        asked, grounded = all(t.asked for t in truths.values()), any(t.grounded for t in truths.values())
        values = frozenset(group.id for group in edition.categories)
        return world.compiled(Code(known, values, asked=asked, grounded=grounded), columns)

    def _groups(self, world: RuleWorld, index: int, edition: CategoriesEdition) -> dict[str, Truth]:
        truths = {}
        for position, group in enumerate(edition.categories):
            if group.when is not None:
                with world.placed("editions", index, "categories", position):
                    truths[group.id] = compile_condition(parse(group.when), world)
        return truths


def _possibly(truth: Truth) -> Sql:
    return truth.sql if truth.certain else sql.either([truth.sql, sql.is_unknown(truth.sql)])


def _general(world: RuleWorld, editions: Sequence[Edition], day: date) -> tuple[int, Edition]:
    """The one edition in force, and its number."""
    held = in_force(editions, day)
    if held.pilots or held.general is None:
        fix = "Write the pilot as a standard of its own."
        error = LanguageError("A score or a list of categories has no pilot editions.", fix)
        raise RuleError(error, world.rule, ("editions",))
    return list(editions).index(held.general), held.general
