"""In how many rows do two tables of the same things say something else?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from tuopin.policy import sql
from tuopin.tables.engines import Engine


def differing_rows(engine: Engine, one: str, other: str, *, key: str, columns: Iterable[str]) -> dict[str, int]:
    """By column, of how many keys the values differ; the key itself counts those that stand in one table only.

    Args:
        engine: where both tables are.
        one: a table or view, with a row a key.
        other: the other.
        key: the column that names the row.
        columns: what to compare; both have them.

    Returns:
        Those that differ anywhere; of the key, how many rows are missing, added or doubled.
    """
    names = [name for name in columns if name != key]
    same_key = sql.compare("=", sql.column(key, "a"), sql.column(key, "b"))
    joined = sql.table(one, "a")
    differ = {
        f"d{number}": sql.total(
            sql.cast(exp.NullSafeNEQ(this=sql.column(n, "a"), expression=sql.column(n, "b")), "int")
        )
        for number, n in enumerate(names)
    }
    (found,) = engine.rows(sql.select({"rows": sql.count(), **differ}, joined).join(sql.table(other, "b"), on=same_key))
    rows = [engine.rows(sql.select({"rows": sql.count()}, sql.table(table)))[0][0] for table in (one, other)]
    alone = sum(abs(int(count) - int(found[0])) for count in rows)
    counts = {key: alone, **{name: int(many or 0) for name, many in zip(names, found[1:], strict=True)}}
    return {name: many for name, many in counts.items() if many}


def differing_in_words(differing: Mapping[str, int], things: str, key: str) -> str:
    """What to say of the first column that differs.

    Args:
        differing: as counted, of one column at least.
        things: what a row is of, in the plural.
        key: the column that names the row.
    """
    column, many = next(iter(differing.items()))
    if column == key:
        return f"Rows of {things} were taken out, added or doubled."
    return f"Of {many} {things}, {column} is not what this pack says on this snapshot."
