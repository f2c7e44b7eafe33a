"""Which commands are there, and where does each stand? Only the one that was called is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer
import typer.main
from typer.core import TyperGroup

import tuopin
from tuopin.interfaces.cli.screen import Screen

COMMANDS = ("snapshot", "sweep", "explain", "report", "pack", "ledger", "rerun", "simulate")
"""In the order of a first day's work; each is a module of `commands` with a function `add_to(app)`."""

GROUPS = frozenset({"snapshot", "pack", "ledger"})
"""Commands that have commands of their own."""

ABOUT = """Who should be helped, who may leave the register, and what does nobody know yet?

Tuopin reads a register of households and a country's written policy, and proposes, with reasons. A person decides."""

AFTER = (
    "Data go to stdout, progress to stderr. Exit codes: 0 done, 1 findings, 2 wrong call, 3 data that cannot be used."
)


def application(arguments: Sequence[str]) -> TyperGroup:
    """The command line, with as many commands as the call needs.

    Args:
        arguments: what stands behind `tuopin`; empty: load every command.
    """
    app = typer.Typer(
        help=ABOUT,
        epilog=AFTER,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_tuopin)
    for command in _needed(arguments):
        import_module(f"tuopin.interfaces.cli.commands.{command}").add_to(app)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def _needed(arguments: Sequence[str]) -> Sequence[str]:
    first = arguments[0] if arguments else ""
    if first == "--version":
        return ()
    return (first,) if first in COMMANDS else COMMANDS


def _tuopin(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_version),
    ] = False,
) -> None:
    """See ABOUT."""


def _version(asked: bool) -> None:
    if asked:
        Screen().line(f"tuopin {tuopin.__version__}")
        raise typer.Exit
