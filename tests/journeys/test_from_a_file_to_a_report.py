"""From somebody's files to proposals, an explanation and a report: does the main path hold?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.journeys.conftest import POLICY_DAY, REGISTER, Swept, Tuopin
from tuopin.policy import read_pack
from tuopin.tables import Snapshot

PROPOSED = {
    ("h01", "entry", "entry"): "below_line,deprived_near_line",
    ("h02", "refusal", "entry"): "below_line,deprived_near_line",
    ("h03", "visit", "entry"): "below_line",
    ("h04", "entry", "entry"): "below_line",
    ("h04", "question", "recent_car"): "recent_car",
    ("h05", "exit", "household_exit"): (
        "stably_above_line,enough_left_beside_food,children_at_school,care_within_reach,water_safe,shelter_sound"
    ),
    ("h06", "visit", "household_exit"): "water_safe",
    ("h07", "entry", "entry"): "below_line",
    ("h09", "entry", "entry"): "deprived_near_line",
}
"""Worked out by hand: h08, h10, h11 and h12 are well off and asked for nothing."""


def test_every_household_is_proposed_what_was_worked_out_by_hand(swept: Swept) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(swept.sweep / "proposals").to_pylist()
    assert {(row["household_id"], row["kind"], row["rule"]): row["reasons"] for row in rows} == PROPOSED


def test_the_summary_counts_them(swept: Swept) -> None:
    summary = swept.ended.json["summary"]
    assert (summary["households"], summary["members"]) == (12, 16)
    assert summary["proposals"] == {
        "exits": {"exit": 1, "visit": 1},
        "identification": {"entry": 4, "question": 1, "refusal": 1, "visit": 1},
    }
    assert summary["headline"] == "below_national_line"
    assert summary["poor_members"] == 3
    assert summary["headcount_ratio"] == 3 / 16
    assert summary["headcounts"]["below_national_line"]["high"] == 5 / 16, "of the two of h03 nobody can tell"
    assert summary["cannot_tell"]["papers_missing"] == 12, "nobody was asked for papers"
    assert summary["met"]["papers_missing"] == 0


def test_reasons_lead_on_to_a_household(swept: Swept) -> None:
    reasons = {(r["kind"], tuple(r["reasons"])): r["example"] for r in swept.ended.json["reasons"]}
    assert reasons["question", ("recent_car",)] == "h04"
    assert swept.ended.json["unknown"] == {"consumption": 1, "water_minutes": 1, "water_source": 1}


def test_names_and_numbers_of_cards_do_not_enter_the_snapshot(swept: Swept) -> None:
    secrets = [b"Ana", b"Aru", b"CARD", b"CARD0101", b"invented key"]
    for file in [*swept.snapshot.rglob("*"), *swept.sweep.rglob("*")]:
        if file.is_file():
            assert not [secret for secret in secrets if secret in file.read_bytes()], file.name


def test_the_snapshot_is_whole_and_says_what_it_holds(tuopin: Tuopin, swept: Swept) -> None:
    checked = tuopin("snapshot", "check", swept.snapshot)
    assert (checked.code, checked.err) == (0, "")
    assert "whole and unchanged" in checked.out
    shown = tuopin("snapshot", "show", swept.snapshot)
    assert shown.code == 0
    assert re.search(r"households +consumption +money +XTS/year +1 +8\.3 %", shown.out)
    assert "by the source's own ids" in shown.out


def test_a_household_is_explained_in_words(tuopin: Tuopin, swept: Swept) -> None:
    said = tuopin("explain", *swept.of_household("h03"))
    assert said.code == 0
    assert "Proposed: a visit" in said.out
    assert "what was everything worth" in said.out, "it names the question that would settle it"
    assert "further tests are not shown; --all shows them." in said.err
    assert len(tuopin("explain", *swept.of_household("h03"), "--all").out) > len(said.out)


def test_and_in_the_packs_other_language(tuopin: Tuopin, swept: Swept) -> None:
    said = tuopin("explain", *swept.of_household("h01"), "--lang", "fr")
    assert said.code == 0
    assert "Proposé : inscription" in said.out


@pytest.mark.parametrize("household", ["h03", "h04", "h08"])
def test_explain_says_what_the_sweep_said(tuopin: Tuopin, swept: Swept, household: str) -> None:
    found = tuopin("explain", *swept.of_household(household), "--json").json
    proposed = {(household, p["kind"], p["rule"]): ",".join(p["reasons"]) for p in found["proposals"]}
    assert proposed == {key: reasons for key, reasons in PROPOSED.items() if key[0] == household}


LIBRARIES = "import duckdb, pyarrow.parquet, pydantic.main, sqlglot, typer, yaml"


def test_explain_ends_within_a_second_on_a_quiet_machine(tuopin: Tuopin, swept: Swept) -> None:
    """Loading its libraries takes about 0.35 s there, so a busy machine is measured by what that costs it."""
    explaining = [str(tuopin.program), "explain", *map(str, swept.of_household("h01"))]
    loading = [sys.executable, "-c", LIBRARIES]
    processor_time(explaining, tuopin.environment)
    explain = min(processor_time(explaining, tuopin.environment) for _ in range(3))
    load = min(processor_time(loading, tuopin.environment) for _ in range(3))
    print(f"explain, the whole process: {explain:.2f} s of processor time; its libraries: {load:.2f} s")  # noqa: T201
    assert explain < 4 * load


def processor_time(command: list[str], environment: Mapping[str, str]) -> float:
    """Seconds of processor time that a command takes from its start to its end."""
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


# --- the report ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(swept: Swept, compiled: Path) -> str:
    """The report of the sweep."""
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    run = Tuopin(swept.folder, compiled)
    named: list[str | Path] = ["--sweep", "sweep", "--pack", "template", "--snapshot", "snapshot"]
    done = run("report", *named, "--out", "report.html")
    assert done.code == 0, done.err
    assert (swept.folder / "report.html").absolute().as_uri() in done.out
    again = run("report", *named, "--out", "again.html", "--json").json
    text = (swept.folder / "report.html").read_text(encoding="utf-8")
    assert (swept.folder / "again.html").read_text(encoding="utf-8") == text, "the same sweep gives the same page"
    assert again["suppressed"] > 0
    return text


class _Outline(HTMLParser):
    """Headings, tables and what a browser would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.fetched: list[str] = []
        self.seen: dict[str, int] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href") and tag != "a"]


