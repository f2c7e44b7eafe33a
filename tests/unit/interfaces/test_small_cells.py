"""Can a household be worked out from a table of a report?"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuopin.interfaces.report.small_cells import FEWEST, hidden_rows, small


@dataclass(frozen=True)
class Row:
    """A row of a table of areas."""

    of: str
    households: int


def hidden(*rows: Row) -> set[int]:
    """The rows that are not shown."""
    return hidden_rows(rows, counts=lambda r: [r.households], total_of=lambda r: r.of, size=lambda r: r.households)


@pytest.mark.parametrize(("households", "is_small"), [(0, False), (1, True), (4, True), (5, False)])
def test_one_to_four_households_are_few_and_none_is_no_secret(households: int, is_small: bool) -> None:
    assert small(households) is is_small


def test_nothing_is_hidden_where_every_count_is_large() -> None:
    assert hidden(Row("N", 10), Row("N", 5), Row("N", 0)) == set()


def test_beside_a_single_small_row_the_smallest_other_is_hidden_too() -> None:
    assert hidden(Row("N", 3), Row("N", 40), Row("N", 9), Row("S", 6)) == {0, 2}


def test_an_empty_row_hides_nothing_from_a_subtraction() -> None:
    assert hidden(Row("N", 3), Row("N", 0), Row("N", 9)) == {0, 2}


def test_two_small_rows_of_one_total_cover_each_other() -> None:
    assert hidden(Row("N", 3), Row("N", 2), Row("N", 9)) == {0, 1}


def test_each_total_is_looked_at_alone() -> None:
    assert hidden(Row("N", 3), Row("N", 9), Row("S", 2), Row("S", 8)) == {0, 1, 2, 3}


@given(st.lists(st.builds(Row, st.sampled_from("NSE"), st.integers(0, 12)), max_size=12))
def test_no_small_count_is_shown_or_follows_from_a_total(rows: list[Row]) -> None:
    kept = hidden(*rows)
    assert all(not 0 < row.households < FEWEST for number, row in enumerate(rows) if number not in kept)
    for total in {row.of for row in rows}:
        missing = [row.households for number, row in enumerate(rows) if row.of == total and number in kept]
        others = [row for number, row in enumerate(rows) if row.of == total and number not in kept and row.households]
        assert len(missing) != 1 or not others
