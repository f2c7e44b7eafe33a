"""Does every engine give every household the same answer, to the last bit?

An engine that cannot do something yet says so on the test, with the reason: `@pytest.mark.notyet("spark", "…")`. A mark
that stops being true fails the run.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from sqlglot import exp

from tests.properties.vocabulary import HOUSEHOLD, MEMBER, SUMS, Known, Word, specs, stored, sums
from tests.reference_evaluator import Scene, judged, possible
from tests.unit.policy.invented import (
    VILLAGES,
    Household,
    Register,
    answers,
    derived,
    evaluated,
    fact,
    figure,
    groups,
    line,
    make_pack,
    parameter,
    score,
    standard,
    write_register,
)  # fmt: skip
from tuopin.policy import EVALUATED, AreaEvaluation, Evaluation, Pack, sql
from tuopin.policy.sql import Sql
from tuopin.sweep.estimates import estimating_on
from tuopin.tables.engines import Engine


@pytest.fixture(autouse=True)
def honest_marks(request: pytest.FixtureRequest, engine: Engine) -> None:
    """What an engine is marked as not doing must fail on it."""
    for mark in ("notimpl", "notyet", "never"):
        for found in request.node.iter_markers(mark):
            name, reason = found.args
            if name == engine.name:
                request.applymarker(pytest.mark.xfail(reason=f"{mark}: {reason}", strict=True))


# --- the words that the compiler uses --------------------------------------------------------------------------------

one, two, none = sql.integer(1), sql.integer(2), sql.unknown("bigint")
yes, no, open_ = sql.truth(True), sql.truth(False), sql.unknown("boolean")
day = sql.cast(sql.text("2016-02-29"), "date")
huge = sql.wide(sql.cast(sql.text("12345678901234567890123456789"), "decimal(38, 0)"))

WORDS: list[tuple[str, Sql, object]] = [
    ("a no decides an and", sql.both([open_, no]), False),
    ("an unknown leaves an and open", sql.both([open_, yes]), None),
    ("a yes decides an or", sql.either([open_, yes]), True),
    ("an unknown leaves an or open", sql.either([open_, no]), None),
    ("all of nothing", sql.both([]), True),
    ("any of nothing", sql.either([]), False),
    ("not of an unknown", sql.deny(open_), None),
    ("an unknown equals nothing", sql.compare("=", none, none), None),
    ("an unknown differs from nothing", sql.compare("<>", none, one), None),
    ("an unknown is in no list", sql.one_of(none, [one, two]), None),
    ("in a list", sql.one_of(two, [one, two]), True),
    ("is unknown", sql.is_unknown(none), True),
    ("is known", sql.is_known(none), False),
    ("a choice without a last resort", sql.choose([(no, one)]), None),
    ("an unknown case is passed over", sql.choose([(open_, one)], otherwise=two), 2),
    ("the first case that holds", sql.choose([(yes, one), (yes, two)]), 1),
    ("the greatest passes over an unknown", sql.greatest(none, one), 1),
    ("the least passes over an unknown", sql.least(two, none), 2),
    ("the greatest of nothing known", sql.greatest(none, sql.unknown("bigint")), None),
    ("the first that is known", sql.coalesce(none, two), 2),
    ("minus a minus", sql.compute("-", one, sql.integer(-2)), 3),
    ("a product binds closer only by its brackets", sql.compute("*", sql.compute("+", one, two), two), 6),
    ("many digits", sql.compute("-", sql.compute("*", huge, sql.wide(sql.integer(1_000_000_000))), sql.wide(one)),
    Decimal(12345678901234567890123456788999999999)),
    ("many digits compared",
    sql.compare("<", sql.compute("*", huge, sql.wide(two)),
    sql.compute("+", sql.compute("*", huge, sql.wide(two)), sql.wide(one))), True),
    ("64 bits against 38 digits",
    sql.compare("=", sql.wide(sql.integer(9_007_199_254_740_993)),
    sql.cast(sql.integer(9_007_199_254_740_992), "bigint")), False),
    ("a quotient is a double", sql.quotient(one, sql.integer(3)), 1 / 3),
    ("nothing to divide by", sql.quotient(one, sql.integer(0)), None),
    ("a real to the last bit", sql.real(0.1), 0.1),
    ("a quotient equals its decimal", sql.compare("=", sql.quotient(one, sql.integer(10)), sql.real(0.1)), True),
    ("the year", sql.cast(sql.year_of(day), "bigint"), 2016),
    ("the month", sql.cast(sql.month_of(day), "bigint"), 2),
    ("the day", sql.cast(sql.day_of(day), "bigint"), 29),
    ("a quoted text", sql.text("it's \\ \"x\" -- ; 人"), "it's \\ \"x\" -- ; 人"),
    ("texts joined", sql.joined_text([sql.text("a"), sql.unknown("text"), sql.text(""), sql.text("b")]), "a,,b"),
    ("a number as text", sql.as_text(sql.cast(sql.integer(-5), "bigint")), "-5"),
    ("a truth as text", sql.as_text(yes), "true"),
    ("a day as text", sql.as_text(day), "2016-02-29"),
    ("an unknown as text", sql.as_text(none), "?"),
    ("a digest", sql.digest(sql.text("人")), hashlib.md5("人".encode(), usedforsecurity=False).hexdigest()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tree", "expected"), [(tree, expected) for _, tree, expected in WORDS], ids=[name for name, _, _ in WORDS]
)
def test_a_word_means_the_same_everywhere(engine: Engine, tree: Sql, expected: object) -> None:
    ((found,),) = engine.rows(exp.select(sql.named(tree.copy(), "it")))
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)
    assert isinstance(found, float) == isinstance(expected, float)


def test_aggregates_pass_over_the_unknown_and_sums_stay_whole(engine: Engine) -> None:
    rows = [{"g": 1, "x": 9_007_199_254_740_993}, {"g": 1, "x": 1}, {"g": 1, "x": None}, {"g": 2, "x": None}]
    engine.view("numbers", pa.Table.from_pylist(rows, schema=pa.schema([("g", pa.int64()), ("x", pa.int64())])))
    x = sql.column("x")
    wanted = {
        "n": sql.count(),
        "known": sql.count(x),
        "sum": sql.total(x),
        "most": sql.largest(x),
        "least": sql.smallest(x),
    }
    query = (
        exp.select("g", *(sql.named(tree, name) for name, tree in wanted.items()))
        .from_("numbers")
        .group_by("g")
        .order_by("g")
    )
    assert engine.rows(query) == [
        (1, 3, 2, 9_007_199_254_740_994, 9_007_199_254_740_993, 1),
        (2, 1, 0, None, None, None),
    ]


# --- the functions of the language, by hand --------------------------------------------------------------------------

FACTS = {
    "lit": fact("boolean"), "n": fact("integer"), "m": fact("integer", min=0), "q": fact("decimal", scale=2),
    "walls": fact("code", values=["mud", "it's", "Ziegel", "砖"]),
    "cash": fact("money", unit="XTS"), "debt": fact("money", unit="XTS"), "moved": fact("month"), "seen": fact("date"),
}  # fmt: skip
KNOWN = {
    "lit": True,
    "n": -3,
    "m": 4,
    "q": Decimal("1.25"),
    "walls": "砖",
    "cash": Decimal("0.10"),
    "debt": Decimal("-0.20"),
    "moved": date(2015, 2, 1),
    "seen": date(2016, 2, 29),
}

BY_HAND = [
    ("n < 0 and m > 0", True, None), ("not lit", False, None), ("lit = (n < 0)", True, None),
    ("lit <> (n > 0)", True, None), ("walls = '砖'", True, None),
    ("walls in ('mud', 'it''s')", False, None), ("walls <> 'it''s'", True, None), ("n in (-3, 3)", True, None),
    ("q in (1.25)", True, None), ("q between 1.25 and 1.25", True, None),
    ("n not between -2 and 2", True, None), ("n is null", False, True), ("walls is not null", True, False),
    ("n is null or n < 0", True, True), ("greatest(n, m) = 4", True, None),
    ("greatest(n, 7) >= 7", True, True), ("least(n, -7) <= -7", True, True), ("least(m, 2) = 2", True, None),
    ("ratio(n, m) = -0.75", True, None), ("ratio(n, m) < -0.75", False, None),
    ("ratio(cash, m) < ratio(debt, m)", False, None), ("n * n = 9", True, None), ("n - -3 = 0", True, None),
    ("-n = 3", True, None), ("q * q = 1.5625", True, None), ("q + 0.005 = 1.255", True, None),
    ("cash + cash + cash > sum_of_three", False, None), ("cash + cash + cash = sum_of_three", True, None),
    ("cash * 3 <> sum_of_three", False, None), ("debt + cash * 2 = 0", True, None),
    ("months_since(moved) = 22", True, None), ("years_since(moved) = 1", True, None),
    ("months_since(seen) = 10", True, None), ("years_since(seen) = 0", True, None), ("true or n > 0", True, True),
    ("false and n > 0", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "unknown"), BY_HAND, ids=[text for text, _, _ in BY_HAND])
def test_a_condition_by_hand(engine: Engine, text: str, expected: bool, unknown: bool | None) -> None:
    """With everything known, and with nothing known."""
    pack = make_pack(
        facts=FACTS, parameters={"sum_of_three": parameter(0.3, "XTS")}, standards={"rule": standard(text)}
    )
    rows = evaluated(engine, pack, Register([Household(KNOWN), Household()], members=False))
    assert [row["rule"] for row in rows] == [expected, unknown]


# --- a whole invented register against the reference -----------------------------------------------------------------

CONDITIONS = (
    "lit and not wet", "lit or wet and far", "not (lit and wet) = far", "walls = roof",
    "walls in ('mud', 'it''s') or roof <> 'brick'", "rooms >= 2 and goats < 3", "rate * rooms >= 0.5",
    "land - rate > 0", "cash + rent >= some", "cash * rooms > rent or cash is null", "greatest(goats, rooms) <= 3",
    "least(rate, land) < 0.25", "ratio(land, rooms) >= 1.25", "ratio(cash, rooms) < some",
    "months_since(moved) between 0 and 24", "years_since(moved) >= 2", "rooms is null or rate is not null",
    "goats * goats >= 9", "cash not between debt_sum and some", "rooms in (0, 3)",
    "(lit = wet) <> far", "greatest(cash, rent) - least(cash, rent) > cent", "-goats <= rooms * 1000000000",
    "land * 0.000001 + rate < 1",
)  # fmt: skip
ROLLED: dict[str, tuple[str, dict[str, Any]]] = {
    "anyone": ("any_of(ill and works)", {"type": "boolean"}),
    "everyone": ("all_of(age >= 1 or sex = 'male')", {"type": "boolean"}),
    "number": ("count_if(works or age > 2)", {"type": "integer", "unit": "person"}),
    "part": ("share_of(ill)", {"type": "decimal", "scale": 2}),
    "wages": ("sum_of(wage)", {"type": "money", "unit": "XTS"}), "debts": ("sum_of(debt)", {"type": "integer"}),
    "oldest": ("max_of(age)", {"type": "integer"}),
    "least_debt": ("min_of(debt)", {"type": "integer"}),
    "balance": ("sum_of(wage - gift * age)", {"type": "money", "unit": "XTS"}),
}  # fmt: skip
QUESTIONS = (
    "anyone", "everyone", "not anyone and everyone", "number >= 2", "number = 1", "part >= 0.5", "part < 0.34",
    "wages > cent", "wages <= cent * 3", "debts > 0", "debts is null", "oldest >= 2", "oldest <= 2", "least_debt < 0",
    "balance >= 0", "balance < cent", "household_size >= 2", "ratio(wages, household_size) >= a_head",
    "wages >= a_head * household_size", "number < household_size and household_size > 0",
    "goats * number >= -4", "goats * number < 0", "debts * number <= 7", "number * number >= 4", "rate * number > -1",
    "ratio(goats, number) >= 0.5", "ratio(goats, number) < 0", "ratio(number, household_size) <= 0.5",
    "ratio(debts, number) >= -1", "ratio(rooms, number) >= 1", "goats - debts < 2", "greatest(goats, debts) >= 1",
)  # fmt: skip

FIGURES = {**SUMS, "a_head": Fraction(1, 100)}


def drawn(words: Sequence[Word], name: str) -> Known:
    """What is known of somebody: drawn by a hash, so that anyone can draw it again; a third is unknown."""
    known: Known = {}
    for word in words:
        number = int.from_bytes(hashlib.sha256(f"{name}/{word.name}".encode()).digest()[:4], "big")
        known[word.name] = (
            word.unknown if number % 3 == 0 else word.unknown.possible[number // 3 % len(word.unknown.possible)]
        )
    return known


def population(size: int) -> tuple[list[Scene], Register]:
    """Households of nobody to four people in every village, and the same as scenes for the reference."""
    scenes, households = [], []
    for number in range(size):
        facts = drawn(HOUSEHOLD, f"h{number}")
        members = [drawn(MEMBER, f"h{number}m{member}") for member in range(number % 5)]
        scenes.append(Scene(facts, members, FIGURES, {name: rule for name, (rule, _) in ROLLED.items()}))
        households.append(
            Household(stored(facts), [stored(member) for member in members], area=VILLAGES[number % len(VILLAGES)])
        )
    return scenes, Register(households)


TEXTS = {f"rule_{number}": text for number, text in enumerate((*CONDITIONS, *QUESTIONS))}
PACK = make_pack(
    facts=specs(*HOUSEHOLD, *MEMBER), parameters={**sums(), "a_head": parameter(FIGURES["a_head"], "XTS/person")},
    derived={name: derived(rule, **spec) for name, (rule, spec) in ROLLED.items()},
    standards={id: standard(text) for id, text in TEXTS.items()}
)  # fmt: skip


def test_no_household_differs_from_the_reference(engine: Engine) -> None:
    scenes, register = population(80)
    rows = evaluated(engine, PACK, register)
    for scene, row in zip(scenes, rows, strict=True):
        for rule, text in TEXTS.items():
            if "balance" not in text:  # of a computed item only the ends as a whole are known, not those of its parts
                assert judged(text, scene) in (row[rule], None), (text, scene)
            if row[rule] is not None:
                assert possible(text, scene, at_most=30) == {row[rule]}, (text, scene)


def test_parts_and_stored_facts_change_no_answer(engine: Engine, tmp_path: Any) -> None:
    _, register = population(30)
    whole = evaluated(engine, PACK, register)
    in_parts = replace(register, a_part=1)
    assert evaluated(engine, PACK, in_parts) == whole
    snapshot = write_register(tmp_path / "snapshot", PACK, register)
    order = sorted(range(30), key=lambda number: (register.households[number].area, number))
    fresh, again = (Evaluation(PACK, snapshot, register.as_of, engine) for _ in range(2))
    at_hand = [row for part in fresh.parts for row in shown(fresh, part)]
    assert sorted(at_hand, key=lambda row: row["household_no"]) == sorted(
        answers(again, order), key=lambda row: row["household_no"]
    )


def shown(evaluation: Evaluation, part: int) -> list[dict[str, Any]]:
    """A part's answers from facts that were not stored before."""
    assert not evaluation.facts_file(part).exists()
    evaluation.show_facts(part)
    evaluation.answer(part)
    return list(evaluation.engine.arrow("SELECT * FROM answered").to_pylist())


