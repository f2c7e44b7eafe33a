"""Tiny packs and registers for tests of policy: a pack from a few lines, households from plain values."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from tuopin.policy import ANSWERED, Evaluation, Pack, read_pack
from tuopin.tables import (
    Column,
    CoverageEntry,
    CurrencyEntry,
    Heading,
    Snapshot,
    SnapshotWriter,
    arrow_schema,
    table_named,
    table_of_entity,
)
from tuopin.tables.engines import Engine
from tuopin.tables.schema import AREAS as AREA_COLUMNS

Facts = Mapping[str, Any]
AS_OF = date(2016, 12, 31)
DAY_ONE = "2000-01-01"
TIERS = ("region", "district", "village")

#: Code, parent, tier. Region e has a village without a district between.
AREAS = (
    ("e", None, "region"), ("ev", "e", "village"),
    ("n", None, "region"), ("n1", "n", "district"), ("n11", "n1", "village"), ("n12", "n1", "village"),
    ("n2", "n", "district"), ("n21", "n2", "village"),
    ("s", None, "region"), ("s1", "s", "district"), ("s11", "s1", "village"),
)  # fmt: skip
VILLAGES = tuple(code for code, _, tier in AREAS if tier == "village")


@dataclass(frozen=True)
class Household:
    """What is known of one household; a fact that is left out is unknown.

    Attributes:
        facts: of the household, its dwelling and its area alike.
        members: their facts; `person_key` may be among them.
        area: the code of its village.
        decisions: (decision, decided_on) or (decision, decided_on, known_at).
        leads: (lead, received_on).
        weight: of a survey.
        housed: whether it has a row in the table of dwellings.
    """

    facts: Facts = field(default_factory=dict)
    members: Sequence[Facts] = ()
    area: str = "n11"
    decisions: Sequence[tuple[Any, ...]] = ()
    leads: Sequence[tuple[str, date]] = ()
    weight: float = 1.0
    housed: bool = True


@dataclass(frozen=True)
class Register:
    """A snapshot before it is written.

    Attributes:
        households: in any order; answers come back in the same.
        absent: facts that nobody asked.
        members: whether there is a table of members.
        foreign: rows of foreign registers, by name.
        covered: area codes that each foreign register covers; all of them where it is not named.
        since: the first day that the foreign registers cover.
        until: the first day that they no longer cover.
        areas: facts of areas, by code; their names, dates and successors too.
        area_decisions: (area code, decision, decided_on), in any order.
    """

    households: Sequence[Household]
    absent: frozenset[str] = frozenset()
    members: bool = True
    foreign: Mapping[str, Sequence[Facts]] = field(default_factory=dict)
    covered: Mapping[str, Sequence[str]] = field(default_factory=dict)
    since: date = date(1900, 1, 1)
    until: date | None = None
    areas: Mapping[str, Facts] = field(default_factory=dict)
    area_decisions: Sequence[tuple[str, str, date]] = ()
    currency: str = "XTS"
    exponent: int = 2
    as_of: date = AS_OF
    survey: bool = False
    a_part: int = 250_000

    def alone(self, number: int) -> Register:
        """A snapshot of one: the same register with one household in it."""
        return replace(self, households=[self.households[number]])


# --- packs -----------------------------------------------------------------------------------------------------------


def fact(type: str, entity: str = "household", **more: Any) -> dict[str, Any]:
    """A fact of facts.yaml; codes are given as a list."""
    if "values" in more:
        more["values"] = {code: text(code) for code in more["values"]}
    return {"entity": entity, "type": type, "question": text("?"), "sensitivity": "public", **more}


def derived(rule: str, type: str = "boolean", entity: str = "household", **more: Any) -> dict[str, Any]:
    """A derived fact of facts.yaml."""
    return {"entity": entity, "type": type, "label": text("?"), "rule": rule, "source": "invented", **more}


def parameter(values: Mapping[Any, Any] | Any, unit: str | None = None) -> dict[str, Any]:
    """A dated figure; one value alone holds from the first day."""
    dated = values if isinstance(values, Mapping) else {DAY_ONE: values}
    return {"unit": unit, "values": dated, "source": "invented"}


def line(unit: str = "XTS", **more: Any) -> dict[str, Any]:
    """A poverty line; give `values` or `formulas`."""
    said = {"concept": "income", "basis": "household", "period": "year", "prices": "current", "territory": "XT"}
    return {"label": text("?"), **said, "unit": unit, "use": ["eligibility"], "source": "invented", **more}


def figure(statistic: str, value: str, **more: Any) -> dict[str, Any]:
    """A number that depends on everybody."""
    return {"label": text("?"), "statistic": statistic, "value": value, "source": "invented", **more}


def standard(
    met: str, *editions: Mapping[str, Any], tests: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """A standard of one edition since the first day, or of the editions given."""
    first = {"from": DAY_ONE, "met": met, "tests": tests or {}}
    return {"question": text("?"), "source": "invented", "editions": list(editions) or [first], **more}


def score(*items: Mapping[str, Any], probability: Mapping[int, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A score of one edition since the first day."""
    edition = {"from": DAY_ONE, "items": list(items), "probability": probability or {}}
    return {"label": text("?"), "source": "invented", "editions": [edition], **more}


