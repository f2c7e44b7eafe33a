"""For which reasons is what proposed, how often, for whom for example, and which answers would settle the visits?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import sqlglot

from tuopin.tables.engines import Engine


@dataclass(frozen=True)
class ProposalCount:
    """Households, or areas, with the same proposal for the same reasons.

    Attributes:
        stage: the stage that proposes.
        kind: what it proposes.
        rule: the rule that proposes it.
        reasons: the parts of the rule that gave the answer.
        households: how many; of areas, how many areas.
        example: the first of them by id or code, to look at with `tuopin explain`.
        of: of whom it is proposed: household or area.
    """

    stage: str
    kind: str
    rule: str
    reasons: tuple[str, ...]
    households: int
    example: str
    of: Literal["household", "area"] = "household"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def proposals_by_reason(engine: Engine, sweep: Path) -> list[ProposalCount]:
    """Count the proposals of a sweep by stage, kind, rule and reasons, the most frequent first.

    Args:
        engine: where the counting is done.
        sweep: the folder that the sweep wrote; a survey's has no proposals.
    """
    if not _view(engine, sweep):
        return []
    rows = engine.rows(
        sqlglot.parse_one(
            "SELECT stage, kind, rule, reasons, COUNT(*) AS households, "
            "MIN(COALESCE(household_id, area_code)) AS example, household_id IS NULL AS of_area "
            "FROM proposals GROUP BY stage, kind, rule, reasons, household_id IS NULL"
        )
    )
    found = [
        ProposalCount(
            stage=stage,
            kind=kind,
            rule=rule,
            reasons=tuple(filter(None, (reasons or "").split(","))),
            households=int(count),
            example=str(example),
            of="area" if of_area else "household",
        )
        for stage, kind, rule, reasons, count, example, of_area in rows
    ]
    return sorted(found, key=lambda p: (-p.households, p.stage, p.kind, p.rule, p.reasons))


def answers_that_would_settle(engine: Engine, sweep: Path) -> dict[str, int]:
    """Facts that nobody knows and that a proposal would need, with the number of proposals, the most wanted first."""
    if not _view(engine, sweep):
        return {}
    rows = engine.rows(
        sqlglot.parse_one("SELECT unknown, COUNT(*) FROM proposals WHERE unknown <> '' GROUP BY unknown")
    )
    counts: dict[str, int] = {}
    for facts, count in rows:
        for fact in facts.split(","):
            counts[fact] = counts.get(fact, 0) + int(count)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _view(engine: Engine, sweep: Path) -> bool:
    """Show the engine the proposals; whether there are any files of them."""
    files = sorted((sweep / "proposals").glob("*.parquet"))
    if files:
        engine.view("proposals", files)
    return bool(files)
