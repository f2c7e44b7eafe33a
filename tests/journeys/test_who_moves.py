"""Whom would a change of policy move? Counted in a register, estimated from a survey, and each one named in a file."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.journeys.broken import DATA, TEMPLATE, USAGE, Desk, change
from tests.journeys.conftest import POLICY_DAY, Ended, Swept, Tuopin

HEADINGS = ["household_id", "area_code", "rule", "before", "after"]

SURVEY = """mapping: tiny_survey
pack: template
kind: survey
as_of: 2023-06-30
currency: {code: XTS, exponent: 2}
country: XT
source: "Invented"
areas:
  levels:
    - {tier: region, column: region}
households:
  file: homes.csv
  id: {column: id, as: kept}
  weight: weight
  facts:
    household_size: {column: size, unit: person}
    consumption: {column: spent, unit: XTS/year}
    adult_equivalents: {column: size, unit: adult_equivalent, assume: "Each person counts as one adult."}
"""

#: By the template's line of 2,124.20 a and b are poor; by one of 1,900.00 only a is.
HOMES = """id,region,weight,size,spent
a,n,100.5,1,1800
b,n,250.6,2,4000
c,s,300,3,9000
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swept: Swept) -> Desk:
    """A desk with the invented register and a policy that draws the line lower."""
    desk = Desk(tmp_path, monkeypatch)
    desk.snapshot(swept.folder)
    lower_line(desk.folder)
    (desk.folder / "file.csv").write_text("somebody's work\n")
    return desk


def lower_line(folder: Path) -> None:
    """A copy of the template with a lower line."""
    shutil.copytree(TEMPLATE, folder / "lower", ignore=shutil.ignore_patterns("examples"))
    (folder / "lower" / "examples").mkdir()
    change(folder / "lower" / "lines.yaml", "2023-01-01: 2124.2", "2023-01-01: 1900.0")


def comparing(*more: str, snapshot: str = "snapshot", before: str = "template") -> list[str]:
    """The call that compares the two."""
    return ["pack", "diff", before, "lower", "--snapshot", snapshot, "--as-of", POLICY_DAY, *more]


# --- a survey --------------------------------------------------------------------------------------------------------


@pytest.fixture
def surveyed(tuopin: Tuopin) -> Tuopin:
    """A survey of three households, beside the two policies."""
    lower_line(tuopin.folder)
    (tuopin.folder / "homes.csv").write_text(HOMES)
    (tuopin.folder / "survey.yaml").write_text(SURVEY)
    read = tuopin("snapshot", "import", "homes.csv", "--mapping", "survey.yaml", "--out", "survey")
    assert read.code == 0, read.err
    return tuopin


def test_a_survey_estimates_who_would_move_and_says_so(surveyed: Tuopin) -> None:
    said = surveyed(*comparing(snapshot="survey"))
    assert said.code == 0, said.err
    # 100.5 + 250.6 + 300 households, with 100.5 x 1 + 250.6 x 2 + 300 x 3 persons
    compared, population = said.out.splitlines()[:2]
    assert compared.endswith("policies of 2023-12-31, over 3 households of a survey")
    assert population == "They stand for an estimated 651 households with 1,502 persons"
    title, headings, _, *rows = said.out.split("\n\n", 1)[1].splitlines()
    assert title == "Who would be answered otherwise, estimated from a survey"
    assert " ".join(headings.split()) == "rule today then est. households est. persons sample households"
    (row,) = (row.split() for row in rows if row.startswith("below_national_line"))
    assert row == ["below_national_line", "met", "not_met", "251", "501", "1"], "b, for 250.6 of two persons"


def test_the_estimates_for_a_script(surveyed: Tuopin) -> None:
    document = surveyed(*comparing("--by", "region", snapshot="survey"), "--json").json
    assert (document["kind"], document["households"], document["households_file"]) == ("survey", 3, None)
    assert (document["estimated_households"], document["estimated_members"]) == (651.1, 1501.7)
    (move,) = (move for move in document["moves"] if move["rule"] == "below_national_line")
    assert move == {
        "rule": "below_national_line", "group": "n", "before": "met", "after": "not_met", "households": 1,
        "members": 2, "estimated_households": 250.6, "estimated_members": 501.2,
    }  # fmt: skip


def test_the_households_of_a_survey_are_not_named(surveyed: Tuopin) -> None:
    before = sorted(path.name for path in surveyed.folder.iterdir())
    refused = surveyed(*comparing("--households", "deep/moved.csv", snapshot="survey")).in_plain_words()
    assert (refused.code, refused.out) == (USAGE, "")
    assert refused.err.startswith("survey: A survey gives estimates, never cases.")
    assert sorted(path.name for path in surveyed.folder.iterdir()) == before


