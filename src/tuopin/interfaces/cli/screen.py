"""What does a command print? Its data, on stdout: words and tables for a person, one JSON document for a script."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 140
"""Columns of a table that goes into a file or a pipe, where nobody knows the width."""


class OutputClosed(Exception):
    """Whoever read our output has gone, as `head` does."""


def answer(document: Mapping[str, Any], *, as_json: bool, show: Callable[[Screen], None]) -> None:
    """Print what a command found.

    Args:
        document: all of it, as plain values.
        as_json: print the document.
        show: prints it for a person.
    """
    if as_json:
        print_json(document)
    else:
        show(Screen())


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document on stdout. Decimals are written as text, so that nothing is rounded."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    with _reader_may_leave():
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=not utf8, default=_plain) + "\n")


class Screen:
    """Words and tables for a person; an empty line parts a table from what stands before and after it."""

    def __init__(self) -> None:
        """Begin at the top."""
        self._part_from: str | None = None

    def line(self, text: str = "") -> None:
        """Print one line, unwrapped."""
        self._print([text], kind="words")

    def lines(self, texts: Iterable[str]) -> None:
        """Print lines."""
        self._print(texts, kind="words")

    def pairs(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Print names with their values, one a line; an empty value is left out."""
        shown = [(name, str(value)) for name, value in pairs if value not in (None, "", ())]
        width = max((len(name) for name, _ in shown), default=0)
        self.lines(f"{name:<{width}}  {value}" for name, value in shown)

    def table(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table; columns of numbers stand to the right. Nothing is printed for no rows."""
        cells = [[_cell(value) for value in row] for row in rows]
        if not cells:
            return
        from rich import box  # noqa: PLC0415 - `explain` prints no table and must not wait for it
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for number, heading in enumerate(headings):
            table.add_column(
                heading, justify="right" if all(row[number][1] for row in cells) else "left", overflow="fold"
            )
        for row in cells:
            table.add_row(*(Text(text) for text, _ in row))
        with self._console.capture() as drawn:
            self._console.print(table)
        self._part_from = self._part_from and "anything"
        self._print([title, *(line.rstrip() for line in drawn.get().splitlines())], kind="table")

    def _print(self, texts: Iterable[str], *, kind: str) -> None:
        with _reader_may_leave():
            if self._part_from not in (None, kind):
                sys.stdout.write("\n")
            for text in texts:
                sys.stdout.write(text + "\n")
                self._part_from = kind

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console  # noqa: PLC0415 - as above

        return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDE)


def open_output() -> None:
    """Let a terminal that cannot write a letter show its number instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")


def finish_output() -> None:
    """Hand over what was printed, while there is still somebody to tell if that fails."""
    with _reader_may_leave():
        sys.stdout.flush()


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _close_quietly(sys.stdout)
        raise OutputClosed from None


def _close_quietly(stream: TextIO) -> None:
    """Point the stream nowhere, so that the interpreter does not complain when it closes it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _cell(value: object) -> tuple[str, bool]:
    """The text of a cell, and whether it is a number (or nothing)."""
    if value is None:
        return "", True
    if isinstance(value, bool):
        return ("yes" if value else "no"), False
    if isinstance(value, int):
        return f"{value:,}", True
    if isinstance(value, float):
        return f"{value:,.4f}", True
    return str(value), False


def _plain(value: object) -> object:
    if isinstance(value, date | Path | Decimal):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
