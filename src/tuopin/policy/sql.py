"""How is a tree of SQL put together? A few words of the common subset, every operand in its own brackets.

Trees share their pieces and are never changed once made (the engine writes from a copy of its own). Both engines read
these words alike: AND OR NOT, comparisons, IN, IS NULL, CASE, CAST, + - *, GREATEST, LEAST, and
the aggregates COUNT SUM MIN MAX. Nothing here writes text: an engine does, with its own quoting. Where a query of ours
stands as text, it says STRING, not VARCHAR, quotes "names" so, and orders by columns that are never unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from sqlglot import exp

Sql = exp.Expr

#: Beyond this an engine's 64-bit integers may overflow, so a wider type is used.
BIGINT_MOST = 9 * 10**18
#: Beyond this no exact whole number of an engine does.
DECIMAL_MOST = 10**38

_ATOMS = (exp.Column, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Case, exp.Cast, exp.Func, exp.Subquery)
_COMPARE: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_COMPUTE: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}


@cache
def _type(kind: str) -> exp.DataType:
    return exp.DataType.build(kind)


def column(name: str, table: str | None = None) -> Sql:
    """A column, quoted."""
    return exp.column(name, table=table, quoted=True)


def integer(value: int) -> Sql:
    """A whole number."""
    return exp.Literal.number(value) if value >= 0 else exp.Paren(this=exp.Neg(this=exp.Literal.number(-value)))


def real(value: float) -> Sql:
    """A double, written so that every engine reads the same bits."""
    return exp.Cast(this=exp.Literal.string(repr(float(value))), to=_type("double"))


def text(value: str) -> Sql:
    """A string literal; the engine escapes it."""
    return exp.Literal.string(value)


def truth(value: bool) -> Sql:
    """TRUE or FALSE."""
    return exp.Boolean(this=value)


def unknown(kind: str) -> Sql:
    """NULL of a type, such as boolean, bigint, double or text."""
    return exp.Cast(this=exp.Null(), to=_type(kind))


def cast(value: Sql, kind: str) -> Sql:
    """A value in another type."""
    return exp.Cast(this=value, to=_type(kind))


def wide(value: Sql) -> Sql:
    """A whole number in 38 digits, where 64 bits may not do."""
    return cast(value, "decimal(38, 0)")


def is_null(value: Sql) -> bool:
    """Whether it is NULL itself, whatever the row."""
    return isinstance(value, exp.Cast) and isinstance(value.this, exp.Null)


def is_fixed(value: Sql) -> bool:
    """Whether it is one known value, the same for every row."""
    return value.find(exp.Column, exp.Null, exp.Case) is None


def both(parts: Iterable[Sql]) -> Sql:
    """All of them (AND)."""
    return _joined(exp.And, list(parts), empty=True)


def either(parts: Iterable[Sql]) -> Sql:
    """Any of them (OR)."""
    return _joined(exp.Or, list(parts), empty=False)


def deny(part: Sql) -> Sql:
    """NOT."""
    return exp.Not(this=_operand(part))


def compare(word: str, left: Sql, right: Sql) -> Sql:
    """= <> < <= > >=."""
    return _COMPARE[word](this=_operand(left), expression=_operand(right))


def compute(word: str, left: Sql, right: Sql) -> Sql:
    """+ - *."""
    return _COMPUTE[word](this=_operand(left), expression=_operand(right))


def quotient(above: Sql, below: Sql) -> Sql:
    """A double; unknown where the divisor is zero."""
    divided = exp.Div(this=cast(above, "double"), expression=cast(below, "double"), typed=True, safe=False)
    return choose([(compare("<>", below, integer(0)), divided)])


def one_of(value: Sql, values: Iterable[Sql]) -> Sql:
    """IN."""
    return exp.In(this=_operand(value), expressions=list(values))


def is_unknown(value: Sql) -> Sql:
    """IS NULL."""
    return exp.Is(this=_operand(value), expression=exp.Null())


def is_known(value: Sql) -> Sql:
    """IS NOT NULL."""
    return deny(is_unknown(value))


def choose(cases: Iterable[tuple[Sql, Sql]], otherwise: Sql | None = None) -> Sql:
    """CASE WHEN … THEN … ELSE … END; without `otherwise`, unknown."""
    return exp.Case(
        ifs=[exp.If(this=when, true=then) for when, then in cases],
        default=otherwise if otherwise is not None else None,
    )


def greatest(left: Sql, right: Sql) -> Sql:
    """The larger; an unknown is passed over, in both engines."""
    return exp.Greatest(this=left, expressions=[right], ignore_nulls=True)


def least(left: Sql, right: Sql) -> Sql:
    """The smaller; an unknown is passed over, in both engines."""
    return exp.Least(this=left, expressions=[right], ignore_nulls=True)


def coalesce(value: Sql, otherwise: Sql) -> Sql:
    """The value, or another where a join found no row (never to hide an unknown)."""
    return exp.Coalesce(this=value, expressions=[otherwise])


def year_of(moment: Sql) -> Sql:
    """The calendar year of a day."""
    return exp.Extract(this=exp.var("year"), expression=moment)


def month_of(moment: Sql) -> Sql:
    """The month of a day, 1 to 12."""
    return exp.Extract(this=exp.var("month"), expression=moment)


def day_of(moment: Sql) -> Sql:
    """The day of the month, 1 to 31."""
    return exp.Extract(this=exp.var("day"), expression=moment)


def total(value: Sql) -> Sql:
    """SUM in 64 bits: DuckDB would widen it and write a DOUBLE."""
    return cast(exp.Sum(this=value), "bigint")


def largest(value: Sql) -> Sql:
    """MAX."""
    return exp.Max(this=value)


def smallest(value: Sql) -> Sql:
    """MIN."""
    return exp.Min(this=value)


def count(value: Sql | None = None) -> Sql:
    """COUNT(*), or how many of the values are known."""
    return exp.Count(this=value if value is not None else exp.Star(), big_int=True)


def joined_text(parts: Iterable[Sql], between: str = ",") -> Sql:
    """Texts joined; an unknown one is passed over."""
    return exp.Anonymous(this="CONCAT_WS", expressions=[text(between), *(part for part in parts)])


def as_text(value: Sql) -> Sql:
    """A value as text; an unknown as `?`."""
    return coalesce(cast(value, "varchar"), text("?"))


def digest(value: Sql) -> Sql:
    """MD5 of a text, in hexadecimal: an identifier, not a seal."""
    return exp.MD5(this=value)


def named(value: Sql, name: str) -> Sql:
    """`value AS name`."""
    return exp.alias_(value, name, quoted=True, copy=False)


def _joined(kind: type[exp.Connector], parts: list[Sql], *, empty: bool) -> Sql:
    if not parts:
        return truth(empty)
    joined = _operand(parts[0]) if len(parts) > 1 else parts[0]
    for part in parts[1:]:
        joined = kind(this=joined, expression=_operand(part))
    return joined


def _operand(part: Sql) -> Sql:
    return part if isinstance(part, _ATOMS) and not isinstance(part, exp.Connector) else exp.Paren(this=part)


def select(columns: Mapping[str, Sql], source: Sql, where: Iterable[Sql] = ()) -> exp.Select:
    """SELECT … AS … FROM … WHERE all of these."""
    chosen = exp.select(*(named(tree, name) for name, tree in columns.items()), copy=False).from_(source, copy=False)
    conditions = list(where)
    return chosen.where(both(conditions), copy=False) if conditions else chosen


def beside(columns: Mapping[str, Sql], source: Sql) -> exp.Select:
    """SELECT *, … AS … FROM …."""
    added = (named(tree, name) for name, tree in columns.items())
    return exp.select(exp.Star(), *added, copy=False).from_(source, copy=False)


def stacked(queries: Sequence[exp.Select]) -> exp.Query:
    """UNION ALL; at least one."""
    union: exp.Query = queries[0]
    for query in queries[1:]:
        union = exp.union(union, query, distinct=False, copy=False)
    return union


def table(name: str, alias: str | None = None) -> Sql:
    """A table or view, quoted."""
    return exp.Table(
        this=exp.to_identifier(name, quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier(alias)) if alias else None,
    )
