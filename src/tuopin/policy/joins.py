"""What do a household's facts join besides its own rows: its standing, its application, its matches in registers?

These are made once for a whole snapshot, before the loop over its parts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tuopin.policy.facts_plan import FactsPlan
from tuopin.tables.engines import Engine

Progress = Callable[[str, int, int], None]


def silent(_: str, __: int, ___: int) -> None:
    """Report no progress."""


def join_once(engine: Engine, facts: FactsPlan, progress: Progress = silent) -> None:
    """Make the joined tables from the views decisions, leads, members and the registers (those that the layout has)."""
    layout = facts.layout
    if layout.has("decisions"):
        engine.table("standings", _STANDINGS.format(as_of=layout.as_of))
    if layout.has("leads"):
        engine.table("applications", _applications(layout.as_of, decisions=layout.has("decisions")))
    if facts.registers:
        progress("registers", 0, 1)
        engine.table("matches", facts.matches_query())


#: The last decision that changes a standing, as at a day; a refusal changes none.
_STANDINGS = """
    SELECT household_no,
           CASE decision WHEN 'entry' THEN 'registered' WHEN 'return' THEN 'returned' ELSE 'exited' END AS standing
    FROM (
        SELECT household_no, decision,
               ROW_NUMBER() OVER (PARTITION BY household_no ORDER BY decided_on DESC, known_at DESC, decision) AS recent
        FROM decisions
        WHERE decision IN ('entry', 'exit', 'return') AND decided_on <= DATE '{as_of}'
    ) AS decided
    WHERE recent = 1
"""


def _applications(as_of: date, *, decisions: bool) -> str:
    """Households with an application that nobody has decided since."""
    applied = f"lead = 'application' AND received_on <= DATE '{as_of}'"
    if not decisions:
        return f"SELECT DISTINCT household_no FROM leads WHERE {applied}"
    return f"""
        SELECT DISTINCT leads.household_no
        FROM leads LEFT JOIN (
            SELECT household_no, MAX(decided_on) AS last
            FROM decisions WHERE decided_on <= DATE '{as_of}' GROUP BY household_no
        ) AS decided ON decided.household_no = leads.household_no
        WHERE {applied} AND (decided.last IS NULL OR received_on > decided.last)
    """
