"""Why does the policy say this of a household: each test, the fact it saw, the threshold, what would settle it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from tuopin.policy import sql
from tuopin.policy.dated import in_force
from tuopin.policy.evaluation import EVALUATED, Evaluation
from tuopin.policy.facts_plan import BUILT_IN, facts_under
from tuopin.policy.files import Categories, Fact, Score, Standard, StandardEdition, Text
from tuopin.policy.household import Rows, evaluate_rows, find_household
from tuopin.policy.layout import table_of
from tuopin.policy.meaning import Code, Meaning, Number
from tuopin.policy.pack import Pack
from tuopin.policy.proposal import cannot_tell, fact_unknown
from tuopin.policy.rules_plan import RulesPlan
from tuopin.policy.sql import Sql
from tuopin.tables.engines import Engine
from tuopin.terms import Answer


@dataclass(frozen=True)
class Seen:
    """A fact as the rules saw it.

    Attributes:
        fact: its id.
        label: its question or label.
        value: yes/no, a number (text, in natural units), a code, or None where nobody knows.
        most: the highest possible value, where only bounds are known (then `value` is the lowest).
        unit: of a number.
        shown: the value in words of the language.
    """

    fact: str
    label: str
    value: str | bool | None
    most: str | None
    unit: str | None
    shown: str | None


@dataclass(frozen=True)
class Threshold:
    """A figure of the law that a test compares with.

    Attributes:
        id: the parameter or line.
        value: in natural units, for this household's area; None where it cannot be told.
        unit: its unit.
        source: the law or publication.
    """

    id: str
    value: str | None
    unit: str | None
    source: str


@dataclass(frozen=True)
class Question:
    """A question whose answer would settle what cannot be told."""

    fact: str
    of: str
    question: str


@dataclass(frozen=True)
class Test:
    """A named part of a standard, or its whole condition."""

    id: str
    condition: str
    answer: str


@dataclass(frozen=True)
class StandardSeen:
    """A standard and its answer for one household."""

    id: str
    question: str
    answer: str
    applies: str | None
    stage: str
    proposes: str | None
    since: str
    source: str
    parts: list[Test]
    facts: list[Seen]
    thresholds: list[Threshold]
    rests_on: list[str]
    settle: list[Question]
    announced: list[str]


@dataclass(frozen=True)
class ScoreSeen:
    """A score: its lowest and highest possible sum, and probabilities if it has a table."""

    id: str
    label: str
    low: str | None
    high: str | None
    probability_low: float | None
    probability_high: float | None
    source: str
    rests_on: list[str]


@dataclass(frozen=True)
class CategorySeen:
    """A list of categories: the first and last group that is possible."""

    id: str
    label: str
    first: str
    first_label: str
    last: str
    last_label: str
    source: str


@dataclass(frozen=True)
class HouseholdSeen:
    """Everything the policy says of one household."""

    household: str
    area: list[str]
    facts_as_of: str
    as_of: str
    pack: str
    standing: str
    standards: list[StandardSeen]
    scores: list[ScoreSeen]
    categories: list[CategorySeen]
    assumptions: list[dict[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


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
    leaves = {leaf for fact in wanted for leaf in facts_under(pack, fact) if leaf not in BUILT_IN[1:]}
    return sorted(leaf for leaf in leaves if _unknown_in(pack, rows, leaf))


def _one_row(engine: Engine, trees: Iterable[Sql], household_id: str) -> tuple[Any, ...]:
    columns = {f"v{number}": tree for number, tree in enumerate(trees)}
    this = sql.compare("=", sql.column("household_id"), sql.text(household_id))
    return engine.rows(sql.select(columns, sql.table(EVALUATED), [this]))[0]


def _unknown_in(pack: Pack, rows: Rows, fact: str) -> bool:
    """Whether some row that should say it does not."""
    if fact == "household_size":
        return "members" not in rows.tables and rows.first("households").get(fact) is None
    entity = pack.facts[fact].entity
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

    def household(self, id: str) -> HouseholdSeen:
        standing = self.rules.facts.meanings["standing"]
        assert isinstance(standing, Code)
        wanted = {"standing": standing.sql, **self._wanted()}
        self.doubted = doubts(self.evaluation.engine, self.rules, id)
        self.values = dict(zip(wanted, _one_row(self.evaluation.engine, wanted.values(), id), strict=True))
        manifest = self.evaluation.snapshot.manifest
        lives_in = self.rows.first("households")["area_code"]
        self.area = [area.code for area in reversed(self.evaluation.snapshot.areas().above(lives_in))]
        return HouseholdSeen(
            household=id,
            area=self.area,
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
        asked = [(fact, self.pack.facts[fact]) for fact in facts if fact in self.pack.facts]
        return [Question(fact, spec.entity, self._text(spec.question)) for fact, spec in asked]

    def _seen(self, fact: str) -> Seen:
        meaning = self.rules.facts.meanings[fact]
        spec = self.pack.facts.get(fact) or self.pack.derived.get(fact)
        label = fact if spec is None else self._text(spec.question if isinstance(spec, Fact) else spec.label)
        value, most = self.values[f"fact:{fact}"], self.values.get(f"fact:{fact}:most")
        unit = str(meaning.unit) if isinstance(meaning, Number) and meaning.unit and meaning.unit.powers else None
        if isinstance(meaning, Number):
            low, high = _natural(meaning, value), _natural(meaning, most)
            exact = meaning.exact or low == high
            return Seen(fact, label, low, None if exact else high or "", unit, None)
        shown = None
        if isinstance(meaning, Code) and spec is not None and value in spec.values:
            shown = self._text(spec.values[value])
        return Seen(
            fact,
            label,
            value if isinstance(value, bool | str) else None if value is None else str(value),
            None,
            unit,
            shown,
        )

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
            spec.source,
            list(self.rules.rules[id].rests_on),
        )

    def _categories(self, id: str, spec: Categories) -> CategorySeen:
        edition = in_force(spec.editions, self.rules.day).editions[-1]
        labels = {group.id: self._text(group.label) for group in edition.categories}
        first, last = self.values[f"{id}_first"], self.values[f"{id}_last"]
        return CategorySeen(id, self._text(spec.label), first, labels[first], last, labels[last], spec.source)


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
