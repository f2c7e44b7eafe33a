"""`tuopin simulate`: how would a campaign go in an invented country, where the truth is known?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tuopin.interfaces.cli.options import AsJson, MemoryLimit, PackName
from tuopin.interfaces.cli.progress import progress_shown
from tuopin.interfaces.cli.screen import Screen, answer
from tuopin.interfaces.cli.stopwatch import Stopwatch, peak_mib
from tuopin.policy import read_pack
from tuopin.sweep.accounts import Account, GroupErrors
from tuopin.sweep.campaign import Campaign, run_campaign
from tuopin.sweep.stories import Chapter

_YEARS = re.compile(r"([0-9]{4})(?::([0-9]{4}))?")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


@dataclass(frozen=True)
class Years:
    """The first and the last, both included."""

    first: int
    last: int


def years_of(text: str) -> Years:
    """Years written 2013:2026, or one year.

    Raises:
        BadParameter: they are written otherwise.
    """
    found = _YEARS.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"`{text}` are no years; write them like 2013:2026.")
    first = int(found[1])
    return Years(first, int(found[2] or first))


def simulate(
    *,
    pack: PackName = "china",
    households: Annotated[int, typer.Option("--households", min=1, metavar="N", help="At the founding.")],
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Another seed is another country.")] = 1,
    years: Annotated[
        Years,
        typer.Option("--years", metavar="FIRST:LAST", parser=years_of, help="Both included, such as 2013:2026."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder to write: a snapshot a year, and more.")
    ],
    nobody_acts: Annotated[
        bool, typer.Option("--nobody-acts", help="Nobody decides and nobody helps: what would have happened anyway.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes that share the work; default: one a core.")
    ] = None,
    memory_limit: MemoryLimit = None,
    as_json: AsJson = False,
) -> None:
    """Found an invented country and let it live through a campaign: sweeps propose, stand-ins decide, help arrives.

    Every year leaves a snapshot as an office would have it (DIR/2013, …) and a sweep (DIR/sweeps/2013, …). The truth
    lies in DIR/truth, which no sweep opens. The same seed gives the same rows on any number of processes.
    """
    watch = Stopwatch()
    with progress_shown(quiet=as_json) as progress:
        campaign = run_campaign(
            pack=read_pack(pack),
            households=households,
            seed=seed,
            years=(years.first, years.last),
            out=out,
            act=not nobody_acts,
            workers=workers,
            memory_limit=memory_limit,
            progress=progress,
        )
    document = {
        "out": campaign.out,
        "years": [account.to_dict() for account in campaign.accounts],
        "stories": [story.to_dict() for story in campaign.stories],
        "snapshots": {str(year): path for year, path in campaign.snapshots.items()},
        "seconds": watch.seconds,
        "peak_mib": peak_mib(),
    }
    answer(
        document,
        as_json=as_json,
        show=lambda screen: _show(screen, campaign, watch.seconds, pack=pack, nobody_acts=nobody_acts),
    )


# --- in words --------------------------------------------------------------------------------------------------------


def _show(screen: Screen, campaign: Campaign, seconds: float, *, pack: str, nobody_acts: bool) -> None:
    headings = ["year", "persons", "truly poor", "in the register", "entered", "exited", "returned"]
    headings += ["watched", "monitored", "cleared", "left out, %", "not theirs, %"]
    title = "The campaign, in persons at the end of each year (entered to cleared: within it)"
    screen.table(title, headings, [_year(account) for account in campaign.accounts])
    warned = [(str(a.year), rule, many) for a in campaign.accounts for rule, many in a.warnings.items()]
    screen.table("Areas of which a sweep warned", ["year", "rule", "areas"], warned)
    screen.line("Left out: of the truly poor, those not in the register. Not theirs: of the register, those not poor.")
    if unknown := [(account.poor_unknown, account.year) for account in campaign.accounts if account.poor_unknown]:
        many, year = max(unknown)
        screen.line(
            f"Of {many:,} persons ({year}) the policy cannot tell: it asks what the invented country does not have. "
            "They are counted as not poor."
        )
    if not nobody_acts:
        screen.line(
            "Some would have left poverty without a campaign too: the same call with --nobody-acts shows how many, and "
            "what the campaign did is the difference."
        )
    for title, account, errors in _books(campaign.accounts):
        screen.table(f"{title} {account.year}", _BY_GROUP, [_group(found) for found in errors])
    for story in campaign.stories:
        headings = ["year", "income a head", "truly poor", "standing", "decided", "proposed at the end of the year"]
        screen.table(f"Household {story.household}: {story.kind}", headings, [_chapter(c) for c in story.chapters])
    screen.line(f"{seconds:.1f} seconds; written to {campaign.out}, the truth to {campaign.out / 'truth'}")
    last = max(campaign.snapshots)
    sweep = campaign.out / "sweeps" / str(last)
    screen.line(
        f"Next: tuopin report --pack {pack} --snapshot {campaign.snapshots[last]} --sweep {sweep} "
        f"--ledger {campaign.out / 'ledger.jsonl'} --out report.html"
    )


def _year(account: Account) -> tuple[object, ...]:
    everybody = account.errors["register"][0]
    return (
        str(account.year),
        account.persons,
        account.poor_true,
        account.poor_register,
        account.entered,
        account.exited,
        account.returned,
        account.watched,
        account.monitored,
        account.cleared,
        _percent(everybody.exclusion),
        _percent(everybody.inclusion),
    )


_BY_GROUP = ["group", "", "belong there, persons", "left out, %", "not theirs, %"]


def _books(accounts: Sequence[Account]) -> Iterator[tuple[str, Account, Sequence[GroupErrors]]]:
    """The register in the last year before the watch began, and the watch in the last year."""
    before = [account for account in accounts if "watch" not in account.errors]
    register = before[-1] if before else accounts[-1]
    yield "Who is left out of the register, at the end of", register, register.errors["register"]
    if "watch" in accounts[-1].errors:
        yield "Who is at risk and not watched, at the end of", accounts[-1], accounts[-1].errors["watch"]


def _group(found: GroupErrors) -> tuple[object, ...]:
    if found.value is None:
        return found.group, "not measured", "", "", ""
    return found.group, found.value, found.belong, _percent(found.exclusion), _percent(found.inclusion)


def _chapter(chapter: Chapter) -> tuple[object, ...]:
    decided, proposed = "; ".join(chapter.decided), "; ".join(chapter.proposed)
    return str(chapter.year), chapter.income, chapter.poor, chapter.standing, decided, proposed


def _percent(share: float | None) -> str:
    """A share in percent; nothing where there is nobody to take it of."""
    return "" if share is None else f"{100 * share:.1f}"
