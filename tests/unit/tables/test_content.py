"""Is the content hash about rows alone: deaf to packing, sharp to every value?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.unit.tables.invented import HOUSEHOLD_COLUMNS, HOUSEHOLDS, MEMBER_COLUMNS, MEMBERS, batches
from tuopin.tables import Column, arrow_schema, table_hash
from tuopin.tables import content as content_module

WEIGHT = [Column("household_no", "key"), Column("weight", "number")]


def test_the_hash_of_a_known_table_is_for_ever() -> None:
    # It stands in manifests and ledgers: a change here is a new schema version.
    assert table_hash(HOUSEHOLD_COLUMNS, batches(HOUSEHOLDS, HOUSEHOLD_COLUMNS)) == (
        "775e6168e70f3bfce0f807385d91318620cc39d625e3205b498181aaffa4bfb0"
    )
    assert table_hash(MEMBER_COLUMNS, batches(MEMBERS, MEMBER_COLUMNS)) == (
        "bd4f8e92bfd1b2dcb2021a01ed90aef5dab784bcc73f470e8b0185cc75cd1433"
    )
    assert table_hash(WEIGHT, []) == "7b2a9ff65fa5654a621c821f73891e1d466c3489c3a22cccfcd63a6d59c4cbdd"


def test_every_changed_value_changes_it() -> None:
    reference = table_hash(MEMBER_COLUMNS, batches(MEMBERS, MEMBER_COLUMNS))
    others = {"household_no": 9, "member_no": 9, "person_key": 0, "age": 99, "birth_month": date(1986, 6, 1)}
    seen = {reference}
    for i, row in enumerate(MEMBERS):
        for name, other in others.items():
            for value in (other, None):
                if row[name] != value:
                    changed = [*MEMBERS[:i], {**row, name: value}, *MEMBERS[i + 1 :]]
                    seen.add(table_hash(MEMBER_COLUMNS, batches(changed, MEMBER_COLUMNS)))
    assert len(seen) == 1 + sum(
        (row[name] != value) for row in MEMBERS for name in others for value in (others[name], None)
    )


def test_unknown_is_neither_zero_nor_nothing() -> None:
    column = [Column("x", "integer")]
    hashes = {table_hash(column, batches(rows, column)) for rows in ([{"x": None}], [{"x": 0}], [], [{"x": None}] * 2)}
    assert len(hashes) == 4
    text = [Column("x", "text")]
    pairs = [(None, "ab"), ("", "ab"), ("a", "b")]
    hashes = {table_hash(text, batches([{"x": first}, {"x": second}], text)) for first, second in pairs}
    assert len(hashes) == 3


def test_the_order_of_rows_counts_and_that_of_columns_does_not() -> None:
    reference = table_hash(MEMBER_COLUMNS, batches(MEMBERS, MEMBER_COLUMNS))
    backwards = MEMBER_COLUMNS[::-1]
    assert table_hash(MEMBER_COLUMNS, batches(MEMBERS[::-1], MEMBER_COLUMNS)) != reference
    assert table_hash(backwards, batches(MEMBERS, backwards)) == reference


def test_the_type_and_scale_of_a_column_count() -> None:
    rows = [{"x": 180}]
    hashes = {
        table_hash([column], batches(rows, [column]))
        for column in (
            Column("x", "integer"),
            Column("x", "money", scale=2),
            Column("x", "money"),
            Column("y", "integer"),
        )
        if column.name == "x"
    }
    assert len(hashes) == 3


def test_both_zeros_are_one_number() -> None:
    assert table_hash(WEIGHT, batches([{"household_no": 0, "weight": -0.0}], WEIGHT)) == table_hash(
        WEIGHT, batches([{"household_no": 0, "weight": 0.0}], WEIGHT)
    )


@pytest.mark.parametrize("rows_a_group", [1, 70, 65_536, 200_000])
@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_packing_does_not_change_it(tmp_path: Path, rows_a_group: int, compression: str, dictionary: bool) -> None:
    count = 700 if rows_a_group == 1 else 140_000
    columns = [
        Column("household_no", "key"),
        Column("relation", "code"),
        Column("poor", "boolean"),
        Column("on", "date"),
    ]
    numbers = pa.array(range(count), pa.int64())
    rows = pa.table(
        {
            "household_no": numbers,
            "relation": pc.if_else(
                pc.equal(pc.bit_wise_and(numbers, 3), 3), None, pc.cast(pc.bit_wise_and(numbers, 15), pa.string())
            ),
            "poor": pc.if_else(
                pc.equal(pc.bit_wise_and(numbers, 5), 5), None, pc.equal(pc.bit_wise_and(numbers, 1), 0)
            ),
            "on": pc.cast(pc.cast(pc.bit_wise_and(numbers, 1023), pa.int32()), pa.date32()),
        },
        schema=arrow_schema(columns),
    )
    reference = table_hash(columns, rows.to_batches())
    pq.write_table(
        rows, tmp_path / "x", row_group_size=rows_a_group, compression=compression, use_dictionary=dictionary
    )
    with pq.ParquetFile(tmp_path / "x") as parquet:
        assert table_hash(columns, parquet.iter_batches(batch_size=999)) == reference
    assert table_hash(columns, rows.slice(0, count).to_batches(max_chunksize=7_777)) == reference


def test_slices_hash_like_copies() -> None:
    rows = pa.Table.from_batches(batches(HOUSEHOLDS, HOUSEHOLD_COLUMNS))
    copied = batches(HOUSEHOLDS[1:], HOUSEHOLD_COLUMNS)
    assert table_hash(HOUSEHOLD_COLUMNS, rows.slice(1).to_batches()) == table_hash(HOUSEHOLD_COLUMNS, copied)


def test_it_holds_one_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_module, "BLOCK_ROWS", 4)
    content = content_module.ContentHash(WEIGHT)
    for number in range(50):
        content.add(batches([{"household_no": number, "weight": 1.0}], WEIGHT)[0])
        assert content._waiting < 4
