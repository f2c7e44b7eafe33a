"""`tuopin explain`: why does the policy say this of one household, or of one area?"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from tuopin.interfaces.cli.handed_over import checked_if_it_fails, opened_snapshot
from tuopin.interfaces.cli.options import (
    AsJson,
    AsOfOrSnapshots,
    PackName,
    SnapshotFolder,
)
from tuopin.interfaces.cli.screen import answer
from tuopin.policy import read_pack
from tuopin.sweep import Explanation, explain_area, explain_household
from tuopin.terms import Problem, UsageError


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    *,
    pack: PackName,
    snapshot: SnapshotFolder,
    household: Annotated[
        str | None, typer.Option("--household", metavar="ID", help="The household's id in the snapshot.")
    ] = None,
    area: Annotated[
        str | None, typer.Option("--area", metavar="CODE", help="An area's code instead, such as a county's.")
    ] = None,
    as_of: AsOfOrSnapshots = None,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang",
            metavar="LANGUAGE",
            help="en, fr or zh; default: the pack's first. A pack without text in it keeps its own words.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every test, not only those that a proposal rests on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say of one household what each test answers, from which facts, by which threshold and source.

    Where nobody can tell, it names the question whose answer would settle it. It says what a sweep says. Of an area, it
    shows each gate with its counts, what samples of its households show, and how surely.
    """
    if (household is None) == (area is None):
        what = "a household and an area" if area else "neither a household nor an area"
        raise UsageError(Problem(f"The call names {what}.", fix="Give --household ID, or --area CODE."))
    policy, opened = read_pack(pack, examples=False), opened_snapshot(snapshot)
    day = as_of or opened.manifest.as_of
    with checked_if_it_fails(policy):
        if area is not None:
            of_area = explain_area(pack=policy, snapshot=opened, area=area, as_of=day, language=lang)
            answer(of_area.to_dict(), as_json=as_json, show=lambda screen: screen.lines(of_area.lines()))
            return
        assert household is not None
        explanation = explain_household(pack=policy, snapshot=opened, household_id=household, as_of=day, language=lang)
    _show(explanation, every=every, as_json=as_json)


def _show(explanation: Explanation, *, every: bool, as_json: bool) -> None:
    shown = explanation if every else _what_matters(explanation)
    answer(explanation.to_dict(), as_json=as_json, show=lambda screen: screen.lines(shown.lines()))
    left_out = len(explanation.seen.standards) - len(shown.seen.standards)
    if left_out and not as_json:
        not_shown = "1 further test is not shown; --all shows it."
        if left_out > 1:
            not_shown = f"{left_out} further tests are not shown; --all shows them."
        sys.stderr.write(not_shown + "\n")


#: What a standard may propose that changes a household's standing.
_DECIDE = ("entry", "return", "exit", "monitoring")


def _what_matters(explanation: Explanation) -> Explanation:
    """Only the tests that the proposals rest on, proposing ones first; without any, those that might have proposed.

    Of the tests that a score adds up, those are shown that count.
    """
    tests = {test.id: test for test in explanation.seen.standards}
    scores = {score.id: score for score in explanation.seen.scores}
    proposing = [proposal["rule"] for proposal in explanation.proposals if proposal["rule"] in tests]
    waiting = proposing or [id for id, test in tests.items() if test.proposes in _DECIDE]
    needed: dict[str, None] = {}
    while waiting:
        id = waiting.pop(0)
        if id in scores:
            waiting += [below for below in scores[id].rests_on if below in tests and tests[below].answer == "met"]
        elif id in tests and id not in needed:
            needed[id] = None
            waiting += tests[id].rests_on
    standards = [tests[id] for id in needed]
    return replace(explanation, seen=replace(explanation.seen, standards=standards))
