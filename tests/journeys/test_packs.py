"""From the template to a country's own policy: copied, changed, checked, compared before anybody signs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.conftest import Swept, Tuopin


@pytest.fixture
def mine(tuopin: Tuopin) -> Path:
    """A copy of the template under an id of its own, with a few of its examples."""
    assert tuopin("pack", "new", "my_country").code == 0
    pack = tuopin.folder / "my_country"
    for file in (pack / "examples").glob("*.yaml"):
        if file.name != "dates_and_places.yaml":
            file.unlink()
    return pack


def change(file: Path, old: str, new: str) -> None:
    """Change a text that stands there once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file.name, text.count(old))
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_pack_is_the_old_one_under_another_name(tuopin: Tuopin, repository: Path) -> None:
    assert tuopin("pack", "new", "my_country").code == 0
    mine, template = tuopin.folder / "my_country", repository / "src" / "tuopin" / "packs" / "template"
    files = [file for file in sorted(template.rglob("*")) if file.is_file()]
    changed = {file.name for file in files if file.read_bytes() != (mine / file.relative_to(template)).read_bytes()}
    assert changed == {"pack.yaml", *(file.name for file in (template / "mappings").glob("*.yaml"))}
    assert "\nid: my_country\n" in (mine / "pack.yaml").read_text(encoding="utf-8")
    assert tuopin("pack", "new", "my_country").in_plain_words().code == 2


def test_a_pack_without_mistakes_passes(tuopin: Tuopin, mine: Path) -> None:
    done = tuopin("pack", "check", mine, "--json")
    assert (done.code, done.json["problems"], done.json["examples"]["failed"]) == (0, [], [])
    assert done.json["examples"]["run"] > 0


def test_a_failing_example_is_a_finding(tuopin: Tuopin, mine: Path) -> None:
    change(mine / "lines.yaml", "2023-01-01: 2124.2", "2023-01-01: 9124.2")
    done = tuopin("pack", "check", mine)
    assert done.code == 1
    assert "comes out otherwise than expected" in done.out
    assert "examples/dates_and_places.yaml:" in done.out


def test_a_broken_pack_is_answered_with_file_line_and_what_to_write(tuopin: Tuopin, mine: Path) -> None:
    change(mine / "pack.yaml", "retention_years: 10", "retention_yers: 10")
    done = tuopin("pack", "check", mine).in_plain_words()
    assert done.code == 3
    line = next(
        n for n, text in enumerate((mine / "pack.yaml").read_text().splitlines(), 1) if "retention_yers" in text
    )
    assert f"pack.yaml:{line}" in done.err
    assert "retention_yers" in done.err
    assert tuopin("sweep", "--pack", mine, "--snapshot", "x", "--as-of", "2023-12-31", "--out", "y").code == 3


def test_who_would_move_is_counted_before_anyone_signs(tuopin: Tuopin, swept: Swept, mine: Path) -> None:
    change(mine / "lines.yaml", "2023-01-01: 2124.2", "2023-01-01: 1900.0")
    compared: list[str | Path] = [
        "pack",
        "diff",
        "template",
        mine,
        "--snapshot",
        swept.snapshot,
        "--as-of",
        "2023-12-31",
    ]
    document = tuopin(*compared, "--json").json
    moved = [move for move in document["moves"] if move["rule"] == "below_national_line"]
    assert [(move["before"], move["after"], move["households"]) for move in moved] == [("met", "not_met", 1)]
    by_area = tuopin(*compared, "--by", "village", "--json").json
    assert [m["group"] for m in by_area["moves"] if m["rule"] == "below_national_line"] == ["ford"], "h04, at 2,000"
    said = tuopin(*compared)
    assert said.code == 0
    assert "below_national_line" in said.out
    same = tuopin("pack", "diff", "template", "template", "--snapshot", swept.snapshot)
    assert "No household would be answered otherwise." in same.out


def test_schemas_help_an_editor(tuopin: Tuopin) -> None:
    assert tuopin("pack", "schema", "--out", "schemas").code == 0
    facts = json.loads((tuopin.folder / "schemas" / "facts.schema.json").read_text(encoding="utf-8"))
    assert facts["$schema"].startswith("https://json-schema.org/")


def test_what_is_announced_is_shown_and_not_applied(tuopin: Tuopin) -> None:
    rules = {
        rule["id"]: rule for rule in tuopin("pack", "show", "template", "--as-of", "2027-06-30", "--json").json["rules"]
    }
    assert rules["entry"]["since"] == "2018-01-01"
    assert rules["entry"]["announced"] == ["2027-01-01"]
    french = tuopin("pack", "show", "template", "--lang", "fr")
    assert "Ce ménage devrait-il être inscrit au registre ?" in french.out


# --- facts -----------------------------------------------------------------------------------------------------------


def test_the_facts_that_a_mapping_can_give_are_shown_with_their_codes(tuopin: Tuopin) -> None:
    document = tuopin("pack", "show", "template", "--lang", "fr", "--json").json
    facts = {fact["id"]: fact for fact in document["facts"]}
    assert facts["settlement"] == {
        "id": "settlement", "entity": "household", "type": "code", "unit": None, "scale": 0, "min": None, "max": None,
        "codes": {"urban": "Ville", "rural": "Campagne"}, "unknown": [],
        "says": "Le ménage vit-il en ville ou à la campagne ?", "computed": False,
    }  # fmt: skip
    assert [facts["consumption"][key] for key in ("type", "unit", "min", "max")] == [
        "money",
        "XTS/year",
        "0",
        "10000000",
    ]
    assert (facts["age"]["entity"], facts["vehicle_kind"]["entity"]) == ("member", "register:vehicles")
    assert [id for id, fact in facts.items() if fact["computed"]] == ["adult_equivalents"], "a source may give it"


def test_the_facts_of_a_household_stand_together(tuopin: Tuopin) -> None:
    shown = tuopin("pack", "show", "template").out
    titles = [line for line in shown.splitlines() if line.startswith("Facts: ")]
    entities = ["household", "member", "dwelling", "area"]
    registers = [f"register:{name}" for name in ("vehicles", "companies", "payroll", "property")]
    assert titles == [f"Facts: {entity}" for entity in entities + registers]
    household, member = (shown.split(f"Facts: {entity}\n")[1].split("\n\n")[0] for entity in ("household", "member"))
    (settlement,) = (line.split("  ") for line in household.splitlines() if line.startswith("settlement "))
    assert [cell.strip() for cell in settlement if cell.strip()][1:3] == ["code", "urban, rural"]
    assert "0 to 120" in member
    assert "(computed where no source gives it)" in " ".join(household.split())
    assert "settlement" not in member
