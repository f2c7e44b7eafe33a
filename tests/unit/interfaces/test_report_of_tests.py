"""Does the table of tests tell apart those who are not asked, in a register and in a survey?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy.invented import AS_OF, Household, Register, fact, make_pack, standard, write_register
from tuopin.interfaces.policy_of_a_day import policy_of_a_day
from tuopin.interfaces.report import page, write_report
from tuopin.interfaces.report.charts import Bar, stacked_bars
from tuopin.interfaces.report.findings import Findings, read_findings
from tuopin.interfaces.report.tables import Tables
from tuopin.interfaces.report.wording import language
from tuopin.policy import Pack, folders_of
from tuopin.sweep import run_sweep
from tuopin.tables.engines import open_engine

#: By number: of the poor is asked whether they are hungry. Two of the hungry are not known to be poor.
HOUSEHOLDS = [
    *[Household({"household_size": 2, "poor": True, "hungry": True}, weight=10.0)] * 6,
    *[Household({"household_size": 2, "poor": True, "hungry": False}, weight=10.0)] * 7,
    *[Household({"household_size": 2, "poor": False, "hungry": True}, weight=100.0)] * 5,
    *[Household({"household_size": 2, "poor": None, "hungry": True}, weight=1.0)] * 8,
    *[Household({"household_size": 2, "poor": None, "hungry": False}, weight=1.0)] * 9,
]


@pytest.fixture(scope="module")
def pack() -> Pack:
    """One test of everybody, one of the poor."""
    facts = {"household_size": fact("integer"), "poor": fact("boolean"), "hungry": fact("boolean")}
    asked = {"poor_household": standard("poor"), "helped": standard("hungry", applies_if="poor")}
    return make_pack(facts=facts, standards=asked)


def shown(folder: Path, pack: Pack, *, survey: bool) -> tuple[Findings, dict[str, list[str]]]:
    """What is found, and the figures of each test in the table."""
    register = Register(HOUSEHOLDS, members=False, survey=survey)
    snapshot = write_register(folder / "snapshot", pack, register)
    run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=folder / "sweep")
    with open_engine(threads=1, folders=[*folders_of(snapshot), folder / "sweep"]) as engine:
        found = read_findings(sweep=folder / "sweep", pack=pack, snapshot=snapshot, engine=engine, facts_root=None)
        found.open()
        table = Tables(found, policy_of_a_day(pack, day=AS_OF, language="en"), language("en")).tests()
    assert [heading.lower() for heading in table.headings[2:]] == [
        "met", "not met", "cannot tell", "cannot tell, %", "not asked of it",
    ]  # fmt: skip
    return found, {row[1]: list(row[2:]) for row in table.rows}


def test_those_who_are_not_asked_stand_apart(tmp_path: Path, pack: Pack) -> None:
    found, rows = shown(tmp_path, pack, survey=False)
    # Of the 17 of whom nobody knows whether they are poor, the 9 who are not hungry are surely not met.
    assert rows["helped"] == ["6", "16", "8", "22.9\u00a0%", "5"]
    assert rows["poor_household"] == ["13", "5", "17", "48.6\u00a0%", "0"]
    assert found.summary["not_asked"] == {"helped": 5, "poor_household": 0}


def test_a_small_group_that_is_hidden_in_the_table_is_not_drawn_in_the_chart(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """6 met, 2 not met: from a bar of the met and one of the unknown, and how many are not asked, the 2 were told."""
    houses = [*HOUSEHOLDS[:6], *HOUSEHOLDS[6:8], *[HOUSEHOLDS[18]] * 10, *[HOUSEHOLDS[13]] * 300]
    snapshot = write_register(tmp_path / "snapshot", pack, Register(houses, members=False))
    run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "sweep")
    drawn: list[Sequence[Bar]] = []

    def seen(bars: Sequence[Bar], **more: Any) -> Any:
        drawn.append(bars)
        return stacked_bars(bars, **more)

    monkeypatch.setattr(page, "stacked_bars", seen)
    write_report(pack=pack, snapshot=snapshot, sweep=tmp_path / "sweep", out=None, ledger=tmp_path / "ledger.jsonl")
    (of_tests,) = [bars for bars in drawn if len(bars) == 2]
    assert [bool(bar.parts) for bar in of_tests] == [True, False], "8 poor, 10 unknown, 300 not; and of helped nothing"


def test_in_a_survey_they_are_weighted(tmp_path: Path, pack: Pack) -> None:
    found, rows = shown(tmp_path, pack, survey=True)
    # 60 met; 70 and 9 not met; 8 cannot be told; 500 not asked; 647 in all.
    assert rows["helped"] == ["60", "79", "8", "1.2\u00a0%", "500"]
    assert found.summary["not_asked"]["helped"] == 5, "the summary counts the rows of the sample"


def test_a_visit_is_made_because_of_what_nobody_can_tell(tmp_path: Path) -> None:
    pack = make_pack(
        facts={"household_size": fact("integer"), "lit": fact("boolean")},
        standards={
            "entry": standard(
                "dark", tests={"dark": "not lit"}, says={"dark": {"en": "no light at home"}}, proposes="entry"
            )
        },
    )
    houses = [Household({"household_size": 2, "lit": None if number < 6 else False}) for number in range(13)]
    snapshot = write_register(tmp_path / "snapshot", pack, Register(houses, members=False))
    run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "sweep")
    with open_engine(threads=1, folders=[*folders_of(snapshot), tmp_path / "sweep"]) as engine:
        found = read_findings(sweep=tmp_path / "sweep", pack=pack, snapshot=snapshot, engine=engine, facts_root=None)
        found.open()
        table, _ = Tables(found, policy_of_a_day(pack, day=AS_OF, language="en"), language("en")).reasons()
    reasons = {row[0]: row[2:] for row in table.rows}
    assert reasons["entry"] == ["no light at home [dark]", "7"]
    assert reasons["visit"] == ["nobody can tell: no light at home [dark]", "6"]
