"""Is a household told of under a heading that is true of it?"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tuopin.sweep.officials import DECISIONS
from tuopin.sweep.stories import IN_TROUBLE, LEFT, LEFT_OUT, candidates

POOR: dict[int, dict[str, bool | None]] = {
    2013: {"rose": True, "by mistake": False, "still poor": True, "nobody came": True},
    2014: {"rose": True, "by mistake": False, "still poor": True, "nobody came": True},
    2015: {"rose": False, "by mistake": False, "still poor": True, "nobody came": None},
}


def taken(*rows: tuple[str, str, int]) -> list[dict[str, Any]]:
    """Decisions, one after the other in the year."""
    return [
        {"household_id": id, "decision": what, "decided_on": date(year, 3, 1) + timedelta(number)}
        for number, (id, what, year) in enumerate(rows)
    ]


def told(decided: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(decided, schema=DECISIONS)


def test_only_who_was_truly_poor_and_is_no_longer_has_left_poverty(tmp_path: Path) -> None:
    """The register saw three households enter and leave; one had never been poor, one is still."""
    judged = {}
    for year, poor in POOR.items():
        judged[year] = tmp_path / f"{year}.parquet"
        pq.write_table(pa.table({"household_id": list(poor), "poor": list(poor.values())}), judged[year])
    came_and_left = [("entry", 2014), ("exit", 2015)]
    decided = taken(*((id, what, year) for id in ("rose", "by mistake", "still poor") for what, year in came_and_left))
    found = dict(candidates(judged, "poor", told(decided)))
    assert found[LEFT] == ["rose"]
    assert found[LEFT_OUT] == ["nobody came"]
    assert found[IN_TROUBLE] == []
    # A refusal changes nothing: not who rose, not who was left out, and not who is watched.
    refused = [(id, "refusal", year) for id in ("rose", "nobody came", "still poor") for year in (2013, 2016)]
    more = [*decided, *taken(*refused), *taken(("still poor", "monitoring", 2016))]
    again = dict(candidates(judged, "poor", told(more)))
    assert again == {**found, IN_TROUBLE: ["still poor"]}
