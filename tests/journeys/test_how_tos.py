"""Do the how-tos do what they say, and touch no other file? Each is walked with the very lines that its page shows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.drift.test_architecture import FILES
from tests.journeys.conftest import Ended, Tuopin
from tests.pages import blocks, read, titled
from tests.unit.sweep.test_area_explanation import agrees
from tuopin.policy import read_pack
from tuopin.sweep import explain_area
from tuopin.tables import Snapshot

TEST, LINE, COUNTRY = (
    f"how-to/{name}.md" for name in ("add-a-deprivation-test", "add-a-dated-line", "write-a-country-pack")
)
SURVEY, MOVES, HOUSEHOLD = (
    f"how-to/{name}.md" for name in ("bring-your-own-survey", "see-who-moves", "check-one-household")
)
PROOF = "how-to/prove-a-past-sweep.md"
GATES = "how-to/see-a-countys-gates.md"
UNKNOWNS = "explanation/unknowns.md"


# --- walking ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Path:
    """A new copy of the template, not to be changed."""
    folder = tmp_path_factory.mktemp("copied")
    made = Tuopin(folder, compiled)("pack", "new", "riverland")
    shows(COUNTRY, "tuopin pack new riverland", made)
    return folder / "riverland"


@pytest.fixture
def pack(tuopin: Tuopin, copied: Path) -> Path:
    """A new copy of the template, and beside it one that stays as it was."""
    shutil.copytree(copied, tuopin.folder / "before")
    return shutil.copytree(copied, tuopin.folder / "riverland")


def touched(pack: Path) -> set[str]:
    """The files that were added, changed or removed since."""
    before = pack.with_name("before")
    names = {str(file.relative_to(root)) for root in (pack, before) for file in root.rglob("*") if file.is_file()}
    return {name for name in names if content(pack / name) != content(before / name)}


def content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def below(file: Path, line: str, added: str) -> None:
    """Put lines directly below the one line that reads so."""
    change(file, f"\n{line}\n", f"\n{line}\n{added}")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file.name, old, text.count(old))
    file.write_text(text.replace(old, new), encoding="utf-8")


def write_over(file: Path, lines: str, *, indent: str) -> None:
    """Put keys in the place of those of the same name and indent, with all that stands below them."""
    text = file.read_text(encoding="utf-8")
    for said in re.split(rf"^(?={indent}\w)", lines, flags=re.MULTILINE)[1:]:
        key = said.split(":", 1)[0]
        old = re.search(rf"^{key}:.*\n(?:{indent}[ #\-].*\n|\n(?= ))*", text, flags=re.MULTILINE)
        assert old is not None, key
        text = text[: old.start()] + said + text[old.end() :]
    file.write_text(text, encoding="utf-8")


def shows(page: str, command: str, ended: Ended, *, nth: int = 0) -> None:
    """What the page prints below a command are whole lines of what it printed; `…` stands for what the page leaves out."""
    said = [re.sub(r"\s+", " ", line).strip() for line in (ended.out + ended.err).splitlines()]
    outputs = [after(block.text, command) for block in blocks(page, "console") if f"$ {command}\n" in block.text]
    for line in outputs[nth].splitlines():
        pieces = (re.escape(re.sub(r"\s+", " ", piece)) for piece in line.strip().split("…"))
        whole = re.compile(".*".join(pieces).replace("\\ .*", "\\ ?.*").replace(".*\\ ", ".*\\ ?"))
        assert any(whole.fullmatch(other) for other in said), line


def after(text: str, command: str) -> str:
    """The lines below a command, to the next."""
    return text.split(f"$ {command}\n", 1)[1].split("$ ", 1)[0]


def read_and_swept(tuopin: Tuopin, name: str, *days: str) -> list[Mapping[str, Any]]:
    """Read `<name>.csv` through `<name>.yaml`, and the summaries of riverland's policy on each day."""
    read = tuopin("snapshot", "import", f"{name}.csv", "--mapping", f"{name}.yaml", "--out", name, "--json")
    assert read.code == 0, read.out
    summaries = []
    for day in days:
        swept = tuopin("sweep", "--pack", "riverland", "--snapshot", name, "--as-of", day, "--dry-run", "--json")
        assert swept.code == 0, swept.out
        summaries.append(swept.json["summary"])
    return summaries


