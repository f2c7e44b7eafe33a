"""How would a campaign go in an invented country: world, snapshot, sweep, decisions, help, world, year by year?

A folder holds it all: a snapshot a year (`2013`, `2014`, …) as an office would have it, the sweeps over them, the
decisions, and the truth. The truth lies in a folder of its own, which no sweep opens: with it deleted, every sweep
gives the same proposals row for row.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tuopin.policy import Pack, checked_pack
from tuopin.policy.columns import declared_columns
from tuopin.policy.dated import in_force
from tuopin.policy.joins import Progress, silent
from tuopin.policy.pack import shaped
from tuopin.policy.yaml_text import load
from tuopin.simulation import HOUSEHOLDS_A_PART, Calibration, World, found
from tuopin.simulation.codes import CAUSES_ASKED
from tuopin.sweep.accounts import IN_THE_REGISTER, Account, account_of
from tuopin.sweep.aid import help_for
from tuopin.sweep.campaign_file import FILE, CampaignFile, read_campaign
from tuopin.sweep.judgement import Judged, judged
from tuopin.sweep.officials import DECISIONS, decisions_on
from tuopin.sweep.run import run_sweep
from tuopin.sweep.stories import Story, stories
from tuopin.tables import CurrencyEntry, Heading, Snapshot, arrow_schema, table_named
from tuopin.terms import DataError, Place, Problem, UsageError

SIMULATION = "simulation.yaml"
TRUTH, SWEEPS, TABLE = "truth", "sweeps", "campaign.json"
_MIDDLE = 15
"""The day of a month on which areas leave."""
_AREA_DECISIONS = arrow_schema(table_named("area_decisions").structural)


@dataclass(frozen=True)
class Campaign:
    """A campaign that went through its years.

    Attributes:
        out: the folder that holds it.
        accounts: one a year.
        stories: of three households.
        snapshots: what offices saw, by year.
    """

    out: Path
    accounts: list[Account]
    stories: list[Story]
    snapshots: Mapping[int, Path]


def run_campaign(
    *,
    pack: Pack,
    households: int,
    seed: int,
    years: tuple[int, int],
    out: Path,
    act: bool = True,
    workers: int | None = None,
    households_a_part: int = HOUSEHOLDS_A_PART,
    memory_limit: str | None = None,
    progress: Progress = silent,
) -> Campaign:
    """Let an invented country live through a campaign.

    Args:
        pack: a pack with a calibration and a campaign of its own; it is checked first.
        households: how many the country has at its founding.
        seed: another seed is another country; the same one gives the same rows on any number of cores.
        years: the first and the last; the first is the year of founding.
        out: the folder to make.
        act: whether anybody decides and helps; without, it shows what would have happened anyway.
        workers: processes that share the work of the world; None: one a core.
        households_a_part: about how many households of the world a process holds in memory at once.
        memory_limit: for the engine.
        progress: told (what, done, of how many).

    Raises:
        UsageError: `out` exists, the pack has no calibration or campaign, or the years do not begin with the founding.
        DataError: the pack, its calibration or its campaign has a mistake.
    """
    calibration, campaign = calibration_of(pack), read_campaign(pack)
    checked_pack(pack)
    _refuse(out, years, calibration)
    out.mkdir(parents=True)
    try:
        with found(
            calibration=calibration, seed=seed, households=households, folder=out / TRUTH, workers=workers,
            households_a_part=households_a_part,
        ) as world:  # fmt: skip
            return _Running(pack, campaign, seed, years, out, act, memory_limit, progress).through(world)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)  # half a campaign is none
        raise


def calibration_of(pack: Pack) -> Calibration:
    """The calibration that a pack brings with it.

    Raises:
        UsageError: it has none.
        DataError: it has a mistake.
    """
    path = pack.folder / SIMULATION
    if not path.is_file():
        what, why = f"The pack `{pack.name}` has no {SIMULATION}.", "Nobody knows how its invented country lives."
        raise UsageError(Problem(what, Place(file=str(path)), why, "Use a pack that has one, such as china."))
    calibration, problems = shaped(load(path, name=SIMULATION), Calibration)
    if calibration is None:
        raise DataError(problems)
    return calibration


def check_campaign(pack: Pack) -> list[Problem]:
    """Every mistake in a pack's simulation.yaml and campaign.yaml; none where it brings neither."""
    problems: list[Problem] = []
    for file, read in ((SIMULATION, calibration_of), (FILE, read_campaign)):
        if (pack.folder / file).is_file():
            try:
                read(pack)
            except DataError as mistakes:
                problems += mistakes.problems
    return problems


