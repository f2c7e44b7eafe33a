"""Which facts can a source give under a pack, and with which codes? What the author of a mapping has to know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tuopin.interfaces.cli.screen import Screen
from tuopin.interfaces.policy_of_a_day import in_language
from tuopin.policy import Pack
from tuopin.policy.files import Derived, Fact


@dataclass(frozen=True)
class FactToMap:
    """A fact that a mapping can name.

    Attributes:
        id: its id.
        entity: of what: household, member, dwelling, area or register:<name>.
        type: boolean, integer, decimal, money, code, month or date.
        unit: what its numbers count; None: nothing, or it is no number.
        scale: the decimals of a decimal fact.
        min: the least that is possible; None: nothing is said.
        max: the most.
        codes: the codes allowed, each with its meaning.
        unknown: those of them that are read as unknown.
        says: its question or label.
        computed: it is computed where no source gives it.
    """

    id: str
    entity: str
    type: str
    unit: str | None
    scale: int
    min: Decimal | None
    max: Decimal | None
    codes: dict[str, str]
    unknown: list[str]
    says: str
    computed: bool


def facts_to_map(pack: Pack, language: str) -> list[FactToMap]:
    """The facts that are asked, and those computed ones that a source may give instead, in one language."""
    given = {id: spec for id, spec in pack.derived.items() if spec.given}
    specs: dict[str, Fact | Derived] = {**pack.facts, **given}
    return [_fact(id, spec, language) for id, spec in specs.items()]


def _fact(id: str, spec: Fact | Derived, language: str) -> FactToMap:
    return FactToMap(
        id=id,
        entity=spec.entity,
        type=spec.type,
        unit=spec.unit,
        scale=spec.scale,
        min=spec.min,
        max=spec.max,
        codes={code: in_language(label, language) for code, label in spec.values.items()},
        unknown=list(spec.unknown) if isinstance(spec, Fact) else [],
        says=in_language(spec.question if isinstance(spec, Fact) else spec.label, language),
        computed=isinstance(spec, Derived),
    )


def show_facts(screen: Screen, facts: Iterable[FactToMap]) -> None:
    """Print the facts, those of one entity together."""
    rows: dict[str, list[tuple[str, ...]]] = {}
    for fact in facts:
        says = f"{fact.says} (computed where no source gives it)" if fact.computed else fact.says
        rows.setdefault(fact.entity, []).append((fact.id, _type(fact), _allowed(fact), says))
    for entity, found in rows.items():
        screen.table(f"Facts: {entity}", ["fact", "type", "allowed", "asks"], found)


def _type(fact: FactToMap) -> str:
    return " ".join(filter(None, (fact.type, fact.unit)))


def _allowed(fact: FactToMap) -> str:
    if fact.codes:
        return ", ".join(f"{code} (unknown)" if code in fact.unknown else code for code in fact.codes)
    least = None if fact.min is None else f"{fact.min:,f}"
    most = None if fact.max is None else f"{fact.max:,f}"
    if least and most:
        return f"{least} to {most}"
    return f"at least {least}" if least else f"at most {most}" if most else ""
