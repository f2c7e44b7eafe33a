"""Does the China pack say what was published, from the day it held, and no more surely than it was read?

The figures below were typed from the sources named beside them, not taken from the pack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from docs.generate.china_pack import figures
from tests.pages import read
from tuopin.policy import Pack, check_pack, read_pack
from tuopin.policy.dated import confidence_on, figures_on, in_force, parameter_on, source_on
from tuopin.policy.files import DatedValue, Parameter, Standard
from tuopin.sweep import run_examples
from tuopin.terms import value_at

#: Yunnan Survey Yearbook 2017, table 4-2 (2011-2016); State Council notes (2010); Xinhua 2020-12-03 (2019). 2017 and 2018
#: are own knowledge.
SURVEY = {
    2010: 2300, 2011: 2536, 2012: 2625, 2013: 2736, 2014: 2800,
    2015: 2855, 2016: 2952, 2017: 2952, 2018: 2995, 2019: 3218,
}  # fmt: skip
#: Poverty office 2017-12-04 (2013); circular of Ningdu, Jiangxi (2014-2018); 2019 by the rule; white paper 2021 (2020).
EXIT = {2013: 2736, 2014: 2800, 2015: 2968, 2016: 3146, 2017: 3335, 2018: 3535, 2019: 3747, 2020: 4000}
#: How sure the values of a year are: found on a page that states it, in one county alone, or on none.
SURE = [
    ("survey_line", 2016, "high"),
    ("survey_line", 2017, "medium"),
    ("survey_line", 2018, "medium"),
    ("survey_line", 2019, "high"),
    ("exit_line", 2013, "high"),
    ("exit_line", 2018, "medium"),
    ("exit_line", 2019, "medium"),
    ("exit_line", 2020, "high"),
]

#: By rule and figure: a day, its value there, and who says so.
THRESHOLDS = [
    ("county_exit", "incidence_max", "2016-04-29", "0.02", "exit Opinions of April 2016"),
    ("county_exit", "incidence_max_west", "2016-04-29", "0.03", "exit Opinions of April 2016"),
    ("county_exit", "wrong_exit_max", "2017-10-31", "0.02", "special evaluation, Outlook weekly 2017-11-06"),
    ("county_exit", "missed_max", "2017-10-31", "0.02", "special evaluation, three sources"),
    ("county_exit", "approval_min", "2017-10-31", "0.9", "special evaluation, Outlook weekly 2017-11-06"),
    ("village_exit", "village_incidence_max", "2016-04-29", "0.02", "exit Opinions of April 2016"),
    ("village_exit", "village_incidence_max_west", "2016-04-29", "0.03", "exit Opinions of April 2016"),
    ("water_enough", "litres_min", "2023-03-24", "35", "Chengkou county, Chongqing, 2023-03-24"),
    ("water_enough", "litres_min", "2013-12-31", "20", "scheme of 2004, lower end of basically safe"),
    ("water_enough", "litres_scarce", "2023-03-24", "20", "Chengkou county, Chongqing, 2023-03-24"),
    ("water_near", "minutes_max", "2023-03-24", "20", "Chengkou county; scheme of 2004"),
    ("water_near", "horizontal_max", "2023-03-24", "800", "Chengkou county; another page: 1,000"),
    ("water_near", "vertical_max", "2023-03-24", "80", "Chengkou county; another page: 100"),
    ("water_all_year", "days_short_max", "2023-03-24", "36", "90 % of a year: Chengkou county; scheme of 2004"),
    ("water_all_year", "drought_days_min", "2023-03-24", "70", "Chengkou county: 70 to 100"),
    ("moved_home", "debt_max", "2018-12-31", "10000", "county handbook of acceptance"),
    ("of_compulsory_age", "compulsory_from", "2018-12-31", "6", "census communiqué No. 4: 6 to 15"),
    ("of_compulsory_age", "compulsory_to", "2018-12-31", "15", "census communiqué No. 4: 6 to 15"),
    ("hit_by_a_blow", "oop_exited", "2023-12-31", "5000", "triggers of one county"),
    ("hit_by_a_blow", "oop_other", "2023-12-31", "20000", "triggers of one county"),
    ("hit_by_a_blow", "school_year", "2023-12-31", "10000", "triggers of one county"),
    ("clearing", "clear_after", "2021-12-31", "6", "Anhui: income steady for six months"),
    ("lines.yaml", "range_multiple", "2020-12-31", "1.5", "guidance of March 2020"),
]

#: Who was below which value: Jingbian (2021), Minhou (2023), Dehua (2024), Yunnan (2025), as their pages say.
RANGES = [(2021, "610824", 6000), (2023, "350121", 10560), (2024, "350526", 19560), (2025, "530000", 8700)]

#: The days on which the campaign's rules changed, and one standard that changed with each.
ERAS = [
    ("2013-10-01", "entry"),
    ("2015-08-01", "entry"),
    ("2016-04-29", "household_exit"),
    ("2020-03-20", "monitoring"),
    ("2021-05-14", "monitoring"),
    ("2026-02-03", "monitoring"),
]

CHINA = Path(__file__).parents[2] / "src/tuopin/packs/china"
#: A figure without dates: its key, its value and what stands beside it.
UNDATED = re.compile(r"^ +(reply_days|review_months): (\d+)(?: +# (.*))?$", re.MULTILINE)

#: What nobody may be asked or judged by.
UNASKED = ("party", "religio", "faith", "ethnic", "gambl", "drug", "family_planning", "politic", "own_drive", "moral")


@pytest.fixture(scope="module")
def pack() -> Pack:
    return read_pack("china")


def standard(pack: Pack, id: str) -> Standard:
    spec = pack.rules[id].spec
    assert isinstance(spec, Standard)
    return spec


def first_of(year: int) -> date:
    return date(year, 1, 1)


def value_of(values: Mapping[date, Decimal | DatedValue | None], day: date) -> Decimal | None:
    held = figures_on(values, day)
    assert held is not None
    return held.default


@pytest.mark.parametrize(("line", "published"), [("survey_line", SURVEY), ("exit_line", EXIT)])
def test_a_line_has_its_published_values_and_no_other(pack: Pack, line: str, published: dict[int, int]) -> None:
    values = pack.lines[line].values
    held = {day: value_of(values, day) for day, value in values.items() if value is not None}
    assert held == {first_of(year): Decimal(value) for year, value in published.items()}


def test_the_survey_line_ends_with_2019_and_nobody_is_counted_by_it_in_2020(pack: Pack) -> None:
    """None was published for 2020; "about 4,000" is the line of exits."""
    assert [day for day, value in pack.lines["survey_line"].values.items() if value is None] == [first_of(2020)]
    counted = standard(pack, "below_survey_line").editions
    assert in_force(counted, date(2019, 12, 31)).anything
    assert not in_force(counted, first_of(2020)).anything


@pytest.mark.parametrize("id", ["entry", "poor_again"])
def test_the_register_takes_nobody_in_after_2020(pack: Pack, id: str) -> None:
    assert in_force(standard(pack, id).editions, date(2020, 12, 31)).anything
    assert not in_force(standard(pack, id).editions, first_of(2021)).anything


def test_the_line_of_exits_rises_by_six_percent_a_year_from_2014(pack: Pack) -> None:
    """Series (b): base 2014, 6 % a year; 2020 was rounded up to about 4,000."""
    values = pack.lines["exit_line"].values
    for year in range(2015, 2020):
        ramp = (2800 * Decimal("1.06") ** (year - 2014)).quantize(Decimal(1), ROUND_HALF_UP)
        assert value_of(values, first_of(year)) == ramp, year
    assert value_of(values, first_of(2020)) == Decimal(4000) > 2800 * Decimal("1.06") ** 6


@pytest.mark.parametrize(("line", "year", "sure"), SURE)
def test_a_value_found_on_no_page_is_not_said_to_be_sure(pack: Pack, line: str, year: int, sure: str) -> None:
    assert confidence_on(pack.lines[line], first_of(year)) == sure


def test_statistics_and_eligibility_do_not_share_a_line(pack: Pack) -> None:
    assert pack.lines["survey_line"].use == ["statistics"]
    assert all(line.use == ["eligibility"] for id, line in pack.lines.items() if id != "survey_line")
    rules = {id: texts_of(rule.spec) for id, rule in pack.rules.items()}
    assert [id for id, texts in rules.items() if names(texts) & {"survey_line", "survey_income"}] == [
        "below_survey_line"
    ]


@pytest.mark.parametrize(("year", "area", "value"), RANGES)
def test_the_monitoring_range_of_a_place_is_the_one_it_published(pack: Pack, year: int, area: str, value: int) -> None:
    on_day = parameter_on(pack.parameters["range_set_locally"], date(year, 12, 31))
    assert on_day is not None
    assert on_day.areas.get(area, on_day.default) == value
    assert pack.parameters["range_set_locally"].confidence == "low"


def test_the_range_of_2021_is_one_and_a_half_times_the_last_line(pack: Pack) -> None:
    """County pages of 2021: 1.5 times the line of the campaign period, 6,000 yuan."""
    last, multiple = (
        figures_on(pack.parameters[id].values, date(2021, 12, 31)) for id in ("campaign_line", "range_multiple")
    )
    assert last is not None
    assert multiple is not None
    assert (last.default, multiple.default) == (Decimal(4000), Decimal("1.5"))
    assert value_at(pack.lines["monitoring_line"].formulas, date(2020, 3, 20)) == "range_multiple * campaign_line"


@pytest.mark.parametrize(("of", "id", "day", "value", "said_by"), THRESHOLDS)
def test_a_threshold_is_the_published_one(pack: Pack, of: str, id: str, day: str, value: str, said_by: str) -> None:
    (parameter,) = (one for where, name, one in figures(pack) if (where, name) == (of, id))
    assert value_at(parameter.values, date.fromisoformat(day)) == Decimal(value), said_by


def test_the_worked_county_has_a_combined_incidence_of_1324_in_a_hundred_thousand(pack: Pack) -> None:
    """Rural 300,000; remaining 3,000; exited 40,000; unregistered 257,000; rates 0.5 % and 0.3 %: 1.324 %, pass."""
    example = pack.examples["worked_example"]
    count = {id: Decimal(str(value)) for id, value in example.area.items() if id != "region"}
    wrong = count["wrong_exit_persons_found"] / count["exited_persons_looked_at"]
    missed = count["missed_persons_found"] / count["unregistered_persons_looked_at"]
    assert (wrong, missed) == (Decimal("0.005"), Decimal("0.003"))
    assert [count[id] for id in ("rural_persons", "registered_persons", "exited_persons", "unregistered_persons")] == [
        300_000, 3_000, 40_000, 257_000,
    ]  # fmt: skip
    assert example.expect.numbers["combined_incidence"] == Decimal("0.01324")
    assert example.expect.answers == {"county_exit": "met"}


@pytest.mark.parametrize(("first", "id"), ERAS)
def test_an_era_begins_on_its_day_and_not_the_day_before(pack: Pack, first: str, id: str) -> None:
    editions, day = standard(pack, id).editions, date.fromisoformat(first)
    today, before = in_force(editions, day).general, in_force(editions, day - timedelta(days=1)).general
    assert today is not None
    assert today.from_ == day
    assert before is None or before.from_ < day


def test_the_examples_are_many_and_all_come_out(pack: Pack) -> None:
    assert check_pack(pack) == []
    results = run_examples(pack)
    assert len(results) >= 60
    assert f" {len(results)} households, villages and counties" in (CHINA / "README.md").read_text("utf-8")
    assert [(result.id, result.differences) for result in results if result.differences] == []


def test_whoever_left_was_registered_even_where_no_entry_was_imported(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of a county may begin with the exits of 2016. Each exited household is judged as if its entry were there."""
    exited = {id: one for id, one in pack.examples.items() if one.of == "household" and one.standing == "exited"}
    assert exited.keys() >= {"poor_again_after_an_exit", "same_bill_for_one_who_was_registered", "unstable_after_exit"}
    monkeypatch.setattr("tuopin.sweep.examples._STEPS", {"exited": ["exit"]})
    results = run_examples(replace(pack, examples=exited))
    assert [(result.id, result.differences) for result in results if result.differences] == []


