"""What holds under a pack on a day: which lines, which text of each rule, which figures, and what is announced?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tuopin.policy import Pack, Rule, Standard
from tuopin.policy.dated import Figures, InForce, confidence_on, end_of, ended_on, figures_on, in_force, source_on
from tuopin.policy.files import Categories, Line, Parameter, Score, Text
from tuopin.terms import value_at


@dataclass(frozen=True)
class FigureOfADay:
    """A figure of the law on a day.

    Attributes:
        id: its id.
        value: its value in natural units, as text; None where it differs by area only, or does not hold.
        areas: values of areas that have their own, as text.
        since: the day from which it holds; None where it does not hold.
        ended: the day from which it holds no more.
        unit: its unit.
        source: the law or publication, of this value where it has one of its own.
        confidence: how sure the pack is of it: high, medium, low or unverified.
        of: the derived fact or rule whose own figure it is; None where rules share it.
    """

    id: str
    value: str | None
    areas: dict[str, str]
    since: str | None
    ended: str | None
    unit: str | None
    source: str
    confidence: str
    of: str | None


@dataclass(frozen=True)
class LineOfADay:
    """A poverty line on a day: a value, values by area, or a formula over figures."""

    id: str
    label: str
    value: str | None
    areas: dict[str, str]
    formula: str | None
    since: str | None
    ended: str | None
    unit: str
    concept: str
    prices: str
    use: list[str]
    source: str
    confidence: str


@dataclass(frozen=True)
class RuleOfADay:
    """The text of a rule on a day.

    Attributes:
        id: its id.
        kind: standard, score or categories.
        says: its question or label.
        stage: the stage that its file names.
        proposes: entry, exit or question; None: it only answers.
        since: from when its general text holds; None: there is none yet, or no more.
        ended: the day from which it holds no more.
        text: what it says, part by part: tests and `met`, items with points, categories with conditions.
        pilots: areas with a text on trial.
        announced: days from which announced texts would hold.
        figures: its own figures.
        source: the law or publication.
    """

    id: str
    kind: str
    says: str
    stage: str
    proposes: str | None
    since: str | None
    ended: str | None
    text: dict[str, str]
    pilots: list[str]
    announced: list[str]
    figures: list[FigureOfADay]
    source: str


@dataclass(frozen=True)
class PolicyOfADay:
    """All that holds under a pack on a day, in one language, as plain values.

    `figures` are those that rules share and those of derived facts; a rule has its own beside it.
    """

    pack: str
    version: str
    content_hash: str
    day: str
    language: str
    country: str
    authority: str
    legal_basis: str
    currency: str
    lines: list[LineOfADay]
    figures: list[FigureOfADay]
    rules: list[RuleOfADay]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @property
    def in_force(self) -> list[RuleOfADay]:
        """The rules of which a text holds somewhere."""
        return [rule for rule in self.rules if rule.since or rule.pilots]


def policy_of_a_day(pack: Pack, *, day: date, language: str) -> PolicyOfADay:
    """Gather what holds under a pack on a day.

    Args:
        pack: a pack that was read.
        day: the day.
        language: one of the pack's.
    """
    about = pack.about
    return PolicyOfADay(
        pack=pack.name,
        version=about.version,
        content_hash=pack.content_hash,
        day=str(day),
        language=language,
        country=in_language(about.country.name, language),
        authority=in_language(about.authority, language),
        legal_basis=about.legal_basis,
        currency=about.currency.code,
        lines=[_line(id, line, day, language) for id, line in pack.lines.items()],
        figures=[*_figures(pack.parameters, day), *_figures_of_facts(pack, day)],
        rules=[_rule(rule, day, language) for rule in pack.rules.values()],
    )


def in_language(text: Text, language: str) -> str:
    """A text in a language, else in the first that it has."""
    return text.get(language) or next(iter(text.values()))


def _line(id: str, line: Line, day: date, language: str) -> LineOfADay:
    held = figures_on(line.values, day)
    return LineOfADay(
        id=id,
        label=in_language(line.label, language),
        value=_value(held),
        areas=_areas(held),
        formula=value_at(line.formulas, day),
        since=_since(line.values or line.formulas, day),
        ended=_day(ended_on(line.values or line.formulas, day)),
        unit=line.unit,
        concept=line.concept,
        prices=line.prices,
        use=list(line.use),
        source=source_on(line, day),
        confidence=confidence_on(line, day),
    )


def _figures_of_facts(pack: Pack, day: date) -> Iterator[FigureOfADay]:
    for id, derived in pack.derived.items():
        yield from _figures(derived.parameters, day, of=id)


def _figures(parameters: Mapping[str, Parameter], day: date, *, of: str | None = None) -> Iterator[FigureOfADay]:
    for id, parameter in parameters.items():
        held = figures_on(parameter.values, day)
        yield FigureOfADay(
            id=id,
            value=_value(held),
            areas=_areas(held),
            since=_since(parameter.values, day),
            ended=_day(ended_on(parameter.values, day)),
            unit=parameter.unit,
            source=source_on(parameter, day),
            confidence=confidence_on(parameter, day),
            of=of,
        )


def _rule(rule: Rule, day: date, language: str) -> RuleOfADay:
    spec = rule.spec
    held: InForce[Any] = in_force(spec.editions, day)
    standard = spec if isinstance(spec, Standard) else None
    return RuleOfADay(
        id=rule.id,
        kind=type(spec).__name__.lower(),
        says=in_language(standard.question if standard else _label(spec), language),
        stage=rule.stage,
        proposes=standard.proposes if standard else None,
        since=_day(held.general and held.general.from_),
        ended=None if held.anything else _day(end_of(spec.editions, day)),
        text=dict(_text(rule, held.editions[-1], language)) if held.anything else {},
        pilots=sorted({area for pilot in held.pilots for area in pilot.areas}),
        announced=sorted(str(edition.from_) for edition in spec.editions if edition.status == "announced"),
        figures=list(_figures(spec.parameters, day, of=rule.id)),
        source=held.editions[-1].source or spec.source if held.anything else spec.source,
    )


def _label(spec: Standard | Score | Categories) -> Text:
    return spec.question if isinstance(spec, Standard) else spec.label


def _text(rule: Rule, edition: Any, language: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - one of three editions
    """The parts of a text: what each is called, and its condition or points."""
    spec = rule.spec
    if isinstance(spec, Standard):
        if applies_if := spec.asked_if(edition):
            yield "applies if", _one_line(applies_if)
        for name, condition in edition.tests.items():
            yield name, _one_line(condition)
        yield "met", _one_line(edition.met)
    elif isinstance(spec, Score):
        for item in edition.items:
            named = item.fact or _one_line(item.when)
            points = item.points
            yield (
                named,
                ", ".join(f"{value} {got}" for value, got in points.items())
                if isinstance(points, dict)
                else str(points),
            )
    else:
        for group in edition.categories:
            yield in_language(group.label, language), _one_line(group.when or "otherwise")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(held: Figures | None) -> str | None:
    return None if held is None or held.default is None else f"{held.default:f}"


def _areas(held: Figures | None) -> dict[str, str]:
    return {} if held is None else {code: f"{value:f}" for code, value in held.areas.items()}


def _since(values: Mapping[date, object], day: date) -> str | None:
    begun = [start for start in values if start <= day]
    return str(max(begun)) if begun and values[max(begun)] is not None else None


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)
