"""What does one stored column mean: a fact as it was asked, a fact that nobody asked, a dated figure of the law?"""

from __future__ import annotations

from dataclasses import replace

from tuopin.policy import arithmetic, sql
from tuopin.policy.dated import Figures
from tuopin.policy.files import Derived, Quantity
from tuopin.policy.language import LanguageError
from tuopin.policy.layout import Layout, by_area
from tuopin.policy.meaning import Code, Meaning, Moment, Number, Truth, exact, nothing_known, number
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit
from tuopin.terms import Currency

#: The largest stored value of each type; a row beyond it is refused on reading.
STORED_MOST = {"money": 10**13, "integer": 10**9, "decimal": 10**12}


def fact_meaning(spec: Quantity, column: Sql, currency: Currency, *, certain: bool) -> Meaning:
    """What a stored column of a fact means."""
    if spec.type == "boolean":
        return Truth(column, certain)
    if spec.type == "code":
        return Code(column, frozenset(spec.values), certain)
    if spec.type in ("month", "date"):
        return Moment(column, certain)
    scale = stored_scale(spec, currency)
    most = STORED_MOST[spec.type]
    return exact(
        column,
        scale=scale,
        unit=Unit.parse(spec.unit),
        least=-most if spec.min is None else int(spec.min.scaleb(scale)),
        most=most if spec.max is None else int(spec.max.scaleb(scale)),
        certain=certain,
    )


def stored_scale(spec: Quantity, currency: Currency) -> int:
    """Decimals of a fact's stored whole number."""
    return currency.exponent if spec.type == "money" else spec.scale


def never_asked(spec: Quantity) -> Meaning:
    """A fact that this snapshot's source did not ask."""
    if spec.type == "boolean":
        return Truth(sql.unknown("boolean"), asked=False)
    if spec.type == "code":
        return Code(sql.unknown("text"), frozenset(spec.values), asked=False)
    if spec.type in ("month", "date"):
        return Moment(sql.unknown("date"), asked=False)
    return nothing_known(Unit.parse(spec.unit))


def parameter_meaning(pack: Pack, layout: Layout, on_day: Figures, unit: str | None) -> Number:
    """A dated figure as a number; unknown where no value holds, or where it is in another currency than the snapshot."""
    parsed = Unit.parse(unit)
    if parsed.has(pack.currency.code) and layout.currency.code != pack.currency.code:
        return nothing_known(parsed, asked=False)
    values = {code: number(value, parsed) for code, value in on_day.areas.items()}
    general = number(on_day.default, parsed) if on_day.default is not None else nothing_known(parsed, asked=True)
    if not values:
        return general
    scale = max(n.scale for n in (*values.values(), general))
    return by_area(layout.territory, {code: same_scale(n, scale) for code, n in values.items()}, same_scale(general, scale))


def same_scale(value: Number, scale: int) -> Number:
    """A constant in finer units, no longer a constant of the whole country; an unknown stays one."""
    return replace(arithmetic.rescaled(value, scale) if value.constant is not None else value, scale=scale, constant=None)


def checked(meaning: Meaning, spec: Derived, currency: Currency) -> Meaning:
    """Hold a derived fact to the type and unit it declares.

    Raises:
        LanguageError: the rule gives something else than the fact declares.
    """
    kinds = {"boolean": Truth, "code": Code, "month": Moment, "date": Moment}
    wanted = kinds.get(spec.type, Number)
    if not isinstance(meaning, wanted):
        raise LanguageError(f"The fact is declared as {spec.type}, but its rule gives something else.", "Change the type or the rule.")
    if not isinstance(meaning, Number):
        return meaning
    declared = Unit.parse(spec.unit)
    if meaning.unit is not None and meaning.unit != declared:
        raise LanguageError(f"The fact is declared in `{declared}`, but its rule gives `{meaning.unit}`.", "Change the unit or the rule.")
    bounded = _within_declared(replace(meaning, unit=declared), spec, currency)
    scale = stored_scale(spec, currency)
    if bounded.real or bounded.scale == scale or not bounded.asked:
        return bounded
    if bounded.scale > scale:
        raise LanguageError(f"The rule gives {bounded.scale} decimals, the fact is declared with {scale}.", f"Write `scale: {bounded.scale}`.")
    return arithmetic.rescaled(bounded, scale)


def _within_declared(meaning: Number, spec: Derived, currency: Currency) -> Number:
    """Declared bounds narrow what the compiler need expect (they are checked where the rows are)."""
    if spec.min is not None and meaning.least is None and not meaning.real:
        return replace(meaning, least=int(spec.min.scaleb(meaning.scale)))
    return meaning
