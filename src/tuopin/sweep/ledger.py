"""Which policy on which snapshot gave which proposals? One hash-linked line a sweep: nobody rewrites it unseen."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuopin.terms import Block, ChainBroken, DataError, Place, Problem, link, verify


@dataclass(frozen=True)
class Ledger:
    """A file of blocks, one JSON line each; lines are only ever added.

    Attributes:
        file: where it lies; it need not exist yet.
    """

    file: Path

    def blocks(self) -> list[Block]:
        """Every block, in order.

        Raises:
            DataError: a line is not a block.
        """
        if not self.file.exists():
            return []
        blocks = []
        for number, line in enumerate(self.file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                blocks.append(Block.from_json(line))
            except ValueError:
                raise DataError(self._broken(number)) from None
        return blocks

    def verify(self) -> int:
        """Count the entries of an unbroken ledger.

        Raises:
            DataError: naming the first line that was changed, moved or lost.
        """
        try:
            return verify(self.blocks())
        except ChainBroken as broken:
            raise DataError(self._broken(broken.number + 1)) from None

    def append(self, content: Mapping[str, Any]) -> Block:
        """Add a line behind the last; two sweeps that end together wait for each other.

        Raises:
            DataError: the ledger is broken; nothing is added to it.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self.verify()
            blocks = self.blocks()
            block = link(blocks[-1] if blocks else None, content)
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(block.to_json() + "\n")
                lines.flush()
                os.fsync(lines.fileno())
        return block

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.file.open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def _broken(self, line: int) -> Problem:
        return Problem(
            "The ledger was changed.",
            Place(file=str(self.file), line=line),
            "This line does not carry the hash that its content and place call for.",
            "Find out who changed it, and restore the ledger from a copy.",
        )
