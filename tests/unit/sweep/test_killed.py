"""Does a sweep that was killed go on where it was, and come out as if nothing had happened?"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import AS_OF
from tests.unit.sweep.register_in_parts import drawn, policy, register
from tuopin.policy import read_pack
from tuopin.sweep import Ledger, SweepResult, run_sweep
from tuopin.sweep.unfinished import unfinished
from tuopin.tables import Snapshot
from tuopin.tables.engines.duckdb_engine import DuckDBEngine
from tuopin.terms import UsageError

REPOSITORY = Path(__file__).resolve().parents[3]
KILLS, MANY, FEW = 10, 30, 6


@dataclass(frozen=True)
class Undisturbed:
    """A register in parts, and what a sweep of it gives that nobody disturbs; not to be changed."""

    folder: Path
    result: SweepResult

    @property
    def out(self) -> Path:
        """What the sweep wrote."""
        return self.folder / "sweep"

    def taken_to(self, folder: Path) -> Snapshot:
        """The same policy and register in another folder, where no facts are stored yet."""
        shutil.copytree(self.folder / "pack", folder / "pack")
        return Snapshot.open(shutil.copytree(self.folder / "snapshot", folder / "snapshot"))


def undisturbed(folder: Path, *, parts: int) -> Undisturbed:
    snapshot = register(folder / "snapshot", policy(folder / "pack"), parts=parts)
    result = swept(snapshot, folder / "sweep")
    assert min(result.summary["proposals"]["identification"].values()) >= parts
    return Undisturbed(folder, result)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return undisturbed(tmp_path_factory.mktemp("many"), parts=MANY)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return undisturbed(tmp_path_factory.mktemp("few"), parts=FEW)


def swept(snapshot: Snapshot, out: Path, **more: Any) -> SweepResult:
    """A sweep in this process."""
    asked: dict[str, Any] = {"pack": read_pack(out.with_name("pack")), "as_of": AS_OF, "threads": 1, **more}
    return run_sweep(snapshot=snapshot, out=out, **asked)


def started(snapshot: Snapshot, out: Path, *more: str) -> subprocess.Popen[str]:
    """The same in a process of its own."""
    named: list[str | Path] = [out.with_name("pack"), snapshot.path, out]
    words = [sys.executable, "-m", "tests.unit.sweep.killable", *named, *more]
    return subprocess.Popen(words, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def killed(snapshot: Snapshot, out: Path, *, parts: int, milliseconds: int = 0) -> None:
    """A sweep that gets `kill -9` so long after it began on so many parts that no run before it had finished."""
    with started(snapshot, out) as sweeping:
        assert sweeping.stdout is not None
        assert sweeping.stdin is not None
        for step in sweeping.stdout:
            sweeping.stdin.write("go on\n")
            sweeping.stdin.flush()
            parts += {"facts": -1, "rules": -1, "kept": 1}.get(step.split(maxsplit=1)[0], 0)
            if parts == 0:
                break
        time.sleep(milliseconds / 1000)
        sweeping.kill()
    assert sweeping.returncode == -signal.SIGKILL, "it ended before it could be killed"


def killed_before(snapshot: Snapshot, out: Path, *place: str) -> None:
    """A sweep that is killed at one place of its last steps."""
    with started(snapshot, out, "replace", "before", *place) as sweeping:
        sweeping.communicate(timeout=60)
    assert sweeping.returncode == -signal.SIGKILL


def hidden(folder: Path) -> list[str]:
    """The hidden things in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def finished(folder: Path) -> dict[Path, int]:
    """When each part was written that lies in the hidden folder of an unfinished sweep."""
    parts = folder.glob(".sweep-unfinished-*/sweep/*/part-*.parquet")
    return {part.relative_to(folder): part.stat().st_mtime_ns for part in parts}


def rows(out: Path) -> tuple[pa.Table, pa.Table]:
    """Every household's answers, and every proposal, in order."""
    proposals = pq.read_table(out / "proposals").sort_by([("proposal_id", "ascending")])
    return pq.read_table(out / "answers").sort_by("household_no"), proposals


def recorded(out: Path) -> list[Mapping[str, Any]]:
    return [block.content for block in Ledger(out.with_name("ledger.jsonl")).blocks()]


def assert_as_undisturbed(undisturbed: Undisturbed, out: Path, result: SweepResult) -> None:
    """The same summary, answers row for row, proposals and hashes; nothing hidden is left."""
    assert result.summary == undisturbed.result.summary
    assert recorded(out) == recorded(undisturbed.out)
    assert rows(out) == rows(undisturbed.out)
    names, expected = ({str(file.relative_to(one)) for file in one.rglob("*")} for one in (out, undisturbed.out))
    assert names == expected
    assert hidden(out.parent) == []


