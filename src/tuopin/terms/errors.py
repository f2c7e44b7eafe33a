"""How do we tell a tired official what is wrong, where, why, and what to do next?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Place:
    """Where a problem sits. Give what is known; the rest stays None.

    Attributes:
        file: the file as the user named it, or its name inside the pack or snapshot.
        line: 1-based line of a text file.
        table: table of a snapshot.
        row: 1-based row of data (the header is not counted), or the key of the row.
        column: column name.
        rule: id of the rule (fact, line, standard, score, category).
    """

    file: str | None = None
    line: int | None = None
    table: str | None = None
    row: int | str | None = None
    column: str | None = None
    rule: str | None = None

    def __str__(self) -> str:
        """Read as `standards/entry.yaml:12, rule poor`."""
        file = f"{self.file}:{self.line}" if self.file and self.line else self.file
        named = [
            f"{word} {value}"
            for word, value in (
                ("table", self.table),
                ("row", self.row),
                ("column", self.column),
                ("rule", self.rule),
            )
            if value is not None
        ]
        return ", ".join(([file] if file else []) + named)


@dataclass(frozen=True)
class Problem:
    """One finding: what is wrong, where, why it matters, what to do next.

    Args:
        what: the mistake in one sentence, without personal data.
        place: where it is.
        why: why it is a problem (may be empty where `what` says it all).
        fix: what to write or do next.
    """

    what: str
    place: Place = Place()
    why: str = ""
    fix: str = ""

    def __str__(self) -> str:
        """Read as `place: what. why. Next: fix`."""
        place = str(self.place)
        text = f"{place}: {self.what}" if place else self.what
        if self.why:
            text += f" {self.why}"
        if self.fix:
            text += f" Next: {self.fix}"
        return text

    def to_dict(self) -> dict[str, object]:
        """Plain values, for `--json`."""
        return asdict(self)


class TuopinError(Exception):
    """An expected refusal. Carries its problems; `exit_code` is what a command ends with."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        """Keep the problems; at least one is expected."""
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(TuopinError):
    """The call itself is wrong: an unknown option, a missing file, two that exclude each other."""

    exit_code = 2


class DataError(TuopinError):
    """What was handed over cannot be used: a broken pack, mapping, register or snapshot."""

    exit_code = 3