# --- a register ------------------------------------------------------------------------------------------------------


def test_a_register_is_counted_and_not_estimated(desk: Desk) -> None:
    said = desk(*comparing())
    packs = r"From template 1\.0\.0 \([0-9a-f]{12}\) to template 1\.0\.0 \([0-9a-f]{12}\)"
    assert re.match(rf"{packs}, policies of 2023-12-31, over 12 households\n", said.out)
    assert "estimated" not in said.out
    document = desk(*comparing(), "--json").json
    assert (document["kind"], document["estimated_households"], document["estimated_members"]) == (
        "register", None, None,
    )  # fmt: skip
    assert {(move["estimated_households"], move["estimated_members"]) for move in document["moves"]} == {(None, None)}


def test_the_main_rules_stand_above_the_others(desk: Desk) -> None:
    rules = list(dict.fromkeys(move["rule"] for move in desk(*comparing(), "--json").json["moves"]))
    assert set(rules[:2]) == {"entry", "below_national_line"}


def test_who_moves_is_written_household_by_household(desk: Desk) -> None:
    written = desk(*comparing("--households", "moved/who.csv", "--json")).json
    assert written["households_file"] == "moved/who.csv"
    with (desk.folder / "moved" / "who.csv").open(encoding="utf-8", newline="") as file:
        headings, *rows = csv.reader(file)
    assert headings == HEADINGS
    assert ["h04", "ford", "below_national_line", "met", "not_met"] in rows, "who spends 2,000"
    counted = {(move["rule"], move["before"], move["after"]): move["households"] for move in written["moves"]}
    assert counted == {kind: sum(tuple(row[2:]) == kind for row in rows) for kind in counted}
    assert len(rows) == sum(counted.values())

    said = desk(*comparing("--households", "who.PARQUET"))
    assert said.out.endswith(f"\nWritten to who.PARQUET: {len(rows)} rows, one a household and rule\n")
    table = pq.read_table(desk.folder / "who.PARQUET")
    assert table.column_names == HEADINGS
    assert [list(row.values()) for row in table.to_pylist()] == rows
    assert sorted(path.name for path in (desk.folder / "moved").iterdir()) == ["who.csv"]


def test_a_file_of_nobody_has_its_headings(desk: Desk) -> None:
    desk(*comparing("--households", "nobody.csv", before="lower"))
    assert (desk.folder / "nobody.csv").read_text() == '"household_id","area_code","rule","before","after"\n'


#: What stands behind `--households`, the place that must be named, and what must be said.
FILES = {
    "a file that exists": ("file.csv", "file.csv", "There is something at this path already"),
    "a folder": ("sweep", "sweep", "The ending of this name says nothing"),
    "an ending that is no form": ("who.xlsx", "who.xlsx", "End it with .csv or .parquet"),
    "no ending": ("who", "who", "End it with .csv or .parquet"),
    "a file in the snapshot": ("snapshot/who.csv", "snapshot/who.csv", "lies in the snapshot"),
    "a file below a file": ("file.csv/who.csv", "file.csv", "A file stands where a folder is needed"),
}


@pytest.mark.parametrize(("file", "place", "says"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_written(desk: Desk, file: str, place: str, says: str) -> None:
    desk.refuses(*comparing("--households", file), code=USAGE, place=place, says=says)


def test_nothing_half_written_is_left_when_the_comparison_fails(desk: Desk) -> None:
    writing = comparing("--households", "new/deep/who.csv")
    desk.refuses(*writing, "--by", "county", code=USAGE, place="", says="cannot be split by `county`")
    change(desk.folder / "lower" / "facts.yaml", "rural: {en: Countryside", "rustic: {en: Countryside")
    desk.refuses(*writing, code=DATA, place="", says="rural")


# --- groups ----------------------------------------------------------------------------------------------------------


def test_a_fact_that_nobody_asked_is_told_from_a_word_that_means_nothing(surveyed: Tuopin) -> None:
    def asked(by: str) -> Ended:
        return surveyed(*comparing("--by", by, snapshot="survey")).in_plain_words()

    unasked, nothing = asked("settlement"), asked("county")
    assert (unasked.code, nothing.code) == (USAGE, USAGE)
    assert "The pack has this fact, but the source of this snapshot did not ask it." in unasked.err
    assert "Next: Name a tier (region, " in unasked.err
    assert "No tier and no fact of the first pack has this name." in nothing.err
    assert asked("region").code == 0