def test_the_same_register_twice_gives_the_same_answers_in_the_same_order(engine: Engine) -> None:
    _, register = population(40)
    assert evaluated(engine, PACK, register) == evaluated(engine, PACK, register)


# --- places, figures, scores, registers of other offices, standings --------------------------------------------------


def everything() -> Pack:
    """One pack with all that depends on more than a household's own rows."""
    return make_pack(
        about={"registers": {"cars": {"label": {"en": "Cars"}}}},
        facts={"income": fact("money", unit="XTS"), "lit": fact("boolean"),
        "roof": fact("code", values=["tin", "straw"]), "power": fact("integer", "register:cars"),
        "flood": fact("boolean", "area"), "walls": fact("code", "dwelling", values=["mud"])},
        derived={"strong_car": derived("in_register(cars, power >= 100)")},
        figures={"middle": figure("median", "income", weight="households", by="region"),
        "mean": figure("mean", "income", weight="persons")},
        parameters={"minimum": parameter({"2000-01-01": {"default": 10, "areas": {"n": 20, "n12": 15}}}, "XTS")},
        lines={"either": line(formulas={"2000-01-01": "greatest(0.5 * middle, 0.75 * minimum)"}),
        "average": line(formulas={"2000-01-01": "mean"})},
        scores={"card": score({"when": "lit", "points": -2}, {"fact": "roof", "points": {"tin": 5, "straw": 0.5}},
        probability={-2: 0.9, 0: 0.4, 3: 0.125})},
        categories={"level": groups(("poor", "income < either"), ("near", "card <= 3"))},
        standards={
            "under": standard("income < either"), "below_average": standard("income < average"),
            "car": standard("strong_car"), "flooded": standard("flood"), "in": standard("standing = 'registered'"),
            "asked": standard("applied"), "mud": standard("walls = 'mud'"),
            "pilot": standard("", {"from": "2000-01-01", "met": "lit"},
            {"from": "2010-01-01", "status": "pilot", "areas": ["n1"], "met": "not lit"}),
            "second": standard("under and not car"),
        },
    )  # fmt: skip


