"""Which policy on which snapshot gave which proposals? One hash-linked line a sweep: nobody rewrites it unseen."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuopin.terms import Block, ChainBroken, DataError, Place, Problem, UsageError, link, verify


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
        for number, line in enumerate(self._lines(), start=1):
            try:
                blocks.append(Block.from_json(line.decode("utf-8")))
            except ValueError:
                raise DataError(self._broken(number)) from None
        return blocks

    def _lines(self) -> list[bytes]:
        try:
            return self.file.read_bytes().splitlines()
        except OSError as error:
            raise UsageError(self._unwritable(error)) from None

    def refuse_unwritable(self) -> None:
        """Go on only where a line could be added.

        Raises:
            UsageError: nothing can be written there.
            DataError: the ledger is broken.
        """
        self.verify()
        folder = next(parent for parent in self.file.absolute().parents if parent.exists())
        target = self.file if self.file.exists() else folder
        if not os.access(target, os.W_OK) or not (folder.is_dir() and not self.file.is_dir()):
            raise UsageError(self._unwritable(PermissionError(13, "Permission denied")))

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
            if blocks and not self.file.read_bytes().endswith(b"\n"):
                raise DataError(self._broken(len(blocks)))
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

    def _unwritable(self, error: OSError) -> Problem:
        fix = "Name another file with --ledger."
        return Problem("The ledger cannot be written.", Place(file=str(self.file)), f"{error.strerror}.", fix)

    def _broken(self, line: int) -> Problem:
        return Problem(
            "The ledger was changed.",
            Place(file=str(self.file), line=line),
            "This line does not carry the hash that its content and place call for.",
            "Check that this is the ledger. If it is, find out who changed it, and restore it from a copy.",
        )


def summary_hash(summary: Mapping[str, Any]) -> str:
    """What the ledger keeps of a summary: the SHA-256 of its canonical JSON."""
    said = json.dumps(summary, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()
