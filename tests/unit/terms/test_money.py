"""Does an amount survive the way into minor units and back?"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuopin.terms import Currency

CENTS = Currency("XTS", 2)
WHOLE = Currency("XTW", 0)


def test_an_amount_is_a_count_of_minor_units() -> None:
    assert CENTS.to_minor(Decimal("2124.20")) == 212_420
    assert WHOLE.to_minor(Decimal(2124)) == 2124


@pytest.mark.parametrize(("amount", "units"), [("0.125", 12), ("0.135", 14), ("-0.125", -12), ("0.1251", 13)])
def test_a_half_goes_to_the_even_unit(amount: str, units: int) -> None:
    assert CENTS.to_minor(Decimal(amount)) == units


def test_an_amount_is_written_with_its_currency() -> None:
    assert CENTS.text(212_420) == "2,124.20 XTS"
    assert CENTS.text(-5) == "-0.05 XTS"
    assert WHOLE.text(2124) == "2,124 XTW"


@given(st.integers(-(10**13), 10**13), st.integers(0, 4))
def test_units_come_back_from_their_amount(units: int, exponent: int) -> None:
    currency = Currency("XTS", exponent)
    assert currency.to_minor(currency.from_minor(units)) == units