def test_a_figure_that_differs_by_area_is_the_nearest_areas_in_every_row(engine: Engine) -> None:
    limits = {"2000-01-01": {"default": 60, "areas": {"n": 50, "n12": 55}}}
    pack = make_pack(
        facts={"age": fact("integer", "member", unit="year", min=0, max=130), "head_age": fact("integer", unit="year")},
        parameters={"limit": parameter(limits, "year")},
        derived={
            "old_head": derived("head_age >= limit"),
            "old": derived("age >= limit", entity="member"),
            "somebody_old": derived("any_of(old)"),
            "old_persons": derived("count_if(age >= limit)", "integer", unit="person"),
        },
        standards={"head": standard("old_head"), "some": standard("somebody_old"), "two": standard("old_persons = 2")},
    )
    members = [{"age": 52}, {"age": 57}]
    places = ("ev", "n11", "n12", "s11")
    for a_part in (1, 250_000):
        people = [Household({"head_age": 57}, members, area=area) for area in places]
        rows = evaluated(engine, pack, Register(people, a_part=a_part))
        # 60 in e and s, 50 in n11, 55 in n12.
        assert [row["head"] for row in rows] == [False, True, True, False]
        assert [row["some"] for row in rows] == [False, True, True, False]
        assert [row["two"] for row in rows] == [False, True, False, False]


