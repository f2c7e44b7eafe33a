"""Is a wrong call answered with what to write instead, and a broken ledger, folder or sweep with its name?"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.journeys.broken import DATA, USAGE, Desk, change, explaining, importing, sweeping
from tests.journeys.conftest import Swept, Tuopin
from tuopin.terms import link

COMPARING = ["pack", "diff", "template", "template", "--snapshot", "snapshot"]
REPORTING = ["report", "--sweep", "sweep", "--pack", "template", "--snapshot", "snapshot", "--out", "report.html"]
EARLY = ["--as-of", "1990-01-01"]
LEDGER, SUMMARY = "ledger.jsonl", "sweep/summary.json"

Prepare = Callable[[Path], object]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swept: Swept) -> Desk:
    """A desk with a snapshot, its sweep and its ledger."""
    desk = Desk(tmp_path, monkeypatch)
    desk.snapshot(swept.folder)
    (desk.folder / "file").write_text("something else\n")
    return desk


# --- words ------------------------------------------------------------------------------------------------------------

#: The call, and what must be said; nothing is read for them.
WORDS: dict[str, tuple[list[str], str]] = {
    "an unknown command": (["swepe"], "Did you mean 'sweep'?"),
    "an unknown option": ([*sweeping(), "--fast"], "No such option: --fast"),
    "a word too many": ([*sweeping(), "please"], "unexpected extra argument(s) (please)"),
    "a sweep without a pack": (["sweep", "--snapshot", "snapshot"], "Missing option '--pack'"),
    "a sweep without a snapshot": (["sweep", "--pack", "template"], "Missing option '--snapshot'"),
    "a sweep without a day": (["sweep", "--pack", "template", "--snapshot", "snapshot"], "Missing option '--as-of'"),
    "a sweep without a folder to write": (sweeping()[:-2], "The call names no folder to write"),
    "an explanation of nobody": (explaining()[:-2], "The call names neither a household nor an area"),
    "an explanation of two": ([*explaining(), "--area", "k"], "The call names a household and an area"),
    "an import without files": (["snapshot", "import", "--mapping", "m", "--out", "o"], "Missing argument 'FILE...'"),
    "an import without a mapping": (["snapshot", "import", "file", "--out", "o"], "Missing option '--mapping'"),
    "an import without a folder to write": (["snapshot", "import", "file", "--mapping", "m"], "Missing option '--out'"),
    "a word for a day": ([*sweeping(), "--as-of", "soon"], "`soon` is not a day; write it like 2016-12-31"),
    "a day in another order": ([*sweeping(), "--as-of", "31.12.2023"], "`31.12.2023` is not a day"),
    "a day that no calendar has": ([*sweeping(), "--as-of", "2023-02-30"], "there is no day 2023-02-30"),
    "no processor at all": ([*sweeping(), "--threads", "0"], "--threads"),
    "an engine that nobody built": ([*sweeping(), "--engine", "abacus"], "'abacus' is not one of 'duckdb', 'spark'"),
    "a master where none is needed": ([*sweeping(), "--master", "spark://far:7077"], "Leave the master out"),
    "a master that is no address": (
        [*sweeping(), "--engine", "spark", "--master", "far"],
        "`far` is no master of Spark",
    ),
    "an amount of memory in words": ([*sweeping(), "--memory-limit", "lots"], "`lots` is not an amount of memory"),
    "less memory than none": ([*sweeping(), "--memory-limit=-4GB"], "`-4GB` is not an amount of memory"),
    "an order for memory": ([*sweeping(), "--memory-limit", "4GB'; SELECT 1; --"], "is not an amount of memory"),
    "too little memory": ([*sweeping(), "--memory-limit", "1KB"], "The memory limit is too small for this work"),
    "a sweep before any rule": (
        [*sweeping(), *EARLY],
        "is in force on 1990-01-01. Next: Its first text begins on 2004-",
    ),
    "an explanation before any rule": ([*explaining(), *EARLY], "is in force on 1990-01-01"),
    "a comparison before any rule": ([*COMPARING, *EARLY], "is in force on 1990-01-01"),
    "an unknown language": (
        [*explaining(), "--lang", "tlh"],
        "There is no explanation in `tlh`. Next: Choose one of: en, fr, zh",
    ),
    "a report in an unknown language": ([*REPORTING, "--lang", "tlh"], "The pack has no text in `tlh`"),
    "counts by an unknown tier": ([*COMPARING, "--by", "county"], "The counts cannot be split by `county`"),
    "counts by an order": ([*COMPARING, "--by", "x; DROP TABLE y"], "The counts cannot be split by `x; DROP TABLE y`"),
    "a pack with a capital letter": (["pack", "new", "My-Country"], "For example: my_country"),
    "a copy of no pack": (["pack", "new", "mine", "--from", "nowhere"], "There is no pack `nowhere`"),
}


@pytest.mark.parametrize(("call", "says"), WORDS.values(), ids=WORDS)
def test_a_wrong_word_is_answered_with_a_right_one(desk: Desk, call: list[str], says: str) -> None:
    desk.refuses(*call, code=USAGE, place="", says=says)


@pytest.mark.parametrize("household", ["h99", "", "h01' OR '1'='1"], ids=["unknown", "empty", "an order"])
def test_a_household_that_is_not_in_the_snapshot(desk: Desk, household: str) -> None:
    call = explaining(household=household)
    desk.refuses(*call, code=USAGE, place="snapshot", says="There is no household with this id")


# --- folders and files ------------------------------------------------------------------------------------------------


def nothing(folder: Path) -> None:
    """Leave it as it is."""
    assert folder.is_dir()


def occupied(folder: Path) -> None:
    """Put somebody's work where the command would write."""
    (folder / "out").mkdir()
    (folder / "out" / "thesis.txt").write_text("years of work\n")


