"""Is a mistake in a pack's campaign told with its line, before anything is made?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tuopin.policy import pack_folder, read_pack
from tuopin.sweep.campaign import check_campaign, run_campaign
from tuopin.sweep.campaign_file import read_campaign
from tuopin.terms import DataError, UsageError


@pytest.fixture
def china(tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack_folder("china"), tmp_path / "china"))


def test_the_campaign_that_comes_with_the_pack_can_be_read() -> None:
    campaign = read_campaign(read_pack("china"))
    assert campaign.help.reaches(2013) == 0.0
    assert campaign.help.reaches(2030) == campaign.help.reaches(2019) > campaign.help.reaches(2014)


@pytest.mark.parametrize(
    ("before", "after", "said", "line"),
    [
        ("    share: 0.36\n", "    share: 0.46\n", "the shares add up to 1.1, not to 1", "regions:\n"),
        (
            "near: 0.28, middling: 0.40, remote: 0.32",
            "near: 0.28, remote: 0.72",
            "it leaves out middling",
            "near: 0.28,",
        ),
        ("    couple: 0.08\n", "    couples: 0.08\n", "it leaves out couple", "  types:\n"),
        ("  men_head: 0.8\n", "  men_head: 1.8\n", "at most 1", "  men_head:"),
        ("  pay: 0.08\n", '  pay: "0.08"\n', "without quotes", "  pay:"),
        ("loss: {low: 0.10, high: 0.7}", "loss: {low: 0.8, high: 0.2}", "`low` is above `high`", "loss: {"),
        ("  monthly: [1687, ", "  monthly: [1000000000000, ", "no figure of a household", "  monthly:"),
        ("works: {16: 0.44, 20: 0.70,", "works: {20: 0.70, 16: 0.44,", "ages rise from left to right", "works: {"),
        ("works: {16: 0.44, 20:", "works: {16: 1.44, 20:", "at most 1", "works: {"),
        ("hidden: {low: 0.08,", "hidden: {low: -0.08,", "at least 0", "hidden: {"),
        ("  unable: 0.35 ", "  unable: true ", "without quotes", "  unable:"),
    ],
)
def test_a_mistake_in_the_calibration_is_told_with_its_line(
    china: Path, before: str, after: str, said: str, line: str
) -> None:
    file = china / "simulation.yaml"
    text = file.read_text("utf-8")
    assert text.count(before) == 1
    changed = text.replace(before, after)
    file.write_text(changed, encoding="utf-8")
    problems = check_campaign(read_pack(china))
    assert [problem.place.file for problem in problems] == ["simulation.yaml"]
    assert said in problems[0].what
    assert problems[0].place.line == changed[: changed.index(line)].count("\n") + 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("poor: poor", "poor: prosperous", "no `prosperous`"),
        ("poor: poor", "poor: village_exit", "`village_exit` is asked of a village"),
        ("at_risk: at_risk", "at_risk: county_exit", "`county_exit` is asked of a county"),
        ("welfare: net_income", "welfare: region", "`region` is no amount of money of a household"),
        ("welfare: net_income", "welfare: collective_income", "is no amount of money of a household"),
        ("{fact: listed_village,", "{fact: collective_income,", "is no yes or no of an area"),
        ("    safe_water: water_works", "    village_exit: water_works", "`village_exit` is asked of a village"),
        ("    land: [job, industry]", "    laand: [job, industry]", "no cause `laand`"),
        ("visits_made: 0.85", "visits_made: 1.85", "at most 1"),
        ("[medical_aid, dibao]", "[medical_aid, elixir]", "no measure elixir"),
        ("first_month: 2", "first_month: 9", "comes after"),
        ("  slips: 0.02 ", "  slip: 0.02 ", "not a key"),
        ("  most_measures: 3 ", "  most_measures: none ", "whole number"),
    ],
)
def test_a_mistake_is_told_where_it_stands_and_nothing_is_made(
    china: Path, tmp_path: Path, before: str, after: str, said: str
) -> None:
    file = china / "campaign.yaml"
    text = file.read_text("utf-8")
    assert text.count(before) >= 1
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        run_campaign(pack=read_pack(china), households=10, seed=1, years=(2013, 2013), out=tmp_path / "out")
    assert any(said in f"{problem.what} {problem.why} {problem.fix}" for problem in refused.value.problems)
    assert any(problem.place.file == "campaign.yaml" for problem in refused.value.problems)
    assert not (tmp_path / "out").exists()


def test_a_group_without_a_reason_for_its_figures_is_refused(china: Path) -> None:
    file = china / "campaign.yaml"
    text = file.read_text("utf-8")
    begins = text.index("  assumed: >-\n    Lists are drawn up")
    ends = text.index("  first_month:")
    file.write_text(text[:begins] + text[ends:], encoding="utf-8")
    with pytest.raises(DataError, match="say where the figures come from"):
        read_campaign(read_pack(china))


def test_a_pack_without_a_campaign_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no"):
        run_campaign(pack=read_pack("template"), households=10, seed=1, years=(2013, 2013), out=tmp_path / "out")


def test_a_check_of_the_pack_finds_mistakes_in_both_files(china: Path) -> None:
    assert check_campaign(read_pack(china)) == []
    campaign, simulation = china / "campaign.yaml", china / "simulation.yaml"
    text = campaign.read_text("utf-8").replace("at_risk: at_risk", "at_risk: at_rsk", 1)
    campaign.write_text(text, encoding="utf-8")
    simulation.write_text(simulation.read_text("utf-8").replace("\nfounded:", "\nfonded:", 1), encoding="utf-8")
    found = check_campaign(read_pack(china))
    assert {problem.place.file for problem in found} == {"simulation.yaml", "campaign.yaml"}
    (wrong,) = [problem for problem in found if problem.place.file == "campaign.yaml"]
    assert wrong.what == "The pack has no `at_rsk`."
    assert wrong.place.line == text[: text.index("at_rsk")].count("\n") + 1
    strange, missing = sorted((one for one in found if one is not wrong), key=lambda one: one.what)
    said = simulation.read_text("utf-8")
    assert (strange.what, strange.place.line) == (
        "`fonded` is not a key that is known here (fonded).", said[: said.index("\nfonded:") + 1].count("\n") + 1,
    )  # fmt: skip
    assert missing.what == "`founded` is missing in the file."


@pytest.mark.parametrize(
    ("years", "said"),
    [((2016, 2013), "Write 2013:2016"), ((2005, 2007), "Write 2013:2015"), ((2005, 2020), "Write 2013:2028")],
)
def test_impossible_years_are_answered_with_possible_ones(
    china: Path, tmp_path: Path, years: tuple[int, int], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        run_campaign(pack=read_pack(china), households=10, seed=1, years=years, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