def test_what_depends_on_more_than_one_row_by_hand(engine: Engine) -> None:
    people = [
        Household({"income": 7, "lit": True, "roof": "tin", "walls": "mud"}, [{"person_key": 1}], area="ev"),
        Household(
            {"income": 14, "lit": True},
            [{"person_key": 2}, {"person_key": 3}],
            area="n11",
            decisions=[("entry", date(2016, 1, 1))],
        ),
        Household(
            {"income": 14, "lit": False, "roof": "straw"},
            [{"person_key": 4}],
            area="n12",
            leads=[("application", date(2016, 5, 5))],
        ),
        Household(
            {"income": 100, "lit": None, "roof": "straw"},
            [{"person_key": None}],
            area="n21",
            decisions=[("entry", date(2016, 1, 1)), ("exit", date(2016, 2, 1))],
        ),
        Household({}, [{"person_key": 5}, {"person_key": 6}], area="s11"),
    ]
    cars: list[dict[str, Any]] = [
        {"person_key": 1, "power": 90},
        {"person_key": 1, "power": 100},
        {"person_key": 3, "power": None},
        {"person_key": 4, "power": 99},
        {"person_key": 9, "power": 500},
    ]
    register = Register(
        people,
        foreign={"cars": cars},
        covered={"cars": ["e", "n"]},
        areas={"n": {"flood": True}, "n11": {"flood": False}, "e": {"flood": False}},
    )
    rows = evaluated(engine, everything(), register)
    # e: median 7, line 7.5; n: of 14, 14 and 100 the median is 14, so the line is 0.75 of the minimum: 15, and 11.25
    # in n12; s: nothing said, the line is at least 7.5
    assert [row["under"] for row in rows] == [True, True, False, False, None]
    # the mean of 7, 2 × 14, 14 and 100 over five persons: 29.8
    assert [row["below_average"] for row in rows] == [True, True, True, False, None]
    assert [row["car"] for row in rows] == [True, None, False, None, None]
    assert [row["flooded"] for row in rows] == [False, False, True, True, None]
    assert [row["in"] for row in rows] == [False, True, False, False, False]
    assert [row["asked"] for row in rows] == [False, False, True, False, False]
    assert [row["mud"] for row in rows] == [True, None, None, None, None]
    assert [row["pilot"] for row in rows] == [True, False, True, None, None]
    assert [row["second"] for row in rows] == [False, None, False, False, None]
    assert [(row["card_low"], row["card_high"]) for row in rows] == [(30, 30), (-15, 30), (5, 5), (-15, 5), (-15, 50)]
    assert [(row["card_probability_low"], row["card_probability_high"]) for row in rows] == [
        (0.125, 0.125),
        (0.125, 0.9),
        (0.4, 0.4),
        (0.4, 0.9),
        (0.125, 0.9),
    ]
    assert [(row["level_first"], row["level_last"]) for row in rows] == [
        ("poor", "poor"),
        ("poor", "poor"),
        ("near", "near"),
        ("near", "near"),
        ("poor", "none"),
    ]


