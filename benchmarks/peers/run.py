"""How many households a second and core do equal rules answer: ours over stored facts, OpenFisca's, PolicyEngine's?

    python -m benchmarks.peers.run --snapshot DIR --openfisca PYTHON --policyengine PYTHON

Each peer lives in an environment of its own, named by its interpreter, and answers twice: from the members of the
snapshot, which its rules roll up (the way it is made to be used, and the bar), and from the very facts that our sweep
stored. One thread; imports are not counted, reading the inputs is. Rounds take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from tuopin.policy import FACTS, Evaluation, checked_pack, folders_of, read_pack, sql
from tuopin.policy.proposal import fact_unknown
from tuopin.sweep.summary import how_many
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine

HERE = Path(__file__).parent
DAY = date(2016, 12, 31)
BARS = {"openfisca_core persons": 5.0, "policyengine_core persons": 3.0}

READ = frozenset(
    {
        *("net_income", "household_size", "food_enough", "protein_regular", "seasonal_clothes", "warm_bedding"),
        *("out_of_school", "uninsured", "dwelling_grade", "works_done", "water_litres", "water_minutes", "water_piped"),
    }
)


def main() -> int:
    """Measure, print, and end with 1 where a bar is missed or an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshot", type=Path, required=True)
    parser.add_argument("--openfisca", metavar="PYTHON")
    parser.add_argument("--policyengine", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    pack, snapshot = checked_pack(read_pack(HERE / "pack")), Snapshot.open(given.snapshot)
    with open_engine(threads=1, folders=folders_of(snapshot)) as engine:
        evaluation = Evaluation(pack, snapshot, DAY, engine)
        evaluation.store_facts()
        files = [str(evaluation.facts_file(part)) for part in evaluation.parts]
    peers = {"openfisca_core": given.openfisca, "policyengine_core": given.policyengine}
    rounds: dict[str, list[dict[str, Any]]] = {}
    for _ in range(given.rounds):
        rounds.setdefault("tuopin", []).append(_ours(given.snapshot))
        for package, python in peers.items():
            for kind, asked in (("persons", [str(given.snapshot)]), ("facts", files)):
                if python:
                    name = f"{package} {kind}"
                    rounds.setdefault(name, []).append(_theirs(python, package, [kind, *asked]))
    return _told(rounds)


def _ours(folder: Path) -> dict[str, Any]:
    """CPU seconds from opening the snapshot to the count, everything compiled anew, on one thread."""
    begun = time.process_time()
    pack, snapshot = read_pack(HERE / "pack"), Snapshot.open(folder)
    with open_engine(threads=1, folders=folders_of(snapshot)) as engine:
        evaluation = Evaluation(pack, snapshot, DAY, engine)
        evaluation.show_all_facts()
        rules = evaluation.rules_plan
        known = sql.deny(
            sql.either([fact_unknown(rules, fact) for fact in evaluation.facts_plan.meanings if fact in READ])
        )
        poor = sql.both([sql.column("poor"), known])
        told = {"all": sql.count(), "known": how_many(known), "poor": how_many(poor)}
        row = engine.rows(sql.select(told, rules.query(FACTS).subquery("answers", copy=False)))[0]
    seconds = time.process_time() - begun
    return {"all": seconds, **dict(zip(("households", "known", "poor"), map(int, row), strict=True))}


def _theirs(python: str, package: str, asked: list[str]) -> dict[str, Any]:
    alone = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMEXPR_MAX_THREADS": "1"}
    command = [python, str(HERE / "rules.py"), package, *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=alone)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(rounds: dict[str, list[dict[str, Any]]]) -> int:
    """Rates, ratios round by round, and whether all say the same of those of whom everything is known."""
    failed, ours = 0, rounds["tuopin"]
    for name, found in rounds.items():
        seconds = statistics.median(one["all"] for one in found)
        steps = ", ".join(
            f"{s} {statistics.median(o[s] for o in found):.2f}" for s in ("read", "build", "compute") if s in found[0]
        )
        same = (found[0]["known"], found[0]["poor"]) == (ours[0]["known"], ours[0]["poor"])
        failed += not same
        print(
            f"{name:28} {seconds:6.2f} CPU s, {found[0]['households'] / seconds / 1e6:5.2f} M households a second and "
            f"core  poor {found[0]['poor']:,} of {found[0]['known']:,} known{'' if same else ' DIFFERS'}  {steps}"
        )
        if name != "tuopin":
            ratios = [theirs["all"] / mine["all"] for theirs, mine in zip(found, ours, strict=True)]
            bar = BARS.get(name)
            failed += bar is not None and statistics.median(ratios) < bar
            said = f"; bar {bar:.0f}" if bar else ""
            middle, least, most = statistics.median(ratios), min(ratios), max(ratios)
            print(f"{'':28} ours are {middle:.1f} times as many ({least:.1f} to {most:.1f}){said}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
