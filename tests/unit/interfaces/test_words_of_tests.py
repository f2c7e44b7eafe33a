"""Does an official read what a test says, and not its name alone, in an explanation and in a report?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy.invented import DAY_ONE, Household, Register, fact, make_pack, standard, write_register
from tuopin.interfaces.report.page import write_report
from tuopin.policy import Pack, check_pack
from tuopin.sweep import explain_household, run_sweep

SPOKEN = {"languages": ["en", "fr"]}
FACTS = {"lit": fact("boolean"), "wet": fact("boolean")}
UNLIT, DRY = {"en": "no light at home", "fr": "pas de lumière à la maison"}, {"en": "no water", "fr": "pas d'eau"}
HOUSEHOLD = Household({"lit": False, "wet": False})


def spoken(said: Any) -> Any:
    """Texts in both languages, whatever the invented pack says in one."""
    if isinstance(said, dict):
        return (
            {**said, "fr": said["en"]} if set(said) == {"en"} else {key: spoken(inner) for key, inner in said.items()}
        )
    return [spoken(inner) for inner in said] if isinstance(said, list) else said


def entry(*editions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return standard("", *editions, proposes="entry", **more)


def edition(day: str = DAY_ONE, **more: Any) -> dict[str, Any]:
    return {"from": day, "tests": {"unlit": "not lit", "dry": "not wet"}, "met": "unlit or dry", **more}


def pack_with(spec: dict[str, Any]) -> Pack:
    facts = {id: spoken(one) for id, one in FACTS.items()}
    return make_pack(about=SPOKEN, facts=facts, standards={"entry": spoken(spec)})


def told(folder: Path, pack: Pack, language: str) -> tuple[list[str], list[dict[str, Any]]]:
    snapshot = write_register(folder / "snapshot", pack, Register([HOUSEHOLD], members=False))
    found = explain_household(pack=pack, snapshot=snapshot, household_id="h0", language=language)
    return found.lines(), found.proposals


@pytest.mark.parametrize(
    ("language", "reasons", "part"),
    [
        ("en", "because of: no light at home [unlit], dry. A person", "  no light at home [unlit]: yes: not lit"),
        (
            "fr",
            "en raison de : pas de lumière à la maison [unlit], dry. Une",
            "  pas de lumière à la maison [unlit] : oui",
        ),
    ],
)
def test_reasons_and_tests_are_told_in_words_and_keep_their_names(
    tmp_path: Path, language: str, reasons: str, part: str
) -> None:
    lines, proposals = told(tmp_path, pack_with(entry(edition(), says={"unlit": UNLIT})), language)
    assert any(reasons in line for line in lines), lines
    assert any(line.startswith(part) for line in lines), lines
    assert [proposal["reasons"] for proposal in proposals] == [["unlit", "dry"]], "scripts read the names"


def test_the_words_of_an_edition_come_before_those_for_all(tmp_path: Path) -> None:
    own = {"unlit": {"en": "the new words", "fr": "les nouveaux mots"}}
    both = entry(edition(), edition("2016-01-01", says=own), says={"unlit": UNLIT, "dry": DRY})
    lines, _ = told(tmp_path, pack_with(both), "en")
    assert any("because of: the new words [unlit], no water [dry]." in line for line in lines), lines


def test_a_report_tells_the_reasons_in_words(tmp_path: Path) -> None:
    pack = pack_with(entry(edition(says={"unlit": UNLIT})))
    snapshot = write_register(tmp_path / "snapshot", pack, Register([HOUSEHOLD] * 20, members=False))
    ledger, sweep, day = tmp_path / "ledger.jsonl", tmp_path / "sweep", date(2016, 12, 31)
    run_sweep(pack=pack, snapshot=snapshot, as_of=day, out=sweep, ledger=ledger)
    page = tmp_path / "report.html"
    write_report(sweep=sweep, pack=pack, snapshot=snapshot, ledger=ledger, out=page, language="fr")
    assert "pas de lumière à la maison [unlit]" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (entry(edition(says={"unlti": UNLIT})), "There are words for `unlti`, which is no test here."),
        (entry(edition(), says={"unlti": UNLIT}), "There are words for `unlti`, which is no test here."),
        (entry(edition(says={"unlit": {"en": "no light at home", "de": "kein Licht"}})), "missing in: fr."),
        (entry(edition(says={"unlit": {"de": "kein Licht"}})), "missing in: en, fr."),
    ],
    ids=["a name that is no test", "for all editions likewise", "one language missing", "every language missing"],
)
def test_words_that_nobody_could_read_are_refused_where_they_stand(spec: dict[str, Any], says: str) -> None:
    problems = [problem for problem in check_pack(pack_with(spec)) if problem.place.file == "standards/rules.yaml"]
    assert [says in problem.what for problem in problems] == [True]
    assert problems[0].place.line == 2
