"""Does intake propose a second look at what can hardly be true, and at nothing else?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.intake.invented import Invented
from tuopin.stages.intake import propose
from tuopin.tables import PROPOSALS, Snapshot
from tuopin.tables.engines import open_engine


@pytest.fixture
def register(tmp_path: Path) -> Invented:
    return Invented(tmp_path)


def proposals(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """(household, kind, rule) of every proposal, sorted."""
    columns = {
        table: [c.name for c in snapshot.columns(table)] for table in ("households", "members") if snapshot.has(table)
    }
    with open_engine() as engine:
        for table in columns:
            engine.view(table, snapshot.files(table))
        found = engine.arrow(propose(snapshot=snapshot, columns=columns))
    assert found.schema.names == [column.name for column in PROPOSALS.structural]
    assert {row["stage"] for row in found.to_pylist()} <= {"intake"}
    assert len({row["proposal_id"] for row in found.to_pylist()}) == found.num_rows
    return sorted((row["household_id"], row["kind"], row["rule"]) for row in found.to_pylist())


def run(register: Invented) -> Snapshot:
    done = register.run()
    assert done.path is not None
    return Snapshot.open(done.path)


def test_a_plain_register_gives_no_proposals(register: Invented) -> None:
    assert proposals(run(register)) == []


def test_the_same_person_in_two_households_is_proposed_for_both(register: Invented) -> None:
    register.replace("members.csv", "h4,1,AA5000", "h4,1,aa 3000")
    assert proposals(run(register)) == [
        ("h2", "duplicate", "same_person_in_two_households"),
        ("h4", "duplicate", "same_person_in_two_households"),
    ]


def test_the_same_person_twice_in_one_household_is_proposed(register: Invented) -> None:
    register.replace("members.csv", "h2,1,AA3000", "h2,1,AA2000")
    assert proposals(run(register)) == [("h2", "duplicate", "same_person_twice_in_household")]


def test_people_without_a_number_are_nobodys_duplicates(register: Invented) -> None:
    register.replace("members.csv", "AA4000", "")
    assert proposals(run(register)) == []


def test_answers_that_can_hardly_be_true_are_proposed_for_a_look(register: Invented) -> None:
    register.replace("mapping", "    settlement:", "    household_size: {column: size, unit: person}\n    settlement:")
    lines = register.texts["households.csv"].splitlines()
    sizes = {"h2": 2, "h1": 1, "h4": 45, "h3": 4}
    register.texts["households.csv"] = "\n".join(
        [f"{lines[0]},size", *(f"{line},{sizes[line[:2]]}" for line in lines[1:])]
    )
    register.replace("members.csv", "1950-02-28", "1900-02-28")
    assert proposals(run(register)) == [
        ("h1", "check", "very_old_member"),
        ("h3", "check", "size_differs_from_members"),
        ("h4", "check", "size_differs_from_members"),
        ("h4", "check", "very_large_household"),
    ]


def test_nothing_is_proposed_on_a_survey_or_without_what_it_needs(register: Invented) -> None:
    snapshot = run(register.replace("members.csv", "h4,1,AA5000", "h4,1,AA3000"))
    assert "WHERE FALSE" in propose(snapshot=snapshot, columns={"households": ["household_id"]})
    survey = Snapshot(snapshot.path, snapshot.manifest.model_copy(update={"kind": "survey"}))
    assert proposals(survey) == []
