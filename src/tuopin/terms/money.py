"""How is an amount of money written down so that no engine can round it?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True)
class Currency:
    """A currency and how many decimals its minor unit has (ISO 4217).

    Attributes:
        code: three letters, such as "CNY"; codes that begin with X are for invented countries.
        exponent: decimals of the minor unit: 2 for cents and fen, 0 where there is none.
    """

    code: str
    exponent: int

    def to_minor(self, amount: Decimal) -> int:
        """Minor units of an amount; halves go to the even unit."""
        return int(amount.scaleb(self.exponent).to_integral_value(ROUND_HALF_EVEN))

    def from_minor(self, units: int) -> Decimal:
        """The amount that a count of minor units stands for."""
        return Decimal(units).scaleb(-self.exponent)

    def text(self, units: int) -> str:
        """Read as `2,124.20 XTS`."""
        return f"{self.from_minor(units):,.{self.exponent}f} {self.code}"
