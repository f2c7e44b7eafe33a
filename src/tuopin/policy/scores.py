"""How are points added up, so that an unknown leaves a lowest and a highest possible score?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tuopin.policy import arithmetic, sql
from tuopin.policy.compiler import World, compile_condition
from tuopin.policy.files import Item, ScoreEdition
from tuopin.policy.language import LanguageError, parse
from tuopin.policy.meaning import Code, Number, Truth, number
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit


def points_of(item: Item, world: World) -> Number:
    """The points of one item: for a condition, or for each value of a code.

    Raises:
        LanguageError: the condition does not compile, or a value of the code has no points.
    """
    if isinstance(item.points, dict):
        return _of_code(world, str(item.fact), item.points)
    return _if(compile_condition(parse(str(item.when)), world), item.points)


def added(points: list[Number]) -> Number:
    """The sum of all items."""
    total = points[0]
    for more in points[1:]:
        total = arithmetic.add("+", total, more)
    return total


def probability(points: Number, edition: ScoreEdition) -> Number | None:
    """What the table of a scorecard says of a score: each figure holds from its score up. None without a table.

    Raises:
        LanguageError: the table neither rises nor falls, so that bounds on the score give none on the probability.
    """
    if not edition.probability:
        return None
    steps = sorted(edition.probability.items())
    values = [value for _, value in steps]
    rising = values == sorted(values)
    if not rising and values != sorted(values, reverse=True):
        raise LanguageError("The probabilities neither rise nor fall with the score.", "Check the table.")

    def read(bound: Sql) -> Sql:
        cases = [(sql.is_unknown(bound), sql.unknown("double"))]
        for start, value in reversed(steps):
            reached = sql.compare(">=", bound, sql.integer(start * 10**points.scale))
            cases.append((reached, sql.real(float(value))))
        return sql.choose(cases, otherwise=sql.real(float(values[0])))

    first, last = (points.low, points.high) if rising else (points.high, points.low)
    return Number(read(first), read(last), real=True, unit=Unit(), asked=points.asked, grounded=points.grounded)


def _if(condition: Truth, points: Decimal) -> Number:
    given = number(points)
    stored = int(points.scaleb(given.scale))
    surely = sql.choose([(condition.sql, sql.integer(stored))], otherwise=sql.integer(0))
    possibly = surely
    if not condition.certain:
        possibly = sql.choose([(sql.deny(condition.sql), sql.integer(0))], otherwise=sql.integer(stored))
    low, high = (surely, possibly) if points >= 0 else (possibly, surely)
    return _points(low, high, given.scale, (0, stored), condition)


def _of_code(world: World, fact: str, points: Mapping[str, Decimal]) -> Number:
    code = world.lookup(fact)
    if not isinstance(code, Code) or code.values is None:
        raise LanguageError(f"`{fact}` is not a fact with codes.", "Use `when` with a condition.")
    if set(points) != set(code.values):
        wrong = ", ".join(sorted(set(points) ^ set(code.values)))
        fix = "Give points to each code, and to no other."
        raise LanguageError(f"The points and the codes of `{fact}` differ: {wrong}.", fix)
    scale = max(number(value).scale for value in points.values())
    stored = {value: int(given.scaleb(scale)) for value, given in sorted(points.items())}
    cases = [(sql.compare("=", code.sql, sql.text(value)), sql.integer(given)) for value, given in stored.items()]
    low = sql.choose(cases, otherwise=sql.integer(min(stored.values())))
    high = low if code.certain else sql.choose(cases, otherwise=sql.integer(max(stored.values())))
    return _points(low, high, scale, stored.values(), code)


def _points(low: Sql, high: Sql, scale: int, possible: Iterable[int], of: Truth | Code) -> Number:
    values = list(possible)
    return Number(
        low,
        high,
        scale,
        least=min(values),
        most=max(values),
        reach=max(abs(value) for value in values),
        certain=of.certain,
        asked=of.asked,
        grounded=of.grounded,
    )