#: What is there already, the call, the place that must be named, and what must be said.
PLACES: dict[str, tuple[Prepare, list[str], str, str]] = {
    "a sweep into a folder that exists": (occupied, sweeping(), "out", "The folder to write exists already"),
    "a sweep over what is no sweep": (occupied, [*sweeping(), "--replace"], "out", "The folder to write exists already"),
    "a sweep into a file": (nothing, sweeping(out="file"), "file", "The folder to write exists already"),
    "a sweep below a file": (nothing, sweeping(out="file/out"), "file", "A file stands where a folder is needed"),
    "a sweep into the snapshot": (nothing, sweeping(out="snapshot/out"), "snapshot/out", "lies in the snapshot"),
    "a ledger that is a folder": (
        nothing, [*sweeping(), "--ledger", "sweep"], "sweep", "The ledger cannot be written",
    ),
    "a ledger below a file": (
        nothing, [*sweeping(), "--ledger", "file/ledger.jsonl"], "file/ledger.jsonl", "The ledger cannot be written",
    ),
    "an area that is not there": (
        nothing, [*explaining()[:-2], "--area", "nowhere"], "snapshot, table areas", "There is no area with the code nowhere",
    ),
    "a report with a ledger that is not there": (
        nothing, [*REPORTING, "--ledger", "nowhere.jsonl"], "nowhere.jsonl", "There is no ledger here",
    ),
    "a report of no sweep": (
        nothing, [*REPORTING, "--sweep", "nowhere"], "nowhere", "This folder holds no sweep",
    ),
    "a report over a file": (nothing, [*REPORTING, "--out", "file"], "file", "There is something at this path already"),
    "a report over a folder": (nothing, [*REPORTING, "--out", "sweep"], "sweep", "There is something at this path already"),
    "a report below a file": (nothing, [*REPORTING, "--out", "file/r.html"], "file", "A file stands where a folder is"),
    "a pack into a folder that exists": (nothing, ["pack", "new", "sweep"], "sweep", "There is something at this path"),
    "a pack below a file": (
        nothing, ["pack", "new", "mine", "--out", "file/mine"], "file", "A file stands where a folder is needed",
    ),
    "schemas into a file": (nothing, ["pack", "schema", "--out", "file"], "file", "A file stands where a folder is"),
    "a ledger that is not there": (nothing, ["ledger", "verify", "nowhere"], "nowhere", "There is no ledger here"),
}  # fmt: skip


