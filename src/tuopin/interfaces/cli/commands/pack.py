"""`tuopin pack`: does a policy say what it means, what holds on a day, and whom would a change move?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tuopin.interfaces.cli.copied_pack import copy_pack
from tuopin.interfaces.cli.facts_to_map import FactToMap, facts_to_map, show_facts
from tuopin.interfaces.cli.handed_over import checked_pack_named, opened_snapshot
from tuopin.interfaces.cli.moved_households import households_written_to
from tuopin.interfaces.cli.options import AsJson, AsOfOrSnapshots, DryRun, Language, SnapshotFolder, day, language_of
from tuopin.interfaces.cli.progress import progress_shown
from tuopin.interfaces.cli.refusals import in_words
from tuopin.interfaces.cli.screen import Screen, answer, print_json
from tuopin.interfaces.policy_of_a_day import FigureOfADay, LineOfADay, PolicyOfADay, policy_of_a_day
from tuopin.policy import Difference, Move, Pack, check_pack, compare, json_schemas, read_pack
from tuopin.sweep import ExampleResult, run_examples
from tuopin.sweep.campaign import check_campaign
from tuopin.terms import Problem

Named = Annotated[str, typer.Argument(metavar="PACK", help="A pack's folder, or the id of one that comes with Tuopin.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    pack = typer.Typer(help="Write, check, read and compare a country's policy.")
    for name, command in (("check", check), ("show", show), ("diff", diff), ("new", new), ("schema", schema)):
        pack.command(name)(command)
    app.add_typer(pack, name="pack")


# --- check -----------------------------------------------------------------------------------------------------------


def check(*, pack: Named, as_json: AsJson = False) -> int:
    """Check a pack: its files, names, types, units, dates, sources, its invented country, and every example household.

    Ends with 3 where the files cannot be read as a pack, with 1 where they can but something in them is wrong.
    """
    policy = read_pack(pack)
    problems = check_pack(policy) or check_campaign(policy)
    results = [] if problems else run_examples(policy)
    failed = [result for result in results if result.differences]
    problems += [_as_problem(result) for result in failed]
    document = {
        "pack": policy.name,
        "version": policy.about.version,
        "content_hash": policy.content_hash,
        "rules": len(policy.rules),
        "examples": {"run": len(results), "failed": [result.id for result in failed]},
        "problems": [problem.to_dict() for problem in problems],
    }
    answer(
        document,
        as_json=as_json,
        show=lambda screen: screen.lines(in_words(problems) or [_passed(policy, len(results))]),
    )
    return 1 if problems else 0


def _as_problem(result: ExampleResult) -> Problem:
    fix = "Correct the rule, or the expected outcome if the rule is right."
    return Problem(
        f"Example `{result.id}` comes out otherwise than expected.", result.place, " ".join(result.differences), fix
    )


def _passed(policy: Pack, examples: int) -> str:
    rules = f"{len(policy.rules)} rules, {len(policy.facts)} facts, {len(policy.lines)} lines"
    return f"Pack {policy.name} {policy.about.version}: {rules}; {examples} examples, all as expected."


# --- show ------------------------------------------------------------------------------------------------------------


def show(
    *,
    pack: Named,
    as_of: Annotated[
        date | None,
        typer.Option("--as-of", metavar="DATE", parser=day, help="The policy of which day; default: today."),
    ] = None,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Say what holds under a pack on a day, and which facts, with which codes, a mapping can give it.

    What holds are its lines, tests, scores and categories; what is announced stands beside them.
    """
    read = read_pack(pack)
    language = language_of(lang, read.about.languages)
    policy = policy_of_a_day(read, day=as_of or date.today(), language=language)
    facts = facts_to_map(read, language)
    document = {**policy.to_dict(), "facts": [asdict(fact) for fact in facts]}
    answer(document, as_json=as_json, show=lambda screen: _policy(screen, policy, facts))


def _policy(screen: Screen, policy: PolicyOfADay, facts: Sequence[FactToMap]) -> None:
    screen.line(f"{policy.country}: pack {policy.pack} {policy.version} on {policy.day}")
    screen.pairs([("authority", policy.authority), ("law", policy.legal_basis), ("content", policy.content_hash)])
    headings = ["value", "unit", "since", "sure", "source"]
    screen.table("Lines", ["line", *headings], [_line(line) for line in policy.lines])
    figures = [*policy.figures, *(figure for rule in policy.rules for figure in rule.figures)]
    screen.table("Figures", ["figure", "of", *headings], [_figure(figure) for figure in figures])
    headings = ["rule", "asks", "proposes", "since", "announced"]
    rules = [
        (rule.id, rule.says, rule.proposes or "", rule.since or "", ", ".join(rule.announced))
        for rule in policy.in_force
    ]
    screen.table("Rules in force", headings, rules)
    resting = [rule for rule in policy.rules if rule not in policy.in_force]
    waiting = [(rule.id, rule.says, ", ".join(rule.announced)) for rule in resting if not rule.ended]
    screen.table("Rules that do not hold yet", ["rule", "asks", "announced for"], waiting)
    over = [(rule.id, rule.says, rule.ended) for rule in resting if rule.ended]
    screen.table("Rules that have ended", ["rule", "asks", "since"], over)
    show_facts(screen, facts)


def _line(line: LineOfADay) -> tuple[object, ...]:
    return line.id, line.formula or _with_areas(line.value, line.areas), line.unit, *_how_sure(line)


