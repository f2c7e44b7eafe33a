"""What does a good engineer's own query answer? Runs by_hand.sql on a snapshot: no pack, no compiler, no chunks."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

QUERY = Path(__file__).with_name("by_hand.sql")


def answer_by_hand(*, snapshot: Path, out: Path, memory_limit: str = "4GB") -> Path:
    """This will write the answers of every household and the roll-up by village.

    Args:
        snapshot: a register made by register.py.
        out: the folder to write `answers.parquet` and `villages.parquet` into.
        memory_limit: what the engine may use, as the sweep is given.

    Returns:
        The file of answers.
    """
    out.mkdir(parents=True, exist_ok=True)
    coverage = json.loads((snapshot / "manifest.json").read_text())["coverage"]
    engine = duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": str(out / "spill")})
    engine.execute("SET preserve_insertion_order = false")
    engine.execute("CREATE TEMP TABLE coverage (register VARCHAR, area_code VARCHAR)")
    engine.executemany(
        "INSERT INTO coverage VALUES (?, ?)", [(c["register"], area) for c in coverage for area in c["areas"]]
    )
    for query in QUERY.read_text().split(";\n"):
        if query.strip():
            engine.execute(query.replace(":snapshot", str(snapshot)).replace(":out", str(out)))
    engine.close()
    return out / "answers.parquet"