def _refuse(out: Path, years: tuple[int, int], calibration: Calibration) -> None:
    first, last = years
    if last < first:
        raise UsageError(Problem("The last year comes before the first.", Place(), fix=f"Write {last}:{first}."))
    if first != calibration.founded:
        what = (
            f"The invented country of this pack is founded in {calibration.founded}, and the years begin with {first}."
        )
        fix = f"Write {calibration.founded}:{max(last, calibration.founded + last - first)}."
        raise UsageError(Problem(what, Place(), fix=fix))
    if out.exists():
        why = "A campaign never writes over something."
        raise UsageError(Problem("The folder to write exists already.", Place(str(out)), why, "Choose another folder."))


@dataclass
class _Running:
    """A campaign on its way: what was decided so far, of households and of areas."""

    pack: Pack
    campaign: CampaignFile
    seed: int
    years: tuple[int, int]
    out: Path
    act: bool
    memory_limit: str | None
    progress: Progress

    def through(self, world: World) -> Campaign:
        self.decisions = DECISIONS.empty_table()
        self.of_areas = _AREA_DECISIONS.empty_table()
        accounts = []
        first, last = self.years
        for year in range(first, last + 1):
            self.progress("years", year - first, last + 1 - first)
            truly = self._judged(world)
            snapshot = self._observed(world, truly)
            accounts.append(self._year(snapshot, truly, year))
            if year < last:
                world = world.live(help=self._help(snapshot, year + 1) if self.act else None)
                self.decisions = pa.concat_tables([self.decisions, inherited(self.decisions, world.successors())])
        self.progress("years", last + 1 - first, last + 1 - first)
        return self._ended(accounts)

    def _ended(self, accounts: list[Account]) -> Campaign:
        """Write what is left to write."""
        lived = range(self.years[0], self.years[1] + 1)
        swept = {year: folder for year in lived if (folder := self.out / SWEEPS / str(year)).is_dir()}
        told = stories(
            judged={year: self._judged_file(year) for year in lived}, poor=self.campaign.poor, sweeps=swept,
            decisions=self.decisions,
            cents=10**self.pack.currency.exponent,
        )  # fmt: skip
        pq.write_table(self.decisions, self.out / "decisions.parquet")
        said = {"years": [account.to_dict() for account in accounts], "stories": [story.to_dict() for story in told]}
        (self.out / TABLE).write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return Campaign(self.out, accounts, told, {year: self.out / str(year) for year in lived})

    def _judged_file(self, year: int) -> Path:
        return self.out / TRUTH / f"judged-{year}.parquet"

    # --- what is, and what is seen -----------------------------------------------------------------------------------

    def _judged(self, world: World) -> Judged:
        """Everybody as they truly are; the snapshot of the truth is asked and thrown away."""
        target = self.out / TRUTH / "now"
        truth = world.truth(
            columns=self._columns, heading=self._heading(world.year), target=target,
            decisions=self._decided, area_decisions=self._decided_of_areas,
        )  # fmt: skip
        wanted = {self.campaign.poor, self.campaign.at_risk, *self._deciding}
        found = judged(
            pack=self.pack, truth=truth, standards=sorted(wanted), welfare=self.campaign.welfare,
            memory_limit=self.memory_limit,
        )  # fmt: skip
        shutil.rmtree(target)
        pq.write_table(found.rows, self._judged_file(world.year))
        return found

    @property
    def _deciding(self) -> list[str]:
        """The standards on which something is decided: those a visitor settles."""
        return [
            id
            for id, s in self.pack.standards()
            if s.proposes and s.proposes != "question" and s.applies_to == "household"
        ]

    def _observed(self, world: World, truly: Judged) -> Snapshot:
        poor = pa.table({"household_id": truly.rows["household_id"], "poor": truly.rows[self.campaign.poor]})
        snapshot = world.observe(
            columns=self._columns, heading=self._heading(world.year), target=self.out / str(world.year),
            decisions=self._decided, area_decisions=self._decided_of_areas, poor=poor,
        )  # fmt: skip
        if self.act and world.year == self.years[0]:
            self.of_areas = self._listings(snapshot)
        return snapshot

    def _heading(self, year: int) -> Heading:
        pack = self.pack
        return Heading(
            name=f"invented_{self.seed}_{year}",
            kind="register",
            country=pack.about.country.code,
            pack=pack.name,
            as_of=date(year, 12, 31),
            known_at=date(year + 1, 1, 31),
            currency=CurrencyEntry(code=pack.currency.code, exponent=pack.currency.exponent),
            tiers=pack.tiers,
            source="An invented country (tuopin simulate). Nobody in it exists.",
        )

    @property
    def _columns(self) -> dict[str, Any]:
        return dict(declared_columns(self.pack, self.pack.currency))

    @property
    def _decided(self) -> pa.Table | None:
        return self.decisions if self.decisions.num_rows else None

    @property
    def _decided_of_areas(self) -> pa.Table | None:
        return self.of_areas if self.of_areas.num_rows else None

    # --- a year's sweep and what follows from it ---------------------------------------------------------------------

    def _year(self, snapshot: Snapshot, truly: Judged, year: int) -> Account:
        """Sweep, write the year's account, then decide: what is decided falls in the next year."""
        held = in_force(self._spec(self.campaign.poor).editions, date(year, 12, 31)).anything
        sweep = self.out / SWEEPS / str(year)
        if held:
            run_sweep(
                pack=self.pack, snapshot=snapshot, as_of=date(year, 12, 31), out=sweep,
                ledger=self.out / "ledger.jsonl", memory_limit=self.memory_limit,
            )  # fmt: skip
        proposals = pq.read_table(sweep / "proposals") if held else None
        account = account_of(
            truly, year=year, decisions=self.decisions, poor=self.campaign.poor,
            at_risk=self.campaign.at_risk if year >= self.campaign.watched_from else None,
            causes=self._causes(snapshot, truly), warnings=_warnings(proposals),
        )  # fmt: skip
        if self.act and proposals is not None:
            new = decisions_on(
                proposals, pack=self.pack, judged=truly, officials=self.campaign.officials, seed=self.seed, year=year
            )
            self.decisions = pa.concat_tables([self.decisions, new])
            exits = _exits_of_areas(proposals, date(year + 1, self.campaign.lists.exit_month, _MIDDLE))
            self.of_areas = pa.concat_tables([self.of_areas, exits])
        return account

    def _spec(self, id: str) -> Any:  # noqa: ANN401 - a standard
        return self.pack.rules[id].spec

    def _causes(self, snapshot: Snapshot, truly: Judged) -> dict[str, int]:
        """Main causes written down, of the households in the register."""
        if CAUSES_ASKED[0] not in {column.name for column in snapshot.columns("households")}:
            return {}
        known = pq.ParquetDataset(snapshot.files("households")).read(columns=["household_id", CAUSES_ASKED[0]])
        inside = pc.is_in(truly.rows["standing"], value_set=pa.array(IN_THE_REGISTER))
        ids = truly.rows.filter(inside)["household_id"].combine_chunks()
        causes = known.filter(pc.is_in(known["household_id"], value_set=ids))[CAUSES_ASKED[0]].to_pylist()
        return dict(sorted(Counter(cause or "not written down" for cause in causes).items()))

    def _listings(self, snapshot: Snapshot) -> pa.Table:
        """The areas that are listed from the day their list says."""
        areas = snapshot.areas()
        rows = pq.ParquetFile(snapshot.files("areas")[0]).read()
        found = []
        for tier, listing in self.campaign.lists.by_tier.items():
            says = areas.inherited(listing.fact).to_pylist()
            codes = [
                code
                for code, own, yes in zip(areas.codes, rows["tier"].to_pylist(), says, strict=True)
                if own == tier and yes
            ]
            found += [(code, "listing", listing.on, listing.on) for code in codes]
        return _of_areas(found)

    def _help(self, snapshot: Snapshot, year: int) -> pa.Table:
        """The help of a year, for those in the register and those watched, by what the office knows."""
        plan = self.campaign.help
        columns = {column.name for column in snapshot.columns("households")}
        known = pq.ParquetDataset(snapshot.files("households")).read(
            columns=["household_id", *(cause for cause in CAUSES_ASKED if cause in columns)]
        )
        answers = self.out / SWEEPS / str(year - 1) / "answers"
        if answers.is_dir():
            known = with_answers(known, answers, plan.by_guarantee)
        helped = ("entry", "return", "monitoring", *(["exit"] if year <= plan.after_exit_until else []))
        chosen = pc.is_in(known["household_id"], value_set=standing_by(self.decisions, helped))
        return help_for(known.filter(chosen), plan=plan, seed=self.seed, year=year)