def groups(*conditions: tuple[str, str], otherwise: str = "none") -> dict[str, Any]:
    """Ordered categories of one edition since the first day: (id, condition), the last without a condition."""
    said = [{"id": id, "label": text("?"), "when": when} for id, when in conditions]
    last = {"id": otherwise, "label": text("?"), "otherwise": True}
    return {"label": text("?"), "source": "invented", "editions": [{"from": DAY_ONE, "categories": [*said, last]}]}


def text(said: str) -> dict[str, str]:
    """A text in the pack's one language."""
    return {"en": said}


def write_pack(folder: Path, **rooms: Mapping[str, Any]) -> Path:
    """Write a pack: any of facts, derived, parameters, figures, lines, standards, scores, categories, estimates, about."""
    about = {
        "id": "invented", "version": "1.0.0", "country": {"code": "XT", "name": text("?")}, "languages": ["en"],
        "currency": {"code": "XTS", "exponent": 2}, "tiers": [{"id": tier, "label": text(tier)} for tier in TIERS],
        "authority": text("?"), "legal_basis": "invented", "retention_years": 1, **rooms.get("about", {}),
    }  # fmt: skip
    (folder / "standards").mkdir(parents=True, exist_ok=True)
    _write(folder / "pack.yaml", about)
    _write(folder / "facts.yaml", {"facts": rooms.get("facts", {}), "derived": rooms.get("derived", {})})
    _write(
        folder / "lines.yaml",
        {"lines": {}} | {key: rooms[key] for key in ("parameters", "figures", "lines") if key in rooms},
    )
    rules: dict[str, Any] = {
        key: rooms[key] for key in ("standards", "scores", "categories", "estimates") if key in rooms
    }
    _write(folder / "standards" / "rules.yaml", {"stage": "none", **rules})
    return folder


def make_pack(**rooms: Mapping[str, Any]) -> Pack:
    """A pack read from files that are gone again."""
    with tempfile.TemporaryDirectory(prefix="tuopin-pack-") as folder:
        return read_pack(write_pack(Path(folder), **rooms))


def _write(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text("".join(f"{key}: {_yaml(value)}\n" for key, value in content.items()), encoding="utf-8")


def _yaml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_yaml(inner) for inner in value) + "]"
    if isinstance(value, Fraction):
        return _decimal_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(str(value) if isinstance(value, date) else value, ensure_ascii=False)


def _key(key: Any) -> str:
    return str(key) if isinstance(key, int) else json.dumps(str(key), ensure_ascii=False)


def _decimal_text(value: Fraction) -> str:
    places = next(places for places in range(40) if (value * 10**places).denominator == 1)
    return format(Decimal((value * 10**places).numerator).scaleb(-places), "f")


