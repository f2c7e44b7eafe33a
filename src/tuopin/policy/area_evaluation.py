"""What does a policy say of every area of a tier? Its households are added up part by part, then its rules are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from tuopin.policy import sql
from tuopin.policy.area_facts import PARTS, READINGS, THESE, AreaFactsPlan, plan_areas, rolled_up_query
from tuopin.policy.evaluation import EVALUATED, FACTS, Evaluation, area_tiers
from tuopin.policy.facts_plan import same
from tuopin.policy.files import Estimate
from tuopin.policy.joins import AREA_STANDINGS
from tuopin.policy.layout import tier_column
from tuopin.policy.rules_plan import RulesPlan, plan_rules
from tuopin.tables.engines import Engine

AREA_FACTS, ESTIMATES = "area_facts", "area_estimates"

Estimating = Callable[[Mapping[str, Estimate], pa.Table], pa.Table]
"""Makes a table of `area_code` and the readings of estimates, from one of `area_code` and the counts they rest on."""


@dataclass(frozen=True)
class AreaEvaluation:
    """A policy applied to the areas of a snapshot.

    Attributes:
        evaluation: the policy on the snapshot, with the engine.
        estimating: the statistics, which the policy does not know.
    """

    evaluation: Evaluation
    estimating: Estimating

    @cached_property
    def plans(self) -> list[AreaFactsPlan]:
        """The tiers of which the policy asks something on its day; none in a survey, which gives no cases."""
        if self.evaluation.layout.survey:
            return []
        return plan_areas(self.evaluation.pack, self.evaluation.facts_plan, self.evaluation.day)

    def add_up(self) -> None:
        """Roll households up to the areas they live in, part by part; all tiers are added up from these rows."""
        evaluation, engine = self.evaluation, self.evaluation.engine
        if not self.plans:
            return
        query, found = rolled_up_query(self.plans[0].rollup, FACTS), []
        for part in evaluation.parts:
            evaluation.progress("areas", part, len(evaluation.parts))
            evaluation.show_facts(part)
            found.append(engine.arrow(query))
        engine.view(PARTS, pa.concat_tables(found))
        engine.view("area_tiers", self._tree)
        if evaluation.snapshot.has("area_decisions"):
            engine.view("area_decisions", evaluation.snapshot.files("area_decisions"))
            engine.table("area_standings", AREA_STANDINGS.format(as_of=evaluation.layout.as_of))

    def evaluate(self, plan: AreaFactsPlan) -> RulesPlan:
        """Make the table `evaluated` of a tier's areas: facts, estimates, answers. Call `add_up` first."""
        evaluation, engine = self.evaluation, self.evaluation.engine
        engine.view(THESE, self._these(plan.tier))
        engine.table(AREA_FACTS, plan.query())
        rules = plan_rules(evaluation.pack, plan, evaluation.day, evaluation.figure_values, of=plan.tier)
        evaluate_areas(engine, plan, rules, self.estimating)
        return rules

    @cached_property
    def _tree(self) -> pa.Table:
        return area_tiers(self.evaluation.pack, self.evaluation.snapshot, self.evaluation.layout)

    def _these(self, tier: str) -> pa.Table:
        """The areas of a tier whose codes hold on the snapshot's day."""
        day, by_code = self.evaluation.layout.as_of, self.evaluation.snapshot.areas().by_code
        own = zip(self._tree["area_code"].to_pylist(), self._tree[tier_column(tier)].to_pylist(), strict=True)
        return self._tree.filter(
            pa.array([code == mine and by_code[code].holds(day) for code, mine in own], pa.bool_())
        )


def evaluate_areas(engine: Engine, plan: AreaFactsPlan, rules: RulesPlan, estimating: Estimating) -> None:
    """Make the table `evaluated` from the table `area_facts`."""
    source = AREA_FACTS
    if plan.estimates:
        counts = sql.select({"area_code": sql.column("area_code"), **plan.inputs}, sql.table(AREA_FACTS))
        engine.view(ESTIMATES, estimating(plan.estimates, engine.arrow(counts)))
        shares = {
            f"{id}_{reading}": sql.column(f"{id}_{reading}", "e") for id in plan.estimates for reading in READINGS
        }
        beside = sql.select(shares, sql.table(AREA_FACTS, "f")).select("f.*", copy=False)
        engine.table("estimated", beside.join(sql.table(ESTIMATES, "e"), on=same("area_code", "f", "e"), copy=False))
        source = "estimated"
    engine.table(EVALUATED, rules.query(source))
