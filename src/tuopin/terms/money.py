"""How is an amount of money written down so that no engine can round it? As a whole number of minor units."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Currency:
    """A currency and how many decimals its minor unit has (ISO 4217).

    Attributes:
        code: three letters, such as "CNY"; XTS is ISO 4217's own code for testing.
        exponent: decimals of the minor unit: 2 for cents and fen, 0 where there is none.
    """

    code: str
    exponent: int
