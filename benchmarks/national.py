"""Can a nation be swept on a small machine, and killed on the way? `python -m benchmarks.national --help`.

The real `tuopin sweep` runs in a process of its own: undisturbed; once more, and dry, on the stored facts; beside them
what only reading costs; then killed by `kill -9` at drawn moments, and called again each time. The moments are a hash
of a seed, so anyone can draw them again. What the killed one gave is compared with the first: the hashes in the ledger,
and every file, row by row. README.md in this folder says what the figures mean.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.processes import Cost, Ended, WorkFailedError, cost_of, ended_of

PEAK_MIB = 2048.0
"""The most memory that a sweep of a nation may hold."""


@dataclass(frozen=True)
class Call:
    """One sweep, as a person calls it.

    Attributes:
        snapshot: the register.
        pack: the policy.
        as_of: its day.
        folder: where everything is written; emptied first.
        memory_limit: what the engine may use.
        threads: how many processors; None: all.
    """

    snapshot: Path
    pack: str
    as_of: str
    folder: Path
    memory_limit: str
    threads: int | None

    @property
    def facts(self) -> Path:
        """Where facts lie: beside the snapshot."""
        return self.snapshot.with_name(f"{self.snapshot.name}.facts")

    def run(self, out: str, *more: str, kill_after: float | None = None) -> Ended:
        """Sweep into a folder.

        Raises:
            WorkFailedError: it ended badly, and not because it was killed.
        """
        words = [str(Path(sys.executable).with_name("tuopin")), "sweep", *more]
        words += ["--pack", self.pack, "--snapshot", str(self.snapshot), "--as-of", self.as_of]
        words += ["--out", str(self.folder / out / "sweep"), "--memory-limit", self.memory_limit]
        words += [] if self.threads is None else ["--threads", str(self.threads)]
        ended = ended_of(words, kill_after=kill_after)
        if ended.code not in (0, -9) or (ended.code == -9 and kill_after is None):
            raise WorkFailedError(f"the sweep ended with {ended.code}:\n{ended.said}")
        return ended

    def scans(self) -> tuple[Cost, Cost]:
        """Decode what the sweep reads of the snapshot, part by part, and the facts that it stored."""
        policy = ["--pack", self.pack, "--as-of", self.as_of]
        words = [("scan_what_a_policy_reads", *policy), ("scan_facts",)]
        costs = [cost_of([word, "--snapshot", str(self.snapshot), *more]) for word, *more in words]
        return costs[0], costs[1]


@dataclass(frozen=True)
class Killed:
    """A run that was killed.

    Attributes:
        after: seconds from its start.
        facts: parts whose facts were stored then.
        answers: parts whose answers were.
        proposals: parts whose proposals were.
        cost: what it had cost.
    """

    after: float
    facts: int
    answers: int
    proposals: int
    cost: Cost


def drawn(seed: int, kill: int) -> float:
    """A number from 0 to 1: the same seed and kill give the same."""
    digest = hashlib.sha256(f"{seed} {kill} moment".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def killed_and_resumed(
    call: Call, *, kills: int, seed: int, work: tuple[float, float], say: Callable[[str], None]
) -> tuple[list[Killed], Cost]:
    """This will kill a sweep so many times, let it end at last, and return what each run was and cost.

    Args:
        call: the sweep.
        kills: how often.
        seed: of the draws.
        work: the seconds after which a run that has nothing to do begins to end, and an undisturbed one ends. A run
            gets up to twice the share of what lies between that it would get if all had the same. If it ends before
            its kill has come, all is begun anew, and kills come a tenth earlier.
        say: told how it goes.
    """
    found: list[Killed] = []
    (begin, end), sooner = work, 1.0
    while len(found) < kills:
        after = sooner * (begin + 2 * (end - begin) / (kills + 1) * drawn(seed, len(found)))
        ended = call.run("killed", kill_after=after)
        if ended.code == 0 or _stands(call):
            say(f"ended before kill {len(found) + 1}: begun anew")
            _forget(call, "killed")
            sooner *= 0.9
            continue
        now = Killed(after, *_whole(call), ended.cost)
        whole = f"{now.facts} parts of facts, {now.answers} of answers, {now.proposals} of proposals"
        say(f"kill {len(found) + 1} after {after:.1f} s: {whole}")
        found.append(now)
    return found, call.run("killed").cost


def _stands(call: Call) -> bool:
    """Whether the sweep was whole and recorded before the kill came, and only what is printed was missing."""
    folder = call.folder / "killed"
    return (folder / "sweep").exists() and not any(folder.glob(".sweep-unfinished-*"))


def _whole(call: Call) -> tuple[int, int, int]:
    """How many parts are whole: facts, answers, proposals."""
    work = ".sweep-unfinished-*/sweep"
    folders = (
        call.facts.glob("*/part-*"),
        *((call.folder / "killed").glob(f"{work}/{t}/part-*") for t in ("answers", "proposals")),
    )
    facts, answers, proposals = (len(list(files)) for files in folders)
    return facts, answers, proposals


def _forget(call: Call, out: str) -> None:
    shutil.rmtree(call.facts, ignore_errors=True)
    shutil.rmtree(call.folder / out, ignore_errors=True)
    (call.folder / out).mkdir(parents=True)


def measure(call: Call, *, kills: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """The result as plain values.

    Raises:
        WorkFailedError: a sweep ended badly.
    """
    _forget(call, "undisturbed")
    first = call.run("undisturbed").cost
    say(f"undisturbed: {_words(first)}")
    stored = call.run("undisturbed", "--replace").cost
    say(f"on stored facts: {_words(stored)}")
    dry = call.run("undisturbed", "--dry-run").cost
    say(f"counts only, on stored facts: {_words(dry)}")
    scan, facts = call.scans()
    say(f"only reading the snapshot: {_words(scan)}; the facts: {_words(facts)}")
    _forget(call, "killed")
    killed, resumed = killed_and_resumed(call, kills=kills, seed=seed, work=(dry.wall, first.wall), say=say)
    say(f"resumed: {_words(resumed)}")
    runs = [*(kill.cost for kill in killed), resumed]
    return {
        **_swept(call),
        "machine": {"cores": os.cpu_count(), "load_after": list(os.getloadavg())},
        "undisturbed": asdict(first),
        "stored_facts": asdict(stored),
        "counts_only": asdict(dry),
        "scan": asdict(scan),
        "scan_of_facts": asdict(facts),
        "ratios": {
            "sweep / scan, by part": first.cpu / scan.cpu,
            "rules over facts / scan of facts": dry.cpu / facts.cpu,
            "on stored facts / sweep": stored.cpu / first.cpu,
            "counts only / sweep": dry.cpu / first.cpu,
        },
        "killed": [asdict(kill) for kill in killed],
        "resumed": asdict(resumed),
        "seed": seed,
        "cpu_ratio": sum(cost.cpu for cost in runs) / first.cpu,
        "peak_mib": max(cost.peak_mib for cost in (first, stored, dry, *runs)),
        "differing": _differing(call),
    }


def _words(cost: Cost) -> str:
    return f"{cost.wall:.1f} s, {cost.cpu:.1f} CPU s, {cost.peak_mib:.0f} MiB"


def _swept(call: Call) -> dict[str, object]:
    """Of how many households and members, in how many parts, under which policy."""
    summary = json.loads((call.folder / "undisturbed" / "sweep" / "summary.json").read_text(encoding="utf-8"))
    parts = len(list((call.folder / "undisturbed" / "sweep" / "answers").iterdir()))
    return {key: summary[key] for key in ("pack", "snapshot", "as_of", "households", "members")} | {"parts": parts}


def _differing(call: Call) -> list[str]:
    """What differs between the undisturbed sweep and the killed one: keys of the ledger's entry, and files."""
    from tuopin.sweep import Ledger  # noqa: PLC0415 - only now: what this process holds is charged to those it starts
    from tuopin.sweep.rerun import differing_files  # noqa: PLC0415 - as above

    folders = [call.folder / out for out in ("undisturbed", "killed")]
    before, after = (Ledger(folder / "ledger.jsonl").blocks() for folder in folders)
    entries = [blocks[0].content for blocks in (before, after)]
    keys = [key for key in entries[0] if entries[0][key] != entries[1].get(key)]
    more = [] if len(after) == 1 else [f"{len(after)} blocks in the ledger"]
    left = [path.name for path in folders[1].iterdir() if path.name not in ("sweep", "ledger.jsonl")]
    return [*keys, *more, *left, *differing_files(*(folder / "sweep" for folder in folders))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when memory is missed or anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snapshot", type=Path, required=True)
    parser.add_argument("--pack", required=True, help="its folder, or the id of one that comes with Tuopin")
    parser.add_argument("--as-of", required=True, help="the policy's day")
    parser.add_argument("--build", type=Path, default=Path("build/national"), help="for what is written; outside git")
    parser.add_argument("--memory-limit", default="1GB")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=2016)
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    folder = given.build.resolve()
    pack = str(Path(given.pack).resolve()) if Path(given.pack).is_dir() else given.pack
    call = Call(given.snapshot.resolve(), pack, given.as_of, folder, given.memory_limit, given.threads)
    result = measure(call, kills=given.kills, seed=given.seed, say=say)
    print(json.dumps(result, indent=1))
    return 1 if result["differing"] or float(str(result["peak_mib"])) > PEAK_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
