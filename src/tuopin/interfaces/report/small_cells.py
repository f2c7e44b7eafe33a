"""Which figures would give a household away? Those on fewer than five, and one more where a total tells them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

FEWEST = 5
"""A figure rests on none, or on at least so many households; else it is not shown."""

Row = TypeVar("Row")


def small(*households: int) -> bool:
    """Whether one of these counts of households is too small to be shown. None at all is no secret."""
    return any(0 < count < FEWEST for count in households)


def hidden_rows(
    rows: Sequence[Row],
    *,
    counts: Callable[[Row], Iterable[int]],
    total_of: Callable[[Row], Hashable],
    size: Callable[[Row], int],
) -> set[int]:
    """The rows of a table that are not shown.

    A row is hidden where one of its counts is small. Where it is the only hidden one of those that add up to a total
    which stands elsewhere, taking the others from the total would tell it: then the smallest of them is hidden too.

    Args:
        rows: the rows.
        counts: the counts of households that a row would show or let somebody work out.
        total_of: rows with the same answer add up to one total.
        size: orders rows, so that as little as possible is lost.

    Returns:
        Positions of the hidden rows.
    """
    hidden = {number for number, row in enumerate(rows) if small(*counts(row))}
    for total in {total_of(rows[number]) for number in hidden}:
        siblings = [number for number, row in enumerate(rows) if total_of(row) == total]
        shown = [number for number in siblings if number not in hidden and size(rows[number]) > 0]
        if len(hidden.intersection(siblings)) == 1 and shown:
            hidden.add(min(shown, key=lambda number: (size(rows[number]), number)))
    return hidden
