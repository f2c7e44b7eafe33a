"""Whatever the file and the order of its rows: is the same register the same snapshot?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuopin.policy import read_pack
from tuopin.stages.intake import import_snapshot, importing
from tuopin.tables import Snapshot

MAPPING = """\
mapping: drawn
pack: template
kind: register
as_of: 2016-12-31
currency: {code: XTS, exponent: 2}
country: XT
source: "Drawn for a test"
areas:
  levels: [{tier: region, column: region}, {tier: village, column: village, within_parent: true}]
households:
  file: "households.*"
  id: {column: hid, as: kept}
  facts:
    settlement: {column: where, recode: {"1": urban, "2": rural}}
    consumption: {column: spent, unit: XTS/year}
members:
  file: "members.*"
  number: number
  facts:
    age: {column: age, unit: year}
    birth_month: born
    attends_school: school
"""
HOUSEHOLD_SCHEMA = pa.schema(
    [
        ("hid", pa.string()),
        ("region", pa.int64()),
        ("village", pa.int64()),
        ("where", pa.int64()),
        ("spent", pa.float64()),
    ]
)
MEMBER_SCHEMA = pa.schema(
    [("hid", pa.string()), ("number", pa.int32()), ("age", pa.float64()), ("born", pa.date32()), ("school", pa.bool_())]
)

Rows = list[dict[str, Any]]
Write = Callable[[pa.Table, Path], Path]

amounts = st.none() | st.decimals(min_value=0, max_value=9_000_000, places=3).map(float)
members: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(0, 110).map(float),
        "born": st.none() | st.dates(date(1910, 1, 1), date(2016, 12, 31)),
        "school": st.none() | st.booleans(),
    }
)
households: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "region": st.integers(1, 2),
        "village": st.integers(1, 2),
        "where": st.none() | st.integers(1, 2),
        "spent": amounts,
        "members": st.lists(members, min_size=1, max_size=4),
    }
)


@st.composite
def registers(draw: st.DrawFn) -> tuple[Rows, Rows]:
    """Household rows and member rows in any order."""
    drawn = draw(st.lists(households, min_size=1, max_size=8))
    homes = [
        {"hid": f"h{i}", **{key: home[key] for key in ("region", "village", "where", "spent")}}
        for i, home in enumerate(drawn)
    ]
    people = [
        {"hid": f"h{i}", "number": number, **person}
        for i, home in enumerate(drawn)
        for number, person in enumerate(home["members"], start=1)
    ]
    return homes, people


def csv_file(rows: pa.Table, stem: Path) -> Path:
    path = stem.with_suffix(".csv")
    pa_csv.write_csv(rows, path)
    return path


def parquet_file(rows: pa.Table, stem: Path) -> Path:
    path = stem.with_suffix(".parquet")
    pq.write_table(rows, path, row_group_size=2)
    return path


def arrow_file(rows: pa.Table, stem: Path) -> Path:
    path = stem.with_suffix(".arrow")
    with pa.ipc.new_file(path, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=1)
    return path


@pytest.fixture(autouse=True)
def _one_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "read_pack", cache(read_pack))


def content_hash(homes: Rows, people: Rows, write: Write) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mapping.yaml").write_text(MAPPING)
        files = [
            write(pa.Table.from_pylist(homes, HOUSEHOLD_SCHEMA), folder / "households"),
            write(pa.Table.from_pylist(people, MEMBER_SCHEMA), folder / "members"),
        ]
        done = import_snapshot(
            files=files, mapping=folder / "mapping.yaml", out=folder / "out", known_at=date(2017, 1, 1)
        )
        assert done.path is not None
        assert Snapshot.open(done.path).check() == []
        return done.manifest.content_hash


@settings(max_examples=15)
@given(registers())
def test_the_kind_of_file_does_not_matter(register: tuple[Rows, Rows]) -> None:
    homes, people = register
    assert len({content_hash(homes, people, write) for write in (csv_file, parquet_file, arrow_file)}) == 1


@settings(max_examples=15)
@given(registers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(register: tuple[Rows, Rows], random: Any) -> None:
    homes, people = register
    expected = content_hash(homes, people, arrow_file)
    random.shuffle(homes)
    random.shuffle(people)
    assert content_hash(homes, people, csv_file) == expected


@settings(max_examples=15)
@given(registers(), st.data())
def test_any_changed_answer_is_another_snapshot(register: tuple[Rows, Rows], data: st.DataObject) -> None:
    homes, people = register
    before = content_hash(homes, people, arrow_file)
    home = data.draw(st.sampled_from(homes))
    spent = home["spent"]
    home["spent"] = 0.02 if spent is None else float(Decimal(str(spent)) + Decimal("0.02"))
    assert content_hash(homes, people, arrow_file) != before