def test_every_figure_says_where_it_comes_from(pack: Pack) -> None:
    for of, id, figure in figures(pack):
        assert len(figure.source.split()) >= 4, (of, id)
        assert not re.search(r"\[?K-[HML]\b|\bS\d+[a-z]?\b", figure.source), (
            of,
            id,
            "names a source, not a tag of ours",
        )
    undated = [
        line for file in sorted(CHINA.glob("standards/*.yaml")) for line in UNDATED.findall(file.read_text("utf-8"))
    ]
    assert len(undated) == 8 + 9  # questions; categories of three texts
    page = read("reference/china-pack.md")
    for id, value, beside in undated:
        assert re.fullmatch(r"this pack's own, low: .+|own knowledge, medium: .+", beside), (id, value, beside)
        sure = "low" if beside.startswith("this pack's own") else "medium"
        assert re.search(
            rf"^\| `{id}` \| [^|]+ \| {value} \| \w+ \| {sure} \| .*own", page, re.MULTILINE | re.IGNORECASE
        ), id


def test_nothing_of_our_own_is_said_to_be_sure(pack: Pack) -> None:
    """Own knowledge is at most medium; a choice of the pack where no text gives a figure is low."""
    for of, id, figure in figures(pack):
        if "own knowledge" in figure.source or "This pack's own" in figure.source:
            assert figure.confidence in ("medium", "low"), (of, id)
        if "This pack's own" in figure.source or "one county" in figure.source:
            assert figure.confidence == "low", (of, id)
    for id, line in pack.lines.items():
        for day in line.values:
            if "own knowledge" in source_on(line, day).lower():
                assert confidence_on(line, day) in ("medium", "low"), (id, day)


