"""What must a condition say of a household? Worked out from the meaning of the language, without its compiler.

A number is known between two ends, a truth is yes, no or unknown (None). `judged` reads a condition by three-valued
logic; `possible` reads it once in every world, that is for every way of completing what nobody knows. The compiler may
never be surer than the worlds, nor less sure than three-valued logic. Exact fractions; nothing here is quick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from itertools import islice, product
from typing import Any

from tuopin.policy.language import (
    Arithmetic,
    Call,
    Compare,
    IsUnknown,
    Join,
    Literal,
    Name,
    Node,
    Not,
    OneOf,
    parse,
)

Value = bool | Fraction | int | str | date


@dataclass(frozen=True)
class Unknown:
    """A fact that nobody knows.

    Attributes:
        possible: values it may have: all of them where they are few, else some.
        low: the least it can be, if the pack says so; it counts where members are added up or compared.
        high: the most it can be.
        asked: whether the question was asked at all.
    """

    possible: tuple[Value, ...] = ()
    low: Fraction | None = None
    high: Fraction | None = None
    asked: bool = True

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """How a failing property shows it."""
        printer.text("unknown" if self.asked else "never asked")


@dataclass(frozen=True)
class Span:
    """A number between two ends; None: no end is known."""

    low: Fraction | None = None
    high: Fraction | None = None

    @property
    def point(self) -> Fraction | None:
        """The number itself where it is known."""
        return self.low if self.low == self.high else None


Meaning = bool | None | Span | str | date
Known = Mapping[str, Value | Unknown]


@dataclass(frozen=True)
class Scene:
    """One household as it is known.

    Attributes:
        facts: of the household.
        members: the facts of each member.
        figures: of the law.
        rules: derived facts by name, of the household and of members alike.
        registers: for each foreign register, its rows; each names a `person_key`.
        covered: the registers that answer for the household's area.
        as_of: the day.
    """

    facts: Known = field(default_factory=dict)
    members: Sequence[Known] = ()
    figures: Mapping[str, Fraction] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    registers: Mapping[str, Sequence[Known]] = field(default_factory=dict)
    covered: frozenset[str] = frozenset()
    as_of: date = date(2016, 12, 31)

    @cached_property
    def never_asked(self) -> frozenset[str]:
        """The facts that nobody was asked for."""
        known = [item for facts in (self.facts, *self.members) for item in facts.items()]
        return frozenset(id for id, fact in known if isinstance(fact, Unknown) and not fact.asked)


def judged(text: str, scene: Scene) -> bool | None:
    """The answer by three-valued logic: yes, no, or None where it cannot be told."""
    meaning = _Reader(scene, scene).read(_parsed(text))
    assert meaning is None or isinstance(meaning, bool)
    return meaning


def measured(text: str, scene: Scene) -> Span:
    """A number, between its ends."""
    meaning = _Reader(scene, scene).read(_parsed(text))
    assert isinstance(meaning, Span)
    return meaning


def possible(text: str, scene: Scene, *, at_most: int = 40) -> set[bool | None]:
    """The answers over the completions of what is unknown: all completions, or so many spread evenly over them."""
    node = _parsed(text)
    found = (_Reader(world, scene).read(node) for world in completions([text], scene, at_most=at_most))
    return {meaning for meaning in found if meaning is None or isinstance(meaning, bool)}


def completions(texts: Iterable[str], scene: Scene, *, at_most: int = 40) -> Iterator[Scene]:
    """Every possible world, as far as some conditions look; if there are more than `at_most`, an even choice."""
    wanted = _names_under([_parsed(text) for text in texts], scene.rules)
    own = {name: fact.possible for name, fact in scene.facts.items() if name in wanted and isinstance(fact, Unknown)}
    others = [
        {name: fact.possible for name, fact in member.items() if name in wanted and isinstance(fact, Unknown)}
        for member in scene.members
    ]
    choices = [list(values) for known in (own, *others) for values in known.values()]
    every = math.prod(len(values) for values in choices)
    for picked in islice(product(*choices), 0, None, max(1, every // at_most)):
        rest = iter(picked)
        facts = {**scene.facts, **{name: next(rest) for name in own}}
        members = [
            {**member, **{name: next(rest) for name in unknown}}
            for member, unknown in zip(scene.members, others, strict=True)
        ]
        yield replace(scene, facts=facts, members=members)


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> Node:
    return parse(text)


def _names_under(nodes: Iterable[Node], rules: Mapping[str, str]) -> set[str]:
    """Every name that conditions look at; a derived fact also by what it is made of."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        for piece in waiting.pop().walk():
            if isinstance(piece, Name) and piece.id not in found:
                found.add(piece.id)
                waiting += [_parsed(rules[piece.id])] if piece.id in rules else []
    return found - set(rules)


