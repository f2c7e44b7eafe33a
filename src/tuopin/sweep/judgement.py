"""What would the policy have said of everybody, had it known the truth? Asked of an invented country alone.

Nothing of this reaches a sweep: its engine may open the snapshot that an office sees, and no other folder. It serves
two things: stand-ins who visit a household see what is there, and the campaign's own accounts know who was left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tuopin.policy import ANSWERED, Evaluation, Number, Pack, folders_of, sql
from tuopin.policy.meaning import Code
from tuopin.policy.sql import Sql
from tuopin.simulation.ids import household_numbers
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine, open_engine

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: Groups of persons by something of themselves: whom the accounts look at one by one.
BY_AGE = {"under 16": "age < 16", "16 to 59": "age >= 16 AND age < 60", "60 and older": "age >= 60"}
_HARD = ("a_lot", "cannot_do")


@dataclass(frozen=True)
class Judged:
    """Every household of a country at the end of a year, as it truly is.

    Attributes:
        rows: `household_id`, `area_code`, `standing`, `persons`, `welfare` (by head, in minor units), each standard
            asked for, the groups as text, and persons by age.
        groups: the columns of groups, by name; None where the country does not know them.
    """

    rows: pa.Table
    groups: Mapping[str, str | None]

    def numbers(self) -> Ints:
        """The number in each household's id."""
        return household_numbers(self.rows["household_id"])

    def flags(self, column: str) -> Flags:
        """A yes-or-no; unknown counts as no, and `unknown` says of whom."""
        values = self.rows[column].combine_chunks().fill_null(False)
        return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)

    def unknown(self, column: str) -> Flags:
        """Of whom a yes-or-no is not known though everything is: the policy asks what the country does not have."""
        return np.asarray(self.rows[column].combine_chunks().is_null().to_numpy(zero_copy_only=False), dtype=bool)

    def counts(self, column: str) -> npt.NDArray[np.float64]:
        """A number of each household; NaN where it is not known."""
        return np.asarray(self.rows[column].to_numpy(zero_copy_only=False), dtype=np.float64)

    def texts(self, column: str) -> npt.NDArray[np.object_]:
        """A code of each household."""
        return np.asarray(self.rows[column].to_pylist(), dtype=object)


def judged(
    *, pack: Pack, truth: Snapshot, standards: Collection[str], welfare: str, memory_limit: str | None = None
) -> Judged:
    """Ask a policy of a country's true facts, on the country's own day.

    Args:
        pack: a checked pack.
        truth: the snapshot that `World.truth` wrote.
        standards: which answers are wanted; one that is not in force on the day is answered no.
        welfare: the fact that, by head, orders households from poor to rich.
        memory_limit: for the engine.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tuopin-") as kept,
        open_engine(memory_limit=memory_limit, folders=[*folders_of(truth), Path(kept)]) as engine,
    ):
        evaluation = Evaluation(pack, truth, truth.manifest.as_of, engine, facts_root=Path(kept))
        groups = _groups(truth)
        parts = [_part(evaluation, engine, part, standards, welfare, groups) for part in evaluation.parts]
    return Judged(pa.concat_tables(parts), {name: name if query else None for name, query in groups.items()})


def _part(
    evaluation: Evaluation,
    engine: Engine,
    part: int,
    standards: Collection[str],
    welfare: str,
    groups: Mapping[str, str | None],
) -> pa.Table:
    evaluation.show_facts_with_tiers(part)
    evaluation.answer(part, dict(_facts(evaluation, welfare)))
    engine.view("true_households", evaluation.snapshot.files("households", part=part))
    engine.view("true_members", evaluation.snapshot.files("members", part=part))
    in_force = set(evaluation.rules_plan.standards)
    asked = [f'a."{id}" AS "{id}"' if id in in_force else f'FALSE AS "{id}"' for id in standards]
    known = [f'{query} AS "{name}"' for name, query in groups.items() if query]
    persons = [f"COUNT(CASE WHEN {c} THEN 1 END) AS age{n}" for n, c in enumerate(BY_AGE.values())]
    columns = ["h.household_id", "h.area_code", "a.standing_now AS standing", "a.welfare", "m.persons"]
    columns += [f"m.age{n}" for n in range(len(BY_AGE))]
    members = [column.name for column in evaluation.snapshot.columns("members")]
    return engine.arrow(
        f"""
        SELECT {", ".join([*columns, *asked, *known])}
        FROM true_households AS h
        JOIN {ANSWERED} AS a ON a.household_no = h.household_no
        JOIN (
            SELECT household_no, COUNT(*) AS persons, {", ".join([*persons, *_of_members(members)])}
            FROM true_members GROUP BY household_no
        ) AS m ON m.household_no = h.household_no
        JOIN area_tiers AS t ON t.area_code = h.area_code
        ORDER BY h.household_no
        """
    )


def _facts(evaluation: Evaluation, welfare: str) -> Iterator[tuple[str, Sql]]:
    """Besides the answers: the standing, and welfare by head."""
    meanings = evaluation.facts_plan.meanings
    standing, income, size = meanings["standing"], meanings[welfare], meanings["household_size"]
    assert isinstance(standing, Code)
    assert isinstance(income, Number)
    assert isinstance(size, Number)
    yield "standing_now", standing.sql
    yield "welfare", sql.quotient(income.low, size.low)


def _difficulties(truth: Snapshot) -> list[str]:
    return [column.name for column in truth.columns("members") if column.name.startswith("wg_")]


def _of_members(members: list[str]) -> list[str]:
    """What is said of a household by its members: the sex of its head, somebody with a disability."""
    found = []
    if "sex" in members and "relation" in members:
        found.append("MAX(CASE WHEN relation = 'head' THEN sex END) AS head")
    if hard := [f"{name} IN {_HARD}" for name in members if name.startswith("wg_")]:
        found.append(f"MAX(CASE WHEN {' OR '.join(hard)} THEN 1 ELSE 0 END) AS hard")
    return found


def _groups(truth: Snapshot) -> dict[str, str | None]:
    """How each group is read; None where the country does not know it."""
    members = {column.name for column in truth.columns("members")}
    households = {column.name for column in truth.columns("households")}
    areas = {column.name for column in truth.columns("areas")}
    return {
        "sex of head": "m.head" if {"sex", "relation"} <= members else None,
        "disability": "CASE WHEN m.hard = 1 THEN 'somebody' ELSE 'nobody' END" if _difficulties(truth) else None,
        "displacement": "CASE WHEN h.mobility = 'displaced' THEN 'displaced' ELSE 'not displaced' END"
        if "mobility" in households
        else None,
        "settlement": "h.settlement" if "settlement" in households else None,
        "remoteness": "t.remoteness" if "remoteness" in areas else None,
    }
