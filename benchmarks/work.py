"""Which pieces of work are measured? Each is one word here, run in a process of its own by run.py."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

DAY = date(2016, 12, 31)


def register(given: argparse.Namespace) -> None:
    """Invent the register, unless it is there."""
    from benchmarks.register import generate_register  # noqa: PLC0415 - each word loads only what it needs

    generate_register(households=given.households, build=given.build)


def start(_: argparse.Namespace) -> None:
    """Nothing: what a process that could sweep costs before it does."""
    import tuopin.sweep  # noqa: F401, PLC0415 - the import is the work


def scan(given: argparse.Namespace) -> None:
    """Decode the snapshot's columns, table by table."""
    from benchmarks.scans import scan_snapshot  # noqa: PLC0415

    scan_snapshot(given.snapshot)


def scan_by_part(given: argparse.Namespace) -> None:
    """Decode the snapshot's columns, part by part."""
    from benchmarks.scans import scan_snapshot_by_part  # noqa: PLC0415

    scan_snapshot_by_part(given.snapshot)


def scan_what_a_policy_reads(given: argparse.Namespace) -> None:
    """Decode the columns of a snapshot that a policy reads, part by part."""
    from benchmarks import scans  # noqa: PLC0415

    scans.scan_what_a_policy_reads(given.snapshot, given.pack, given.as_of)


def scan_facts(given: argparse.Namespace) -> None:
    """Decode the stored facts."""
    from benchmarks import scans  # noqa: PLC0415

    scans.scan_facts(facts_of(given.snapshot))


def by_hand(given: argparse.Namespace) -> None:
    """The hand-written query: answers of every household, and a roll-up by village."""
    from benchmarks.by_hand import answer_by_hand  # noqa: PLC0415

    answer_by_hand(snapshot=given.snapshot, out=given.out, memory_limit=given.memory_limit)


def sweep(given: argparse.Namespace) -> None:
    """The sweep: facts (unless they are stored), figures, rules, answers, proposals, summary, ledger."""
    _sweep(given, dry_run=False)


def sweep_answers(given: argparse.Namespace) -> None:
    """The sweep without proposals: what the hand-written query does, and facts stored."""
    _sweep(given, dry_run=False, stages=())


def sweep_whole(given: argparse.Namespace) -> None:
    """The sweep with every stage, on any engine, its facts computed anew in a folder of their own."""
    from tuopin.policy import checked_pack, read_pack  # noqa: PLC0415
    from tuopin.sweep import run_sweep  # noqa: PLC0415
    from tuopin.tables import Snapshot  # noqa: PLC0415

    run_sweep(
        pack=checked_pack(read_pack(given.pack)),
        snapshot=Snapshot.open(given.snapshot),
        as_of=given.as_of,
        out=given.out,
        facts_root=given.facts,
        memory_limit=given.memory_limit,
        threads=given.threads,
        engine=given.engine,
        master=given.master,
    )


def sweep_dry(given: argparse.Namespace) -> None:
    """The sweep without writing a household: the summary only."""
    _sweep(given, dry_run=True)


# Without intake, which compares all persons with each other; the hand-written query does not.
STAGES = ("identification", "exits")


def _sweep(given: argparse.Namespace, *, dry_run: bool, stages: Sequence[str] = STAGES) -> None:
    from tuopin.policy import read_pack  # noqa: PLC0415
    from tuopin.sweep import run_sweep  # noqa: PLC0415
    from tuopin.tables import Snapshot  # noqa: PLC0415

    shutil.rmtree(given.out, ignore_errors=True)
    run_sweep(
        pack=read_pack(given.pack),
        snapshot=Snapshot.open(given.snapshot),
        as_of=DAY,
        out=None if dry_run else given.out,
        stages=stages,
        memory_limit=given.memory_limit,
        dry_run=dry_run,
    )


def facts_of(snapshot: Path) -> Path:
    """Where the sweep keeps the facts of a snapshot: beside it."""
    return snapshot.with_name(f"{snapshot.name}.facts")


WORDS = {
    word.__name__: word
    for word in (
        register, start, scan, scan_by_part, scan_what_a_policy_reads, scan_facts, by_hand, sweep, sweep_answers,
        sweep_whole, sweep_dry,
    )
}  # fmt: skip


def main() -> None:
    """Do one piece of work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", choices=WORDS)
    parser.add_argument("--households", type=int)
    parser.add_argument("--build", type=Path)
    parser.add_argument("--snapshot", type=Path)
    parser.add_argument("--pack")
    parser.add_argument("--as-of", type=date.fromisoformat)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--facts", type=Path)
    parser.add_argument("--memory-limit", default="4GB")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--engine", default="duckdb")
    parser.add_argument("--master")
    given = parser.parse_args()
    WORDS[given.word](given)


if __name__ == "__main__":
    main()