def test_a_figure_from_a_day_that_no_text_gives_is_not_said_to_be_sure(pack: Pack) -> None:
    """The sources date the guidance of 2020 to March, the end of the register to 2020, the guiding opinions to 2021."""
    unread = {date(2020, 3, 20), date(2021, 1, 1), date(2021, 5, 14)}
    found = {(of, id): one.confidence for of, id, one in figures(pack) if unread & set(one.values)}
    assert {("lines.yaml", "range_multiple"), ("clearing", "clear_after"), ("red_line", "red_share")} <= found.keys()
    assert {key for key, sure in found.items() if sure == "high"} == set()


def test_the_cause_of_the_first_registration_is_history_and_no_rule_names_it(pack: Pack) -> None:
    """The form of Guizhou 2013 has twelve causes, one of which judges somebody's will."""
    assert pack.facts["registered_cause"].history
    assert len(pack.facts["registered_cause"].values) == 12
    for id, spec in [*((id, rule.spec) for id, rule in pack.rules.items()), *pack.derived.items()]:
        assert "registered_cause" not in names(texts_of(spec)), id


def test_nobody_is_asked_or_judged_by_how_he_lives_or_believes(pack: Pack) -> None:
    ids = [*pack.facts, *pack.derived, *pack.rules]
    codes = [code for id, fact in pack.facts.items() if id != "registered_cause" for code in fact.values]
    assert [id for id in (*ids, *codes) for word in UNASKED if word in id] == []


