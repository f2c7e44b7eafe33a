"""Is one household explained in words that a person can check: which area, which member, how many points?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.intake.invented import Invented
from tests.unit.policy.invented import (
    Facts,
    Household,
    Register,
    derived,
    fact,
    make_pack,
    parameter,
    score,
    standard,
    write_register,
)
from tuopin.policy import Pack, read_pack
from tuopin.sweep import Explanation, explain_household
from tuopin.sweep.wording import LANGUAGES, is_singular
from tuopin.tables import Snapshot
from tuopin.tables.schema import PROPOSED

SPOKEN = {"languages": ["en", "fr", "zh"]}


def explained(
    folder: Path, pack: Pack, household: Household, language: str = "en", *, absent: Sequence[str] = ()
) -> Explanation:
    """The only household of a register, explained."""
    snapshot = write_register(folder / "snapshot", pack, Register([household], frozenset(absent)))
    return explain_household(pack=pack, snapshot=snapshot, household_id="h0", language=language)


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", LANGUAGES)
def test_every_language_has_the_same_sentences_with_the_same_gaps(id: str) -> None:
    english, other = LANGUAGES["en"], LANGUAGES[id]
    assert list(other) == list(english)
    assert {key: gaps(text) for key, text in other.items()} == {key: gaps(text) for key, text in english.items()}


@pytest.mark.parametrize("id", LANGUAGES)
def test_everything_that_a_rule_may_propose_has_a_sentence(id: str) -> None:
    of_intake = {"check", "duplicate"}  # a look at everybody, which one household explained does not take
    assert set(PROPOSED) - of_intake <= set(LANGUAGES[id])


def gaps(text: str) -> list[str]:
    """The names that a sentence takes."""
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize(
    ("language", "low", "high", "one"),
    [
        ("en", "1", "1", True),
        ("en", "-1", "-1", True),
        ("en", "0", "0", False),
        ("en", "0", "1", False),
        ("en", "1.5", "1.5", False),
        ("fr", "0", "0", True),
        ("fr", "0", "1", True),
        ("fr", "1.5", "1.5", True),
        ("fr", "2", "2", False),
        ("fr", "-5", "0", False),
    ],
)
def test_each_language_has_its_own_singular(language: str, low: str, high: str, *, one: bool) -> None:
    assert is_singular(language, Decimal(low), Decimal(high)) is one


ASKS = {"en": "Is it so?", "fr": "Est-ce vrai ?", "zh": "是否属实？"}


@pytest.mark.parametrize(
    ("days", "language", "said"),
    [
        (1, "en", "A question, with 1 day to reply; "),
        (15, "en", "A question, with 15 days to reply; "),
        (1, "fr", "Une question, avec 1 jour pour répondre ; "),
        (15, "fr", "Une question, avec 15 jours pour répondre ; "),
        (15, "zh", "需要询问，15 天内答复；"),
    ],
)
def test_a_question_counts_its_days_in_words(tmp_path: Path, days: int, language: str, said: str) -> None:
    question = standard("phone_owned", proposes="question", asks=ASKS, reply_days=days)
    pack = make_pack(about=SPOKEN, facts={"phone_owned": fact("boolean")}, standards={"rich": question})
    asking = with_stage(pack, "identification")
    lines = explained(tmp_path, asking, Household({"phone_owned": True}), language).lines()
    assert any(line.startswith(said) for line in lines), lines


def with_stage(pack: Pack, stage: str) -> Pack:
    """The pack with all its rules in one stage."""
    return replace(pack, rules={id: replace(rule, stage=stage) for id, rule in pack.rules.items()})


# --- where it lives, and how it stands -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "area"),
    [("en", "North (N) / Upper valley (N1) / Mill (v1)"), ("fr", "Nord (N) / Upper valley (N1) / Moulin (v1)")],
)
def test_an_area_has_its_name_in_the_language_and_its_code(tmp_path: Path, language: str, area: str) -> None:
    folder = Invented(tmp_path).run().path
    assert folder is not None
    pack, snapshot = read_pack("template", examples=False), Snapshot.open(folder)
    found = explain_household(
        pack=pack, snapshot=snapshot, household_id="h2", as_of=date(2016, 12, 31), language=language
    )
    assert f" {area}. " in found.lines()[0]
    assert found.to_dict()["area"] == ["N", "N1", "v1"], "scripts read the codes"


def test_an_area_without_a_name_is_called_by_its_code_once(tmp_path: Path) -> None:
    pack = make_pack(standards={"there": standard("household_size > 0")})
    assert ", in n / n1 / n11. " in explained(tmp_path, pack, Household(members=[{}])).lines()[0]


ENTERED, LEFT = ("entry", date(2010, 1, 1)), ("exit", date(2012, 1, 1))


@pytest.mark.parametrize(
    ("language", "decisions", "said"),
    [
        ("en", [], "  Standing in the register: not in the register"),
        ("en", [ENTERED], "  Standing in the register: in the register"),
        ("fr", [ENTERED, LEFT], "  Situation au registre : sorti du registre"),
        ("zh", [ENTERED, LEFT, ("return", date(2014, 1, 1))], "  登记状态：返贫后重新登记"),
    ],
)
def test_a_standing_is_told_in_words(tmp_path: Path, language: str, decisions: list[Any], said: str) -> None:
    pack = make_pack(about=SPOKEN, standards={"out": standard("standing = 'none'")})
    found = explained(tmp_path, pack, Household(decisions=decisions), language)
    assert said in found.lines()
    (seen,) = found.seen.standards[0].facts
    assert (seen.fact, seen.label, seen.value) == ("standing", "standing", found.seen.standing), "scripts read the code"


# --- members ---------------------------------------------------------------------------------------------------------

INSURED = {"insured": fact("boolean", "member"), "age": fact("integer", "member", unit="year", min=0, max=120)}
SEX = {"sex": fact("code", "member", values=["female", "male"])}


def rolled_up(rule: str, **more: Any) -> Pack:
    """A pack with one standard over one roll-up."""
    return make_pack(
        about=SPOKEN,
        facts=INSURED | SEX,
        derived={"someone": derived(rule, **more)},
        standards={"test": standard("someone")},
    )


def of_members(folder: Path, pack: Pack, members: Sequence[Facts], language: str = "en", **options: Any) -> list[str]:
    """What is said of each member, below the fact that is rolled up from them."""
    lines = explained(folder, pack, Household(members=members), language, **options).lines()
    return [line.strip() for line in lines if line.startswith("    ")]


def test_each_member_is_told_below_what_is_rolled_up(tmp_path: Path) -> None:
    members: list[Facts] = [{"insured": True}, {}, {"insured": False}]
    said = of_members(tmp_path, rolled_up("any_of(not insured)"), members)
    assert said == ["? member 1: yes; member 2: not known; member 3: no"]


def test_every_asked_fact_under_the_test_is_told_and_no_other(tmp_path: Path) -> None:
    members: list[Facts] = [{"age": 70, "sex": "female", "insured": True}, {"sex": "male"}]
    said = of_members(tmp_path, rolled_up("any_of(age >= 65 and sex = 'female')"), members)
    assert said == ["? member 1: 70 years; member 2: not known", "? member 1: female; member 2: male"]


def test_at_most_twelve_members_are_told(tmp_path: Path) -> None:
    pack, people = rolled_up("any_of(insured)"), [{"insured": False}] * 14
    (line,) = of_members(tmp_path / "14", pack, people)
    assert line.endswith("member 12: no; and 2 more")
    (line,) = of_members(tmp_path / "13", pack, people[:13], "fr")
    assert line.endswith("membre 12 : non ; et 1 autre")
    (line,) = of_members(tmp_path / "12", pack, people[:12], "zh")
    assert line.endswith("；成员 12：否")


def test_nobody_is_listed_where_no_member_was_asked(tmp_path: Path) -> None:
    said = of_members(tmp_path, rolled_up("any_of(insured)"), [{}, {}], absent=["insured"])
    assert said == ["? no member was asked"]


def test_members_are_not_told_of_what_the_source_gave_itself(tmp_path: Path) -> None:
    pack = rolled_up("any_of(insured)", given=True)
    assert of_members(tmp_path / "given", pack, [{"insured": True}]) == []
    assert of_members(tmp_path / "not", pack, [{"insured": True}], absent=["someone"]) == ["? member 1: yes"]


def test_scripts_read_every_member_of_a_large_household(tmp_path: Path) -> None:
    found = explained(tmp_path, rolled_up("any_of(insured)"), Household(members=[{"insured": False}, {}] * 10))
    (asked,) = found.to_dict()["standards"][0]["facts"][0]["members"]
    assert [answer["member"] for answer in asked["answers"]] == list(range(1, 21))
    assert asked["answers"][1] == {"member": 2, "value": None, "shown": None}


def test_money_of_members_is_told_in_its_own_units(tmp_path: Path) -> None:
    income = fact("money", "member", unit="XTS/year", min=0, max=100000)
    pack = make_pack(
        facts={"earned": income},
        derived={"all_earned": derived("sum_of(earned)", "money", unit="XTS/year")},
        standards={"poor": standard("all_earned < limit", parameters={"limit": parameter(1000, "XTS/year")})},
    )
    said = of_members(tmp_path, pack, [{"earned": Decimal("1200.5")}, {"earned": 0}])
    assert said == ["? member 1: 1\u202f200.5 XTS/year; member 2: 0 XTS/year"]


def test_a_month_of_birth_is_told_without_a_day(tmp_path: Path) -> None:
    pack = make_pack(
        facts={"birth_month": fact("month", "member")},
        derived={"someone_old": derived("any_of(years_since(birth_month) >= 65)")},
        standards={"old": standard("someone_old")},
    )
    assert of_members(tmp_path, pack, [{"birth_month": date(1950, 2, 1)}]) == ["? member 1: 1950-02"]


# --- scores ----------------------------------------------------------------------------------------------------------

POINTS = score(
    {"when": "light", "points": 1},
    {"when": "phone", "points": 4},
    {"when": "not light", "points": 7},
    {"when": "home_without_floor", "points": 3},
    {"fact": "roof", "points": {"straw": -1, "tiles": 2}},
)


def scored(**more: Any) -> Pack:
    """A pack with one score; the last item but one is a standard."""
    facts = {"light": fact("boolean"), "phone": fact("boolean"), "floor": fact("boolean")}
    return make_pack(
        about=SPOKEN,
        facts=facts | {"roof": fact("code", values=["straw", "tiles"])},
        standards={"home_without_floor": standard("not floor")},
        scores={"points": POINTS | more},
    )


def test_a_score_says_which_items_gave_how_much_and_which_cannot_be_told(tmp_path: Path) -> None:
    home = Household({"light": True, "floor": False, "roof": "tiles"})
    lines = explained(tmp_path, scored(), home).lines()
    assert lines[lines.index("?: 6 to 10.") :] == [
        "?: 6 to 10.",
        "  1 point: light",
        "  3 points: home_without_floor",
        "  2 points: roof",
        "  cannot tell, 0 to 4 points: phone",
    ]


def test_and_so_it_does_in_french_and_chinese(tmp_path: Path) -> None:
    home = Household({"light": True, "floor": True, "phone": False})
    french = explained(tmp_path / "fr", scored(), home, "fr").lines()
    assert french[-2:] == ["  1 point : light", "  on ne peut pas le dire, de -1 à 2 points : roof"]
    chinese = explained(tmp_path / "zh", scored(), home, "zh").lines()
    assert chinese[-2:] == ["  1 分：light", "  无法判断，-1 至 2 分：roof"]


def test_the_items_add_up_to_the_score(tmp_path: Path) -> None:
    (seen,) = explained(tmp_path, scored(), Household({"light": True, "roof": "straw"})).seen.scores
    assert sum(Decimal(item.low or 0) for item in seen.items) == Decimal(seen.low or 0)
    assert sum(Decimal(item.high or 0) for item in seen.items) == Decimal(seen.high or 0)
    assert [item.item for item in seen.items] == ["light", "phone", "not light", "home_without_floor", "roof"]


def test_one_point_with_a_probability_is_one_point(tmp_path: Path) -> None:
    card = score({"when": "light", "points": 1}, probability={0: Decimal("0.5"), 1: Decimal("0.25")})
    pack = make_pack(facts={"light": fact("boolean")}, scores={"card": card})
    assert "?: 1 point; chance 25%." in explained(tmp_path, pack, Household({"light": True})).lines()


def test_what_settles_is_the_fact_that_the_source_gave_not_what_it_might_be_computed_from(tmp_path: Path) -> None:
    units = derived("count_if(age >= 14)", "integer", unit="person", given=True)
    pack = make_pack(
        facts={"age": fact("integer", "member", unit="year", min=0, max=130)},
        derived={"units": units},
        standards={"crowded": standard("units > 3")},
    )
    household = Household({"units": None}, [{"age": None}, {"age": 20}])
    (rule,) = explained(tmp_path / "given", pack, household).seen.standards
    assert [question.fact for question in rule.settle] == ["units"]
    (rule,) = explained(tmp_path / "computed", pack, Household({}, household.members), absent=["units"]).seen.standards
    assert rule.answer == "not_met"  # two members are never more than three
    four: list[dict[str, int | None]] = [{"age": None}, {"age": 20}, {"age": 20}, {"age": 20}]
    (rule,) = explained(tmp_path / "four", pack, Household({}, four), absent=["units"]).seen.standards
    assert [question.fact for question in rule.settle] == ["age"]


@pytest.mark.parametrize("asked", ["zh", "zh-Hans", None])
def test_a_pack_that_names_its_script_is_read_aloud_in_its_own_words(tmp_path: Path, asked: str | None) -> None:
    asks = {"en": "Is it so?", "zh-Hans": "是否属实？"}
    standards = {"q": {**standard("odd"), "question": asks}}
    pack = make_pack(facts={"odd": fact("boolean")}, standards=standards, about={"languages": ["zh-Hans", "en"]})
    snapshot = write_register(tmp_path / "snapshot", pack, Register([Household({"odd": True})]))
    found = explain_household(pack=pack, snapshot=snapshot, household_id="h0", language=asked)
    assert found.language == "zh"
    assert "是否属实？ 是。[q]" in found.lines()
    assert "该政策没有这种语言的文本" not in "\n".join(found.lines())


def test_a_pack_without_text_in_the_language_keeps_its_own_words_and_says_so(tmp_path: Path) -> None:
    asks: dict[str, Any] = {"proposes": "question", "reply_days": 15, "asks": {"en": "Is it so?"}}
    pack = make_pack(facts={"odd": fact("boolean")}, standards={"q": standard("odd", **asks)})
    found = explained(tmp_path, pack, Household({"odd": True}), "zh")
    said = "\n".join(found.lines())
    assert "该政策没有这种语言的文本；政策原文语言为 en。" in said
    assert "该户的状态不因此改变：Is it so?" in said
    assert (found.language, found.proposals[0]["asks"]) == ("zh", "Is it so?")
    english = explained(tmp_path / "en", pack, Household({"odd": True}))
    assert "has no text in this language" not in "\n".join(english.lines())
