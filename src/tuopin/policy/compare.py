"""Who would move if the policy changed: by area and group, before anyone signs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlglot import exp

from tuopin.policy import sql
from tuopin.policy.evaluation import ANSWERED, Evaluation
from tuopin.policy.fit import refuse_misfit
from tuopin.policy.joins import Progress, silent
from tuopin.policy.layout import tier_column
from tuopin.policy.meaning import Number
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine, open_engine
from tuopin.terms import Problem, UsageError

ANSWERS = ("met", "not_met", "cannot_tell")


@dataclass(frozen=True)
class Move:
    """Households whose answer to one rule changes in the same way.

    Attributes:
        rule: the standard.
        group: the area's code, or the value of the fact, by which the table is split; None for all together.
        before: met, not_met or cannot_tell under the first pack.
        after: under the second.
        households: how many.
        members: persons in them (the lowest count, where sizes are known only between bounds).
    """

    rule: str
    group: str | None
    before: str
    after: str
    households: int
    members: int


@dataclass(frozen=True)
class Difference:
    """What changes between two policies on one snapshot.

    Attributes:
        moves: every change of an answer, by rule and group, the largest first.
        only_first: rules that only the first pack has in force.
        only_second: rules that only the second has.
        households: how many there are in all.
        by: the tier or fact that groups; None.
    """

    moves: list[Move]
    only_first: list[str]
    only_second: list[str]
    households: int
    by: str | None = None
    as_of: str = ""
    packs: tuple[str, str] = field(default=("", ""))

    def rows(self) -> list[dict[str, Any]]:
        """A row a move."""
        return [vars(move) for move in self.moves]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "packs": list(self.packs),
            "as_of": self.as_of,
            "by": self.by,
            "households": self.households,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "moves": self.rows(),
        }


def compare(
    *,
    pack_a: Pack,
    pack_b: Pack,
    snapshot: Snapshot,
    as_of: date,
    by: str | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    progress: Progress = silent,
) -> Difference:
    """Evaluate two policies on one snapshot and count whose answers differ.

    Args:
        pack_a: the policy before.
        pack_b: the policy after.
        snapshot: an opened snapshot.
        as_of: the policies' day.
        by: split the counts by a tier of areas or by a fact of the household with codes or yes-or-no.
        memory_limit: for the engine.
        threads: for the engine.
        progress: told (what, done, of how many).

    Raises:
        UsageError: `by` is neither a tier nor such a fact, or a pack has no rule in force on the day.
        DataError: a pack does not fit the snapshot.
    """
    for pack in (pack_a, pack_b):
        refuse_misfit(pack, snapshot, as_of)
    for pack in (pack_a, pack_b):  # each joins its own registers: an engine of its own
        with open_engine(memory_limit=memory_limit, threads=threads) as engine:
            Evaluation(pack, snapshot, as_of, engine, progress).store_facts()
    with open_engine(memory_limit=memory_limit, threads=threads) as engine:
        before = Evaluation(pack_a, snapshot, as_of, engine, progress)
        after = Evaluation(pack_b, snapshot, as_of, engine, progress)
        rules = before.rules_plan, after.rules_plan
        shared = [id for id in rules[0].standards if id in rules[1].standards]
        group = _group(before, by)
        counts: dict[tuple[str, str | None, str, str], tuple[int, int]] = {}
        for part in before.parts:
            for row in _moves(engine, before, after, part, shared, group):
                rule, grouped, was, now, households, members = row
                seen = counts.get((rule, grouped, was, now), (0, 0))
                counts[rule, grouped, was, now] = (seen[0] + households, seen[1] + members)
    moves = [Move(*key, *count) for key, count in counts.items()]
    return Difference(
        moves=sorted(moves, key=lambda m: (-m.households, m.rule, m.group or "", m.before)),
        only_first=sorted(set(rules[0].standards) - set(shared)),
        only_second=sorted(set(rules[1].standards) - set(shared)),
        households=sum(part.households for part in snapshot.manifest.parts),
        by=by,
        as_of=str(as_of),
        packs=(f"{pack_a.name} {pack_a.about.version}", f"{pack_b.name} {pack_b.about.version}"),
    )


def _group(evaluation: Evaluation, by: str | None) -> Sql:
    if by is None:
        return sql.unknown("varchar")
    if by in evaluation.layout.territory.tiers:
        return sql.column(tier_column(by))
    meaning = evaluation.facts_plan.meanings.get(by)
    if meaning is None or isinstance(meaning, Number) or not meaning.asked:
        known = ", ".join(evaluation.layout.territory.tiers)
        raise UsageError(
            Problem(
                f"The counts cannot be split by `{by}`.",
                fix=f"Name a tier ({known}) or a fact of the household with codes.",
            )
        )
    return sql.cast(meaning.sql, "varchar")


def _moves(
    engine: Engine, before: Evaluation, after: Evaluation, part: int, shared: Sequence[str], group: Sql
) -> list[tuple[Any, ...]]:
    """Rows (rule, group, before, after, households, members) of the households of a part whose answer changes."""
    before.show_facts_with_tiers(part)
    before.answer(part, {"grouped": group})
    columns = {"grouped": sql.column("grouped"), "heads": _heads(before), **_answers(shared)}
    engine.table("before", sql.select({"household_no": sql.column("household_no"), **columns}, sql.table(ANSWERED)))
    after.show_facts(part)
    after.answer(part)
    columns = _answers(shared)
    engine.table("after", sql.select({"household_no": sql.column("household_no"), **columns}, sql.table(ANSWERED)))
    found: list[tuple[Any, ...]] = []
    for id in shared:
        found += engine.rows(_changed(id))
    return found


def _heads(evaluation: Evaluation) -> Sql:
    size = evaluation.facts_plan.meanings["household_size"]
    assert isinstance(size, Number)
    return sql.coalesce(size.low, sql.integer(0))


def _answers(ids: Sequence[str]) -> dict[str, Sql]:
    words = [sql.text(word) for word in ANSWERS]
    return {
        id: sql.choose([(sql.column(id), words[0]), (sql.deny(sql.column(id)), words[1])], otherwise=words[2])
        for id in ids
    }


def _changed(id: str) -> exp.Select:
    was, now = sql.column(id, "b"), sql.column(id, "a")
    columns = {
        "rule": sql.text(id),
        "grouped": sql.column("grouped", "b"),
        "was": was,
        "now": now,
        "households": sql.count(),
        "members": sql.total(sql.column("heads", "b")),
    }
    query = sql.select(columns, sql.table("before", "b"))
    same = sql.compare("=", sql.column("household_no", "b"), sql.column("household_no", "a"))
    query = query.join(sql.table("after", "a"), on=same, copy=False)
    return query.where(sql.compare("<>", was, now), copy=False).group_by(
        sql.column("grouped", "b"), was, now, copy=False
    )
