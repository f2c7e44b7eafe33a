"""Do a pack's examples come out as an official worked them out by hand?

Examples of one day and with the same figures make a small snapshot, run through the same queries as a nation: facts,
rules, proposals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import zip_longest
from typing import Any

import pyarrow as pa

from tuopin.policy import AREA_FACTS, EVALUATED, AreaFactsPlan, Pack, evaluate_areas, plan_areas
from tuopin.policy.area_facts import ENDS
from tuopin.policy.columns import declared_columns
from tuopin.policy.doubts import doubts
from tuopin.policy.explain import settling
from tuopin.policy.facts_plan import FactsPlan, plan_facts
from tuopin.policy.files import HOUSEHOLD, Example
from tuopin.policy.household import Rows, evaluate_rows
from tuopin.policy.layout import Layout, Territory, covers_column, everything_asked, tier_column
from tuopin.policy.lines import NATIONAL, FigureValues
from tuopin.policy.meaning import Code, Meaning, Moment, Number, Truth
from tuopin.policy.rules_plan import RulesPlan, plan_rules
from tuopin.sweep.estimates import estimating_on
from tuopin.sweep.route import proposed
from tuopin.tables import Column, arrow_schema, table_named
from tuopin.tables.engines import Engine, open_engine
from tuopin.terms import Answer, Place


@dataclass(frozen=True)
class ExampleResult:
    """How an example came out.

    Attributes:
        id: the example.
        place: where it is written.
        differences: what came out otherwise than expected, a sentence each; empty: all as expected.
    """

    id: str
    place: Place
    differences: tuple[str, ...]


def run_examples(pack: Pack, *, engine: str = "duckdb") -> list[ExampleResult]:
    """Work out every example of a checked pack."""
    differences: dict[str, tuple[str, ...]] = {}
    with open_engine(engine, threads=1, folders=[]) as opened:
        for group in _groups(pack):
            differences |= _worked_out(opened, pack, group)
    return [ExampleResult(id, pack.place_of("examples", id), differences[id]) for id in pack.examples]


def _groups(pack: Pack) -> list[dict[str, Example]]:
    """Examples that can stand in one snapshot: of one day and tier, with the same figures, with members or without."""
    groups: dict[object, dict[str, Example]] = {}
    for id, example in pack.examples.items():
        given = frozenset(example.household) & {name for name, derived in pack.derived.items() if derived.given}
        key = (example.of, example.as_of, frozenset(example.figures.items()), example.members is None, given)
        groups.setdefault(key, {})[id] = example
    return list(groups.values())


def _worked_out(engine: Engine, pack: Pack, group: Mapping[str, Example]) -> dict[str, tuple[str, ...]]:
    """The differences of each example of a group."""
    one = next(iter(group.values()))
    facts = plan_facts(pack, _layout(pack, group), one.as_of)
    if one.of != HOUSEHOLD:
        return _areas_worked_out(engine, pack, facts, group)
    rules = plan_rules(pack, facts, one.as_of, _figures(pack, one))
    rows = {id: _rows(pack, id, number, example) for number, (id, example) in enumerate(group.items())}
    evaluate_rows(engine, _together(list(rows.values())), facts, rules)
    found = _Found(pack, rules, engine, "household_id", rows)
    return {id: tuple(found.differences(id, example)) for id, example in group.items()}


def _areas_worked_out(
    engine: Engine, pack: Pack, facts: FactsPlan, group: Mapping[str, Example]
) -> dict[str, tuple[str, ...]]:
    """The same of examples of areas, whose sums over households are given."""
    one = next(iter(group.values()))
    plan = next((plan for plan in plan_areas(pack, facts, one.as_of) if plan.tier == one.of), None)
    if plan is None:
        return dict.fromkeys(group, (f"No standard is asked of a {one.of} on {one.as_of}.",))
    rules = plan_rules(pack, plan, one.as_of, _figures(pack, one), of=one.of)
    engine.view(AREA_FACTS, _area_rows(pack, plan, group))
    evaluate_areas(engine, plan, rules, estimating_on(one.as_of))
    found = _Found(pack, rules, engine, "area_code", {})
    return {id: tuple(found.differences(id, example)) for id, example in group.items()}


def _together(rows: list[Rows]) -> Rows:
    return Rows({name: pa.concat_tables([one.tables[name] for one in rows]) for name in rows[0].tables})


# --- what came out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """What came out for a group of examples, in the table `evaluated`; `named_by` is the column of their ids."""

    pack: Pack
    rules: RulesPlan
    engine: Engine
    named_by: str
    rows: Mapping[str, Rows]

    @cached_property
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        """The row of each example."""
        return {row[self.named_by]: row for row in self.engine.arrow(f"SELECT * FROM {EVALUATED}").to_pylist()}

    @cached_property
    def proposals(self) -> list[dict[str, Any]]:
        """What is proposed for any of them."""
        return proposed(self.engine, self.rules)

    def differences(self, id: str, example: Example) -> Iterator[str]:
        """What came out otherwise than the example expects."""
        answers = self.answers[id]
        yield from self._answers(example, answers)
        yield from self._numbers(example, answers)
        yield from _categories(example, answers)
        yield from self._proposals(id, example)

    def _answers(self, example: Example, answers: Mapping[str, Any]) -> Iterator[str]:
        for id, expected in example.expect.answers.items():
            if id not in answers or id not in self.rules.rules:
                yield f"`{id}` is not in force on {example.as_of}."
            elif (found := Answer.of(answers[id]).value) != expected:
                yield f"`{id}` is {found}, expected {expected}."

    def _numbers(self, example: Example, answers: Mapping[str, Any]) -> Iterator[str]:
        for id, expected in example.expect.numbers.items():
            wanted: list[Decimal | None] = [*expected] if isinstance(expected, list) else [expected, expected]
            if (found := self._number(id, answers, wanted)) != wanted:
                expected_ends = " to ".join(dict.fromkeys(map(str, wanted)))
                yield f"`{id}` {_between(found)}, expected {expected_ends}."

    def _number(self, id: str, answers: Mapping[str, Any], wanted: list[Decimal | None]) -> list[Decimal | None]:
        """A score's lowest and highest sum; an estimate's point (or lower and upper end), with as many decimals."""
        if id in self.pack.estimates:
            readings = ("point", "point") if wanted[0] == wanted[1] else ("lower", "upper")
            names = [f"{id}_{reading}" for reading in readings]
            shares = [answers.get(n, answers.get(f"{n}__{end}")) for n, end in zip(names, ENDS, strict=True)]
            return [None if s is None else _as_exact(s, like=w) for s, w in zip(shares, wanted, strict=True)]
        scale = getattr(self.rules.rules[id].meaning, "scale", 0) if id in self.rules.rules else 0
        sums = [answers.get(f"{id}_{end}") for end in ("low", "high")]
        return [None if value is None else Decimal(str(value)).scaleb(-scale) for value in sums]

    def _proposals(self, id: str, example: Example) -> Iterator[str]:
        left = [row for row in self.proposals if row[self.named_by] == id]
        for expected in example.expect.proposals:
            match = next(
                (row for row in left if row["kind"] == expected.kind and expected.rule in (None, row["rule"])), None
            )
            if match is None:
                yield f"No {expected.kind}{f' by {expected.rule}' if expected.rule else ''} is proposed."
                continue
            left.remove(match)
            reasons = [reason for reason in (match["reasons"] or "").split(",") if reason]
            if set(reasons) != set(expected.reasons):
                yield f"The {expected.kind} has the reasons {reasons or 'none'}, expected {expected.reasons or 'none'}."
            asked = self._asked(id, match) if expected.kind == "visit" else []
            if set(asked) != set(expected.unknown):
                yield f"The {expected.kind} would ask {asked or 'nothing'}, expected {expected.unknown or 'nothing'}."
        for row in left:
            yield f"Proposed, which is not expected: {row['kind']} by `{row['rule']}` ({row['reasons']})."

    def _asked(self, id: str, visit: Mapping[str, Any]) -> list[str]:
        """The questions that a visit would ask; of an area, the counts that nobody knows."""
        if self.rules.of != HOUSEHOLD:
            return [fact for fact in visit["unknown"].split(",") if fact]
        doubted = doubts(self.engine, self.rules, id)
        return settling(self.pack, self.rules, self.rows[id], doubted, visit["rule"])


def _between(ends: Sequence[Decimal | None]) -> str:
    """A number, its two ends, or that it cannot be told."""
    low, high = ("unknown" if end is None else str(end) for end in ends)
    if low == high:
        return "cannot be told" if low == "unknown" else f"is {low}"
    return f"lies between {low} and {high}"


def _as_exact(share: float, *, like: Decimal | None) -> Decimal:
    """A share with as many decimals as are expected of it."""
    return Decimal(repr(share)) if like is None else Decimal(repr(share)).quantize(like)


def _categories(example: Example, answers: Mapping[str, Any]) -> Iterator[str]:
    for id, expected in example.expect.categories.items():
        found = [answers.get(f"{id}_first"), answers.get(f"{id}_last")]
        wanted = expected if isinstance(expected, list) else [expected, expected]
        if found != wanted:
            yield f"`{id}` is {found[0]} to {found[1]}, expected {wanted[0]} to {wanted[1]}."


# --- the snapshot of a group -----------------------------------------------------------------------------------------

#: More members than an example has: keeps the keys of two examples' members apart.
_APART = 1000


def _layout(pack: Pack, group: Mapping[str, Example]) -> Layout:
    """Everything was asked; what an example leaves out is unknown. Without members there is no member table."""
    one = next(iter(group.values()))
    layout = everything_asked(pack, one.as_of)
    tables = {name: dict(columns) for name, columns in layout.tables.items()}
    if one.members is None:
        del tables["members"]
        given = {id: 1 for id, derived in pack.derived.items() if derived.given and id in one.household}
        tables["households"] |= given
    tiers = {
        code: tier for example in group.values() for code, tier in zip(_areas_of(example), pack.tiers, strict=False)
    }
    territory = Territory(pack.tiers, {**layout.territory.tier_of, **tiers})
    return replace(layout, tables=tables, territory=territory)


def _figures(pack: Pack, example: Example) -> FigureValues:
    return {id: ({NATIONAL: example.figures[id]} if id in example.figures else {}) for id in pack.figures}


def _rows(pack: Pack, id: str, number: int, example: Example) -> Rows:
    """The rows of one example; it lives in an area of its own, in the areas that it names."""
    columns, no = declared_columns(pack, pack.currency), {"household_no": number}
    dwelling = [{**no, **example.dwelling}] if example.dwelling is not None else []
    tables = {
        "households": _table("households", columns, [{**no, "household_id": id, "area_code": id, **example.household}]),
        "dwellings": _table("dwellings", columns, dwelling),
        "area_tiers": _areas(pack, id, example),
        "decisions": _table("decisions", {}, [{**no, **decision} for decision in _decisions(example)]),
        "leads": _table("leads", {}, [{**no, **lead} for lead in _leads(example)]),
    }
    if example.members is not None:
        members = []
        for member_no, member in enumerate(example.members, start=1):
            key = None if member.get("keyless") else number * _APART + member_no
            members.append({**no, "member_no": member_no, "person_key": key, **member})
        tables["members"] = _table("members", columns, members)
    for register in pack.about.registers:
        matched = example.registers.get(register, [])
        rows = [{"person_key": number * _APART + int(str(row["member"])), **row} for row in matched]
        tables[register] = _table(f"register:{register}", columns, rows)
    return Rows(tables)


def _area_rows(pack: Pack, plan: AreaFactsPlan, group: Mapping[str, Example]) -> pa.Table:
    """The table `area_facts` of examples of areas: what they give, unknown where they give nothing."""
    tiers = [tier_column(tier) for tier in pack.tiers]
    columns: dict[str, pa.Array] = {"area_code": pa.array(list(group), pa.string())}
    columns |= {name: pa.array([], pa.string()) for name in tiers}
    for place, name in enumerate(tiers):
        codes = [(example.areas + [None] * len(tiers))[place] for example in group.values()]
        columns[name] = pa.array(codes, pa.string())
    for id, meaning in plan.meanings.items():
        values = [_of_area(id, example) for example in group.values()]
        columns |= {name: array for name, array in _columns_of(id, meaning, values).items() if name in plan.columns}
    return pa.table(columns)


def _of_area(id: str, example: Example) -> Any:  # noqa: ANN401 - any fact's value
    if id == "area_standing":
        return example.standing
    return example.standing_since if id == "area_standing_since" else example.area.get(id)


def _columns_of(id: str, meaning: Meaning, values: list[Any]) -> dict[str, pa.Array]:
    """The columns in which a fact of an area stands."""
    match meaning:
        case Number(real=True):
            return {id: pa.array([None if value is None else float(value) for value in values], pa.float64())}
        case Number(scale=scale):
            whole = [None if value is None else int(Decimal(value).scaleb(scale)) for value in values]
            return {name: pa.array(whole, pa.int64()) for name in (id, f"{id}__low", f"{id}__high")}
        case Truth():
            return {id: pa.array(values, pa.bool_())}
        case Code():
            return {id: pa.array(values, pa.string())}
        case Moment():
            days = [date.fromisoformat(value) if isinstance(value, str) else value for value in values]
            return {id: pa.array(days, pa.date32())}


def _areas_of(example: Example) -> list[str]:
    """The codes of the areas the household lives in, the highest tier first."""
    short = example.household.get("area")
    return example.areas or ([str(short)] if short else [])


def _areas(pack: Pack, id: str, example: Example) -> pa.Table:
    codes = _areas_of(example)
    tiers = {tier_column(tier): code for tier, code in zip_longest(pack.tiers, codes)}
    text = {name: pa.array([value], pa.string()) for name, value in {"area_code": id, **tiers}.items()}
    columns = declared_columns(pack, pack.currency).get("areas", [])
    facts = {
        column.name: pa.array([_stored(column, example.area.get(column.name))], column.arrow) for column in columns
    }
    covers = {covers_column(name): pa.array([name in example.covered]) for name in pack.about.registers}
    return pa.table({**text, **facts, **covers})


#: The decisions that give a household its standing, the last one last.
_STEPS = {
    "registered": ["entry"],
    "exited": ["entry", "exit"],
    "returned": ["entry", "exit", "return"],
    "monitored": ["monitoring"],
    "cleared": ["monitoring", "clearing"],
}


def _decisions(example: Example) -> list[dict[str, Any]]:
    """Decisions a month apart, the last on the day from which the standing holds (else long ago)."""
    if example.standing == "none":
        return []
    steps = _STEPS[example.standing]
    if example.ever_registered and steps[0] != "entry":
        steps = ["entry", "exit", *steps]
    last = example.standing_since or date(example.as_of.year - 1, len(steps), 1)
    days = [last - timedelta(days=31 * before) for before in reversed(range(len(steps)))]
    return [{"decision": step, "decided_on": day, "known_at": day} for step, day in zip(steps, days, strict=True)]


def _leads(example: Example) -> list[dict[str, Any]]:
    kinds = ["application"] * example.applied + ["department"] * example.reported
    return [{"lead": kind, "received_on": example.as_of} for kind in kinds]


def _table(name: str, columns: Mapping[str, list[Column]], rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as the snapshot stores them; what a row does not say is unknown."""
    table = table_named(name)
    declared = [*table.structural, *columns.get(name, [])]
    stored = [{column.name: _stored(column, row.get(column.name)) for column in declared} for row in rows]
    return pa.Table.from_pylist(stored, schema=arrow_schema(declared))


def _stored(column: Column, value: Any) -> Any:  # noqa: ANN401 - any fact's value
    if value in column.unknown:
        return None
    if value is None or isinstance(value, bool):
        return value
    if column.type in ("integer", "decimal", "money"):
        return int(Decimal(value).scaleb(column.scale))
    if column.type in ("month", "date") and isinstance(value, str):
        return date.fromisoformat(value)
    return value