def test_the_report_stands_alone(page: str) -> None:
    outline = _Outline(page)
    assert outline.fetched == []
    assert not {"script", "link", "iframe", "img", "form"} & set(outline.seen)
    assert not re.search(r"url\((?!#)|@import", page)
    assert "default-src 'none'" in page


def test_the_report_names_no_household_and_shows_no_small_figure(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", page)
    assert not re.search(r"\bh(0[1-9]|1[0-2])\b", text)
    assert "not shown" in text
    for area in ("Mill", "Ford", "Quay"):
        assert re.search(rf"{area} \(\w+\)\s+(not shown\s+){{5}}", text), "four households live there"


def test_the_report_can_be_read_by_ear(page: str) -> None:
    outline = _Outline(page)
    assert outline.headings[0] == "h1"
    assert outline.headings.count("h1") == 1
    assert outline.seen["table"] == outline.seen["caption"]
    assert page.count('scope="col"') > outline.seen["table"]
    assert (
        page.count('role="img"') == outline.seen["svg"] == page.count("<svg") == page.count('role="img" aria-label="')
    )


def test_the_report_says_what_was_never_asked_and_where_it_was_recorded(page: str, swept: Swept) -> None:
    assert "Did the list leave out someone of this household?" in page
    assert swept.ended.json["ledger_block"] in page
    assert "2,124.2" in page


def test_a_report_in_another_language(tuopin: Tuopin, swept: Swept) -> None:
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    named: list[str | Path] = ["--sweep", swept.sweep, "--pack", "template", "--snapshot", swept.snapshot]
    assert tuopin("report", *named, "--out", "rapport.html", "--lang", "fr").code == 0
    page = (tuopin.folder / "rapport.html").read_text(encoding="utf-8")
    assert '<html lang="fr">' in page
    assert "2\u202f124,2" in page


@pytest.mark.parametrize("key", ["poor_households", "households", "lines", "assumptions", "not_asked", "areas"])
def test_a_summary_that_was_changed_is_refused(tuopin: Tuopin, swept: Swept, key: str) -> None:
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    changed = shutil.copytree(swept.sweep, tuopin.folder / "sweep") / "summary.json"
    summary = json.loads(changed.read_text(encoding="utf-8"))
    others = {"lines": dict.fromkeys(summary["lines"], "1"), "not_asked": dict.fromkeys(summary["not_asked"], 3)}
    others |= {"assumptions": [{"fact": "farm_income", "reason": "God knows"}], "areas": {"village": {"areas": 7}}}
    changed.write_text(json.dumps(summary | {key: others.get(key, 2)}), encoding="utf-8")
    named: list[str | Path] = ["--pack", "template", "--snapshot", swept.snapshot]
    refused = tuopin("report", "--sweep", "sweep", *named, "--out", "report.html").in_plain_words()
    assert refused.code == 3
    assert f"The summary is not that of the sweep: {key}." in refused.err
    assert not (tuopin.folder / "report.html").exists()


def test_a_sweep_that_its_ledger_does_not_have_says_so(tuopin: Tuopin, swept: Swept) -> None:
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    named: list[str | Path] = ["--pack", "template", "--snapshot", swept.snapshot, "--sweep", swept.sweep]
    (tuopin.folder / "ledger.jsonl").write_text("", encoding="utf-8")
    assert tuopin("report", *named, "--ledger", "ledger.jsonl", "--out", "report.html").code == 0
    page = (tuopin.folder / "report.html").read_text(encoding="utf-8")
    assert "The ledger does not record this sweep." in page
    assert swept.ended.json["ledger_block"] not in page


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (POLICY_DAY, None),
        ("2024-06-28", None),
        ("2025-12-31", "the facts are 2 years older than the policy day"),
        ("2016-12-31", "the facts are 6 years younger than the policy day"),
    ],
)
def test_a_policy_day_far_from_the_facts_is_a_what_if(tuopin: Tuopin, swept: Swept, day: str, said: str | None) -> None:
    assert Snapshot.open(swept.snapshot).manifest.as_of == date(2023, 6, 30)
    ended = tuopin("sweep", "--pack", "template", "--snapshot", swept.snapshot, "--as-of", day, "--dry-run")
    assert ended.code == 0, ended.err
    assert ("Take it as a what-if" in ended.out) == (said is not None)
    assert (said or "") in ended.out


