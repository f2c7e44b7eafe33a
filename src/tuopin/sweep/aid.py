"""Who is helped with what in an invented country: by the causes that were written down and the guarantees left open?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tuopin.simulation.codes import CAUSES_ASKED
from tuopin.simulation.draws import Draws
from tuopin.simulation.ids import household_numbers
from tuopin.sweep.campaign_file import HelpPlan

Texts = npt.NDArray[np.object_]

HELP = pa.schema([("household_id", pa.string()), ("measure", pa.string()), ("year", pa.int64())])


def help_for(known: pa.Table, *, plan: HelpPlan, seed: int, year: int) -> pa.Table:
    """The measures that households receive in a year, in the columns of HELP.

    Args:
        known: what the office knows of those to be helped: `household_id`, the causes written down, and the answer to
            each standard of a guarantee. A guarantee of which nobody can tell is not taken for open.
        plan: who is helped with what.
        seed: of their luck.
        year: in which they are helped.
    """
    numbers = household_numbers(known["household_id"])
    reached = Draws(seed, year).happens(numbers, "help reaches", plan.reaches(year))
    chosen = known.filter(pa.array(reached))
    ids = chosen["household_id"].combine_chunks()
    given = np.zeros(len(chosen), dtype=np.int64)
    rows: list[pa.Table] = []
    seen: dict[str, npt.NDArray[np.bool_]] = {}
    for measure, fits in _in_order(chosen, plan):
        before = seen.setdefault(measure, np.zeros(len(chosen), bool))
        takes = fits & ~before & (given < plan.most_measures)
        before |= takes
        given += takes
        part = ids.filter(pa.array(takes))
        rows.append(pa.table({"household_id": part, "measure": [measure] * len(part), "year": [year] * len(part)}))
    return pa.concat_tables([table.cast(HELP) for table in rows]) if rows else HELP.empty_table()


def _in_order(known: pa.Table, plan: HelpPlan) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Measures in the order in which they are given: open guarantees, then the first of each cause, then the next."""
    for standard, measure in plan.by_guarantee.items():
        if standard in known.column_names:
            open_ = known[standard].combine_chunks().fill_null(True)
            yield measure, ~np.asarray(open_.to_numpy(zero_copy_only=False), dtype=bool)
    causes = _causes(known)
    nothing_said = np.ones(len(known), bool)
    for said in causes:
        nothing_said &= said == ""
    for place in range(max(map(len, [*plan.by_cause.values(), plan.without_cause]))):
        for said in causes:
            for cause, measures in plan.by_cause.items():
                if place < len(measures):
                    yield measures[place], said == cause
        if place < len(plan.without_cause):
            yield plan.without_cause[place], nothing_said


def _causes(known: pa.Table) -> list[Texts]:
    columns: Mapping[str, pa.ChunkedArray] = {name: known[name] for name in CAUSES_ASKED if name in known.column_names}
    return [np.asarray([said or "" for said in column.to_pylist()], dtype=object) for column in columns.values()]