def _figure(figure: FigureOfADay) -> tuple[object, ...]:
    return figure.id, figure.of or "", _with_areas(figure.value, figure.areas), figure.unit or "", *_how_sure(figure)


def _how_sure(held: LineOfADay | FigureOfADay) -> tuple[str, str, str]:
    """Since when, how sure where that is not high, and who says so."""
    since = f"ended {held.ended}" if held.ended else held.since or "not yet"
    return since, "" if held.confidence == "high" else held.confidence, held.source


def _with_areas(value: str | None, areas: dict[str, str]) -> str:
    own = [f"{code} {other}" for code, other in areas.items()]
    return "; ".join([*([value] if value else []), *own])


# --- diff ------------------------------------------------------------------------------------------------------------


def diff(
    *,
    before: Annotated[str, typer.Argument(metavar="A", help="The pack of today.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The pack that is thought of.")],
    snapshot: SnapshotFolder,
    as_of: AsOfOrSnapshots = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="TIER", help="Count by areas of this tier, or by a fact with codes.")
    ] = None,
    households: Annotated[
        Path | None,
        typer.Option(
            "--households", metavar="FILE", help="Write who moves, of a register: a new file, .csv or .parquet."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say who would come in and who would fall out under another pack, before anybody signs it.

    Over a survey these are estimates of the population, each with the households of the sample that it rests on.
    """
    opened = opened_snapshot(snapshot)
    packs = checked_pack_named(before), checked_pack_named(after)
    written = nullcontext() if households is None else households_written_to(households, opened)
    with progress_shown(quiet=as_json) as progress, written as moved:
        difference = compare(
            pack_a=packs[0],
            pack_b=packs[1],
            snapshot=opened,
            as_of=as_of or opened.manifest.as_of,
            by=by,
            moved=moved,
            progress=progress,
        )
    document = {**difference.to_dict(), "households_file": households}
    answer(document, as_json=as_json, show=lambda screen: _difference(screen, difference, households))


def _difference(screen: Screen, difference: Difference, households: Path | None) -> None:
    before, after = difference.packs
    survey = difference.kind == "survey"
    over = f"{difference.households:,} households" + (" of a survey" if survey else "")
    screen.line(f"From {before} to {after}, policies of {difference.as_of}, over {over}")
    if survey:
        population = (
            f"{difference.estimated_households:,.0f} households with {difference.estimated_members:,.0f} persons"
        )
        screen.line(f"They stand for an estimated {population}")
    for pack, rules in ((before, difference.only_first), (after, difference.only_second)):
        if rules:
            screen.line(f"Only {pack} has: {', '.join(rules)}")
    if difference.of_areas:
        listed = ", ".join(difference.of_areas)
        screen.line(f"These standards of areas read otherwise; whom they move is not counted here: {listed}")
    if not difference.moves:
        screen.line("No household would be answered otherwise.")
        if difference.later:
            screen.line(f"The packs differ from {difference.later} on: give --as-of {difference.later}.")
    by = [difference.by] if difference.by else []
    counted = ["est. households", "est. persons", "sample households"] if survey else ["households", "persons"]
    rows = [
        (move.rule, *([move.group] if by else []), move.before, move.after, *_counts(move)) for move in difference.moves
    ]
    title = "Who would be answered otherwise" + (", estimated from a survey" if survey else "")
    screen.table(title, ["rule", *by, "today", "then", *counted], rows)
    if households is not None:
        many = sum(move.households for move in difference.moves)
        screen.line(f"Written to {households}: {many:,} rows, one a household and rule")


def _counts(move: Move) -> tuple[int, ...]:
    if move.estimated_households is None or move.estimated_members is None:
        return move.households, move.members
    return round(move.estimated_households), round(move.estimated_members), move.households


# --- new -------------------------------------------------------------------------------------------------------------


def new(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The id of the new pack: small letters, digits and _.")],
    origin: Annotated[str, typer.Option("--from", metavar="PACK", help="The pack to copy.")] = "template",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The folder to write; default: one of that name here.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Begin a country's pack as a copy of another, ready to be changed; its README says what to change, in order."""
    folder = out or Path(name)
    files = copy_pack(origin=origin, name=name, out=folder, dry_run=dry_run)
    document = {"pack": name, "from": origin, "out": None if dry_run else folder, "files": files}
    done = f"Dry run: {len(files)} files would be written to {folder}."
    next_ = f"Wrote {len(files)} files to {folder}. Begin with {folder / 'README.md'}, then: tuopin pack check {folder}"
    answer(document, as_json=as_json, show=lambda screen: screen.line(done if dry_run else next_))


# --- schema ----------------------------------------------------------------------------------------------------------


def schema(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write one file a schema here; default: print them all.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give the JSON schemas of a pack's files, so that an editor helps while they are written."""
    schemas = json_schemas()
    if out is None:
        print_json(schemas)
        return
    files = {
        out / f"{name.removesuffix('.yaml').replace('*', 'any').replace('/', '-')}.schema.json": found
        for name, found in schemas.items()
    }
    if not dry_run:
        out.mkdir(parents=True, exist_ok=True)
        for file, found in files.items():
            file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    document = {"out": None if dry_run else out, "files": [file.name for file in files]}
    answer(document, as_json=as_json, show=lambda screen: screen.lines(str(file) for file in files))
