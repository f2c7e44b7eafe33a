"""Why does the policy say this of a household: each test, the fact it saw, the threshold, what would settle it?"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tuopin.policy import sql
from tuopin.policy.dated import in_force
from tuopin.policy.evaluation import EVALUATED, Evaluation
from tuopin.policy.facts_plan import BUILT_IN, facts_under
from tuopin.policy.files import (
    Categories,
    Derived,
    Fact,
    Quantity,
    Score,
    ScoreEdition,
    Standard,
    StandardEdition,
    Text,
)
from tuopin.policy.household import Rows, evaluate_rows, find_household
from tuopin.policy.language import names, parse
from tuopin.policy.layout import table_of
from tuopin.policy.meaning import Code, Meaning, Number
from tuopin.policy.pack import Pack, Rule
from tuopin.policy.proposal import cannot_tell, fact_unknown
from tuopin.policy.rule_world import CompiledRule, RuleWorld
from tuopin.policy.rules_plan import RulesPlan
from tuopin.policy.scores import points_of
from tuopin.policy.seen import (
    CategorySeen,
    HouseholdSeen,
    ItemSeen,
    MemberAnswer,
    MembersSeen,
    Question,
    ScoreSeen,
    Seen,
    StandardSeen,
    Test,
    Threshold,
)
from tuopin.policy.sql import Sql
from tuopin.tables import Column
from tuopin.tables.engines import Engine
from tuopin.terms import Answer


def explain(evaluation: Evaluation, household_id: str, language: str) -> HouseholdSeen:
    """Explain one household; leaves the table `evaluated` with its row in the engine.

    Args:
        evaluation: a policy on a snapshot.
        household_id: its id in the snapshot.
        language: one of the pack's.

    Raises:
        UsageError: there is no such household.
    """
    rows = find_household(evaluation, household_id)
    rules = evaluation.rules_plan
    evaluate_rows(evaluation.engine, rows, evaluation.facts_plan, rules)
    return _Explaining(evaluation, rules, rows, language).household(household_id)


@dataclass(frozen=True)
class Doubts:
    """What nobody can tell of one household.

    Attributes:
        rules: the rules that cannot tell (a score or category: that is known only between bounds).
        facts: the stored facts that are not known exactly.
    """

    rules: frozenset[str]
    facts: frozenset[str]


def doubts(engine: Engine, rules: RulesPlan, household_id: str) -> Doubts:
    """The doubts about one household in `evaluated`, read in one query."""
    undecided = {id: cannot_tell(rules, id) for id in rules.rules}
    unknown = {fact: fact_unknown(rules, fact) for fact in rules.facts.meanings}
    row = _one_row(engine, [*undecided.values(), *unknown.values()], household_id)
    in_rules = {id for id, doubted in zip(undecided, row, strict=False) if doubted}
    in_facts = {fact for fact, doubted in zip(unknown, row[len(undecided) :], strict=True) if doubted}
    return Doubts(frozenset(in_rules), frozenset(in_facts))


def settling(pack: Pack, rules: RulesPlan, rows: Rows, doubted: Doubts, rule: str) -> list[str]:
    """The asked facts, unknown in the rows of one household, that would settle a rule which cannot tell.

    A fact that only a decided rule reads would settle nothing.

    Args:
        pack: the pack.
        rules: the compiled rules.
        rows: the household's rows.
        doubted: what nobody can tell of it.
        rule: the standard.
    """
    wanted: set[str] = set()
    waiting, seen = [rule], set[str]()
    while waiting:
        id = waiting.pop()
        if id in doubted.rules and id not in seen:
            seen.add(id)
            wanted |= doubted.facts & set(rules.rules[id].reads)
            waiting += rules.rules[id].rests_on
    leaves = {
        leaf for fact in wanted for leaf in facts_under(pack, fact, rules.facts.layout) if leaf not in BUILT_IN[1:]
    }
    return sorted(leaf for leaf in leaves if _unknown_in(pack, rows, leaf))


def _one_row(engine: Engine, trees: Iterable[Sql], household_id: str) -> tuple[Any, ...]:
    columns = {f"v{number}": tree for number, tree in enumerate(trees)}
    this = sql.compare("=", sql.column("household_id"), sql.text(household_id))
    return engine.rows(sql.select(columns, sql.table(EVALUATED), [this]))[0]


def _unknown_in(pack: Pack, rows: Rows, fact: str) -> bool:
    """Whether some row that should say it does not."""
    if fact == "household_size":
        return "members" not in rows.tables and rows.first("households").get(fact) is None
    entity = (pack.facts.get(fact) or pack.derived[fact]).entity
    if entity.startswith("register:"):
        return False
    if entity == "area":
        return rows.first("area_tiers").get(fact) is None
    found = rows.all(table_of(entity))
    return not found or any(row.get(fact) is None for row in found)


class _Explaining:
    """Reads the one row of `evaluated` and puts it into words of a language."""

    def __init__(self, evaluation: Evaluation, rules: RulesPlan, rows: Rows, language: str) -> None:
        self.evaluation, self.rules, self.rows, self.language = evaluation, rules, rows, language
        self.pack = evaluation.pack
        self.members = {column.name: column for column in evaluation.snapshot.columns("members")}
        self.points = {
            id: self._points(c.rule, c.rule.spec) for id, c in rules.rules.items() if isinstance(c.rule.spec, Score)
        }

    def household(self, id: str) -> HouseholdSeen:
        standing = self.rules.facts.meanings["standing"]
        assert isinstance(standing, Code)
        wanted = {"standing": standing.sql, **self._wanted()}
        self.doubted = doubts(self.evaluation.engine, self.rules, id)
        self.values = dict(zip(wanted, _one_row(self.evaluation.engine, wanted.values(), id), strict=True))
        manifest = self.evaluation.snapshot.manifest
        lives_in = self.rows.first("households")["area_code"]
        areas = self.evaluation.snapshot.areas().above(lives_in)[::-1]
        self.area = [area.code for area in areas]
        return HouseholdSeen(
            household=id,
            area=self.area,
            area_names=[area.name(self.language) for area in areas],
            facts_as_of=str(manifest.as_of),
            as_of=str(self.evaluation.day),
            pack=f"{self.pack.name} {self.pack.about.version}",
            standing=self.values["standing"],
            standards=[self._standard(id, spec) for id, spec in self.rules.standards.items()],
            scores=[
                self._score(id, c.rule.spec) for id, c in self.rules.rules.items() if isinstance(c.rule.spec, Score)
            ],
            categories=[
                self._categories(id, c.rule.spec)
                for id, c in self.rules.rules.items()
                if isinstance(c.rule.spec, Categories)
            ],
            assumptions=[{"fact": assumed.fact, "reason": assumed.reason} for assumed in manifest.assumptions],
        )

    # --- one row of values -------------------------------------------------------------------------------------------

    def _wanted(self) -> dict[str, Sql]:
        """Everything to be read in one query, by a name of its own."""
        wanted: dict[str, Sql] = {column: sql.column(column) for column in self.rules.columns()}
        for fact, meaning in self.rules.facts.meanings.items():
            wanted |= _readings(f"fact:{fact}", meaning)
        for id, compiled in self.rules.rules.items():
            wanted |= {f"part:{id}:{name}": part.sql for name, part in compiled.tests.items()}
            wanted |= {f"applies:{id}": compiled.applies.sql} if compiled.applies else {}
            for name, figure in compiled.figures.items():
                wanted |= _readings(f"figure:{id}:{name}", figure)
        for id, items in self.points.items():
            for number, points in enumerate(items):
                wanted |= _readings(f"item:{id}:{number}", points)
        return wanted

    def _text(self, text: Text) -> str:
        return text.get(self.language) or next(iter(text.values()))

    # --- standards ---------------------------------------------------------------------------------------------------

    def _standard(self, id: str, spec: Standard) -> StandardSeen:
        compiled, edition = self.rules.rules[id], self._edition(spec)
        answer = Answer.of(self.values[id])
        applies = Answer.of(self.values[f"applies:{id}"]) if compiled.applies else None
        return StandardSeen(
            id=id,
            question=self._text(spec.question),
            answer=answer.value,
            applies=applies.value if applies else None,
            stage=compiled.rule.stage,
            proposes=spec.proposes,
            since=str(edition.from_),
            source=edition.source or spec.source,
            parts=list(self._parts(id, edition)),
            facts=[self._seen(fact) for fact in compiled.reads],
            thresholds=[self._threshold(id, name) for name in compiled.figures],
            rests_on=list(compiled.rests_on),
            settle=self._settle(id) if answer is Answer.CANNOT_TELL else [],
            announced=[str(edition.from_) for edition in spec.editions if edition.status == "announced"],
        )

    def _edition(self, spec: Standard) -> StandardEdition:
        """The text that holds where the household lives."""
        held = in_force(spec.editions, self.rules.day)
        here = set(self.area)
        return next((pilot for pilot in held.pilots if here & set(pilot.areas)), held.editions[-1])

    def _parts(self, id: str, edition: StandardEdition) -> Iterator[Test]:
        for name, text in edition.tests.items():
            yield Test(name, " ".join(text.split()), Answer.of(self.values[f"part:{id}:{name}"]).value)
        if not edition.tests:
            yield Test("", " ".join(edition.met.split()), Answer.of(self.values[id]).value)

    def _settle(self, id: str) -> list[Question]:
        facts = settling(self.pack, self.rules, self.rows, self.doubted, id)
        asked = [(fact, spec) for fact in facts if (spec := self._spec(fact))]
        return [Question(fact, spec.entity, self._asks(spec)) for fact, spec in asked]

    def _spec(self, fact: str) -> Fact | Derived | None:
        return self.pack.facts.get(fact) or self.pack.derived.get(fact)

    def _asks(self, spec: Fact | Derived) -> str:
        return self._text(spec.question if isinstance(spec, Fact) else spec.label)

    def _seen(self, fact: str) -> Seen:
        meaning = self.rules.facts.meanings[fact]
        spec = self._spec(fact)
        label = fact if spec is None else self._asks(spec)
        value, most = self.values[f"fact:{fact}"], self.values.get(f"fact:{fact}:most")
        unit = str(meaning.unit) if isinstance(meaning, Number) and meaning.unit and meaning.unit.powers else None
        members = [self._of_members(asked) for asked in self._asked_of_members(fact)]
        if isinstance(meaning, Number):
            low, high = _natural(meaning, value), _natural(meaning, most)
            exact = meaning.exact or low == high
            return Seen(fact, label, low, None if exact else high or "", unit, None, members)
        shown = None
        if isinstance(meaning, Code) and spec is not None and value in spec.values:
            shown = self._text(spec.values[value])
        return Seen(fact, label, _plain(value), None, unit, shown, members)

    # --- members -----------------------------------------------------------------------------------------------------

    def _asked_of_members(self, fact: str) -> list[str]:
        """The asked facts of members that a fact is rolled up from; none where the source gave the fact itself."""
        found, waiting, seen = set[str](), [fact], set[str]()
        while waiting:
            name = waiting.pop()
            spec = self.pack.derived.get(name) or self.pack.facts.get(name)
            if spec is None or name in seen:
                continue
            seen.add(name)
            if isinstance(spec, Derived) and not self._is_given(name, spec):
                waiting += names(parse(spec.rule))
            elif spec.entity == "member":
                found.add(name)
        return sorted(found)

    def _is_given(self, fact: str, spec: Derived) -> bool:
        return spec.given and self.rules.facts.layout.has(table_of(spec.entity), fact)

    def _of_members(self, fact: str) -> MembersSeen:
        spec = self.pack.facts.get(fact) or self.pack.derived[fact]
        label = self._asks(spec)
        column = self.members.get(fact)
        if column is None:
            return MembersSeen(fact, label, None, [])
        rows = sorted(self.rows.all("members"), key=operator.itemgetter("member_no"))
        return MembersSeen(fact, label, column.unit, [self._answer(row, column, spec) for row in rows])

    def _answer(self, row: Mapping[str, Any], column: Column, spec: Quantity) -> MemberAnswer:
        value = row[column.name]
        if value is not None and column.type in ("integer", "decimal", "money"):
            value = f"{Decimal(value).scaleb(-column.scale):f}"
        elif value is not None and column.type == "month":
            value = f"{value:%Y-%m}"
        shown = self._text(spec.values[value]) if column.type == "code" and value in spec.values else None
        return MemberAnswer(row["member_no"], _plain(value), shown)

    # --- figures -----------------------------------------------------------------------------------------------------

    def _threshold(self, id: str, name: str) -> Threshold:
        figure = self.rules.rules[id].figures[name]
        value = self.values[f"figure:{id}:{name}"]
        unit = str(figure.unit) if figure.unit and figure.unit.powers else None
        return Threshold(name, _natural(figure, value), unit, self._source(id, name))

    def _source(self, id: str, name: str) -> str:
        parameters = {**self.pack.parameters, **self.rules.rules[id].rule.spec.parameters}
        if name in parameters:
            return parameters[name].source
        return self.pack.lines[name].source

    # --- scores and categories ---------------------------------------------------------------------------------------

    def _score(self, id: str, spec: Score) -> ScoreSeen:
        meaning = self.rules.rules[id].meaning
        assert isinstance(meaning, Number)
        return ScoreSeen(
            id,
            self._text(spec.label),
            _natural(meaning, self.values[f"{id}_low"]),
            _natural(meaning, self.values[f"{id}_high"]),
            self.values.get(f"{id}_probability_low"),
            self.values.get(f"{id}_probability_high"),
            list(self._items(id, spec)),
            spec.source,
            list(self.rules.rules[id].rests_on),
        )

    def _items(self, id: str, spec: Score) -> Iterator[ItemSeen]:
        for number, (item, points) in enumerate(zip(self._edition_of(spec).items, self.points[id], strict=True)):
            low = self.values[f"item:{id}:{number}"]
            high = low if points.exact else self.values[f"item:{id}:{number}:most"]
            text = " ".join((item.when or str(item.fact)).split())
            yield ItemSeen(text, _natural(points, low), _natural(points, high))

    def _points(self, rule: Rule, spec: Score) -> list[Number]:
        """What each item of a score can give, by the columns of the answers."""
        world = RuleWorld(_Compiled(self.evaluation, self.rules), rule)
        return [points_of(item, world) for item in self._edition_of(spec).items]

    def _edition_of(self, spec: Score) -> ScoreEdition:
        return in_force(spec.editions, self.rules.day).editions[-1]

    def _categories(self, id: str, spec: Categories) -> CategorySeen:
        edition = in_force(spec.editions, self.rules.day).editions[-1]
        labels = {group.id: self._text(group.label) for group in edition.categories}
        first, last = self.values[f"{id}_first"], self.values[f"{id}_last"]
        return CategorySeen(id, self._text(spec.label), first, labels[first], last, labels[last], spec.source)


class _Compiled:
    """The compiled rules, for an item of a score to be read among them."""

    def __init__(self, evaluation: Evaluation, rules: RulesPlan) -> None:
        self.pack, self.day, self.of, self.figures = evaluation.pack, rules.day, rules.of, evaluation.figure_values
        self.facts, self.layout = rules.facts, rules.facts.layout
        self._rules = rules.rules

    def rule(self, id: str) -> CompiledRule:
        return self._rules[id]


def _readings(name: str, meaning: Meaning) -> dict[str, Sql]:
    if not isinstance(meaning, Number):
        return {name: meaning.sql}
    return {name: meaning.low} if meaning.exact else {name: meaning.low, f"{name}:most": meaning.high}


def _natural(meaning: Number, stored: Any) -> str | None:  # noqa: ANN401 - an engine's number
    """A stored value in natural units, as text."""
    if stored is None:
        return None
    value = (
        Decimal(repr(stored)).quantize(Decimal("0.0001"))
        if meaning.real
        else Decimal(int(stored)).scaleb(-meaning.scale)
    )
    return f"{value:f}"


def _plain(value: Any) -> str | bool | None:  # noqa: ANN401 - what an engine holds
    """A yes or no, a text, or nothing."""
    return value if value is None or isinstance(value, bool) else str(value)