# --- the parts -------------------------------------------------------------------------------------------------------


def test_a_sweep_that_is_killed_ten_times_comes_out_as_if_nothing_had_happened(
    many: Undisturbed, tmp_path: Path
) -> None:
    snapshot, out = many.taken_to(tmp_path), tmp_path / "sweep"
    before: dict[Path, int] = {}
    for kill in range(KILLS):
        killed(snapshot, out, parts=1 + drawn(kill, "parts", 8), milliseconds=drawn(kill, "milliseconds", 20))
        assert not out.exists()
        assert len(hidden(tmp_path)) == 1
        now = finished(tmp_path)
        assert before.items() <= now.items(), "a finished part was written again"
        before = now
    assert before, "no part was ever finished"
    result = swept(snapshot, out)
    assert 0 < result.kept <= MANY
    assert_as_undisturbed(many, out, result)
    left = [file.name for file in (tmp_path / "snapshot.facts").rglob("*") if file.is_file()]
    assert [name for name in left if "unplaced" in name] == []


@dataclass(frozen=True)
class CutShort:
    """A sweep that was killed when half of its parts were whole."""

    snapshot: Snapshot
    out: Path

    @property
    def work(self) -> Path:
        """Its hidden folder."""
        (folder,) = self.out.parent.glob(".sweep-unfinished-*")
        return folder

    def part(self, table: str) -> Path:
        """A finished part."""
        return self.work / "sweep" / table / "part-00001.parquet"


