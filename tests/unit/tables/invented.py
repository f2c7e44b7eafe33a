"""A very small invented register, for tests of tables: two villages, three households, five members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from tuopin.tables import Column, CurrencyEntry, Heading, Snapshot, SnapshotWriter, arrow_schema

AREA_COLUMNS = [
    Column("area_code", "text", required=True, sensitivity="public"),
    Column("parent_code", "text", sensitivity="public"),
    Column("tier", "text", required=True, sensitivity="public"),
    Column("name", "text", sensitivity="public"),
    Column("name_fr", "text", sensitivity="public"),
]
AREA_ROWS = pa.Table.from_pylist(
    [
        {"area_code": "n", "parent_code": None, "tier": "region", "name": "North", "name_fr": "Nord"},
        {"area_code": "n1", "parent_code": "n", "tier": "village", "name": "Upper", "name_fr": None},
        {"area_code": "n2", "parent_code": "n", "tier": "village", "name": None, "name_fr": None},
    ],
    schema=arrow_schema(AREA_COLUMNS),
)
TIERS = ("region", "village")

HOUSEHOLD_COLUMNS = [
    Column("household_no", "key", required=True, sensitivity="public"),
    Column("household_id", "text", required=True),
    Column("area_code", "text", required=True),
    Column("settlement", "code", values=("urban", "rural"), sensitivity="public"),
    Column("consumption", "money", unit="XTS/year", scale=2, minimum=Decimal(0), maximum=Decimal(100_000)),
    Column("electricity", "boolean"),
]
HOUSEHOLDS: list[dict[str, Any]] = [
    {
        "household_no": 0,
        "household_id": "a",
        "area_code": "n1",
        "settlement": "rural",
        "consumption": 120_050,
        "electricity": True,
    },
    {
        "household_no": 1,
        "household_id": "b",
        "area_code": "n1",
        "settlement": None,
        "consumption": None,
        "electricity": False,
    },
    {
        "household_no": 2,
        "household_id": "a2",
        "area_code": "n2",
        "settlement": "urban",
        "consumption": 0,
        "electricity": None,
    },
]

MEMBER_COLUMNS = [
    Column("household_no", "key", required=True, sensitivity="public"),
    Column("member_no", "ordinal", minimum=Decimal(1), required=True),
    Column("person_key", "key"),
    Column("age", "integer", unit="year", minimum=Decimal(0), maximum=Decimal(130)),
    Column("birth_month", "month"),
]
MEMBERS: list[dict[str, Any]] = [
    {"household_no": 0, "member_no": 1, "person_key": -5, "age": 30, "birth_month": date(1986, 5, 1)},
    {"household_no": 0, "member_no": 2, "person_key": None, "age": None, "birth_month": None},
    {"household_no": 1, "member_no": 1, "person_key": None, "age": 70, "birth_month": None},
    {"household_no": 2, "member_no": 1, "person_key": 7, "age": 0, "birth_month": None},
    {"household_no": 2, "member_no": 3, "person_key": None, "age": 12, "birth_month": None},
]

VEHICLE_COLUMNS = [Column("person_key", "key", required=True), Column("kind", "code", values=("car", "tractor"))]
VEHICLES: list[dict[str, Any]] = [
    {"person_key": -5, "kind": "car"},
    {"person_key": -5, "kind": "tractor"},
    {"person_key": 99, "kind": None},
]

HEADING = Heading(
    name="invented",
    kind="register",
    country="XT",
    pack="template",
    as_of=date(2016, 12, 31),
    known_at=date(2017, 1, 31),
    currency=CurrencyEntry(code="XTS", exponent=2),
    tiers=TIERS,
)


def batches(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], *, size: int = 1_000) -> list[pa.RecordBatch]:
    return list(pa.Table.from_pylist(list(rows), schema=arrow_schema(columns)).to_batches(max_chunksize=size))


def write_invented(
    target: Path, *, heading: Heading = HEADING, households_a_part: int = 1, size: int = 1_000
) -> Snapshot:
    """Write the invented register; by default each village is a part."""
    with SnapshotWriter(target=target, households_a_part=households_a_part) as writer:
        writer.write_areas(AREA_ROWS, AREA_COLUMNS, tiers=TIERS)
        writer.write("households", HOUSEHOLD_COLUMNS, batches(HOUSEHOLDS, HOUSEHOLD_COLUMNS, size=size))
        writer.write("members", MEMBER_COLUMNS, batches(MEMBERS, MEMBER_COLUMNS, size=size))
        writer.write("register:vehicles", VEHICLE_COLUMNS, batches(VEHICLES, VEHICLE_COLUMNS, size=size))
        return writer.finish(heading)
