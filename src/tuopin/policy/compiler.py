"""How does a condition become SQL? Names are looked up in a world; each piece is checked for type and unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from tuopin.policy import arithmetic, sql
from tuopin.policy.language import (
    REGISTER_TEST,
    ROLLUPS,
    Arithmetic,
    Call,
    Compare,
    IsUnknown,
    Join,
    LanguageError,
    Literal,
    Name,
    Node,
    Not,
    OneOf,
    Quotient,
)
from tuopin.policy.meaning import Code, Meaning, Moment, Number, Truth, number
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit


class World(Protocol):
    """What the names of a condition mean where it stands: in a member's row, a household's, or a row of facts."""

    as_of: date

    def lookup(self, name: str) -> Meaning:
        """The meaning of a name.

        Raises:
            LanguageError: there is no such name here.
        """
        ...

    def roll_up(self, call: Call) -> Meaning:
        """The meaning of a roll-up over members, or of a look into a register.

        Raises:
            LanguageError: there is nothing to roll up here.
        """
        ...


def compile_condition(node: Node, world: World) -> Truth:
    """A condition as a nullable boolean.

    Raises:
        LanguageError: it is not a condition, or types or units do not fit.
    """
    meaning = compile_node(node, world)
    if not isinstance(meaning, Truth):
        raise LanguageError(f"A condition is expected, but this is {_kind(meaning)}.", "Compare it with something.")
    return meaning


def compile_number(node: Node, world: World) -> Number:
    """An expression as a number.

    Raises:
        LanguageError: it is not a number, or types or units do not fit.
    """
    meaning = compile_node(node, world)
    if not isinstance(meaning, Number):
        raise LanguageError(f"A number is expected, but this is {_kind(meaning)}.")
    return meaning


def compile_node(node: Node, world: World) -> Meaning:
    """Any expression.

    Raises:
        LanguageError: types or units do not fit, or a name is unknown; says what and how to mend it.
    """
    match node:
        case Literal(value):
            return _literal(value)
        case Name(id):
            return world.lookup(id)
        case Not(of):
            inner = compile_condition(of, world)
            return replace(inner, sql=sql.deny(inner.sql))
        case Join(word, parts):
            return _join(word, [compile_condition(part, world) for part in parts])
        case Compare(word, left, right):
            return _compare(word, compile_node(left, world), compile_node(right, world))
        case OneOf(of, values):
            return _one_of(compile_node(of, world), values)
        case IsUnknown(of):
            return _is_unknown(compile_node(of, world))
        case Arithmetic(word, left, right):
            above, below = compile_number(left, world), compile_number(right, world)
            return arithmetic.multiply(above, below) if word == "*" else arithmetic.add(word, above, below)
        case Quotient(above, below):
            return arithmetic.ratio(compile_number(above, world), compile_number(below, world))
        case Call(function, arguments):
            if function in ROLLUPS or function == REGISTER_TEST:
                return world.roll_up(node)
            return _SCALARS[function]([compile_node(argument, world) for argument in arguments], world)
        case _:
            raise TypeError(f"no meaning for {type(node).__name__}")


def _literal(value: Decimal | str | bool) -> Meaning:
    if isinstance(value, bool):
        return Truth(sql.truth(value), certain=True, grounded=False)
    if isinstance(value, str):
        return Code(sql.text(value), None, certain=True, grounded=False, literal=value)
    return number(value)


def _join(word: str, parts: list[Truth]) -> Truth:
    joined = (sql.both if word == "and" else sql.either)(part.sql for part in parts)
    certain, asked = all(part.certain for part in parts), all(part.asked for part in parts)
    return Truth(joined, certain, asked, any(part.grounded for part in parts))


def _compare(word: str, left: Meaning, right: Meaning) -> Truth:
    if isinstance(left, Number) and isinstance(right, Number):
        return arithmetic.compare(word, left, right)
    if isinstance(left, Moment) or isinstance(right, Moment):
        fix = "Compare how long ago it was: months_since(x) or years_since(x)."
        raise LanguageError("Dates are not compared with each other or with a text.", fix)
    if word not in ("=", "<>"):
        raise LanguageError(f"`{word}` compares numbers, but this is {_kind(left)} and {_kind(right)}.", "Use = or <>.")
    certain = left.certain and right.certain
    asked, grounded = left.asked and right.asked, left.grounded or right.grounded
    if isinstance(left, Code) and isinstance(right, Code):
        _check_codes(left, right)
        return Truth(sql.compare(word, left.sql, right.sql), certain, asked, grounded)
    if isinstance(left, Truth) and isinstance(right, Truth):
        return Truth(sql.compare(word, left.sql, right.sql), certain, asked, grounded)
    raise LanguageError(
        f"{_kind(left).capitalize()} cannot be compared with {_kind(right)}.", "Compare values of one type."
    )


def _check_codes(left: Code, right: Code) -> None:
    for code, other in ((left, right), (right, left)):
        if code.literal in other.unknown:
            what = f"'{code.literal}' says that nobody knows, so it is read as unknown."
            raise LanguageError(what, "Write `is null`, or `is not null`.")
        if code.literal is not None and other.values is not None and code.literal not in other.values:
            raise LanguageError(f"'{code.literal}' is not one of the values.", f"Allowed: {_listed(other.values)}.")
        if code.literal is not None and other.literal is not None:
            raise LanguageError("Two fixed codes are compared.", "Put a fact on one side.")


def _one_of(value: Meaning, options: Iterable[Literal]) -> Truth:
    meanings = [_literal(option.value) for option in options]
    if isinstance(value, Code) and value.literal is None:
        for option in meanings:
            if not isinstance(option, Code):
                raise LanguageError("The list holds something that is not a code.", "Write codes in single quotes.")
            _check_codes(value, option)
        found = sql.one_of(value.sql, [option.sql for option in meanings if isinstance(option, Code)])
        return Truth(found, value.certain, value.asked, value.grounded)
    if isinstance(value, Number):
        return _join("or", [_compare("=", value, option) for option in meanings])
    raise LanguageError(f"`in` looks up a code or a number, but this is {_kind(value)}.")


def _is_unknown(value: Meaning) -> Truth:
    if not value.asked:
        return Truth(sql.unknown("boolean"), asked=False, grounded=value.grounded)
    if isinstance(value, Number):
        return Truth(arithmetic.is_unknown(value), certain=True)
    return Truth(sql.is_unknown(value.sql), certain=True)


def _extreme(function: str) -> Callable[[list[Meaning], World], Meaning]:
    def compiled(arguments: list[Meaning], _: World) -> Meaning:
        left, right = _numbers(function, arguments)
        return arithmetic.extreme(function, left, right)

    return compiled


def _ratio(arguments: list[Meaning], _: World) -> Meaning:
    above, below = _numbers("ratio", arguments)
    return arithmetic.ratio(above, below)


def _months_since(arguments: list[Meaning], world: World) -> Meaning:
    """Completed months; a month counts as its first day."""
    moment = _moment("months_since", arguments)
    years = sql.compute("-", sql.integer(world.as_of.year), sql.year_of(moment.sql))
    months = sql.compute("-", sql.integer(world.as_of.month), sql.month_of(moment.sql))
    begun = sql.compute("+", sql.compute("*", years, sql.integer(12)), months)
    not_yet = sql.compare(">", sql.day_of(moment.sql), sql.integer(world.as_of.day))
    return _elapsed(begun, not_yet, moment, Unit.parse("month"))


def _years_since(arguments: list[Meaning], world: World) -> Meaning:
    """Completed years: the age at the last birthday."""
    moment = _moment("years_since", arguments)
    begun = sql.compute("-", sql.integer(world.as_of.year), sql.year_of(moment.sql))
    month, this_month = sql.month_of(moment.sql), sql.integer(world.as_of.month)
    later_day = sql.compare(">", sql.day_of(moment.sql), sql.integer(world.as_of.day))
    not_yet = sql.either(
        [sql.compare(">", month, this_month), sql.both([sql.compare("=", month, this_month), later_day])]
    )
    return _elapsed(begun, not_yet, moment, Unit.parse("year"))


def _elapsed(begun: Sql, not_yet: Sql, moment: Moment, unit: Unit) -> Number:
    completed = sql.choose([(not_yet, sql.compute("-", begun, sql.integer(1)))], otherwise=begun)
    whole = sql.cast(sql.choose([(sql.is_known(moment.sql), completed)]), "bigint")
    elapsed = Number(whole, whole, 0, unit, reach=10**5)
    return replace(elapsed, certain=moment.certain, asked=moment.asked, grounded=moment.grounded)


_SCALARS: dict[str, Callable[[list[Meaning], World], Meaning]] = {
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "ratio": _ratio,
    "months_since": _months_since,
    "years_since": _years_since,
}


def _numbers(function: str, arguments: list[Meaning]) -> tuple[Number, Number]:
    left, right = arguments
    if not isinstance(left, Number) or not isinstance(right, Number):
        raise LanguageError(f"`{function}` takes numbers.")
    return left, right


def _moment(function: str, arguments: list[Meaning]) -> Moment:
    if not isinstance(arguments[0], Moment):
        raise LanguageError(f"`{function}` takes a month or a date, but this is {_kind(arguments[0])}.")
    return arguments[0]


def _kind(meaning: Meaning) -> str:
    match meaning:
        case Truth():
            return "a yes-or-no"
        case Number(unit=unit):
            return f"a number ({unit})" if unit and unit.powers else "a number"
        case Code(literal=str(literal)):
            return f"the code '{literal}'"
        case Code():
            return "a code"
        case Moment():
            return "a date"


def _listed(values: Iterable[str]) -> str:
    shown = sorted(values)
    return ", ".join(shown[:20]) + (" …" if len(shown) > 20 else "")
