"""Do a sweep, a campaign and the invented country read the same standing out of the same decisions?"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tuopin.policy.joins import _STANDINGS
from tuopin.simulation.decided import Decided
from tuopin.simulation.ids import household_ids
from tuopin.sweep.campaign import standing_by
from tuopin.sweep.officials import DECISIONS
from tuopin.tables.engines import open_engine

HOUSEHOLDS = 3
AS_OF = date(2016, 12, 31)
#: The decision that is the last to change a standing, and the standing that a sweep reads.
STANDING = {
    "entry": "registered",
    "return": "returned",
    "exit": "exited",
    "monitoring": "monitored",
    "clearing": "cleared",
}
DAYS = st.integers(0, 3).map(lambda day: date(2016, 3, 1) + timedelta(day))
TAKEN = st.lists(
    st.tuples(st.integers(0, HOUSEHOLDS - 1), st.sampled_from([*STANDING, "refusal"]), DAYS, DAYS),
    min_size=1,
    max_size=9,
)


@given(TAKEN)
def test_three_readers_agree_also_where_several_decisions_fell_on_one_day(
    taken: list[tuple[int, str, date, date]],
) -> None:
    numbers = np.arange(HOUSEHOLDS, dtype=np.int64) + 1
    ids = household_ids(numbers).to_pylist()
    rows = pa.Table.from_pylist(
        [
            {"household_id": ids[which], "decision": what, "decided_on": on, "known_at": known}
            for which, what, on, known in taken
        ],
        schema=DECISIONS,
    )
    with open_engine(threads=1) as engine:
        places = pa.array([which for which, *_ in taken], pa.int64())
        engine.view("decisions", rows.append_column("household_no", places))
        read = {no: (standing, ever) for no, standing, _, ever in engine.rows(_STANDINGS.format(as_of=AS_OF))}
    books = Decided.of(rows).books(numbers)
    for no, id in enumerate(ids):
        standing, ever = read.get(no, (None, False))
        assert [last for last in STANDING if standing_by(rows, [last]).to_pylist().count(id)] == [
            last for last, name in STANDING.items() if name == standing
        ]
        assert bool(books.registered[no]) is (standing in ("registered", "returned"))
        assert bool(books.exited[no]) is (ever and standing in ("exited", "monitored", "cleared"))
