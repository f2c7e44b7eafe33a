"""Who would move if the policy changed: by area and group, before anyone signs?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tuopin.policy import sql
from tuopin.policy.evaluation import FACTS, Evaluation, folders_of
from tuopin.policy.facts_plan import FactsPlan, plan_facts, same, texts_in
from tuopin.policy.files import HOUSEHOLD, Fact
from tuopin.policy.fit import refuse_misfit
from tuopin.policy.joins import Progress, silent
from tuopin.policy.language import names, parse
from tuopin.policy.layout import Layout, layout_of, table_of, tier_column
from tuopin.policy.meaning import Number
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine, open_engine
from tuopin.terms import Place, Problem, UsageError

ANSWERS = ("met", "not_met", "cannot_tell")

MOVED = pa.schema([(name, pa.string()) for name in ("household_id", "area_code", "rule", "before", "after")])
"""A row of a household and a rule that answers it otherwise."""

ToldMoved = Callable[[pa.RecordBatch], object]
"""Is told who moves: batches of MOVED, the households in the snapshot's order, each one's rules in the pack's."""

_BEFORE, _COMPARED = "before", "compared"
#: Columns beside those of a policy: no id of a pack has a colon.
_GROUP, _HEADS, _WEIGHT, _PLACE = ":group", ":heads", ":weight", ":place"
_NAMES = ("household_no", "household_id", "area_code")

_Key = tuple[str, str | None, str, str]
_Count = tuple[int, int, float, float]
_NOBODY: _Count = (0, 0, 0.0, 0.0)


@dataclass(frozen=True)
class Move:
    """Households whose answer to one rule changes in the same way.

    Attributes:
        rule: the standard.
        group: the area's code, or the value of the fact, by which the table is split; None for all together.
        before: met, not_met or cannot_tell under the first pack.
        after: under the second.
        households: how many; in a survey, of the sample.
        members: persons in them (the lowest count, where sizes are known only between bounds).
        estimated_households: how many in the population, by the weights of a survey; None: it is no survey.
        estimated_members: persons in them, as above.
    """

    rule: str
    group: str | None
    before: str
    after: str
    households: int
    members: int
    estimated_households: float | None = None
    estimated_members: float | None = None

    @property
    def size(self) -> float:
        """How many households of the population."""
        return self.households if self.estimated_households is None else self.estimated_households


@dataclass(frozen=True)
class Difference:
    """What changes between two policies on one snapshot.

    Attributes:
        moves: every change of an answer, by rule and group: first what decides on entry and says who is poor, then the
            other standards, the cross-checks last; among these the rule that moves most households first.
        only_first: rules that only the first pack has in force.
        only_second: rules that only the second has.
        of_areas: standards of areas and estimates that do not read alike; whom they move is not counted here.
        households: how many there are in all; in a survey, in the sample.
        by: the tier or fact that groups; None.
        kind: register or survey.
        later: a later day on which the two packs begin to differ, the first; None: there is none.
        estimated_households: how many in the population, by the weights of a survey; None: it is no survey.
        estimated_members: persons in them (the lowest count).
    """

    moves: list[Move]
    only_first: list[str]
    only_second: list[str]
    of_areas: list[str]
    households: int
    by: str | None = None
    as_of: str = ""
    packs: tuple[str, str] = field(default=("", ""))
    kind: str = "register"
    later: date | None = None
    estimated_households: float | None = None
    estimated_members: float | None = None

    def rows(self) -> list[dict[str, Any]]:
        """A row a move."""
        return [vars(move) for move in self.moves]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "packs": list(self.packs),
            "as_of": self.as_of,
            "by": self.by,
            "kind": self.kind,
            "later": None if self.later is None else str(self.later),
            "households": self.households,
            "estimated_households": self.estimated_households,
            "estimated_members": self.estimated_members,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "of_areas": self.of_areas,
            "moves": self.rows(),
        }


