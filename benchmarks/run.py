"""How fast is the sweep? `make bench`, or `python -m benchmarks.run --households 10000000 --rounds 5`.

Every variant runs in a process of its own and is charged the CPU seconds of its whole process tree. Variants take turns
in every round, so that a busy machine is unfair to all alike; what counts is the ratio within a round.
README.md in this folder says what each variant does.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.agreement import differing_rows
from benchmarks.changed_policy import write_changed_pack
from benchmarks.processes import Cost, cost_of
from benchmarks.register import BUILD_FOLDER, PACK_FOLDER, register_folder
from benchmarks.work import facts_of

Costs = Mapping[str, Sequence[Cost]]
GIB = 1024.0


@dataclass(frozen=True)
class Place:
    """The folders of one run.

    Attributes:
        snapshot: the register that is swept.
        small: a tenth of it.
        changed_pack: the pack after a change of policy.
        out: where answers go.
        memory_limit: what an engine may use.
    """

    snapshot: Path
    small: Path
    changed_pack: Path
    out: Path
    memory_limit: str

    def cost(self, word: str, *, snapshot: Path | None = None, pack: Path = PACK_FOLDER, out: str = "out") -> Cost:
        """Run one piece of work."""
        folders = ["--snapshot", str(snapshot or self.snapshot), "--pack", str(pack), "--out", str(self.out / out)]
        return cost_of([word, *folders, "--memory-limit", self.memory_limit])

    def first_sweep(self, snapshot: Path, out: str, word: str = "sweep") -> Cost:
        """A sweep that finds no facts."""
        shutil.rmtree(facts_of(snapshot), ignore_errors=True)
        return self.cost(word, snapshot=snapshot, out=out)


#: In the order in which they run in a round: what a variant finds on disk, an earlier one has left there.
VARIANTS: Mapping[str, Callable[[Place], Cost]] = {
    "start": lambda place: place.cost("start"),
    "scan": lambda place: place.cost("scan"),
    "scan by part": lambda place: place.cost("scan_by_part"),
    "by hand": lambda place: place.cost("by_hand", out="by-hand"),
    "answers only": lambda place: place.first_sweep(place.snapshot, "answers-only", "sweep_answers"),
    "first sweep": lambda place: place.first_sweep(place.snapshot, "sweep"),
    "scan of facts": lambda place: place.cost("scan_facts"),
    "rules over facts": lambda place: place.cost("sweep_dry"),
    "changed policy": lambda place: place.cost("sweep", pack=place.changed_pack, out="changed"),
    "changed, counts only": lambda place: place.cost("sweep_dry", pack=place.changed_pack),
    "first sweep of a tenth": lambda place: place.first_sweep(place.small, "small"),
}


@dataclass(frozen=True)
class Bar:
    """One bar of the issue: a figure of every round, and what it may be at most."""

    name: str
    most: float
    figure: Callable[[Mapping[str, Cost]], float]
    unit: str = "×"


def _cpu(above: str, below: str) -> Callable[[Mapping[str, Cost]], float]:
    return lambda costs: costs[above].cpu / costs[below].cpu


def _exponent(costs: Mapping[str, Cost]) -> float:
    """Slope of CPU on households in logarithms, ten times as many; the start of the process is taken off both."""
    large, small = (costs[name].cpu - costs["start"].cpu for name in ("first sweep", "first sweep of a tenth"))
    return math.log10(large / small)


BARS = (
    Bar("sweep / by hand", 1.15, _cpu("first sweep", "by hand")),
    Bar("answers only / by hand", 1.15, _cpu("answers only", "by hand")),
    Bar("sweep / scan, unchunked", 10, _cpu("first sweep", "scan")),
    Bar("sweep / scan, by part", 12, _cpu("first sweep", "scan by part")),
    Bar("rules over facts / scan of facts", 2.5, _cpu("rules over facts", "scan of facts")),
    Bar("changed policy / first sweep", 0.25, _cpu("changed policy", "first sweep")),
    Bar("changed, counts only / first sweep", 0.25, _cpu("changed, counts only", "first sweep")),
    Bar("peak memory of the sweep", 1, lambda costs: costs["first sweep"].peak_mib / GIB, "GiB"),
    Bar("exponent from a tenth to the whole", 1.05, _exponent, ""),
)


def measure(place: Place, *, rounds: int, say: Callable[[str], None]) -> dict[str, list[Cost]]:
    """This will run every variant once a round, after one round of reading so that files are in memory.

    Raises:
        WorkFailedError: a piece of work failed.
    """
    place.cost("scan")
    costs: dict[str, list[Cost]] = {name: [] for name in VARIANTS}
    for number in range(1, rounds + 1):
        for name, run in VARIANTS.items():
            cost = run(place)
            costs[name].append(cost)
            used = f"{cost.cpu:8.2f} CPU s {cost.wall:8.2f} s {cost.peak_mib:7.0f} MiB"
            say(f"round {number} of {rounds}: {name:<24} {used}")
    return costs


def report(costs: Costs, *, households: int, differing: Mapping[str, int], load: Sequence[float]) -> dict[str, object]:
    """The result of a run as plain values."""
    rounds = [dict(zip(costs, row, strict=True)) for row in zip(*costs.values(), strict=True)]
    figures = {bar.name: [bar.figure(row) for row in rounds] for bar in BARS}
    return {
        "households": households,
        "rounds": len(rounds),
        "machine": _machine(load),
        "costs": {name: [asdict(cost) for cost in each] for name, each in costs.items()},
        "bars": [{"name": bar.name, "most": bar.most, "unit": bar.unit, **_spread(figures[bar.name])} for bar in BARS],
        "differing_rows": dict(differing),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def _machine(load: Sequence[float]) -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("duckdb", "pyarrow", "sqlglot")},
        "load_before": list(load),
        "load_after": list(os.getloadavg()),
    }


def tables(result: Mapping[str, object], costs: Costs) -> str:
    """The result for people: two tables in Markdown."""
    lines = ["| variant | CPU s, median (least - most) | wall s | peak MiB |", "|---|---|---|---|"]
    for name, each in costs.items():
        cpu, wall, peak = ([getattr(cost, field) for cost in each] for field in ("cpu", "wall", "peak_mib"))
        spread = f"{statistics.median(cpu):.2f} ({min(cpu):.2f} - {max(cpu):.2f})"
        lines.append(f"| {name} | {spread} | {statistics.median(wall):.1f} | {max(peak):.0f} |")
    lines += ["", "| figure | median (least - most) | bar | |", "|---|---|---|---|"]
    for bar in result["bars"]:  # type: ignore[attr-defined] # plain values, made above
        unit = f" {bar['unit']}".rstrip()
        kept = "kept" if bar["median"] <= bar["most"] else "MISSED"
        spread = f"{bar['median']:.2f} ({bar['min']:.2f} - {bar['max']:.2f})"
        lines.append(f"| {bar['name']} | {spread}{unit} | ≤ {bar['most']:g}{unit} | {kept} |")
    wrong = {column: rows for column, rows in result["differing_rows"].items() if rows}  # type: ignore[attr-defined] # as above
    lines += ["", f"Rows that differ between sweep and hand-written query: {wrong or 0}."]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and keep the figures in the build folder; 1 when a bar is missed or an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--households", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-limit", default="4GB", help="for the sweep and the hand-written query alike")
    parser.add_argument("--build", type=Path, default=BUILD_FOLDER, help="for registers and answers; outside git")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    load = os.getloadavg()
    build = given.build.resolve()
    for households in (given.households, given.households // 10):
        say(f"finding or inventing a register of {households:,} households")
        # In a child: the kernel charges a process's own peak to every process that it starts afterwards.
        cost_of(["register", "--households", str(households), "--build", str(build)])
    place = Place(
        snapshot=register_folder(households=given.households, build=build),
        small=register_folder(households=given.households // 10, build=build),
        changed_pack=write_changed_pack(pack=PACK_FOLDER, target=build / "changed-pack"),
        out=build / "answers",
        memory_limit=given.memory_limit,
    )
    costs = measure(place, rounds=given.rounds, say=say)
    differing = differing_rows(by_hand=place.out / "by-hand" / "answers.parquet", sweep=place.out / "sweep")
    result = report(costs, households=given.households, differing=differing, load=load)
    text = json.dumps(result, indent=1)
    (build / f"result-{given.households}.json").write_text(text + "\n", encoding="utf-8")
    print(text if given.json else tables(result, costs))
    missed = [bar for bar in result["bars"] if bar["median"] > bar["most"]]  # type: ignore[attr-defined] # plain values
    return 1 if missed or any(differing.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