# --- snapshots -------------------------------------------------------------------------------------------------------


def write_register(target: Path, pack: Pack, register: Register) -> Snapshot:
    """Write a snapshot; households are put in order of their areas."""
    numbered = _in_order(register.households)
    with SnapshotWriter(target=target, households_a_part=register.a_part) as writer:
        _write_areas(writer, pack, register)
        own = [_structural(number, household, register) for number, household in enumerate(numbered)]
        facts = [{**row, **household.facts} for row, household in zip(own, numbered, strict=True)]
        _write_table(writer, "households", _household_columns(register), pack, register, facts)
        if register.members:
            _write_table(writer, "members", _MEMBER_COLUMNS, pack, register, _member_rows(numbered))
        if _columns_of(pack, "dwellings", register):
            housed = [row for row, household in zip(facts, numbered, strict=True) if household.housed]
            _write_table(writer, "dwellings", [_NO], pack, register, housed)
        for name, rows in register.foreign.items():
            ordered = sorted(rows, key=lambda row: row["person_key"])
            _write_table(
                writer, f"register:{name}", [Column("person_key", "key", required=True)], pack, register, ordered
            )
        _write_dated(writer, numbered, pack, register)
        return writer.finish(_heading(register))


def _in_order(households: Sequence[Household]) -> list[Household]:
    return [households[number] for number in _order(households)]


def _order(households: Sequence[Household]) -> list[int]:
    return sorted(range(len(households)), key=lambda number: (households[number].area, number))


_NO = Column("household_no", "key", required=True)
_MEMBER_COLUMNS = [_NO, Column("member_no", "ordinal", required=True), Column("person_key", "key")]


def _household_columns(register: Register) -> list[Column]:
    columns = [_NO, Column("household_id", "text", required=True), Column("area_code", "text", required=True)]
    return [*columns, Column("weight", "number")] if register.survey else columns


def _structural(number: int, household: Household, register: Register) -> dict[str, Any]:
    row: dict[str, Any] = {"household_no": number, "household_id": f"h{number}", "area_code": household.area}
    return {**row, "weight": household.weight} if register.survey else row


def _member_rows(households: Sequence[Household]) -> list[dict[str, Any]]:
    return [
        {"household_no": number, "member_no": 1 + member, **facts}
        for number, household in enumerate(households)
        for member, facts in enumerate(household.members)
    ]


def _write_areas(writer: SnapshotWriter, pack: Pack, register: Register) -> None:
    columns = [
        Column("area_code", "text", required=True),
        Column("parent_code", "text"),
        Column("tier", "text", required=True),
    ]
    said = {name for facts in register.areas.values() for name in facts}
    columns += [column for column in AREA_COLUMNS.structural[3:] if column.name in said]  # name, dates, successor
    columns += _columns_of(pack, "areas", register)
    rows = [
        {"area_code": code, "parent_code": parent, "tier": tier, **register.areas.get(code, {})}
        for code, parent, tier in AREAS
    ]
    writer.write_areas(_arrow(rows, columns), columns, tiers=TIERS)


def _write_dated(writer: SnapshotWriter, households: Sequence[Household], pack: Pack, register: Register) -> None:
    decisions = [
        {"household_no": number, "decision": what, "decided_on": day, "known_at": known[0] if known else day}
        for number, household in enumerate(households)
        for what, day, *known in sorted(household.decisions, key=lambda decision: decision[1])
    ]
    if decisions:
        columns = [_NO, Column("decision", "code", required=True), Column("decided_on", "date", required=True)]
        _write_table(
            writer, "decisions", [*columns, Column("known_at", "date", required=True)], pack, register, decisions
        )
    if register.area_decisions:
        _write_area_decisions(writer, register)
    leads = [
        {"household_no": number, "lead": what, "received_on": day}
        for number, household in enumerate(households)
        for what, day in household.leads
    ]
    if leads:
        columns = [_NO, Column("lead", "code", required=True), Column("received_on", "date", required=True)]
        _write_table(writer, "leads", columns, pack, register, leads)


