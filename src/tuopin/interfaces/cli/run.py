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

INTERNAL, STOPPED, OUTPUT_CLOSED = 70, 130, 141

SHOW_TRACEBACK = "TUOPIN_TRACEBACK"
"""Set this variable to 1 to see where a mistake of Tuopin's own happened."""

_UNREADABLE_CALL = typer.BadParameter.__mro__[1]
"""What the command-line library raises for a call that it cannot read; where it lives differs between its versions."""


class _Stop:
    """Remembers that the command was told to end: an engine may report that as a failure of its own.

    Attributes:
        code: what the command then ends with; None while it may go on.
    """

    def __init__(self) -> None:
        self.code: int | None = None

    def listen(self) -> None:
        """Let half-written folders be cleared away whoever ends the command: a person or the system."""
        for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(told) is not signal.SIG_IGN:
                signal.signal(told, self._told)

    def _told(self, told: int, _: FrameType | None) -> NoReturn:
        self.code = 128 + told
        raise KeyboardInterrupt


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: what stands behind `tuopin`.

    Returns:
        The exit code. Whatever there is to say has been said on stdout or stderr.
    """
    stop = _Stop()
    stop.listen()
    open_output()
    try:
        return _run(arguments, stop)
    except OutputClosed:
        return OUTPUT_CLOSED


def _run(arguments: Sequence[str], stop: _Stop) -> int:
    try:
        command = application(arguments)
        _collect_seldom()
        code = command.main(args=_with_help(arguments), prog_name="tuopin", standalone_mode=False)
        finish_output()
    except (KeyboardInterrupt, typer.Abort):
        code = stop.code or STOPPED
    except OutputClosed:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, a person is told in plain words
        if stop.code is None:
            return _refuse(error, as_json="--json" in arguments)
    if stop.code is not None:
        sys.stderr.write("Stopped. Nothing was left half-written.\n")
        return stop.code
    return code if isinstance(code, int) else 0


def _refuse(error: Exception, *, as_json: bool) -> int:
    if isinstance(error, _UNREADABLE_CALL):
        problems, code = [unreadable_call(error)], 2
    elif (known := foreseen(error)) is not None:
        problems, code = known.problems, known.exit_code
    elif os.environ.get(SHOW_TRACEBACK) == "1":
        raise error
    else:
        problems, code = [unforeseen(error, f"{SHOW_TRACEBACK}=1")], INTERNAL
    show_problems(problems, as_json=as_json)
    finish_output()
    return code


def _collect_seldom() -> None:
    """A policy is many small things that live as long as the command: look for waste a hundred times less."""
    gc.set_threshold(70_000, 20, 20)
    gc.enable()


def _with_help(arguments: Sequence[str]) -> list[str]:
    """A call that names no command asks what there is."""
    alone = not arguments or (len(arguments) == 1 and arguments[0] in GROUPS)
    return [*arguments, "--help"] if alone else list(arguments)
