"""What do scripts rely on: the keys of every document, the exit codes, the two streams?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tuopin as package
from tests.journeys.conftest import POLICY_DAY, REGISTER, Swept, Tuopin, files, reading

SUMMARY = [
    "pack", "snapshot", "kind", "as_of", "facts_as_of", "households", "members", "proposals", "met", "cannot_tell",
    "cannot_tell_share", "not_asked", "never_asked", "partly_asked", "headline", "poor_households", "poor_members",
    "headcount_ratio", "headcounts", "lines", "assumptions", "currency", "seconds", "peak_mib",
]  # fmt: skip
PROBLEM = ["what", "place", "why", "fix"]


def test_the_keys_of_a_sweep(swept: Swept) -> None:
    document = swept.ended.json
    assert list(document) == ["summary", "reasons", "unknown", "out", "ledger_block", "kept_parts"]
    assert set(SUMMARY) <= set(document["summary"])
    assert document["summary"]["seconds"] > 0
    assert document["summary"]["peak_mib"] > 10
    assert list(document["reasons"][0]) == ["stage", "kind", "rule", "reasons", "households", "example", "of"]
    assert swept.ended.err == ""


def test_the_keys_of_an_import(swept: Swept) -> None:
    document = swept.imported.json
    expected = ["out", "snapshot", "kind", "as_of", "content_hash", "tables", "rejected", "rejects_file", "rejects"]
    assert list(document) == expected
    assert document["tables"]["members"] == 16
    assert document["rejected"] == {"rows": 0, "households": 0}


def test_the_keys_of_an_explanation(tuopin: Tuopin, swept: Swept) -> None:
    document = tuopin("explain", *swept.of_household("h04"), "--json").json
    assert {
        "household", "area", "facts_as_of", "as_of", "pack", "standing", "standards", "scores", "categories",
        "assumptions", "proposals", "language",
    } <= set(document)  # fmt: skip
    standard = next(found for found in document["standards"] if found["id"] == "below_national_line")
    assert {"id", "question", "answer", "parts", "facts", "thresholds", "source", "settle"} <= set(standard)
    assert standard["answer"] == "met"


def test_the_keys_of_the_other_documents(tuopin: Tuopin, swept: Swept) -> None:
    checked = tuopin("snapshot", "check", swept.snapshot, "--json").json
    assert list(checked) == ["snapshot", "content_hash", "problems"]
    shown = tuopin("snapshot", "show", swept.snapshot, "--json").json
    assert {"name", "kind", "as_of", "known_at", "tables", "parts", "coverage", "content_hash"} <= set(shown)
    verified = tuopin("ledger", "verify", swept.ledger, "--json").json
    assert list(verified) == ["file", "blocks", "last"]
    assert verified["last"] == swept.ended.json["ledger_block"]
    again: list[str | Path] = ["--ledger", swept.ledger, "--pack", "template", "--snapshot", swept.snapshot]
    proved = tuopin("rerun", *again, "--sweep", swept.sweep, "--json").json
    assert list(proved) == [
        "proved", "number", "block", "compared", "counts", "sweep", "files", "recorded_by", "rerun_by", "seconds",
        "peak_mib",
    ]  # fmt: skip
    assert (proved["proved"], proved["files"], proved["block"]) == (True, [], verified["last"])
    policy = tuopin("pack", "show", "template", "--as-of", "2019-06-30", "--json").json
    line = next(line for line in policy["lines"] if line["id"] == "national_line")
    assert (line["value"], line["since"]) == ("1788.4", "2016-01-01")
    assert {"pack", "version", "day", "lines", "figures", "rules"} <= set(policy)
    schemas = tuopin("pack", "schema").json
    assert {"pack.yaml", "facts.yaml", "lines.yaml"} <= set(schemas)


def test_the_version_and_help_go_to_stdout(tuopin: Tuopin) -> None:
    assert tuopin("--version").out == f"tuopin {package.__version__}\n"
    for call in ([], ["--help"], ["pack"], ["sweep", "-h"]):
        done = tuopin(*call)
        assert (done.code, done.err) == (0, ""), call
        assert "Usage" in done.out


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (["swep"], 2, "Did you mean 'sweep'?"),
        (["sweep", "--pack", "template"], 2, "Missing option"),
        (["sweep", "--pack", "template", "--snapshot", "x", "--as-of", "31.12.2023"], 2, "write it like 2016-12-31"),
        (["sweep", "--pack", "template", "--snapshot", "x", "--as-of", "2023-02-30"], 2, "no day 2023-02-30"),
        (["sweep", "--pack", "template", "--snapshot", "x", "--as-of", "2023-12-31"], 2, "names no folder to write"),
        (["pack", "check", "nowhere"], 2, "There is no pack `nowhere`"),
        (["pack", "new", "My-Country"], 2, "For example: my_country"),
        (["snapshot", "show", "nowhere"], 3, "There is no folder here"),
        (["ledger", "verify", "nowhere.jsonl"], 2, "There is no ledger here"),
    ],
)
def test_a_wrong_call_is_answered_in_one_document(tuopin: Tuopin, call: list[str], code: int, says: str) -> None:
    said = tuopin(*call, "--json").in_plain_words()
    assert (said.code, said.err) == (code, "")
    problems = said.json["problems"]
    assert list(problems[0]) == PROBLEM
    assert says in problems[0]["what"] + problems[0]["fix"]


def test_a_wrong_call_is_answered_in_plain_words(tuopin: Tuopin) -> None:
    said = tuopin("pack", "check", "nowhere").in_plain_words()
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[0] == "There is no pack `nowhere`."
    assert "    Next: Give the path of a pack's folder" in said.err
    unread = tuopin("sweep", "--pack", "template").in_plain_words()
    assert (unread.code, unread.out) == (2, "")
    assert "`tuopin sweep --help` lists what this command takes." in unread.err


def test_an_unknown_household_is_refused(tuopin: Tuopin, swept: Swept) -> None:
    said = tuopin("explain", *swept.of_household("h99")).in_plain_words()
    assert said.code == 2
    assert "no household with this id" in said.err


def test_refused_rows_are_told_each_with_its_place_and_reason(tuopin: Tuopin) -> None:
    sources = [broken_copy(file, tuopin.folder) for file in files()]
    (tuopin.folder / "key").write_text("an invented key of an invented office")
    said = tuopin("snapshot", "import", *sources, *reading(tuopin.folder)).in_plain_words()
    assert said.code == 3
    assert "households.csv, table households, row 2, column spent" in said.err
    assert said.err.splitlines()[-2] == "1 row was refused; nothing was written."
    assert "Or add --accept-rejects" in said.err.splitlines()[-1]
    assert not (tuopin.folder / "snapshot").exists()
    accepted = tuopin("snapshot", "import", *sources, *reading(tuopin.folder), "--accept-rejects", "--json")
    assert accepted.code == 0
    document = accepted.json
    assert document["rejected"] == {"rows": 1, "households": 1}
    assert document["tables"]["households"] == 11
    assert document["rejects"][0]["value"] == "a lot"
    assert Path(document["rejects_file"]).is_file()


def broken_copy(file: Path, folder: Path) -> Path:
    """The file with a word where an amount should be."""
    copy = folder / file.name
    copy.write_text(file.read_text(encoding="utf-8").replace("9000.00,3000.00,1,car", "a lot,3000.00,1,car"))
    return copy


def test_a_damaged_snapshot_is_a_finding(tuopin: Tuopin, swept: Swept) -> None:
    (tuopin.folder / "copy").symlink_to(swept.snapshot)
    changed = tuopin.folder / "changed"
    subprocess.run(["cp", "-r", swept.snapshot, changed], check=True)
    manifest = json.loads((changed / "manifest.json").read_text())
    manifest["tables"]["members"]["content_hash"] = "0" * 64
    (changed / "manifest.json").write_text(json.dumps(manifest))
    found = tuopin("snapshot", "check", changed, "--json").in_plain_words()
    assert found.code == 1
    assert found.json["problems"]


def test_a_mistake_of_ours_shows_no_values_and_no_traceback() -> None:
    """Unless it is asked for, by TUOPIN_TRACEBACK=1."""
    code = (
        "import sys; from tuopin.interfaces.cli import commands, run\n"
        "import tuopin.interfaces.cli.commands.ledger as broken\n"
        "def add_to(app): raise RuntimeError('CARD-0101')\n"
        "broken.add_to = add_to\n"
        "sys.exit(run.run(['ledger', 'verify', 'x']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert "RuntimeError" in done.stderr
    assert "CARD" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


# --- streams ---------------------------------------------------------------------------------------------------------


def test_a_reader_that_leaves_early_is_no_mistake(tuopin: Tuopin) -> None:
    process = tuopin.start("pack", "schema")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, "")


def test_a_terminal_without_our_letters_still_gets_an_answer(tuopin: Tuopin, swept: Swept) -> None:
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    said = tuopin("explain", *swept.of_household("h01"), "--lang", "fr", environment=plain)
    assert (said.code, said.err.count("Traceback")) == (0, 0)
    as_json = tuopin("explain", *swept.of_household("h01"), "--lang", "fr", "--json", environment=plain)
    assert "Ménage" not in as_json.out
    assert as_json.json["language"] == "fr"


def test_the_day_of_the_policy_is_not_the_day_of_the_facts(tuopin: Tuopin, swept: Swept) -> None:
    named: list[str | Path] = ["--pack", "template", "--snapshot", swept.snapshot, "--dry-run", "--json"]
    earlier = tuopin("sweep", *named, "--as-of", "2005-12-31").json["summary"]
    assert earlier["facts_as_of"] == "2023-06-30"
    assert earlier["lines"]["national_line"] == "1180"
    assert earlier["poor_households"] == 0, "nobody known to be poor was so by the line of 2005"
    assert "entry" not in earlier["proposals"]["identification"]


def test_the_mapping_of_the_journeys_reads_these_files() -> None:
    assert {file.name for file in files()} < {file.name for file in REGISTER.iterdir()}
    assert POLICY_DAY > "2023-06-30"
