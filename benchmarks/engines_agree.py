"""Do DuckDB and Spark say the same of every household, in a whole sweep of any pack over any snapshot?

    python -m benchmarks.engines_agree --pack template --snapshot SNAPSHOT
    python -m benchmarks.engines_agree --households 200000

Both engines sweep the same snapshot with every stage, from facts computed anew; then every answer, proposal, area and
figure is compared, and the two summaries. It ends with exit code 1 if one row differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.agreement import differing_rows
from benchmarks.processes import Cost, cost_of
from benchmarks.register import BUILD_FOLDER, PACK_FOLDER, generate_register
from tuopin.tables import Snapshot

ENGINES = ("duckdb", "spark")


@dataclass(frozen=True)
class Agreement:
    """What was compared, and what differs.

    Attributes:
        households: how many were answered for.
        proposals: how many there are.
        figures: how many there are, of all areas together.
        areas: of how many areas something was answered.
        differing: by kind of row, how many differ; a row that one side lacks differs.
    """

    households: int
    proposals: int
    figures: int
    areas: int
    differing: Mapping[str, int]


def agreement(one: Path, other: Path) -> Agreement:
    """Compare the folders of two sweeps, row by row."""
    with duckdb.connect() as engine:
        answers = differing_rows(by_hand=Path(f"{one}/answers/*.parquet"), sweep=other)
        (households,) = engine.execute(f"SELECT count(*) FROM '{one}/answers/*.parquet'").fetchall()[0]
        proposed, proposals = _apart(engine, one, other, "proposals/*.parquet")
        tiers = sorted({file.name for sweep in (one, other) for file in (sweep / "areas").glob("*.parquet")})
        by_tier = [_apart(engine, one, other, f"areas/{tier}") for tier in tiers]
    figures, others = (_figures(json.loads((sweep / "figures.json").read_text())) for sweep in (one, other))
    summaries = [json.loads((sweep / "summary.json").read_text()) for sweep in (one, other)]
    differing = {f"answer {name}": rows for name, rows in answers.items() if rows}
    differing |= {
        "answers": max(answers.values(), default=0),
        "proposals": proposed,
        "areas": sum(rows for rows, _ in by_tier),
        "figures": sum(figures.get(name) != others.get(name) for name in figures.keys() | others.keys()),
        "summary": sum(summaries[0].get(key) != summaries[1].get(key) for key in summaries[0].keys() | summaries[1]),
    }
    return Agreement(households, proposals, len(figures), sum(rows for _, rows in by_tier), differing)


def _apart(engine: duckdb.DuckDBPyConnection, one: Path, other: Path, files: str) -> tuple[int, int]:
    """How many rows stand on one side only, in any column, and how many there are; none where neither wrote any."""
    found = [sorted(str(file) for file in sweep.glob(files)) for sweep in (one, other)]
    if not all(found):
        return sum(map(len, found)), 0
    a, b = (f"SELECT * FROM read_parquet({names})" for names in found)
    query = f"""
        SELECT (SELECT count(*) FROM ({a} EXCEPT ALL {b})), (SELECT count(*) FROM ({b} EXCEPT ALL {a})),
               (SELECT count(*) FROM ({a}))
    """
    only_one, only_other, all_ = engine.execute(query).fetchall()[0]
    return max(only_one, only_other), all_


def _figures(document: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Any]:
    return {(id, area): value for id, areas in document.items() for area, value in areas.items()}


def main() -> None:
    """Sweep on both engines, compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pack", help="a pack's folder or id; default: the benchmarks' own")
    parser.add_argument("--snapshot", type=Path, help="default: an invented register of so many --households")
    parser.add_argument("--households", type=int, default=200_000)
    parser.add_argument("--as-of", type=date.fromisoformat, help="the policy's day; default: the snapshot's")
    parser.add_argument("--build", type=Path, default=BUILD_FOLDER)
    parser.add_argument("--memory-limit", default="4GB")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--master", help="where Spark runs; default: here")
    given = parser.parse_args()
    snapshot = given.snapshot or generate_register(households=given.households, build=given.build)
    folder = given.build / "engines"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    costs = {engine: _swept(engine, given, snapshot, folder) for engine in ENGINES}
    found = agreement(*(folder / engine for engine in ENGINES))
    print(_told(costs, found))
    sys.exit(1 if any(found.differing.values()) else 0)


def _swept(engine: str, given: argparse.Namespace, snapshot: Path, folder: Path) -> Cost:
    words = ["sweep_whole", "--engine", engine, "--pack", str(given.pack or PACK_FOLDER), "--snapshot", str(snapshot)]
    words += ["--as-of", str(given.as_of or Snapshot.open(snapshot).manifest.as_of)]
    words += ["--out", str(folder / engine), "--facts", str(folder / f"{engine}.facts")]
    words += ["--memory-limit", given.memory_limit]
    words += ["--threads", str(given.threads)] if given.threads else []
    words += ["--master", given.master] if given.master and engine == "spark" else []
    return cost_of(words)


def _told(costs: Mapping[str, Cost], found: Agreement) -> str:
    lines = ["| engine | CPU s | wall s | peak MiB of one process |", "|---|---|---|---|"]
    lines += [f"| {name} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.peak_mib:.0f} |" for name, cost in costs.items()]
    duck, spark = (costs[engine] for engine in ENGINES)
    ratio = f"Spark / DuckDB: {spark.cpu / duck.cpu:.1f} of CPU, {spark.wall / duck.wall:.1f} of wall time."
    rows = f"{found.households:,} households, {found.areas:,} areas, {found.proposals:,} proposals"
    compared = f"{rows} and {found.figures:,} figures compared."
    differing = ", ".join(f"{name} {rows}" for name, rows in found.differing.items())
    return "\n".join([*lines, "", ratio, compared, f"Rows that differ: {differing}."])


if __name__ == "__main__":
    main()
