"""What do names mean in a rule: its own tests and parameters first, then lines, facts and other rules?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from tuopin.policy import sql
from tuopin.policy.compiler import compile_condition
from tuopin.policy.dated import end_of, in_force
from tuopin.policy.facts_plan import PlannedFacts
from tuopin.policy.files import HOUSEHOLD
from tuopin.policy.language import Call, LanguageError, parse
from tuopin.policy.law import parameter_number
from tuopin.policy.layout import Layout
from tuopin.policy.lines import FigureValues, line_meaning
from tuopin.policy.meaning import Meaning, Number, Truth
from tuopin.policy.pack import Pack, Rule
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit
from tuopin.policy.yaml_text import Loc


class RuleError(LanguageError):
    """A rule that does not compile, with the place of the part that fails."""

    def __init__(self, error: LanguageError, rule: Rule, loc: Loc) -> None:
        """Keep the message and where it belongs."""
        super().__init__(error.what, error.fix)
        self.rule, self.loc = rule, loc


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


class Rules(Protocol):
    """The rules of a policy on a day, as far as one of them needs the others; `of` whom they are asked."""

    pack: Pack
    of: str
    facts: PlannedFacts
    day: date
    figures: FigureValues
    layout: Layout

    def rule(self, id: str) -> CompiledRule:
        """Another rule, compiled."""
        ...


class RuleWorld:
    """The names of one rule; keeps what the rule was seen to rest on.

    Attributes:
        rests_on: the layers of the rules it names.
        reads: the facts it names, in order.
        seen_figures: the figures of the law it names.
        parts: its named tests, once read.
        applies: of whom it is asked, once read.
    """

    def __init__(self, rules: Rules, rule: Rule) -> None:
        """Begin with nothing named."""
        self.rules, self.rule = rules, rule
        self.as_of = rules.layout.as_of
        self.rests_on: dict[str, int] = {}
        self.reads: dict[str, None] = {}
        self.seen_figures: dict[str, Number] = {}
        self.parts: dict[str, Truth] = {}
        self.applies: Truth | None = None
        self._tests: Mapping[str, str] = {}
        self._edition: Loc = ()
        self._underway: list[str] = []

    def lookup(self, name: str) -> Meaning:
        """The nearest meaning of a name."""
        pack = self.rules.pack
        if name in self._tests:
            return self.part(name)
        if name in self.rule.spec.parameters or name in pack.parameters or name in pack.lines:
            return self._figure(name)
        if name in self.rules.facts.without_value:
            missing = self.rules.facts.without_value[name]
            raise LanguageError(f"`{name}` cannot be computed on {self.rules.day}: {missing.what}", missing.fix)
        if name in self.rules.facts.meanings:
            self.reads[name] = None
            return self.rules.facts.meanings[name]
        other = pack.rules.get(name) or pack.rules.get(name.removesuffix("_probability"))
        if other is not None:
            return self._other_rule(other, name)
        raise self._unknown(name)

    def roll_up(self, call: Call) -> Meaning:
        """Refuse: rules read stored facts."""
        fix = "Give it a name under `derived` in facts.yaml and use the name."
        raise LanguageError(f"`{call.function}` stands in a rule.", fix)

    @contextmanager
    def placed(self, *loc: str | int) -> Iterator[None]:
        """A mistake found meanwhile stands at this part of the rule."""
        try:
            yield
        except RuleError:
            raise
        except LanguageError as error:
            raise RuleError(error, self.rule, loc) from None

    @contextmanager
    def reading(self, edition: int, tests: Mapping[str, str]) -> Iterator[None]:
        """Meanwhile the tests of one edition are at hand."""
        self._tests, self._edition = tests, ("editions", edition)
        try:
            yield
        finally:
            self._tests = {}

    def condition(self, text: str, *loc: str | int) -> Truth:
        """A condition of the rule."""
        with self.placed(*loc):
            return compile_condition(parse(text), self)

    def part(self, name: str) -> Truth:
        """A named test of the edition being read."""
        if name in self._underway:
            raise LanguageError(f"The test `{name}` rests on itself.", "Break the circle.")
        self._underway.append(name)
        try:
            return self.condition(self._tests[name], *self._edition, "tests", name)
        finally:
            self._underway.pop()

    def compiled(self, meaning: Meaning, columns: Mapping[str, Sql]) -> CompiledRule:
        """The rule, once its columns are known."""
        return CompiledRule(
            rule=self.rule,
            layer=1 + max(self.rests_on.values(), default=-1),
            meaning=meaning,
            columns=columns,
            asked=meaning.asked,
            grounded=meaning.grounded,
            rests_on=tuple(self.rests_on),
            reads=tuple(self.reads),
            tests=self.parts,
            applies=self.applies,
            figures=self.seen_figures,
        )

    def _figure(self, name: str) -> Number:
        """A figure of the law: a parameter of this rule, one that rules share, or a line."""
        if name not in self.seen_figures:
            rules = self.rules
            parameter = self.rule.spec.parameters.get(name) or rules.pack.parameters.get(name)
            self.seen_figures[name] = (
                parameter_number(rules.pack, rules.layout, name, parameter, rules.day)
                if parameter
                else line_meaning(rules.pack, rules.facts, name, rules.day, rules.figures, rules.layout)
            )
        return self.seen_figures[name]

    def _other_rule(self, other: Rule, name: str) -> Meaning:
        day = self.rules.day
        if not in_force(other.spec.editions, day).anything:
            ended = end_of(other.spec.editions, day)
            if ended is not None:
                fix = f"Write a text without it from {ended}, or end this rule too."
                raise LanguageError(f"`{other.id}` ended on {ended}.", fix)
            fix = "Refer to rules only from the day they hold."
            raise LanguageError(f"`{other.id}` is not in force on {day}.", fix)
        if self.rules.pack.subject(other.id) != self.rules.of:
            of = self.rules.pack.subject(other.id)
            fix = "Refer to rules that are asked of the same."
            raise LanguageError(f"`{other.id}` is asked of a {of}, not of a {self.rules.of}.", fix)
        compiled = self.rules.rule(other.id)
        self.rests_on[other.id] = compiled.layer
        if name == other.id:
            return compiled.meaning
        if f"{name}_low" not in compiled.columns:
            fix = "Add `probability:` to its edition."
            raise LanguageError(f"The score `{other.id}` has no table of probabilities.", fix)
        low, high = sql.column(f"{name}_low"), sql.column(f"{name}_high")
        return Number(low, high, real=True, unit=Unit(), asked=compiled.asked, grounded=compiled.grounded)

    def _unknown(self, name: str) -> LanguageError:
        fact = self.rules.pack.facts.get(name) or self.rules.pack.derived.get(name)
        if fact is not None:
            if self.rules.of == HOUSEHOLD and fact.entity == "area":
                fix = "A rule of a household reads what was asked of its area, and no sum over its neighbours."
                return LanguageError(f"`{name}` is computed of a whole area.", fix)
            fix = "Roll it up under `derived` in facts.yaml."
            whom = "household" if self.rules.of == HOUSEHOLD else "area"
            return LanguageError(f"`{name}` is a fact of a {fact.entity}, not of the {whom}.", fix)
        fix = "Name a fact, line, parameter, test, score or standard of this pack."
        return LanguageError(f"There is no `{name}` here.", fix)
