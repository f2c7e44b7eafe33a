"""Does a value hold from its first day until the next begins?"""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tuopin.terms import value_at

DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))


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
