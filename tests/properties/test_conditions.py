"""Does a compiled condition say just what can be said, for every way of completing what nobody knows?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.vocabulary import HOUSEHOLD, SUMS, Known, conditions, known, specs, stored, sums
from tests.reference_evaluator import Scene, Unknown, judged, measured, possible
from tests.unit.policy.invented import Household, Register, derived, evaluated, fact, make_pack, parameter, standard
from tuopin.policy import Pack
from tuopin.tables.engines import Engine

MANY = st.lists(known(HOUSEHOLD), min_size=8, max_size=8)
SEVERAL = st.lists(conditions(HOUSEHOLD), min_size=4, max_size=4)


def pack_of(texts: Sequence[str]) -> Pack:
    """Each condition twice: as the text of a rule, and as a derived fact that a rule names."""
    return make_pack(
        facts=specs(*HOUSEHOLD),
        parameters=sums(),
        derived={f"fact_{n}": derived(text, parameters=sums()) for n, text in enumerate(texts)},
        standards={f"rule_{n}": standard(text) for n, text in enumerate(texts)}
        | {f"by_fact_{n}": standard(f"fact_{n}") for n in range(len(texts))},
    )


def register_of(households: Sequence[Known], absent: frozenset[str] = frozenset()) -> Register:
    return Register([Household(stored(facts)) for facts in households], absent=absent, members=False)


def scene(facts: Known, absent: frozenset[str] = frozenset()) -> Scene:
    """The household as it is known: of a fact that was never asked nothing is known at all."""
    never = {name: replace(fact_unknown(name), asked=False) for name in absent}
    return Scene({**facts, **never}, figures=SUMS)


def fact_unknown(name: str) -> Unknown:
    return next(word.unknown for word in HOUSEHOLD if word.name == name)


@settings(max_examples=16)
@given(texts=SEVERAL, households=MANY)
def test_an_answer_holds_in_every_completion_and_is_given_wherever_logic_gives_it(
    engine: Engine, texts: list[str], households: list[Known]
) -> None:
    for facts, row in zip(households, evaluated(engine, pack_of(texts), register_of(households)), strict=True):
        for number, text in enumerate(texts):
            for answer in (row[f"rule_{number}"], row[f"by_fact_{number}"]):
                if answer is not None:
                    assert possible(text, scene(facts)) == {answer}, (text, facts)
                assert judged(text, scene(facts)) in (answer, None), (text, facts)


@settings(max_examples=10)
@given(texts=SEVERAL, households=MANY)
def test_with_everything_known_there_is_always_an_answer_and_it_is_exact(
    engine: Engine, texts: list[str], households: list[Known]
) -> None:
    complete: list[Known] = [
        {name: fact.possible[-1] if isinstance(fact, Unknown) else fact for name, fact in facts.items()}
        for facts in households
    ]
    for facts, row in zip(complete, evaluated(engine, pack_of(texts), register_of(complete)), strict=True):
        for number, text in enumerate(texts):
            assert row[f"rule_{number}"] == judged(text, scene(facts)), (text, facts)
            assert row[f"by_fact_{number}"] == row[f"rule_{number}"]


@settings(max_examples=6)
@given(texts=SEVERAL, households=MANY)
def test_a_household_alone_gets_the_answer_that_it_gets_among_many(
    engine: Engine, texts: list[str], households: list[Known]
) -> None:
    pack, register = pack_of(texts), register_of(households)
    among_many = evaluated(engine, pack, register)
    for number in range(0, len(households), 3):
        (alone,) = evaluated(engine, pack, register.alone(number))
        for rule in pack.rules:
            assert alone[rule] == among_many[number][rule], (texts, households[number])


@settings(max_examples=10)
@given(texts=SEVERAL, households=MANY, absent=st.frozensets(st.sampled_from([word.name for word in HOUSEHOLD])))
def test_a_fact_that_was_never_asked_is_no_ground_for_an_answer(
    engine: Engine, texts: list[str], households: list[Known], absent: frozenset[str]
) -> None:
    for facts, row in zip(households, evaluated(engine, pack_of(texts), register_of(households, absent)), strict=True):
        for number, text in enumerate(texts):
            for answer in (row[f"rule_{number}"], row[f"by_fact_{number}"]):
                if answer is not None:
                    assert possible(text, scene(facts, absent)) == {answer}, (text, facts, absent)
            assert judged(text, scene(facts, absent)) in (row[f"rule_{number}"], None), (text, facts, absent)


@settings(max_examples=10)
@given(texts=st.lists(conditions(HOUSEHOLD), min_size=6, max_size=6))
def test_where_nothing_was_asked_only_what_literals_decide_is_answered(engine: Engine, texts: list[str]) -> None:
    everything = frozenset(word.name for word in HOUSEHOLD)
    (row,) = evaluated(engine, pack_of(texts), register_of([{}], everything))
    for number, text in enumerate(texts):
        for answer in (row[f"rule_{number}"], row[f"by_fact_{number}"]):
            assert answer in (judged(text, scene({}, everything)), None), text


# --- numbers near the limits of what is stored -----------------------------------------------------------------------

NEAR = {
    "a": (10**13, 10**13 - 1, 10**12 + 1, 9_007_199_254_740_993 // 1000, 1, 0, -1, -(10**13) + 1, -(10**13)),
    "n": (10**9, 10**9 - 1, 33_333_333, 1, 0, -1, -(10**9)),
    "q": (10**12, 10**12 - 1, 123_456_789_013, 1, 0, -1, -(10**12)),
}
LARGE = {
    **{name: (fact("money", unit="XTS"), 2, NEAR["a"]) for name in ("a", "b", "c")},
    **{name: (fact("integer"), 0, NEAR["n"]) for name in ("n", "m")},
    **{name: (fact("decimal", scale=3), 3, NEAR["q"]) for name in ("q", "r")},
    "fine": (fact("decimal", scale=6, min=0, max=1), 6, (0, 1, 333_333, 999_999, 1_000_000)),
}
EXACT = (
    "a > b", "a + b > c", "a - b = c", "a + b = c + a", "a * n > b * n", "a * n = b * n", "a * q > b * q",
    "a * q = b * r", "a * n - b * n >= c * n", "a * n + b > c * n",
    "q * r > r * q", "q * r >= q * r + 0.000001", "n * n * n > m * n * n", "a + a + a + a + a > b * 5", "2 * a > b + c",
    "a * 0.000001 > b * 0.000001", "a * 0.3 = b * 0.3",
    "greatest(a, b) - least(a, b) > c", "greatest(a * n, b) > c", "a between b and c", "a * fine > b",
    "a * fine * fine >= b * fine", "a * n * fine > b * m * fine", "q * n > 999999999999", "n * 0.999999 < m",
    "q in (1000000000, 999999999.999, -0.001)", "n * 999999999999 > m * 999999999998",
    "q * 123456.654321 > r * 123456.654321", "-(a * n) < b * m", "n <> m", "q + n > r + m", "a - 0.000001 * a < b",
)  # fmt: skip


@st.composite
def large(draw: st.DrawFn) -> Known:
    """A household with numbers at the limits of what is stored."""
    return {name: Fraction(draw(st.sampled_from(values)), 10**scale) for name, (_, scale, values) in LARGE.items()}


@settings(max_examples=4)
@given(households=st.lists(large(), min_size=60, max_size=60))
def test_numbers_are_exact_to_the_last_unit_at_the_limits_of_what_is_stored(
    engine: Engine, households: list[Known]
) -> None:
    facts = {name: spec for name, (spec, _, _) in LARGE.items()}
    pack = make_pack(facts=facts, standards={f"rule_{number}": standard(text) for number, text in enumerate(EXACT)})
    for known_facts, row in zip(households, evaluated(engine, pack, register_of(households)), strict=True):
        for number, text in enumerate(EXACT):
            assert row[f"rule_{number}"] is judged(text, Scene(known_facts)), (text, known_facts)


@settings(max_examples=10)
@given(members=st.lists(large(), min_size=1, max_size=4))
def test_sums_over_members_are_exact_at_the_limits_of_what_is_stored(engine: Engine, members: list[Known]) -> None:
    facts = {name: {**spec, "entity": "member"} for name, (spec, _, _) in LARGE.items()}
    rules: dict[str, tuple[str, dict[str, Any]]] = {"sum": ("sum_of(a)", {"type": "money", "unit": "XTS"}),
    "most": ("max_of(q)", {"type": "decimal", "scale": 3}), "total": ("sum_of(q + n)", {"type": "decimal", "scale": 3}),
             "fines": ("sum_of(fine * 3)", {"type": "decimal", "scale": 6})}  # fmt: skip
    scene = Scene({}, members, rules={name: rule for name, (rule, _) in rules.items()})
    exact = {name: measured(name, scene).point for name in rules}
    limit = {name: parameter(value, "XTS" if name == "sum" else None) for name, value in exact.items()}
    pack = make_pack(
        facts=facts,
        derived={name: derived(rule, **spec) for name, (rule, spec) in rules.items()},
        standards={name + "_right": standard(f"{name} = exact", parameters={"exact": limit[name]}) for name in rules},
    )
    (row,) = evaluated(engine, pack, Register([Household({}, [stored(member) for member in members])]))
    assert {name: row[name + "_right"] for name in rules} == dict.fromkeys(rules, True), exact
