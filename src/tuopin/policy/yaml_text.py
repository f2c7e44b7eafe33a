"""What does a YAML file of ours say, and on which line does it say it?

The strict part of YAML 1.2: `true` and `false` are the only booleans, dates stay text until a schema asks for a
date, a key may stand once, and anchors, tags and merge keys are refused, so a file says what a reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from tuopin.terms import DataError, Place, Problem

Loc = tuple[str | int, ...]
Plain = str | int | Decimal | bool | None | list[Any] | dict[str, Any]

MAX_BYTES = 4_000_000
MAX_DEPTH = 30
MAX_DIGITS = 40

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DIGITS = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_OLD_BOOLEANS = frozenset(["yes", "no", "on", "off", "Yes", "No", "On", "Off", "YES", "NO", "ON", "OFF"])
_LOUD_BOOLEANS = frozenset(["True", "False", "TRUE", "FALSE"])


@dataclass(frozen=True)
class Loaded:
    """A file read: plain values, and the line of each.

    Attributes:
        file: the name that messages use.
        data: dicts, lists, str, int, Decimal, bool and None only.
        lines: 1-based line of every value, by its path from the top.
    """

    file: str
    data: Any
    lines: dict[Loc, int] = field(default_factory=dict, repr=False)

    def place(self, loc: Loc = (), rule: str | None = None) -> Place:
        """Where a value stands; a path that does not exist is placed at its nearest parent."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return Place(file=self.file, line=self.lines.get(loc, 1), rule=rule)


def load(path: Path, *, name: str | None = None) -> Loaded:
    """Read a YAML file.

    Args:
        path: the file.
        name: how messages call it (default: the path as given).

    Raises:
        DataError: the file is missing, too large, not UTF-8, or not strict YAML; the line is named.
    """
    name = name or str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal("The file cannot be read.", Place(name), f"{error.strerror}.", "Check the path.") from None
    if len(raw) > MAX_BYTES:
        why = f"It has more than {MAX_BYTES // 1_000_000} MB; a policy text is never that long."
        raise _refusal("The file is too large.", Place(name), why, "Check that this is the right file.")
    return loads(raw, name=name)


def loads(raw: bytes | str, *, name: str) -> Loaded:
    """Read YAML that is already in memory; see `load`."""
    reader = _Reader(name, raw if isinstance(raw, str) else _decode(raw, name))
    return Loaded(name, reader.document(), reader.lines)


def _refusal(what: str, place: Place, why: str, fix: str) -> DataError:
    return DataError(Problem(what, place, why, fix))


def _decode(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        why = "Names and labels would come out garbled."
        raise _refusal("The file is not UTF-8 text.", Place(name, line), why, "Save it as UTF-8.") from None


class _Reader:
    """Turns the parser's events into plain values, keeping lines and refusing what is not strict."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines: dict[Loc, int] = {}
        self._events = self._guarded(text)

    def document(self) -> Plain:
        """The one document of the file; an empty file is None."""
        for event in self._events:
            if isinstance(event, yaml.StreamEndEvent):
                return None
            if isinstance(event, yaml.DocumentStartEvent):
                break
        value = self._value(next(self._events), ())
        next(self._events)  # the end of the document
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise self._refuse(
                following, "A second document begins here.", "One file says one thing.", "Split the file."
            )
        return value

    def _guarded(self, text: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            said = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable text"
            place = Place(self.name, mark.line + 1 if mark else _line_of_byte(text, getattr(error, "position", 0)))
            begun = getattr(error, "context_mark", None)
            why = (
                f"It belongs to what begins on line {begun.line + 1}."
                if begun and mark and begun.line < mark.line
                else ""
            )
            fix = "Check indentation, colons and quotes on this line and the one above."
            raise _refusal(f"This is not readable as YAML: {said}.", place, why, fix) from None

    def _value(self, event: yaml.Event, loc: Loc) -> Plain:
        self.lines.setdefault(loc, _line(event))
        self._refuse_extras(event)
        if len(loc) > MAX_DEPTH:
            raise self._refuse(event, f"More than {MAX_DEPTH} levels are nested here.", "", "Flatten the file.")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(loc)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(loc)
        return self._scalar(event)

    def _refuse_extras(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            why, fix = "A rule must say what a reader sees.", "Write the value out."
            raise self._refuse(event, "Anchors, aliases and tags are not used here.", why, fix)

    def _mapping(self, loc: Loc) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in result:
                raise self._refuse(event, f"`{key}` stands twice.", "Only one of the two could hold.", "Keep one.")
            self.lines[(*loc, key)] = _line(event)
            result[key] = self._value(next(self._events), (*loc, key))
        return result

    def _key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refuse(event, "A key must be a single word.", "", "Check the indentation and the brackets.")
        self._refuse_extras(event)
        if event.value == "<<" and event.implicit[0]:
            raise self._refuse(
                event,
                "Merge keys (<<) are not used here.",
                "A rule must say what a reader sees.",
                "Write the values out.",
            )
        return str(event.value)

    def _sequence(self, loc: Loc) -> list[Plain]:
        result: list[Plain] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            result.append(self._value(event, (*loc, len(result))))
        return result

    def _scalar(self, event: yaml.Event) -> Plain:
        assert isinstance(event, yaml.ScalarEvent)
        text = str(event.value)
        plain = event.implicit[0]
        if not plain:
            return text
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if text in _OLD_BOOLEANS or text in _LOUD_BOOLEANS:
            why, fix = "Programs read it differently.", "Write true or false; for the word itself put it in quotes."
            raise self._refuse(event, f"`{text}` is neither a plain yes-or-no nor clearly a word.", why, fix)
        if _NOT_FINITE.fullmatch(text):
            why = "No figure of a policy is infinite or undefined."
            raise self._refuse(event, f"`{text}` is not a number.", why, "Write a number, or leave it out.")
        if len(text) > MAX_DIGITS and _NUMBER.fullmatch(text):
            raise self._refuse(
                event,
                f"A number of {len(text)} digits stands here.",
                "No figure of a policy is that long.",
                "Check it.",
            )
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DIGITS.fullmatch(text):
            return text  # 007 is a code, not a number
        return Decimal(text) if _NUMBER.fullmatch(text) else text

    def _refuse(self, event: yaml.Event, what: str, why: str, fix: str) -> DataError:
        return _refusal(what, Place(self.name, _line(event)), why, fix)


def _line_of_byte(text: str, position: int) -> int:
    return text.encode()[:position].count(b"\n") + 1


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
