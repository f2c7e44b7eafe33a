"""How is a household's answer rolled up from its members, or an area's from its households, keeping the unknown?

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
HOUSEHOLD = Unit.parse("household")
MOST_MEMBERS = 10_000


class Aggregation:
    """The aggregates over the rows of a group: each item and each aggregate is computed once.

    Attributes:
        unit: what a row is.
        most: how many rows a group can have.
        items: what is computed of every row, by the column it stands in below the aggregates.
        columns: the aggregates, by the column they stand in above.
    """

    def __init__(self, alias: str, prefix: str = "", *, unit: Unit = PERSON, most: int = MOST_MEMBERS) -> None:
        """Aggregates will be read from a table of that alias; the prefix tells its columns from others there."""
        self.alias, self.prefix, self.unit, self.most = alias, prefix, unit, most
        self.items: dict[str, Sql] = {}
        self.columns: dict[str, Sql] = {}

    def item(self, tree: Sql) -> Sql:
        """A value of every row, to be named in aggregates."""
        return sql.column(_named(tree, self.items, f"{self.prefix}i"))

    def of(self, tree: Sql) -> Sql:
        """An aggregate over items, to be read beside the group's key."""
        return sql.column(_named(tree, self.columns, f"{self.prefix}u"), self.alias)


def _named(tree: Sql, known: dict[str, Sql], prefix: str) -> str:
    name = next((name for name, other in known.items() if other == tree), None)
    if name is None:
        name = f"{prefix}{len(known)}"
        known[name] = tree
    return name


NO, PERHAPS, YES = 0, 1, 2


def any_or_all(function: str, condition: Truth, over: Aggregation) -> Truth:
    """Whether the condition holds for any member, or for all.

    Over nobody (no row is joined) any-of is not met and all-of is met.
    """
    if never_asked(condition):
        return Truth(sql.unknown("boolean"), asked=False, grounded=False)
    if function == "any_of":
        found = decided(over.of(sql.largest(graded(condition, over))), YES, condition.certain)
    else:
        found = decided(over.of(sql.smallest(graded(condition, over))), NO, condition.certain)
    return replace(found, asked=condition.asked)


def graded(condition: Truth, over: Aggregation) -> Sql:
    """The grade of a condition of every row, the condition itself being computed once."""
    return grade(replace(condition, sql=over.item(condition.sql)))


def grade(condition: Truth) -> Sql:
    """No is 0, perhaps 1, yes 2: the largest of all rows is "any", the smallest is "all"."""
    cases = [(condition.sql, sql.integer(YES))]
    if not condition.certain:
        cases.append((sql.is_unknown(condition.sql), sql.integer(PERHAPS)))
    return sql.choose(cases, otherwise=sql.integer(NO))


def decided(grade: Sql, by: int, certain: bool) -> Truth:
    """Read a grade back: the deciding one, perhaps, or (also where there was no row) the other."""
    cases = [(sql.compare("=", grade, sql.integer(by)), sql.truth(by == YES))]
    if not certain:
        cases.append((sql.compare("=", grade, sql.integer(PERHAPS)), sql.unknown("boolean")))
    return Truth(sql.choose(cases, otherwise=sql.truth(by != YES)), certain)


def counted(condition: Truth, over: Aggregation) -> Number:
    """How many rows: surely, and at most. Over nobody 0."""
    if never_asked(condition):
        return nothing_known(over.unit)
    truth = over.item(condition.sql)
    low = sql.coalesce(over.of(sql.count(sql.choose([(truth, sql.integer(1))]))), sql.integer(0))
    high = low
    if not condition.certain:
        unknown = sql.compute("-", over.of(sql.count()), over.of(sql.count(truth)))
        high = sql.coalesce(sql.compute("+", low, unknown), sql.integer(0))
    number = Number(low, high, 0, over.unit, least=0, most=over.most, reach=over.most)
    return replace(number, certain=condition.certain, asked=condition.asked)


def summed(item: Number, over: Aggregation) -> Number:
    """The total; an unknown item lies between its declared bounds, else the total is unknown. Over nobody 0.

    Raises:
        LanguageError: the total may be too large to be counted exactly.
    """
    if never_asked(item):
        return nothing_known(item.unit)
    if item.reach is None or item.reach * over.most >= sql.BIGINT_MOST:
        raise LanguageError("The sum may be too large to be stored.", "Give the fact `min:` and `max:`.")
    certain = item.certain and item.exact
    low = _total(item.low, item.least, over, certain=certain)
    high = low if certain else _total(item.high, item.most, over, certain=False)
    least, most = _times(item.least, min, over.most), _times(item.most, max, over.most)
    return replace(
        item,
        low=low,
        high=high,
        least=least,
        most=most,
        reach=item.reach * over.most,
        constant=None,
        certain=certain,
    )


