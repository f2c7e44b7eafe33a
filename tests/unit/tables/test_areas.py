"""Does the tree of areas hold at any depth, refuse what is no tree, and know codes that changed?"""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from tests.unit.tables.invented import AREA_ROWS, TIERS
from tuopin.tables import Areas

FIELDS = ("area_code", "parent_code", "tier", "name", "valid_from", "valid_to", "successor_code")
SCHEMA = pa.schema(
    [(name, pa.date32() if name.startswith("valid") else pa.string()) for name in FIELDS],
)
DEEP = ("nation", "region", "district", "village")


def tree(*rows: tuple[object, ...], tiers: tuple[str, ...] = DEEP) -> Areas:
    """Rows as (code, parent, tier, name, valid_from, valid_to, successor), the last ones as needed."""
    return Areas(
        rows=pa.Table.from_pylist([dict(zip(FIELDS, row, strict=False)) for row in rows], schema=SCHEMA), tiers=tiers
    )


def test_ancestors_give_the_code_of_every_tier_above() -> None:
    areas = tree(
        ("x", None, "nation"),
        ("x1", "x", "region"),
        ("x12", "x1", "district"),
        ("v", "x12", "village"),
        ("w", "x1", "village"),  # a village right under its region
    )
    assert areas.problems() == []
    rows = {row.pop("area_code"): row for row in areas.ancestors().to_pylist()}
    assert rows["v"] == {"nation": "x", "region": "x1", "district": "x12", "village": "v"}
    assert rows["w"] == {"nation": "x", "region": "x1", "district": None, "village": "w"}
    assert rows["x1"] == {"nation": "x", "region": "x1", "district": None, "village": None}


def test_above_and_below_walk_the_tree() -> None:
    areas = tree(("x", None, "nation"), ("x1", "x", "region"), ("v", "x1", "village"), ("y", None, "nation"))
    assert [area.code for area in areas.above("v")] == ["v", "x1", "x"]
    assert areas.below(["x"]) == {"x", "x1", "v"}
    assert areas.below(["v", "y"]) == {"v", "y"}


def test_a_fact_of_an_area_is_its_own_or_that_of_the_nearest_above() -> None:
    rows = [("x", None, "nation", 1), ("x1", "x", "region", 2), ("x2", "x", "region", None)]
    rows += [("v", "x1", "village", None), ("w", "x2", "village", None), ("y", None, "nation", None)]
    columns = ("area_code", "parent_code", "tier", "remote")
    table = pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])
    areas = Areas(rows=table, tiers=DEEP)
    assert areas.facts == ["remote"]
    assert areas.inherited("remote").to_pylist() == [1, 2, 1, 2, 1, None]


def test_of_some_codes_those_that_stand_above_a_range_are_told() -> None:
    areas = tree(
        ("2", None, "nation"),
        ("1", None, "nation"),
        ("1b", "1", "region"),
        ("1a", "1", "region"),
        ("9", "1a", "village"),  # its code lies far from its region's
        ("1b1", "1b", "village"),
    )
    assert areas.between("9", "9", ["1", "2", "1a", "1b", "9"]) == {"1", "1a", "9"}
    assert areas.between("1b", "1b1", ["2", "1b1", "1a"]) == {"1b1"}
    assert areas.between("3", "4", ["1", "2"]) == set()


def test_a_tree_of_one_tier_is_a_tree() -> None:
    areas = tree(("a", None, "region"), ("b", None, "region"), tiers=("region",))
    assert areas.problems() == []
    assert areas.ancestors().to_pylist() == [{"area_code": "a", "region": "a"}, {"area_code": "b", "region": "b"}]


def test_names_fall_back_to_the_registers_own_and_to_the_code() -> None:
    by_code = Areas(rows=AREA_ROWS, tiers=TIERS).by_code
    assert by_code["n"].name("fr") == "Nord"
    assert by_code["n"].name("ky") == "North"
    assert by_code["n1"].name("fr") == "Upper"
    assert by_code["n2"].name() == "n2"


def test_codes_hold_from_their_first_day_to_the_day_before_their_end() -> None:
    areas = tree(
        ("x", None, "nation"),
        ("old", "x", "village", None, date(2000, 1, 1), date(2015, 7, 1), "new"),
        ("new", "x", "village", None, date(2015, 7, 1)),
    )
    assert areas.problems() == []
    old = areas.by_code["old"]
    assert [old.holds(day) for day in (date(1999, 12, 31), date(2000, 1, 1), date(2015, 6, 30), date(2015, 7, 1))] == [
        False,
        True,
        True,
        False,
    ]
    assert areas.by_code["x"].holds(date(1900, 1, 1))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", None, "nation"), ("a", None, "nation")], "stands 2 times"),
        ([("a", "b", "region")], "b, which is not in the tree"),
        ([("a", None, "county")], "unknown tier county"),
        ([("a", None, "region"), ("b", "a", "nation")], "is not higher"),
        ([("a", None, "region"), ("b", "a", "region")], "is not higher"),
        ([("a", "a", "region")], "is not higher"),
        ([("", None, "region")], "1 to 64 characters"),
        ([("a" * 65, None, "region")], "1 to 64 characters"),
        ([("a", None, "nation", None, date(2000, 1, 1), date(2000, 1, 1))], "ends before it begins"),
        ([("a", None, "nation", None, None, date(2000, 1, 1), "b")], "followed by b"),
        ([("a", None, "nation", None, None, None, "b"), ("b", None, "nation")], "successor but no end"),
        (
            [
                ("a", None, "nation", None, None, date(2000, 1, 1), "b"),
                ("b", None, "nation", None, None, date(2001, 1, 1), "a"),
            ],
            "succeeds itself",
        ),
    ],
)
def test_what_is_no_tree_is_said(rows: list[tuple[object, ...]], said: str) -> None:
    assert said in "\n".join(str(problem) for problem in tree(*rows).problems())


def test_a_circle_is_found_and_ends() -> None:
    # Tiers out of order are the only way into a circle, so both are said.
    problems = tree(("a", "b", "region"), ("b", "a", "district")).problems()
    assert len(problems) == 1
    assert "is not higher" in str(problems[0])
