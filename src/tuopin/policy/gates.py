"""Against which figure of the law does a text hold an estimate? And in which areas does a figure count at all?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tuopin.policy.files import StandardEdition
from tuopin.policy.language import Compare, Join, Literal, Name, Node, names, parse

#: The same comparison, read from the other side.
_TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

Where = tuple[Node, ...]
"""Conditions that must all hold for a piece of a text to count, such as a region."""


@dataclass(frozen=True)
class Gate:
    """A comparison of an estimate.

    Attributes:
        test: the named test in which it stands; empty where the text has none.
        estimate: the name that is compared: an estimate's id, or one of its readings.
        word: one of = <> < <= > >=, with the estimate on the left.
        limit: the other side: the name of a figure, or a bare number.
        whole: the comparison as it stands.
        where: the conditions beside it.
    """

    test: str
    estimate: str
    word: str
    limit: Name | Literal
    whole: Compare
    where: Where


def gates_of(edition: StandardEdition, estimates: Collection[str], figures: Collection[str]) -> list[Gate]:
    """The comparisons of an edition that have an estimate, alone, on one side and a figure or number on the other.

    Args:
        edition: the text.
        estimates: the names of estimates and of their readings.
        figures: the names of parameters and lines.
    """
    pieces = _pieces(edition, frozenset(figures))
    return [gate for test, node, where in pieces for gate in _gate(test, node, where, frozenset(estimates))]


def places_of(edition: StandardEdition, figures: Collection[str]) -> dict[str, list[Where]]:
    """For each figure that an edition names, the conditions under which it counts; one of them holding is enough."""
    found: dict[str, list[Where]] = {}
    for _, node, where in _pieces(edition, frozenset(figures)):
        for figure in sorted(names(node) & set(figures)):
            found.setdefault(figure, []).append(where)
    return found


def _pieces(edition: StandardEdition, figures: frozenset[str]) -> Iterator[tuple[str, Node, Where]]:
    no_place = figures | set(edition.tests)
    for test, text in {**edition.tests, "": edition.met}.items():
        yield from ((test, node, where) for node, where in _apart(parse(text), (), no_place))


def _apart(node: Node, where: Where, no_place: frozenset[str]) -> Iterator[tuple[Node, Where]]:
    """What is joined by `and` and `or`, piece by piece, each with what stands beside it and says where it counts.

    A piece that names a figure or another test says nothing of a place.
    """
    if not isinstance(node, Join):
        yield node, where
        return
    for part in node.parts:
        beside = [other for other in node.parts if other is not part and not names(other) & no_place]
        yield from _apart(part, (*where, *beside) if node.word == "and" else where, no_place)


def _gate(test: str, node: Node, where: Where, estimates: frozenset[str]) -> Iterator[Gate]:
    match node:
        case Compare(word=word, left=Name(id=id), right=Name() | Literal() as limit) if id in estimates:
            yield Gate(test, id, word, limit, node, where)
        case Compare(word=word, left=Name() | Literal() as limit, right=Name(id=id)) if id in estimates:
            yield Gate(test, id, _TURNED[word], limit, node, where)
