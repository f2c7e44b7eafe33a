"""Is a damaged snapshot never swept, is every change in it found, and does a pack that does not fit it say so?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.journeys.broken import DATA, FINDINGS, USAGE, Desk, Slip, as_sentence, explaining, sweeping
from tests.journeys.conftest import Swept

MANIFEST = "snapshot/manifest.json"
HOUSEHOLDS, MEMBERS = "snapshot/households/part-00000.parquet", "snapshot/members/part-00000.parquet"
DWELLINGS, AREAS = "snapshot/dwellings/part-00000.parquet", "snapshot/areas.parquet"
VEHICLES, DECISIONS = "snapshot/registers/vehicles.parquet", "snapshot/decisions.parquet"

CHECKING = ["snapshot", "check", "snapshot"]
COMPARING = ["pack", "diff", "template", "template", "--snapshot", "snapshot"]
REPORTING = ["report", "--sweep", "sweep", "--pack", "template", "--snapshot", "snapshot", "--out", "report.html"]

Spoil = Callable[[Path], object]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swept: Swept) -> Desk:
    """A desk with a snapshot, its stored facts, its sweep and its ledger."""
    desk = Desk(tmp_path, monkeypatch)
    desk.snapshot(swept.folder)
    return desk


# --- how it is spoilt ------------------------------------------------------------------------------------------------


def cut(file: Path) -> None:
    """Lose the second half of a file."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def rows_lost(file: Path) -> None:
    """Lose all rows but five."""
    pq.write_table(pq.read_table(file).slice(0, 5), file)


def column_lost(file: Path) -> None:
    """Lose the last column."""
    rows = pq.read_table(file)
    pq.write_table(rows.drop_columns([rows.column_names[-1]]), file)


def replaced_by(other: str) -> Spoil:
    """Put another file of the snapshot in its place."""
    return lambda file: shutil.copyfile(other, file)


def cell_changed(column: str, value: object) -> Spoil:
    """Change the first value of a column."""

    def spoil(file: Path) -> None:
        rows = pq.read_table(file)
        place = rows.column_names.index(column)
        values = [value, *rows.column(column).to_pylist()[1:]]
        pq.write_table(rows.set_column(place, column, pa.array(values, rows.schema.field(column).type)), file)

    return spoil


def said_otherwise(change: Callable[[dict[str, Any]], object]) -> Spoil:
    """Change what the manifest says."""

    def spoil(file: Path) -> None:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        change(manifest)
        file.write_text(json.dumps(manifest), encoding="utf-8")

    return spoil


def written(raw: bytes) -> Spoil:
    """Write something else into a file."""
    return lambda file: file.write_bytes(raw)


# --- damage ----------------------------------------------------------------------------------------------------------

CHANGED = "The manifest was changed after it was written"
TORN: dict[str, tuple[str, Spoil, str, str]] = {
    "no manifest": (MANIFEST, Path.unlink, "snapshot", "This folder is not a snapshot"),
    "a manifest cut off": (MANIFEST, cut, MANIFEST, "The manifest is damaged or of another version"),
    "a manifest that is a list": (MANIFEST, written(b"[]"), MANIFEST, "input should be an object"),
    "a manifest without end": (MANIFEST, written(b"[" * 200_000), MANIFEST, "recursion limit exceeded"),
    "a manifest that is no text": (MANIFEST, written(b"\xff\xfe\0"), MANIFEST, "invalid JSON"),
    "a manifest of another version": (
        MANIFEST, said_otherwise(lambda m: m.update(schema_version=7)), MANIFEST, "schema_version",
    ),
    "a manifest of a table elsewhere on the disk": (
        MANIFEST, said_otherwise(lambda m: m["tables"].update({"register:../../x": m["tables"]["leads"]})), MANIFEST,
        "register:../../x",
    ),
    "a manifest of another day": (MANIFEST, said_otherwise(lambda m: m.update(as_of="2024-06-30")), "manifest.json", CHANGED),
    "a manifest of another currency": (
        MANIFEST, said_otherwise(lambda m: m["currency"].update(exponent=0)), "manifest.json", CHANGED,
    ),
    "a manifest of other tiers": (MANIFEST, said_otherwise(lambda m: m.update(tiers=["a"])), "manifest.json", CHANGED),
    "a manifest without households": (
        MANIFEST, said_otherwise(lambda m: m["tables"].pop("households")), "manifest.json", CHANGED,
    ),
    "a manifest without parts": (
        MANIFEST, said_otherwise(lambda m: m.update(parts=[])), "manifest.json", "do not add up to the households",
    ),
    "a manifest of fewer columns": (
        MANIFEST, said_otherwise(lambda m: m["tables"]["households"]["columns"].pop()), "manifest.json", CHANGED,
    ),
    "a part that is missing": (HOUSEHOLDS, Path.unlink, HOUSEHOLDS, "A file of the snapshot is missing"),
    "a part cut off": (HOUSEHOLDS, cut, f"{HOUSEHOLDS}, table households", "is damaged or cut off"),
    "a part that is empty": (MEMBERS, written(b""), f"{MEMBERS}, table members", "is damaged or cut off"),
    "a part in another's place": (
        MEMBERS, replaced_by(DWELLINGS), f"{MEMBERS}, table members", "The columns are not those of the manifest",
    ),
    "a part that lost rows": (MEMBERS, rows_lost, f"{MEMBERS}, table members", "has 5 rows; the manifest counts 16"),
    "a part that lost a column": (DWELLINGS, column_lost, f"{DWELLINGS}, table dwellings", "missing columns: floor"),
    "areas cut off": (AREAS, cut, f"{AREAS}, table areas", "is damaged or cut off"),
    "a register cut off": (VEHICLES, cut, f"{VEHICLES}, table register:vehicles", "is damaged or cut off"),
    "decisions cut off": (DECISIONS, cut, f"{DECISIONS}, table decisions", "is damaged or cut off"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "spoil", "place", "says"), TORN.values(), ids=TORN)
