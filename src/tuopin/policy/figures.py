"""Which numbers depend on everybody: medians for relative lines, counts and sums by area?"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import sqlglot
from sqlglot import exp

from tuopin.policy import sql
from tuopin.policy.compiler import compile_condition, compile_number
from tuopin.policy.facts_plan import PlannedFacts
from tuopin.policy.files import Figure
from tuopin.policy.language import Call, LanguageError, parse
from tuopin.policy.layout import tier_column
from tuopin.policy.meaning import Meaning, Number
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql

#: A figure is kept with this many decimals.
DECIMALS = Decimal("0.0001")


class _FactsWorld:
    """What names mean in a figure: facts of a household."""

    def __init__(self, facts: PlannedFacts) -> None:
        self.facts, self.as_of = facts, facts.layout.as_of

    def lookup(self, name: str) -> Meaning:
        """A stored fact."""
        if name not in self.facts.meanings:
            raise LanguageError(
                f"There is no fact `{name}` of a household.", "A figure is computed from facts of facts.yaml."
            )
        return self.facts.meanings[name]

    def roll_up(self, call: Call) -> Meaning:
        """Refuse: a figure reads stored facts."""
        raise LanguageError(f"`{call.function}` stands in a figure.", "Give it a name under `derived` in facts.yaml.")


def figure_value(pack: Pack, id: str, facts: PlannedFacts) -> Number:
    """What a figure is a statistic of, as a number of one household."""
    return compile_number(parse(pack.figures[id].value, division=True), _FactsWorld(facts))


def figure_query(pack: Pack, id: str, facts: PlannedFacts, source: str = "facts") -> Sql | None:
    """Columns area, value, households counted, households left out; None where the snapshot never asked for it.

    A household counts only where it is known whether it belongs (`of`) and what its value is exactly; the rest is left
    out and counted, so that the reader sees how much of the country the figure rests on.
    """
    figure = pack.figures[id]
    value = figure_value(pack, id, facts)
    if not value.asked:
        return None
    of = compile_condition(parse(figure.of or "true"), _FactsWorld(facts)).sql
    area = sql.text("national") if figure.by == "national" else sql.column(tier_column(figure.by))
    known = value.low if value.exact else sql.choose([(sql.compare("=", value.low, value.high), value.low)])
    told = sql.choose([(of, _in_units(known, value))])
    columns = {"area": area, "value": told, "weight": _weight(figure, facts)}
    rows = sql.select(columns, sql.table(source), [sql.either([of, sql.is_unknown(of)])])
    return _STATISTICS[figure.statistic](rows)


def rounded(value: float | None) -> Decimal | None:
    """A figure as it is kept and bound into rules."""
    if value is None:
        return None
    return Decimal(repr(value)).quantize(DECIMALS, ROUND_HALF_EVEN)


def _in_units(value: Sql, number: Number) -> Sql:
    if number.real:
        return value
    return sql.quotient(value, sql.integer(10**number.scale)) if number.scale else sql.cast(value, "double")


def _weight(figure: Figure, facts: PlannedFacts) -> Sql:
    """How many persons or households of the population a row stands for."""
    size = facts.meanings["household_size"]
    assert isinstance(size, Number)
    heads = size.low if figure.weight == "persons" else sql.integer(1)
    if not facts.layout.survey:
        return sql.cast(heads, "double")
    return sql.compute("*", sql.column("weight"), sql.cast(heads, "double"))


def _median(rows: exp.Select) -> Sql:
    """The weighted median by the rule of the R package laeken.

    It is the first value at which half the weight is reached, or the mean of it and the next where exactly half is.

    Source: Alfons and Templ, "Estimation of social exclusion indicators from complex surveys: the R package laeken",
    Journal of Statistical Software 54 (15), 2013, section 3.
    """
    running = (
        "SUM(known) OVER (PARTITION BY area ORDER BY value NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    )
    text = f"""
        SELECT area,
               (MIN(CASE WHEN reached >= half THEN value END)
                + MIN(CASE WHEN reached > half THEN value END)) / 2 AS value,
               COUNT(value) AS counted,
               COUNT(*) - COUNT(value) AS left_out
        FROM (
            SELECT area, value, {running} AS reached, SUM(known) OVER (PARTITION BY area) / 2 AS half
            FROM (
                SELECT area, CASE WHEN weight IS NOT NULL THEN value END AS value,
                       CASE WHEN value IS NOT NULL THEN weight END AS known
                FROM population
            ) AS everybody
        ) AS ordered
        GROUP BY area
    """
    return _over(rows, text)


def _simple(value: str) -> str:
    return f"""
        SELECT area, {value} AS value, COUNT(CASE WHEN value IS NOT NULL THEN weight END) AS counted,
               SUM(CASE WHEN value IS NULL OR weight IS NULL THEN 1 ELSE 0 END) AS left_out
        FROM population GROUP BY area
    """


def _mean(rows: exp.Select) -> Sql:
    return _over(rows, _simple("SUM(value * weight) / SUM(CASE WHEN value IS NOT NULL THEN weight END)"))


def _sum(rows: exp.Select) -> Sql:
    return _over(rows, _simple("SUM(value * weight)"))


def _count(rows: exp.Select) -> Sql:
    return _over(rows, _simple("SUM(CASE WHEN value IS NOT NULL THEN weight ELSE 0 END)"))


def _over(rows: exp.Select, text: str) -> Sql:
    statement = sqlglot.parse_one(text, dialect="duckdb")
    assert isinstance(statement, exp.Query)
    return statement.with_("population", as_=rows)


_STATISTICS = {"median": _median, "mean": _mean, "sum": _sum, "count": _count}
