"""How is a household's answer rolled up from its members, so that one unknown member is not dropped?

SQL's own aggregates pass over NULL: `any` would turn an unknown into a "no", a sum into a smaller sum. Here any-of is
"no" only when every member is known, and counts and sums keep a lowest and a highest possible value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tuopin.policy import arithmetic, sql
from tuopin.policy.files import Assumption
from tuopin.policy.language import LanguageError
from tuopin.policy.meaning import Meaning, Number, Truth, never_asked, nothing_known
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
    if never_asked(condition):
        return Truth(sql.unknown("boolean"), asked=False, grounded=False)
    if function == "any_of":
        found = decided(aggregate(sql.largest(graded(condition))), YES, condition.certain)
    else:
        found = decided(aggregate(sql.smallest(graded(condition))), NO, condition.certain)
    return replace(found, asked=condition.asked)


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
    if never_asked(condition):
        return nothing_known(PERSON)
    one, none = sql.integer(1), sql.integer(0)
    low = sql.coalesce(aggregate(sql.total(sql.choose([(condition.sql, one)], otherwise=none))), none)
    high = low
    if not condition.certain:
        high = sql.coalesce(aggregate(sql.total(sql.choose([(sql.deny(condition.sql), none)], otherwise=one))), none)
    return Number(low, high, 0, PERSON, least=0, most=MOST_MEMBERS, reach=MOST_MEMBERS, certain=condition.certain, asked=condition.asked)


def summed(item: Number, aggregate: Aggregate) -> Number:
    """The total; an unknown item lies between the bounds that its fact declares, else the total is unknown. Over nobody 0.

    Raises:
        LanguageError: the total may be too large to be counted exactly.
    """
    if never_asked(item):
        return nothing_known(item.unit)
    if item.reach is None or item.reach * MOST_MEMBERS >= sql.BIGINT_MOST:
        raise LanguageError("The sum over members may be too large to be stored.", "Give the fact `min:` and `max:`.")
    if item.certain and item.exact:
        low = high = sql.coalesce(aggregate(sql.total(item.low)), sql.integer(0))
    else:
        low, high = _total(item.low, item.least, aggregate), _total(item.high, item.most, aggregate)
    least, most = _times(item.least, min), _times(item.most, max)
    certain = item.certain and item.exact
    return replace(item, low=low, high=high, least=least, most=most, reach=item.reach * MOST_MEMBERS, constant=None, certain=certain)


def largest_or_smallest(function: str, item: Number, aggregate: Aggregate) -> Number:
    """The largest or smallest; an unknown member lies between the bounds that its fact declares. Over nobody unknown."""
    if never_asked(item):
        return nothing_known(item.unit)
    pick = sql.largest if function == "max_of" else sql.smallest
    if item.certain and item.exact:
        found = aggregate(pick(item.low))
        return replace(item, low=found, high=found, constant=None, certain=False)
    low = _extreme(pick, item.low, item.least, aggregate, open_ended=function == "min_of")
    high = _extreme(pick, item.high, item.most, aggregate, open_ended=function == "max_of")
    return replace(item, low=low, high=high, constant=None, certain=False)


def _extreme(
    pick: Callable[[Sql], Sql], bound: Sql, declared: int | None, aggregate: Aggregate, *, open_ended: bool
) -> Sql:
    """One end of a largest or smallest; it stays open if an unknown member could lie beyond all known ones."""
    if declared is not None:
        return aggregate(pick(sql.coalesce(bound, sql.integer(declared))))
    found = aggregate(pick(bound))
    return _if_all_known(bound, found, aggregate) if open_ended else found


def without_members(function: str, item: Meaning) -> Meaning:
    """No member was listed: nothing is known of them, not even that there is nobody."""
    if function in ("any_of", "all_of"):
        return Truth(sql.unknown("boolean"), asked=False, grounded=False)
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
        return Truth(sql.coalesce(item.sql, sql.truth(assume.value)), certain=True, asked=item.asked, grounded=item.grounded)
    if isinstance(item, Number) and not isinstance(assume.value, bool):
        stored = assume.value.scaleb(item.scale)
        if item.real or stored != int(stored):
            raise LanguageError(f"`assume` gives {assume.value}, but only {item.scale} decimals are kept.", "Round it, or raise the scale of the fact.")
        known = sql.is_known(item.low) if item.exact else sql.compare("=", item.low, item.high)
        filled = sql.choose([(known, item.low)], otherwise=sql.integer(int(stored)))
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


def _times(bound: int | None, pick: Callable[[int, int], int]) -> int | None:
    return None if bound is None else pick(0, bound) * MOST_MEMBERS


def share(condition: Truth, size: Number, aggregate: Aggregate) -> Number:
    """The share of members, from 0 to 1; over nobody unknown."""
    if never_asked(condition):
        return nothing_known(Unit())
    return arithmetic.ratio(counted(condition, aggregate), size)