@pytest.mark.parametrize(("prepare", "call", "place", "says"), PLACES.values(), ids=PLACES)
def test_a_place_that_cannot_be_written_or_read(
    desk: Desk, prepare: Prepare, call: list[str], place: str, says: str
) -> None:
    prepare(desk.folder)
    desk.refuses(*call, code=USAGE, place=place, says=says)


def short_key(folder: Path) -> None:
    """A key that anybody could guess."""
    (folder / "key").write_text("1234\n")


def no_key(folder: Path) -> None:
    """No key where the call says."""
    (folder / "key").unlink()


def taken(folder: Path) -> None:
    """Something else where the snapshot would be written."""
    (folder / "snapshot").mkdir()
    (folder / "snapshot" / "thesis.txt").write_text("years of work\n")


IMPORTS: dict[str, tuple[Prepare, list[str], str, str]] = {
    "a key that is too short": (short_key, importing(), "", "The key needs at least 16 bytes"),
    "a key that is not there": (no_key, importing(), "key", "The key file cannot be read"),
    "no key": (nothing, [word for word in importing() if word not in ("--key-file", "key")], "", "no key is given"),
    "a folder that exists": (taken, importing(), "snapshot", "There is something at the target already"),
    "what is no snapshot": (taken, [*importing(), "--replace"], "snapshot", "What is at the target is not a snapshot"),
    "a place below a file": (nothing, importing(out="key/deep/snapshot"), "", "A file stands where a folder is needed"),
    "a name that is too long": (nothing, importing(out=f"new/{'x' * 300}"), "", "The name is too long for this disk"),
    "too little memory": (nothing, [*importing(), "--memory-limit", "1KB"], "", "The memory limit is too small"),
    "a day of knowledge in words": (nothing, [*importing(), "--known-at", "lately"], "", "`lately` is not a day"),
}


@pytest.mark.parametrize(("prepare", "call", "place", "says"), IMPORTS.values(), ids=IMPORTS)
def test_an_import_that_is_called_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Prepare, call: list[str], place: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    prepare(desk.register())
    desk.refuses(*call, code=USAGE, place=place, says=says)


def test_a_sweep_that_fails_unmakes_the_folders_above_it(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "snapshot.facts")
    before = {path for path in desk.left() if ".facts" not in path}
    call = [*sweeping(out="new/and/deep"), "--memory-limit", "1KB"]
    assert desk(*call).in_plain_words().code == USAGE
    assert {path for path in desk.left() if ".facts" not in path} == before


# --- the ledger -------------------------------------------------------------------------------------------------------


def a_changed_line(file: Path) -> None:
    """Add a household."""
    change(file, '"households":12', '"households":13')


LEDGERS: dict[str, tuple[Prepare, str]] = {
    "a line that was changed": (a_changed_line, f"{LEDGER}:1"),
    "a line cut off": (lambda file: file.write_text(file.read_text()[:-20]), f"{LEDGER}:1"),
    "a line that is no block": (lambda file: file.write_text("[1]\n"), f"{LEDGER}:1"),
    "a line in words": (lambda file: file.write_text(f"{file.read_text()}corrected by hand\n"), f"{LEDGER}:2"),
    "a line without end": (lambda file: file.write_text("[" * 200_000 + "\n"), f"{LEDGER}:1"),
    "a line that is no text": (lambda file: file.write_bytes(b"\xff\xfe\0\n"), f"{LEDGER}:1"),
}