def test_a_match_in_a_register_proposes_a_question_and_touches_no_gate(pack: Pack) -> None:
    looked_up = {id for id, derived in pack.derived.items() if "in_register" in derived.rule}
    reading = {id for id, rule in pack.rules.items() if names(texts_of(rule.spec)) & looked_up}
    assert len(reading) == len(looked_up) == 8
    assert {standard(pack, id).proposes for id in reading} == {"question"}
    others = [id for id, rule in pack.rules.items() if id not in reading and names(texts_of(rule.spec)) & reading]
    assert others == []


def test_every_text_is_there_in_english_and_in_chinese(pack: Pack) -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    texts = [text for part in (pack.about, *pack.facts.values(), *pack.derived.values()) for text in texts_in(part)]
    texts += [text for rule in pack.rules.values() for text in texts_in(rule.spec)]
    texts += [text for part in (*pack.lines.values(), *pack.examples.values()) for text in texts_in(part)]
    assert len(texts) > 500
    for text in texts:
        assert chinese.search(text["zh-Hans"]), text
        assert not chinese.search(text["en"]), text


def test_every_reason_for_a_proposal_is_told_in_words(pack: Pack) -> None:
    """A question has words of its own (`asks`)."""
    proposing = [id for id, rule in pack.standards() if rule.proposes not in (None, "question")]
    assert len(proposing) == 10
    for id in proposing:
        for edition in standard(pack, id).editions:
            assert [test for test in edition.tests if not standard(pack, id).in_words(test, edition)] == [], id


def texts_of(spec: BaseModel) -> str:
    """All that a rule or derived fact says, in one string."""
    return spec.model_dump_json(exclude={"source", "question", "label", "asks", "parameters"})


def names(text: str) -> set[str]:
    """The names in a text."""
    return set(re.findall(r"[a-z][a-z0-9_]+", text))


def texts_in(part: object) -> Iterator[dict[str, str]]:
    """Every text by language in a part of a pack."""
    if isinstance(part, BaseModel):
        part = {name: getattr(part, name) for name in type(part).model_fields}
    if isinstance(part, Parameter | str):
        return
    if isinstance(part, dict):
        if "en" in part:
            yield part
        else:
            for inner in part.values():
                yield from texts_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from texts_in(inner)
