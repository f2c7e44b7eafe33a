"""Is a household told of under a heading that is true of it?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tuopin.sweep.officials import DECISIONS
from tuopin.sweep.stories import LEFT, LEFT_OUT, candidates

POOR: dict[int, dict[str, bool | None]] = {
    2013: {"rose": True, "by mistake": False, "still poor": True, "nobody came": True},
    2014: {"rose": True, "by mistake": False, "still poor": True, "nobody came": True},
    2015: {"rose": False, "by mistake": False, "still poor": True, "nobody came": None},
}


def test_only_who_was_truly_poor_and_is_no_longer_has_left_poverty(tmp_path: Path) -> None:
    """The register saw three households enter and leave; one had never been poor, one is still."""
    judged = {}
    for year, poor in POOR.items():
        judged[year] = tmp_path / f"{year}.parquet"
        pq.write_table(pa.table({"household_id": list(poor), "poor": list(poor.values())}), judged[year])
    decided = [
        {"household_id": id, "decision": decision, "decided_on": date(year, 3, 1)}
        for id in ("rose", "by mistake", "still poor")
        for decision, year in (("entry", 2014), ("exit", 2015))
    ]
    found = dict(candidates(judged, "poor", pa.Table.from_pylist(decided, schema=DECISIONS)))
    assert found[LEFT] == ["rose"]
    assert found[LEFT_OUT] == ["nobody came"]
