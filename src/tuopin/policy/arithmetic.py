"""How do numbers with bounds add, multiply and compare, so that an unknown never turns into a yes or a no?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tuopin.policy import sql
from tuopin.policy.language import LanguageError
from tuopin.policy.meaning import Number, Truth, never_asked, nothing_known, number
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit


def add(word: str, left: Number, right: Number) -> Number:
    """The sum (`+`) or difference (`-`); both sides in one unit.

    Raises:
        LanguageError: the units differ, or the result may be too large to be counted exactly.
    """
    unit = _one_unit(left, right, "added" if word == "+" else "subtracted")
    if left.constant is not None and right.constant is not None:
        return number(left.constant + right.constant if word == "+" else left.constant - right.constant, unit)
    left, right = _aligned(left, right)
    if left.real:
        raise LanguageError("A ratio cannot be added or subtracted.", "Compare it directly.")
    reach = _sum(left.reach, right.reach)
    lowest, highest = (right.low, right.high) if word == "+" else (right.high, right.low)
    low = _computed(word, left.low, lowest, reach)
    high = low if left.exact and right.exact else _computed(word, left.high, highest, reach)
    least = _sum(left.least, right.least if word == "+" else _negated(right.most))
    most = _sum(left.most, right.most if word == "+" else _negated(right.least))
    return _joined(left, right, low, high, unit, left.scale, least=least, most=most, reach=reach)


def multiply(left: Number, right: Number) -> Number:
    """The product.

    Raises:
        LanguageError: both sides may be negative and one is known only between bounds, so the product has no safe
            bounds; or it may be too large to be counted exactly.
    """
    unit = (left.unit or Unit()) * (right.unit or Unit()) if left.unit or right.unit else None
    if left.constant is not None and right.constant is not None:
        return number(left.constant * right.constant, unit)
    if never_asked(left) or never_asked(right):
        return replace(nothing_known(unit), grounded=left.grounded or right.grounded)
    if left.real or right.real:
        raise LanguageError(
            "A ratio cannot be multiplied.", "Compare it directly, or multiply before you take the ratio."
        )
    if not right.nonnegative:
        left, right = right, left
    if not (left.exact and right.exact) and not right.nonnegative:
        raise LanguageError(
            "A product of two numbers that may both be negative, known only between bounds, has no safe bounds.",
            "Give one of the facts `min: 0` where that is true, or compare them one by one.",
        )
    reach = None if left.reach is None or right.reach is None else left.reach * right.reach
    low = high = _computed("*", left.low, right.low, reach)
    if not (left.exact and right.exact):
        high = _computed("*", left.high, right.high, reach)
        if not left.nonnegative:
            low = _by_sign(left.low, low, _computed("*", left.low, right.high, reach))
            high = _by_sign(left.high, high, _computed("*", left.high, right.low, reach))
    least, most = _product_bounds(left, right)
    return _joined(left, right, low, high, unit, left.scale + right.scale, least=least, most=most, reach=reach)


def compare(word: str, left: Number, right: Number) -> Truth:
    """Whether the comparison holds: met when it does for every possible value, not met when for none.

    Raises:
        LanguageError: the units differ.
    """
    _one_unit(left, right, "compared")
    certain, asked, grounded = (
        left.certain and right.certain,
        left.asked and right.asked,
        left.grounded or right.grounded,
    )
    if not asked and not grounded:
        return Truth(sql.unknown("boolean"), asked=False, grounded=False)
    left, right = _aligned(left, right)
    if left.exact and right.exact:
        return Truth(sql.compare(word, left.low, right.low), certain, asked, grounded)
    if word in ("=", "<>"):
        return Truth(_equal(left, right, word == "="), False, asked, grounded)
    if word in (">", ">="):
        left, right, word = right, left, "<" if word == ">" else "<="
    opposite = ">=" if word == "<" else ">"
    decided = sql.choose(
        [
            (sql.compare(word, left.high, right.low), sql.truth(True)),
            (sql.compare(opposite, left.low, right.high), sql.truth(False)),
        ]
    )
    return Truth(decided, False, asked, grounded)


def extreme(function: str, left: Number, right: Number) -> Number:
    """`greatest` or `least` of two numbers of one unit; one unknown side still leaves one bound."""
    unit = _one_unit(left, right, "compared")
    if left.constant is not None and right.constant is not None:
        return number((max if function == "greatest" else min)(left.constant, right.constant), unit)
    left, right = _aligned(left, right)
    pick = sql.greatest if function == "greatest" else sql.least
    low, high = pick(left.low, right.low), pick(left.high, right.high)
    if left.certain and right.certain and left.exact and right.exact:
        high = low
    elif function == "greatest":
        high = _if_known(high, left.high, right.high)
    else:
        low = _if_known(low, left.low, right.low)
    least, most = _extreme_bounds(function, left, right)
    reach = None if left.reach is None or right.reach is None else max(left.reach, right.reach)
    return _joined(left, right, low, high, unit, left.scale, least=least, most=most, reach=reach)


def ratio(above: Number, below: Number) -> Number:
    """A double: above / below, for a divisor that is never negative; unknown where the divisor is 0.

    Raises:
        LanguageError: the divisor may be negative, or a side is a ratio itself.
    """
    unit = (above.unit or Unit()) / (below.unit or Unit())
    if never_asked(above) or never_asked(below):
        return nothing_known(unit)
    if not below.nonnegative:
        raise LanguageError("The divisor of a ratio may be negative.", "Give the fact `min: 0` where that is true.")
    if below.constant == 0:
        raise LanguageError("The divisor is 0.", "Nothing can be divided by it; name a fact or a figure.")
    if above.real or below.real:
        raise LanguageError("A ratio stands inside a ratio.", "Multiply out: ratio(a, b * c).")
    above, below = _aligned(above, below)
    if above.exact and below.exact:
        low = high = sql.quotient(above.low, below.low)
    else:
        low, high = sql.quotient(above.low, below.high), sql.quotient(above.high, below.low)
        if not above.nonnegative:
            low = _by_sign(above.low, low, sql.quotient(above.low, below.low))
            high = _by_sign(above.high, high, sql.quotient(above.high, below.high))
        never_zero = sql.compare("<>", below.low, sql.integer(0))
        low, high = sql.choose([(never_zero, low)]), sql.choose([(never_zero, high)])
    least = 0 if above.nonnegative else None
    asked, grounded = above.asked and below.asked, above.grounded or below.grounded
    return Number(low, high, 0, unit, real=True, least=least, asked=asked, grounded=grounded)


def is_unknown(value: Number) -> Sql:
    """Whether the number is not known exactly."""
    if value.exact:
        return sql.is_unknown(value.low)
    differs = sql.compare("<>", value.low, value.high)
    return sql.either([sql.is_unknown(value.low), sql.is_unknown(value.high), differs])


def rescaled(value: Number, scale: int) -> Number:
    """The same number in finer units.

    Raises:
        LanguageError: it may be too large to be counted exactly in them.
    """
    step = 10 ** (scale - value.scale)
    if step == 1 or value.real:
        return value
    if value.constant is not None:
        return replace(number(value.constant, value.unit), **_stored(value.constant, scale))
    least, most, reach = (None if bound is None else bound * step for bound in (value.least, value.most, value.reach))
    finer = value.both(lambda bound: bound if sql.is_null(bound) else _computed("*", bound, sql.integer(step), reach))
    return replace(finer, scale=scale, least=least, most=most, reach=reach)


def _stored(constant: Decimal, scale: int) -> dict[str, Any]:
    stored = int(constant.scaleb(scale))
    written = sql.integer(stored)
    return {"low": written, "high": written, "scale": scale, "least": stored, "most": stored, "reach": abs(stored)}


def _one_unit(left: Number, right: Number, doing: str) -> Unit | None:
    if left.unit is not None and right.unit is not None and left.unit != right.unit:
        raise LanguageError(
            f"`{left.unit}` and `{right.unit}` cannot be {doing}.",
            "Use facts and figures in one unit; multiply by the number of persons or months where that is meant.",
        )
    for bare, other in ((left, right), (right, left)):
        refuse_bare_sum(bare, other.unit)
    return left.unit if left.unit is not None else right.unit


def refuse_bare_sum(value: Number, unit: Unit | None) -> None:
    """A sum of money is never written into a rule: it has a date, a source and a currency.

    Raises:
        LanguageError: the value is a bare number other than 0, and the unit is one of money.
    """
    if value.unit is None and value.constant and unit is not None and unit.currency:
        raise LanguageError(
            f"The sum {value.constant} stands in the rule itself, without date and source.",
            f"Make it a parameter with the unit {unit}.",
        )


def _aligned(left: Number, right: Number) -> tuple[Number, Number]:
    if left.real or right.real:
        return _as_real(left), _as_real(right)
    scale = max(left.scale, right.scale)
    return rescaled(left, scale), rescaled(right, scale)


def _as_real(value: Number) -> Number:
    if value.real:
        return value
    if value.constant is not None:
        constant = float(value.constant)
        return replace(value.both(lambda _: sql.real(constant)), scale=0, real=True)
    divisor = sql.integer(10**value.scale)
    return replace(value.both(lambda bound: sql.quotient(bound, divisor)), scale=0, real=True)


def _equal(left: Number, right: Number, wanted: bool) -> Sql:
    known = sql.both(
        [
            sql.compare("=", left.low, left.high),
            sql.compare("=", right.low, right.high),
            sql.compare("=", left.low, right.low),
        ]
    )
    apart = sql.either([sql.compare("<", left.high, right.low), sql.compare(">", left.low, right.high)])
    return sql.choose([(known, sql.truth(wanted)), (apart, sql.truth(not wanted))])


def _by_sign(value: Sql, not_negative: Sql, negative: Sql) -> Sql:
    return sql.choose([(sql.compare(">=", value, sql.integer(0)), not_negative)], otherwise=negative)


def _if_known(value: Sql, *bounds: Sql) -> Sql:
    open_ended = [sql.is_known(bound) for bound in bounds if not sql.is_fixed(bound)]
    return sql.choose([(sql.both(open_ended), value)]) if open_ended else value


def _computed(word: str, left: Sql, right: Sql, reach: int | None) -> Sql:
    if reach is None or reach >= sql.DECIMAL_MOST:
        raise LanguageError(
            "The result may be too large to be counted exactly.",
            "Give the facts in it `min:` and `max:`, so that it is known how large they can be.",
        )
    if reach < sql.BIGINT_MOST:
        return sql.compute(word, left, right)
    return sql.compute(word, sql.wide(left), sql.wide(right))


def _joined(
    left: Number, right: Number, low: Sql, high: Sql, unit: Unit | None, scale: int, **bounds: int | None
) -> Number:
    certain, asked, grounded = (
        left.certain and right.certain,
        left.asked and right.asked,
        left.grounded or right.grounded,
    )
    real = left.real or right.real
    return Number(low, high, scale, unit, real, certain=certain, asked=asked, grounded=grounded, **bounds)  # type: ignore[arg-type]


def _sum(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def _negated(value: int | None) -> int | None:
    return None if value is None else -value


def _product_bounds(left: Number, right: Number) -> tuple[int | None, int | None]:
    if left.least is None or left.most is None or right.least is None or right.most is None:
        return (0, None) if left.nonnegative and right.nonnegative else (None, None)
    corners = [a * b for a in (left.least, left.most) for b in (right.least, right.most)]
    return min(corners), max(corners)


def _extreme_bounds(function: str, left: Number, right: Number) -> tuple[int | None, int | None]:
    pick = max if function == "greatest" else min
    least = None if left.least is None or right.least is None else pick(left.least, right.least)
    most = None if left.most is None or right.most is None else pick(left.most, right.most)
    return least, most