def compare(
    *,
    pack_a: Pack,
    pack_b: Pack,
    snapshot: Snapshot,
    as_of: date,
    by: str | None = None,
    moved: ToldMoved | None = None,
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
        moved: told of every household of a register whose answer differs, rule by rule.
        memory_limit: for the engine.
        threads: for the engine.
        progress: told (what, done, of how many).

    Raises:
        UsageError: `by` is neither a tier nor such a fact, a pack has no rule in force on the day, or the households of
            a survey are asked for.
        DataError: a pack does not fit the snapshot.
    """
    if moved is not None and snapshot.manifest.kind == "survey":
        raise UsageError(_no_cases(snapshot))
    for pack in (pack_a, pack_b):
        refuse_misfit(pack, snapshot, as_of)
    group = sql.unknown("varchar") if by is None else _group(pack_a, snapshot, as_of, by)
    folders = folders_of(snapshot)
    for pack in (pack_a, pack_b):  # each joins its own registers: an engine of its own
        with open_engine(memory_limit=memory_limit, threads=threads, folders=folders) as engine:
            Evaluation(pack, snapshot, as_of, engine, progress).store_facts()
    with open_engine(memory_limit=memory_limit, threads=threads, folders=folders) as engine:
        before, after = (Evaluation(pack, snapshot, as_of, engine, progress) for pack in (pack_a, pack_b))
        placed = moved is not None or by in before.layout.territory.tiers
        comparison = _Comparison(engine, before, after, group, _NAMES if placed else ())
        for part in before.parts:
            comparison.answer(part)
            comparison.count()
            if moved is not None:
                comparison.tell(moved)
    return comparison.difference(by)


# --- counting --------------------------------------------------------------------------------------------------------


class _Comparison:
    """Two policies' answers to the same households, part by part.

    Attributes:
        changed: the rules that both have and do not read alike; nobody moves by any other.
        counts: by rule, group and the two answers: households and members, in the sample and estimated.
        everybody: the same of all households.
    """

    def __init__(self, engine: Engine, before: Evaluation, after: Evaluation, group: Sql, names: Sequence[str]) -> None:
        self.engine, self.before, self.after, self.group, self.names = engine, before, after, group, names
        first, second = before.rules_plan.standards, after.rules_plan.standards
        self.changed = [id for id in first if id in second and id in _read_otherwise(before, after)]
        self.one_row = before.facts_folder == after.facts_folder
        self.only_first, self.only_second = sorted(set(first) - set(second)), sorted(set(second) - set(first))
        self.counts: dict[_Key, _Count] = {}
        self.everybody: _Count = _NOBODY

    def answer(self, part: int) -> None:
        """Make a table of those of the part's households whom some changed rule answers otherwise; count everybody."""
        show = self.before.show_facts_with_tiers if self.names else self.before.show_facts
        show(part)
        also = {_GROUP: self.group, _HEADS: _heads(self.before), _WEIGHT: _weight(self.before.layout)}
        (row,) = self.engine.rows(sql.select(_sums(), sql.select(also, sql.table(FACTS)).subquery("all", copy=False)))
        self.everybody = _added(self.everybody, row)
        kept = {name: sql.column(name) for name in self.names} | also
        was = {_was(id): sql.column(id) for id in self.changed}
        now = {_now(id): sql.column(id) for id in self.changed}
        before, after = (policy.rules_of(part).only(self.changed) for policy in (self.before, self.after))
        if self.one_row:
            columns = self.after.facts_plan.columns if self.names else self.after.facts_plan.stored
            facts = {name: sql.column(name) for name in columns}
            self.engine.define(_BEFORE, before.query(FACTS, facts | also | was))
            both: exp.Select = after.query(_BEFORE, {name: sql.column(name) for name in (*kept, *was)} | now)
        else:
            self.engine.table(_BEFORE, before.query(FACTS, {"household_no": sql.column("household_no")} | kept | was))
            self.after.show_facts(part)
            columns = {name: sql.column(name, "b") for name in (*kept, *was)}
            columns |= {name: sql.column(name, "a") for name in now}
            answered = after.query(FACTS, {"household_no": sql.column("household_no")} | now).subquery("a", copy=False)
            both = sql.select(columns, sql.table(_BEFORE, "b"))
            both = both.join(answered, on=same("household_no", "b", "a"), copy=False)
        moves = [sql.compare("<>", *_answers(id).values()) for id in self.changed]
        self.engine.table(
            _COMPARED, sql.beside({}, both.subquery("both", copy=False)).where(sql.either(moves), copy=False)
        )

    def count(self) -> None:
        """Add the part's moves to the counts."""
        for id in self.changed:
            kinds = {_GROUP: sql.column(_GROUP), **_answers(id)}
            for group, was, now, *count in self.engine.rows(
                _changed(id, kinds | _sums()).group_by(*kinds.values(), copy=False)
            ):
                key = (id, group, was, now)
                self.counts[key] = _added(self.counts.get(key, _NOBODY), count)

    def tell(self, moved: ToldMoved) -> None:
        """Tell of the part's households that are answered otherwise."""
        names = {name: sql.column(name) for name in _NAMES}
        found = [
            _changed(id, {**names, _PLACE: sql.integer(place), "rule": sql.text(id), **_answers(id)})
            for place, id in enumerate(self.changed)
        ]
        if not found:
            return
        rows = found[0] if len(found) == 1 else exp.union(*found, distinct=False, copy=False)
        columns = {name: sql.column(name) for name in MOVED.names}
        query = sql.select(columns, rows.subquery("found", copy=False))
        for batch in self.engine.batches(query.order_by(*map(sql.column, ("household_no", _PLACE)), copy=False)):
            moved(batch.cast(MOVED))

    def difference(self, by: str | None) -> Difference:
        """What was counted."""
        packs = self.before.pack, self.after.pack
        moves = [Move(*key, *count[:2], *self._estimates(count)) for key, count in self.counts.items()]
        estimated_households, estimated_members = self._estimates(self.everybody)
        return Difference(
            moves=_in_order(moves, packs),
            only_first=self.only_first,
            only_second=self.only_second,
            of_areas=_areas_otherwise(*packs),
            households=self.everybody[0],
            by=by,
            as_of=str(self.before.day),
            packs=_told_apart(packs),
            kind=self.before.snapshot.manifest.kind,
            later=_later(packs, self.before.day),
            estimated_households=estimated_households,
            estimated_members=estimated_members,
        )

    def _estimates(self, count: _Count) -> tuple[float, float] | tuple[None, None]:
        """Households and members of the population; what the order of adding changes is rounded away."""
        return (round(count[2], 6), round(count[3], 6)) if self.before.layout.survey else (None, None)


def _read_otherwise(before: Evaluation, after: Evaluation) -> set[str]:
    """The rules whose text differs, or that rest on one, or on a figure or fact, that does.

    A rule of the same text over the same figures and facts gives everybody the same answer.
    """
    packs = before.pack, after.pack
    figures = {
        id for kind in ("parameters", "lines", "figures") for id in _differing(*(getattr(p, kind) for p in packs))
    }
    figures = {*packs[0].lines, *packs[0].parameters} if _differing(packs[0].figures, packs[1].figures) else figures
    if before.facts_folder == after.facts_folder:
        facts = set[str]()
    else:
        facts = {*before.facts_plan.meanings, *after.facts_plan.meanings}
    rules = before.rules_plan.rules, after.rules_plan.rules
    found = {
        id for id, compiled in rules[0].items() if id not in rules[1] or compiled.rule.spec != rules[1][id].rule.spec
    }
    for id in sorted(set(rules[0]) & set(rules[1]), key=lambda id: rules[0][id].layer):
        compiled = rules[0][id]
        if {*compiled.rests_on, *compiled.figures, *compiled.reads} & (found | figures | facts):
            found.add(id)
    return found


def _areas_otherwise(one: Pack, other: Pack) -> list[str]:
    """Standards of areas and estimates whose text, or a figure or fact in it, differs."""
    found = _differing(one.estimates, other.estimates) | _differing(one.derived, other.derived)
    found |= _differing(one.parameters, other.parameters) | _differing(one.lines, other.lines)
    areas = [{id: s for id, s in pack.standards() if s.applies_to != HOUSEHOLD} for pack in (one, other)]
    changed = _differing(*areas) | (_differing(one.estimates, other.estimates))
    for id in sorted({*areas[0]} & {*areas[1]}):
        named = {name for text, _ in texts_in(areas[0][id]) for name in names(parse(text))}
        if {name.rsplit("_", 1)[0] for name in named} & found or named & found:
            changed.add(id)
    return sorted(changed)


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {id for id in {*one, *other} if one.get(id) != other.get(id)}


def _heads(evaluation: Evaluation) -> Sql:
    size = evaluation.facts_plan.meanings["household_size"]
    assert isinstance(size, Number)
    return sql.coalesce(size.low, sql.integer(0))


def _weight(layout: Layout) -> Sql:
    return sql.column("weight") if layout.survey else sql.real(1)


def _was(id: str) -> str:
    return f"was:{id}"


def _now(id: str) -> str:
    return f"now:{id}"


def _answers(id: str) -> dict[str, Sql]:
    return {"before": _in_words(sql.column(_was(id))), "after": _in_words(sql.column(_now(id)))}


def _in_words(answer: Sql) -> Sql:
    met, not_met, cannot_tell = (sql.text(word) for word in ANSWERS)
    return sql.choose([(answer, met), (sql.deny(answer), not_met)], otherwise=cannot_tell)


def _changed(id: str, columns: Mapping[str, Sql]) -> exp.Select:
    """Of the households that a rule answers otherwise."""
    return sql.select(columns, sql.table(_COMPARED), [sql.compare("<>", *_answers(id).values())])


def _sums() -> dict[str, Sql]:
    heads, weight = sql.column(_HEADS), sql.column(_WEIGHT)
    estimated = {"estimated_households": weight, "estimated_members": sql.compute("*", weight, heads)}
    return {
        "households": sql.count(),
        "members": sql.total(heads),
        **{name: exp.Sum(this=tree) for name, tree in estimated.items()},
    }


def _added(one: _Count, other: Sequence[Any]) -> _Count:
    households, members, estimated_households, estimated_members = (value or 0 for value in other)
    return one[0] + households, one[1] + members, one[2] + estimated_households, one[3] + estimated_members


# --- order -----------------------------------------------------------------------------------------------------------


def _in_order(moves: Sequence[Move], packs: Sequence[Pack]) -> list[Move]:
    """First what the policies are for, last the cross-checks, which follow it; a rule that moves more before others."""
    moved: defaultdict[str, float] = defaultdict(float)
    for move in moves:
        moved[move.rule] += move.size
    first = {rule: min(_rank(pack, rule) for pack in packs) for rule in moved}

    def place(move: Move) -> tuple[Any, ...]:
        rule = move.rule
        return first[rule], -moved[rule], rule, -move.size, move.group or "", move.before, move.after

    return sorted(moves, key=place)


def _rank(pack: Pack, id: str) -> int:
    proposes = dict(pack.standards())[id].proposes
    if proposes in ("entry", "return") or id in pack.about.headline:
        return 0
    return 2 if proposes == "question" else 1


def _told_apart(packs: tuple[Pack, Pack]) -> tuple[str, str]:
    """Name and version of each; where these are the same and the content is not, the beginning of its hash too."""
    first, second = (f"{pack.name} {pack.about.version}" for pack in packs)
    if first != second or packs[0].content_hash == packs[1].content_hash:
        return first, second
    return f"{first} ({packs[0].content_hash[:12]})", f"{second} ({packs[1].content_hash[:12]})"


def _later(packs: tuple[Pack, Pack], day: date) -> date | None:
    """The first day after this one on which a text begins in one of the packs alone, or a line has another value."""
    first, second = (_beginnings(pack) for pack in packs)
    return min((begins for _, begins, _ in first ^ second if begins > day), default=None)


def _beginnings(pack: Pack) -> set[tuple[str, date, str]]:
    texts = {
        (id, edition.from_, "")
        for id, rule in pack.rules.items()
        for edition in rule.spec.editions
        if edition.status != "announced"
    }
    return texts | {
        (id, begins, str(value)) for id, line in pack.lines.items() for begins, value in line.values.items()
    }


# --- groups ----------------------------------------------------------------------------------------------------------


def _group(pack: Pack, snapshot: Snapshot, as_of: date, by: str) -> Sql:
    layout = layout_of(snapshot)
    if by in layout.territory.tiers:
        return sql.column(tier_column(by))
    facts = plan_facts(pack, layout, as_of)
    groups = {
        id: meaning for id, meaning in facts.meanings.items() if meaning.asked and not isinstance(meaning, Number)
    }
    if by in groups:
        return sql.cast(groups[by].sql, "varchar")
    tiers = ", ".join(layout.territory.tiers)
    telling = ", ".join(id for id, meaning in groups.items() if not sql.is_fixed(meaning.sql))
    fix = f"Name a tier ({tiers})" + (f" or one of these facts: {telling}." if telling else ".")
    raise UsageError(Problem(f"The counts cannot be split by `{by}`.", why=_no_group(pack, facts, by), fix=fix))


def _no_group(pack: Pack, facts: FactsPlan, by: str) -> str:
    """Why counts cannot be split by what is neither a tier of the snapshot nor a fact that parts its households."""
    if by in pack.tiers:
        return "The pack has this tier, but the snapshot has no areas of it."
    spec = pack.derived.get(by) or pack.facts.get(by)
    if spec is None:
        return "No tier and no fact of the first pack has this name."
    if spec.entity not in ("household", "dwelling", "area"):
        return f"It is a fact of a {spec.entity}, not of the household."
    if spec.type in ("integer", "decimal", "money"):
        return "It is a number, not one of a few values."
    if isinstance(spec, Fact) and not facts.layout.has(table_of(spec.entity), by):
        return "The pack has this fact, but the source of this snapshot did not ask it."
    if by in facts.meanings:
        return "The pack has this fact, but the source of this snapshot did not ask all that it is computed from."
    return "The pack has this fact, but none of its rules and figures names it."


def _no_cases(snapshot: Snapshot) -> Problem:
    why = "Its households stand for others by their weights, and nothing is known of those others."
    fix = "Take the counts alone, or a register."
    return Problem("A survey gives estimates, never cases.", Place(file=str(snapshot.path)), why, fix)
