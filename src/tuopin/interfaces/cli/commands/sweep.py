"""`tuopin sweep`: what does a country's policy say of every household of a snapshot?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from tuopin.interfaces.cli.handed_over import opened_snapshot
from tuopin.interfaces.cli.options import (
    AsJson,
    AsOf,
    DryRun,
    EngineName,
    Master,
    MemoryLimit,
    PackName,
    Replace,
    SnapshotFolder,
    Threads,
)
from tuopin.interfaces.cli.progress import progress_shown
from tuopin.interfaces.cli.screen import Screen, answer
from tuopin.interfaces.cli.stopwatch import Stopwatch, peak_mib
from tuopin.interfaces.proposals import ProposalCount, answers_that_would_settle, proposals_by_reason
from tuopin.policy import checked_pack, read_pack
from tuopin.sweep import SweepResult, run_sweep
from tuopin.tables.engines import open_engine
from tuopin.terms import Problem, UsageError

MOST_ROWS = 12
"""Reasons and unknown facts that are printed in words."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sweep")(sweep)


def sweep(
    *,
    pack: PackName,
    snapshot: SnapshotFolder,
    as_of: AsOf,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The folder to write: answers, proposals, summary.")
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", metavar="FILE", help="Where the run is recorded; default: ledger.jsonl beside --out."),
    ] = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    engine: EngineName = "duckdb",
    master: Master = None,
    replace: Replace = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Apply a policy to every household of a snapshot and write proposals, each with its reasons.

    Nothing is decided: a proposal waits for a person. A household that nobody can judge is proposed for a visit. The
    folder appears whole or not at all, and the run is recorded in a ledger that shows any later change. Called
    again after it was killed, a sweep goes on where it was.
    """
    if out is None and not dry_run:
        raise UsageError(
            Problem("The call names no folder to write.", fix="Add --out DIR, or --dry-run to see the counts only.")
        )
    watch = Stopwatch()
    with progress_shown(quiet=as_json) as progress:
        result = run_sweep(
            pack=checked_pack(read_pack(pack)),
            snapshot=opened_snapshot(snapshot),
            as_of=as_of,
            out=out,
            ledger=ledger,
            memory_limit=memory_limit,
            threads=threads,
            engine=engine,
            master=master,
            dry_run=dry_run,
            replace=replace,
            progress=progress,
        )
    summary = {**result.summary, "seconds": watch.seconds, "peak_mib": peak_mib()}
    reasons, unknown = _reasons(result.out, memory_limit)
    document = {
        "summary": summary,
        "reasons": [reason.to_dict() for reason in reasons],
        "unknown": unknown,
        "out": result.out,
        "ledger_block": result.block,
        "kept_parts": result.kept,
    }
    answer(document, as_json=as_json, show=lambda screen: _show(screen, summary, result, reasons, unknown))


def _reasons(out: Path | None, memory_limit: str | None) -> tuple[list[ProposalCount], dict[str, int]]:
    """Why what is proposed, and what would settle it; nothing after a dry run, which kept no proposals."""
    if out is None:
        return [], {}
    with open_engine(memory_limit=memory_limit, folders=[out]) as engine:
        return proposals_by_reason(engine, out), answers_that_would_settle(engine, out)


def _show(
    screen: Screen, summary: dict[str, Any], result: SweepResult, reasons: list[ProposalCount], unknown: dict[str, int]
) -> None:
    screen.line(f"Pack {summary['pack']} on {summary['as_of']}, over the {summary['kind']} {summary['snapshot']}")
    counted = f"{summary['households']:,} households, {summary['members']:,} persons"
    screen.line(f"{counted}; facts as on {summary['facts_as_of']}")
    if apart := _facts_far_from_the_day(summary):
        screen.line(apart)
    screen.line(_poverty(summary))
    screen.table("Proposals, for a person to decide", ["stage", "kind", "proposals"], _proposals(summary))
    for of, title, counted in (("household", "Why", "households"), ("area", "Why, of areas", "areas")):
        why = [(r.kind, r.rule, ", ".join(r.reasons), r.households, r.example) for r in reasons if r.of == of]
        headings = ["kind", "rule", "because of", counted, "for example"]
        screen.table(f"{title}{_of(why)}", headings, why[:MOST_ROWS])
    wanted = list(unknown.items())
    screen.table(f"What nobody knows and a visit would settle{_of(wanted)}", ["fact", "proposals"], wanted[:MOST_ROWS])
    screen.table(
        "Tests, in households",
        ["test", "met", "not met", "cannot tell", "cannot tell, %", "not asked"],
        _tests(summary),
    )
    headings = ["tier", "standard", "met", "not met", "cannot tell", "not asked"]
    screen.table("Standards of areas, in areas", headings, _standards_of_areas(summary))
    assumed = [(assumed["fact"], assumed["reason"]) for assumed in summary["assumptions"]]
    screen.table("Assumed", ["fact", "why"], assumed)
    screen.line(f"{summary['seconds']:.1f} seconds, {summary['peak_mib']:,.0f} MiB at the peak")
    if result.kept:
        kept = "1 part" if result.kept == 1 else f"{result.kept} parts"
        screen.line(f"Went on after a run that was cut short, with {kept} that it had finished")
    if result.out is None:
        screen.line("Dry run: nothing was written.")
    else:
        screen.line(f"Written to {result.out}; ledger block {result.block}")


def _of(rows: Sequence[object]) -> str:
    """Say so where a table is cut."""
    return f" (the first {MOST_ROWS} of {len(rows)}; --json lists all)" if len(rows) > MOST_ROWS else ""


def _facts_far_from_the_day(summary: dict[str, Any]) -> str:
    """That the policy of one year is asked of the facts of quite another, which is a question of what if."""
    day, facts = (date.fromisoformat(summary[key]) for key in ("as_of", "facts_as_of"))
    years = abs((day - facts).days) // 365
    if not years:
        return ""
    when = "older" if facts < day else "younger"
    much = "1 year" if years == 1 else f"{years} years"
    return f"Beware: the facts are {much} {when} than the policy day. Take it as a what-if, not as a finding."


def _poverty(summary: dict[str, Any]) -> str:
    if summary["headline"] is None:
        return "Of no poverty test of the pack's headline were all facts asked, so no share of the poor is given."
    found = summary["headcounts"][summary["headline"]]
    low, high = (f"{100 * found[end]:.2f} %" for end in ("low", "high"))
    at_most = "" if low == high else f"; {high} if all are poor of whom nobody can tell"
    households = f"{summary['poor_households']:,} household{'' if summary['poor_households'] == 1 else 's'}"
    return f"Poor by {summary['headline']}: {low} of persons ({households}){at_most}"


def _proposals(summary: dict[str, Any]) -> list[tuple[object, ...]]:
    return [(stage, kind, count) for stage, kinds in summary["proposals"].items() for kind, count in kinds.items()]


def _standards_of_areas(summary: dict[str, Any]) -> list[tuple[object, ...]]:
    return [
        (tier, id, met, found["areas"] - met - unknown - not_asked, unknown, not_asked)
        for tier, found in summary["areas"].items()
        for id, met in found["met"].items()
        for unknown, not_asked in [(found["cannot_tell"][id], found["not_asked"][id])]
    ]


def _tests(summary: dict[str, Any]) -> list[tuple[object, ...]]:
    everybody = summary["households"]
    rows: list[tuple[object, ...]] = []
    for test, met in summary["met"].items():
        unknown, share = summary["cannot_tell"][test], summary["cannot_tell_share"][test]
        not_asked = summary["not_asked"][test]
        in_percent = "" if share is None else f"{100 * share:.1f} %"
        rows.append((test, met, everybody - met - unknown - not_asked, unknown, in_percent, not_asked))
    return rows