def test_a_report_of_another_packs_sweep_is_refused(tuopin: Tuopin, swept: Swept) -> None:
    tuopin("pack", "new", "elsewhere")
    named: list[str | Path] = ["--sweep", swept.sweep, "--pack", "elsewhere", "--snapshot", swept.snapshot]
    refused = tuopin("report", *named, "--out", "report.html").in_plain_words()
    assert refused.code == 2
    assert "template 1.0.0, not elsewhere 1.0.0" in refused.err
    assert not (tuopin.folder / "report.html").exists()


def test_a_report_under_other_content_of_the_same_version_is_refused(tuopin: Tuopin, swept: Swept) -> None:
    template = shutil.copytree(read_pack("template").folder, tuopin.folder / "template")
    changed = template / "lines.yaml"
    text = changed.read_text(encoding="utf-8")
    assert text.count("2004-01-01: {default: 820}") == 1
    changed.write_text(text.replace("{default: 820}", "{default: 821}"), encoding="utf-8")
    named: list[str | Path] = ["--sweep", swept.sweep, "--pack", template, "--snapshot", swept.snapshot]
    refused = tuopin("report", *named, "--ledger", swept.ledger, "--out", "report.html").in_plain_words()
    assert refused.code == 3
    assert "same name and version, but with other content" in refused.err
    assert read_pack("template").content_hash in refused.err
    assert not (tuopin.folder / "report.html").exists()


def test_the_register_of_the_journeys_is_invented(repository: Path) -> None:
    assert "Invented" in (REGISTER / "mapping.yaml").read_text(encoding="utf-8")
    assert REGISTER.is_relative_to(repository)
