"""`tuopin report`: what did a sweep find, on one page that can be printed and sent?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuopin.interfaces.cli.handed_over import opened_snapshot
from tuopin.interfaces.cli.options import (
    AsJson,
    DryRun,
    Language,
    MemoryLimit,
    PackName,
    Replace,
    SnapshotFolder,
    language_of,
    refuse_existing,
)
from tuopin.interfaces.cli.screen import Screen, answer
from tuopin.interfaces.report import write_report
from tuopin.policy import checked_pack, read_pack
from tuopin.terms import Place, Problem, UsageError


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    *,
    sweep: Annotated[Path, typer.Option("--sweep", metavar="DIR", help="The folder that a sweep wrote.")],
    pack: PackName,
    snapshot: SnapshotFolder,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page to write, such as report.html.")],
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", metavar="FILE", help="The ledger of the sweep; default: ledger.jsonl beside --sweep."),
    ] = None,
    lang: Language = None,
    memory_limit: MemoryLimit = None,
    replace: Replace = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write a sweep's results as one page: who is poor and where, what is proposed, what nobody can tell.

    The page stands alone, asks no other host for anything, names no household, and leaves out figures that rest on
    fewer than five of them.
    """
    refuse_existing(out, replace=replace)
    if ledger is not None and not ledger.is_file():
        raise UsageError(Problem("There is no ledger here.", Place(file=str(ledger)), fix="Check the path."))
    policy = checked_pack(read_pack(pack))
    written = write_report(
        sweep=sweep,
        pack=policy,
        snapshot=opened_snapshot(snapshot),
        out=None if dry_run else out,
        ledger=ledger or sweep.parent / "ledger.jsonl",
        language=None if lang is None else language_of(lang, policy.about.languages),
        memory_limit=memory_limit,
    )
    document = {
        "out": None if dry_run else out,
        "bytes": written.size,
        "language": written.language,
        "suppressed": written.suppressed,
    }
    answer(document, as_json=as_json, show=lambda screen: _show(screen, out, written.size, dry_run=dry_run))


def _show(screen: Screen, out: Path, size: int, *, dry_run: bool) -> None:
    kept = f"{size / 1024:,.0f} KiB"
    screen.line(
        f"Dry run: the report would have {kept}." if dry_run else f"The report is at {out.absolute().as_uri()} ({kept})"
    )
