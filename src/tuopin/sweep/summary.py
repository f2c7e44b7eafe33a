"""What did a sweep find, in numbers: how many, how poor by the headline, and what nobody can tell?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tuopin.policy import FACTS, Evaluation, Number, line_meaning, sql
from tuopin.policy.sql import Sql

#: Columns of a combination of answers: households and persons of it.
MANY, HEADS = "many", "heads"


@dataclass
class Tally:
    """Counts added up over the parts, by name.

    Names are `households`, `members`, and for each standard `met:<id>`, `unknown:<id>`, `members:met:<id>` and
    `members:unknown:<id>`; in a survey each with `weighted:` in front too.
    """

    counts: dict[str, float] = field(default_factory=dict)

    def add(self, names: Sequence[str], row: Sequence[Any]) -> None:
        """Add one part's counts."""
        for name, value in zip(names, row, strict=True):
            self.counts[name] = self.counts.get(name, 0) + (value or 0)

    def whole(self, name: str) -> int:
        """A count of rows."""
        return int(self.counts.get(name, 0))


def combinations(evaluation: Evaluation, also: Sequence[str], source: str | None = None) -> exp.Select:
    """Each combination of answers that occurs, with how many households, persons and weights there are of it.

    Args:
        evaluation: with the facts at hand.
        also: further columns of facts that combinations differ by.
        source: a table that has the answers already; default: they are computed from the facts.
    """
    size = evaluation.facts_plan.meanings["household_size"]
    assert isinstance(size, Number)
    heads = sql.coalesce(size.low, sql.integer(0))
    keys = {name: sql.column(name) for name in (*evaluation.rules_plan.standards, *also)}
    columns = {**keys, MANY: sql.count(), HEADS: sql.total(heads)}
    if evaluation.layout.survey:
        weight = sql.column("weight")
        columns[f"weighted_{MANY}"] = exp.Sum(this=weight)
        columns[f"weighted_{HEADS}"] = exp.Sum(this=sql.compute("*", weight, heads))
    answered = sql.table(source) if source else evaluation.rules_plan.query(FACTS).subquery("answered", copy=False)
    return sql.select(columns, answered).group_by(*keys.values(), copy=False)


def tally_counts(evaluation: Evaluation) -> dict[str, Sql]:
    """The counts of a tally, by name, as aggregates over combinations."""
    counts = _counts(evaluation, "")
    return counts | _counts(evaluation, "weighted:") if evaluation.layout.survey else counts


def _counts(evaluation: Evaluation, prefix: str) -> dict[str, Sql]:
    many, heads = (sql.column(prefix.replace(":", "_") + name) for name in (MANY, HEADS))
    counts = {"households": _sum(many), "members": _sum(heads)}
    for id in evaluation.rules_plan.standards:
        counts[f"met:{id}"] = _sum(many, sql.column(id))
        counts[f"unknown:{id}"] = _sum(many, sql.is_unknown(sql.column(id)))
    for id in evaluation.pack.about.headline:
        if id in evaluation.rules_plan.standards:
            counts[f"members:met:{id}"] = _sum(heads, sql.column(id))
            counts[f"members:unknown:{id}"] = _sum(heads, sql.is_unknown(sql.column(id)))
    return {prefix + name: tree for name, tree in counts.items()}


def _sum(value: Sql, condition: Sql | None = None) -> Sql:
    chosen = value if condition is None else sql.choose([(condition, value)], otherwise=sql.integer(0))
    return sql.cast(exp.Sum(this=chosen), "double")


def summarised(evaluation: Evaluation, tally: Tally, proposed: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """The summary of a sweep as plain values; each key is described in docs/reference/sweep.md."""
    manifest = evaluation.snapshot.manifest
    standards = list(evaluation.rules_plan.standards)
    households = tally.whole("households")
    cannot_tell = {id: tally.whole(f"unknown:{id}") for id in standards}
    return {
        "pack": f"{evaluation.pack.name} {evaluation.pack.about.version}",
        "snapshot": manifest.name,
        "kind": manifest.kind,
        "as_of": str(evaluation.day),
        "facts_as_of": str(manifest.as_of),
        "households": households,
        "members": tally.whole("members"),
        "proposals": {stage: dict(kinds) for stage, kinds in proposed.items()},
        "met": {id: tally.whole(f"met:{id}") for id in standards},
        "cannot_tell": cannot_tell,
        "cannot_tell_share": {
            id: round(count / households, 6) if households else None for id, count in cannot_tell.items()
        },
        "never_asked": [id for id in standards if not evaluation.rules_plan.rules[id].grounded],
        "partly_asked": [id for id in standards if (c := evaluation.rules_plan.rules[id]).grounded and not c.asked],
        **_headline(evaluation, tally),
        "headcounts": {
            id: _headcount(evaluation, tally, id) for id in evaluation.pack.about.headline if id in standards
        },
        "lines": {id: line_value(evaluation, id) for id in evaluation.pack.lines},
        "assumptions": [{"fact": assumed.fact, "reason": assumed.reason} for assumed in manifest.assumptions],
        "currency": manifest.currency.code,
    }


def headline(evaluation: Evaluation) -> str | None:
    """The pack's first poverty test whose facts this snapshot asked."""
    rules = evaluation.rules_plan.rules
    return next((id for id in evaluation.pack.about.headline if id in rules and rules[id].asked), None)


def _headline(evaluation: Evaluation, tally: Tally) -> dict[str, Any]:
    id = headline(evaluation)
    if id is None:
        return {"headline": None, "poor_households": None, "poor_members": None, "headcount_ratio": None}
    return {
        "headline": id,
        "poor_households": tally.whole(f"met:{id}"),
        "poor_members": tally.whole(f"members:met:{id}"),
        "headcount_ratio": _headcount(evaluation, tally, id)["low"],
    }


def _headcount(evaluation: Evaluation, tally: Tally, id: str) -> dict[str, float | None]:
    """The share of persons below a line: lowest possible, and highest if all that cannot be told were poor."""
    prefix = "weighted:" if evaluation.layout.survey else ""
    everybody = tally.counts.get(f"{prefix}members", 0)
    poor, unknown = (tally.counts.get(f"{prefix}members:{answer}:{id}", 0) for answer in ("met", "unknown"))
    if not everybody:
        return {"low": None, "high": None}
    return {"low": round(poor / everybody, 12), "high": round((poor + unknown) / everybody, 12)}


def line_value(evaluation: Evaluation, id: str) -> str | None:
    """A line's value where it is one number for the whole country; None where it differs by area or cannot be told."""
    value = line_meaning(evaluation.pack, evaluation.facts_plan, id, evaluation.day, evaluation.figure_values)
    return None if value.constant is None else f"{value.constant.normalize():f}"
