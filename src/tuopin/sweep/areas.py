"""What does a sweep write of areas: their counts, estimates and answers, and what is proposed for them?

Villages and counties are looked at once all households are answered. Their gates count what people decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlglot import exp

from tuopin.policy import EVALUATED, AreaEvaluation, AreaFactsPlan, Evaluation, RulesPlan, sql
from tuopin.policy.layout import tier_column
from tuopin.sweep.estimates import estimating_on
from tuopin.sweep.parts import Writing
from tuopin.sweep.proposed import Proposed, file_of_tier, in_order
from tuopin.sweep.route import proposing_of_areas
from tuopin.sweep.summary import how_many, how_many_unknown, not_asked_if

FOLDER = "areas"


def write_areas(writing: Writing) -> None:
    """Write a table a tier, and one of proposals, for the tiers of which the policy asks something."""
    evaluation, work = writing.evaluation, writing.work
    for plan, rules in evaluated_tiers(evaluation):
        (work.sweep / FOLDER).mkdir(exist_ok=True)
        with work.placing(f"{FOLDER}/{plan.tier}.parquet") as file:
            evaluation.engine.write(_answers(plan, rules), file)
        proposals = proposing_of_areas(rules, writing.stages)
        if proposals is not None:
            with work.placing(f"proposals/{file_of_tier(plan.tier)}") as file:
                writing.proposed.write(evaluation.engine, in_order(proposals), file)
        writing.areas[plan.tier] = count_areas(evaluation, rules)


def count_of_areas(evaluation: Evaluation, stages: Collection[str], proposed: Proposed) -> dict[str, Any]:
    """What would be written, counted: by tier as in the summary; proposals are added to those counted already."""
    counted = {}
    for plan, rules in evaluated_tiers(evaluation):
        counted[plan.tier] = count_areas(evaluation, rules)
        proposals = proposing_of_areas(rules, stages)
        for row in evaluation.engine.arrow(in_order(proposals)).to_pylist() if proposals is not None else ():
            proposed.add(row["stage"], row["kind"], 1)
    return counted


def evaluated_tiers(evaluation: Evaluation) -> Iterator[tuple[AreaFactsPlan, RulesPlan]]:
    """Each tier of which the policy asks something; meanwhile its areas stand in the table `evaluated`."""
    areas = AreaEvaluation(evaluation, estimating_on(evaluation.day))
    areas.add_up()
    for plan in areas.plans:
        yield plan, areas.evaluate(plan)


def count_areas(evaluation: Evaluation, rules: RulesPlan) -> dict[str, Any]:
    """How many areas of a tier there are, and of how many each standard is met, cannot be told or is not asked."""
    ids = list(rules.standards)
    counts = {f"met:{id}": how_many(sql.column(id)) for id in ids}
    counts |= {f"cannot_tell:{id}": how_many_unknown(sql.column(id)) for id in ids}
    counts |= {f"not_asked:{id}": how_many(tree) for id, tree in not_asked_if(rules).items()}
    columns = {f"c{number}": tree for number, tree in enumerate([sql.count(), *counts.values()])}
    (row,) = evaluation.engine.rows(sql.select(columns, sql.table(EVALUATED)))
    found = dict(zip(counts, row[1:], strict=True))
    said = ("met", "cannot_tell", "not_asked")
    return {"areas": int(row[0]), **{what: {id: int(found.get(f"{what}:{id}", 0)) for id in ids} for what in said}}


def written_of_areas(plan: AreaFactsPlan, rules: RulesPlan) -> list[str]:
    """What is written of every area: its code, its counts and estimates, every standard's answer."""
    facts = [name for name in plan.columns if name not in {tier_column(tier) for tier in plan.layout.territory.tiers}]
    return ["area_code", *facts, *plan.shares, *rules.columns()]


def _answers(plan: AreaFactsPlan, rules: RulesPlan) -> exp.Select:
    query = sql.select({name: sql.column(name) for name in written_of_areas(plan, rules)}, sql.table(EVALUATED))
    return query.order_by("area_code", copy=False)
