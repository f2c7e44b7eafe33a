"""What do the answers of a sweep add up to: by test, area and kind of proposal? And what would a narrower rule miss?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import sqlglot
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from sqlglot import exp

from tuopin.interfaces.proposals import ProposalCount, proposals_by_reason
from tuopin.interfaces.report.same import differing_in_words, differing_rows
from tuopin.policy import FACTS, Evaluation, Number, Pack
from tuopin.policy.evaluation import facts_beside
from tuopin.policy.files import Fact
from tuopin.policy.layout import table_of
from tuopin.policy.meaning import Code
from tuopin.sweep.summary import Tally, count
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine
from tuopin.terms import DataError, Place, Problem, UsageError

ANSWERS, AREAS = "answers", "areas_of_answers"
_ANSWERED = "answered_again"


@dataclass(frozen=True)
class Count:
    """Households in three groups: those met, those of whom nobody can tell, and all.

    Attributes:
        households: rows, by `met`, `unknown` and `all`.
        weight: the households they stand for (in a register the same).
        persons: the persons they stand for.
    """

    households: Mapping[str, int]
    weight: Mapping[str, float]
    persons: Mapping[str, float]

    @property
    def share(self) -> tuple[float, float] | None:
        """Share of persons met: at least, and at most if all that cannot be told were met; None where nobody lives."""
        everybody = self.persons["all"]
        if not everybody:
            return None
        return self.persons["met"] / everybody, (self.persons["met"] + self.persons["unknown"]) / everybody


@dataclass(frozen=True)
class AreaCount:
    """The poor of one area.

    Attributes:
        code: the area.
        parent: the area of the tier above it; None at the top.
        name: its name in the language of the page.
        count: its households, counted by the headline.
    """

    code: str
    parent: str | None
    name: str
    count: Count


@dataclass(frozen=True)
class Missed:
    """Whom a narrower rule would not see.

    Attributes:
        poor: poor persons in all.
        missed: poor persons it would not see.
        areas: how many areas it would look at (a rule on places), of how many.
        households: rows behind `missed`.
    """

    poor: float
    missed: float
    households: int
    areas: tuple[int, int] | None = None

    @property
    def share(self) -> float | None:
        """The share of the poor that it would not see."""
        return self.missed / self.poor if self.poor else None


@dataclass(frozen=True)
class GroupCount:
    """Households of one group of a list of categories.

    Attributes:
        first: the first group that is possible for them.
        last: the last; the same where it is known.
        households: rows.
        weight: the households they stand for.
    """

    first: str
    last: str
    households: int
    weight: float


@dataclass
class Findings:
    """The counts behind a report.

    Attributes:
        sweep: the folder that the sweep wrote.
        evaluation: the same policy on the same snapshot.
        summary: what the sweep said of itself.
    """

    sweep: Path
    evaluation: Evaluation
    summary: Mapping[str, Any]

    @property
    def engine(self) -> Engine:
        """Where the counting is done."""
        return self.evaluation.engine

    @property
    def headline(self) -> str | None:
        """The test that says "poor" in this snapshot; None where none could be asked."""
        headline: str | None = self.summary["headline"]
        return headline

    @cached_property
    def tests(self) -> dict[str, Count]:
        """Every test, over all households: poverty first, then what is proposed, then the rest, questions last."""
        order = sorted(self.summary["met"], key=self._place_of_a_test)
        if not order:
            return {}
        ((_, counts),) = self._counts(order, [])
        return counts

    #: What a test proposes, in the order in which tests are shown; one that proposes nothing stands before questions.
    _PROPOSING = ("entry", "return", "exit", "monitoring", "clearing", "alert", None, "question")

    def _place_of_a_test(self, id: str) -> int:
        headline = self.evaluation.pack.about.headline
        proposes = self.evaluation.rules_plan.standards[id].proposes
        return headline.index(id) - len(headline) if id in headline else self._PROPOSING.index(proposes)

    @cached_property
    def tally(self) -> Tally:
        """What the answers add up to, counted as a sweep counts them."""
        return count(self.evaluation, {})[0]

    @cached_property
    def not_asked(self) -> dict[str, tuple[int, float]]:
        """By test, of how many households it is not asked, and how many households they stand for."""
        weighted = "weighted:" if self.evaluation.layout.survey else ""
        names = {id: f"not_asked:{id}" for id in self.evaluation.rules_plan.standards}
        counts = self.tally.counts
        return {id: (self.tally.whole(name), counts.get(f"{weighted}{name}", 0.0)) for id, name in names.items()}

    @cached_property
    def unanswerable(self) -> list[str]:
        """Tests of which nothing could be said of anybody, because nobody asked for a fact that they need."""
        unknown = {id: count.households["unknown"] for id, count in self.tests.items()}
        everybody = self.summary["households"]
        partly = [
            id
            for id in self.summary["partly_asked"]
            if unknown[id] and unknown[id] + self.not_asked[id][0] == everybody
        ]
        return [id for id in self.tests if id in (*self.summary["never_asked"], *partly)]

    def tier(self, number: int, language: str) -> list[AreaCount]:
        """The poor by area of a tier, counted from the top (0); the areas in order of code.

        Households that lie in no area of the tier stand under the code "".
        """
        assert self.headline is not None
        tiers = self.evaluation.layout.territory.tiers
        names = {area.code: area.name(language) for area in self.evaluation.snapshot.areas()}
        columns = [f"t.{_quoted(tier)}" for tier in reversed(tiers[max(0, number - 1) : number + 1])]
        return [
            AreaCount(area or "", parent[0] if parent else None, names.get(area, ""), counts[self.headline])
            for (area, *parent), counts in self._counts([self.headline], columns)
        ]

    @cached_property
    def missed_by_rural_only(self) -> Missed | None:
        """Whom a rule for the countryside alone would miss; None where nobody asked for town or country."""
        settlement = self.evaluation.facts_plan.meanings.get("settlement")
        if self.headline is None or not isinstance(settlement, Code) or not settlement.asked:
            return None
        counts = {key[0]: found[self.headline] for key, found in self._counts([self.headline], ["f.settlement"])}
        poor = sum(count.persons["met"] for count in counts.values())
        outside = [count for key, count in counts.items() if key != "rural"]
        return Missed(poor, sum(c.persons["met"] for c in outside), sum(c.households["met"] for c in outside))

    @cached_property
    def missed_by_poor_areas_only(self) -> tuple[str, Missed] | None:
        """The tier, and whom a rule would miss that looked only in its areas poorer than the country as a whole."""
        tiers = self.evaluation.layout.territory.tiers
        if self.headline is None or (country := self.tests[self.headline].share) is None:
            return None
        if (divided := self._first_divided()) is None:
            return None
        number, areas = divided
        poorer = [area for area in areas if area.count.share and area.count.share[0] > country[0]]
        others = [area.count for area in areas if area not in poorer]
        poor = sum(area.count.persons["met"] for area in areas)
        missed = Missed(
            poor,
            sum(c.persons["met"] for c in others),
            sum(c.households["met"] for c in others),
            (len(poorer), len(areas)),
        )
        return tiers[number], missed

    def _first_divided(self) -> tuple[int, list[AreaCount]] | None:
        """The second tier or, where that is one area, the highest below it that divides the country."""
        tiers = len(self.evaluation.layout.territory.tiers)
        counted = ((number, self.tier(number, "")) for number in range(min(1, tiers - 1), tiers))
        return next(((number, areas) for number, areas in counted if len(areas) > 1), None)

    @cached_property
    def proposals(self) -> list[ProposalCount]:
        """Proposals for households by stage, kind, rule and reasons, the most frequent first; none in a survey."""
        return [found for found in proposals_by_reason(self.engine, self.sweep) if found.of == "household"]

    @cached_property
    def proposals_by_kind(self) -> dict[tuple[str, str], int]:
        """Proposals for households by stage and kind."""
        counts: dict[tuple[str, str], int] = {}
        for found in self.proposals:
            counts[found.stage, found.kind] = counts.get((found.stage, found.kind), 0) + found.households
        return counts

    def categories(self, id: str) -> list[GroupCount]:
        """Households by the first and last possible group of a list of categories."""
        first, last = _quoted(f"{id}_first"), _quoted(f"{id}_last")
        weight = "SUM(weight)" if self.evaluation.layout.survey else "COUNT(*)"
        query = f"SELECT {first}, {last}, COUNT(*), {weight} FROM {ANSWERS} GROUP BY {first}, {last}"
        return [GroupCount(one, other, int(n), float(w)) for one, other, n, w in self.engine.rows(_query(query))]

    @cached_property
    def never_asked(self) -> dict[str, Fact]:
        """The facts of the pack of which this snapshot holds nothing, by id."""
        layout, facts = self.evaluation.layout, self.evaluation.pack.facts
        built_in = {"household_size"} if layout.has("members") else set()
        return {
            id: fact for id, fact in facts.items() if id not in built_in and not layout.has(table_of(fact.entity), id)
        }

    def open(self) -> None:
        """Show the engine the answers, each household's facts beside them.

        Raises:
            DataError: the folder's answers are not those of this pack on this snapshot.
        """
        files = sorted((self.sweep / "answers").glob("*.parquet"))
        if not files:
            fix = "Run `tuopin sweep` again."
            raise DataError(Problem("The sweep has no answers.", Place(file=str(self.sweep)), fix=fix))
        self.engine.view(ANSWERS, files)
        self.evaluation.show_all_facts()
        self.engine.view(AREAS, self.evaluation.snapshot.areas().ancestors())
        self._refuse_strangers()

    def _refuse_strangers(self) -> None:
        """Refuse answers that are not those that this pack gives on this snapshot."""
        plan, place = self.evaluation.rules_plan, Place(file=str(self.sweep / "answers"))
        fix = "Restore the folder from a copy, or sweep again."
        columns = set(self.engine.arrow(_query(f"SELECT * FROM {ANSWERS} LIMIT 0")).column_names)
        structure = ["household_no", "household_id", "area_code"]
        if not {*structure, *plan.columns()} <= columns or set(plan.standards) != set(self.summary["met"]):
            why = "Other questions were asked of its households."
            raise DataError(Problem("The sweep does not belong to this pack and snapshot.", place, why, fix))
        self.engine.view("households", self.evaluation.snapshot.files("households"))
        weight = ["weight"] if self.evaluation.layout.survey else []
        self.engine.define(_ANSWERED, plan.query(FACTS))
        differing = differing_rows(self.engine, ANSWERS, "households", key="household_no", columns=structure)
        wanted = [*weight, *plan.columns()]
        differing |= differing_rows(self.engine, ANSWERS, _ANSWERED, key="household_no", columns=wanted)
        if differing:
            why = differing_in_words(differing, "households", "household_no")
            facts = f"If nobody changed it, delete {facts_beside(self.evaluation.snapshot)}: it is made anew."
            raise DataError(Problem("The answers are not those of the sweep.", place, why, f"{fix} {facts}"))

    # --- counting ----------------------------------------------------------------------------------------------------

    def _counts(self, tests: Sequence[str], by: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], dict[str, Count]]]:
        """The counts of tests for every combination of values of some columns, in their order; in one scan."""
        keys = list(by)
        sums = [f"SUM(CASE WHEN {held} THEN {value} ELSE 0 END)" for test in tests for held, value in self._sums(test)]
        grouping = f" GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
        joined = f"{ANSWERS} a JOIN {FACTS} f ON a.household_no = f.household_no"
        joined += f" LEFT JOIN {AREAS} t ON a.area_code = t.area_code"
        for row in self.engine.rows(_query(f"SELECT {', '.join([*keys, *sums])} FROM {joined}{grouping}")):
            values = [float(value or 0) for value in row[len(keys) :]]
            found = {test: _count_of(values[9 * number : 9 * number + 9]) for number, test in enumerate(tests)}
            yield tuple(row[: len(keys)]), found

    def _sums(self, test: str) -> Iterator[tuple[str, str]]:
        """What is added up for a test: rows, what they stand for, and persons; each if met, if unknown, and in all."""
        answer = f"a.{_quoted(test)}"
        weight = "a.weight" if self.evaluation.layout.survey else "1"
        for value in ("1", weight, f"{weight} * {self._size}"):
            for held in (answer, f"{answer} IS NULL", "TRUE"):
                yield held, value

    @property
    def _size(self) -> str:
        size = self.evaluation.facts_plan.meanings["household_size"]
        assert isinstance(size, Number)
        return f"COALESCE(f.{size.low.sql()}, 0)" if size.asked else "0"


def read_findings(*, sweep: Path, pack: Pack, snapshot: Snapshot, engine: Engine, facts_root: Path | None) -> Findings:
    """Read what a sweep says of itself; `open` shows its answers.

    Args:
        sweep: its folder.
        pack: the pack it was made under.
        snapshot: the snapshot it was made on.
        engine: where the counting is done.
        facts_root: where facts are kept if they have to be computed again; None: beside the snapshot.

    Raises:
        UsageError: the folder holds no sweep, or another pack's or snapshot's.
        DataError: its summary cannot be read.
    """
    summary = _summary(sweep)
    for what, said, given in (
        ("pack", summary["pack"], f"{pack.name} {pack.about.version}"),
        ("snapshot", summary["snapshot"], snapshot.manifest.name),
    ):
        if said != given:
            fix = f"Name the {what} that was swept, or sweep again."
            raise UsageError(
                Problem(f"The sweep was made with {what} {said}, not {given}.", Place(file=str(sweep)), fix=fix)
            )
    evaluation = Evaluation(pack, snapshot, date.fromisoformat(summary["as_of"]), engine, facts_root=facts_root)
    return Findings(sweep, evaluation, summary)


class _Summary(BaseModel):
    """What a report reads of a sweep's summary."""

    model_config = ConfigDict(extra="allow")

    pack: str
    snapshot: str
    as_of: date
    households: int
    members: int
    proposals: dict[str, dict[str, int]]
    met: dict[str, int]
    cannot_tell: dict[str, int]
    areas: dict[str, Any]
    never_asked: list[str]
    partly_asked: list[str]
    headline: str | None
    lines: dict[str, str | None]
    assumptions: list[dict[Literal["fact", "reason"], str]]

    @model_validator(mode="after")
    def _tests_were_answered(self) -> _Summary:
        named = {*self.partly_asked, *self.never_asked, *([self.headline] if self.headline else [])}
        if unknown := sorted(named - set(self.met)):
            raise ValueError(f"no answers to {', '.join(unknown)}")
        if set(self.cannot_tell) != set(self.met):
            raise ValueError("`met` and `cannot_tell` name different tests")
        return self


def _summary(sweep: Path) -> dict[str, Any]:
    file = sweep / "summary.json"
    try:
        raw = file.read_bytes()
    except OSError:
        fix = "Give the folder that `tuopin sweep --out` wrote."
        raise UsageError(Problem("This folder holds no sweep.", Place(file=str(sweep)), fix=fix)) from None
    try:
        _Summary.model_validate_json(raw)
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in mistake["loc"]) or "the whole file"
        what = f"The summary is not as a sweep writes it: {where}."
        raise DataError(
            Problem(what, Place(file=str(file)), f"{mistake['msg']}.", "Run `tuopin sweep` again.")
        ) from None
    return dict(json.loads(raw))


def _count_of(sums: Sequence[float]) -> Count:
    rows, weight, persons = (
        dict(zip(("met", "unknown", "all"), sums[start : start + 3], strict=True)) for start in (0, 3, 6)
    )
    return Count({key: int(count) for key, count in rows.items()}, weight, persons)


def _query(text: str) -> exp.Expr:
    """A query as a tree, which the engine writes in its own words."""
    return sqlglot.parse_one(text)


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql()