def _write_area_decisions(writer: SnapshotWriter, register: Register) -> None:
    columns = list(table_named("area_decisions").structural)
    rows = [
        {"area_code": code, "decision": what, "decided_on": day, "known_at": day}
        for code, what, day in sorted(register.area_decisions, key=lambda row: (row[0], row[2]))
    ]
    writer.write("area_decisions", columns, _arrow(rows, columns).to_batches())


def _write_table(
    writer: SnapshotWriter,
    table: str,
    structural: Sequence[Column],
    pack: Pack,
    register: Register,
    rows: Sequence[Facts],
) -> None:
    columns = [*structural, *_columns_of(pack, table, register)]
    writer.write(table, columns, _arrow(rows, columns).to_batches())


def _columns_of(pack: Pack, table: str, register: Register) -> list[Column]:
    """The facts of a table as columns; derived facts that a source may give are there unless they are absent."""
    columns = []
    given = {id: spec for id, spec in pack.derived.items() if spec.given}
    for id, spec in {**pack.facts, **given}.items():
        if table_of_entity(spec.entity) == table and id not in register.absent:
            scale = register.exponent if spec.type == "money" else spec.scale
            columns.append(
                Column(
                    id,
                    spec.type,
                    unit=spec.unit,
                    scale=scale,
                    values=tuple(spec.values),
                    minimum=spec.min,
                    maximum=spec.max,
                )
            )
    return columns


def _arrow(rows: Sequence[Facts], columns: Sequence[Column]) -> pa.Table:
    stored = [{column.name: _stored(row.get(column.name), column) for column in columns} for row in rows]
    return pa.Table.from_pylist(stored, schema=arrow_schema(columns))


def _stored(value: Any, column: Column) -> Any:
    if value is None or column.type not in ("money", "decimal"):
        return int(value) if isinstance(value, Fraction | Decimal) else value
    units = Fraction(str(value)) * 10**column.scale
    assert units.denominator == 1, f"{value} has more than {column.scale} decimals"
    return units.numerator


def _heading(register: Register) -> Heading:
    codes = tuple(code for code, parent, _ in AREAS if parent is None)
    covered = [
        CoverageEntry(
            register_=name, areas=tuple(register.covered.get(name, codes)), since=register.since, until=register.until
        )
        for name in register.foreign
        if register.covered.get(name, codes)
    ]
    return Heading(
        name="invented", kind="survey" if register.survey else "register", country="XT", pack="invented",
        as_of=register.as_of, known_at=register.as_of, tiers=TIERS, coverage=tuple(covered),
        currency=CurrencyEntry(code=register.currency, exponent=register.exponent),
    )  # fmt: skip


# --- answers ---------------------------------------------------------------------------------------------------------


def evaluated(engine: Engine, pack: Pack, register: Register, *, day: date | None = None) -> list[dict[str, Any]]:
    """What the policy of a day (by default the snapshot's own) says of each household, in the order they were given."""
    folder = Path(tempfile.mkdtemp(prefix="tuopin-register-"))
    try:
        snapshot = write_register(folder / "snapshot", pack, register)
        evaluation = Evaluation(pack, snapshot, day or register.as_of, engine)
        return answers(evaluation, _order(register.households))
    finally:
        shutil.rmtree(folder)


def answers(evaluation: Evaluation, order: Sequence[int]) -> list[dict[str, Any]]:
    """The answers of every part; `order[n]` is the place to which household n belongs."""
    rows: dict[int, dict[str, Any]] = {}
    for part in evaluation.parts:
        evaluation.show_facts(part)
        evaluation.answer(part)
        found = evaluation.engine.arrow(f"SELECT * FROM {ANSWERED}").to_pylist()
        rows |= {order[row["household_no"]]: row for row in found}
    return [rows[number] for number in sorted(rows)]
