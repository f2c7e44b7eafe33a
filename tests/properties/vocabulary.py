"""Which facts, and which conditions over them, do properties draw? Words of few values, so that all can be tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.reference_evaluator import Unknown, Value
from tests.unit.policy.invented import fact, parameter

Text = st.SearchStrategy[str]
Known = dict[str, Value | Unknown]


@dataclass(frozen=True)
class Word:
    """A fact to draw.

    Attributes:
        name: its id.
        kind: truth, number, money, code or moment: what it may be compared with.
        spec: as facts.yaml says it.
        unknown: what it may be where nobody knows it.
        nonnegative: the pack says that it is never below zero.
    """

    name: str
    kind: str
    spec: dict[str, Any]
    unknown: Unknown
    nonnegative: bool = False

    def known_or_not(self) -> st.SearchStrategy[Value | Unknown]:
        """A value, or that it is unknown."""
        return st.sampled_from([*self.unknown.possible, self.unknown])


def truth(name: str, entity: str) -> Word:
    """A yes or no."""
    return Word(name, "truth", fact("boolean", entity), Unknown((False, True)))


def code(name: str, entity: str, *values: str) -> Word:
    """One of a few codes."""
    return Word(name, "code", fact("code", entity, values=list(values)), Unknown(values))


def number(
    name: str, entity: str, type: str = "integer", *, values: Sequence[str], bounded: bool = False, scale: int = 0
) -> Word:
    """A number; if bounded, the pack declares its least and most, and the values are all there are between them."""
    possible = tuple(Fraction(value) for value in values)
    ends: dict[str, Any] = {"min": min(possible), "max": max(possible)} if bounded else {}
    more: dict[str, Any] = {"unit": "XTS"} if type == "money" else {"scale": scale} if scale else {}
    unknown = Unknown(possible, ends.get("min"), ends.get("max"))
    kind = "money" if type == "money" else "number"
    return Word(name, kind, fact(type, entity, **more, **ends), unknown, bounded and min(possible) >= 0)


def moment(name: str, entity: str, *values: date) -> Word:
    """A month."""
    return Word(name, "moment", fact("month", entity), Unknown(values))


HOUSEHOLD = (
    truth("lit", "household"), truth("wet", "household"), truth("far", "household"),
    code("walls", "household", "mud", "brick", "it's"), code("roof", "household", "mud", "brick", "it's"),
    number("rooms", "household", values=["0", "1", "2", "3"], bounded=True),
    number("goats", "household", values=["-1000000000", "-2", "0", "1", "3", "1000000000"]),
    number("rate", "household", "decimal", values=["-0.5", "0", "0.25", "0.5", "1.5"], bounded=True, scale=2),
    number("land", "household", "decimal", values=["0", "0.001", "2.5", "1000000"], scale=3),
    number("cash", "household", "money", values=["-100000000000", "-0.01", "0", "1.5", "12.34", "100000000000"]),
    number("rent", "household", "money", values=["0", "0.01", "0.02"], bounded=True),
    moment("moved", "household", date(2016, 12, 1), date(2016, 1, 1), date(2014, 12, 1), date(2014, 2, 1),
    date(2017, 3, 1)),
)  # fmt: skip

MEMBER = (
    truth("ill", "member"), truth("works", "member"),
    code("sex", "member", "female", "male"), code("job", "member", "farm", "shop"),
    number("age", "member", values=["0", "1", "2", "3"], bounded=True),
    number("debt", "member", values=["-2", "0", "1", "7"]),
    number("wage", "member", "money", values=["0", "0.01", "0.02"], bounded=True),
    number("gift", "member", "money", values=["-0.02", "-0.01", "0", "0.01"], bounded=True),
)  # fmt: skip


#: Sums of the law: a sum may not stand bare in a rule, for it needs a currency, a date and a source.
SUMS = {
    "debt_sum": Fraction(-1),
    "cent": Fraction(1, 100),
    "some": Fraction(1234, 100),
    "huge": Fraction(999_999_999_999),
}


def sums() -> dict[str, dict[str, Any]]:
    """The sums of the law as parameters."""
    return {name: parameter(value, "XTS") for name, value in SUMS.items()}


def specs(*words: Word) -> dict[str, dict[str, Any]]:
    """The words as facts of a pack."""
    return {word.name: word.spec for word in words}


def known(words: Sequence[Word]) -> st.SearchStrategy[Known]:
    """What is known of one household or member."""
    return st.fixed_dictionaries({word.name: word.known_or_not() for word in words})


def stored(facts: Mapping[str, Value | Unknown]) -> dict[str, Value]:
    """The facts that stand in a table: an unknown one is left out."""
    return {name: value for name, value in facts.items() if not isinstance(value, Unknown)}


# --- conditions ------------------------------------------------------------------------------------------------------


def conditions(words: Sequence[Word], *, depth: int = 2) -> Text:
    """Conditions over the words."""
    fixed = st.sampled_from(["true", "false"])
    leaves = [_named(words, "truth"), _compared_numbers(words), _compared_codes(words), _asked(words), fixed]
    if depth == 0:
        return st.one_of(leaves)
    inner = conditions(words, depth=depth - 1)
    joined = st.builds(
        lambda word, parts: f" {word} ".join(f"({part})" for part in parts),
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=2, max_size=3),
    )
    same = st.builds("({}) {} ({})".format, inner, st.sampled_from(["=", "<>"]), inner)
    return st.one_of(*leaves, st.builds("not ({})".format, inner), joined, same)


def _named(words: Sequence[Word], kind: str) -> Text:
    return st.sampled_from([word.name for word in words if word.kind == kind])


def _asked(words: Sequence[Word]) -> Text:
    return st.builds(
        "{} is {}null".format, st.sampled_from([word.name for word in words]), st.sampled_from(["", "not "])
    )


def _compared_codes(words: Sequence[Word]) -> Text:
    codes = {
        word.name: [str(value).replace("'", "''") for value in word.unknown.possible]
        for word in words
        if word.kind == "code"
    }
    name = st.sampled_from(sorted(codes))
    sign = st.sampled_from(["=", "<>"])
    one = name.flatmap(lambda name: st.builds("{} {} '{}'".format, st.just(name), sign, st.sampled_from(codes[name])))
    several = name.flatmap(
        lambda name: st.builds(
            lambda values: f"{name} in ({', '.join(map(repr_code, values))})",
            st.lists(st.sampled_from(codes[name]), min_size=1, max_size=3),
        )
    )
    alike = [(a, b) for a in sorted(codes) for b in sorted(codes) if a != b and codes[a] == codes[b]]
    pairs = [st.builds("{0[0]} {1} {0[1]}".format, st.sampled_from(alike), sign)] if alike else []
    return st.one_of(one, several, *pairs)


def repr_code(value: str) -> str:
    """A code as it stands in a condition."""
    return f"'{value}'"


def _compared_numbers(words: Sequence[Word]) -> Text:
    return st.one_of([_compared(words, kind) for kind in ("number", "money", "months", "years") if _bases(words, kind)])


def _bases(words: Sequence[Word], kind: str) -> list[str]:
    """The plain numbers of one kind: facts, or the time since a moment."""
    if kind in ("months", "years"):
        return [f"{kind}_since({word.name})" for word in words if word.kind == "moment"]
    return [word.name for word in words if word.kind == kind]


def _compared(words: Sequence[Word], kind: str) -> Text:
    left, right = numbers(words, kind, depth=2), numbers(words, kind, depth=1)
    compared = st.builds("{} {} {}".format, left, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), right)
    between = st.builds(
        "{} {}between {} and {}".format, left, st.sampled_from(["", "not "]), fixed_numbers(kind), right
    )
    options = st.lists(fixed_numbers("number"), min_size=1, max_size=3) if kind != "money" else st.just(["0"])
    listed = st.builds(lambda value, options: f"{value} in ({', '.join(options)})", left, options)
    ratios = [
        st.builds(
            "ratio({}, {}) {} {}".format, left, st.just(divisor), st.sampled_from(["<", ">="]), fixed_numbers(kind)
        )
        for divisor in _safe(words, kind)
    ]
    return st.one_of(compared, between, listed, *ratios)


def _safe(words: Sequence[Word], kind: str) -> list[str]:
    """Pure numbers that are never negative: one may multiply or divide by them."""
    pure = [word.name for word in words if word.nonnegative and word.kind == "number"]
    return pure if kind in ("number", "money") else []


def fixed_numbers(kind: str) -> Text:
    """What a number of a kind may be held against: a literal, or a sum of the law."""
    if kind == "money":
        return st.sampled_from(["0", *SUMS])
    return st.sampled_from(["0", "1", "2", "3", "-1", "0.5", "0.01", "-0.25", "12.34", "1000000000", "999999999999"])


def numbers(words: Sequence[Word], kind: str, *, depth: int) -> Text:
    """Expressions of one kind of number. A product has a side that is never negative, so that it has safe bounds."""
    plain = st.sampled_from(_bases(words, kind))
    if depth == 0:
        return st.one_of(plain, plain, st.sampled_from(sorted(SUMS)) if kind == "money" else fixed_numbers(kind))
    inner = numbers(words, kind, depth=depth - 1)
    safe = st.sampled_from([*_safe(words, kind), "2", "0.5"])
    return st.one_of(
        plain,
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["+", "-"]), inner),
        st.builds("({}) * {}".format, inner, safe),
        st.builds("{}({}, {})".format, st.sampled_from(["greatest", "least"]), inner, inner),
        st.builds("-({})".format, inner),
    )
