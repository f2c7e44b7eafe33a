"""Is a household's answer rolled up from its members without losing the unknown? One property a roll-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.vocabulary import MEMBER, SUMS, Known, Text, conditions, known, specs, stored, sums
from tests.reference_evaluator import Scene, Unknown, judged, possible
from tests.unit.policy.invented import Household, Register, derived, evaluated, fact, make_pack, standard
from tuopin.policy import Pack
from tuopin.policy.language import names, parse
from tuopin.tables.engines import Engine

Members = Sequence[Known]

#: Small households, some of nobody, and one household of one member of whom nothing is known.
PEOPLE = st.lists(known(MEMBER), max_size=3)
HOUSEHOLDS = st.lists(PEOPLE, min_size=8, max_size=8).map(
    lambda drawn: [*drawn, [], [{word.name: word.unknown for word in MEMBER}]]
)
INNER = conditions(MEMBER, depth=1)


@dataclass(frozen=True)
class RolledUp:
    """Roll-ups under test: each derived fact with what the rules ask of it."""

    rules: dict[str, dict[str, Any]]
    questions: dict[str, str]

    @property
    def pack(self) -> Pack:
        return make_pack(
            facts=specs(*MEMBER), derived=self.rules, parameters=sums(),
            standards={name: standard(text) for name, text in self.questions.items()},
        )  # fmt: skip

    def scene(self, members: Members) -> Scene:
        return Scene({}, members, SUMS, {name: rule["rule"] for name, rule in self.rules.items()})

    def register(self, households: Sequence[Members]) -> Register:
        return Register([Household({}, [stored(member) for member in members]) for members in households])


def truths(function: str) -> st.SearchStrategy[RolledUp]:
    """Roll-ups that are a yes or no."""
    return st.lists(INNER, min_size=3, max_size=3).map(
        lambda texts: RolledUp(
            {f"fact_{n}": derived(f"{function}({text})", parameters=sums()) for n, text in enumerate(texts)},
            {f"rule_{n}": f"fact_{n}" for n in range(len(texts))},
        )
    )


def measured(function: str, item: Text, thresholds: Sequence[str], **spec: Any) -> st.SearchStrategy[RolledUp]:
    """Roll-ups that are a number, held against thresholds."""
    return st.lists(item, min_size=2, max_size=2).map(
        lambda items: RolledUp(
            {f"fact_{n}": derived(f"{function}({item})", parameters=sums(), **spec) for n, item in enumerate(items)},
            {
                f"rule_{n}_{sign}_{threshold}": f"fact_{n} {word} {against}"
                for n in range(len(items))
                for sign, word in (("least", ">="), ("most", "<="), ("same", "="))
                for threshold, against in enumerate(thresholds)
            },
        )
    )


def agree(engine: Engine, rolled_up: RolledUp, households: Sequence[Members], *, complete: bool) -> None:
    """No answer that a completion contradicts; one alone as among many; if `complete`, none missing."""
    pack, register = rolled_up.pack, rolled_up.register(households)
    rows = evaluated(engine, pack, register)
    for members, row in zip(households, rows, strict=True):
        for rule, text in rolled_up.questions.items():
            scene, answer = rolled_up.scene(members), row[rule]
            if answer is not None:
                assert possible(text, scene) == {answer}, (text, rolled_up.rules, members)
            if complete:
                assert judged(text, scene) in (answer, None), (text, rolled_up.rules, members)
    (alone,) = evaluated(engine, pack, register.alone(0))
    assert {rule: alone[rule] for rule in rolled_up.questions} == {rule: rows[0][rule] for rule in rolled_up.questions}


NUMBER = ["0", "1", "3"]
SHARE = ["0.25", "0.5", "1"]
MONEY = ["0", "cent", "some"]


@settings(max_examples=5)
@given(rolled_up=truths("any_of"), households=HOUSEHOLDS)
def test_any_of_is_no_only_when_every_member_is_known(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


@settings(max_examples=5)
@given(rolled_up=truths("all_of"), households=HOUSEHOLDS)
def test_all_of_is_yes_only_when_every_member_is_known(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


@settings(max_examples=5)
@given(rolled_up=measured("count_if", INNER, NUMBER, type="integer", unit="person"), households=HOUSEHOLDS)
def test_a_count_lies_between_those_who_surely_count_and_those_who_may(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


@settings(max_examples=5)
@given(rolled_up=measured("share_of", INNER, SHARE, type="decimal", scale=2), households=HOUSEHOLDS)
def test_a_share_lies_between_those_who_surely_count_and_those_who_may(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


ONE_NUMBER = st.sampled_from(["age", "debt"])
ONE_SUM = st.sampled_from(["wage", "gift"])


@settings(max_examples=5)
@given(rolled_up=measured("sum_of", ONE_NUMBER, NUMBER, type="integer"), households=HOUSEHOLDS)
def test_a_sum_with_an_unknown_item_decides_only_by_declared_bounds(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


@settings(max_examples=5)
@given(rolled_up=measured("sum_of", ONE_SUM, MONEY, type="money", unit="XTS"), households=HOUSEHOLDS)
def test_a_sum_of_money_with_an_unknown_item_decides_only_by_declared_bounds(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


CHOSEN = st.tuples(ONE_SUM, INNER).map(", ".join)


@settings(max_examples=5)
@given(rolled_up=measured("sum_of", CHOSEN, MONEY, type="money", unit="XTS"), households=HOUSEHOLDS)
def test_a_sum_over_some_members_keeps_open_who_belongs_to_them(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


COMPUTED = st.tuples(st.sampled_from(["wage - gift", "-gift", "wage * 2 + cent"]), INNER).map(", ".join)


@settings(max_examples=5)
@given(rolled_up=measured("sum_of", COMPUTED, MONEY, type="money", unit="XTS"), households=HOUSEHOLDS)
def test_a_computed_sum_over_some_members_is_right_in_every_completion(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=False)


@settings(max_examples=5)
@given(rolled_up=measured("min_of", ONE_NUMBER, NUMBER, type="integer"), households=HOUSEHOLDS)
def test_the_least_of_members_is_open_below_while_one_is_unknown(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


@settings(max_examples=5)
@given(rolled_up=measured("max_of", ONE_NUMBER, NUMBER, type="integer"), households=HOUSEHOLDS)
def test_the_greatest_of_members_is_open_above_while_one_is_unknown(
    engine: Engine, rolled_up: RolledUp, households: list[Members]
) -> None:
    agree(engine, rolled_up, households, complete=True)


COMPOSED = st.sampled_from(
    [
        "wage + gift",
        "wage - gift",
        "greatest(wage, gift)",
        "least(wage, gift)",
        "gift * age",
        "-gift",
        "wage * 2 + cent",
        "gift - gift",
    ]
)


@settings(max_examples=5)
@given(
    function=st.sampled_from(["sum_of", "min_of", "max_of"]),
    items=st.lists(COMPOSED, min_size=2, max_size=2),
    households=HOUSEHOLDS,
)
def test_a_roll_up_of_a_computed_item_is_right_in_every_completion(
    engine: Engine, function: str, items: list[str], households: list[Members]
) -> None:
    rules = {
        f"fact_{n}": derived(f"{function}({item})", "money", unit="XTS", parameters=sums())
        for n, item in enumerate(items)
    }
    questions = {
        f"rule_{n}_{t}": f"fact_{n} >= {against}"
        for n in range(len(items))
        for t, against in enumerate([*MONEY, "huge"])
    }
    agree(engine, RolledUp(rules, questions), households, complete=False)


ALL: dict[str, tuple[dict[str, Any], Text, list[str]]] = {
    **{f"{name}_of": ({"type": "boolean"}, INNER, ["true"]) for name in ("any", "all")},
    "count_if": ({"type": "integer", "unit": "person"}, INNER, NUMBER),
    "share_of": ({"type": "decimal", "scale": 2}, INNER, SHARE),
    **{f"{name}_of": ({"type": "integer"}, ONE_NUMBER, NUMBER) for name in ("sum", "min", "max")},
}


@settings(max_examples=14)
@given(data=st.data(), households=HOUSEHOLDS, absent=st.frozensets(st.sampled_from([word.name for word in MEMBER])))
def test_a_question_that_no_member_was_asked_decides_nothing(
    engine: Engine, data: st.DataObject, households: list[Members], absent: frozenset[str]
) -> None:
    function = data.draw(st.sampled_from(sorted(ALL)))
    spec, item, thresholds = ALL[function]
    rule = f"{function}({data.draw(item)})"
    questions = {f"rule_{n}": f"fact >= {against}" for n, against in enumerate(thresholds)}
    if spec["type"] == "boolean":
        questions = {"rule_0": "fact", "rule_1": "not fact"}
    rolled_up = RolledUp({"fact": derived(rule, parameters=sums(), **spec)}, questions)
    register = replace(rolled_up.register(households), absent=absent)
    never = {word.name: Unknown(word.unknown.possible, asked=False) for word in MEMBER if word.name in absent}
    for members, row in zip(households, evaluated(engine, rolled_up.pack, register), strict=True):
        scene = rolled_up.scene([{**member, **never} for member in members])
        for name, text in questions.items():
            if row[name] is not None:
                assert possible(text, scene) == {row[name]}, (text, rule, members, absent)
            if not names(parse(rule)) & absent:
                assert judged(text, scene) in (row[name], None), (text, rule, members, absent)


# --- registers of other offices --------------------------------------------------------------------------------------

KEYS = (1, 2, 3)
CARS = {"registers": {"cars": {"label": {"en": "Cars"}}}}
ROW = st.fixed_dictionaries(
    {"person_key": st.sampled_from(KEYS), "new": st.sampled_from([True, False, Unknown((False, True))])}
)
KEYED = st.lists(st.lists(st.sampled_from([*KEYS, 4, None]), max_size=3), min_size=6, max_size=6).map(
    lambda drawn: [*drawn, []]
)


@settings(max_examples=5)
@given(rows=st.lists(ROW, max_size=4), households=KEYED, covered=st.sampled_from([["n", "s", "e"], ["s"], ["n1"], []]))
def test_a_register_says_no_only_where_it_covers_and_everybody_was_looked_up(
    engine: Engine, rows: list[Known], households: list[list[int | None]], covered: list[str]
) -> None:
    pack = make_pack(
        about=CARS, facts={"new": fact("boolean", "register:cars")}, derived={"car": derived("in_register(cars, new)")},
        standards={"rule": standard("car")},
    )  # fmt: skip
    register = Register(
        [Household({}, [{"person_key": key} for key in keys], area="n11") for keys in households],
        foreign={"cars": [stored(row) for row in rows]}, covered={"cars": covered},
    )  # fmt: skip
    answers = [row["rule"] for row in evaluated(engine, pack, register)]
    inside = frozenset({"cars"} if set(covered) & {"n", "n1"} else ())
    for keys, answer in zip(households, answers, strict=True):
        scene = Scene(
            {},
            [{"person_key": Unknown() if key is None else key} for key in keys],
            registers={"cars": rows},
            covered=inside,
        )
        assert answer == judged("in_register(cars, new)", scene), keys
    for number in (0, len(answers) - 1):
        assert evaluated(engine, pack, register.alone(number))[0]["rule"] == answers[number]


# --- by hand, as the design says it ----------------------------------------------------------------------------------

YES, NO, OPEN = {"ill": True}, {"ill": False}, {"ill": None}


@pytest.mark.parametrize(
    ("function", "members", "expected"),
    [
        ("all_of", [YES, OPEN], None), ("all_of", [NO, OPEN], False), ("all_of", [], True),
        ("all_of", [YES, YES], True),
        ("all_of", [OPEN], None), ("all_of", [YES, NO], False), ("any_of", [YES, OPEN], True),
        ("any_of", [NO, OPEN], None),
        ("any_of", [], False), ("any_of", [NO, NO], False), ("any_of", [OPEN], None), ("any_of", [YES, NO], True),
    ],
)  # fmt: skip
def test_any_and_all_by_hand(engine: Engine, function: str, members: list[Known], expected: bool | None) -> None:
    pack = make_pack(
        facts={"ill": fact("boolean", "member")},
        derived={"rolled": derived(f"{function}(ill)")},
        standards={"rule": standard("rolled")},
    )
    among_others = Register([Household({}, [YES, NO, OPEN]), Household({}, members)])
    assert [row["rule"] for row in evaluated(engine, pack, among_others)][1] is expected
    assert evaluated(engine, pack, among_others.alone(1))[0]["rule"] is expected


@pytest.mark.parametrize(
    ("rule", "question", "members", "expected"),
    [
        ("count_if(ill)", "n >= 1", [YES, OPEN], True), ("count_if(ill)", "n >= 2", [YES, OPEN], None),
        ("count_if(ill)", "n >= 3", [YES, OPEN], False), ("count_if(ill)", "n = 0", [], True),
        ("count_if(not ill)", "n <= 1", [YES, OPEN], True), ("sum_of(age)", "n >= 5", [{"age": 5}, {}], True),
        ("sum_of(age)", "n >= 6", [{"age": 5}, {}], None), ("sum_of(age)", "n <= 135", [{"age": 5}, {}], True),
        ("sum_of(age)", "n <= 134", [{"age": 5}, {}], None), ("sum_of(age)", "n = 0", [], True),
        ("sum_of(debt)", "n >= -1000000", [{"debt": 5}, {}], None),
        ("sum_of(debt)", "n = 3", [{"debt": 5}, {"debt": -2}], True),
        ("max_of(age)", "n >= 5", [{"age": 5}, {}], True), ("max_of(age)", "n <= 130", [{"age": 5}, {}], True),
        ("max_of(age)", "n <= 129", [{"age": 5}, {}], None), ("max_of(age)", "n >= 0", [], None),
        ("min_of(age)", "n <= 5", [{"age": 5}, {}], True), ("min_of(age)", "n >= 0", [{"age": 5}, {}], True),
        ("min_of(age)", "n >= 1", [{"age": 5}, {}], None), ("min_of(age)", "n >= 0", [], None),
        ("max_of(debt)", "n >= 5", [{"debt": 5}, {}], True), ("max_of(debt)", "n <= 5", [{"debt": 5}, {}], None),
        ("min_of(debt)", "n <= 5", [{"debt": 5}, {}], True), ("min_of(debt)", "n >= 5", [{"debt": 5}, {}], None),
        ("share_of(ill)", "n >= 0.5", [YES, NO], True), ("share_of(ill)", "n >= 0.5", [YES, OPEN], True),
        ("share_of(ill)", "n > 0.5", [YES, OPEN], None), ("share_of(ill)", "n > 0.5", [YES, NO, NO, OPEN], False),
        ("share_of(ill)", "n >= 0", [], None), ("share_of(ill)", "n = 1", [YES, YES, YES], True),
        ("sum_of(age)", "n is null", [{"age": 5}, {}], True), ("sum_of(age)", "n is null", [{"age": 5}], False),
        ("sum_of(age)", "n is null", [], False), ("max_of(age)", "n is null", [], True),
    ],
)  # fmt: skip
def test_numbers_by_hand(engine: Engine, rule: str, question: str, members: list[Known], expected: bool | None) -> None:
    unit = {"unit": "person"} if rule.startswith("count_if") else {}
    type = {"type": "decimal", "scale": 2} if rule.startswith("share_of") else {"type": "integer"}
    pack = make_pack(
        facts={
            "ill": fact("boolean", "member"),
            "age": fact("integer", "member", min=0, max=130),
            "debt": fact("integer", "member"),
        },
        derived={"n": derived(rule, **type, **unit)},
        standards={"rule": standard(question)},
    )
    among_others = Register(
        [Household({}, [{"ill": True, "age": 1, "debt": 1}]), Household({}, members), Household({}, [{}])]
    )
    assert [row["rule"] for row in evaluated(engine, pack, among_others)][1] is expected
    assert evaluated(engine, pack, among_others.alone(1))[0]["rule"] is expected


@pytest.mark.parametrize("largest", ["10000000", "9999999.99", "100000000000", "1000000000"])
def test_a_declared_bound_decides_whatever_its_size(engine: Engine, largest: str) -> None:
    pack = make_pack(
        facts={
            "wage": fact("money", "member", unit="XTS", min=0, max=float(largest) if "." in largest else int(largest))
        },
        derived={"wages": derived("sum_of(wage)", "money", unit="XTS")},
        parameters={"most": {"unit": "XTS", "values": {"2000-01-01": float(largest)}, "source": "invented"}},
        standards={"rule": standard("wages <= most")},
    )
    assert evaluated(engine, pack, Register([Household({}, [{"wage": None}])]))[0]["rule"] is True


def test_what_storage_can_hold_is_no_knowledge_of_a_household(engine: Engine) -> None:
    pack = make_pack(
        facts={"wage": fact("money", "member", unit="XTS"), "gift": fact("money", "member", unit="XTS")},
        derived={
            "simple": derived("sum_of(wage)", "money", unit="XTS"),
            "sum": derived("sum_of(wage + gift)", "money", unit="XTS"),
            "double": derived("max_of(wage * 2)", "money", unit="XTS"),
        },
        parameters=sums(),
        standards={name: standard(f"{name} <= huge") for name in ("simple", "sum", "double")},
    )
    (row,) = evaluated(engine, pack, Register([Household({}, [{}])]))
    assert (row["simple"], row["sum"], row["double"]) == (None, None, None)
