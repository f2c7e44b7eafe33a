"""Do the declared tables take a pack's facts, and refuse those that would change a shared word's meaning?"""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from tuopin.tables import Column, table_named, table_of_entity
from tuopin.tables.schema import HOUSEHOLDS, LIMITS, MEMBERS, WASHINGTON_GROUP
from tuopin.terms import DataError


def test_a_table_is_extended_by_a_packs_facts() -> None:
    extended = MEMBERS.extended([Column("attends_school", "boolean"), Column("sex", "code", values=("female", "male"))])
    assert extended.column("attends_school") == Column("attends_school", "boolean")
    assert extended.column("sex") == Column("sex", "code", values=("female", "male"))
    assert extended.column("age") == MEMBERS.column("age")
    assert extended.column("phone") is None


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (Column("member_no", "integer"), "column that every snapshot has"),
        (Column("age", "decimal", scale=1), "of type integer, not decimal"),
        (Column("sex", "code", values=("f", "m")), "has no code f, m"),
    ],
)
def test_a_shared_word_keeps_its_meaning(fact: Column, said: str) -> None:
    with pytest.raises(DataError, match=said):
        MEMBERS.extended([fact])


def test_members_can_answer_the_six_questions() -> None:
    assert all(MEMBERS.column(name) for name in WASHINGTON_GROUP)
    assert len(WASHINGTON_GROUP) == 6


def test_no_fact_is_required_of_a_household() -> None:
    for table in (HOUSEHOLDS, MEMBERS):
        assert not [column.name for column in table.core if column.required]
    person_key = MEMBERS.column("person_key")
    assert person_key is not None
    assert not person_key.required


def test_entities_of_a_pack_name_tables() -> None:
    assert table_of_entity("household") == "households"
    assert table_of_entity("register:vehicles") == "register:vehicles"
    assert table_named("register:vehicles").key == ("person_key",)
    with pytest.raises(KeyError):
        table_named("register:")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("x", "money", scale=2), (-LIMITS["money"], LIMITS["money"])),
        (Column("x", "money", scale=2, minimum=Decimal("1.005")), (101, LIMITS["money"])),
        (Column("x", "decimal", scale=1, minimum=Decimal(-3), maximum=Decimal("2.55")), (-30, 25)),
        (Column("x", "integer", maximum=Decimal(10) ** 30), (-LIMITS["integer"], LIMITS["integer"])),
        (Column("x", "code"), None),
    ],
)
def test_bounds_are_kept_in_stored_units(column: Column, expected: tuple[int, int] | None) -> None:
    assert column.stored_range == expected


def test_stored_types_are_exact() -> None:
    assert [Column("x", kind).arrow for kind in ("money", "decimal", "integer")] == [pa.int64()] * 3
    assert Column("x", "month").arrow == pa.date32()
