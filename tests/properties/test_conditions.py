"""Does a compiled condition say just what can be said, for every way of completing what nobody knows?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.vocabulary import HOUSEHOLD, SUMS, Known, conditions, known, specs, stored, sums
from tests.reference_evaluator import Scene, Unknown, judged, possible
from tests.unit.policy.invented import Household, Register, derived, evaluated, make_pack, standard
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


@settings(max_examples=40)
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


@settings(max_examples=15)
@given(texts=SEVERAL, households=MANY)
def test_with_everything_known_there_is_always_an_answer_and_it_is_exact(engine: Engine, texts: list[str], households: list[Known]) -> None:
    complete = [{name: fact.possible[-1] if isinstance(fact, Unknown) else fact for name, fact in facts.items()} for facts in households]
    for facts, row in zip(complete, evaluated(engine, pack_of(texts), register_of(complete)), strict=True):
        for number, text in enumerate(texts):
            assert row[f"rule_{number}"] == judged(text, scene(facts)), (text, facts)
            assert row[f"by_fact_{number}"] == row[f"rule_{number}"]


@settings(max_examples=10)
@given(texts=SEVERAL, households=MANY)
def test_a_household_alone_gets_the_answer_that_it_gets_among_many(engine: Engine, texts: list[str], households: list[Known]) -> None:
    pack, register = pack_of(texts), register_of(households)
    among_many = evaluated(engine, pack, register)
    for number in range(0, len(households), 3):
        (alone,) = evaluated(engine, pack, register.alone(number))
        for rule in pack.rules:
            assert alone[rule] == among_many[number][rule], (texts, households[number])


@settings(max_examples=15)
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


@settings(max_examples=15)
@given(texts=st.lists(conditions(HOUSEHOLD), min_size=6, max_size=6))
def test_where_nothing_was_asked_only_what_literals_decide_is_answered(engine: Engine, texts: list[str]) -> None:
    everything = frozenset(word.name for word in HOUSEHOLD)
    (row,) = evaluated(engine, pack_of(texts), register_of([{}], everything))
    for number, text in enumerate(texts):
        assert row[f"rule_{number}"] == judged(text, scene({}, everything)), text
        assert row[f"by_fact_{number}"] in (row[f"rule_{number}"], None), text
