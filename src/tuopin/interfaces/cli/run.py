"""How does a command end: with which exit code, in which words, and with nothing left behind?

Exit codes, kept stable because scripts read them:

- 0: done.
- 1: done, with findings: a failing example, a snapshot that is not what it was.
- 2: the call is wrong.
- 3: what was handed over cannot be used: a broken pack, mapping, register, snapshot or ledger.
- 70: a mistake of Tuopin's own.
- 130, 141, 143: stopped by a person, by whoever read the output, by the system.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import typer

from tuopin.interfaces.cli.app import GROUPS, application
from tuopin.interfaces.cli.refusals import foreseen, show_problems, unforeseen, unreadable_call
from tuopin.interfaces.cli.screen import OutputClosed, finish_output, open_output
from tuopin.terms import Problem

INTERNAL, STOPPED, OUTPUT_CLOSED = 70, 130, 141

SHOW_TRACEBACK = "TUOPIN_TRACEBACK"
"""Set this variable to 1 to see where a mistake of Tuopin's own happened."""

_UNREADABLE_CALL = typer.BadParameter.__mro__[1]
"""What the command-line library raises for a call that it cannot read; where it lives differs between its versions."""


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: what stands behind `tuopin`.

    Returns:
        The exit code. Whatever there is to say has been said on stdout or stderr.
    """
    _end_cleanly_when_told()
    open_output()
    try:
        return _run(arguments)
    except OutputClosed:
        return OUTPUT_CLOSED


def _run(arguments: Sequence[str]) -> int:
    try:
        command = application(arguments)
        _collect_seldom()
        code = command.main(args=_with_help(arguments), prog_name="tuopin", standalone_mode=False)
        finish_output()
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except OutputClosed:
        raise
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK) == "1":
            raise
        problems, code = _refused(error)
        show_problems(problems, as_json="--json" in arguments)
        finish_output()
    if code == STOPPED:
        sys.stderr.write("Stopped. Nothing was left half-written.\n")
    return code if isinstance(code, int) else 0


def _collect_seldom() -> None:
    """A policy is many small things that live as long as the command: look for waste a hundred times less."""
    gc.set_threshold(70_000, 20, 20)
    gc.enable()


def _with_help(arguments: Sequence[str]) -> list[str]:
    """A call that names no command asks what there is."""
    alone = not arguments or (len(arguments) == 1 and arguments[0] in GROUPS)
    return [*arguments, "--help"] if alone else list(arguments)


def _refused(error: Exception) -> tuple[list[Problem], int]:
    if isinstance(error, _UNREADABLE_CALL):
        return [unreadable_call(error)], 2
    if (known := foreseen(error)) is not None:
        return known.problems, known.exit_code
    return [unforeseen(error, f"{SHOW_TRACEBACK}=1")], INTERNAL


def _end_cleanly_when_told() -> None:
    """Let half-written folders be cleared away when the system or a closed terminal ends the command."""
    for told in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, _told_to_end)


def _told_to_end(told: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + told)
