"""What does a policy say of every area of a tier? Its households are added up part by part, then its rules are read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from tuopin.policy import sql
from tuopin.policy.area_facts import PARTS, THESE, AreaFactsPlan, plan_areas, rolled_up_query
from tuopin.policy.evaluation import EVALUATED, FACTS, Evaluation, area_tiers
from tuopin.policy.facts_plan import same
from tuopin.policy.files import Estimate
from tuopin.policy.joins import AREA_STANDINGS
from tuopin.policy.layout import tier_column
from tuopin.policy.rules_plan import RulesPlan, plan_rules
from tuopin.tables.engines import Engine

AREA_FACTS, ESTIMATES = "area_facts", "area_estimates"

Estimating = Callable[[Mapping[str, Estimate], pa.Table], pa.Table]
"""Makes a table of `area_code` and both ends of the readings of estimates, from one of `area_code` and both ends of the
counts that they rest on."""


@dataclass(frozen=True)
class AreaEvaluation:
    """A policy applied to the areas of a snapshot.

    Attributes:
        evaluation: the policy on the snapshot, with the engine.
        estimating: the statistics, which the policy does not know.
        within: the code of one area, to look at it alone; None: every area.
    """

    evaluation: Evaluation
    estimating: Estimating
    within: str | None = None

    @cached_property
    def plans(self) -> list[AreaFactsPlan]:
        """The tiers of which the policy asks something on its day; none in a survey, which gives no cases."""
        if self.evaluation.layout.survey:
            return []
        return plan_areas(self.evaluation.pack, self.evaluation.facts_plan, self.evaluation.day)

    @cached_property
    def parts(self) -> list[int]:
        """The numbers of the parts to add up: all, or those that may hold households of the one area."""
        if self.within is None:
            return list(self.evaluation.parts)
        return self.parts_with([self.within]) or [0]  # nobody lives there: any part adds up to nothing

    def parts_with(self, areas: Iterable[str]) -> list[int]:
        """The numbers of the parts that may hold households of some areas."""
        codes = sorted(self.evaluation.snapshot.areas().below(areas))
        entries = self.evaluation.snapshot.manifest.parts
        return [e.part for e in entries if bisect_left(codes, e.first_area) < bisect_right(codes, e.last_area)]

    def add_up(self) -> None:
        """Roll households up to the areas they live in, part by part; all tiers are added up from these rows."""
        evaluation, engine = self.evaluation, self.evaluation.engine
        if not self.plans:
            return
        query, found = rolled_up_query(self.plans[0].rollup, FACTS), []
        for done, part in enumerate(self.parts):
            evaluation.progress("areas", done, len(self.parts))
            evaluation.show_facts(part)
            found.append(engine.arrow(query))
        engine.view(PARTS, pa.concat_tables(found))
        self.show_areas()

    def show_areas(self) -> None:
        """Give the tree of areas the name `area_tiers`, and the standings that were decided `area_standings`."""
        evaluation, engine = self.evaluation, self.evaluation.engine
        engine.view("area_tiers", self._tree)
        if evaluation.snapshot.has("area_decisions"):
            engine.view("area_decisions", evaluation.snapshot.files("area_decisions"))
            engine.table("area_standings", AREA_STANDINGS.format(as_of=evaluation.layout.as_of))

    def evaluate(self, plan: AreaFactsPlan) -> RulesPlan:
        """Make the table `evaluated` of a tier's areas: facts, estimates, answers. Call `add_up` first."""
        engine, rules = self.evaluation.engine, self.rules(plan)
        engine.view(THESE, self._these(plan.tier))
        engine.table(AREA_FACTS, plan.query())
        evaluate_areas(engine, plan, rules, self.estimating)
        return rules

    def rules(self, plan: AreaFactsPlan) -> RulesPlan:
        """The rules that are asked of the areas of a tier."""
        evaluation = self.evaluation
        return plan_rules(evaluation.pack, plan, evaluation.day, evaluation.figure_values, of=plan.tier)

    @cached_property
    def _tree(self) -> pa.Table:
        return area_tiers(self.evaluation.pack, self.evaluation.snapshot, self.evaluation.layout)

    def _these(self, tier: str) -> pa.Table:
        """The areas of a tier whose codes hold on the snapshot's day."""
        day, by_code = self.evaluation.layout.as_of, self.evaluation.snapshot.areas().by_code
        own = zip(self._tree["area_code"].to_pylist(), self._tree[tier_column(tier)].to_pylist(), strict=True)
        wanted = [code == mine and by_code[code].holds(day) and self.within in (None, code) for code, mine in own]
        return self._tree.filter(pa.array(wanted, pa.bool_()))


def evaluate_areas(engine: Engine, plan: AreaFactsPlan, rules: RulesPlan, estimating: Estimating) -> None:
    """Make the table `evaluated` from the table `area_facts`."""
    source = AREA_FACTS
    if plan.estimates:
        counts = sql.select({"area_code": sql.column("area_code"), **plan.inputs}, sql.table(AREA_FACTS))
        engine.view(ESTIMATES, estimating(plan.estimates, engine.arrow(counts)))
        beside = sql.select(plan.shares, sql.table(AREA_FACTS, "f")).select("f.*", copy=False)
        engine.table("estimated", beside.join(sql.table(ESTIMATES, "e"), on=same("area_code", "f", "e"), copy=False))
        source = "estimated"
    engine.table(EVALUATED, rules.query(source))
