"""Which stages does a sweep pass, in which order, and what does each read?

Each stage is a verb with one function `propose`; none reads another's proposals. Intake looks at the snapshot's
tables as a whole and knows no policy. The others read the table `evaluated` (a part's facts with every rule's answer).
A new stage is one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from tuopin.policy import EVALUATED, RulesPlan, sql
from tuopin.policy.facts_plan import STRUCTURE
from tuopin.policy.files import HOUSEHOLD
from tuopin.policy.sql import Sql
from tuopin.stages import exits, identification, monitoring
from tuopin.sweep.summary import how_many
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine

Stage = Callable[[RulesPlan], list[exp.Select]]

INTAKE = "intake"
ROUTE: Mapping[str, Stage] = {
    identification.STAGE: identification.propose,
    exits.STAGE: exits.propose,
    monitoring.STAGE: monitoring.propose,
}
OF_AREAS: Mapping[str, Stage] = {exits.STAGE: exits.propose, monitoring.STAGE: monitoring.warn}
STAGES = (INTAKE, *ROUTE)


def intake_query(engine: Engine, snapshot: Snapshot) -> str:
    """The proposals of intake; gives the snapshot's households and members their names in the engine."""
    from tuopin.stages import intake  # noqa: PLC0415 - it reads every kind of file; one household explained needs none

    tables = [table for table in ("households", "members") if snapshot.has(table)]
    for table in tables:
        engine.view(table, snapshot.files(table))
    columns = {table: [column.name for column in snapshot.columns(table)] for table in tables}
    return intake.propose(snapshot=snapshot, columns=columns)


@dataclass(frozen=True)
class Proposing:
    """What all stages together ask, and of whom.

    Attributes:
        query: the proposals, from the table `evaluated`, which need hold only those that `anything` holds of.
        anything: of which households there is a proposal at all, by their answers and facts.
        counts: how many proposals there are, by stage and kind, as aggregates over the same columns.
        read: the columns of facts that the proposals read.
    """

    query: exp.Query
    anything: Sql
    counts: Mapping[tuple[str, str], Sql]
    read: tuple[str, ...]


def proposing(rules: RulesPlan, stages: Collection[str] = STAGES) -> Proposing | None:
    """The proposals of the stages that apply rules; None if no rule in force proposes anything."""
    queries = [query for name, stage in ROUTE.items() if name in stages for query in stage(rules)]
    if not queries:
        return None
    union = sql.stacked(queries)
    anything = sql.either(_condition(query) for query in queries)
    named = {column.name for column in union.find_all(exp.Column)}
    read = tuple(sorted(named & set(rules.facts.columns) - set(STRUCTURE)))
    return Proposing(union, anything, _counts(queries), read)


def proposing_of_areas(rules: RulesPlan, stages: Collection[str] = STAGES) -> exp.Query | None:
    """The proposals for the areas of a tier, from the table `evaluated`; None if no rule in force proposes anything."""
    queries = [query for name, stage in OF_AREAS.items() if name in stages for query in stage(rules)]
    return sql.stacked(queries) if queries else None


def _condition(query: exp.Select) -> Sql:
    """Of which households a stage's query proposes something."""
    where: exp.Where = query.args["where"]
    condition: Sql = where.this
    return condition


def _counts(queries: list[exp.Select]) -> dict[tuple[str, str], Sql]:
    counts: dict[tuple[str, str], Sql] = {}
    for query in queries:
        said = {column.alias: column.this for column in query.selects}
        key = (said["stage"].name, said["kind"].name)
        many = how_many(_condition(query))
        counts[key] = sql.compute("+", counts[key], many) if key in counts else many
    return counts


def proposed(engine: Engine, rules: RulesPlan) -> list[dict[str, Any]]:
    """The proposals for the rows of `evaluated`, as rows: first which stages have any, then these alone."""
    route = ROUTE if rules.of == HOUSEHOLD else OF_AREAS
    queries = [query for stage in route.values() for query in stage(rules)]
    if not queries:
        return []
    asked = {f"q{number}": sql.largest(sql.cast(_condition(q), "int")) for number, q in enumerate(queries)}
    found = engine.rows(sql.select(asked, sql.table(EVALUATED)))[0]
    chosen = [query for query, any_ in zip(queries, found, strict=True) if any_]
    return [dict(row) for query in chosen for row in engine.arrow(query).to_pylist()]