def with_answers(known: pa.Table, answers: Path, standards: Collection[str]) -> pa.Table:
    """Households with a sweep's answers beside them, which lie in no order; by household."""
    dataset = pq.ParquetDataset(answers)
    asked = [standard for standard in standards if standard in dataset.schema.names]
    found = dataset.read(columns=["household_id", *asked])
    return known.join(found, keys="household_id", join_type="left outer").sort_by("household_id")


def standing_by(decisions: pa.Table, last: Collection[str]) -> pa.Array:
    """Households whose last decision that changes a standing is one of these; policy/joins.py says which is last."""
    order = [("decided_on", "ascending"), ("known_at", "ascending"), ("decision", "descending")]
    changing = decisions.filter(pc.not_equal(decisions["decision"], "refusal")).sort_by(order)
    found = dict(zip(changing["household_id"].to_pylist(), changing["decision"].to_pylist(), strict=True))
    return pa.array([id for id, decision in found.items() if decision in last], pa.string())


def inherited(decisions: pa.Table, successors: pa.Table) -> pa.Table:
    """The decisions with which households that split off begin: those on the household they come from."""
    pairs = successors.rename_columns({"household_id": "successor", "origin_id": "household_id"})
    changing = decisions.filter(pc.not_equal(decisions["decision"], "refusal"))
    found = pairs.join(changing, keys="household_id", join_type="inner").sort_by(
        [("successor", "ascending"), ("decided_on", "ascending"), ("decision", "ascending")]
    )
    found = found.drop_columns(["household_id"]).rename_columns({"successor": "household_id"})
    return found.select(DECISIONS.names).cast(DECISIONS)


def _warnings(proposals: pa.Table | None) -> dict[str, int]:
    if proposals is None:
        return {}
    rules = proposals.filter(pc.equal(proposals["kind"], "warning"))["rule"].to_pylist()
    return dict(sorted(Counter(rules).items()))


def _exits_of_areas(proposals: pa.Table, day: date) -> pa.Table:
    """Every area whose exit was proposed leaves on the day."""
    of_areas = proposals.filter(pc.and_(pc.is_null(proposals["household_id"]), pc.equal(proposals["kind"], "exit")))
    return _of_areas([(code, "exit", day, day) for code in of_areas["area_code"].to_pylist()])


def _of_areas(rows: list[tuple[str, str, date, date]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(_AREA_DECISIONS)
    return pa.table(
        {field.name: pa.array(values, field.type) for field, values in zip(_AREA_DECISIONS, columns, strict=True)}
    )
