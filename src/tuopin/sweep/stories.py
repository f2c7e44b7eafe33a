"""What became of three households: one that left poverty, one that was left out, one in trouble?

The tables of a campaign count; a story shows what the counts are made of. It knows the truth, so only an invented
country has one. The households are the first of their kind by id, so nobody picks a pretty one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: The kinds of story, and what each is told for.
LEFT, LEFT_OUT, IN_TROUBLE = "left poverty", "left out", "in trouble"


@dataclass(frozen=True)
class Chapter:
    """A year of a household.

    Attributes:
        year: the year.
        income: true income by head, in whole units of the currency.
        poor: whether it was truly poor at the end of the year.
        standing: where it stood then.
        decided: decisions of the year, each with its day.
        proposed: what the sweep at the end of the year proposed, and why.
    """

    year: int
    income: int | None
    poor: bool
    standing: str
    decided: list[str]
    proposed: list[str]


@dataclass(frozen=True)
class Story:
    """A household through the years.

    Attributes:
        household: its id.
        kind: what the story is told for.
        chapters: year by year, as long as the household was there.
    """

    household: str
    kind: str
    chapters: list[Chapter]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def stories(
    *, judged: Mapping[int, Path], poor: str, sweeps: Mapping[int, Path], decisions: pa.Table, cents: int
) -> list[Story]:
    """One story of each kind, as far as the country has one.

    Args:
        judged: by year, everybody as they truly were.
        poor: the column of them that says who was poor.
        sweeps: by year, the folder of the sweep at its end.
        decisions: all decisions.
        cents: minor units in one unit of the currency.
    """
    told: list[Story] = []
    decisions = decisions.filter(pc.less_equal(pc.year(decisions["decided_on"]), max(judged)))
    for kind, households in candidates(judged, poor, decisions):
        taken = {story.household for story in told}
        household = next((id for id in households if id not in taken), None)
        if household is not None:
            told.append(Story(household, kind, list(_chapters(household, judged, poor, sweeps, decisions, cents))))
    return told


def candidates(judged: Mapping[int, Path], poor: str, decisions: pa.Table) -> Iterator[tuple[str, Sequence[str]]]:
    """The households of whom each heading is true, in the order in which they may be told of.

    Who left poverty was truly poor once, is so no longer, and came into the register and out of it once. A refusal
    changes nothing and is not looked at.
    """
    ways: dict[str, list[str]] = {}
    changing = decisions.filter(pc.not_equal(decisions["decision"], "refusal"))
    for row in changing.sort_by([("household_id", "ascending"), ("decided_on", "ascending")]).to_pylist():
        ways.setdefault(row["household_id"], []).append(row["decision"])
    last = pq.read_table(judged[max(judged)], columns=["household_id"])["household_id"]
    there = set(last.to_pylist())
    truly = _years_poor(judged, poor)
    rose = {id for id, years in truly.items() if max(judged) not in years}
    yield LEFT, [id for id, way in ways.items() if way == ["entry", "exit"] and id in there & rose]
    yield LEFT_OUT, _often_poor(truly, ways)
    yield IN_TROUBLE, [id for id, way in ways.items() if id in there and _fell(way)]


def _fell(way: Sequence[str]) -> bool:
    """Whether it left the register and fell back, or was watched after its exit."""
    return "exit" in way and ("return" in way or way[-1] in ("monitoring", "clearing"))


def _years_poor(judged: Mapping[int, Path], poor: str) -> dict[str, set[int]]:
    """The years at whose end a household was truly poor; of those who ever were."""
    found: dict[str, set[int]] = {}
    for year, file in judged.items():
        rows = pq.read_table(file, columns=["household_id", poor])
        for id in rows.filter(pc.fill_null(rows[poor], False))["household_id"].to_pylist():
            found.setdefault(id, set()).add(year)
    return found


def _often_poor(truly: Mapping[str, set[int]], ways: Mapping[str, Sequence[str]]) -> list[str]:
    """Households that were truly poor for the longest time and never came into any book."""
    outside = [(len(years), id) for id, years in truly.items() if id not in ways]
    return [id for _, id in sorted(outside, key=lambda found: (-found[0], found[1]))]


def _chapters(
    household: str,
    judged: Mapping[int, Path],
    poor: str,
    sweeps: Mapping[int, Path],
    decisions: pa.Table,
    cents: int,
) -> Iterator[Chapter]:
    mine = [("household_id", "=", household)]
    decided = decisions.filter(pc.equal(decisions["household_id"], household)).sort_by("decided_on").to_pylist()
    for year, file in sorted(judged.items()):
        rows = pq.read_table(file, filters=mine).to_pylist()
        if not rows:
            continue
        proposals = pq.read_table(sweeps[year] / "proposals", filters=mine).to_pylist() if year in sweeps else []
        welfare = rows[0]["welfare"]
        yield Chapter(
            year,
            None if welfare is None else round(welfare / cents),
            bool(rows[0][poor]),
            rows[0]["standing"],
            [f"{row['decision']} on {row['decided_on']}" for row in decided if row["decided_on"].year == year],
            [f"{row['kind']} ({row['reasons'].replace(',', ', ')})" for row in proposals],
        )
