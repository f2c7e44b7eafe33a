"""Are a score's ends, its probabilities and the range of categories the least and the most that can come out?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.vocabulary import HOUSEHOLD, SUMS, Known, conditions, known, specs, stored, sums
from tests.reference_evaluator import Scene, completions, judged
from tests.unit.policy.invented import Household, Register, derived, evaluated, fact, groups, make_pack, score, standard
from tuopin.policy import check_pack
from tuopin.tables.engines import Engine

#: Facts of few values, and conditions over them of which no two look at the same fact.
FEW = tuple(word for word in HOUSEHOLD if word.name in ("lit", "wet", "far", "roof", "rooms", "rate"))
APART = ("lit", "not wet", "far or false", "rooms >= 2", "rate > 0.25")
ROOF = tuple(next(word for word in FEW if word.name == "roof").unknown.possible)
POINTS = st.sampled_from([-5, -1, 0, 2, 7])
FINE_POINTS = st.sampled_from([Fraction(-5, 4), Fraction(1, 2), Fraction(3), Fraction(0)])
MANY = st.lists(known(FEW), min_size=8, max_size=8)


def totals(household: Known, items: Sequence[Mapping[str, Any]]) -> set[Fraction]:
    """Every sum of points that some completion of the unknown gives."""
    scene = Scene(household)
    asked = [str(item.get("when", "roof = roof")) for item in items]
    return {
        sum((points(item, world) for item in items), Fraction(0)) for world in completions(asked, scene, at_most=10_000)
    }


def points(item: Mapping[str, Any], world: Scene) -> Fraction:
    """What one item gives where everything is known."""
    if "fact" in item:
        return Fraction(item["points"][world.facts[item["fact"]]])
    return Fraction(item["points"]) if judged(item["when"], world) else Fraction(0)


def items_of(points: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A scorecard whose items look at different facts: one by code, the rest by condition."""
    by_code = st.fixed_dictionaries(
        {"fact": st.just("roof"), "points": st.fixed_dictionaries({str(code): points for code in ROOF})}
    )
    by_condition = st.fixed_dictionaries({"points": points})
    several = st.lists(by_condition, min_size=1, max_size=len(APART))
    return st.builds(
        lambda code, whens: [code, *({"when": APART[n], **when} for n, when in enumerate(whens))], by_code, several
    )


def register(households: Sequence[Known]) -> Register:
    return Register([Household(stored(facts)) for facts in households], members=False)


@settings(max_examples=8)
@given(items=items_of(POINTS), households=MANY)
def test_both_ends_of_a_score_are_attained_and_nothing_lies_beyond(
    engine: Engine, items: list[dict[str, Any]], households: list[Known]
) -> None:
    pack = make_pack(facts=specs(*FEW), scores={"card": score(*items)})
    for facts, row in zip(households, evaluated(engine, pack, register(households)), strict=True):
        found = totals(facts, items)
        assert (row["card_low"], row["card_high"]) == (min(found), max(found)), facts


@settings(max_examples=8)
@given(
    items=items_of(FINE_POINTS),
    households=MANY,
    cuts=st.lists(st.sampled_from(["-1.5", "0", "0.25", "3", "3.5"]), min_size=2, max_size=2),
)
def test_a_score_cannot_be_told_only_while_the_cut_lies_between_its_ends(
    engine: Engine, items: list[dict[str, Any]], households: list[Known], cuts: list[str]
) -> None:
    pack = make_pack(
        facts=specs(*FEW), scores={"card": score(*items)},
        standards={f"rule_{n}": standard(f"card >= {cut}") for n, cut in enumerate(cuts)}
        | {f"over_{n}": standard(f"not card <= {cut}") for n, cut in enumerate(cuts)},
    )  # fmt: skip
    for facts, row in zip(households, evaluated(engine, pack, register(households)), strict=True):
        found = totals(facts, items)
        for n, cut in enumerate(cuts):
            assert row[f"rule_{n}"] is one({total >= Fraction(cut) for total in found}), (facts, cut)
            assert row[f"over_{n}"] is one({total > Fraction(cut) for total in found}), (facts, cut)


def one(answers: set[bool]) -> bool | None:
    """The one answer, or None if there are two."""
    return answers.pop() if len(answers) == 1 else None


RISING = {-4: "0.05", 0: "0.1", 3: "0.5", 9: "0.925"}
FALLING = {-4: "0.9", 0: "0.7", 3: "0.3", 9: "0.001"}
FLAT = {0: "0.5", 5: "0.5"}


@pytest.mark.parametrize("table", [RISING, FALLING, FLAT], ids=["rising", "falling", "flat"])
@settings(max_examples=6)
@given(items=items_of(POINTS), households=MANY)
def test_probabilities_lie_between_those_of_the_least_and_the_most_points(
    engine: Engine, table: dict[int, str], items: list[dict[str, Any]], households: list[Known]
) -> None:
    pack = make_pack(
        facts=specs(*FEW),
        scores={"card": score(*items, probability={start: Fraction(value) for start, value in table.items()})},
        standards={"rule": standard("card_probability >= 0.5")},
    )
    for facts, row in zip(households, evaluated(engine, pack, register(households)), strict=True):
        found = {float(read(table, total)) for total in totals(facts, items)}
        assert (row["card_probability_low"], row["card_probability_high"]) == (min(found), max(found)), facts
        assert row["rule"] is one({value >= 0.5 for value in found})


def read(table: Mapping[int, str], total: Fraction) -> Fraction:
    """The probability of a score: that of the last step reached; below the first step, the first."""
    reached = [start for start in sorted(table) if start <= total]
    return Fraction(table[reached[-1] if reached else min(table)])


