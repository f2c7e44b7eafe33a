"""Does a period hold from its start, included, to its end, excluded?"""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuopin.terms import Period, value_at

DAY = timedelta(days=1)
DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))


def test_the_start_is_in_and_the_end_is_out() -> None:
    year = Period(date(2016, 1, 1), date(2017, 1, 1))
    assert date(2016, 1, 1) in year
    assert date(2016, 12, 31) in year
    assert date(2017, 1, 1) not in year
    assert date(2015, 12, 31) not in year


def test_without_an_end_it_holds_for_ever() -> None:
    assert date(9999, 12, 31) in Period(date(2016, 1, 1))


@pytest.mark.parametrize("end", [date(2016, 1, 1), date(2015, 12, 31)])
def test_a_period_that_holds_no_day_is_refused(end: date) -> None:
    with pytest.raises(ValueError, match="must end after it starts: 2016-01-01"):
        Period(date(2016, 1, 1), end)


@given(DAYS, DAYS, DAYS)
def test_two_periods_that_meet_share_no_day_and_leave_none_out(first: date, second: date, day: date) -> None:
    start, middle = sorted((first, second))
    end = middle + DAY
    if start == middle:
        middle, end = middle + DAY, end + DAY
    halves = [Period(start, middle), Period(middle, end)]
    assert sum(day in half for half in halves) == (day in Period(start, end))


def test_a_value_holds_until_the_next_begins() -> None:
    line = {date(2016, 1, 1): 2952, date(2014, 1, 1): 2800}
    assert value_at(line, date(2013, 12, 31)) is None
    assert value_at(line, date(2014, 1, 1)) == 2800
    assert value_at(line, date(2015, 12, 31)) == 2800
    assert value_at(line, date(2016, 1, 1)) == 2952
    assert value_at(line, date(2030, 1, 1)) == 2952


def test_an_empty_series_has_no_value() -> None:
    assert value_at({}, date(2016, 1, 1)) is None


@given(st.dictionaries(DAYS, st.integers(), min_size=1), DAYS)
def test_the_value_of_a_day_began_on_or_before_it(series: dict[date, int], day: date) -> None:
    value = value_at(series, day)
    begun = [start for start in series if start <= day]
    assert value == (series[max(begun)] if begun else None)
