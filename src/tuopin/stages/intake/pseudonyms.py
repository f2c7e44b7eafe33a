"""How is a household or a person named without an identifier? By a keyed hash that only the key's holder can repeat.

The same key gives the same name in our register and in a foreign one, so the two can be joined. The key is never
stored; its id is, so that snapshots under different keys are not joined by mistake.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.terms import Problem, UsageError

MIN_KEY_BYTES = 16
_HOUSEHOLD, _PERSON, _KEY_ID = b"tuopin household", b"tuopin person", b"tuopin key id"


class Pseudonyms:
    """Keyed hashes (BLAKE2b) of identifiers.

    Attributes:
        key_id: tells keys apart; says nothing of the key.
    """

    def __init__(self, key: bytes) -> None:
        """Use this key.

        Raises:
            UsageError: the key is too short to be a secret.
        """
        if len(key) < MIN_KEY_BYTES:
            why = "With a short one, anybody can try all identifiers until one fits."
            raise UsageError(
                Problem(f"The key needs at least {MIN_KEY_BYTES} bytes.", why=why, fix="Draw one at random.")
            )
        self._household = hashlib.blake2b(key=key[:64], person=_HOUSEHOLD, digest_size=10)
        self._person = hashlib.blake2b(key=key[:64], person=_PERSON, digest_size=8)
        self.key_id = hashlib.blake2b(key=key[:64], person=_KEY_ID, digest_size=4).hexdigest()

    def households(self, identifiers: pa.Array) -> pa.Array:
        """Sixteen letters and digits for each household; unknown stays unknown."""
        hashes = [_hash(self._household, word) for word in identifiers.to_pylist()]
        return pa.array([base64.b32encode(found).decode().lower() if found else None for found in hashes], pa.string())

    def persons(self, identifiers: pa.Array) -> pa.Array:
        """A 64-bit number for each person; unknown stays unknown."""
        hashes = [_hash(self._person, word) for word in identifiers.to_pylist()]
        known = np.array([found is not None for found in hashes], dtype=bool)
        numbers = np.frombuffer(b"".join(found or bytes(8) for found in hashes), dtype="<i8")
        return pa.array(numbers, pa.int64(), mask=~known)


def joined(columns: list[pa.Array]) -> pa.Array:
    """The identifier that several columns make together; unknown while one of them is."""
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, "/")


def _hash(start: hashlib.blake2b, word: str | None) -> bytes | None:
    plain = plain_identifier(word) if word else ""
    if not plain:
        return None
    hashed = start.copy()
    hashed.update(plain.encode())
    return hashed.digest()


def plain_identifier(word: str) -> str:
    """Letters and digits only, in capitals: offices write the same number with other spaces and hyphens."""
    if word.isascii() and word.isalnum():
        return word.upper()
    return "".join(
        letter for letter in unicodedata.normalize("NFKC", word).upper() if letter.isalnum() or letter == "/"
    )