def test_nobody_is_explained_from_a_damaged_snapshot(
    desk: Desk, file: str, spoil: Spoil, place: str, says: str
) -> None:
    spoil(desk.folder / file)
    desk.refuses(*explaining(), code=DATA, place=place, says=says)


@pytest.mark.parametrize("name", ["no manifest", "a manifest of another day", "a part that lost rows", "areas cut off"])
def test_a_damaged_snapshot_is_not_swept(desk: Desk, name: str) -> None:
    file, spoil, place, says = TORN[name]
    spoil(desk.folder / file)
    desk.refuses(*sweeping(), code=DATA, place=place, says=says)


def test_a_damaged_snapshot_is_neither_compared_nor_reported(desk: Desk) -> None:
    rows_lost(desk.folder / MEMBERS)
    for call in (COMPARING, REPORTING):
        desk.refuses(*call, code=DATA, place=f"{MEMBERS}, table members", says="the manifest counts 16")


@pytest.mark.parametrize("start", [60, 400], ids=["near the beginning", "further on"])
def test_a_damaged_page_within_a_file(desk: Desk, start: int) -> None:
    """What no footer shows: the file is opened, and its rows cannot be read. A check names the file."""
    file = desk.folder / HOUSEHOLDS
    raw = file.read_bytes()
    file.write_bytes(raw[:start] + bytes(byte ^ 0x5A for byte in raw[start : start + 200]) + raw[start + 200 :])
    shutil.rmtree(desk.folder / "snapshot.facts")
    for call in (sweeping(), explaining()):
        desk.refuses(*call, code=DATA, place="", says="A file is damaged or is not Parquet. Next: Run `tuopin snapshot")
    desk.refuses(*CHECKING, code=FINDINGS, place=HOUSEHOLDS, says="is damaged or cut off")


# --- what a check finds ----------------------------------------------------------------------------------------------

FOUND: dict[str, tuple[str, Spoil, str, str]] = {
    "a changed amount": (
        HOUSEHOLDS, cell_changed("consumption", 1), "snapshot/households, table households", "the content hash differs",
    ),
    "a changed village": (
        HOUSEHOLDS, cell_changed("area_code", "quay"), "snapshot/households, table households", "the content hash differs",
    ),
    "an amount below the least": (
        HOUSEHOLDS, cell_changed("consumption", -1), "snapshot/households, table households, row 1, column consumption",
        "below the least possible value",
    ),
    "a code that is not declared": (
        MEMBERS, cell_changed("sex", "unknown"), "snapshot/members, table members, row 1, column sex",
        "a code that is not declared",
    ),
    "a changed car": (
        VEHICLES, cell_changed("vehicle_value", 1), "snapshot/registers/vehicles, table register:vehicles",
        "the content hash differs",
    ),
    "rows that are lost": (
        MEMBERS, rows_lost, "snapshot/members, table members", "has 5 rows; the manifest counts 16",
    ),
    "a file cut off": (DWELLINGS, cut, DWELLINGS, "is damaged or cut off"),
    "a file in another's place": (
        MEMBERS, replaced_by(DWELLINGS), f"{MEMBERS}, table members", "The columns are not those of the manifest",
    ),
    "a file that nobody declared": (
        "snapshot/names.txt", written(b"Ana Aru"), "snapshot/names.txt", "the manifest does not know it",
    ),
    "another day in the manifest": (
        MANIFEST, said_otherwise(lambda m: m.update(as_of="2024-06-30")), "manifest.json", CHANGED,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "spoil", "place", "says"), FOUND.values(), ids=FOUND)