def test_a_median_is_the_same_to_the_last_decimal(engine: Engine, tmp_path: Any) -> None:
    pack = make_pack(
        facts={"income": fact("money", unit="XTS"), "size": fact("integer", min=1)},
        figures={"middle": figure("median", "income / size", weight="households", by="village")},
    )
    households = [
        Household({"income": Fraction(number * 7919 % 1009, 100), "size": 1 + number % 7}, area=VILLAGES[number % 5])
        for number in range(200)
    ]
    found = Evaluation(
        pack,
        write_register(tmp_path / "snapshot", pack, Register(households, members=False)),
        date(2016, 12, 31),
        engine,
    ).figures["middle"]
    for place, village in enumerate(VILLAGES):
        heads = sorted(
            float(h.facts["income"]) / h.facts["size"] for number, h in enumerate(households) if number % 5 == place
        )
        middle = (heads[len(heads) // 2 - 1] + heads[len(heads) // 2]) / 2
        value = found[village].value
        assert value is not None
        assert math.isclose(value, middle, abs_tol=0.00005001)


# --- areas -----------------------------------------------------------------------------------------------------------


def test_shares_of_areas_have_the_ends_that_were_worked_out_by_hand(engine: Engine, tmp_path: Any) -> None:
    """Of 52 persons in n11, 30 surely and 32 at most are poor; all were visited. Nobody lives in s11."""
    share = {
        "label": {"en": "?"}, "source": "invented", "applies_to": "village", "decides": {"2000-01-01": "point"},
        "confidence": parameter(Decimal("0.95")),
    }  # fmt: skip
    pack = make_pack(
        facts={"household_size": fact("integer", unit="person", min=1, max=20), "poor": fact("boolean")},
        derived={"poor_persons": derived("persons_if(poor)", "integer", entity="area", unit="person")},
        estimates={
            "rate": {**share, "found": "poor_persons", "of": "persons", "among": "persons"},
            "all_in_all": {**share, "known": "poor_persons", "extrapolated": ["rate"], "among": "persons"},
        },
        standards={
            limit: standard(f"rate < {text}", applies_to="village")
            for limit, text in (("below_50", "0.5"), ("below_60", "0.6"), ("below_70", "0.7"))
        }
        | {"all": standard("all_in_all >= 0.5", applies_to="village")},
    )
    houses = [
        *(Household({"household_size": 10, "poor": number < 3}) for number in range(5)),
        Household({"household_size": 2}),
    ]
    snapshot = write_register(tmp_path / "snapshot", pack, Register(houses, members=False))
    evaluation = Evaluation(pack, snapshot, date(2016, 12, 31), engine, facts_root=tmp_path / "facts")
    evaluation.store_facts()
    areas = AreaEvaluation(evaluation, estimating_on(evaluation.day))
    areas.add_up()
    (plan,) = areas.plans
    areas.evaluate(plan)
    rows = {row["area_code"]: row for row in engine.arrow(f"SELECT * FROM {EVALUATED}").to_pylist()}
    found = rows["n11"]
    assert (found["rate_point__low"], found["rate_point__high"]) == (30 / 52, 32 / 52)
    assert found["rate_lower__low"] < found["rate_lower__high"] < 30 / 52 < found["rate_upper__low"]
    assert (found["all_in_all_point__low"], found["all_in_all_point__high"]) == (1.0, 1.0), "60 of 52: never above one"
    assert [found[limit] for limit in ("below_50", "below_60", "below_70", "all")] == [False, None, True, True]
    assert (rows["s11"]["rate_point__low"], rows["s11"]["below_70"]) == (None, None)
