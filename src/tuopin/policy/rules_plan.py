"""How is every rule of a policy answered from one stored row of facts, in one scan without a join?

Each standard becomes one nullable boolean, each score a lowest and a highest possible sum, each list of categories
the first and the last possible group. Rules that name other rules stand in a later layer of the same query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from sqlglot import exp

from tuopin.policy import arithmetic, sql
from tuopin.policy.arithmetic import refuse_bare_sum
from tuopin.policy.columns import parameter_meaning, same_scale
from tuopin.policy.compiler import compile_condition, compile_number
from tuopin.policy.dated import InForce, figures_on, in_force, parameter_on
from tuopin.policy.files import Categories, CategoriesEdition, Item, Parameter, Score, ScoreEdition, Standard, StandardEdition
from tuopin.policy.language import Call, LanguageError, parse
from tuopin.policy.layout import Layout, by_area, truth_by_area
from tuopin.policy.meaning import Code, Meaning, Number, Truth, nothing_known, number
from tuopin.policy.pack import Pack, Rule
from tuopin.policy.facts_plan import FactsPlan
from tuopin.policy.figures import figure_value
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit

#: Values of the figures by id and area code; `national` is the code of the whole country.
FigureValues = Mapping[str, Mapping[str, Decimal | None]]

NATIONAL = "national"


@dataclass(frozen=True)
class CompiledRule:
    """A rule as columns of the answers.

    Attributes:
        rule: what is written.
        layer: how many rules deep it rests on others; columns of lower layers are at hand.
        meaning: how other rules read its columns.
        columns: the columns and the trees that compute them.
        asked: every fact under it was asked in this snapshot.
        grounded: at least one was.
        rests_on: the rules that it names directly.
        reads: the stored facts that it names directly.
        tests: its named parts, each readable from the answers (a pilot's parts only in the pilot's areas).
        applies: whether it is asked of a household at all; None: of everybody.
        figures: the parameters and lines that it names, for the household's area.
    """

    rule: Rule
    layer: int
    meaning: Meaning
    columns: Mapping[str, Sql]
    asked: bool
    grounded: bool
    rests_on: tuple[str, ...]
    reads: tuple[str, ...]
    tests: Mapping[str, Truth] = field(default_factory=dict)
    applies: Truth | None = None
    figures: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True)
class RulesPlan:
    """All rules in force on a day, compiled for one snapshot.

    Attributes:
        rules: by id, in the order of the pack.
        day: the policy's day.
        facts: the plan of the facts they read.
    """

    rules: Mapping[str, CompiledRule]
    day: date
    facts: FactsPlan

    @property
    def standards(self) -> dict[str, Standard]:
        """The standards in force."""
        return {id: c.rule.spec for id, c in self.rules.items() if isinstance(c.rule.spec, Standard)}

    def proposing(self, kind: str) -> dict[str, Standard]:
        """The standards in force that propose a kind of decision."""
        return {id: standard for id, standard in self.standards.items() if standard.proposes == kind}

    def edition(self, id: str) -> date:
        """The day from which the general text of a rule holds."""
        held = in_force(self.rules[id].rule.spec.editions, self.day)
        return held.editions[-1].from_

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


def plan_rules(pack: Pack, facts: FactsPlan, day: date, figures: FigureValues, layout: Layout | None = None) -> RulesPlan:
    """Compile the rules that are in force on a day.

    Args:
        pack: a checked pack.
        facts: the plan of the facts.
        day: the policy's day.
        figures: values of the figures that lines use.
        layout: the shape of the snapshot, or of one part of it (its territory may be narrower); default: that of the facts.

    Raises:
        LanguageError: a rule does not compile.
    """
    compiling = _Rules(pack, facts, day, figures, layout or facts.layout)
    for id, rule in pack.rules.items():
        if in_force(rule.spec.editions, day).anything:
            compiling.rule(id)
    order = [id for id in pack.rules if id in compiling.done]
    return RulesPlan({id: compiling.done[id] for id in order}, day, facts)


def rule_errors(pack: Pack, facts: FactsPlan, day: date, figures: FigureValues) -> list[RuleError]:
    """Every rule in force on a day that does not compile, each named where the mistake stands."""
    compiling = _Rules(pack, facts, day, figures, facts.layout)
    errors: list[RuleError] = []
    for id, rule in pack.rules.items():
        if in_force(rule.spec.editions, day).anything:
            try:
                compiling.rule(id)
            except RuleError as error:
                errors.append(error)
            except LanguageError as error:
                errors.append(RuleError(error, rule, ()))
    return errors


class RuleError(LanguageError):
    """A rule that does not compile, with the place of the part that fails."""

    def __init__(self, error: LanguageError, rule: Rule, loc: tuple[str | int, ...]) -> None:
        """Keep the message and where it belongs."""
        super().__init__(error.what, error.fix)
        self.rule, self.loc = rule, loc


class _Rules:
    """Compiles rules once each, in the order in which they rest on each other."""

    def __init__(self, pack: Pack, facts: FactsPlan, day: date, figures: FigureValues, layout: Layout) -> None:
        self.pack, self.facts, self.day, self.figures, self.layout = pack, facts, day, figures, layout
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
            self.done[id] = compiled = self._compile(self.pack.rules[id])
        finally:
            self.underway.pop()
        return compiled

    def _compile(self, rule: Rule) -> CompiledRule:
        match rule.spec:
            case Standard() as standard:
                world = _RuleWorld(self, rule, standard.parameters)
                return world.finished(self._standard(world, standard))
            case Score() as score:
                world = _RuleWorld(self, rule, score.parameters)
                return world.finished_score(self._score(world, score))
            case Categories() as categories:
                world = _RuleWorld(self, rule, categories.parameters)
                return world.finished_categories(*self._categories(world, categories))

    # --- standards ---------------------------------------------------------------------------------------------------

    def _standard(self, world: _RuleWorld, standard: Standard) -> Truth:
        held = in_force(standard.editions, self.day)
        texts = [self._text(world, standard, edition) for edition in held.editions]
        met = self._by_area(held, [met for met, _ in texts])
        names_of_parts = dict.fromkeys(name for _, parts in texts for name in parts)
        nothing = Truth(sql.unknown("boolean"))
        world.parts = {name: self._by_area(held, [parts.get(name, nothing) for _, parts in texts]) for name in names_of_parts}
        if standard.applies_if is None:
            return met
        world.applies = applies = world.condition(standard.applies_if, None)
        certain, asked = applies.certain and met.certain, applies.asked and met.asked
        return Truth(sql.both([applies.sql, met.sql]), certain, asked, met.grounded)

    def _text(self, world: _RuleWorld, standard: Standard, edition: StandardEdition) -> tuple[Truth, dict[str, Truth]]:
        with world.reading(standard.editions.index(edition), edition.tests):
            met = world.condition(edition.met, "met")
            return met, {name: world.part(name) for name in edition.tests}

    def _by_area(self, held: InForce[StandardEdition], truths: list[Truth]) -> Truth:
        """The pilots' truths in their areas, the general text's elsewhere (it comes last)."""
        if not held.pilots:
            return truths[0]
        pilots = [(edition.areas, truth) for edition, truth in zip(held.pilots, truths, strict=False)]
        return truth_by_area(self.layout.territory, pilots, truths[-1] if held.general else None)

    # --- scores ------------------------------------------------------------------------------------------------------

    def _score(self, world: _RuleWorld, score: Score) -> tuple[Number, Number | None]:
        edition = _general(in_force(score.editions, self.day))
        index = score.editions.index(edition)
        points = [world.at(("editions", index, "items", number), self._points, world, item) for number, item in enumerate(edition.items)]
        total = points[0]
        for more in points[1:]:
            total = arithmetic.add("+", total, more)
        return total, _probability(total, edition)

    def _points(self, world: _RuleWorld, item: Item) -> Number:
        if isinstance(item.points, dict):
            return self._points_of_code(world, str(item.fact), item.points)
        condition = compile_condition(parse(str(item.when)), world)
        return _points_if(condition, item.points)

    def _points_of_code(self, world: _RuleWorld, fact: str, points: Mapping[str, Decimal]) -> Number:
        code = world.lookup(fact)
        if not isinstance(code, Code) or code.values is None:
            raise LanguageError(f"`{fact}` is not a fact with codes.", "Use `when` with a condition.")
        if set(points) != set(code.values):
            wrong = ", ".join(sorted(set(points) ^ set(code.values)))
            raise LanguageError(f"The points and the codes of `{fact}` differ: {wrong}.", "Give points to each code, and to no other.")
        scale = max(number(value).scale for value in points.values())
        stored = {value: int(given.scaleb(scale)) for value, given in points.items()}
        cases = [(sql.compare("=", code.sql, sql.text(value)), sql.integer(given)) for value, given in sorted(stored.items())]
        low = sql.choose(cases, otherwise=sql.integer(min(stored.values())))
        high = low if code.certain else sql.choose(cases, otherwise=sql.integer(max(stored.values())))
        least, most = min(stored.values()), max(stored.values())
        reach = max(abs(least), abs(most))
        certain = {"certain": code.certain, "asked": code.asked, "grounded": code.grounded}
        return Number(low, high, scale, least=least, most=most, reach=reach, **certain)

    # --- categories --------------------------------------------------------------------------------------------------

    def _categories(self, world: _RuleWorld, categories: Categories) -> tuple[Code, dict[str, Sql]]:
        edition = _general(in_force(categories.editions, self.day))
        index = categories.editions.index(edition)
        truths = [
            (group.id, world.at(("editions", index, "categories", position), compile_condition, parse(group.when), world))
            for position, group in enumerate(edition.categories)
            if group.when is not None
        ]
        rest = sql.text(edition.categories[-1].id)
        possible = [(sql.either([truth.sql, sql.is_unknown(truth.sql)]) if not truth.certain else truth.sql, sql.text(id)) for id, truth in truths]
        certain = [(truth.sql, sql.text(id)) for id, truth in truths]
        id = world.rule.id
        columns = {f"{id}_first": sql.choose(possible, otherwise=rest), f"{id}_last": sql.choose(certain, otherwise=rest)}
        first, last = sql.column(f"{id}_first"), sql.column(f"{id}_last")
        values = frozenset(group.id for group in edition.categories)
        asked, grounded = all(truth.asked for _, truth in truths), any(truth.grounded for _, truth in truths)
        return Code(sql.choose([(sql.compare("=", first, last), first)]), values, asked=asked, grounded=grounded), columns


class _RuleWorld:
    """What names mean in a rule: its tests and parameters first, then lines, facts and other rules."""

    def __init__(self, rules: _Rules, rule: Rule, parameters: Mapping[str, Parameter]) -> None:
        self.rules, self.rule, self.parameters = rules, rule, parameters
        self.as_of = rules.layout.as_of
        self.tests: Mapping[str, str] = {}
        self.rests_on: dict[str, int] = {}
        self.reads: dict[str, None] = {}
        self.parts: dict[str, Truth] = {}
        self.applies: Truth | None = None
        self.figures: dict[str, Number] = {}
        self._edition = 0
        self._underway: list[str] = []

    def lookup(self, name: str) -> Meaning:
        """The nearest meaning of a name."""
        if name in self.tests:
            return self.part(name)
        pack = self.rules.pack
        if name in self.parameters or name in pack.parameters or name in pack.lines:
            return self._figure(name)
        if name in self.rules.facts.meanings:
            self.reads[name] = None
            return self.rules.facts.meanings[name]
        rule = pack.rules.get(name.removesuffix("_probability")) if name not in pack.rules else pack.rules[name]
        if rule is not None:
            return self._other_rule(rule, name)
        fact = pack.facts.get(name) or pack.derived.get(name)
        if fact is not None:
            raise LanguageError(f"`{name}` is a fact of a {fact.entity}, not of the household.", "Roll it up under `derived` in facts.yaml.")
        raise LanguageError(f"There is no `{name}` here.", "Name a fact, line, parameter, test, score or standard of this pack.")

    def roll_up(self, call: Call) -> Meaning:
        """Refuse: rules read stored facts."""
        raise LanguageError(f"`{call.function}` stands in a rule.", "Give it a name under `derived` in facts.yaml and use the name.")

    def condition(self, text: str, part: str | None) -> Truth:
        """A condition of the rule; a mistake in it is placed at its line."""
        loc = ("editions", self._edition, part) if part else ("applies_if",)
        return self.at(loc, lambda: compile_condition(parse(text), self))

    def at(self, loc: tuple[str | int, ...], compiled, *arguments):  # type: ignore[no-untyped-def]
        """Call, and place a mistake at a part of the rule."""
        try:
            return compiled(*arguments)
        except RuleError:
            raise
        except LanguageError as error:
            raise RuleError(error, self.rule, loc) from None

    def reading(self, index: int, tests: Mapping[str, str]) -> _Reading:
        """Within one edition, its tests are at hand."""
        return _Reading(self, index, tests)

    def part(self, name: str) -> Truth:
        """A named part of the edition being read."""
        if name in self._underway:
            raise LanguageError(f"The test `{name}` rests on itself.", "Break the circle.")
        self._underway.append(name)
        try:
            return self.at(("editions", self._edition, "tests", name), lambda: compile_condition(parse(self.tests[name]), self))
        finally:
            self._underway.pop()

    def _figure(self, name: str) -> Number:
        """A figure of the law: a parameter of this rule, one that rules share, or a line."""
        if name not in self.figures:
            rules, parameter = self.rules, self.parameters.get(name) or self.rules.pack.parameters.get(name)
            self.figures[name] = (
                self._parameter(parameter, name)
                if parameter
                else line_meaning(rules.pack, rules.facts, name, rules.day, rules.figures, rules.layout)
            )
        return self.figures[name]

    def _parameter(self, parameter: Parameter, name: str) -> Number:
        on_day = parameter_on(parameter, self.rules.day)
        if on_day is None:
            raise LanguageError(f"`{name}` has no value on {self.rules.day}.", "Date its first value no later than the rule that uses it.")
        return parameter_meaning(self.rules.pack, self.rules.layout, on_day, parameter.unit)

    def _other_rule(self, rule: Rule, name: str) -> Meaning:
        if not in_force(rule.spec.editions, self.rules.day).anything:
            raise LanguageError(f"`{rule.id}` is not in force on {self.rules.day}.", "Refer to rules only from the day they hold.")
        compiled = self.rules.rule(rule.id)
        self.rests_on[rule.id] = compiled.layer
        if name == rule.id:
            return compiled.meaning
        if f"{name}_low" not in compiled.columns:
            raise LanguageError(f"The score `{rule.id}` has no table of probabilities.", "Add `probability:` to its edition.")
        low, high = sql.column(f"{name}_low"), sql.column(f"{name}_high")
        return Number(low, high, real=True, unit=Unit(), asked=compiled.asked)

    def _layer(self) -> int:
        return 1 + max(self.rests_on.values(), default=-1)

    def finished(self, truth: Truth) -> CompiledRule:
        """A standard's one column."""
        id = self.rule.id
        meaning = replace(truth, sql=sql.column(id))
        return self._compiled(meaning, {id: truth.sql})

    def finished_score(self, score: tuple[Number, Number | None]) -> CompiledRule:
        """A score's lowest and highest sum, and its probabilities if it has a table."""
        id, (points, probability) = self.rule.id, score
        columns = {f"{id}_low": sql.cast(points.low, "bigint"), f"{id}_high": sql.cast(points.high, "bigint")}
        if probability is not None:
            columns |= {f"{id}_probability_low": probability.low, f"{id}_probability_high": probability.high}
        meaning = replace(points, low=sql.column(f"{id}_low"), high=sql.column(f"{id}_high"), constant=None)
        return self._compiled(meaning, columns)

    def finished_categories(self, meaning: Code, columns: Mapping[str, Sql]) -> CompiledRule:
        """A list's first and last possible group."""
        return self._compiled(meaning, columns)

    def _compiled(self, meaning: Meaning, columns: Mapping[str, Sql]) -> CompiledRule:
        return CompiledRule(
            rule=self.rule,
            layer=self._layer(),
            meaning=meaning,
            columns=columns,
            asked=meaning.asked,
            grounded=meaning.grounded,
            rests_on=tuple(self.rests_on),
            reads=tuple(self.reads),
            tests=self.parts,
            applies=self.applies,
            figures=self.figures,
        )


