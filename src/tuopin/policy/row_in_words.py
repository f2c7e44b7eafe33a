"""What did the rules see in one row of answers, of a household or of an area: each test, fact and threshold?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tuopin.policy import sql
from tuopin.policy.dated import in_force, source_on
from tuopin.policy.doubts import doubts, row_of
from tuopin.policy.files import Derived, Fact, Standard, StandardEdition, Text
from tuopin.policy.lines import FigureValues
from tuopin.policy.meaning import Code, Meaning, Number
from tuopin.policy.pack import Pack
from tuopin.policy.rule_world import CompiledRule
from tuopin.policy.rules_plan import RulesPlan
from tuopin.policy.seen import Question, Seen, StandardSeen, Test, Threshold
from tuopin.policy.sql import Sql
from tuopin.tables.engines import Engine
from tuopin.terms import Answer


class RowInWords:
    """Reads one row of `evaluated` and puts it into words of a language.

    Attributes:
        pack: the policy.
        rules: its rules in force, compiled.
        language: one of the pack's.
        area: the codes of the areas in which the subject lies, the highest first, its own last.
        values: what was read, by names of our own.
        doubted: what nobody can tell.
    """

    def __init__(self, *, pack: Pack, rules: RulesPlan, language: str, area: Sequence[str]) -> None:
        """Begin with nothing read."""
        self.pack, self.rules, self.language, self.area = pack, rules, language, list(area)

    def read(self, engine: Engine, subject: str) -> None:
        """Read all that is wanted of one household or area, by its id or code."""
        wanted = self.wanted()
        self.doubted = doubts(engine, self.rules, subject)
        row = row_of(engine, self.rules, wanted.values(), subject)
        self.values: dict[str, Any] = dict(zip(wanted, row, strict=True))

    def wanted(self) -> dict[str, Sql]:
        """Everything to be read in one query, by a name of its own."""
        wanted: dict[str, Sql] = {column: sql.column(column) for column in self.rules.columns()}
        for fact, meaning in self.rules.facts.meanings.items():
            wanted |= readings(f"fact:{fact}", meaning)
        for id, compiled in self.rules.rules.items():
            wanted |= {f"part:{id}:{name}": part.sql for name, part in compiled.tests.items()}
            wanted |= {f"applies:{id}": compiled.applies.sql} if compiled.applies else {}
            for name, figure in compiled.figures.items():
                wanted |= readings(f"figure:{id}:{name}", figure)
        return wanted

    # --- standards ---------------------------------------------------------------------------------------------------

    def standards(self) -> list[StandardSeen]:
        """Every standard in force, in the order of the pack."""
        return [self._standard(id, spec) for id, spec in self.rules.standards.items()]

    def settle(self, standard: str) -> list[Question]:
        """What to ask where a standard cannot tell."""
        raise NotImplementedError

    def fact(self, fact: str) -> Seen:
        """A fact as the rules saw it."""
        meaning = self.rules.facts.meanings[fact]
        spec = self.spec(fact)
        label = fact if spec is None else self.asks(spec)
        value, most = self.values[f"fact:{fact}"], self.values.get(f"fact:{fact}:most")
        if isinstance(meaning, Number):
            low, high = natural(meaning, value), natural(meaning, most)
            exact = meaning.exact or low == high
            return Seen(fact, label, low, None if exact else high or "", unit_of(meaning), None, [])
        shown = None
        if isinstance(meaning, Code) and spec is not None and value in spec.values:
            shown = self.text(spec.values[value])
        return Seen(fact, label, plain(value), None, None, shown, [])

    def spec(self, fact: str) -> Fact | Derived | None:
        """What the pack says of a fact; None of what is built in."""
        return self.pack.facts.get(fact) or self.pack.derived.get(fact)

    def asks(self, spec: Fact | Derived) -> str:
        """The question or label of a fact."""
        return self.text(spec.question if isinstance(spec, Fact) else spec.label)

    def text(self, text: Text) -> str:
        """A text of the pack in the language, else in the first that it has."""
        return text.get(self.language) or next(iter(text.values()))

    def _standard(self, id: str, spec: Standard) -> StandardSeen:
        compiled, edition = self.rules.rules[id], self.edition(spec)
        answer = Answer.of(self.values[id])
        applies = Answer.of(self.values[f"applies:{id}"]) if compiled.applies else None
        return StandardSeen(
            id=id,
            question=self.text(spec.question),
            answer=answer.value,
            applies=applies.value if applies else None,
            stage=compiled.rule.stage,
            proposes=spec.proposes,
            since=str(edition.from_),
            source=edition.source or spec.source,
            parts=list(self._parts(id, spec, edition)),
            facts=[self.fact(fact) for fact in compiled.reads],
            thresholds=[self.threshold(id, name) for name in compiled.figures],
            rests_on=list(compiled.rests_on),
            settle=self.settle(id) if answer is Answer.CANNOT_TELL else [],
            announced=[str(edition.from_) for edition in spec.editions if edition.status == "announced"],
        )

    def edition(self, spec: Standard) -> StandardEdition:
        """The text that holds where the household lives, or in the area."""
        held = in_force(spec.editions, self.rules.day)
        here = set(self.area)
        return next((pilot for pilot in held.pilots if here & set(pilot.areas)), held.editions[-1])

    def _parts(self, id: str, spec: Standard, edition: StandardEdition) -> Iterator[Test]:
        for name, text in edition.tests.items():
            said = spec.in_words(name, edition)
            answer = Answer.of(self.values[f"part:{id}:{name}"]).value
            yield Test(name, " ".join(text.split()), answer, self.text(said) if said else None)
        if not edition.tests:
            yield Test("", " ".join(edition.met.split()), Answer.of(self.values[id]).value)

    # --- figures -----------------------------------------------------------------------------------------------------

    def threshold(self, id: str, name: str) -> Threshold:
        """A parameter or line that a rule names, as it is where the subject lies."""
        figure = self.rules.rules[id].figures[name]
        value = natural(figure, self.values[f"figure:{id}:{name}"])
        return Threshold(name, value, unit_of(figure), self._source(id, name))

    def _source(self, id: str, name: str) -> str:
        parameters = {**self.pack.parameters, **self.rules.rules[id].rule.spec.parameters}
        return source_on(parameters[name] if name in parameters else self.pack.lines[name], self.rules.day)


class CompiledRules:
    """The compiled rules, for something more to be read among them: an item of a score, a piece of a condition."""

    def __init__(self, pack: Pack, rules: RulesPlan, figures: FigureValues) -> None:
        """Take the rules of a day, with the values of the figures that lines use."""
        self.pack, self.day, self.of, self.figures = pack, rules.day, rules.of, figures
        self.facts, self.layout = rules.facts, rules.facts.layout
        self._rules = rules.rules

    def rule(self, id: str) -> CompiledRule:
        """A rule."""
        return self._rules[id]


def readings(name: str, meaning: Meaning) -> dict[str, Sql]:
    """What to read of a meaning: a value, or the lowest and (under `…:most`) the highest possible."""
    if not isinstance(meaning, Number):
        return {name: meaning.sql}
    return {name: meaning.low} if meaning.exact else {name: meaning.low, f"{name}:most": meaning.high}


def natural(meaning: Number, stored: Any) -> str | None:  # noqa: ANN401 - an engine's number
    """A stored value in natural units, as text."""
    if stored is None:
        return None
    value = (
        Decimal(repr(stored)).quantize(Decimal("0.0001"))
        if meaning.real
        else Decimal(int(stored)).scaleb(-meaning.scale)
    )
    return f"{value:f}"


def unit_of(meaning: Number) -> str | None:
    """The unit of a number, if it has one."""
    return str(meaning.unit) if meaning.unit and meaning.unit.powers else None


def plain(value: Any) -> str | bool | None:  # noqa: ANN401 - what an engine holds
    """A yes or no, a text, or nothing."""
    return value if value is None or isinstance(value, bool) else str(value)
