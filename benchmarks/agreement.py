"""Do the sweep and the hand-written query say the same of every household?"""

from __future__ import annotations

from pathlib import Path

import duckdb


def differing_rows(*, by_hand: Path, sweep: Path) -> dict[str, int]:
    """This will count, for each column, the households whose answers differ.

    Args:
        by_hand: the hand-written query's file of answers.
        sweep: the folder of a sweep.

    Returns:
        Rows that differ, by column; unknown and "no" are two different answers, and a household that one side lacks
        differs in every column.

    Raises:
        ValueError: the two do not have the same columns.
    """
    with duckdb.connect() as engine:
        engine.execute(f"CREATE VIEW a AS FROM read_parquet('{by_hand}')")
        engine.execute(f"CREATE VIEW b AS FROM read_parquet('{sweep}/answers/*.parquet')")
        columns, others = ([row[0] for row in engine.execute(f"DESCRIBE {side}").fetchall()] for side in "ab")
        if set(columns) != set(others):
            raise ValueError(f"Only one side has these columns: {', '.join(sorted(set(columns) ^ set(others)))}.")
        one_lacks_it = "a.household_no IS NULL OR b.household_no IS NULL"
        counts = ", ".join(
            f"count(*) FILTER ({one_lacks_it} OR a.{name} IS DISTINCT FROM b.{name})" for name in columns
        )
        (row,) = engine.execute(f"SELECT {counts} FROM a FULL JOIN b ON a.household_no = b.household_no").fetchall()
    return dict(zip(columns, row, strict=True))
