"""Is the judge of the compiler itself in order? By hand, and its two readings against each other."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

from tests.properties.vocabulary import HOUSEHOLD, SUMS, Known, conditions, known
from tests.reference_evaluator import Scene, Span, Unknown, completions, judged, measured, possible

BIT = Unknown((False, True))
DIE = Unknown(tuple(Fraction(n) for n in range(1, 7)), Fraction(1), Fraction(6))
NEVER = Unknown((Fraction(0), Fraction(1)), asked=False)
MEMBERS: tuple[Known, ...] = ({"die": DIE, "ill": True}, {"die": Fraction(2), "ill": BIT})
SCENE = Scene(
    {"a": BIT, "b": True, "n": DIE, "m": Fraction(4), "z": NEVER, "code": Unknown(("x", "y"))},
    MEMBERS,
    {"law": Fraction(3)},
    {"twice": "n + n"},
)


@pytest.mark.parametrize(
    ("text", "logic", "worlds"),
    [
        ("b", True, {True}), ("a", None, {True, False}), ("a or b", True, {True}), ("a and not b", False, {False}),
        ("a or not a", None, {True}), ("n >= 1", None, {True}),
        ("n > m", None, {True, False}), ("n - n = 0", None, {True}), ("twice >= law", None, {True, False}),
        ("m between law and 4", True, {True}), ("code in ('x', 'y')", None, {True}),
        ("code = 'x'", None, {True, False}), ("n is null", True, {True}), ("m is null", False, {False}),
        ("z is null", None, {None}), ("z = z", None, {None}), ("z <= law or b", True, {True}),
        ("greatest(n, 7) = 7", None, {True}), ("greatest(n, 7) >= 7", True, {True}), ("ratio(m, 2) = 2", True, {True}),
        ("ratio(m, 0) > 0", None, {None}),
        ("any_of(ill)", True, {True}), ("all_of(ill)", None, {True, False}), ("count_if(ill) >= 1", True, {True}),
        ("count_if(ill) >= 2", None, {True, False}), ("sum_of(die) >= 3", True, {True}),
        ("sum_of(die) > 3", None, {True, False}), ("max_of(die) <= 6", True, {True}),
        ("min_of(die) >= 2", None, {True, False}), ("household_size = 2", True, {True}),
        ("share_of(ill) >= 0.5", True, {True}),
    ],
)  # fmt: skip
def test_both_readings_by_hand(text: str, logic: bool | None, worlds: set[bool | None]) -> None:
    assert judged(text, SCENE) is logic
    assert possible(text, SCENE) == worlds


def test_over_nobody() -> None:
    nobody = Scene()
    assert (judged("any_of(ill)", nobody), judged("all_of(ill)", nobody), judged("share_of(ill) >= 0", nobody)) == (
        False,
        True,
        None,
    )
    assert measured("sum_of(die)", nobody) == Span(Fraction(0), Fraction(0))
    assert measured("max_of(die)", nobody) == Span()


def test_completions_are_all_there_are_or_an_even_choice() -> None:
    assert len(list(completions(["sum_of(die) + n > 1"], SCENE))) == 36
    assert len(list(completions(["n > 1"], SCENE))) == 6
    assert 30 <= len(list(completions(["sum_of(die) + n > 1 and a and code = 'x'"], SCENE))) <= 80


@settings(max_examples=100)
@given(conditions(HOUSEHOLD), known(HOUSEHOLD))
def test_what_three_valued_logic_answers_holds_in_every_world(text: str, facts: Known) -> None:
    scene = Scene(facts, figures=SUMS)
    answer = judged(text, scene)
    assert answer is None or possible(text, scene) == {answer}
