"""What does a condition say? SQLGlot parses; a short list of forms passes; everything else is refused.

The language is closed: `and or not`, comparisons, `between`, `in`, `is [not] null`, `+ - *`, names, literals and a
dozen named functions. There is no cast, case, coalesce, bare division, date arithmetic or subquery: there engines
differ, or an unknown would turn into a "no".
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects import DuckDB
from sqlglot.errors import SqlglotError

MAX_DEPTH = 60

#: Roll-ups over the members of a household, or over the households of an area; the arguments are read in their world.
ROLLUPS = frozenset({"any_of", "all_of", "count_if", "persons_if", "share_of", "sum_of", "min_of", "max_of"})
#: Functions over numbers of one household.
SCALARS = {"greatest": 2, "least": 2, "ratio": 2, "months_since": 1, "years_since": 1}
REGISTER_TEST = "in_register"

#: Two ways of writing one word.
_SAME = {"!=": "<>", "==": "="}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _Conditions(DuckDB):  # type: ignore[misc] # the library types its dialects as Any
    """DuckDB's grammar with no function known to it: what a name in front of brackets means, we say ourselves."""

    class Parser(DuckDB.Parser):  # type: ignore[misc] # as above
        FUNCTIONS: ClassVar[dict[str, object]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, object]] = {}
        NO_PAREN_FUNCTIONS: ClassVar[dict[str, object]] = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, object]] = {}


class LanguageError(ValueError):
    """A condition that cannot stand; says what and how to write it."""

    def __init__(self, what: str, fix: str = "") -> None:
        """Keep both parts; the reader of the pack adds file and line."""
        self.what, self.fix = what, fix
        super().__init__(f"{what} {fix}".strip())


@dataclass(frozen=True)
class Node:
    """A piece of a condition."""

    def children(self) -> tuple[Node, ...]:
        """The pieces directly below."""
        return ()

    def walk(self) -> Iterator[Node]:
        """This piece and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True)
class Literal(Node):
    """A number, a quoted code, true or false."""

    value: Decimal | str | bool


@dataclass(frozen=True)
class Name(Node):
    """A fact, parameter, line, test, standard or score."""

    id: str


@dataclass(frozen=True)
class Not(Node):
    """The opposite; of unknown, unknown."""

    of: Node

    def children(self) -> tuple[Node, ...]:
        """The condition denied."""
        return (self.of,)


@dataclass(frozen=True)
class Join(Node):
    """Several conditions joined by one word: `and` or `or`."""

    word: str
    parts: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The conditions joined."""
        return self.parts


@dataclass(frozen=True)
class Compare(Node):
    """Two values compared; the word is one of = <> < <= > >=."""

    word: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        """Both sides."""
        return (self.left, self.right)


@dataclass(frozen=True)
class OneOf(Node):
    """A value that is in a list of literals."""

    of: Node
    values: tuple[Literal, ...]

    def children(self) -> tuple[Node, ...]:
        """The value looked up, then the list."""
        return (self.of, *self.values)


@dataclass(frozen=True)
class IsUnknown(Node):
    """Whether nobody knows the value: the one question that is never unknown itself."""

    of: Node

    def children(self) -> tuple[Node, ...]:
        """The value asked about."""
        return (self.of,)


@dataclass(frozen=True)
class Arithmetic(Node):
    """A sum, difference or product; the word is one of + - *."""

    word: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        """Both sides."""
        return (self.left, self.right)


@dataclass(frozen=True)
class Quotient(Node):
    """The one division there is: of a figure, by the household's size in its own units."""

    above: Node
    below: Node

    def children(self) -> tuple[Node, ...]:
        """Numerator and denominator."""
        return (self.above, self.below)


@dataclass(frozen=True)
class Call(Node):
    """A named function."""

    function: str
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments


@lru_cache(maxsize=4096)
def parse(text: str, *, division: bool = False) -> Node:
    """Read a condition or expression.

    Args:
        text: as written in the pack.
        division: allow `a / b` at the top (only the value of a figure may).

    Raises:
        LanguageError: it is not in the language; the message says which part and what to write instead.
    """
    if any(mark in text for mark in (";", "--", "/*", "{", "}")):
        raise LanguageError(
            "A condition is one line of logic: no `;`, no braces, no comments.", "Write a YAML comment (#) instead."
        )
    try:
        with _quiet():
            tree = sqlglot.parse_one(text, dialect=_Conditions)
    except (SqlglotError, RecursionError):
        raise LanguageError(
            f"`{_short(text)}` cannot be read as a condition.", "Check brackets, quotes and the words and, or, not."
        ) from None
    if division and isinstance(tree, exp.Div):
        node: Node = Quotient(_node(tree.this, 0), _node(tree.expression, 0))
    else:
        node = _node(tree, 0)
    if _words(text) != _words(tree.sql(dialect=_Conditions)):
        fix = "Check brackets, commas and the words and, or, not."
        raise LanguageError(f"`{_short(text)}` has a word or comma that means nothing here.", fix)
    return node


@contextmanager
def _quiet() -> Iterator[None]:
    """The parser writes to its log while it refuses; the refusal is ours to word."""
    log = logging.getLogger("sqlglot")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before


def _words(text: str) -> Counter[str]:
    """The words of a condition, however they are ordered and bracketed: a parser may pass over one in silence."""
    tokens = _Conditions().tokenize(text)
    return Counter(_SAME.get(token.text, token.text.upper()) for token in tokens if token.text not in ("(", ")"))


def names(node: Node) -> frozenset[str]:
    """Every name that a condition uses."""
    return frozenset(piece.id for piece in node.walk() if isinstance(piece, Name))


