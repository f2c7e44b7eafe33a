"""What does one stored column mean: a fact as it was asked, a fact that nobody asked, a dated figure of the law?"""

from __future__ import annotations

from dataclasses import replace

from tuopin.policy import arithmetic
from tuopin.policy.dated import Figures
from tuopin.policy.files import Derived, Fact, Quantity
from tuopin.policy.language import LanguageError
from tuopin.policy.layout import Layout, by_area
from tuopin.policy.meaning import Code, Meaning, Moment, Number, Truth, exact, never_asked, nothing_known, number
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit
from tuopin.tables import LIMITS, Column, table_of_entity
from tuopin.terms import Currency


def declared_columns(pack: Pack, currency: Currency) -> dict[str, list[Column]]:
    """The pack's asked facts as columns of the snapshot's tables; derived ones too where a source may give them.

    Args:
        pack: the pack.
        currency: the currency of the snapshot, whose minor unit gives money its scale.
    """
    tables: dict[str, list[Column]] = {}
    given = {id: derived for id, derived in pack.derived.items() if derived.given}
    for id, spec in {**pack.facts, **given}.items():
        sensitivity = spec.sensitivity if isinstance(spec, Fact) else "personal"
        column = Column(
            id,
            spec.type,
            unit=spec.unit,
            scale=stored_scale(spec, currency),
            values=spec.codes,
            minimum=spec.min,
            maximum=spec.max,
            sensitivity=sensitivity,
            unknown=tuple(spec.unknown) if isinstance(spec, Fact) else (),
        )
        tables.setdefault(table_of_entity(spec.entity), []).append(column)
    return tables


def fact_meaning(spec: Quantity, column: Sql, currency: Currency, *, certain: bool) -> Meaning:
    """What a stored column of a fact means."""
    if spec.type == "boolean":
        return Truth(column, certain)
    if spec.type == "code":
        unknown = frozenset(spec.values) - frozenset(spec.codes)
        return Code(column, frozenset(spec.codes), certain, unknown=unknown)
    if spec.type in ("month", "date"):
        return Moment(column, certain)
    scale = stored_scale(spec, currency)
    least, most = _declared_bounds(spec, scale, currency)
    return exact(
        column,
        scale=scale,
        unit=Unit.parse(spec.unit),
        least=least,
        most=most,
        reach=LIMITS[spec.type],
        certain=certain,
    )


def _declared_bounds(spec: Quantity, scale: int, currency: Currency) -> tuple[int | None, int | None]:
    """What the pack says is possible; sums in another currency than the pack's are only known not to be negative."""
    unit = Unit.parse(spec.unit)
    if unit.currency is not None and unit.currency != currency.code:
        return (0 if spec.min is not None and spec.min >= 0 else None), None
    least = None if spec.min is None else int(spec.min.scaleb(scale))
    return least, None if spec.max is None else int(spec.max.scaleb(scale))


def stored_scale(spec: Quantity, currency: Currency) -> int:
    """Decimals of a fact's stored whole number."""
    return currency.exponent if spec.type == "money" else spec.scale


def parameter_meaning(pack: Pack, layout: Layout, on_day: Figures, unit: str | None) -> Number:
    """A dated figure as a number; unknown where no value holds, or where the snapshot is in another currency."""
    parsed = Unit.parse(unit)
    if parsed.has(pack.currency.code) and layout.currency.code != pack.currency.code:
        return nothing_known(parsed, asked=False)
    values = {code: number(value, parsed) for code, value in on_day.areas.items()}
    general = number(on_day.default, parsed) if on_day.default is not None else nothing_known(parsed, asked=True)
    if not values:
        return general
    scale = max(n.scale for n in (*values.values(), general))
    return by_area(
        layout.territory, {code: same_scale(n, scale) for code, n in values.items()}, same_scale(general, scale)
    )


def same_scale(value: Number, scale: int) -> Number:
    """A constant in finer units, no longer a constant of the whole country; an unknown stays one."""
    return replace(
        arithmetic.rescaled(value, scale) if value.constant is not None else value, scale=scale, constant=None
    )


def checked(meaning: Meaning, spec: Derived, currency: Currency) -> Meaning:
    """Hold a derived fact to the type and unit it declares.

    Raises:
        LanguageError: the rule gives something else than the fact declares.
    """
    kinds = {"boolean": Truth, "code": Code, "month": Moment, "date": Moment}
    wanted = kinds.get(spec.type, Number)
    if not isinstance(meaning, wanted):
        raise LanguageError(
            f"The fact is declared as {spec.type}, but its rule gives something else.", "Change the type or the rule."
        )
    if not isinstance(meaning, Number):
        return meaning
    declared = Unit.parse(spec.unit)
    arithmetic.refuse_bare_sum(meaning, declared)
    if meaning.unit is not None and meaning.unit != declared:
        raise LanguageError(
            f"The fact is declared in `{declared}`, but its rule gives `{meaning.unit}`.",
            "Change the unit or the rule.",
        )
    bounded = _within_declared(replace(meaning, unit=declared), spec, currency)
    scale = stored_scale(spec, currency)
    if bounded.real or bounded.scale == scale or never_asked(bounded):
        return bounded
    if bounded.scale > scale:
        raise LanguageError(
            f"The rule gives {bounded.scale} decimals, the fact is declared with {scale}.",
            f"Write `scale: {bounded.scale}`.",
        )
    return arithmetic.rescaled(bounded, scale)


def _within_declared(meaning: Number, spec: Derived, currency: Currency) -> Number:
    """Bounds that a derived fact declares must follow from those of the facts in its rule: nobody checks its values.

    Raises:
        LanguageError: the rule can give less or more than is declared.
    """
    least, most = _declared_bounds(spec, meaning.scale, currency)
    if meaning.real or never_asked(meaning) or spec.given:
        return meaning
    if least is not None and (meaning.least is None or meaning.least < least):
        raise LanguageError(
            f"The rule can give less than `min: {spec.min}`.",
            "Take it out, or give the facts in the rule bounds of their own.",
        )
    if most is not None and (meaning.most is None or meaning.most > most):
        raise LanguageError(
            f"The rule can give more than `max: {spec.max}`.",
            "Take it out, or give the facts in the rule bounds of their own.",
        )
    return meaning
