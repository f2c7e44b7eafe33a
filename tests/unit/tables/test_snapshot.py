"""Is a snapshot written whole or not at all, and does a check see every way of spoiling it?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.unit.tables.invented import (
    AREA_COLUMNS,
    AREA_ROWS,
    HEADING,
    HOUSEHOLD_COLUMNS,
    HOUSEHOLDS,
    MEMBER_COLUMNS,
    MEMBERS,
    TIERS,
    batches,
    write_invented,
)
from tuopin.tables import CoverageEntry, Snapshot, SnapshotWriter
from tuopin.terms import DataError, UsageError


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return write_invented(tmp_path / "register")


def whats(problems: Sequence[object]) -> str:
    return "\n".join(str(problem) for problem in problems)


def test_a_written_snapshot_is_whole(snapshot: Snapshot) -> None:
    assert snapshot.check() == []


def test_it_says_what_it_holds(snapshot: Snapshot) -> None:
    manifest = Snapshot.open(snapshot.path).manifest
    assert {name: entry.rows for name, entry in manifest.tables.items()} == {
        "areas": 3,
        "households": 3,
        "members": 5,
        "register:vehicles": 3,
    }
    unknown = {column.name: column.unknown for column in manifest.tables["households"].columns}
    assert unknown == {
        "household_no": 0,
        "household_id": 0,
        "area_code": 0,
        "settlement": 1,
        "consumption": 1,
        "electricity": 1,
    }
    assert manifest.columns("households") == HOUSEHOLD_COLUMNS
    assert manifest.registers == ["vehicles"]
    assert manifest.columns("dwellings") == []


def test_parts_hold_whole_areas_and_the_same_households(snapshot: Snapshot) -> None:
    spans = [
        (p.part, p.first_area, p.last_area, p.first_household, p.households, p.members) for p in snapshot.manifest.parts
    ]
    assert spans == [(0, "n1", "n1", 0, 2, 3), (1, "n2", "n2", 2, 1, 2)]
    (file,) = snapshot.files("members", part=1)
    assert pq.read_table(file).column("household_no").to_pylist() == [2, 2]


@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
@pytest.mark.parametrize("a_part", [1, 2, 3, 1_000])
def test_the_content_hash_knows_no_parts_and_no_batches(tmp_path: Path, size: int, a_part: int) -> None:
    reference = write_invented(tmp_path / "a")
    other = write_invented(tmp_path / "b", households_a_part=a_part, size=size)
    assert other.manifest.content_hash == reference.manifest.content_hash
    assert other.check() == []


def test_other_dates_are_another_snapshot(tmp_path: Path) -> None:
    reference = write_invented(tmp_path / "a")
    later = write_invented(tmp_path / "b", heading=HEADING.model_copy(update={"as_of": date(2017, 1, 1)}))
    known_later = write_invented(tmp_path / "c", heading=HEADING.model_copy(update={"known_at": date(2018, 1, 1)}))
    assert later.manifest.content_hash != reference.manifest.content_hash
    assert known_later.manifest.content_hash == reference.manifest.content_hash


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    target = tmp_path / "some" / "where" / "register"
    writing = SnapshotWriter(target=target)
    with suppress(ZeroDivisionError), writing as writer:
        writer.write_areas(AREA_ROWS, AREA_COLUMNS, tiers=TIERS)
        (writer.scratch() / "rows").write_text("private")
        assert list(tmp_path.iterdir())
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_it_is_not_finished(tmp_path: Path) -> None:
    with SnapshotWriter(target=tmp_path / "register") as writer:
        writer.write_areas(AREA_ROWS, AREA_COLUMNS, tiers=TIERS)
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_is_replaced_only_when_told(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="already"), SnapshotWriter(target=snapshot.path):
        pass
    with SnapshotWriter(target=snapshot.path, overwrite=True) as writer:
        writer.write_areas(AREA_ROWS, AREA_COLUMNS, tiers=TIERS)
        writer.write("households", HOUSEHOLD_COLUMNS, batches(HOUSEHOLDS[:1], HOUSEHOLD_COLUMNS))
        writer.finish(HEADING)
    assert Snapshot.open(snapshot.path).manifest.rows("households") == 1
    assert [path.name for path in snapshot.path.parent.iterdir()] == ["register"]


def test_a_failed_replacement_leaves_the_old_snapshot(snapshot: Snapshot) -> None:
    with pytest.raises(ZeroDivisionError), SnapshotWriter(target=snapshot.path, overwrite=True):
        raise ZeroDivisionError
    assert snapshot.check() == []
    assert [path.name for path in snapshot.path.parent.iterdir()] == ["register"]


def test_a_folder_that_is_no_snapshot_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    with pytest.raises(UsageError, match="not a snapshot"), SnapshotWriter(target=tmp_path / "letters", overwrite=True):
        pass
    with pytest.raises(UsageError, match="not a snapshot"):
        SnapshotWriter(target=tmp_path / "letters" / "dear.txt", overwrite=True).__enter__()
    assert (tmp_path / "letters" / "dear.txt").read_text() == "keep me"


def wrong(**changes: object) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda rows: [*rows[:-1], {**rows[-1], **changes}]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (wrong(settlement="suburban"), "code that is not declared"),
        (wrong(consumption=-1), "below the least possible value, 0.00 XTS/year"),
        (wrong(consumption=10_000_001), "above the largest possible value, 100,000.00 XTS/year"),
        (wrong(household_id=None), "no value"),
        (wrong(household_no=1), "out of order or twice"),
        (wrong(household_no=0), "out of order or twice"),
    ],
)
def test_rows_that_break_their_declaration_are_refused(
    tmp_path: Path, spoil: Callable[..., list[dict[str, Any]]], said: str
) -> None:
    with pytest.raises(DataError, match=said), SnapshotWriter(target=tmp_path / "register") as writer:
        writer.write("households", HOUSEHOLD_COLUMNS, batches(spoil(HOUSEHOLDS), HOUSEHOLD_COLUMNS, size=2))
    assert list(tmp_path.iterdir()) == []


def test_undeclared_missing_and_mistyped_columns_are_refused(tmp_path: Path) -> None:
    whole = pa.Table.from_batches(batches(HOUSEHOLDS, HOUSEHOLD_COLUMNS))
    spoiled = [
        (whole.append_column("phone", pa.array(["1", "2", "3"])), "undeclared or doubled: phone"),
        (whole.drop_columns(["electricity"]), "missing columns: electricity"),
        (whole.set_column(4, "consumption", pa.array([1.5, 2.5, None])), "consumption holds double"),
    ]
    for rows, said in spoiled:
        with pytest.raises(DataError, match=said), SnapshotWriter(target=tmp_path / "register") as writer:
            writer.write("households", HOUSEHOLD_COLUMNS, rows.to_batches())


def test_members_of_unknown_households_are_refused(tmp_path: Path) -> None:
    with SnapshotWriter(target=tmp_path / "register") as writer:
        writer.write("households", HOUSEHOLD_COLUMNS, batches(HOUSEHOLDS[:2], HOUSEHOLD_COLUMNS))
        with pytest.raises(DataError, match="does not have"):
            writer.write("members", MEMBER_COLUMNS, batches(MEMBERS, MEMBER_COLUMNS))


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        ({"register": "vehicles", "areas": ("nowhere",)}, "nowhere, which is not in the tree"),
        ({"register": "vehicles", "areas": ("n", "n1")}, "an area that it lies in"),
        ({"register": "vehicles", "areas": ("n",), "until": date(2015, 1, 1)}, "ends before it begins"),
        ({"register": "payroll", "areas": ("n",)}, "no such register"),
    ],
)
def test_coverage_must_make_sense(tmp_path: Path, coverage: dict[str, object], said: str) -> None:
    entry = CoverageEntry.model_validate({"since": date(2016, 1, 1), **coverage})
    with pytest.raises(DataError, match=said):
        write_invented(tmp_path / "register", heading=HEADING.model_copy(update={"coverage": (entry,)}))
    assert list(tmp_path.iterdir()) == []


def test_opening_what_is_no_snapshot_says_so(tmp_path: Path, snapshot: Snapshot) -> None:
    with pytest.raises(DataError, match="no folder"):
        Snapshot.open(tmp_path / "nowhere")
    with pytest.raises(DataError, match="not a snapshot"):
        Snapshot.open(tmp_path)
    (snapshot.path / "areas.parquet").unlink()
    with pytest.raises(DataError, match="missing"):
        Snapshot.open(snapshot.path)


def edit(snapshot: Snapshot, change: Callable[[dict[str, Any]], object]) -> Snapshot:
    file = snapshot.path / "manifest.json"
    manifest = json.loads(file.read_text())
    change(manifest)
    file.write_text(json.dumps(manifest))
    return Snapshot.open(snapshot.path)


def test_a_damaged_manifest_is_named(snapshot: Snapshot) -> None:
    file = snapshot.path / "manifest.json"
    for raw in (
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"schema_version": 2}',
        b"\xff\xfe",
        file.read_bytes().replace(b'"register"', b'"census"'),
    ):
        file.write_bytes(raw)
        with pytest.raises(DataError, match=r"manifest\.json"):
            Snapshot.open(snapshot.path)


def test_a_changed_heading_is_seen(snapshot: Snapshot) -> None:
    changed = edit(snapshot, lambda manifest: manifest.update(as_of="2020-01-01"))
    assert "content hash does not fit" in whats(changed.check())


def test_a_changed_value_is_seen(snapshot: Snapshot) -> None:
    file = snapshot.files("households", part=1)[0]
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(4, "consumption", pa.array([1], pa.int64())), file)
    assert "content hash differs" in whats(snapshot.check())


def test_repacking_a_file_is_no_change(snapshot: Snapshot) -> None:
    for file in snapshot.files("members") + snapshot.files("areas"):
        rows = pq.read_table(file)
        text = [i for i, field in enumerate(rows.schema) if field.type == pa.string()]
        for i in text:
            rows = rows.set_column(i, rows.schema.names[i], pc.dictionary_encode(rows.column(i)))
        pq.write_table(rows, file, compression="none", row_group_size=1, use_dictionary=False)
    assert snapshot.check() == []


def test_a_changed_type_is_seen(snapshot: Snapshot) -> None:
    file = snapshot.files("members", part=0)[0]
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(3, "age", rows.column("age").cast(pa.float64())), file)
    assert "age holds double" in whats(snapshot.check())


def test_a_stray_file_is_seen(snapshot: Snapshot) -> None:
    (snapshot.path / "names.csv").write_text("name\n")
    assert "names.csv" in whats(snapshot.check())


@pytest.mark.parametrize("keep", [0, 10, -20])
def test_a_cut_off_file_is_seen(snapshot: Snapshot, keep: int) -> None:
    file = snapshot.files("members", part=0)[0]
    file.write_bytes(file.read_bytes()[:keep])
    assert "damaged or cut off" in whats(snapshot.check())


def test_a_flipped_byte_is_seen(snapshot: Snapshot) -> None:
    file = snapshot.files("households", part=0)[0]
    whole = file.read_bytes()
    for at in range(0, len(whole), 37):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        problems = snapshot.check()
        same = pq_equal(file, whole, file.parent)
        assert problems or same


def pq_equal(file: Path, whole: bytes, folder: Path) -> bool:
    """Whether a flipped byte changed no value at all (statistics, names of the writing program)."""
    try:
        found = pq.read_table(file)
    except (pa.ArrowException, OSError):
        return False
    other = folder / "whole"
    other.write_bytes(whole)
    expected = pq.read_table(other)
    other.unlink()
    return bool(found.equals(expected))


def test_a_member_table_that_omits_a_household_is_seen(tmp_path: Path) -> None:
    with SnapshotWriter(target=tmp_path / "register") as writer:
        writer.write_areas(AREA_ROWS, AREA_COLUMNS, tiers=TIERS)
        writer.write("households", HOUSEHOLD_COLUMNS, batches(HOUSEHOLDS, HOUSEHOLD_COLUMNS))
        writer.write("members", MEMBER_COLUMNS, batches(MEMBERS[:3], MEMBER_COLUMNS))
        snapshot = writer.finish(HEADING)
    assert "1 households have no member (first: household_no 2)" in whats(snapshot.check())


def test_a_village_outside_the_tree_is_seen(tmp_path: Path) -> None:
    with SnapshotWriter(target=tmp_path / "register") as writer:
        writer.write_areas(AREA_ROWS.slice(0, 2), AREA_COLUMNS, tiers=TIERS)
        writer.write("households", HOUSEHOLD_COLUMNS, batches(HOUSEHOLDS, HOUSEHOLD_COLUMNS))
        snapshot = writer.finish(HEADING)
    assert "n2, which is not in the tree" in whats(snapshot.check())


def test_a_survey_without_weights_is_seen(tmp_path: Path) -> None:
    snapshot = write_invented(tmp_path / "survey", heading=HEADING.model_copy(update={"kind": "survey"}))
    assert "A survey has weights" in whats(snapshot.check())


def test_households_out_of_order_are_seen(tmp_path: Path) -> None:
    swapped = [{**HOUSEHOLDS[0], "household_id": "z"}, *HOUSEHOLDS[1:]]
    with SnapshotWriter(target=tmp_path / "register") as writer:
        writer.write_areas(AREA_ROWS, AREA_COLUMNS, tiers=TIERS)
        writer.write("households", HOUSEHOLD_COLUMNS, batches(swapped, HOUSEHOLD_COLUMNS))
        snapshot = writer.finish(HEADING)
    assert "not sorted by area and id" in whats(snapshot.check())


def test_a_snapshot_may_be_copied(snapshot: Snapshot, tmp_path: Path) -> None:
    shutil.copytree(snapshot.path, tmp_path / "copy")
    copy = Snapshot.open(tmp_path / "copy")
    assert copy.check() == []
    assert copy.areas().by_code["n1"].name("fr") == "Upper"
