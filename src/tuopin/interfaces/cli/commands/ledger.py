"""`tuopin ledger`: has anybody changed the record of what was swept?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tuopin.interfaces.cli.options import AsJson
from tuopin.interfaces.cli.screen import Screen, answer
from tuopin.sweep import Ledger
from tuopin.terms import Block, DataError, Place, Problem, UsageError


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    ledger = typer.Typer(help="Prove the record of sweeps: which policy on which snapshot gave which proposals.")
    ledger.command("verify")(verify)
    app.add_typer(ledger, name="ledger")


def verify(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ledger, such as ledger.jsonl.")],
    block: Annotated[
        str | None,
        typer.Option(
            "--block", metavar="HASH", help="A block that must be in it, as a sweep printed it when it was written."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that no line of a ledger was changed, moved or taken out.

    Lines cut off at the end leave a ledger that looks whole. Name a block that you noted elsewhere to see that too.
    """
    if not file.is_file():
        raise UsageError(Problem("There is no ledger here.", Place(file=str(file)), fix="Check the path."))
    blocks = _verified(file)
    if block is not None and all(found.hash != block for found in blocks):
        why = "The ledger is whole as far as it goes, but this block was cut off, or belongs to another ledger."
        raise DataError(
            Problem(f"Block {block} is not in the ledger.", Place(file=str(file)), why, "Restore it from a copy.")
        )
    document = {"file": file, "blocks": len(blocks), "last": blocks[-1].hash if blocks else None}
    answer(document, as_json=as_json, show=lambda screen: _show(screen, blocks))


def _verified(file: Path) -> list[Block]:
    ledger = Ledger(file)
    ledger.verify()
    return ledger.blocks()


def _show(screen: Screen, blocks: list[Block]) -> None:
    headings = ["block", "hash", "pack", "snapshot", "policy of", "households", "proposals"]
    screen.table("Sweeps on record", headings, (_row(block) for block in blocks))
    screen.line(
        f"Blocks: {len(blocks)}, none changed. The last is {blocks[-1].hash}." if blocks else "The ledger is empty."
    )


def _row(block: Block) -> tuple[object, ...]:
    said = block.content
    proposals = _added_up(said.get("proposals"))
    pack = f"{said.get('pack')} {said.get('pack_version')}"
    return (
        block.number,
        block.hash[:12],
        pack,
        said.get("snapshot"),
        said.get("as_of"),
        said.get("households"),
        proposals,
    )


def _added_up(proposals: object) -> int | None:
    """How many proposals a block counts; None where it is a block of something else."""
    if isinstance(proposals, Mapping):
        return sum(_added_up(count) or 0 for count in proposals.values())
    return proposals if isinstance(proposals, int) else None