_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}


def _node(tree: exp.Expr | None, depth: int) -> Node:
    if tree is None:
        raise LanguageError("A part of the condition is missing.")
    if depth > MAX_DEPTH:
        raise LanguageError(f"The condition is nested more than {MAX_DEPTH} levels deep.", "Split it into named tests.")
    kind, deeper = type(tree), depth + 1
    if kind is exp.Paren:
        return _node(tree.this, deeper)
    if kind in (exp.And, exp.Or):
        return _join("and" if kind is exp.And else "or", tree, deeper)
    if kind is exp.Not:
        return Not(_node(tree.this, deeper))
    if kind in _COMPARISONS:
        return Compare(_COMPARISONS[kind], _node(tree.this, deeper), _node(tree.expression, deeper))
    if kind is exp.Between and not tree.args.get("symmetric"):
        value = _node(tree.this, deeper)
        low, high = _node(tree.args["low"], deeper), _node(tree.args["high"], deeper)
        return Join("and", (Compare(">=", value, low), Compare("<=", value, high)))
    if kind is exp.In and tree.expressions and not tree.args.get("query"):
        return OneOf(_node(tree.this, deeper), tuple(_literal(item, deeper) for item in tree.expressions))
    if kind is exp.Is:
        return _is(tree, deeper)
    if kind in _ARITHMETIC:
        return Arithmetic(_ARITHMETIC[kind], _node(tree.this, deeper), _node(tree.expression, deeper))
    if kind is exp.Neg:
        return _negative(tree, deeper)
    if kind is exp.Column:
        return _name(tree)
    if kind in (exp.Literal, exp.Boolean):
        return _literal(tree, deeper)
    if kind is exp.Anonymous:
        return _call(str(tree.this).lower(), tree.expressions, deeper)
    raise _refusal(tree)


def _join(word: str, tree: exp.Expr, depth: int) -> Join:
    """Flatten `a and b and c`, however long, without deepening."""
    kind = exp.And if word == "and" else exp.Or
    parts: list[exp.Expr] = []
    rest: exp.Expr = tree
    while isinstance(rest, kind):
        parts.append(rest.expression)
        rest = rest.this
    return Join(word, tuple(_node(part, depth) for part in [rest, *reversed(parts)]))


def _is(tree: exp.Expr, depth: int) -> Node:
    if isinstance(tree.expression, exp.Null):
        return IsUnknown(_node(tree.this, depth))
    raise LanguageError("After `is` only `null` or `not null` may stand.", "Write `x` or `not x` for a yes-or-no fact.")


def _negative(tree: exp.Expr, depth: int) -> Node:
    inner = _node(tree.this, depth)
    if isinstance(inner, Literal) and isinstance(inner.value, Decimal):
        return Literal(-inner.value)
    return Arithmetic("-", Literal(Decimal(0)), inner)


def _name(tree: exp.Expr) -> Name:
    if not isinstance(tree, exp.Column) or tree.args.get("table") or not isinstance(tree.this, exp.Identifier):
        raise LanguageError(
            f"`{_short(tree.sql())}` is not a name.", "Write the id of a fact, test, parameter or line."
        )
    identifier = tree.this.this
    if tree.this.quoted or not _NAME.fullmatch(identifier):
        raise LanguageError(
            f"`{_short(identifier)}` is not a name.", "Ids are snake_case; a code stands in single quotes, as 'rural'."
        )
    return Name(identifier)


def _literal(tree: exp.Expr, depth: int) -> Literal:
    if isinstance(tree, exp.Boolean):
        return Literal(bool(tree.this))
    if isinstance(tree, exp.Neg):
        inner = _literal(tree.this, depth)
        if isinstance(inner.value, Decimal):
            return Literal(-inner.value)
    if isinstance(tree, exp.Literal):
        return Literal(str(tree.this)) if tree.is_string else Literal(_number(str(tree.this)))
    raise LanguageError(f"`{_short(tree.sql())}` is not a plain value.", "A list holds numbers or quoted codes.")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise LanguageError(f"`{text}` is not a number.") from None
    if abs(number) > Decimal(10) ** 12 or int(number.as_tuple().exponent) < -6:
        raise LanguageError(
            f"`{text}` is out of range.", "Numbers have at most 12 digits before and 6 after the point."
        )
    return number


def _call(function: str, arguments: list[exp.Expr], depth: int) -> Call:
    if function not in ROLLUPS and function not in SCALARS and function != REGISTER_TEST:
        known = ", ".join(sorted([*ROLLUPS, *SCALARS, REGISTER_TEST]))
        raise LanguageError(f"`{_short(function)}` is not a function of this language.", f"Known: {known}.")
    wanted = 1 if function in ROLLUPS else SCALARS.get(function, 2)
    most = 2 if function == "sum_of" else wanted
    if not wanted <= len(arguments) <= most:
        counted = f"{wanted}" if wanted == most else f"{wanted} or {most}"
        raise LanguageError(f"`{function}` takes {counted} argument(s), not {len(arguments)}.")
    return Call(function, tuple(_node(argument, depth) for argument in arguments))


def _refusal(tree: exp.Expr) -> LanguageError:
    shown = _short(tree.sql())
    if isinstance(tree, exp.Div):
        return LanguageError(
            f"`{shown}` divides.", "Multiply the other side instead (income >= line * size), or write ratio(a, b)."
        )
    if isinstance(tree, exp.Null):
        return LanguageError("`null` is not a value to compare with.", "Write `x is null`.")
    return LanguageError(
        f"`{shown}` is not part of the language.",
        "Use and, or, not, comparisons, between, in, is null, + - *, and the named functions.",
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
