"""Are the numbers that depend on everybody right to the last household, and whom do they leave out?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy.invented import (
    AS_OF,
    Household,
    Register,
    answers,
    derived,
    evaluated,
    fact,
    figure,
    line,
    make_pack,
    parameter,
    standard,
    write_register,
)  # fmt: skip
from tuopin.policy import Evaluation, FigureResult, Pack
from tuopin.tables.engines import Engine

INCOME = {"income": fact("money", unit="XTS"), "size": fact("integer", min=0)}


def figures(engine: Engine, pack: Pack, register: Register, folder: Path) -> dict[str, FigureResult]:
    """The figure `middle` by area."""
    return dict(Evaluation(pack, write_register(folder / "snapshot", pack, register), AS_OF, engine).figures["middle"])


def with_figure(statistic: str = "median", value: str = "income", **more: Any) -> Pack:
    return make_pack(facts=INCOME, figures={"middle": figure(statistic, value, **{"weight": "households", **more})})


def incomes(*values: Any, weights: Sequence[float] = ()) -> Register:
    """Households of these incomes; with weights, a survey."""
    pairs = zip(values, weights or [1.0] * len(values), strict=True)
    return Register(
        [Household({"income": value}, weight=weight) for value, weight in pairs], members=False, survey=bool(weights)
    )


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        (incomes(30), "30"),
        (incomes(3, 1, 2), "2"),
        (incomes(1, 2, 3, 4), "2.5"),  # half is reached exactly at 2: the mean of it and the next
        (incomes(1, 2, 2, 9), "2"),
        (incomes(10, 20, 30, weights=[3, 1, 2]), "15"),  # 3 of 6 is exactly half
        (incomes(10, 20, 30, weights=[2, 2, 3]), "20"),
        (incomes(10, 20, 30, weights=[1, 1, 9]), "30"),
        (incomes(30, 10, 20, weights=[2, 3, 1]), "15"),  # the order of rows does not matter
        (incomes(10, 20, weights=[0.5, 0.5]), "15"),
        (incomes(10, 20, weights=[0.5, 0.25]), "10"),
        (incomes(-5, -1, 0.01), "-1"),
        (incomes(0.01, 0.02), "0.0150"),
        (incomes(1, 2, None, None, None), "1.5"),  # who did not say is left out
    ],
)
def test_the_median_by_the_rule_of_laeken(engine: Engine, register: Register, expected: str, tmp_path: Path) -> None:
    assert figures(engine, with_figure(), register, tmp_path)["national"].value == Decimal(expected)


def test_who_is_left_out_of_a_figure_is_counted(engine: Engine, tmp_path: Path) -> None:
    found = figures(engine, with_figure(), incomes(1, 2, None, 4, None), tmp_path)["national"]
    assert (found.value, found.counted, found.left_out) == (Decimal(2), 3, 2)


def test_a_figure_of_a_value_that_nobody_gave_has_no_value(engine: Engine, tmp_path: Path) -> None:
    found = figures(engine, with_figure(), incomes(None, None), tmp_path)
    assert found == {"national": FigureResult(None, 0, 2)}


@pytest.mark.parametrize(
    ("statistic", "expected"), [("mean", "17.5000"), ("sum", "140"), ("count", "8"), ("median", "15")]
)
def test_weights_count_in_every_statistic(engine: Engine, statistic: str, expected: str, tmp_path: Path) -> None:
    register = incomes(10, 20, 30, None, weights=[4, 2, 2, 50])
    assert figures(engine, with_figure(statistic), register, tmp_path)["national"].value == Decimal(expected)


def test_each_person_counts_once_where_persons_are_weighed(engine: Engine, tmp_path: Path) -> None:
    register = Register(
        [Household({"income": 10}, [{}]), Household({"income": 20}, [{}]), Household({"income": 90}, [{}, {}, {}])]
    )
    assert figures(engine, with_figure(weight="persons"), register, tmp_path / "a")["national"].value == 90
    assert figures(engine, with_figure(weight="households"), register, tmp_path / "b")["national"].value == 20


def test_the_one_division_there_is_gives_income_a_head(engine: Engine, tmp_path: Path) -> None:
    facts = [{"income": 10, "size": 3}, {"income": 9, "size": 3}, {"income": 5, "size": 0}, {"income": 7}]
    register = Register([Household(each) for each in facts], members=False)
    found = figures(engine, with_figure(value="income / size"), register, tmp_path)["national"]
    assert found.value == Decimal("3.1667")  # the mean of 10/3 and 9/3; nobody to divide by, or unknown: left out
    assert (found.counted, found.left_out) == (2, 2)


def test_a_figure_of_some_counts_those_of_whom_it_cannot_be_told_as_left_out(engine: Engine, tmp_path: Path) -> None:
    facts = [{"income": 10, "size": 3}, {"income": 20, "size": 1}, {"income": 30}]
    register = Register([Household(each) for each in facts], members=False)
    found = figures(engine, with_figure(of="size >= 2"), register, tmp_path)["national"]
    assert (found.value, found.counted, found.left_out) == (Decimal(10), 1, 1)


@pytest.mark.parametrize("a_part", [1, 250_000], ids=["a part a village", "one part"])
def test_a_figure_by_region_is_of_each_region(engine: Engine, a_part: int, tmp_path: Path) -> None:
    where = [("n11", 1), ("n12", 3), ("n21", 5), ("s11", 100), ("ev", None)]
    register = Register(
        [Household({"income": income}, area=area) for area, income in where], members=False, a_part=a_part
    )
    found = figures(engine, with_figure(by="region"), register, tmp_path)
    assert {area: result.value for area, result in found.items()} == {"n": 3, "s": 100, "e": None}


# --- lines made of figures -------------------------------------------------------------------------------------------


def relative(formulas: dict[str, str], **more: Any) -> Pack:
    return make_pack(
        facts=INCOME, figures={"middle": figure("median", "income", weight="households", **more)},
        parameters={"minimum": parameter({"2000-01-01": {"default": 10, "areas": {"n": 40}}}, "XTS")},
        lines={"relative": line(formulas=formulas)}, standards={"rule": standard("income < relative")},
    )  # fmt: skip


def test_a_relative_line_follows_the_median_and_is_strict(engine: Engine) -> None:
    rows = evaluated(
        engine, relative({"2000-01-01": "0.60 * middle"}), incomes(10, 59.99, 60, 100, 100, 100, 100, None)
    )
    assert [row["rule"] for row in rows] == [True, True, False, False, False, False, False, None]


def test_a_formula_holds_from_its_day(engine: Engine) -> None:
    pack = relative({"2000-01-01": "0.50 * middle", "2016-06-01": "0.60 * middle"})
    found = [
        [row["rule"] for row in evaluated(engine, pack, incomes(55, 100, 100), day=day)]
        for day in (date(2016, 5, 31), date(2016, 6, 1))
    ]
    assert found == [[False, False, False], [True, False, False]]


@pytest.mark.parametrize("a_part", [1, 250_000], ids=["a part a village", "one part"])
def test_a_line_by_region_is_the_greatest_of_its_parts_in_that_region(engine: Engine, a_part: int) -> None:
    """Median 100 in n: 35 beats 0.70 of the minimum, 28. Median 10 in s: 7 beats 3.50. Nothing known in e."""
    pack = relative({"2000-01-01": "greatest(0.35 * middle, 0.70 * minimum)"}, by="region")
    where = [
        ("n11", 34.99),
        ("n12", 35),
        ("n11", 100),
        ("n21", 100),
        ("n21", 100),
        ("s11", 6.99),
        ("s11", 7),
        ("s11", 10),
        ("s11", 10),
        ("s11", 10),
    ]
    unsaid = [Household({}, area="ev"), Household({"size": 1}, area="ev")]
    households = [Household({"income": income}, area=area) for area, income in where]
    rows = evaluated(engine, pack, Register([*households, *unsaid], members=False, a_part=a_part))
    assert [row["rule"] for row in rows] == [
        True,
        False,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
        False,
        None,
        None,
    ]


def test_a_known_part_of_a_line_is_a_bound_while_another_part_is_unknown(engine: Engine) -> None:
    pack = make_pack(
        facts={**INCOME, "spent": fact("money", unit="XTS")},
        figures={"middle": figure("median", "income", weight="households", by="region")},
        parameters={"minimum": parameter(10, "XTS")},
        lines={"either": line(formulas={"2000-01-01": "greatest(0.35 * middle, 0.70 * minimum)"})},
        standards={"rule": standard("spent < either")},
    )  # fmt: skip
    households = [
        Household({"spent": 6.99}, area="ev"),
        Household({"spent": 7}, area="ev"),
        Household({"spent": 7, "income": 100}, area="n11"),
    ]
    rows = evaluated(engine, pack, Register(households, members=False))
    assert [row["rule"] for row in rows] == [True, None, True]


def test_a_line_over_a_figure_that_was_never_asked_meets_nobody(engine: Engine) -> None:
    pack = relative({"2000-01-01": "0.60 * middle"})
    rows = evaluated(engine, pack, Register([Household({"size": 1})], frozenset({"income"}), members=False))
    assert [row["rule"] for row in rows] == [None]


def test_figures_are_stored_and_found_again(engine: Engine, tmp_path: Path) -> None:
    pack, register = relative({"2000-01-01": "0.60 * middle"}), incomes(10, 100, 100)
    snapshot = write_register(tmp_path / "snapshot", pack, register)
    first = Evaluation(pack, snapshot, AS_OF, engine)
    again = Evaluation(pack, snapshot, AS_OF, engine)
    assert first.figures == again.figures
    assert answers(first, range(3)) == answers(again, range(3))


def test_a_figure_of_a_sum_known_between_bounds_leaves_out_whom_it_cannot_count(engine: Engine, tmp_path: Path) -> None:
    pack = make_pack(
        facts={"wage": fact("money", "member", unit="XTS", min=0, max=100)},
        derived={"wages": derived("sum_of(wage)", "money", unit="XTS")},
        figures={"middle": figure("median", "wages", weight="households")},
    )  # fmt: skip
    register = Register(
        [Household({}, [{"wage": 5}, {"wage": 6}]), Household({}, [{"wage": 50}, {}]), Household({}, [{"wage": 13}])]
    )
    found = figures(engine, pack, register, tmp_path)["national"]
    assert (found.value, found.counted, found.left_out) == (Decimal(12), 2, 1)
