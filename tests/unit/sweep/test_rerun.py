"""Is a past sweep proved by what the ledger keeps, and is whatever was changed since found out?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import AS_OF, Household, Register, write_register
from tests.unit.sweep.register_in_parts import policy, register
from tuopin.policy import Pack, read_pack
from tuopin.sweep import Ledger, Rerun, rerun_sweep, run_sweep
from tuopin.tables import Snapshot
from tuopin.terms import DataError, UsageError


@dataclass(frozen=True)
class Past:
    """A folder with a policy, a register, a sweep of it and its ledger."""

    folder: Path

    @property
    def pack(self) -> Pack:
        """The policy."""
        return read_pack(self.folder / "pack")

    @property
    def snapshot(self) -> Snapshot:
        """The register."""
        return Snapshot.open(self.folder / "snapshot")

    @property
    def sweep(self) -> Path:
        """What the sweep wrote."""
        return self.folder / "sweep"

    @property
    def ledger(self) -> Path:
        """Its record."""
        return self.folder / "ledger.jsonl"

    def swept(self) -> None:
        """Sweep."""
        run_sweep(pack=self.pack, snapshot=self.snapshot, as_of=AS_OF, out=self.sweep, threads=1)

    def rerun(self, **more: Any) -> Rerun:
        """Sweep again and compare."""
        named: dict[str, Any] = {"ledger": self.ledger, "pack": self.pack, "snapshot": self.snapshot, **more}
        return rerun_sweep(threads=1, **named)

    def record(self, *contents: Mapping[str, Any]) -> None:
        """Write a ledger anew: whole, but with other blocks."""
        self.ledger.unlink()
        for content in contents:
            Ledger(self.ledger).append(content)

    @property
    def recorded(self) -> dict[str, Any]:
        """What the first block says."""
        return dict(Ledger(self.ledger).blocks()[0].content)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Past:
    folder = tmp_path_factory.mktemp("once")
    register(folder / "snapshot", policy(folder / "pack"), parts=4)
    past = Past(folder)
    past.swept()
    return past


@pytest.fixture
def past(once: Past, tmp_path: Path) -> Past:
    return Past(Path(shutil.copytree(once.folder, tmp_path, dirs_exist_ok=True)))


def change_rows(file: Path, column: str, value: Any) -> None:
    """Give a column of a file one value throughout."""
    rows = pq.read_table(file)
    place = rows.column_names.index(column)
    pq.write_table(
        rows.set_column(place, rows.schema.field(place), pa.array([value] * len(rows), rows.schema.field(place).type)),
        file,
    )


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# --- what is proved --------------------------------------------------------------------------------------------------


def test_a_sweep_that_nobody_touched_is_proved_and_nothing_is_written(past: Past) -> None:
    before = everything(past.folder)
    found = past.rerun(sweep=past.sweep)
    assert found.proved
    assert [(one.what, one.recorded == one.found) for one in found.compared] == [("proposals", True), ("summary", True)]
    assert (found.counts, found.files) == ((), ())
    assert everything(past.folder) == before


def test_what_the_first_run_stored_is_not_believed(past: Past) -> None:
    for file in past.folder.glob("snapshot.facts/*/part-*.parquet"):
        change_rows(file, "income", 0)
    shutil.rmtree(past.sweep)
    past.ledger.unlink()
    past.swept()
    found = past.rerun()
    assert [one.same for one in found.compared] == [False, False]
    assert {one.kind for one in found.counts} == {"entry", "visit", "question"}
    visits = next(one for one in found.counts if one.kind == "visit")
    assert visits.recorded == 0 < visits.found


def test_a_ledger_that_was_written_anew_with_other_hashes_is_found_out(past: Past) -> None:
    past.record({**past.recorded, "proposals_hash": "0" * 64})
    found = past.rerun()
    assert not found.proved
    assert [(one.what, one.same) for one in found.compared] == [("proposals", False), ("summary", True)]
    assert found.counts == ()


def test_numbers_that_were_changed_in_the_ledger_are_named(past: Past) -> None:
    said = past.recorded
    entries = said["proposals"]["identification"]["entry"]
    forged = {"identification": {**said["proposals"]["identification"], "entry": entries + 1}, "exits": {"exit": 2}}
    past.record({**said, "proposals": forged, "proposals_hash": "0" * 64})
    counts = [(one.stage, one.kind, one.recorded, one.found) for one in past.rerun().counts]
    assert counts == [("exits", "exit", 2, 0), ("identification", "entry", entries + 1, entries)]


def test_a_block_that_kept_no_hash_of_the_summary_is_proved_by_its_proposals(past: Past) -> None:
    past.record({key: value for key, value in past.recorded.items() if key != "summary_hash"})
    found = past.rerun()
    assert found.proved
    assert [one.recorded is None for one in found.compared] == [False, True]


def test_a_survey_is_proved_too(tmp_path: Path) -> None:
    past = Past(tmp_path)
    households = [Household({"income": 10 * n, "odd": True}, weight=1.5 + n) for n in range(9)]
    write_register(tmp_path / "snapshot", policy(tmp_path / "pack"), Register(households, survey=True, members=False))
    past.swept()
    assert past.rerun(sweep=past.sweep).proved


# --- the folder ------------------------------------------------------------------------------------------------------


def test_files_of_the_folder_that_hold_something_else_are_named(past: Past) -> None:
    change_rows(past.sweep / "answers" / "part-00002.parquet", "poor", None)
    (past.sweep / "proposals" / "part-00001.parquet").unlink()
    (past.sweep / "answers" / "part-00004.parquet").write_bytes(b"what is this?")
    figures = json.loads((past.sweep / "figures.json").read_text())
    figures["middle"]["n"][0] = "1.0000"
    (past.sweep / "figures.json").write_text(json.dumps(figures))
    found = past.rerun(sweep=past.sweep)
    assert not found.proved
    assert all(one.same for one in found.compared), "the ledger is right"
    changed = ["answers/part-00002", "answers/part-00004", "figures", "proposals/part-00001"]
    assert [file.rpartition(".")[0] for file in found.files or ()] == changed


def test_how_rows_are_stored_and_in_which_order_makes_no_difference(past: Past) -> None:
    file = past.sweep / "answers" / "part-00000.parquet"
    rows = pq.read_table(file)
    backwards = rows.take(pa.array(range(len(rows) - 1, -1, -1)))
    nullable = pa.Table.from_arrays(backwards.columns, names=backwards.column_names)
    assert nullable.schema != rows.schema
    pq.write_table(nullable, file, compression="none", row_group_size=2)
    assert pc.sum(pq.read_table(file)["household_no"]) == pc.sum(rows["household_no"])
    assert past.rerun(sweep=past.sweep).files == ()


def test_a_folder_without_a_sweep_is_refused(past: Past) -> None:
    with pytest.raises(UsageError, match="There is no sweep here"):
        past.rerun(sweep=past.folder)


# --- what was handed over --------------------------------------------------------------------------------------------


def test_another_pack_and_another_snapshot_are_refused_by_name(past: Past, tmp_path: Path) -> None:
    other = policy(tmp_path / "other-pack", version="1.0.1")
    register_of_another_year = register(tmp_path / "other", other, parts=4, income=90)
    with pytest.raises(DataError) as refused:
        past.rerun(pack=other, snapshot=register_of_another_year)
    assert [problem.what for problem in refused.value.problems] == [
        "This pack is not the one that was swept.",
        "This snapshot is not the one that was swept.",
    ]
    whys = [problem.why for problem in refused.value.problems]
    for why, content in zip(whys, (past.pack.content_hash, past.snapshot.manifest.content_hash), strict=True):
        assert content in why
    assert "records invented 1.0.0" in whys[0]
    assert "this is invented 1.0.1" in whys[0]


def test_rows_that_were_changed_behind_the_manifest_prove_nothing(past: Past) -> None:
    change_rows(past.folder / "snapshot" / "households" / "part-00001.parquet", "income", 7)
    with pytest.raises(DataError, match="households"):
        past.rerun()


@pytest.mark.parametrize("named", ["last", "1", "whole hash", "12 characters"])
def test_a_block_is_named_by_number_hash_or_last(past: Past, named: str) -> None:
    other = {**past.recorded, "proposals_hash": "0" * 64}
    past.record(other, past.recorded)
    second = Ledger(past.ledger).blocks()[1].hash
    name = {"whole hash": second, "12 characters": second[:12]}.get(named, named)
    assert past.rerun(block=name).block.number == 1
    assert past.rerun(block="0").proved is False


@pytest.mark.parametrize("named", ["1", "2016", "", "0" * 12, "0" * 64, "the last"])
def test_a_block_that_is_not_there_is_said_to_be_missing(past: Past, named: str) -> None:
    with pytest.raises(DataError, match="is not in the ledger"):
        past.rerun(block=named)


def test_eleven_characters_are_too_few_to_name_a_block(past: Past) -> None:
    with pytest.raises(DataError, match="is not in the ledger"):
        past.rerun(block=Ledger(past.ledger).blocks()[0].hash[:11])


def test_what_is_no_record_of_a_sweep_is_refused(past: Past) -> None:
    said = past.recorded
    past.record({"kind": "campaign"}, {"kind": "sweep"}, {**said, "stages": ["identification", "divination"]})
    with pytest.raises(UsageError, match="Block 0 does not record a sweep, but: campaign"):
        past.rerun(block="0")
    with pytest.raises(DataError, match="Block 1 does not say enough"):
        past.rerun(block="1")
    with pytest.raises(DataError, match="does not have: divination"):
        past.rerun(block="2")


def test_a_ledger_that_is_not_there_is_refused(past: Past) -> None:
    with pytest.raises(UsageError, match="There is no ledger here"):
        past.rerun(ledger=past.folder / "other.jsonl")


def test_a_ledger_with_a_changed_line_proves_nothing(past: Past) -> None:
    text = past.ledger.read_text(encoding="utf-8")
    past.ledger.write_text(text.replace('"engine":"duckdb"', '"engine":"abacus"'), encoding="utf-8")
    with pytest.raises(DataError, match="The ledger was changed"):
        past.rerun()
