"""Has anybody changed what was written? Each block names the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FIRST = "0" * 64


@dataclass(frozen=True)
class Block:
    """One link of a chain: a content and the hash that binds it to its place.

    Attributes:
        number: position, from 0.
        previous: hash of the block before (64 zeros for the first).
        content: JSON values only.
        hash: sha256 over number, previous and content in canonical JSON.
    """

    number: int
    previous: str
    content: Mapping[str, Any]
    hash: str

    def to_json(self) -> str:
        """One line of canonical JSON."""
        return _canonical(
            {
                "number": self.number,
                "previous": self.previous,
                "content": self.content,
                "hash": self.hash,
            }
        )

    @classmethod
    def from_json(cls, line: str) -> Block:
        """Read what `to_json` wrote.

        Raises:
            ValueError: the line is no block.
        """
        try:
            values = json.loads(line)
            block = cls(values["number"], values["previous"], values["content"], values["hash"])
        except (KeyError, TypeError, RecursionError, json.JSONDecodeError) as error:
            raise ValueError("the line is not a block of a chain") from error
        if block.to_json() != line:
            raise ValueError("the line says more than a block of a chain")
        return block


class ChainBroken(Exception):
    """A block does not carry the hash that its content and place call for."""

    def __init__(self, number: int) -> None:
        """Name the first block that does not fit (0-based)."""
        self.number = number
        super().__init__(f"block {number} was changed, moved or is missing")


def link(previous: Block | None, content: Mapping[str, Any]) -> Block:
    """The next block after `previous` (None: the first)."""
    number = previous.number + 1 if previous else 0
    before = previous.hash if previous else FIRST
    return Block(number, before, content, _hash(number, before, content))


def verify(blocks: Iterable[Block]) -> int:
    """Count the blocks of an unbroken chain.

    A chain that lost its last blocks is still a chain: keep its length or last hash elsewhere to see that.

    Raises:
        ChainBroken: naming the first block that does not fit.
    """
    before, count = FIRST, 0
    for expected, block in enumerate(blocks):
        fits = block.number == expected and block.previous == before
        if not fits or block.hash != _hash(block.number, block.previous, block.content):
            raise ChainBroken(expected)
        before, count = block.hash, expected + 1
    return count


def _hash(number: int, previous: str, content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical([number, previous, content]).encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
