"""What does chance say? Every draw is a hash of (seed, id, year, purpose), so anyone can redraw it, in any order.

A purpose opens a stream of its own; the id says which number of the stream is meant. The streams are those of
SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), begun at a key that
SHA-256 makes of seed, year and purpose. Nothing is carried from one draw to the next: neither the number of cores nor
the order of the parts can change what is drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_CELLS = 1 << 13
_BITS_A_LOT = 12
_LOTS_A_HASH = 64 // _BITS_A_LOT


@dataclass(frozen=True)
class Draws:
    """The draws of one year, or those that last a lifetime.

    Attributes:
        seed: another seed is another country.
        year: the year of the draws; None for what is drawn once, such as a talent.
    """

    seed: int
    year: int | None = None

    def hashes(self, ids: Ids, purpose: str) -> Hashes:
        """64 random bits for each id."""
        return stream(_key(self.seed, self.year, purpose), ids)

    def uniform(self, ids: Ids, purpose: str) -> Reals:
        """A number in [0, 1) for each id."""
        return (self.hashes(ids, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, ids: Ids, purpose: str) -> Reals:
        """A standard normal number for each id: the quantile of a uniform one, between 8,192 exact quantiles.

        It never leaves ±3.84, so no household becomes a fairy tale.
        """
        quantiles = _quantiles()
        place = self.uniform(ids, purpose) * (_CELLS - 1)
        cell = place.astype(np.int64)
        low = quantiles[cell]
        result: Reals = low + (quantiles[cell + 1] - low) * (place - cell)
        return result

    def happens(self, ids: Ids, purpose: str, chance: float | Reals) -> Flags:
        """Whether something with this chance happens to each id.

        The same id and purpose give the same luck: what happens at a small chance happens at a larger one too. So a
        chance that rises from year to year, asked of lifelong draws, gives a state that is reached and kept.
        """
        result: Flags = self.uniform(ids, purpose) < chance
        return result

    def chosen(self, ids: Ids, purpose: str, shares: Sequence[float]) -> Codes:
        """Which of some shares each id falls into, counted from 0; shares need not add up to 1."""
        edges = np.cumsum(np.asarray(shares, dtype=np.float64))
        return np.searchsorted(edges[:-1] / edges[-1], self.uniform(ids, purpose), side="right").astype(np.int8)

    def lots(self, ids: Ids, purpose: str) -> Lots:
        """Small draws for each id, five out of one hash: enough for rare slips, at a fifth of the price."""
        return Lots(self, ids, purpose)


class Lots:
    """Draws of 12 bits each, in the order in which they are asked for."""

    def __init__(self, draws: Draws, ids: Ids, purpose: str) -> None:
        """Deal to these ids for this purpose."""
        self._draws, self._ids, self._purpose = draws, ids, purpose
        self._dealt = 0
        self._hashes = np.zeros(0, np.uint64)

    def next(self, chance: float | Reals) -> Flags:
        """Whether something with this chance happens to each id, in steps of 1/4096; asked again, it is a new draw."""
        of_this_hash = self._dealt % _LOTS_A_HASH
        if of_this_hash == 0:
            self._hashes = self._draws.hashes(self._ids, f"{self._purpose} {self._dealt // _LOTS_A_HASH}")
        self._dealt += 1
        bits = self._hashes >> np.uint64(_BITS_A_LOT * of_this_hash) & np.uint64((1 << _BITS_A_LOT) - 1)
        least = np.rint(np.asarray(chance) * (1 << _BITS_A_LOT)).astype(np.uint64)
        result: Flags = bits < least
        return result


def stream(key: int, ids: Ids) -> Hashes:
    """The numbers of the SplitMix64 stream that begins at a key, those with these indices counted from 0."""
    bits = ids.astype(np.uint64)
    bits += np.uint64(1)
    bits *= _GAMMA
    bits += np.uint64(key)
    shifted = bits >> np.uint64(30)
    bits ^= shifted
    bits *= _FIRST
    np.right_shift(bits, np.uint64(27), out=shifted)
    bits ^= shifted
    bits *= _SECOND
    np.right_shift(bits, np.uint64(31), out=shifted)
    bits ^= shifted
    return bits


@cache
def _key(seed: int, year: int | None, purpose: str) -> int:
    said = f"{seed}/{'' if year is None else year}/{purpose}"
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "little")


@cache
def _quantiles() -> Reals:
    """Normal quantiles in the middle of equal cells; between two of them a draw is interpolated."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((cell + 0.5) / _CELLS) for cell in range(_CELLS)])
