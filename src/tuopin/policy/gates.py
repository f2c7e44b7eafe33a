"""Against which figure of the law does a text hold an estimate, and in which areas?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tuopin.policy.files import StandardEdition
from tuopin.policy.language import Compare, Join, Literal, Name, Node, names, parse

#: The same comparison, read from the other side.
_TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Gate:
    """A comparison of an estimate.

    Attributes:
        test: the named test in which it stands; empty where the text has none.
        estimate: the name that is compared: an estimate's id, or one of its readings.
        word: one of = <> < <= > >=, with the estimate on the left.
        limit: the other side: the name of a figure, or a bare number.
        whole: the comparison as it stands.
        where: conditions beside it, all of which must hold for it to count, such as a region.
    """

    test: str
    estimate: str
    word: str
    limit: Name | Literal
    whole: Compare
    where: tuple[Node, ...]


def gates_of(edition: StandardEdition, estimates: Collection[str]) -> list[Gate]:
    """The comparisons of an edition that have an estimate, alone, on one side and a figure or number on the other.

    Args:
        edition: the text.
        estimates: the names of estimates and of their readings.
    """
    texts = edition.tests or {"": edition.met}
    known = frozenset(estimates)
    return [gate for test, text in texts.items() for gate in _gates(test, parse(text), (), known)]


def _gates(test: str, node: Node, where: tuple[Node, ...], estimates: frozenset[str]) -> Iterator[Gate]:
    match node:
        case Join(word="and", parts=parts):
            for part in parts:
                beside = tuple(other for other in parts if other is not part and not names(other) & estimates)
                yield from _gates(test, part, (*where, *beside), estimates)
        case Join(parts=parts):
            for part in parts:
                yield from _gates(test, part, where, estimates)
        case Compare(word=word, left=Name(id=id), right=Name() | Literal() as limit) if id in estimates:
            yield Gate(test, id, word, limit, node, where)
        case Compare(word=word, left=Name() | Literal() as limit, right=Name(id=id)) if id in estimates:
            yield Gate(test, id, _TURNED[word], limit, node, where)