class _Reading:
    """The time during which one edition's tests are at hand."""

    def __init__(self, world: _RuleWorld, index: int, tests: Mapping[str, str]) -> None:
        self.world, self.index, self.tests = world, index, tests

    def __enter__(self) -> None:
        self.world.tests, self.world._edition = self.tests, self.index

    def __exit__(self, *_: object) -> None:
        self.world.tests = {}


def line_meaning(
    pack: Pack, facts: FactsPlan, id: str, day: date, figures: FigureValues, layout: Layout | None = None
) -> Number:
    """A line on a day, as a number in its unit: dated values, or a formula over figures and parameters.

    Args:
        pack: the pack.
        facts: the plan of the facts that figures are made of.
        id: the line.
        day: the policy's day.
        figures: the values of the figures.
        layout: the shape of one part of the snapshot; default: of the whole.

    Raises:
        LanguageError: the line has no value or formula on that day, or its formula does not give its unit.
    """
    line, layout = pack.lines[id], layout or facts.layout
    if line.values:
        on_day = figures_on(line.values, day)
        if on_day is None:
            raise LanguageError(f"The line `{id}` has no value on {day}.", "Date its first value no later than the rule that uses it.")
        return parameter_meaning(pack, layout, on_day, line.unit)
    started = [start for start in line.formulas if start <= day]
    if not started:
        raise LanguageError(f"The line `{id}` has no formula on {day}.", "Date its first formula no later than the rule that uses it.")
    value = compile_number(parse(line.formulas[max(started)]), _LineWorld(pack, facts, layout, day, figures))
    refuse_bare_sum(value, Unit.parse(line.unit))
    if value.unit is not None and value.unit != Unit.parse(line.unit):
        raise LanguageError(f"The line `{id}` is declared in `{line.unit}`, but its formula gives `{value.unit}`.", "Change one of them.")
    return replace(value, unit=Unit.parse(line.unit))


