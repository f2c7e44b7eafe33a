"""How is a household's answer rolled up from its members, so that one unknown member is not dropped?

SQL's own aggregates pass over NULL: `any` would turn an unknown into a "no", a sum into a smaller sum. Here any-of is
"no" only when every member is known, and counts and sums keep a lowest and a highest possible value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tuopin.policy import arithmetic, sql
from tuopin.policy.columns import STORED_MOST
from tuopin.policy.files import Assumption
from tuopin.policy.language import LanguageError
from tuopin.policy.meaning import Meaning, Number, Truth, nothing_known
from tuopin.policy.sql import Sql
from tuopin.policy.units import Unit

PERSON = Unit.parse("person")
MOST_MEMBERS = 10_000

#: Takes an aggregate over a household's members and gives the column it will stand in.
Aggregate = Callable[[Sql], Sql]

NO, PERHAPS, YES = 0, 1, 2


def any_or_all(function: str, condition: Truth, aggregate: Aggregate) -> Truth:
    """Whether the condition holds for any member, or for all.

    Over nobody (no row is joined) any-of is not met and all-of is met.
    """
    if not condition.asked:
        return Truth(sql.unknown("boolean"), asked=False)
    if function == "any_of":
        return decided(aggregate(sql.largest(graded(condition))), YES, condition.certain)
    return decided(aggregate(sql.smallest(graded(condition))), NO, condition.certain)


def graded(condition: Truth) -> Sql:
    """No is 0, perhaps 1, yes 2: the largest of all members is "any", the smallest is "all"."""
    yes, no = (condition.sql, sql.integer(YES)), (sql.deny(condition.sql), sql.integer(NO))
    if condition.certain:
        return sql.choose([yes], otherwise=sql.integer(NO))
    return sql.choose([yes, no], otherwise=sql.integer(PERHAPS))


def decided(grade: Sql, by: int, certain: bool) -> Truth:
    """Read a grade back: the deciding one, perhaps, or (also where there was no row) the other."""
    cases = [(sql.compare("=", grade, sql.integer(by)), sql.truth(by == YES))]
    if not certain:
        cases.append((sql.compare("=", grade, sql.integer(PERHAPS)), sql.unknown("boolean")))
    return Truth(sql.choose(cases, otherwise=sql.truth(by != YES)), certain)


def counted(condition: Truth, aggregate: Aggregate) -> Number:
    """How many members: surely, and at most. Over nobody 0."""
    if not condition.asked:
        return nothing_known(PERSON)
    one, none = sql.integer(1), sql.integer(0)
    low = sql.coalesce(aggregate(sql.total(sql.choose([(condition.sql, one)], otherwise=none))), none)
    high = low
    if not condition.certain:
        high = sql.coalesce(aggregate(sql.total(sql.choose([(sql.deny(condition.sql), none)], otherwise=one))), none)
    return Number(low, high, 0, PERSON, least=0, most=MOST_MEMBERS, certain=condition.certain)


def summed(item: Number, aggregate: Aggregate) -> Number:
    """The total; an unknown item lies between the bounds that its fact declares, else the total is unknown. Over nobody 0."""
    if not item.asked:
        return nothing_known(item.unit)
    least, most = _times(item.least, min), _times(item.most, max)
    if item.certain and item.exact:
        low = high = sql.coalesce(aggregate(sql.total(item.low)), sql.integer(0))
    else:
        low = _total(item.low, _declared(item.least), aggregate)
        high = _total(item.high, _declared(item.most), aggregate)
    return replace(item, low=low, high=high, least=least, most=most, constant=None, certain=item.certain and item.exact)


def largest_or_smallest(function: str, item: Number, aggregate: Aggregate) -> Number:
    """The largest or smallest; an unknown member leaves open the side on which it might lie. Over nobody unknown."""
    if not item.asked:
        return nothing_known(item.unit)
    pick = sql.largest if function == "max_of" else sql.smallest
    low, high = aggregate(pick(item.low)), aggregate(pick(item.high))
    if item.certain and item.exact:
        return replace(item, low=low, high=low, constant=None, certain=False)
    if function == "max_of":
        high = _if_all_known(item.high, high, aggregate)
    else:
        low = _if_all_known(item.low, low, aggregate)
    return replace(item, low=low, high=high, constant=None, certain=False)


def without_members(function: str, item: Meaning) -> Meaning:
    """No member was listed: nothing is known of them, not even that there is nobody."""
    if function in ("any_of", "all_of"):
        return Truth(sql.unknown("boolean"), asked=False)
    if function == "count_if":
        return nothing_known(PERSON)
    return nothing_known(item.unit if isinstance(item, Number) else Unit())


def assuming(item: Meaning, assume: Assumption | None) -> Meaning:
    """The item with its unknowns filled as the fact's `assume:` says.

    Raises:
        LanguageError: a yes-or-no is assumed for a number, or the other way round.
    """
    if assume is None or item.certain:
        return item
    if isinstance(item, Truth) and isinstance(assume.value, bool):
        return Truth(sql.coalesce(item.sql, sql.truth(assume.value)), certain=True, asked=item.asked)
    if isinstance(item, Number) and not isinstance(assume.value, bool):
        filled = sql.coalesce(item.low, sql.integer(int(assume.value.scaleb(item.scale))))
        return replace(item, low=filled, high=filled, certain=True)
    raise LanguageError("What `assume` says does not fit what is rolled up.", "Give a number for a sum, true or false for a condition.")


def _total(bound: Sql, declared: int | None, aggregate: Aggregate) -> Sql:
    if declared is not None:
        filled = sql.coalesce(bound, sql.integer(declared))
        return sql.coalesce(aggregate(sql.total(filled)), sql.integer(0))
    total = _if_all_known(bound, aggregate(sql.total(bound)), aggregate)
    nobody = sql.is_unknown(aggregate(sql.count()))
    return sql.choose([(nobody, sql.integer(0))], otherwise=total)


def _if_all_known(bound: Sql, value: Sql, aggregate: Aggregate) -> Sql:
    unknown = sql.choose([(sql.is_unknown(bound), sql.integer(1))], otherwise=sql.integer(0))
    return sql.choose([(sql.compare("=", aggregate(sql.largest(unknown)), sql.integer(0)), value)])


def _declared(bound: int | None) -> int | None:
    """A bound that the pack declared; the storage limit of a type is no knowledge of a household."""
    return None if bound is None or abs(bound) in STORED_MOST.values() else bound


def _times(bound: int | None, pick: Callable[[int, int], int]) -> int | None:
    return None if bound is None else pick(0, bound) * MOST_MEMBERS


def share(condition: Truth, size: Number, aggregate: Aggregate) -> Number:
    """The share of members, from 0 to 1; over nobody unknown."""
    if not condition.asked:
        return nothing_known(Unit())
    return arithmetic.ratio(counted(condition, aggregate), size)