@pytest.fixture(scope="module")
def once_killed(few: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    killed(few.taken_to(folder), folder / "sweep", parts=FEW + FEW // 2 + 1)
    return folder


@pytest.fixture
def cut_short(once_killed: Path, tmp_path: Path) -> CutShort:
    shutil.copytree(once_killed, tmp_path, dirs_exist_ok=True)
    return CutShort(Snapshot.open(tmp_path / "snapshot"), tmp_path / "sweep")


def test_progress_says_how_many_parts_were_kept(few: Undisturbed, cut_short: CutShort) -> None:
    whole = len(list((cut_short.work / "sweep" / "proposals").iterdir()))
    said: list[tuple[str, int, int]] = []
    result = swept(cut_short.snapshot, cut_short.out, progress=lambda *step: said.append(step))
    assert 0 < whole < FEW
    assert result.kept == whole
    assert [step for step in said if "cut short" in step[0]][-1] == ("kept from a run that was cut short", whole, FEW)
    assert_as_undisturbed(few, cut_short.out, result)


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 100)


def lose_a_row(file: Path) -> None:
    pq.write_table(pq.read_table(file).slice(1), file)


def lose_a_column(file: Path) -> None:
    pq.write_table(pq.read_table(file).drop_columns(["household_id"]), file)


def spoil_a_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[200:1000] = bytes(800)
    file.write_bytes(content)


@pytest.mark.parametrize("table", ["answers", "proposals"])
@pytest.mark.parametrize("damage", [truncate, lose_a_column, spoil_a_page, Path.unlink])
def test_a_damaged_part_is_written_again(few: Undisturbed, cut_short: CutShort, table: str, damage: Any) -> None:
    whole = len(list((cut_short.work / "sweep" / "proposals").iterdir()))
    damage(cut_short.part(table))
    result = swept(cut_short.snapshot, cut_short.out)
    assert result.kept == whole - 1
    assert_as_undisturbed(few, cut_short.out, result)


def test_answers_that_lost_a_household_are_written_again(few: Undisturbed, cut_short: CutShort) -> None:
    lose_a_row(cut_short.part("answers"))
    assert_as_undisturbed(few, cut_short.out, swept(cut_short.snapshot, cut_short.out))


def test_parts_that_were_asked_otherwise_are_written_again(few: Undisturbed, cut_short: CutShort) -> None:
    (cut_short.work / "asked").write_text("the query of a compiler that has changed since")
    result = swept(cut_short.snapshot, cut_short.out)
    assert result.kept == 0
    assert_as_undisturbed(few, cut_short.out, result)


# --- who takes up what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["pack", "as_of", "stages"])
def test_another_call_neither_takes_up_the_work_nor_leaves_it_lying(
    cut_short: CutShort, tmp_path: Path, other: str
) -> None:
    asked: dict[str, Any] = {
        "pack": policy(tmp_path / "other", version="1.0.1"),
        "as_of": date(2016, 12, 30),
        "stages": ("identification",),
    }
    result = swept(cut_short.snapshot, cut_short.out, **{other: asked[other]})
    assert result.kept == 0
    assert hidden(tmp_path) == []


def test_another_snapshot_does_not_take_up_the_work(cut_short: CutShort, tmp_path: Path) -> None:
    other = register(tmp_path / "other", policy(tmp_path / "pack"), parts=FEW, income=90)
    assert swept(other, cut_short.out).kept == 0
    assert hidden(tmp_path) == []


def test_a_sweep_into_another_folder_leaves_the_work_to_whom_it_belongs(few: Undisturbed, cut_short: CutShort) -> None:
    assert swept(cut_short.snapshot, cut_short.out.with_name("sweep-2")).kept == 0
    assert swept(cut_short.snapshot, cut_short.out).kept > 1
    assert rows(cut_short.out) == rows(few.out)


def test_nobody_takes_up_or_clears_away_the_work_of_the_living(cut_short: CutShort, tmp_path: Path) -> None:
    before = finished(tmp_path)
    with unfinished(cut_short.out, cut_short.work.name.rpartition("-")[2]):
        with pytest.raises(UsageError, match="Another run is writing this very sweep"):
            swept(cut_short.snapshot, cut_short.out)
        assert swept(cut_short.snapshot, cut_short.out, stages=("identification",)).kept == 0
        assert finished(tmp_path) == before
    assert hidden(tmp_path) == []


def test_a_refusal_leaves_nothing_even_of_an_earlier_run(
    cut_short: CutShort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(DuckDBEngine, "write", full)
    with pytest.raises(OSError, match="No space left"):
        swept(cut_short.snapshot, cut_short.out)
    assert hidden(tmp_path) == []
    assert not cut_short.out.exists()


@pytest.mark.parametrize("step", [(Path, "mkdir"), (os, "open"), (fcntl, "flock"), (os, "fstat")])
def test_whoever_is_stopped_while_the_work_is_claimed_leaves_nothing(
    few: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]
) -> None:
    snapshot, out = few.taken_to(tmp_path), tmp_path / "sweep"
    owner, name = step
    method, stopped = getattr(owner, name), list[str]()

    def interrupted(*given: Any, **named: Any) -> Any:
        result = method(*given, **named)
        if hidden(tmp_path) and not stopped:
            stopped.append(name)
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(owner, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        swept(snapshot, out)
    assert stopped == [name]
    assert hidden(tmp_path) == []


def test_work_that_somebody_deletes_meanwhile_is_said_to_be_missing(few: Undisturbed, tmp_path: Path) -> None:
    snapshot, out = few.taken_to(tmp_path), tmp_path / "sweep"

    def delete(what: str, done: int, _: int) -> None:
        if (what, done) == ("rules", 2):
            for folder in tmp_path.glob(".sweep-*"):
                shutil.rmtree(folder)

    with pytest.raises(FileNotFoundError, match="sweep/answers"):
        swept(snapshot, out, progress=delete)
    assert hidden(tmp_path) == []


# --- the last steps --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "nth"),
    [("rename", "1"), ("rename", "2"), ("append", "1"), ("rename", "3")],
    ids=["before the old sweep goes", "before the new one stands", "before it is recorded", "when all is recorded"],
)
@pytest.mark.parametrize("replace", [True, False])
def test_a_kill_between_the_last_steps_is_made_good(
    few: Undisturbed, tmp_path: Path, place: str, nth: str, replace: bool
) -> None:
    snapshot, out = few.taken_to(tmp_path), tmp_path / "sweep"
    old = swept(snapshot, out, stages=("identification",))
    killed_before(snapshot, out, place, nth)
    stands = place == "append" or nth == "3"
    if not stands and not replace:
        with pytest.raises(UsageError, match="exists already"):
            swept(snapshot, out)
        assert pq.read_table(out / "proposals").num_rows, "the old sweep stands again"
        assert [said["stages"] for said in recorded(out)] == [["identification"]]
        return
    result = swept(snapshot, out, replace=replace)
    assert result.summary == few.result.summary
    assert result.kept == FEW
    assert rows(out) == rows(few.out)
    blocks = Ledger(out.with_name("ledger.jsonl")).blocks()
    assert [block.hash for block in blocks] == [old.block, result.block]
    assert blocks[-1].content == recorded(few.out)[0]
    assert hidden(tmp_path) == []


def test_what_appears_meanwhile_at_the_place_of_the_sweep_is_not_touched(few: Undisturbed, tmp_path: Path) -> None:
    snapshot, out = few.taken_to(tmp_path), tmp_path / "sweep"

    def appear(what: str, done: int, of: int) -> None:
        if what == "rules" and done == of:
            out.mkdir()
            (out / "thesis.txt").write_text("years of work")

    with pytest.raises(OSError, match="not empty"):
        swept(snapshot, out, progress=appear)
    assert (out / "thesis.txt").read_text() == "years of work"
    assert recorded(out) == []
    assert hidden(tmp_path) == []