class _LineWorld:
    """What names mean in the formula of a line: figures and shared parameters."""

    def __init__(self, pack: Pack, facts: FactsPlan, layout: Layout, day: date, figures: FigureValues) -> None:
        self.pack, self.facts, self.layout, self.day, self.figures = pack, facts, layout, day, figures
        self.as_of = layout.as_of

    def lookup(self, name: str) -> Meaning:
        """A figure or a shared parameter."""
        if name in self.pack.parameters:
            parameter = self.pack.parameters[name]
            on_day = parameter_on(parameter, self.day)
            if on_day is None:
                raise LanguageError(f"`{name}` has no value on {self.day}.", "Date its first value earlier.")
            return parameter_meaning(self.pack, self.layout, on_day, parameter.unit)
        if name in self.pack.figures:
            return self._figure(name)
        raise LanguageError(f"There is no figure or parameter `{name}` in lines.yaml.", "Check the spelling.")

    def roll_up(self, call: Call) -> Meaning:
        """Refuse: a line is about a territory."""
        raise LanguageError(f"`{call.function}` stands in the formula of a line.", "Make it a figure in lines.yaml.")

    def _figure(self, name: str) -> Number:
        unit = figure_unit(self.pack, name, self.facts)
        values = self.figures.get(name, {})
        known = {code: number(value, unit) for code, value in values.items() if value is not None}
        if NATIONAL in known:
            return known[NATIONAL]
        nowhere = nothing_known(unit, asked=bool(known))
        scale = max((n.scale for n in known.values()), default=0)
        return by_area(self.layout.territory, {code: same_scale(n, scale) for code, n in known.items()}, replace(nowhere, scale=scale))


