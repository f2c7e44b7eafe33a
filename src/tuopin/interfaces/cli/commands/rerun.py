"""`tuopin rerun`: does a past sweep still come out as the ledger has it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tuopin.interfaces.cli.handed_over import checked_pack_named, opened_snapshot
from tuopin.interfaces.cli.options import (
    AsJson,
    EngineName,
    Master,
    MemoryLimit,
    PackName,
    SnapshotFolder,
    Threads,
)
from tuopin.interfaces.cli.progress import progress_shown
from tuopin.interfaces.cli.screen import Screen, answer
from tuopin.interfaces.cli.stopwatch import Stopwatch, peak_mib
from tuopin.sweep import Rerun, rerun_sweep

MOST_FILES = 12
"""Files that differ which are printed in words."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rerun")(rerun)


def rerun(
    *,
    ledger: Annotated[Path, typer.Option("--ledger", metavar="FILE", help="The ledger, such as ledger.jsonl.")],
    pack: PackName,
    snapshot: SnapshotFolder,
    block: Annotated[
        str,
        typer.Option(
            "--block",
            metavar="BLOCK",
            help="Which sweep: its block's number or hash (12 characters are enough); default: the last.",
        ),
    ] = "last",
    sweep: Annotated[
        Path | None,
        typer.Option("--sweep", metavar="DIR", help="The folder that the sweep wrote, to be compared row by row too."),
    ] = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    engine: EngineName = "duckdb",
    master: Master = None,
    as_json: AsJson = False,
) -> int:
    """Prove a past sweep: compute it again from the same policy and snapshot, and compare with the ledger.

    Nothing that the first run stored is believed. The pack and the snapshot must be those recorded, by content; every
    row of the snapshot is read and proved, and the facts are computed anew, in the system's temporary folder. Ends with
    1 if anything came out otherwise.
    """
    watch = Stopwatch()
    with progress_shown(quiet=as_json) as progress:
        found = rerun_sweep(
            ledger=ledger,
            block=block,
            pack=checked_pack_named(pack),
            snapshot=opened_snapshot(snapshot),
            sweep=sweep,
            memory_limit=memory_limit,
            threads=threads,
            engine=engine,
            master=master,
            progress=progress,
        )
    document = _document(found, sweep, engine) | {"seconds": watch.seconds, "peak_mib": peak_mib()}
    answer(document, as_json=as_json, show=lambda screen: _show(screen, found, sweep))
    return 0 if found.proved else 1


def _document(found: Rerun, sweep: Path | None, engine: str) -> dict[str, Any]:
    said = found.block.content
    return {
        "proved": found.proved,
        "number": found.block.number,
        "block": found.block.hash,
        "compared": [
            {"what": one.what, "recorded": one.recorded, "found": one.found, "same": one.same} for one in found.compared
        ],
        "counts": [
            {"stage": one.stage, "kind": one.kind, "recorded": one.recorded, "found": one.found} for one in found.counts
        ],
        "sweep": sweep,
        "files": found.files,
        "recorded_by": {"program": said.get("program"), "engine": said.get("engine")},
        "rerun_by": {"program": found.program, "engine": engine},
    }


def _show(screen: Screen, found: Rerun, sweep: Path | None) -> None:
    said = found.block.content
    policy = f"pack {said['pack']} {said['pack_version']} on {said['as_of']}, over {said['snapshot']}"
    screen.line(f"Block {found.block.number} ({found.block.hash[:12]}): {policy}")
    if found.proved:
        screen.line(_proved(found, sweep))
        return
    hashes = [(one.what, one.recorded, one.found) for one in found.compared if not one.same]
    screen.table("Not as recorded", ["what", "recorded", "now"], hashes)
    counts = [(one.stage, one.kind, one.recorded, one.found) for one in found.counts]
    screen.table("Proposals", ["stage", "kind", "recorded", "now"], counts)
    files = found.files or ()
    of = f" (the first {MOST_FILES} of {len(files)}; --json lists all)" if len(files) > MOST_FILES else ""
    screen.table(
        f"Files of {sweep} that hold something else, are missing or were added{of}",
        ["file"],
        [(file,) for file in files[:MOST_FILES]],
    )
    screen.line(f"Not proved. {_why(found)}")


def _proved(found: Rerun, sweep: Path | None) -> str:
    of = {one.what: one for one in found.compared}
    both = "the proposals and the summary" if of["summary"].recorded else "the proposals"
    folder = "" if sweep is None else f", and every file of {sweep} holds what was found"
    return f"Proved: computed again from the snapshot, {both} are those recorded{folder}."


def _why(found: Rerun) -> str:
    before = found.block.content.get("program")
    if all(one.same for one in found.compared):
        return "The ledger is right, and the folder was changed since: restore it from a copy, or sweep again."
    if before != found.program:
        return f"The sweep was made by Tuopin {before}, this is {found.program}: try it with {before}."
    return "The policy and the snapshot are those recorded, so the record is not what they give: ask who wrote it."