def test_a_check_finds_what_was_changed(desk: Desk, file: str, spoil: Spoil, place: str, says: str) -> None:
    spoil(desk.folder / file)
    desk.refuses(*CHECKING, code=FINDINGS, place=place, says=says)


# --- the facts beside it ---------------------------------------------------------------------------------------------

FACTS: dict[str, tuple[str, Spoil]] = {
    "facts cut off": ("part-*.parquet", cut),
    "facts that are empty": ("part-*.parquet", written(b"")),
    "facts that lost rows": ("part-*.parquet", rows_lost),
    "facts that lost a column": ("part-*.parquet", column_lost),
    "figures cut off": ("figures-*.json", cut),
    "figures without end": ("figures-*.json", written(b"[" * 200_000)),
}


@pytest.mark.parametrize(("pattern", "spoil"), FACTS.values(), ids=FACTS)
def test_damaged_facts_are_computed_again(desk: Desk, swept: Swept, pattern: str, spoil: Spoil) -> None:
    files = list((desk.folder / "snapshot.facts").rglob(pattern))
    assert files
    for file in files:
        spoil(file)
    done = desk(*sweeping(), "--json").in_plain_words()
    assert done.code == 0, done.out
    for key in ("households", "members", "proposals", "met", "cannot_tell"):
        assert done.json["summary"][key] == swept.ended.json["summary"][key]


def test_facts_that_cannot_be_stored(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "snapshot.facts")
    (desk.folder / "snapshot.facts").write_text("in the way\n")
    (stored,) = {path.name for path in desk.folder.glob("*.facts")}
    ended = desk(*sweeping()).in_plain_words()
    assert ended.code == USAGE
    assert ended.err.startswith(f"{stored}/")
    assert "The facts cannot be stored" in ended.err
    assert not (desk.folder / "out").exists()


# --- a pack that does not fit ----------------------------------------------------------------------------------------

CONSUMED = "    entity: household\n    type: money\n    unit: XTS/year\n    min: 0\n    max: 10000000\n    sensitivity: personal\n    question:\n      en: >-\n        All"
MISFITS = [
    Slip(
        "an amount of money read as a count",
        "facts.yaml",
        CONSUMED,
        CONSUMED.replace("type: money", "type: integer"),
        "The type of `consumption` is money in the snapshot and integer in the pack",
        at="  consumption:",
    ),
    Slip(
        "a code that the pack has lost",
        "facts.yaml",
        "      bicycle: {",
        "      tricycle: {",
        "has values in the snapshot that the pack does not know: bicycle",
        at="  transport_owned:",
    ),
    Slip(
        "a tier that the pack has lost",
        "pack.yaml",
        "  - id: district\n",
        "  - id: county\n",
        "The snapshot has the tiers region, district, village, the pack region, county, village",
        at="tiers:",
    ),
]
FITTED = {"      tricycle: {": ("standards/scorecard.yaml", "bicycle: 2", "tricycle: 2")}


@pytest.mark.parametrize("slip", MISFITS, ids=as_sentence)
def test_a_pack_that_does_not_fit_the_snapshot(desk: Desk, slip: Slip) -> None:
    place = slip.made(desk.pack("scorecard.yaml"))
    if slip.new in FITTED:
        file, old, new = FITTED[str(slip.new)]
        Slip("", file, old, new, "").made(desk.folder / "pack")
    if slip.file == "facts.yaml":
        fact = slip.at.strip(" :")
        table = "table households"
        place = f"{place}, {table}, column {fact}, rule {fact}"
    desk.refuses(*sweeping(pack="pack"), code=DATA, place=place, says=slip.says)
    desk.refuses(*explaining(pack="pack"), code=DATA, place=place, says=slip.says)


LATE = [
    Slip("an unknown fact", "standards/identification.yaml", "met: income < relative_line", "met: incom < relative_line",
         "There is no `incom`", rule="at_risk_of_poverty"),
    Slip("a query in a condition", "standards/identification.yaml", "met: income < relative_line", "met: income < (select 1)",
         "is not part of the language", rule="at_risk_of_poverty"),
    Slip("a derived fact that rests on itself", "facts.yaml", "    rule: max_of(age)", "    rule: least(eldest_age, 1)",
         "The fact is computed from itself", rule="eldest_age"),
]  # fmt: skip


@pytest.mark.parametrize("slip", LATE, ids=as_sentence)
def test_a_broken_pack_explains_and_reports_nothing(desk: Desk, slip: Slip) -> None:
    """Neither checks the whole pack first: one household must not wait for it."""
    place = slip.made(desk.pack())
    reporting = ["pack" if word == "template" else word for word in REPORTING]
    for call in (explaining(pack="pack"), reporting):
        desk.refuses(*call, code=DATA, place=place, says=slip.says)
