"""In which words is a person refused? What happened, where, why, what to do next; never a traceback."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence

from tuopin.interfaces.cli.screen import print_json
from tuopin.terms import DataError, Place, Problem, TuopinError, UsageError

SHOWN = 50
"""Problems that are printed in words; `--json` lists all."""


def show_problems(problems: Sequence[Problem], *, as_json: bool) -> None:
    """Print problems: as one JSON document on stdout, or in words on stderr."""
    if as_json:
        print_json({"problems": [problem.to_dict() for problem in problems]})
    else:
        sys.stderr.write("\n".join(in_words(problems)) + "\n")


def in_words(problems: Sequence[Problem]) -> list[str]:
    """Problems as lines of plain text, each with its place, reason and next step."""
    lines: list[str] = []
    for problem in problems[:SHOWN]:
        place = str(problem.place)
        lines.append(f"{place}: {problem.what}" if place else problem.what)
        lines += [f"    {line}" for line in (problem.why, f"Next: {problem.fix}" if problem.fix else "") if line]
    if len(problems) > 1:
        hidden = len(problems) - SHOWN
        lines.append(
            f"{len(problems):,} problems"
            + (f", {hidden:,} of them not shown; --json lists all." if hidden > 0 else ".")
        )
    return lines


def unreadable_call(error: Exception) -> Problem:
    """A call that the command line could not be read from: a missing option, a word that is no date."""
    said = str(getattr(error, "format_message", error.__str__)())
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tuopin"
    return Problem(" ".join(said.split()), fix=f"`{path} --help` lists what this command takes.")


def foreseen(error: Exception) -> TuopinError | None:
    """The refusal that an error amounts to; None for a mistake of Tuopin's own."""
    if isinstance(error, TuopinError):
        return error
    if isinstance(error, MemoryError):
        fix = "Give it less to hold: a smaller --memory-limit, or fewer --threads."
        return UsageError(Problem("There is not enough memory for this work.", fix=fix))
    if isinstance(error, OSError):
        return _of_the_system(error)
    return None


def unforeseen(error: Exception, show: str) -> Problem:
    """A mistake of ours, named without the values at hand: they may be somebody's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "tuopin" in frame.filename]
    where = f"{frames[-1].filename.rpartition('tuopin/')[2]}:{frames[-1].lineno}" if frames else "outside Tuopin"
    why = f"{type(error).__name__} at {where}. This is a mistake of Tuopin's, not of yours."
    return Problem(
        "The command failed in a way that was not foreseen.", Place(), why, f"Report it; {show} shows the details."
    )


def _of_the_system(error: OSError) -> TuopinError:
    file = None if error.filename is None else str(error.filename)
    said = (error.strerror or str(error)).rstrip(".")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(Problem("The disk is full.", Place(file=file), fix="Make room, or write to another disk."))
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return UsageError(
            Problem("A file stands where a folder is needed.", Place(file=file), fix="Choose another folder.")
        )
    if error.errno == errno.EISDIR:
        return UsageError(
            Problem("A folder stands where a file is needed.", Place(file=file), fix="Give the path of a file.")
        )
    if error.errno == errno.ENAMETOOLONG:
        return UsageError(Problem("The name is too long for this disk.", fix="Choose a shorter one."))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DataError(
            Problem(
                f"The system does not allow it: {said}.",
                Place(file=file),
                fix="Ask for the right, or use another folder.",
            )
        )
    return DataError(Problem(f"The system refused: {said}.", Place(file=file), fix="Check the path."))
