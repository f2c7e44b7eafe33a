"""How does a person name a pack, a snapshot, a day, a folder? The same way in every command."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from tuopin.terms import Place, Problem, UsageError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(text: str) -> date:
    """A day written 2016-12-31.

    Raises:
        BadParameter: it is written otherwise, or there is no such day.
    """
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"there is no day {text}.") from None
    raise typer.BadParameter(f"`{text}` is not a day; write it like 2016-12-31.")


PackName = Annotated[
    str, typer.Option("--pack", metavar="PACK", help="A pack's folder, or the id of one that comes with Tuopin.")
]
SnapshotFolder = Annotated[Path, typer.Option("--snapshot", metavar="DIR", help="The folder of a snapshot.")]
AsOf = Annotated[date, typer.Option("--as-of", metavar="DATE", parser=day, help="The policy of which day.")]
AsOfOrSnapshots = Annotated[
    date | None,
    typer.Option("--as-of", metavar="DATE", parser=day, help="The policy of which day; default: the snapshot's own."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
MemoryLimit = Annotated[
    str | None,
    typer.Option("--memory-limit", metavar="SIZE", help="Such as 4GB; beyond it, work goes through the disk."),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Processors to use; default: all.")]
EngineName = Annotated[
    Literal["duckdb", "spark"],
    typer.Option("--engine", metavar="NAME", help="What runs the queries: duckdb or spark. Both answer the same."),
]
Master = Annotated[
    str | None,
    typer.Option("--master", metavar="URL", help="Of Spark: where it runs, such as spark://host:7077; default: here."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything but write.")]
Replace = Annotated[bool, typer.Option("--replace", help="Put the new one in place of an old one.")]
Language = Annotated[
    str | None,
    typer.Option("--lang", metavar="LANGUAGE", help="One of the pack's languages, such as fr; default: its first."),
]


def language_of(asked: str | None, languages: list[str]) -> str:
    """The language to write in: the one asked for, in whatever script the pack writes it, else the pack's first.

    Raises:
        UsageError: the pack is not written in it.
    """
    if asked is None or asked in languages:
        return asked or languages[0]
    spoken = [language for language in languages if language.split("-", 1)[0] == asked.split("-", 1)[0]]
    if not spoken:
        raise UsageError(Problem(f"The pack has no text in `{asked}`.", fix=f"Use one of: {', '.join(languages)}."))
    return spoken[0]


def refuse_existing(out: Path, *, replace: bool) -> None:
    """Refuse to write over a file.

    Raises:
        UsageError: it exists, and nobody said to replace it.
    """
    if out.is_dir() or (out.exists() and not replace):
        fix = "Give the path of a file." if out.is_dir() else "Choose another name, or add --replace."
        raise UsageError(Problem("There is something at this path already.", Place(file=str(out)), fix=fix))
