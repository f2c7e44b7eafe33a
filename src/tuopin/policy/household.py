"""What does the policy say of one household? The same queries as for a nation, over a snapshot of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tuopin.policy.evaluation import EVALUATED, FACTS, Evaluation, area_tiers
from tuopin.policy.facts_plan import FactsPlan
from tuopin.policy.joins import join_once
from tuopin.policy.rules_plan import RulesPlan
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine
from tuopin.terms import Place, Problem, UsageError


@dataclass(frozen=True)
class Rows:
    """The rows of one household, by table; areas stand in `area_tiers`."""

    tables: Mapping[str, pa.Table]

    def first(self, table: str) -> dict[str, Any]:
        """The first row of a table; empty if it has none."""
        found = self.tables[table].slice(0, 1).to_pylist() if table in self.tables else []
        return dict(found[0]) if found else {}

    def all(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table."""
        return list(self.tables[table].to_pylist()) if table in self.tables else []


def find_household(evaluation: Evaluation, household_id: str) -> Rows:
    """The rows of one household in a snapshot.

    Raises:
        UsageError: there is no such household.
    """
    snapshot, engine = evaluation.snapshot, evaluation.engine
    for part in evaluation.parts:
        engine.view("households", snapshot.files("households", part=part))
        households = engine.arrow("SELECT * FROM households WHERE household_id = ?", [household_id])
        if households.num_rows:
            return Rows(
                {"households": households, **_other_rows(evaluation, part, households["household_no"][0].as_py())}
            )
    fix = "Check the id; `tuopin snapshot show` says how households are named."
    raise UsageError(
        Problem("There is no household with this id in the snapshot.", Place(file=str(snapshot.path)), fix=fix)
    )


def evaluate_rows(engine: Engine, rows: Rows, facts: FactsPlan, rules: RulesPlan) -> None:
    """Make the tables `facts` and `evaluated` for rows at hand."""
    for name, table in rows.tables.items():
        engine.view(name, table)
    join_once(engine, facts)
    engine.table(FACTS, facts.facts_query())
    engine.table(EVALUATED, rules.query(FACTS))


def _other_rows(evaluation: Evaluation, part: int, household_no: int) -> dict[str, pa.Table]:
    snapshot, engine = evaluation.snapshot, evaluation.engine
    found = {"area_tiers": area_tiers(evaluation.pack, snapshot, evaluation.layout)}
    for table in ("members", "dwellings", "decisions", "leads"):
        if snapshot.has(table):
            engine.view(table, snapshot.files(table, part=part))
            found[table] = engine.arrow(f"SELECT * FROM {table} WHERE household_no = ?", [household_no])
    for register in evaluation.facts_plan.registers:
        found[register] = _matched(engine, snapshot, register, found["members"])
    return found


def _matched(engine: Engine, snapshot: Snapshot, register: str, members: pa.Table) -> pa.Table:
    engine.view("register", snapshot.files(f"register:{register}"))
    keys = [key for key in members["person_key"].to_pylist() if key is not None]
    marks = ", ".join("?" for _ in keys) or "NULL"
    return engine.arrow(f"SELECT * FROM register WHERE person_key IN ({marks})", keys)
