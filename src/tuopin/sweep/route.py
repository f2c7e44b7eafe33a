"""Which stages does a sweep pass, in which order, and what does each read?

Each stage is a verb with one function `propose(rules)`; it reads the table `evaluated` (a part's facts with every
rule's answer) and writes proposals. None reads another's. A new stage is one line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from tuopin.policy import RulesPlan
from tuopin.stages import exits, identification
from tuopin.tables.engines import Engine

Stage = Callable[[RulesPlan], list[exp.Select]]

ROUTE: dict[str, Stage] = {
    identification.STAGE: identification.propose,
    exits.STAGE: exits.propose,
}


def proposals_query(rules: RulesPlan) -> exp.Query | None:
    """The proposals of all stages, from the table `evaluated`; None if no rule in force proposes anything."""
    queries = [query for stage in ROUTE.values() for query in stage(rules)]
    if not queries:
        return None
    union: exp.Query = queries[0]
    for query in queries[1:]:
        union = exp.union(union, query, distinct=False, copy=False)
    return union


def proposed(engine: Engine, rules: RulesPlan) -> list[dict[str, Any]]:
    """The proposals for the households in `evaluated`, as rows."""
    query = proposals_query(rules)
    return [] if query is None else [dict(row) for row in engine.arrow(query).to_pylist()]
