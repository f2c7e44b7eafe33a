"""Is a folder there whole or not at all, whatever happens on the way?"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.journeys.conftest import POLICY_DAY, Swept, Tuopin, files, reading


def sweeping(swept: Swept, out: str = "sweep") -> list[str | Path]:
    """A sweep into a folder of the test."""
    return ["sweep", "--pack", "template", "--snapshot", swept.snapshot, "--as-of", POLICY_DAY, "--out", out]


def left(folder: Path) -> list[str]:
    """What lies in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


def test_a_dry_run_writes_nothing(tuopin: Tuopin, swept: Swept) -> None:
    beside = left(swept.folder)
    swept_dry = tuopin(*sweeping(swept), "--dry-run", "--json")
    assert swept_dry.json["summary"]["proposals"] == swept.ended.json["summary"]["proposals"]
    assert (swept_dry.json["out"], swept_dry.json["ledger_block"]) == (None, None)
    (tuopin.folder / "key").write_text("an invented key of an invented office")
    imported = tuopin("snapshot", "import", *files(), *reading(tuopin.folder), "--dry-run", "--json").json
    assert imported["out"] is None
    assert imported["content_hash"] == swept.imported.json["content_hash"]
    assert tuopin("pack", "new", "mine", "--dry-run").code == 0
    assert tuopin("pack", "schema", "--out", "schemas", "--dry-run").code == 0
    assert left(tuopin.folder) == ["key"]
    assert left(swept.folder) == beside


def test_a_dry_report_writes_nothing(tuopin: Tuopin, swept: Swept) -> None:
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    named: list[str | Path] = ["--sweep", swept.sweep, "--pack", "template", "--snapshot", swept.snapshot]
    assert tuopin("report", *named, "--out", "report.html", "--dry-run").code == 0
    assert left(tuopin.folder) == []


def test_what_exists_is_replaced_only_when_told(tuopin: Tuopin, swept: Swept) -> None:
    assert tuopin(*sweeping(swept)).code == 0
    written = (tuopin.folder / "sweep" / "summary.json").stat().st_mtime_ns
    refused = tuopin(*sweeping(swept)).in_plain_words()
    assert refused.code == 2
    assert "--replace" in refused.err
    assert (tuopin.folder / "sweep" / "summary.json").stat().st_mtime_ns == written
    replaced = tuopin(*sweeping(swept), "--replace", "--json")
    assert replaced.code == 0
    assert left(tuopin.folder) == ["ledger.jsonl", "sweep"]
    assert tuopin("ledger", "verify", "ledger.jsonl", "--json").json["blocks"] == 2


def test_a_folder_that_is_no_sweep_is_never_replaced(tuopin: Tuopin, swept: Swept) -> None:
    (tuopin.folder / "sweep").mkdir()
    (tuopin.folder / "sweep" / "thesis.txt").write_text("years of work")
    refused = tuopin(*sweeping(swept), "--replace").in_plain_words()
    assert refused.code == 2
    assert (tuopin.folder / "sweep" / "thesis.txt").read_text() == "years of work"
    assert left(tuopin.folder) == ["sweep"]


def test_a_changed_ledger_is_found(tuopin: Tuopin, swept: Swept) -> None:
    for out in ("one", "two"):
        assert tuopin(*sweeping(swept, out)).code == 0
    ledger = tuopin.folder / "ledger.jsonl"
    whole = ledger.read_text(encoding="utf-8")
    last = tuopin("ledger", "verify", ledger, "--json").json["last"]

    ledger.write_text(whole.replace('"entry":4', '"entry":3', 1), encoding="utf-8")
    found = tuopin("ledger", "verify", ledger).in_plain_words()
    assert found.code == 3
    assert "ledger.jsonl:1" in found.err
    before = left(tuopin.folder)
    assert tuopin(*sweeping(swept, "three")).in_plain_words().code == 3
    assert ledger.read_text(encoding="utf-8").count("\n") == 2, "nothing is added to a broken ledger"
    assert set(before) <= set(left(tuopin.folder))

    ledger.write_text(whole.splitlines(keepends=True)[0], encoding="utf-8")
    assert tuopin("ledger", "verify", ledger).code == 0, "a ledger cut short looks whole"
    assert tuopin("ledger", "verify", ledger, "--block", last).in_plain_words().code == 3, "unless one knows its end"


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_command_leaves_nothing_half_written(
    tuopin: Tuopin, swept: Swept, told: signal.Signals, code: int
) -> None:
    process, said = _struck(tuopin, swept, told)
    assert process.returncode == code
    assert "Traceback" not in said
    assert left(tuopin.folder) == []


def test_a_killed_command_goes_on_when_it_is_called_again(tuopin: Tuopin, swept: Swept) -> None:
    _struck(tuopin, swept, signal.SIGKILL)
    assert [name.startswith(".sweep-unfinished-") for name in left(tuopin.folder)] == [True]
    again = tuopin(*sweeping(swept), "--json").json
    assert again["summary"]["proposals"] == swept.ended.json["summary"]["proposals"]
    assert tuopin("ledger", "verify", "ledger.jsonl", "--json").json["blocks"] == 1
    assert left(tuopin.folder) == ["ledger.jsonl", "sweep"]


def _struck(tuopin: Tuopin, swept: Swept, told: signal.Signals) -> tuple[subprocess.Popen[str], str]:
    """A sweep that was told to end while it was at work, and what it said; one that was faster is tried again."""
    for _ in range(5):
        process = tuopin.start(*sweeping(swept))
        at_work = _appears(tuopin.folder, process)
        process.send_signal(told)
        said = "".join(process.communicate(timeout=60))
        if at_work and process.returncode != 0:
            return process, said
        assert process.returncode == 0, said
        shutil.rmtree(tuopin.folder / "sweep")
        (tuopin.folder / "ledger.jsonl").unlink()
    pytest.fail("five sweeps were done before they could be stopped")


def _appears(folder: Path, process: subprocess.Popen[str]) -> bool:
    """Whether the command began to write before it ended."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if any(path.name.startswith(".sweep-") for path in folder.iterdir()):
            return True
        time.sleep(0.002)
    return False
