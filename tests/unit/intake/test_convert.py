"""Does a column become a fact exactly, and is every cell that cannot refused with its reason?"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuopin.stages.intake.convert import Form, convert, stored_value
from tuopin.stages.intake.mapping import FactMapping
from tuopin.tables import Column
from tuopin.tables.schema import LIMITS

MONEY = Column("consumption", "money", unit="XTS/year", scale=2)
SIZE = Column("household_size", "integer", unit="person", minimum=Decimal(1), maximum=Decimal(60))
SETTLEMENT = Column("settlement", "code", values=("urban", "rural"))
LIGHT = Column("electricity", "boolean")


def run(fact: Column, values: Any, form: Form | None = None, **how: Any) -> tuple[list[Any], dict[int, str]]:
    """Convert one column `x`; returns the stored values and the first reason for each refused row."""
    column = values if isinstance(values, pa.Array) else pa.array(values)
    batch = pa.RecordBatch.from_arrays([column], names=["x"])
    return run_batch(fact, batch, form, **({"column": "x"} | how))


def run_batch(
    fact: Column, batch: pa.RecordBatch, form: Form | None = None, **how: Any
) -> tuple[list[Any], dict[int, str]]:
    made = convert(fact, FactMapping.model_validate(how), batch, form or Form())
    assert made.values.type == fact.arrow
    reasons: dict[int, str] = {}
    for refusal in made.refusals:
        for row in np.flatnonzero(refusal.rows):
            reasons.setdefault(int(row), refusal.reason)
            assert made.values[int(row)].as_py() is None
    return made.values.to_pylist(), reasons


TESTED = Column("water", "code", values=("pass", "fail"), unknown=("untested",))


def test_a_code_that_says_that_nobody_knows_is_read_as_unknown() -> None:
    assert run(TESTED, ["pass", "untested", "fail", None]) == (["pass", None, "fail", None], {})
    recoded = run(TESTED, ["1", "2", "3"], recode={"1": "pass", "2": "untested"}, other="untested")
    assert recoded == (["pass", None, None], {})
    assert stored_value(TESTED, "untested") is None
    assert run(TESTED, ["untestd"])[1] == {0: "is not one of the codes of water"}


def test_text_numbers_are_scaled_exactly() -> None:
    stored, refused = run(MONEY, ["0.1", "19.99", " 7 ", "-3", ".5", "5.", "1e+05", "", None, "007"])
    assert stored == [10, 1999, 700, -300, 50, 500, 10_000_000, None, None, 700]
    assert refused == {}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0.125", 12),
        ("0.135", 14),
        ("0.285", 28),
        ("1.005", 100),
        ("2.675", 268),
        ("-0.125", -12),
        ("0.1250000001", 13),
    ],
)
def test_halves_go_to_the_even_cent_whatever_the_file(written: str, expected: int) -> None:
    # As binary floats several of these lie a hair beside the tie.
    assert run(MONEY, [written])[0] == [expected]
    assert run(MONEY, [float(written)])[0] == [expected]
    assert run(MONEY, pa.array([Decimal(written)]))[0] == [expected]


def test_large_sums_keep_every_cent() -> None:
    assert run(MONEY, ["99999999999.99", "-99999999999.99"])[0] == [9_999_999_999_999, -9_999_999_999_999]
    assert run(MONEY, [99_999_999_999.99])[0] == [9_999_999_999_999]
    assert run(MONEY, ["100000000000.01", "1e99", "-1e99"]) == (
        [None] * 3,
        {0: "is too large", 1: "is too large", 2: "is too large"},
    )


@pytest.mark.parametrize(
    "cell", ["abc", "1,5", "1 000", "1,000.00", "12%", "NaN", "inf", "0x10", "--1", "1.2.3", "١٢", "1e999", "+5", "1_0"]
)
def test_what_is_no_plain_number_is_refused(cell: str) -> None:
    assert run(MONEY, [cell, "1"]) == ([None, 100], {0: "is not a plain number"})


def test_nan_and_infinity_are_refused_not_stored() -> None:
    stored, refused = run(MONEY, [float("nan"), float("inf"), None, 1.0])
    assert stored == [None, None, None, 100]
    assert set(refused) == {0, 1}


def test_a_decimal_comma_must_be_declared() -> None:
    form = Form(decimal=",")
    assert run(MONEY, ["1,5", "-0,25", "2"], form)[0] == [150, -25, 200]
    assert run(MONEY, ["1.5", "1.000,5"], form)[1] == {0: "is not a plain number", 1: "is not a plain number"}
    assert run(MONEY, [1.5], form)[0] == [150]


def test_whole_numbers_are_whole() -> None:
    stored, refused = run(SIZE, ["3", "3.0", "3.5", "0", "61"])
    assert stored == [3, 3, None, None, None]
    assert refused == {
        2: "is not a whole number",
        3: "is less than 1",
        4: "is more than 60",
    }
    assert run(SIZE, [3.0, 3.5])[1] == {1: "is not a whole number"}
    assert run(Column("x", "integer"), [10**9 + 1, -(10**10)])[1] == {0: "is too large", 1: "is too small"}


def test_bounds_are_in_natural_units() -> None:
    price = Column("price", "money", scale=2, minimum=Decimal(0), maximum=Decimal(10))
    assert run(price, ["10.00", "10.01", "-0.01", "-0.001"]) == (
        [1000, None, None, 0],
        {1: "is more than 10", 2: "is less than 0"},
    )


def test_columns_are_added_and_taken_away_before_rounding() -> None:
    batch = pa.record_batch({"a": ["0.004", "1", None], "b": [0.004, 2.0, 1.0], "c": [0, 5, 1]})
    assert run_batch(MONEY, batch, sum=["a", "b"], subtract=["c"]) == ([1, -200, None], {})


def test_a_wrong_item_names_its_own_column() -> None:
    batch = pa.record_batch({"a": ["1"], "b": ["x"]})
    made = convert(MONEY, FactMapping(sum=("a", "b")), batch, Form())
    assert [refusal.column for refusal in made.refusals if refusal.rows.any()] == ["b"]


def test_a_factor_converts_units() -> None:
    assert run(MONEY, ["100.10"], multiply=12)[0] == [120_120]
    assert run(MONEY, ["0.1"], multiply=Decimal("0.05"))[0] == [0]
    assert run(MONEY, ["0.3"], multiply=Decimal("0.05"))[0] == [2]


def test_a_number_may_have_words_that_mean_something_else() -> None:
    age = Column("age", "integer", minimum=Decimal(0), maximum=Decimal(120))
    assert run(age, [-1, 34, None, 998], recode={"-1": 0, "998": None})[0] == [0, 34, None, None]
    assert run(age, ["-1", "34", "", "998"], recode={"-1": 0}, unknown=[998])[0] == [0, 34, None, None]
    assert run(age, [-1.0, 34.0], recode={"-1": 0})[0] == [0, 34]


def test_an_empty_cell_may_mean_something_in_some_rows() -> None:
    batch = pa.record_batch({"wage": [None, None, 7.5, None], "age": [3, 30, 3, None]})
    rule = {"value": 0, "where": "age < 16", "reason": "asked from 16"}
    assert run_batch(MONEY, batch, column="wage", if_empty=rule)[0] == [0, None, 750, None]
    words = pa.record_batch({"wage": ["", "1"], "sex": ["male", "female"]})
    rule = {"value": 1, "where": "sex = 'male'", "reason": "invented"}
    assert run_batch(MONEY, words, column="wage", if_empty=rule)[0] == [100, 100]


def test_codes_are_recoded_by_name() -> None:
    recode = {"Urban": "urban", "Rural": "rural", "?": None}
    assert run(SETTLEMENT, ["Urban", " Rural ", "?", None, "urban"], recode=recode) == (
        ["urban", "rural", None, None, None],
        {4: "is not named in the mapping's recode"},
    )
    assert run(SETTLEMENT, ["Urban", "Suburb"], recode=recode, other="rural")[0] == ["urban", "rural"]
    assert run(SETTLEMENT, ["Urban", "Suburb"], recode=recode, other="unknown") == (["urban", None], {})


def test_codes_of_ours_pass_and_others_are_refused() -> None:
    assert run(SETTLEMENT, ["urban", "Urban", ""]) == (
        ["urban", None, None],
        {1: "is not one of the codes of settlement"},
    )
    assert run(SETTLEMENT, pa.array(["rural", None]).dictionary_encode())[0] == ["rural", None]


def test_number_codes_match_however_they_are_stored() -> None:
    recode = {"1": "urban", "2": "rural"}
    for values in ([1, 2], [1.0, 2.0], ["1", "2"], pa.array([1, 2], pa.int8())):
        assert run(SETTLEMENT, values, recode=recode)[0] == ["urban", "rural"]


def test_value_labels_are_read_where_asked() -> None:
    form = Form(labels={"x": {"1": "Town", "2": "Countryside"}})
    recode = {"Town": "urban", "Countryside": "rural"}
    assert run(SETTLEMENT, [1.0, 2.0, None], form, labels=True, recode=recode)[0] == ["urban", "rural", None]
    assert run(SETTLEMENT, [3.0], form, labels=True, recode=recode)[1] == {0: "is not named in the mapping's recode"}
    assert run(SETTLEMENT, [1.0], form, recode=recode)[1] == {0: "is not named in the mapping's recode"}


def test_yes_and_no_are_never_guessed() -> None:
    assert run(LIGHT, [True, False, None])[0] == [True, False, None]
    assert run(LIGHT, ["1", "0", "true", "false", ""])[0] == [True, False, True, False, None]
    assert run(LIGHT, [1, 2])[1] == {1: "is neither true nor false; name it in the mapping's recode"}
    assert run(LIGHT, ["Yes", "No", "Nope"], recode={"Yes": True, "No": False}) == (
        [True, False, None],
        {2: "is not named in the mapping's recode"},
    )


def test_months_are_kept_and_days_of_birth_are_not() -> None:
    born = Column("birth_month", "month")
    day = date(1980, 5, 17)
    for values in ([day], ["1980-05-17"], ["1980-05"], pa.array([datetime(1980, 5, 17, 12, 30)])):
        assert run(born, values)[0] == [date(1980, 5, 1)]
    assert run(born, ["17/05/1980"], format="DD/MM/YYYY")[0] == [date(1980, 5, 1)]
    assert run(born, ["5/17/1980"], format="MM/DD/YYYY")[0] == [date(1980, 5, 1)]
    assert run(born, ["198005"], format="YYYYMM")[0] == [date(1980, 5, 1)]


def test_impossible_dates_are_refused() -> None:
    on = Column("received_on", "date")
    cells = [
        "2023-02-28",
        "2023-02-29",
        "2024-02-29",
        "2023-13-01",
        "2023-00-10",
        "2023-01-00",
        "0001-01-01",
        "28/02/2023",
        "2023-01",
    ]
    stored, refused = run(on, cells)
    assert stored == [date(2023, 2, 28), None, date(2024, 2, 29), *[None] * 6]
    assert set(refused) == {1, 3, 4, 5, 6, 7, 8}


def test_one_value_for_everybody_is_stored_like_a_cell() -> None:
    batch = pa.record_batch({"x": [1, 2]})
    assert run_batch(SETTLEMENT, batch, value="rural", assume="the survey is rural")[0] == ["rural", "rural"]
    assert stored_value(MONEY, Decimal("1.50")) == 150
    assert stored_value(Column("on", "date"), "2023-01-31") == date(2023, 1, 31)
    for fact, value in ((MONEY, Decimal("1.005")), (SETTLEMENT, "suburb"), (LIGHT, "yes"), (SIZE, 0), (MONEY, "1")):
        with pytest.raises(ValueError, match=r"\w"):
            stored_value(fact, value)


def test_weights_are_positive_numbers() -> None:
    weight = Column("weight", "number")
    assert run(weight, [1.5, 0.0, 2])[0] == [1.5, 0.0, 2.0]
    assert set(run(weight, [-1.0, float("nan"), None, 1.0])[1]) == {0, 1, 2}


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False)


@given(
    st.lists(amounts, min_size=1, max_size=20),
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from([Decimal(1), Decimal(12), Decimal("0.001")]),
)
def test_conversion_is_what_decimal_arithmetic_says(values: list[Decimal], scale: int, factor: Decimal) -> None:
    fact = Column("x", "money", scale=scale)
    values = [value for value in values if abs(value * factor).scaleb(scale) < LIMITS["money"]]
    expected = [int((value * factor).scaleb(scale).to_integral_value(ROUND_HALF_EVEN)) for value in values]
    assert run(fact, [str(value) for value in values], multiply=factor)[0] == expected
    assert run(fact, [float(value) for value in values], multiply=factor)[0] == expected


@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=20))
def test_sums_are_what_decimal_arithmetic_says(rows: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    fact = Column("x", "money", scale=2)
    batch = pa.record_batch({name: [str(row[i]) for row in rows] for i, name in enumerate("abc")})
    expected = [int((a + b - c).scaleb(2).to_integral_value(ROUND_HALF_EVEN)) for a, b, c in rows]
    assert run_batch(fact, batch, sum=["a", "b"], subtract=["c"])[0] == expected
