"""What does a sweep write of each part: the answers of its households, and what is proposed for them?

What an earlier run finished is read instead, as far as it can be: its answers are looked through, its proposals are
counted and sealed again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tuopin.policy import EVALUATED, FACTS, Evaluation, RulesPlan, sql
from tuopin.policy.facts_plan import STRUCTURE, same
from tuopin.sweep.proposed import Proposed, in_order
from tuopin.sweep.route import Proposing, proposing
from tuopin.sweep.unfinished import Unfinished, is_whole


@dataclass(frozen=True)
class Writing:
    """A sweep that is being written.

    Attributes:
        evaluation: the policy over the snapshot.
        stages: the stages to pass.
        work: the folder to write in.
        proposed: what was proposed so far; every step adds what it writes.
        areas: by tier, what was counted of its areas.
    """

    evaluation: Evaluation
    stages: Collection[str]
    work: Unfinished
    proposed: Proposed
    areas: dict[str, Any] = field(default_factory=dict)


def write_parts(writing: Writing) -> None:
    """Write every part's answers and proposals, unless they are there."""
    evaluation, work = writing.evaluation, writing.work
    proposals = None if evaluation.layout.survey else proposing(evaluation.rules_plan, writing.stages)
    answers = _answers(evaluation, evaluation.rules_plan)
    query = evaluation.engine.text(_of_the_concerned(proposals)) if proposals else ""
    work.begin(f"{evaluation.engine.text(answers)}\n{query}")
    for folder in ("answers", "proposals"):
        (work.sweep / folder).mkdir(exist_ok=True)
    columns = [column.alias_or_name for column in answers.selects]
    for part in evaluation.parts:
        evaluation.progress("rules", part, len(evaluation.parts))
        _write_part(writing, part, columns, query)
    evaluation.progress("rules", len(evaluation.parts), len(evaluation.parts))


def _write_part(writing: Writing, part: int, columns: list[str], query: str) -> None:
    evaluation, work = writing.evaluation, writing.work
    households = evaluation.snapshot.manifest.parts[part].households
    answers, proposals = (f"{folder}/part-{part:05d}.parquet" for folder in ("answers", "proposals"))
    answered = is_whole(work.sweep / answers, columns=columns, rows=households)
    if answered and (not query or writing.proposed.take(work.sweep / proposals)):
        work.kept += 1
        evaluation.progress("kept from a run that was cut short", work.kept, len(evaluation.parts))
        return
    evaluation.show_facts(part)
    if not answered:
        with work.placing(answers) as file:
            if evaluation.engine.write(_answers(evaluation, evaluation.rules_of(part)), file) != households:
                raise evaluation.changed_since(part)
    if query:
        evaluation.engine.view("answers", work.sweep / answers)
        with work.placing(proposals) as file:
            writing.proposed.write(evaluation.engine, query, file)


def _answers(evaluation: Evaluation, rules: RulesPlan) -> exp.Select:
    """What is written of every household: its names, its weight in a survey, every rule's answer."""
    weight = ["weight"] if evaluation.layout.survey else []
    columns = {name: sql.column(name, "h") for name in STRUCTURE}
    columns |= {name: sql.column(name, "a") for name in (*weight, *rules.columns())}
    answered = sql.select(columns, rules.query(FACTS).subquery("a", copy=False))
    return answered.join(sql.table("households", "h"), on=same("household_no", "a", "h"), copy=False)


def _of_the_concerned(proposals: Proposing) -> exp.Select:
    """The proposals; only households of whom something is proposed are looked at, by what was written of them."""
    facts = sql.select({name: sql.column(name) for name in ("household_no", *proposals.read)}, sql.table(FACTS))
    columns = {name: sql.column(name, "f") for name in proposals.read}
    evaluated = sql.select(columns, sql.table("answers", "a")).select("a.*", copy=False)
    evaluated = evaluated.join(facts.subquery("f", copy=False), on=same("household_no", "a", "f"), copy=False)
    evaluated = evaluated.where(proposals.anything, copy=False)
    return in_order(proposals.query).with_(EVALUATED, as_=evaluated, materialized=True, copy=False)