HOMES = """mapping: homes
pack: riverland
kind: register
as_of: 2025-06-30
currency: {code: XTS, exponent: 2}
country: XT
source: "Invented"
areas:
  levels:
    - {tier: region, column: region}
households:
  file: homes.csv
  id: {column: id, as: kept}
  facts:
    consumption: {column: spent, unit: XTS/year}
    adult_equivalents: {column: size, unit: adult_equivalent, assume: "Each person counts as one adult."}
dwellings:
  file: homes.csv
  household: id
  facts:
"""


# --- a deprivation test ----------------------------------------------------------------------------------------------


def test_a_deprivation_test_is_a_question_a_standard_and_an_example(tuopin: Tuopin, pack: Path) -> None:
    below(pack / "facts.yaml", "facts:", titled(TEST, "riverland/facts.yaml"))
    below(pack / "standards" / "deprivations.yaml", "standards:", titled(TEST, "riverland/standards/deprivations.yaml"))
    (pack / "examples" / "cold_homes.yaml").write_text(titled(TEST, "riverland/examples/cold_homes.yaml"), "utf-8")
    checked = tuopin("pack", "check", "riverland")
    assert checked.code == 0
    shows(TEST, "tuopin pack check riverland", checked)
    assert touched(pack) == {"facts.yaml", "standards/deprivations.yaml", "examples/cold_homes.yaml"}

    (tuopin.folder / "homes.csv").write_text("id,region,spent,size,warm\na,n,9000,2,0\nb,n,9000,2,1\nc,n,9000,2,\n")
    (tuopin.folder / "homes.yaml").write_text(HOMES + "    home_warm: {column: warm}\n")
    then, earlier = read_and_swept(tuopin, "homes", "2025-06-30", "2024-12-31")
    assert (then["households"], then["met"]["cold_home"], then["cannot_tell"]["cold_home"]) == (3, 1, 1)
    assert "cold_home" not in earlier["met"], "the test holds from 2025"


def test_a_slip_in_a_test_is_told_as_the_page_shows(tuopin: Tuopin, pack: Path) -> None:
    below(pack / "facts.yaml", "facts:", titled(TEST, "riverland/facts.yaml"))
    standard = titled(TEST, "riverland/standards/deprivations.yaml").replace("home_warm", "home_wram")
    below(pack / "standards" / "deprivations.yaml", "standards:", "\n" + standard)
    checked = tuopin("pack", "check", "riverland").in_plain_words()
    assert checked.code == 1
    shows(TEST, "tuopin pack check riverland", checked, nth=1)


def test_a_new_item_of_a_score_shows_whom_it_touches(tuopin: Tuopin, pack: Path) -> None:
    standards = pack / "standards" / "deprivations.yaml"
    below(pack / "facts.yaml", "facts:", titled(TEST, "riverland/facts.yaml"))
    below(standards, "standards:", titled(TEST, "riverland/standards/deprivations.yaml"))
    edition = titled(TEST, "riverland/standards/deprivations.yaml, at the end")
    standards.write_text(standards.read_text(encoding="utf-8") + edition, "utf-8")
    checked = tuopin("pack", "check", "riverland").in_plain_words()
    assert checked.code == 1
    shows(TEST, "tuopin pack check riverland", checked, nth=2)
    change(
        pack / "examples" / "dates_and_places.yaml",
        "      water_tested: fail\n",
        "      water_tested: fail\n      home_warm: true\n",
    )
    assert tuopin("pack", "check", "riverland").code == 0


# --- a dated line ----------------------------------------------------------------------------------------------------


