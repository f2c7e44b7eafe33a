"""Which areas are there? A tree from the columns of the households' own rows, or from a file of areas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tuopin.stages.intake.mapping import AreaLevels
from tuopin.tables import Column, arrow_schema
from tuopin.tables.schema import AREAS
from tuopin.terms import DataError, Place, Problem


@dataclass(frozen=True)
class Tree:
    """The rows of the table areas, with their columns."""

    columns: list[Column]
    rows: pa.Table


def level_keys(levels: AreaLevels) -> list[str]:
    """The columns with the codes of a household's areas, the highest first; the last is where it lives."""
    return [*(f"level_{number}" for number in range(len(levels.levels) - 1)), "area_code"]


def tree_from_levels(levels: AreaLevels, paths: Iterable[Mapping[str, str | None]]) -> Tree:
    """Build the tree from the combinations of codes and names that occur among households.

    Args:
        levels: the tiers, the highest first.
        paths: for each combination the codes, under the names of `level_keys`, and names as `level_name_<number>`.

    Raises:
        DataError: an area lies in two others, or has two names.
    """
    found: dict[str, dict[str, str | None]] = {}
    problems: dict[str, Problem] = {}
    keys = level_keys(levels)
    for path in paths:
        parent: str | None = None
        for number, level in enumerate(levels.levels):
            code = path[keys[number]]
            assert code is not None
            area = {
                "area_code": code,
                "parent_code": parent,
                "tier": level.tier,
                "name": path.get(f"level_name_{number}"),
            }
            before = found.setdefault(code, area)
            if before != area:
                problems.setdefault(code, _two_of(before, area))
            parent = code
    if problems:
        raise DataError(list(problems.values()))
    columns = [AREAS.column(name) for name in ("area_code", "parent_code", "tier", "name")]
    return _tree([column for column in columns if column], list(found.values()))


def tree_from_rows(staged: pa.Table, facts: Sequence[Column]) -> Tree:
    """The tree of a staged file of areas."""
    columns = [column for name in staged.column_names if (column := _declared(name, facts)) is not None]
    return Tree(columns, staged.select([column.name for column in columns]).cast(arrow_schema(columns)))


def _declared(name: str, facts: Sequence[Column]) -> Column | None:
    if name.startswith("name_"):
        return Column(name, "text", sensitivity="public")
    return AREAS.column(name) or next((fact for fact in facts if fact.name == name), None)


def _tree(columns: list[Column], rows: list[dict[str, str | None]]) -> Tree:
    return Tree(columns, pa.Table.from_pylist(rows, schema=arrow_schema(columns)))


def _two_of(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> Problem:
    code = before["area_code"]
    place = Place(table="areas", row=code)
    if before["tier"] != after["tier"]:
        what = f"Code {code} stands for a {before['tier']} and for a {after['tier']}."
        return Problem(
            what, place, fix="If codes count from 1 in every parent, write `within_parent: true` for the level."
        )
    if before["parent_code"] != after["parent_code"]:
        what = f"Area {code} lies in {before['parent_code']} and in {after['parent_code']}."
        return Problem(
            what, place, fix="If codes count from 1 in every parent, write `within_parent: true` for the level."
        )
    return Problem(f"Area {code} has two names: {before['name']} and {after['name']}.", place, fix="Keep one spelling.")
