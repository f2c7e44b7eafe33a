"""May these two numbers be compared? Units are words multiplied and divided; nothing is converted in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CURRENCY = re.compile(r"[A-Z]{3}")
_WORD = re.compile(r"[A-Za-z%][A-Za-z0-9_%]*")


@dataclass(frozen=True)
class Unit:
    """A product of words with whole powers: `XTS/person/year` is XTS¹ person⁻¹ year⁻¹.

    Two units are the same only when every word has the same power: `L` and `mL`, `year` and `month` differ.
    """

    powers: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> Unit:
        """Read `min`, `XTS/adult_equivalent/year`, `1/person`; nothing or `1` is a pure number.

        Raises:
            ValueError: it is not words joined by `*` and `/`.
        """
        powers: dict[str, int] = {}
        sign = 1
        for index, token in enumerate(re.split(r"\s*([*/])\s*", (text or "1").strip())):
            if index % 2:
                sign = 1 if token == "*" else -1
            elif _WORD.fullmatch(token):
                powers[token] = powers.get(token, 0) + sign
            elif token != "1":
                raise ValueError(f"`{text}` is not a unit; write words joined by / or *, such as XTS/person/year")
        return cls._of(powers)

    @classmethod
    def _of(cls, powers: Mapping[str, int]) -> Unit:
        return cls(tuple(sorted((word, power) for word, power in powers.items() if power)))

    def __mul__(self, other: Unit) -> Unit:
        """The unit of a product."""
        return self._combined(other, 1)

    def __truediv__(self, other: Unit) -> Unit:
        """The unit of a ratio."""
        return self._combined(other, -1)

    def _combined(self, other: Unit, sign: int) -> Unit:
        powers = dict(self.powers)
        for word, power in other.powers:
            powers[word] = powers.get(word, 0) + sign * power
        return self._of(powers)

    @property
    def currency(self) -> str | None:
        """The currency in it (three capitals), if it is money."""
        return next((name for name, _ in self.powers if _CURRENCY.fullmatch(name)), None)

    def has(self, word: str) -> bool:
        """Whether the word stands in it."""
        return any(name == word for name, _ in self.powers)

    def __str__(self) -> str:
        """Read as `XTS/person/year`; a pure number is `a number`."""
        if not self.powers:
            return "a number"
        above = "*".join(word if power == 1 else f"{word}^{power}" for word, power in self.powers if power > 0)
        below = "".join(f"/{word}" * -power for word, power in self.powers if power < 0)
        return (above or "1") + below
