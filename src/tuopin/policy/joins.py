"""What do a household's facts join besides its own rows: its standing, its open leads, its matches in registers?

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
        engine.table("open_leads", _open_leads(layout.as_of, decisions=layout.has("decisions")))
    if facts.registers:
        progress("registers", 0, 1)
        engine.table("matches", facts.matches_query())


#: The last decision that changes a standing, as at a day (a refusal changes none), and whether there was ever an entry:
#: who left the register or came back to it was in it, also where the books begin later.
_STANDINGS = """
    SELECT household_no,
           MAX(CASE WHEN recent = 1 THEN CASE decision
               WHEN 'entry' THEN 'registered' WHEN 'exit' THEN 'exited' WHEN 'return' THEN 'returned'
               WHEN 'monitoring' THEN 'monitored' ELSE 'cleared' END END) AS standing,
           MAX(CASE WHEN recent = 1 THEN decided_on END) AS standing_since,
           MAX(CASE WHEN decision IN ('entry', 'return', 'exit') THEN 1 ELSE 0 END) = 1 AS ever_registered
    FROM (
        SELECT household_no, decision, decided_on,
               ROW_NUMBER() OVER (PARTITION BY household_no ORDER BY decided_on DESC, known_at DESC, decision) AS recent
        FROM decisions
        WHERE decision <> 'refusal' AND decided_on <= DATE '{as_of}'
    ) AS decided
    GROUP BY household_no
"""


#: As _STANDINGS, of areas.
AREA_STANDINGS = """
    SELECT area_code, CASE decision WHEN 'listing' THEN 'listed' ELSE 'exited' END AS standing,
           decided_on AS standing_since
    FROM (
        SELECT area_code, decision, decided_on,
               ROW_NUMBER() OVER (PARTITION BY area_code ORDER BY decided_on DESC, known_at DESC, decision) AS recent
        FROM area_decisions
        WHERE decided_on <= DATE '{as_of}'
    ) AS decided
    WHERE recent = 1
"""


def _open_leads(as_of: date, *, decisions: bool) -> str:
    """Households with a lead that nobody has decided since: an application, or a sign from somebody else."""
    counted = """
        SELECT leads.household_no,
               MAX(CASE WHEN lead = 'application' THEN 1 ELSE 0 END) = 1 AS applied,
               MAX(CASE WHEN lead <> 'application' THEN 1 ELSE 0 END) = 1 AS reported
        FROM leads"""
    received = f"received_on <= DATE '{as_of}'"
    if not decisions:
        return f"{counted} WHERE {received} GROUP BY leads.household_no"
    return f"""{counted} LEFT JOIN (
            SELECT household_no, MAX(decided_on) AS last
            FROM decisions WHERE decided_on <= DATE '{as_of}' GROUP BY household_no
        ) AS decided ON decided.household_no = leads.household_no
        WHERE {received} AND (decided.last IS NULL OR received_on > decided.last)
        GROUP BY leads.household_no
    """