class _Reader:
    """Reads conditions in one world; `seen` is what is really known, for `is null`."""

    def __init__(
        self,
        world: Scene,
        seen: Scene,
        facts: Known | None = None,
        known: Known | None = None,
        *,
        bounded: bool = False,
    ) -> None:
        self.world, self.seen = world, seen
        self.facts = world.facts if facts is None else facts
        self.known = seen.facts if known is None else known
        self.bounded = bounded

    def read(self, node: Node) -> Meaning:
        match node:
            case Literal(value):
                return _span(Fraction(value)) if isinstance(value, Decimal) else value
            case Name(id):
                return self._named(id)
            case Not(of):
                return _not(self._truth(of))
            case Join("and", parts):
                return all_three([self._truth(part) for part in parts])
            case Join("or", parts):
                return any_three([self._truth(part) for part in parts])
            case Compare() | OneOf() if self._never_asked(node):
                return None
            case Compare(word, left, right):
                return compared(word, self.read(left), self.read(right))
            case OneOf(of, values):
                return any_three([compared("=", self.read(of), self.read(value)) for value in values])
            case IsUnknown(of):
                return self._unknown(of)
            case Arithmetic(word, left, right):
                return _ARITHMETIC[word](self._span(left), self._span(right))
            case Call():
                return self._called(node)
        raise NotImplementedError(node)

    def _unknown(self, node: Node) -> bool | None:
        """Whether a value is not known exactly: asked of what is really known, not of the world."""
        if self._never_asked(node):
            return None
        seen = _Reader(self.seen, self.seen, self.known, self.known).read(node)
        return seen.point is None if isinstance(seen, Span) else seen is None

    def _never_asked(self, node: Node) -> bool:
        """Whether a comparison has facts and none was asked: then it says nothing, whatever its bounds allow."""
        never = self.seen.never_asked
        facts = _names_under([node], self.world.rules) - set(self.world.figures) if never else set()
        return bool(facts) and facts <= never

    def _named(self, id: str) -> Meaning:
        if id == "household_size":
            return _span(Fraction(len(self.world.members)))
        if id in self.world.figures:
            return _span(self.world.figures[id])
        if id not in self.facts and id in self.world.rules:
            return self.read(_parsed(self.world.rules[id]))
        fact = self.facts[id]
        if isinstance(fact, Unknown):
            if self.bounded:
                return Span(fact.low, fact.high)
            return Span() if any(isinstance(value, Fraction) for value in fact.possible) else None
        return fact if isinstance(fact, bool | str | date) else _span(Fraction(fact))

    def _called(self, call: Call) -> Meaning:
        if call.function == "sum_of" and len(call.arguments) == 2:
            return _sum([member.counting(*call.arguments) for member in self._members(call)])
        if call.function in _ROLLUPS:
            return _ROLLUPS[call.function]([member.read(call.arguments[0]) for member in self._members(call)])
        if call.function == "in_register":
            return self._in_register(call)
        if call.function in ("months_since", "years_since"):
            return self._since(call)
        return _SCALARS[call.function](*(self._span(argument) for argument in call.arguments))

    def _members(self, call: Call) -> list[_Reader]:
        """Numbers that are added up or compared keep the ends that the pack declares."""
        bounded = call.function in ("sum_of", "min_of", "max_of")
        both = zip(self.world.members, self.seen.members, strict=True)
        return [_Reader(self.world, self.seen, facts, known, bounded=bounded) for facts, known in both]

    def counting(self, item: Node, condition: Node) -> Span:
        """An item that counts where a condition holds: 0 where it fails, either where nobody can tell."""
        whole = _Reader(self.world, self.seen, self.facts, self.known)  # a condition takes no ends of what nobody knows
        counts, span = whole._truth(condition), self._span(item)
        if counts is not None:
            return span if counts else _span(Fraction(0))
        low, high = span.low, span.high
        return Span(None if low is None else min(low, Fraction(0)), None if high is None else max(high, Fraction(0)))

    def _in_register(self, call: Call) -> bool | None:
        register, condition = call.arguments
        assert isinstance(register, Name)
        keys = [member.get("person_key") for member in self.world.members]
        rows = [row for row in self.world.registers.get(register.id, ()) if row["person_key"] in keys]
        found = any_three([_Reader(self.world, self.seen, row, row)._truth(condition) for row in rows])
        everybody_looked_up = register.id in self.world.covered and all(isinstance(key, int) for key in keys)
        return found if found is not False or everybody_looked_up else None

    def _since(self, call: Call) -> Span:
        moment = self.read(call.arguments[0])
        if moment is None:
            return Span()
        assert isinstance(moment, date)
        months = (self.world.as_of.year - moment.year) * 12 + self.world.as_of.month - moment.month
        return _span(Fraction(months if call.function == "months_since" else months // 12))

    def _truth(self, node: Node) -> bool | None:
        meaning = self.read(node)
        assert meaning is None or isinstance(meaning, bool), node
        return meaning

    def _span(self, node: Node) -> Span:
        meaning = self.read(node)
        assert isinstance(meaning, Span), node
        return meaning


# --- three-valued logic ----------------------------------------------------------------------------------------------


def any_three(truths: Iterable[bool | None]) -> bool | None:
    """One yes is enough; else an unknown leaves it open; over nothing no."""
    found = set(truths)
    return True if True in found else None if None in found else False


def all_three(truths: Iterable[bool | None]) -> bool | None:
    """One no is enough; else an unknown leaves it open; over nothing yes."""
    return _not(any_three(_not(truth) for truth in truths))


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def compared(word: str, left: Meaning, right: Meaning) -> bool | None:
    """Yes if the comparison holds for every value between the ends, no if for none."""
    if left is None or right is None:
        return None
    if word == "<>":
        return _not(compared("=", left, right))
    if not (isinstance(left, Span) and isinstance(right, Span)):
        return left == right
    if word == "=":
        same = left.point is not None and left.point == right.point
        apart = _surely(left.high, right.low, strictly=True) or _surely(right.high, left.low, strictly=True)
        return True if same else False if apart else None
    if word in (">", ">="):
        left, right, word = right, left, {">": "<", ">=": "<="}[word]
    if _surely(left.high, right.low, strictly=word == "<"):
        return True
    return False if _surely(right.high, left.low, strictly=word == "<=") else None


def _surely(less: Fraction | None, more: Fraction | None, *, strictly: bool) -> bool:
    if less is None or more is None:
        return False
    return less < more if strictly else less <= more


# --- numbers ---------------------------------------------------------------------------------------------------------


def _span(value: Fraction) -> Span:
    return Span(value, value)


def _each(
    combine: Callable[[Fraction, Fraction], Fraction], left: Fraction | None, right: Fraction | None
) -> Fraction | None:
    return None if left is None or right is None else combine(left, right)


def _plus(left: Span, right: Span) -> Span:
    return Span(_each(Fraction.__add__, left.low, right.low), _each(Fraction.__add__, left.high, right.high))


def _minus(left: Span, right: Span) -> Span:
    return Span(_each(Fraction.__sub__, left.low, right.high), _each(Fraction.__sub__, left.high, right.low))


def _times(left: Span, right: Span) -> Span:
    ends = (left.low, left.high), (right.low, right.high)
    if None in (*ends[0], *ends[1]):
        return Span()
    corners = [a * b for a, b in product(*ends) if a is not None and b is not None]
    return Span(min(corners), max(corners))


def _greatest(left: Span, right: Span) -> Span:
    known = [low for low in (left.low, right.low) if low is not None]
    return Span(max(known, default=None), _each(max, left.high, right.high))


def _least(left: Span, right: Span) -> Span:
    known = [high for high in (left.high, right.high) if high is not None]
    return Span(_each(min, left.low, right.low), min(known, default=None))


def _ratio(above: Span, below: Span) -> Span:
    """Nothing is known of a ratio whose divisor may be zero."""
    if None in (above.low, above.high, below.low, below.high) or not _surely(Fraction(0), below.low, strictly=True):
        return Span()
    corners = [a / b for a, b in product((above.low, above.high), (below.low, below.high)) if a is not None and b]
    return Span(min(corners), max(corners))


_ARITHMETIC = {"+": _plus, "-": _minus, "*": _times}
_SCALARS: Mapping[str, Callable[..., Span]] = {"greatest": _greatest, "least": _least, "ratio": _ratio}


# --- roll-ups over members -------------------------------------------------------------------------------------------


def _truths(items: Sequence[Meaning]) -> list[bool | None]:
    return [item for item in items if item is None or isinstance(item, bool)]


def _spans(items: Sequence[Meaning]) -> list[Span]:
    return [item for item in items if isinstance(item, Span)]


def _count(items: Sequence[Meaning]) -> Span:
    surely, perhaps = items.count(True), items.count(None)
    return Span(Fraction(surely), Fraction(surely + perhaps))


def _share(items: Sequence[Meaning]) -> Span:
    return _ratio(_count(items), _span(Fraction(len(items))))


def _sum(items: Sequence[Meaning]) -> Span:
    return reduce(_plus, _spans(items), _span(Fraction(0)))


def _largest(items: Sequence[Meaning]) -> Span:
    return reduce(_greatest, _spans(items)) if items else Span()


def _smallest(items: Sequence[Meaning]) -> Span:
    return reduce(_least, _spans(items)) if items else Span()


_ROLLUPS: Mapping[str, Callable[[Sequence[Meaning]], Meaning]] = {
    "any_of": lambda items: any_three(_truths(items)),
    "all_of": lambda items: all_three(_truths(items)),
    "count_if": _count,
    "share_of": _share,
    "sum_of": _sum,
    "max_of": _largest,
    "min_of": _smallest,
}