@pytest.mark.parametrize(("spoil", "place"), LEDGERS.values(), ids=LEDGERS)
def test_a_broken_ledger_stops_the_sweep_before_it_writes(desk: Desk, spoil: Prepare, place: str) -> None:
    spoil(desk.folder / LEDGER)
    for call in (["ledger", "verify", LEDGER], sweeping()):
        desk.refuses(*call, code=DATA, place=place, says="The ledger was changed")


def test_a_block_that_was_cut_off_is_missed(desk: Desk) -> None:
    call = ["ledger", "verify", LEDGER, "--block", "0" * 64]
    desk.refuses(*call, code=DATA, place=LEDGER, says="is not in the ledger")


def test_a_ledger_of_something_else_is_read_all_the_same(desk: Desk) -> None:
    (desk.folder / LEDGER).write_text(link(None, {"proposals": "none"}).to_json() + "\n")
    assert desk("ledger", "verify", LEDGER).in_plain_words().code == 0


# --- the report -------------------------------------------------------------------------------------------------------


def rewritten(file: Path, change_rows: Callable[[pa.Table], pa.Table]) -> None:
    """Write a table anew."""
    pq.write_table(change_rows(pq.ParquetFile(file).read()), file)


def with_another_household(rows: pa.Table) -> pa.Table:
    """The first proposal for somebody who is not there."""
    ids = rows["household_id"].to_pylist()
    return rows.set_column(
        rows.column_names.index("household_id"), rows.schema.field("household_id"), [["h00", *ids[1:]]]
    )


def with_answers_the_other_way_round(rows: pa.Table) -> pa.Table:
    """Who is poor, read from the last household to the first; as many as before."""
    poor = rows["below_national_line"].combine_chunks()
    assert poor.to_pylist() != poor.to_pylist()[::-1]
    turned = pa.array(poor.to_pylist()[::-1])
    return rows.set_column(rows.column_names.index("below_national_line"), "below_national_line", turned)


def all_in_one_village(rows: pa.Table) -> pa.Table:
    """The village of the first household for everybody."""
    field = rows.schema.field("area_code")
    codes = pa.array([rows["area_code"][0].as_py()] * len(rows), field.type)
    return rows.set_column(rows.column_names.index("area_code"), field, codes)


def with_another_answer(rows: pa.Table) -> pa.Table:
    """Nobody is poor."""
    nobody = pa.array([False] * len(rows))
    return rows.set_column(rows.column_names.index("below_national_line"), "below_national_line", nobody)