def add_the_line_of_2026(pack: Path) -> None:
    """Steps 1 and 2 of the page."""
    old, new = titled(LINE, "riverland/lines.yaml").splitlines()
    below(pack / "lines.yaml", old, new + "\n")
    heading, source = titled(LINE, "riverland/lines.yaml, the source of national_line").splitlines()
    change(pack / "lines.yaml", f"{heading}\n      2023: 2,124.2", f"{heading}\n{source}\n      2023: 2,124.2")
    (pack / "examples" / "line_of_2026.yaml").write_text(titled(LINE, "riverland/examples/line_of_2026.yaml"), "utf-8")


def test_a_dated_line_is_a_row_and_an_example(tuopin: Tuopin, pack: Path) -> None:
    add_the_line_of_2026(pack)
    checked = tuopin("pack", "check", "riverland")
    assert checked.code == 0
    shows(LINE, "tuopin pack check riverland", checked)
    for day in ("2025-12-31", "2026-01-01"):
        command = f"tuopin pack show riverland --as-of {day}"
        shows(LINE, command, tuopin(*command.split()[1:]))
    assert touched(pack) == {"lines.yaml", "examples/line_of_2026.yaml"}

    (tuopin.folder / "homes.csv").write_text("id,region,spent,size,rooms\na,n,2200,1,1\nb,n,2000,1,1\n")
    (tuopin.folder / "homes.yaml").write_text(HOMES + "    rooms: {column: rooms, unit: room}\n")
    last, first = read_and_swept(tuopin, "homes", "2025-12-31", "2026-01-01")
    assert (last["lines"]["national_line"], last["met"]["below_national_line"]) == ("2124.2", 1)
    assert (first["lines"]["national_line"], first["met"]["below_national_line"]) == ("2290", 2)


def test_a_figure_without_its_date_is_refused_as_the_page_shows(tuopin: Tuopin, pack: Path) -> None:
    add_the_line_of_2026(pack)
    change(pack / "lines.yaml", "      2026-01-01: 2290.0\n", "      2290.0\n")
    checked = tuopin("pack", "check", "riverland").in_plain_words()
    assert checked.code == 3
    shows(LINE, "tuopin pack check riverland", checked, nth=1)


# --- a country -------------------------------------------------------------------------------------------------------


def test_a_country_is_a_copy_of_the_template_and_nothing_else(tuopin: Tuopin, pack: Path, repository: Path) -> None:
    shipped = repository / "src" / "tuopin" / "packs" / "template"
    as_shipped = {file: file.read_bytes() for file in shipped.rglob("*.*")}
    write_over(pack / "pack.yaml", titled(COUNTRY, "riverland/pack.yaml"), indent="")
    checked = tuopin("pack", "check", "riverland").in_plain_words()
    assert checked.code == 1
    shows(COUNTRY, "tuopin pack check riverland", checked)

    for file in ("facts.yaml", "lines.yaml"):
        text = (pack / file).read_text(encoding="utf-8")
        (pack / file).write_text(re.sub("by: region ", "by: province ", text.replace("XTS", "XRD")), "utf-8")
    assert tuopin("pack", "check", "riverland").code == 0

    lines = (pack / "lines.yaml").read_text(encoding="utf-8")
    begin = lines.index("    values:\n", lines.index("  national_line:"))
    end = lines.index("\n\n", begin) + 1
    own = titled(COUNTRY, "riverland/lines.yaml, under national_line")
    (pack / "lines.yaml").write_text(lines[:begin] + own + lines[end:], "utf-8")
    failing = tuopin("pack", "check", "riverland", "--json").json["examples"]
    assert f"{len(failing['failed'])} of {failing['run']}" in read(COUNTRY), "the page says how many"

    for old in [*(pack / "examples").glob("*.yaml"), *(pack / "mappings").glob("*.yaml")]:
        old.unlink()
    (pack / "examples" / "first.yaml").write_text(titled(COUNTRY, "riverland/examples/first.yaml"), "utf-8")
    checked = tuopin("pack", "check", "riverland")
    assert checked.code == 0
    shows(COUNTRY, "tuopin pack check riverland", checked, nth=1)

    for file in ("people.csv", "people.yaml"):
        (tuopin.folder / file).write_text(titled(COUNTRY, file), "utf-8")
    assert tuopin("snapshot", "import", "people.csv", "--mapping", "people.yaml", "--out", "people").code == 0
    command = "tuopin sweep --pack riverland --snapshot people --as-of 2025-06-30 --out sweep"
    shows(COUNTRY, command, tuopin(*command.split()[1:]))

    changed = {name for name in touched(pack) if not name.startswith(("examples/", "mappings/"))}
    assert changed == {"pack.yaml", "facts.yaml", "lines.yaml"}
    assert {file: file.read_bytes() for file in shipped.rglob("*.*")} == as_shipped