@settings(max_examples=8)
@given(chosen=st.permutations(APART), households=MANY)
def test_the_range_of_categories_is_what_the_completions_give(
    engine: Engine, chosen: list[str], households: list[Known]
) -> None:
    named = [(f"group_{n}", condition) for n, condition in enumerate(chosen[:3])]
    pack = make_pack(facts=specs(*FEW), categories={"level": groups(*named, otherwise="rest")})
    order = [id for id, _ in named] + ["rest"]
    for facts, row in zip(households, evaluated(engine, pack, register(households)), strict=True):
        found = sorted(order.index(first_that_holds(named, world)) for world in completions(chosen[:3], Scene(facts)))
        assert (row["level_first"], row["level_last"]) == (order[found[0]], order[found[-1]]), facts


def first_that_holds(named: Sequence[tuple[str, str]], world: Scene) -> str:
    """The category where everything is known."""
    return next((id for id, condition in named if judged(condition, world)), "rest")


@settings(max_examples=6)
@given(
    texts=st.lists(conditions(HOUSEHOLD, depth=1), min_size=3, max_size=3),
    households=st.lists(known(HOUSEHOLD), min_size=6, max_size=6),
)
def test_whatever_the_conditions_every_completion_lies_in_the_range(
    engine: Engine, texts: list[str], households: list[Known]
) -> None:
    named = [(f"group_{n}", text) for n, text in enumerate(texts)]
    pack = make_pack(
        facts=specs(*HOUSEHOLD), parameters=sums(),
        scores={"card": score(*({"when": text, "points": 2 - n} for n, text in enumerate(texts)))},
        categories={"level": groups(*named, otherwise="rest")},
        standards={"second": standard("level = 'group_1'"), "not_last": standard("level <> 'rest'")},
    )  # fmt: skip
    order = [id for id, _ in named] + ["rest"]
    for facts, row in zip(households, evaluated(engine, pack, register(households)), strict=True):
        for world in completions(texts, Scene(facts, figures=SUMS)):
            if any(judged(text, world) is None for text in texts):  # a ratio to nothing
                continue
            group = first_that_holds(named, world)
            total = sum(2 - n for n, text in enumerate(texts) if judged(text, world))
            assert order.index(row["level_first"]) <= order.index(group) <= order.index(row["level_last"])
            assert row["card_low"] <= total <= row["card_high"]
            assert row["second"] in (group == "group_1", None)
            assert row["not_last"] in (group != "rest", None)


def test_a_score_of_facts_that_nobody_asked_spans_all_its_points_and_passes_no_cut(engine: Engine) -> None:
    pack = make_pack(
        facts=specs(*FEW),
        scores={
            "card": score(
                {"when": "lit", "points": 3},
                {"when": "wet", "points": -2},
                {"fact": "roof", "points": {str(c): 4 for c in ROOF}},
            )
        },
        standards={"pass": standard("card >= 0"), "known": standard("card is not null")},
    )
    (row,) = evaluated(engine, pack, Register([Household()], frozenset(word.name for word in FEW), members=False))
    assert (row["pass"], row["known"]) == (None, None)


def test_the_first_category_that_holds_is_taken_and_later_ones_are_not_looked_at(engine: Engine) -> None:
    pack = make_pack(
        facts=specs(*FEW), categories={"level": groups(("worst", "lit"), ("poor", "wet"), otherwise="none")},
        standards={"is_poor": standard("level = 'poor'"), "not_poor": standard("level <> 'poor'"),
        "some": standard("level in ('worst', 'poor')")},
    )  # fmt: skip
    register = Register(
        [
            Household({"lit": True, "wet": True}),
            Household({"lit": True}),
            Household({"wet": True}),
            Household({"lit": False}),
        ],
        members=False,
    )
    rows = evaluated(engine, pack, register)
    assert [(row["level_first"], row["level_last"]) for row in rows] == [
        ("worst", "worst"),
        ("worst", "worst"),
        ("worst", "poor"),
        ("poor", "none"),
    ]
    assert [row["is_poor"] for row in rows] == [False, False, None, None]
    assert [row["not_poor"] for row in rows] == [True, True, None, None]
    assert [row["some"] for row in rows][:2] == [True, True]


def test_a_scorecard_may_stand_on_roll_ups_and_on_other_scores(engine: Engine) -> None:
    pack = make_pack(
        facts={"age": fact("integer", "member", min=0, max=130)},
        derived={"children": derived("count_if(age < 18)", "integer", unit="person")},
        scores={
            "need": score({"when": "children >= 2", "points": 4}, {"when": "children >= 1", "points": 1}),
            "double": score({"when": "need >= 5", "points": 10}),
        },
    )
    rows = evaluated(
        engine,
        pack,
        Register([Household({}, [{"age": 3}, {"age": None}]), Household({}, [{"age": 3}, {"age": 4}]), Household()]),
    )
    assert [(row["need_low"], row["need_high"]) for row in rows] == [(1, 5), (5, 5), (0, 0)]
    assert [(row["double_low"], row["double_high"]) for row in rows] == [(0, 10), (10, 10), (0, 0)]


def test_points_must_be_given_to_each_code_and_to_no_other() -> None:
    pack = make_pack(
        facts=specs(*FEW), scores={"card": score({"fact": "roof", "points": {"mud": 1, "brick": 2, "straw": 3}})}
    )
    (problem,) = check_pack(pack)
    assert "straw" in problem.what
    assert problem.place.rule == "card"


def test_probabilities_that_neither_rise_nor_fall_are_refused() -> None:
    pack = make_pack(
        facts=specs(*FEW), scores={"card": score({"when": "lit", "points": 1}, probability={0: 0.2, 1: 0.9, 2: 0.3})}
    )
    (problem,) = check_pack(pack)
    assert "neither rise nor fall" in problem.what