SWEEPS: dict[str, tuple[str, Prepare, int, str, str]] = {
    "a summary cut off": ("summary.json", lambda file: file.write_text("{"), DATA, SUMMARY, "not as a sweep writes it"),
    "a summary without end": (
        "summary.json",
        lambda file: file.write_text("[" * 100_000),
        DATA,
        SUMMARY,
        "not as a sweep writes it: the whole file",
    ),
    "a summary of an unknown test": (
        "summary.json",
        lambda file: change(file, '"headline": "below_national_line"', '"headline": "rich"'),
        DATA,
        SUMMARY,
        "no answers to rich",
    ),
    "a summary with words for numbers": (
        "summary.json",
        lambda file: change(file, '"members": 16', '"members": "many"'),
        DATA,
        SUMMARY,
        "not as a sweep writes it: members",
    ),
    "no summary": ("summary.json", Path.unlink, USAGE, "sweep", "This folder holds no sweep"),
    "answers cut off": (
        "answers/part-00000.parquet",
        lambda file: file.write_bytes(file.read_bytes()[:99]),
        DATA,
        "sweep/answers/part-00000.parquet",
        "A file is damaged or is not Parquet",
    ),
    "proposals cut off": (
        "proposals/part-00000.parquet",
        lambda file: file.write_bytes(file.read_bytes()[:99]),
        DATA,
        "sweep/proposals/part-00000.parquet",
        "A file is damaged or is not Parquet",
    ),
    "proposals that are gone": ("proposals", shutil.rmtree, DATA, "sweep/proposals", "; None lie there"),
    "a proposal taken out": (
        "proposals/part-00000.parquet",
        lambda file: rewritten(file, lambda rows: rows.slice(1)),
        DATA,
        "sweep/proposals",
        "The proposals are not those of the sweep",
    ),
    "a proposal for somebody else": (
        "proposals/part-00000.parquet",
        lambda file: rewritten(file, with_another_household),
        DATA,
        "sweep/proposals",
        "as many of each kind as recorded, but they are others",
    ),
    "proposals of another program": (
        "proposals/part-00000.parquet",
        lambda file: rewritten(file, lambda rows: rows.drop_columns(["reasons"])),
        DATA,
        "sweep/proposals/part-00000.parquet",
        "This file does not hold proposals",
    ),
    "a file of proposals put beside the others": (
        "proposals/part-00000.parquet",
        lambda file: shutil.copy(file, file.with_name("zzz.parquet")),
        DATA,
        "sweep/proposals",
        "The proposals are not those of the sweep",
    ),
    "an answer that was changed": (
        "answers/part-00000.parquet",
        lambda file: rewritten(file, with_another_answer),
        DATA,
        "sweep/answers",
        "Of 4 households, below_national_line is not what this pack says",
    ),
    "answers of two households changed for each other": (
        "answers/part-00000.parquet",
        lambda file: rewritten(file, with_answers_the_other_way_round),
        DATA,
        "sweep/answers",
        "is not what this pack says on this snapshot",
    ),
    "households moved to another village": (
        "answers/part-00000.parquet",
        lambda file: rewritten(file, all_in_one_village),
        DATA,
        "sweep/answers",
        "area_code is not what this pack says on this snapshot",
    ),
    "a summary without its areas": (
        "summary.json",
        lambda file: change(file, '"areas": {', '"places": {'),
        DATA,
        SUMMARY,
        "not as a sweep writes it: areas",
    ),
    "a summary that leaves out what nobody can tell": (
        "summary.json",
        lambda file: change(file, '"cannot_tell": {', '"cannot_tell": {"strange": 0, '),
        DATA,
        SUMMARY,
        "`met` and `cannot_tell` name different tests",
    ),
    "answers that are gone": ("answers", shutil.rmtree, DATA, "sweep", "The sweep has no answers"),
    "a ledger that was changed": ("../ledger.jsonl", a_changed_line, DATA, f"{LEDGER}:1", "The ledger was changed"),
}


@pytest.mark.parametrize(("file", "spoil", "code", "place", "says"), SWEEPS.values(), ids=SWEEPS)
def test_a_damaged_sweep_is_not_reported(
    desk: Desk, file: str, spoil: Prepare, code: int, place: str, says: str
) -> None:
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    spoil(desk.folder / "sweep" / file)
    desk.refuses(*REPORTING, code=code, place=place, says=says)


# --- in a process of its own ------------------------------------------------------------------------------------------


def test_the_program_itself_refuses_as_plainly(tuopin: Tuopin, swept: Swept) -> None:
    """The cases above call its entry in this process; here it is started as a person does."""
    (tuopin.folder / "ledger.jsonl").write_text("corrected by hand\n")
    before = sorted(path.name for path in tuopin.folder.iterdir())
    sweep = ["sweep", "--pack", "template", "--snapshot", swept.snapshot, "--as-of", "2023-12-31", "--out", "out"]
    for call, code, says in (
        (sweep, DATA, "ledger.jsonl:1: The ledger was changed."),
        (["snapshot", "check", "."], DATA, "This folder is not a snapshot"),
        (["sweep", "--pack", "template"], USAGE, "Missing option '--snapshot'"),
    ):
        ended = tuopin(*call).in_plain_words()
        assert (ended.code, ended.out) == (code, ""), call
        assert says in ended.err
        assert sorted(path.name for path in tuopin.folder.iterdir()) == before