def figure_unit(pack: Pack, id: str, facts: FactsPlan) -> Unit:
    """The unit that a figure's own text gives (a median has the unit of what it is a median of)."""
    if pack.figures[id].statistic == "count":
        return Unit.parse("person" if pack.figures[id].weight == "persons" else "household")
    return figure_value(pack, id, facts).unit or Unit()


def _points_if(condition: Truth, points: Decimal) -> Number:
    given = number(points)
    stored = int(points.scaleb(given.scale))
    surely = sql.choose([(condition.sql, sql.integer(stored))], otherwise=sql.integer(0))
    possibly = surely
    if not condition.certain:
        possibly = sql.choose([(sql.deny(condition.sql), sql.integer(0))], otherwise=sql.integer(stored))
    low, high = (surely, possibly) if points >= 0 else (possibly, surely)
    return Number(
        low,
        high,
        given.scale,
        least=min(0, stored),
        most=max(0, stored),
        reach=abs(stored),
        certain=condition.certain,
        asked=condition.asked,
        grounded=condition.grounded,
    )


def _probability(points: Number, edition: ScoreEdition) -> Number | None:
    if not edition.probability:
        return None
    steps = sorted(edition.probability.items())
    values = [value for _, value in steps]
    if values != sorted(values) and values != sorted(values, reverse=True):
        raise LanguageError("The probabilities neither rise nor fall with the score.", "Check the table.")

    def read(bound: Sql) -> Sql:
        cases = [
            (sql.compare(">=", bound, sql.integer(start * 10**points.scale)), sql.real(float(value)))
            for start, value in reversed(steps)
        ]
        return sql.choose([(sql.is_unknown(bound), sql.unknown("double")), *cases], otherwise=sql.real(float(values[0])))

    first, last = (points.low, points.high) if values == sorted(values) else (points.high, points.low)
    return Number(read(first), read(last), real=True, unit=Unit(), asked=points.asked)


def _general(held: InForce[ScoreEdition] | InForce[CategoriesEdition]):  # type: ignore[no-untyped-def]
    if held.pilots or held.general is None:
        raise LanguageError("A score or a list of categories has no pilot editions.", "Write the pilot as a standard of its own.")
    return held.general

