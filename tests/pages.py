"""What does a page of the documentation show? Its blocks of code and its marked tables, so that a test can hold it true."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"

_BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]*)\")?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """A block of code on a page.

    Attributes:
        language: what it is written in.
        title: the file it shows, if the page says so; else empty.
        text: its lines.
    """

    language: str
    title: str
    text: str


def read(page: str) -> str:
    """A page's text, by its path below docs/."""
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str, language: str | None = None) -> list[Block]:
    """The blocks of a page, in order; of one language if it is named."""
    found = [Block(m["language"], m["title"] or "", m["text"]) for m in _BLOCK.finditer(read(page))]
    return [block for block in found if language in (None, block.language)]


def titled(page: str, title: str) -> str:
    """The text of the one block of a page that has this title."""
    (block,) = (block for block in blocks(page) if block.title == title)
    return block.text


def marked_table(page: str, name: str) -> list[dict[str, str]]:
    """The rows of the table below `<!-- table: name -->`, by heading; backticks are taken off."""
    below = read(page).split(f"<!-- table: {name} -->\n", 1)[1].lstrip("\n")
    return rows_of(below)


def tables(page: str) -> list[list[dict[str, str]]]:
    """Every table of a page, as rows by heading; backticks are taken off."""
    lines = read(page).splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("|---")]
    return [rows_of("\n".join(lines[start - 1 :])) for start in starts]


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of the table at the beginning of a text."""
    lines = text.splitlines()
    end = next((n for n, line in enumerate(lines) if not line.startswith("|")), len(lines))
    heading, _, *body = [[_plain(cell) for cell in _CELL.split(line)[1:-1]] for line in lines[:end]]
    return [dict(zip(heading, row, strict=True)) for row in body]


def _plain(cell: str) -> str:
    cell = cell.strip().replace("\\|", "|")
    return cell.strip("`") if cell.count("`") == 2 and cell.startswith("`") and cell.endswith("`") else cell


def columns(text: str) -> list[dict[str, str]]:
    """The rows of a block that shows a file of columns; two or more blanks part them, and the first line names them."""
    heading, *rows = text.rstrip("\n").splitlines()
    starts = [m.start() for m in re.finditer(r"\S+", heading)]
    ends = [*starts[1:], None]
    names = [heading[a:b].strip() for a, b in zip(starts, ends, strict=True)]
    return [{n: row[a:b].strip() for n, a, b in zip(names, starts, ends, strict=True)} for row in rows]


def shown(row: Mapping[str, object], names: Sequence[str]) -> dict[str, str]:
    """Some values of a stored row as a page shows them."""
    return {name: "NULL" if row[name] is None else str(row[name]) for name in names}