# --- a survey --------------------------------------------------------------------------------------------------------


def test_a_survey_is_refused_until_its_mapping_says_everything(tuopin: Tuopin) -> None:
    for file in ("hh2025.csv", "pp2025.csv"):
        (tuopin.folder / file).write_text(titled(SURVEY, file), "utf-8")
    mapping = tuopin.folder / "our_survey.yaml"
    first, mended = (block.text for block in blocks(SURVEY) if block.title == "our_survey.yaml")
    mapping.write_text(first, "utf-8")
    command = "tuopin snapshot import hh2025.csv pp2025.csv --mapping our_survey.yaml --out survey"
    refused = tuopin(*command.split()[1:], "--dry-run").in_plain_words()
    assert refused.code == 3
    shows(SURVEY, f"{command} --dry-run", refused)

    write_over(mapping, mended, indent="    ")
    imported = tuopin(*command.split()[1:])
    assert imported.code == 0, imported.err
    shows(SURVEY, command, imported)
    swept = "tuopin sweep --pack template --snapshot survey --as-of 2025-03-31 --out sweep"
    shows(SURVEY, swept, tuopin(*swept.split()[1:]))


# --- the census ------------------------------------------------------------------------------------------------------


def test_the_census_comes_out_as_the_pages_show(tuopin: Tuopin, pack: Path, shared_data: Path) -> None:
    file = shared_data / "wb-synthetic-2023" / "hld_pop_wb_2023.parquet"
    assert tuopin("snapshot", "import", file, "--mapping", "wb_census_2023", "--out", "census").code == 0

    asked = ["sweep", "--pack", "template", "--snapshot", "census", "--as-of", "2023-12-31", "--dry-run", "--json"]
    summary = tuopin(*asked).json["summary"]
    for count in (summary["households"], summary["cannot_tell"]["no_safe_water"], summary["met"]["no_safe_water"]):
        assert f"{count:,}" in read(UNKNOWNS)

    add_the_line_of_2026(pack)
    for day in ("2026-01-01", "2025-12-31"):
        command = f"tuopin pack diff template riverland --snapshot census --as-of {day}"
        shows(LINE, command, tuopin(*command.split()[1:]))

    assert tuopin("pack", "new", "rural").code == 0
    rural = tuopin.folder / "rural" / "standards" / "identification.yaml"
    announced = "      - from: 2027-01-01\n        # Announced"
    change(rural, announced, titled(MOVES, "rural/standards/identification.yaml") + announced)
    command = "tuopin pack diff template rural --snapshot census --as-of 2024-01-01"
    shows(MOVES, command, tuopin(*command.split()[1:]))
    for more in ("--as-of 2024-01-01 --households moved.csv", "--by mobility"):
        command = f"tuopin pack diff template rural --snapshot census {more}"
        shows(MOVES, command, tuopin(*command.split()[1:]))
    assert (tuopin.folder / "moved.csv").read_text("utf-8").startswith(titled(MOVES, "moved.csv"))
    failed = tuopin("pack", "check", "rural", "--json").json["examples"]["failed"]
    assert f"names {len(failed)} examples" in read(MOVES)

    command = "tuopin explain --pack template --snapshot census --household 0000e725938 --as-of 2023-12-31"
    shows(HOUSEHOLD, command, tuopin(*command.split()[1:]))
    shows(HOUSEHOLD, f"{command} --lang fr", tuopin(*command.split()[1:], "--lang", "fr"))
    command = "tuopin explain --pack template --snapshot census --household nobody"
    shows(HOUSEHOLD, command, tuopin(*command.split()[1:]))


