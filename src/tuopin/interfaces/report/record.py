"""Is the folder of a sweep still what was swept, and does the ledger know it?

A report never shows what nobody computed: answers of another pack, proposals that somebody took out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tuopin.interfaces.report.gates import TierFound
from tuopin.policy import Evaluation
from tuopin.sweep import Ledger, proposed_in, summary_hash
from tuopin.sweep.proposed import Proposed
from tuopin.sweep.summary import Tally, summarised
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

    def refuse_changed(self, tally: Tally, areas: Sequence[TierFound]) -> None:
        """Refuse what the ledger or the answers contradict.

        Args:
            tally: what the answers of households add up to.
            areas: what was found of areas, by tier.

        Raises:
            DataError: the proposals are not those recorded, or the summary is not what the answers add up to.
        """
        found = self._refuse_other_proposals()
        again = {tier.tier: tier.counted for tier in areas}
        self._refuse_another_summary(summarised(self.evaluation, tally, found.kinds, again))

    def refuse_another_content(self) -> None:
        """Refuse a pack of the same name and version that says something else: the ledger knows which one was swept.

        Raises:
            DataError: the ledger records another content, or was changed.
        """
        if self.block is not None:
            return
        for block in self._of_this_summary():
            swept, given = block.content.get("pack_hash"), self.evaluation.pack.content_hash
            what = "The sweep was made with a pack of the same name and version, but with other content."
            why = f"The ledger records the content {swept}; this pack's is {given}."
            fix = "Name the pack that was swept, or sweep again with this one, under a version of its own."
            raise DataError(Problem(what, Place(file=str(self.sweep)), why, fix))

    def _refuse_another_summary(self, again: Mapping[str, Any]) -> None:
        said = json.loads(json.dumps(again))
        differing = [key for key, value in said.items() if key in self.summary and not _same(self.summary[key], value)]
        if differing:
            what = f"The summary is not that of the sweep: {', '.join(differing)}."
            why = f"It says {_short(self.summary[differing[0]])}; the answers give {_short(said[differing[0]])}."
            raise DataError(Problem(what, Place(file=str(self.sweep / "summary.json")), why, _FIX))

    def _refuse_other_proposals(self) -> Proposed:
        folder = self.sweep / "proposals"
        found = proposed_in(folder, list(self.summary["areas"]))
        recorded = self.block.content.get("proposals_hash") if self.block else None
        if found.kinds != self.summary["proposals"]:
            why = f"{_counted(self.summary['proposals'])} were recorded; {_counted(found.kinds)} lie there."
        elif recorded is not None and recorded != found.content_hash():
            why = "There are as many of each kind as recorded, but they are others: their hash is not the ledger's."
        else:
            return found
        raise DataError(Problem("The proposals are not those of the sweep.", Place(file=str(folder)), why, _FIX))

    def _of_this_summary(self) -> Iterator[Block]:
        """The ledger's lines of this snapshot and summary, the last first."""
        snapshot, summary = self.evaluation.snapshot.manifest.content_hash, summary_hash(self.summary)
        for block in reversed(self.blocks):
            said = block.content
            if (said.get("kind"), said.get("snapshot_hash"), said.get("summary_hash")) == ("sweep", snapshot, summary):
                yield block


_FIX = "Restore the folder from a copy, or sweep again."
_LONGEST = 80


def _same(one: object, other: object) -> bool:
    """Whether two JSON values say the same; a sum of weights may come out another way in its last digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


def _short(value: object) -> str:
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _counted(proposals: Mapping[str, Mapping[str, int]]) -> str:
    """How many of which kind, such as `12 entry, 3 visit`."""
    kinds: dict[str, int] = {}
    for by_kind in proposals.values():
        for kind, many in by_kind.items():
            kinds[kind] = kinds.get(kind, 0) + many
    return ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items())) or "None"
