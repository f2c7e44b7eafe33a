"""What does a policy say of every household of a snapshot? Facts once, figures once, then the rules in one scan.

Work goes part by part (whole areas), so memory stays small and a part can be computed alone. Facts lie beside the
snapshot under a hash of all they depend on; a changed rule reads them again instead of joining tables again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, wraps
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from tuopin.policy import sql
from tuopin.policy.facts_plan import FactsPlan, plan_facts
from tuopin.policy.figures import figure_query, rounded
from tuopin.policy.joins import Progress, join_once, silent
from tuopin.policy.layout import Layout, covers_column, layout_of, tier_column
from tuopin.policy.lines import NATIONAL, FigureValues
from tuopin.policy.meaning import Number
from tuopin.policy.pack import Pack
from tuopin.policy.rules_plan import RulesPlan, plan_rules
from tuopin.policy.sql import Sql
from tuopin.policy.territories import territorial_codes
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine
from tuopin.tables.manifest import SCHEMA_VERSION
from tuopin.tables.placing import placed_whole
from tuopin.terms import DataError, Place, Problem, UsageError

FACTS, ANSWERED, EVALUATED = "facts", "answered", "evaluated"
STORED = "stored_facts"

Work = TypeVar("Work", bound="Evaluation")


def once(work: Callable[[Work], None]) -> Callable[[Work], None]:
    """Work that is done at the first call and left standing at every other."""

    @wraps(work)
    def first_only(self: Work) -> None:
        if work.__name__ not in self.done:
            work(self)
            self.done.add(work.__name__)

    return first_only


@dataclass(frozen=True)
class FigureResult:
    """A figure of one area.

    Attributes:
        value: rounded to four decimals; None: nobody's value is known there.
        counted: households whose value is known exactly.
        left_out: households whose value is not.
    """

    value: Decimal | None
    counted: int
    left_out: int


@dataclass
class Evaluation:
    """A policy applied to a snapshot, on one engine.

    Attributes:
        pack: the checked pack.
        snapshot: the opened snapshot.
        day: the policy's day.
        engine: where queries run.
        progress: told (what, done, of how many) as work goes on.
        facts_root: where facts are stored that do not lie beside the snapshot already; default: beside it.
        anew: compute all facts again, whatever lies beside the snapshot; needs a `facts_root`.
        done: the work that need not be done again (see `once`).
    """

    pack: Pack
    snapshot: Snapshot
    day: date
    engine: Engine
    progress: Progress = silent
    facts_root: Path | None = None
    anew: bool = False
    done: set[str] = field(default_factory=set, repr=False)
    _facts: dict[frozenset[str], FactsPlan] = field(default_factory=dict, repr=False)
    _rules: dict[frozenset[str], RulesPlan] = field(default_factory=dict, repr=False)

    @cached_property
    def layout(self) -> Layout:
        """The snapshot's shape."""
        return layout_of(self.snapshot)

    @cached_property
    def facts_plan(self) -> FactsPlan:
        """The facts, for the whole territory."""
        return plan_facts(self.pack, self.layout, self.day)

    @cached_property
    def rules_plan(self) -> RulesPlan:
        """The rules in force, for the whole territory; needs the figures."""
        return plan_rules(self.pack, self.facts_plan, self.day, self.figure_values)

    @property
    def parts(self) -> range:
        """The numbers of the parts."""
        return range(len(self.snapshot.manifest.parts))

    @cached_property
    def facts_folder(self) -> Path:
        """Where the facts lie: beside the snapshot, never in it, under a hash of all that they depend on."""
        said = f"{SCHEMA_VERSION}\n{self.snapshot.manifest.content_hash}\n{self.facts_plan.key}"
        key = hashlib.sha256(said.encode()).hexdigest()[:24]
        stored = facts_beside(self.snapshot) / key
        if self.facts_root is None:
            return stored
        whole = not self.anew and all(self._is_whole(stored / _part_name(part), part) for part in self.parts)
        return stored if whole else self.facts_root / key

    @property
    def kept_in(self) -> Path:
        """Where what is computed now is kept."""
        return self.facts_root or facts_beside(self.snapshot)

    def facts_file(self, part: int) -> Path:
        """The stored facts of a part."""
        return self.facts_folder / _part_name(part)

    # --- facts -------------------------------------------------------------------------------------------------------

    @once
    def store_facts(self) -> None:
        """Compute and store the facts of every part that has none stored."""
        missing = [part for part in self.parts if not self._is_whole(self.facts_file(part), part)]
        for done, part in enumerate(missing):
            self.progress("facts", done, len(missing))
            self._compute(part)
        if missing:
            self.progress("facts", len(missing), len(missing))

    def show_facts(self, part: int) -> None:
        """Give the facts of a part the name `facts` and its rows of households `households`."""
        _ = self.figures  # first: they look at everybody, under the same names
        if not self._is_whole(self.facts_file(part), part):
            self._compute(part)
        self.engine.view("households", self.snapshot.files("households", part=part))
        self.engine.view(FACTS, self.facts_file(part))

    def show_facts_with_tiers(self, part: int) -> None:
        """The same, with the names and all tiers of a household beside its facts."""
        self.show_facts(part)
        self._show_areas()
        self.engine.view(STORED, self.facts_file(part))
        self.engine.define(FACTS, self.facts_plan.stored_query(STORED))

    def show_all_facts(self) -> None:
        """Give the facts of all parts the name `facts`."""
        self.store_facts()
        self.engine.view(FACTS, [self.facts_file(part) for part in self.parts])

    def _is_whole(self, file: Path, part: int) -> bool:
        """Whether stored facts can be used: a file that was cut short or is of another plan is computed again."""
        stored = readable(file)
        if stored is None:
            return False
        columns = set(stored.schema.to_arrow_schema().names)
        rows = self.snapshot.manifest.parts[part].households
        return stored.num_rows == rows and columns >= set(self.facts_plan.stored)

    def _compute(self, part: int) -> None:
        """Compute the facts of a part and store them."""
        self._show_areas()
        self._join_once()
        for table in ("households", "members", "dwellings"):
            if self.snapshot.has(table):
                self.engine.view(table, self.snapshot.files(table, part=part))
        entry = self.snapshot.manifest.parts[part]
        query = self._facts_of(part).facts_query(self.facts_plan.stored, entry)
        try:
            with placed_whole(self.facts_file(part)) as unfinished:
                if self.engine.write(query, unfinished) != entry.households:
                    raise self.changed_since(part)
        except OSError as error:
            fix = "Copy the snapshot to a folder that you may write beside."
            place = Place(file=str(self.facts_folder))
            raise UsageError(Problem("The facts cannot be stored.", place, f"{error.strerror}.", fix)) from None

    def changed_since(self, part: int) -> DataError:
        """What is said when a part does not give a row for each of its households."""
        what = "A household of the snapshot is missing, stands there twice, or lies in an area that is not in the tree."
        fix = "Run `tuopin snapshot check`, and make the snapshot again from its sources."
        place = Place(file=str(self.snapshot.files("households", part=part)[0]))
        return DataError(Problem(what, place, "The files were changed after the snapshot was made.", fix))

    @once
    def _show_areas(self) -> None:
        self.engine.view("area_tiers", area_tiers(self.pack, self.snapshot, self.layout))

    @once
    def _join_once(self) -> None:
        """Make the tables that the facts of all parts join: standings, and registers resolved to households."""
        for table in ("decisions", "leads", "members", *(f"register:{name}" for name in self.facts_plan.registers)):
            if self.snapshot.has(table):
                self.engine.view(table.removeprefix("register:"), self.snapshot.files(table))
        join_once(self.engine, self.facts_plan, self.progress)

    # --- figures -----------------------------------------------------------------------------------------------------

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, FigureResult]]:
        """Every figure of the pack by area; none where the snapshot never asked for it. Stored beside the facts."""
        if not self.pack.figures:
            return {}
        self._refuse_uncompiled()
        self.store_facts()
        stored = self.facts_folder / f"figures-{_figures_key(self.pack)}.json"
        if (known := _read_figures(stored)) is not None:
            return known
        self.show_all_facts()
        found = {id: self._figure(id) for id in self.pack.figures}
        if self.facts_root is None:
            _write_figures(stored, found)
        return found

    def _refuse_uncompiled(self) -> None:
        """Compile the rules with some figures first: what does not compile is refused before anything is computed."""
        some: FigureValues = {id: {NATIONAL: Decimal(1000)} for id in self.pack.figures}
        plan_rules(self.pack, self.facts_plan, self.day, some)

    @property
    def figure_values(self) -> FigureValues:
        """The figures' values by id and area."""
        return {id: {area: result.value for area, result in areas.items()} for id, areas in self.figures.items()}

    def _figure(self, id: str) -> dict[str, FigureResult]:
        self.progress(f"figure {id}", 0, 1)
        query = figure_query(self.pack, id, self.facts_plan)
        if query is None:
            return {}
        rows = sorted(self.engine.rows(query), key=lambda row: str(row[0]))  # each engine has an order of its own
        return {
            str(area): FigureResult(rounded(value), int(n), int(left_out or 0))
            for area, value, n, left_out in rows
            if area
        }

    # --- rules -------------------------------------------------------------------------------------------------------

    def answer(self, part: int, also: Mapping[str, Sql] | None = None) -> None:
        """Make the table `answered` from `facts`: every household of the part with every rule's answer.

        Args:
            part: its number.
            also: further columns, from the facts.
        """
        names = ("household_no", *self.counted_columns, *self.rules_plan.columns())
        columns = {name: sql.column(name) for name in names}
        self.engine.table(ANSWERED, self.rules_of(part).query(FACTS, columns | dict(also or {})))

    @property
    def counted_columns(self) -> list[str]:
        """The columns by which a household counts: its weight in a survey, and its size."""
        size = self.facts_plan.meanings["household_size"]
        assert isinstance(size, Number)
        sizes = [bound.name for bound in (size.low, size.high) if isinstance(bound, exp.Column)]
        return [*(["weight"] if self.layout.survey else []), *dict.fromkeys(sizes)]

    def rules_of(self, part: int) -> RulesPlan:
        """The rules in force, with only the territorial values that can occur in a part written out."""
        present = self._present(part)
        if present not in self._rules:
            facts = self._facts_of(part)
            self._rules[present] = plan_rules(self.pack, facts, self.day, self.figure_values, facts.layout)
        return self._rules[present]

    def _facts_of(self, part: int) -> FactsPlan:
        present = self._present(part)
        if present not in self._facts:
            layout = replace(self.layout, territory=self.layout.territory.within(present))
            self._facts[present] = plan_facts(self.pack, layout, self.day)
        return self._facts[present]

    def _present(self, part: int) -> frozenset[str]:
        """Of the areas that any rule treats in a way of its own, those that the households of a part live in."""
        entry = self.snapshot.manifest.parts[part]
        return self.snapshot.areas().between(entry.first_area, entry.last_area, self._special_codes)

    @cached_property
    def _special_codes(self) -> frozenset[str]:
        """The areas that any rule treats in a way of its own."""
        regional = {tier for figure in self.pack.figures.values() if (tier := figure.by) != "national"}
        by_figure = {code for code, tier in self.layout.territory.tier_of.items() if tier in regional}
        return frozenset(territorial_codes(self.pack) | by_figure)