def test_a_survey_is_estimated_as_the_page_shows(tuopin: Tuopin, shared_data: Path) -> None:
    file = shared_data / "eusilc-laeken" / "eusilc.csv.gz"
    assert tuopin("snapshot", "import", file, "--mapping", "eusilc_2006", "--out", "survey").code == 0
    assert tuopin("pack", "new", "lower").code == 0
    median = "* median_equivalised_income"
    assert f"`0.50 {median}`" in read(MOVES)
    change(tuopin.folder / "lower" / "lines.yaml", f"0.60 {median}", f"0.50 {median}")
    command = "tuopin pack diff template lower --snapshot survey"
    shows(MOVES, command, tuopin(*command.split()[1:]))


def test_see_a_countys_gates(tuopin: Tuopin) -> None:
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    lived, *calls = (line[2:] for b in blocks(GATES, "console") for line in b.text.splitlines() if line[:2] == "$ ")
    assert tuopin(*lived.split()[1:]).code == 0
    ended = [tuopin(*call.split()[1:]) for call in calls]
    for call, one in zip(calls, ended, strict=True):
        shows(GATES, call, one)
    assert [one.code for one in ended] == [0, 0, 0, 0, 2]
    assert (tuopin.folder / "report.html").stat().st_size > 50_000
    snapshot = Snapshot.open(tuopin.folder / "county" / "2018")
    asked = [area for area in snapshot.areas() if area.tier in ("county", "village")]
    assert len(asked) > 1
    for area in asked:
        said = explain_area(pack=read_pack("china"), snapshot=snapshot, area=area.code)
        agrees(said, tuopin.folder / "county" / "sweeps" / "2018", area.tier)
    _what_is_proposed_for_areas_is_not_counted_among_households(tuopin, snapshot)


def _what_is_proposed_for_areas_is_not_counted_among_households(tuopin: Tuopin, snapshot: Snapshot) -> None:
    swept = tuopin("sweep", "--pack", "china", "--snapshot", snapshot.path, "--as-of", "2021-12-31", "--out", "again")
    of_areas = [
        row for file in (tuopin.folder / "again" / "proposals").glob("of-*") for row in pq.read_table(file).to_pylist()
    ]
    assert of_areas
    before, _, after = swept.out.partition("Why, of areas\n")
    table, *_ = after.split("\n\n")
    assert "households" not in table
    for row in of_areas:
        assert row["rule"] in table
        assert row["rule"] not in before


def test_prove_a_past_sweep(tuopin: Tuopin) -> None:
    shutil.copytree(FILES, tuopin.folder, dirs_exist_ok=True)
    calls = [line[2:] for block in blocks(PROOF, "console") for line in block.text.splitlines() if line[:2] == "$ "]
    first, second, verify, proved, _, changed, new, refused = calls
    assert [tuopin(*call.split()[1:]).code for call in (first, second)] == [0, 0]
    shows(PROOF, verify, tuopin(*verify.split()[1:]))
    shows(PROOF, proved, tuopin(*proved.split()[1:]))
    ended = tuopin(*changed.split()[1:])
    shows(PROOF, changed, ended)
    figures = tuopin.folder / "sweep" / "figures.json"
    old, raised = re.findall(r'"([0-9.]+)"', read(PROOF))
    change(figures, old, raised)
    found = tuopin(*changed.split()[1:])
    shows(PROOF, changed, found, nth=1)
    assert tuopin(*new.split()[1:]).code == 0
    other = tuopin(*refused.split()[1:])
    shows(PROOF, refused, other)
    assert [ended.code, found.code, other.code] == [0, 1, 3]
