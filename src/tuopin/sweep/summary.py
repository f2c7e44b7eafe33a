"""What did a sweep find, in numbers: how many, how poor by the headline, and what nobody can tell?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlglot import exp

from tuopin.policy import FACTS, Evaluation, Number, RulesPlan, line_meaning, sql
from tuopin.policy.lines import line_holds
from tuopin.policy.sql import Sql


@dataclass(frozen=True)
class Tally:
    """Counts of households, by name.

    Names are `households`, `members`, for each standard `met:<id>` and `unknown:<id>`, where it is not asked of
    everybody `not_asked:<id>`, and for each of the headline `members:met:<id>` and `members:unknown:<id>`; in a survey
    each with `weighted:` in front too.
    """

    counts: Mapping[str, float]

    def whole(self, name: str) -> int:
        """A count of rows."""
        return int(self.counts.get(name, 0))


Kind = TypeVar("Kind")


def count(evaluation: Evaluation, also: Mapping[Kind, Sql]) -> tuple[Tally, dict[Kind, int]]:
    """Answer every rule for every household and count the answers, by one scan of the stored facts.

    Args:
        evaluation: with all facts stored.
        also: further aggregates over answers and facts.

    Returns:
        The tally, and the further counts.
    """
    counts = _counts(evaluation, None)
    if evaluation.layout.survey:
        weighted = _counts(evaluation, sql.column("weight"))
        counts |= {f"weighted:{name}": tree for name, tree in weighted.items()}
    evaluation.show_all_facts()
    answered = evaluation.rules_plan.query(FACTS).subquery("answered", copy=False)
    columns = {f"c{number}": tree for number, tree in enumerate([*counts.values(), *also.values()])}
    row = [float(value or 0) for value in evaluation.engine.rows(sql.select(columns, answered))[0]]
    further = {kind: int(value) for kind, value in zip(also, row[len(counts) :], strict=True)}
    return Tally(dict(zip(counts, row, strict=False))), further


def _counts(evaluation: Evaluation, weight: Sql | None) -> dict[str, Sql]:
    size = evaluation.facts_plan.meanings["household_size"]
    assert isinstance(size, Number)
    heads = sql.coalesce(size.low, sql.integer(0))
    persons = heads if weight is None else sql.compute("*", weight, heads)
    counts = {"households": sql.count() if weight is None else _sum(weight), "members": _sum(persons)}
    for id in evaluation.rules_plan.standards:
        answer = sql.column(id)
        if weight is None:
            counts[f"met:{id}"], counts[f"unknown:{id}"] = how_many(answer), how_many_unknown(answer)
        else:
            counts[f"met:{id}"], counts[f"unknown:{id}"] = _met_and_unknown(weight, answer)
        if id in evaluation.pack.about.headline:
            counts[f"members:met:{id}"], counts[f"members:unknown:{id}"] = _met_and_unknown(persons, answer)
    for id, nobody in not_asked_if(evaluation.rules_plan).items():
        counts[f"not_asked:{id}"] = how_many(nobody) if weight is None else _sum(weight, nobody)
    return counts


def not_asked_if(rules: RulesPlan) -> dict[str, Sql]:
    """By standard that is not asked of everybody, the condition under which it surely is not."""
    return {id: sql.deny(a.sql) for id in rules.standards if (a := rules.rules[id].applies) is not None}


def how_many(condition: Sql) -> Sql:
    """Of how many households a condition holds."""
    return sql.coalesce(sql.total(sql.cast(condition, "int")), sql.integer(0))


def how_many_unknown(condition: Sql) -> Sql:
    """Of how many households nobody can tell whether it holds."""
    return sql.compute("-", sql.count(), sql.count(condition))


def _met_and_unknown(value: Sql, answer: Sql) -> tuple[Sql, Sql]:
    return _sum(value, answer), _sum(value, sql.is_unknown(answer))


def _sum(value: Sql, condition: Sql | None = None) -> Sql:
    chosen = value if condition is None else sql.choose([(condition, value)], otherwise=sql.integer(0))
    return exp.Sum(this=chosen)


def summarised(
    evaluation: Evaluation, tally: Tally, proposed: Mapping[str, Mapping[str, int]], areas: Mapping[str, Any]
) -> dict[str, Any]:
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
        "proposals": {stage: dict(sorted(kinds.items())) for stage, kinds in sorted(proposed.items())},
        "met": {id: tally.whole(f"met:{id}") for id in standards},
        "cannot_tell": cannot_tell,
        "cannot_tell_share": {
            id: round(count / households, 6) if households else None for id, count in cannot_tell.items()
        },
        "not_asked": {id: tally.whole(f"not_asked:{id}") for id in standards},
        "never_asked": [id for id in standards if not evaluation.rules_plan.rules[id].grounded],
        "partly_asked": [id for id in standards if (c := evaluation.rules_plan.rules[id]).grounded and not c.asked],
        **_headline(evaluation, tally),
        "headcounts": {
            id: _headcount(evaluation, tally, id) for id in evaluation.pack.about.headline if id in standards
        },
        "areas": dict(areas),
        "score_decimals": _score_decimals(evaluation),
        "lines": {id: line_value(evaluation, id) for id in evaluation.pack.lines},
        "assumptions": [{"fact": assumed.fact, "reason": assumed.reason} for assumed in manifest.assumptions],
        "currency": manifest.currency.code,
    }


def _score_decimals(evaluation: Evaluation) -> dict[str, int]:
    """Of each score, how many decimals stand in its whole number: 45 with one decimal is 4.5 points."""
    meanings = {id: compiled.meaning for id, compiled in evaluation.rules_plan.rules.items()}
    return {id: meaning.scale for id, meaning in meanings.items() if isinstance(meaning, Number)}


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
    """A line's value where it is one number for the whole country; None where it differs by area or cannot be told.

    None too where it does not hold yet, or no more, on the policy's day.
    """
    if not line_holds(evaluation.pack.lines[id], evaluation.day):
        return None
    value = line_meaning(evaluation.pack, evaluation.facts_plan, id, evaluation.day, evaluation.figure_values)
    return None if value.constant is None else f"{value.constant.normalize():f}"
