"""Is the folder of a sweep still what was swept, and does the ledger know it?

A report never shows what nobody computed: answers of another pack, proposals that somebody took out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tuopin.policy import Evaluation
from tuopin.sweep import Ledger, proposed_in, summary_hash
from tuopin.terms import Block, DataError, Place, Problem


@dataclass
class Record:
    """What is known of a sweep beside its answers.

    Attributes:
        sweep: the folder that the sweep wrote.
        evaluation: the same policy on the same snapshot.
        summary: what the sweep said of itself.
        ledger: the file where it was recorded; it may be missing.
    """

    sweep: Path
    evaluation: Evaluation
    summary: Mapping[str, Any]
    ledger: Path

    @cached_property
    def blocks(self) -> list[Block]:
        """The ledger's lines; none where there is no ledger.

        Raises:
            DataError: the ledger was changed.
        """
        ledger = Ledger(self.ledger)
        ledger.verify()
        return ledger.blocks()

    @cached_property
    def block(self) -> Block | None:
        """The ledger's line of this sweep; None where the ledger has none."""
        same_pack = self.evaluation.pack.content_hash
        return next((block for block in self._of_this_summary() if block.content.get("pack_hash") == same_pack), None)

    def refuse_changed(self) -> None:
        """Refuse what the ledger or the summary contradicts.

        Raises:
            DataError: the sweep was made by other content of the pack, or its proposals are not those it recorded.
        """
        self._refuse_another_content()
        self._refuse_other_proposals()

    def _refuse_another_content(self) -> None:
        """A pack of the same name and version may say something else: the ledger knows which one was swept."""
        if self.block is not None:
            return
        for block in self._of_this_summary():
            swept, given = block.content.get("pack_hash"), self.evaluation.pack.content_hash
            what = "The sweep was made with a pack of the same name and version, but with other content."
            why = f"The ledger records the content {swept}; this pack's is {given}."
            fix = "Name the pack that was swept, or sweep again with this one, under a version of its own."
            raise DataError(Problem(what, Place(file=str(self.sweep)), why, fix))

    def _refuse_other_proposals(self) -> None:
        folder = self.sweep / "proposals"
        found = proposed_in(folder, list(self.summary["areas"]))
        recorded = self.block.content.get("proposals_hash") if self.block else None
        if found.kinds != self.summary["proposals"]:
            why = f"{_counted(self.summary['proposals'])} were recorded; {_counted(found.kinds)} lie there."
        elif recorded is not None and recorded != found.content_hash():
            why = "There are as many of each kind as recorded, but they are others: their hash is not the ledger's."
        else:
            return
        fix = "Restore the folder from a copy, or sweep again."
        raise DataError(Problem("The proposals are not those of the sweep.", Place(file=str(folder)), why, fix))

    def _of_this_summary(self) -> Iterator[Block]:
        """The ledger's lines of this snapshot and summary, the last first."""
        snapshot, summary = self.evaluation.snapshot.manifest.content_hash, summary_hash(self.summary)
        for block in reversed(self.blocks):
            said = block.content
            if (said.get("kind"), said.get("snapshot_hash"), said.get("summary_hash")) == ("sweep", snapshot, summary):
                yield block


def _counted(proposals: Mapping[str, Mapping[str, int]]) -> str:
    """How many of which kind, such as `12 entry, 3 visit`."""
    kinds: dict[str, int] = {}
    for by_kind in proposals.values():
        for kind, many in by_kind.items():
            kinds[kind] = kinds.get(kind, 0) + many
    return ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items())) or "None"
