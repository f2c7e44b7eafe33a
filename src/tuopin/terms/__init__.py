"""The shared words: what every room of the house says in the same way."""

from tuopin.terms.answer import Answer
from tuopin.terms.chain import Block, ChainBroken, link, verify
from tuopin.terms.errors import DataError, Place, Problem, TuopinError, UsageError
from tuopin.terms.money import Currency
from tuopin.terms.period import value_at

__all__ = [
    "Answer",
    "Block",
    "ChainBroken",
    "Currency",
    "DataError",
    "Place",
    "Problem",
    "TuopinError",
    "UsageError",
    "link",
    "value_at",
    "verify",
]