def where(item: Number, condition: Truth) -> Number:
    """An item that counts only where a condition holds: else it is 0, and where nobody can tell, either.

    Raises:
        LanguageError: the item is a ratio.
    """
    if never_asked(condition) or never_asked(item):
        return nothing_known(item.unit)
    if item.real:
        raise LanguageError("A ratio cannot be summed.", "Sum what it is a ratio of.")
    low = high = sql.choose([(condition.sql, item.low)], otherwise=sql.integer(0))
    if not (condition.certain and item.exact):
        low = _perhaps(condition, item.low, low_end=True, least_or_most=item.least)
        high = _perhaps(condition, item.high, low_end=False, least_or_most=item.most)
    least, most = (None if end is None else pick(end, 0) for end, pick in ((item.least, min), (item.most, max)))
    bounds = {"least": least, "most": most, "constant": None}
    return replace(
        item,
        low=low,
        high=high,
        certain=condition.certain and item.certain,
        asked=condition.asked and item.asked,
        **bounds,  # type: ignore[arg-type] # a dictionary of the bounds alone
    )


def _perhaps(condition: Truth, bound: Sql, *, low_end: bool, least_or_most: int | None) -> Sql:
    """One end of an item under a condition: 0 where it fails, 0 or the item where nobody can tell."""
    zero = sql.integer(0)
    if least_or_most is not None and (least_or_most >= 0 if low_end else least_or_most <= 0):
        perhaps: Sql = zero  # the item itself lies on the other side of 0
    else:
        beyond = sql.compare("<" if low_end else ">", zero, bound)
        perhaps = sql.choose([(sql.is_unknown(bound), bound), (beyond, zero)], otherwise=bound)
    return sql.choose([(condition.sql, bound), (sql.is_unknown(condition.sql), perhaps)], otherwise=zero)


def largest_or_smallest(function: str, item: Number, over: Aggregation) -> Number:
    """The largest or smallest; an unknown item lies between its declared bounds. Over nobody unknown."""
    if never_asked(item):
        return nothing_known(item.unit)
    pick = sql.largest if function == "max_of" else sql.smallest
    if item.certain and item.exact:
        found = over.of(pick(over.item(item.low)))
        return replace(item, low=found, high=found, constant=None, certain=False)
    low = _extreme(pick, item.low, item.least, over, open_ended=function == "min_of")
    high = _extreme(pick, item.high, item.most, over, open_ended=function == "max_of")
    return replace(item, low=low, high=high, constant=None, certain=False)


def share(condition: Truth, size: Number, over: Aggregation) -> Number:
    """The share of all rows, from 0 to 1; over nobody unknown."""
    if never_asked(condition):
        return nothing_known(Unit())
    return arithmetic.ratio(counted(condition, over), size)


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
        return Truth(
            sql.coalesce(item.sql, sql.truth(assume.value)), certain=True, asked=item.asked, grounded=item.grounded
        )
    if isinstance(item, Number) and not isinstance(assume.value, bool):
        stored = assume.value.scaleb(item.scale)
        if item.real or stored != int(stored):
            raise LanguageError(
                f"`assume` gives {assume.value}, but only {item.scale} decimals are kept.",
                "Round it, or raise the scale of the fact.",
            )
        known = sql.is_known(item.low) if item.exact else sql.compare("=", item.low, item.high)
        filled = sql.choose([(known, item.low)], otherwise=sql.integer(int(stored)))
        return replace(item, low=filled, high=filled, certain=True)
    raise LanguageError(
        "What `assume` says does not fit what is rolled up.", "Give a number for a sum, true or false for a condition."
    )


def _extreme(
    pick: Callable[[Sql], Sql], bound: Sql, declared: int | None, over: Aggregation, *, open_ended: bool
) -> Sql:
    """One end of a largest or smallest; it stays open if an unknown member could lie beyond all known ones."""
    if declared is not None:
        return over.of(pick(over.item(sql.coalesce(bound, sql.integer(declared)))))
    found = over.of(pick(over.item(bound)))
    return _if_all_known(bound, found, over) if open_ended else found


def _total(bound: Sql, declared: int | None, over: Aggregation, *, certain: bool) -> Sql:
    """The sum of what is known, and for each unknown item the declared bound; without one, unknown. Over nobody 0."""
    known = sql.coalesce(over.of(sql.total(over.item(bound))), sql.integer(0))
    if certain or declared == 0:
        return known
    if declared is None:
        return _if_all_known(bound, known, over)
    filled = sql.compute("*", _how_many_unknown(bound, over), sql.integer(declared))
    return sql.compute("+", known, filled)


def _if_all_known(bound: Sql, value: Sql, over: Aggregation) -> Sql:
    return sql.choose([(sql.compare("=", _how_many_unknown(bound, over), sql.integer(0)), value)])


def _how_many_unknown(bound: Sql, over: Aggregation) -> Sql:
    unknown = sql.compute("-", over.of(sql.count()), over.of(sql.count(over.item(bound))))
    return sql.coalesce(unknown, sql.integer(0))


def _times(bound: int | None, pick: Callable[[int, int], int], many: int) -> int | None:
    return None if bound is None else pick(0, bound) * many
