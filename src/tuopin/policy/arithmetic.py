"""How do numbers with bounds add, multiply and compare, so that an unknown never turns into a yes or a no?"""

from __future__ import annotations

from dataclasses import replace

from tuopin.policy import sql
from tuopin.policy.language import LanguageError
from tuopin.policy.meaning import Number, Truth, nothing_known, number
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit


def add(word: str, left: Number, right: Number) -> Number:
    """The sum (`+`) or difference (`-`); both sides in one unit.

    Raises:
        LanguageError: the units differ.
    """
    unit = _one_unit(left, right, "added" if word == "+" else "subtracted")
    if left.constant is not None and right.constant is not None:
        return number(left.constant + right.constant if word == "+" else left.constant - right.constant, unit)
    left, right = _aligned(left, right)
    lowest, highest = (right.low, right.high) if word == "+" else (right.high, right.low)
    least = _sum(left.least, right.least if word == "+" else _negated(right.most))
    most = _sum(left.most, right.most if word == "+" else _negated(right.least))
    if left.real:
        raise LanguageError("A ratio cannot be added or subtracted.", "Compare it directly.")
    low = _computed(word, left.low, lowest, least, most)
    high = low if left.exact and right.exact else _computed(word, left.high, highest, least, most)
    return _joined(left, right, low, high, unit, least, most, left.scale)


def multiply(left: Number, right: Number) -> Number:
    """The product.

    Raises:
        LanguageError: both sides may be negative and one is known only between bounds, so the product has no safe bounds.
    """
    unit = (left.unit or Unit()) * (right.unit or Unit()) if left.unit or right.unit else None
    if left.constant is not None and right.constant is not None:
        return number(left.constant * right.constant, unit)
    if not left.asked or not right.asked:
        return nothing_known(unit)
    if left.real or right.real:
        raise LanguageError("A ratio cannot be multiplied.", "Compare it directly, or multiply before you take the ratio.")
    if not right.nonnegative:
        left, right = right, left
    if not (left.exact and right.exact) and not right.nonnegative:
        raise LanguageError(
            "A product of two numbers that may both be negative, known only between bounds, has no safe bounds.",
            "Give one of the facts `min: 0` where that is true, or compare them one by one.",
        )
    least, most = _product_bounds(left, right)
    low = _computed("*", left.low, right.low, least, most)
    high = low
    if not (left.exact and right.exact):
        high = _computed("*", left.high, right.high, least, most)
        if not left.nonnegative:
            low = _by_sign(left.low, low, _computed("*", left.low, right.high, least, most))
            high = _by_sign(left.high, high, _computed("*", left.high, right.low, least, most))
    return _joined(left, right, low, high, unit, least, most, left.scale + right.scale)


def compare(word: str, left: Number, right: Number) -> Truth:
    """Whether the comparison holds: met when it does for every possible value, not met when for none.

    Raises:
        LanguageError: the units differ.
    """
    _one_unit(left, right, "compared")
    certain, asked = left.certain and right.certain, left.asked and right.asked
    left, right = _aligned(left, right)
    if left.exact and right.exact:
        return Truth(sql.compare(word, left.low, right.low), certain, asked)
    if word in ("=", "<>"):
        return _equal(left, right, word == "=", asked)
    if word in (">", ">="):
        left, right, word = right, left, "<" if word == ">" else "<="
    opposite = ">=" if word == "<" else ">"
    decided = sql.choose(
        [
            (sql.compare(word, left.high, right.low), sql.truth(True)),
            (sql.compare(opposite, left.low, right.high), sql.truth(False)),
        ]
    )
    return Truth(decided, False, asked)


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
    return _joined(left, right, low, high, unit, least, most, left.scale)


def ratio(above: Number, below: Number) -> Number:
    """A double: above / below, for a divisor that is never negative; unknown where the divisor is 0.

    Raises:
        LanguageError: the divisor may be negative.
    """
    unit = (above.unit or Unit()) / (below.unit or Unit())
    if not above.asked or not below.asked:
        return nothing_known(unit)
    if not below.nonnegative:
        raise LanguageError("The divisor of a ratio may be negative.", "Give the fact `min: 0` where that is true.")
    if not above.real and not below.real:
        above, below = _aligned(above, below)
    if above.exact and below.exact:
        low = high = sql.quotient(above.low, below.low)
    else:
        low, high = sql.quotient(above.low, below.high), sql.quotient(above.high, below.low)
        if not above.nonnegative:
            low = _by_sign(above.low, low, sql.quotient(above.low, below.low))
            high = _by_sign(above.high, high, sql.quotient(above.high, below.high))
    return Number(low, high, 0, unit, real=True, least=0 if above.nonnegative else None)


def is_unknown(value: Number) -> Sql:
    """Whether the number is not known exactly."""
    if value.exact:
        return sql.is_unknown(value.low)
    differs = sql.compare("<>", value.low, value.high)
    return sql.either([sql.is_unknown(value.low), sql.is_unknown(value.high), differs])


def rescaled(value: Number, scale: int) -> Number:
    """The same number in finer units."""
    step = 10 ** (scale - value.scale)
    if step == 1 or value.real:
        return value
    if value.constant is not None:
        stored = int(value.constant.scaleb(scale))
        return replace(value.both(lambda _: sql.integer(stored)), scale=scale, least=stored, most=stored)
    least, most = _times(value.least, step), _times(value.most, step)
    finer = value.both(lambda bound: _computed("*", bound, sql.integer(step), least, most))
    return replace(finer, scale=scale, least=least, most=most)


def _one_unit(left: Number, right: Number, doing: str) -> Unit | None:
    if left.unit is not None and right.unit is not None and left.unit != right.unit:
        raise LanguageError(
            f"`{left.unit}` and `{right.unit}` cannot be {doing}.",
            "Use facts and figures in one unit; multiply by the number of persons or months where that is meant.",
        )
    return left.unit if left.unit is not None else right.unit


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


def _equal(left: Number, right: Number, wanted: bool, asked: bool) -> Truth:
    known = sql.both(
        [
            sql.compare("=", left.low, left.high),
            sql.compare("=", right.low, right.high),
            sql.compare("=", left.low, right.low),
        ]
    )
    apart = sql.either([sql.compare("<", left.high, right.low), sql.compare(">", left.low, right.high)])
    return Truth(sql.choose([(known, sql.truth(wanted)), (apart, sql.truth(not wanted))]), False, asked)


def _by_sign(value: Sql, not_negative: Sql, negative: Sql) -> Sql:
    return sql.choose([(sql.compare(">=", value, sql.integer(0)), not_negative)], otherwise=negative)


def _if_known(value: Sql, *bounds: Sql) -> Sql:
    open_ended = [sql.is_known(bound) for bound in bounds if not sql.is_fixed(bound)]
    return sql.choose([(sql.both(open_ended), value)]) if open_ended else value


def _computed(word: str, left: Sql, right: Sql, least: int | None, most: int | None) -> Sql:
    fits = least is not None and most is not None and -sql.BIGINT_MOST < least and most < sql.BIGINT_MOST
    return sql.compute(word, left if fits else sql.wide(left), right if fits else sql.wide(right))


def _joined(
    left: Number, right: Number, low: Sql, high: Sql, unit: Unit | None, least: int | None, most: int | None, scale: int
) -> Number:
    real = left.real or right.real
    certain, asked = left.certain and right.certain, left.asked and right.asked
    return Number(low, high, scale, unit, real, least, most, certain, asked)


def _sum(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def _negated(value: int | None) -> int | None:
    return None if value is None else -value


def _times(value: int | None, step: int) -> int | None:
    return None if value is None else value * step


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