def facts_beside(snapshot: Snapshot) -> Path:
    """The folder beside a snapshot in which its facts and figures are stored."""
    folder = snapshot.path if snapshot.path.name not in ("", "..") else snapshot.path.resolve()  # given as `.` or `..`
    return folder.with_name(folder.name + ".facts")


def folders_of(snapshot: Snapshot) -> list[Path]:
    """The folders that a policy's queries may touch: whatever text stood in a pack, no other file is opened."""
    return [snapshot.path, facts_beside(snapshot)]


def readable(file: Path) -> pq.FileMetaData | None:
    """What a Parquet file says of itself; None if it is not there or was cut short."""
    try:
        return pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return None


def _part_name(part: int) -> str:
    return f"part-{part:05d}.parquet"


def area_tiers(pack: Pack, snapshot: Snapshot, layout: Layout) -> pa.Table:
    """One row an area: the codes of every tier above it, the registers that cover it, and its facts.

    A fact that an area does not have itself is that of the nearest area above that has it.
    """
    areas = snapshot.areas()
    above = areas.ancestors()
    columns = {"area_code": above["area_code"]} | {tier_column(tier): above[tier] for tier in layout.territory.tiers}
    for register in pack.about.registers:
        inside = areas.below(layout.covered.get(register, ()))
        columns[covers_column(register)] = pa.array([code in inside for code in areas.codes], pa.bool_())
    for fact in areas.facts:
        columns[fact] = areas.inherited(fact)
    return pa.table(columns)


def _figures_key(pack: Pack) -> str:
    said = json.dumps({id: figure.model_dump(mode="json") for id, figure in pack.figures.items()}, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _read_figures(file: Path) -> dict[str, dict[str, FigureResult]] | None:
    """Stored figures; None where there are none, or where the file is damaged."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return {
            id: {area: FigureResult(None if v is None else Decimal(v), n, out) for area, (v, n, out) in areas.items()}
            for id, areas in stored.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None


def _write_figures(file: Path, figures: Mapping[str, Mapping[str, FigureResult]]) -> None:
    plain = {id: {area: figure_row(result) for area, result in areas.items()} for id, areas in figures.items()}
    with placed_whole(file) as unfinished:
        unfinished.write_text(json.dumps(plain, indent=1, sort_keys=True), encoding="utf-8")


def figure_row(result: FigureResult) -> list[str | int | None]:
    """A figure as JSON values: value (text, so that no digit is lost), counted, left out."""
    return [None if result.value is None else str(result.value), result.counted, result.left_out]
