"""What does a policy say of every household of a snapshot? Facts once, figures once, then the rules in one scan.

Work goes part by part (whole areas), so memory stays small and a part can be computed alone. Facts lie beside the
snapshot under a hash of all they depend on; a changed rule reads them again instead of joining tables again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from tuopin.policy.facts_plan import FactsPlan, plan_facts
from tuopin.policy.figures import figure_query, rounded
from tuopin.policy.layout import Layout, covers_column, layout_of, tier_column
from tuopin.policy.joins import Progress, join_once, joined_tables, silent
from tuopin.policy.pack import Pack
from tuopin.policy.rules_plan import FigureValues, RulesPlan, plan_rules
from tuopin.policy.territories import territorial_codes
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine
from tuopin.tables.manifest import SCHEMA_VERSION

FACTS, EVALUATED = "facts", "evaluated"


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
        facts_root: where facts are stored; default: beside the snapshot.
    """

    pack: Pack
    snapshot: Snapshot
    day: date
    engine: Engine
    progress: Progress = silent
    facts_root: Path | None = None
    _plans: dict[frozenset[str], tuple[FactsPlan, RulesPlan | None]] = field(default_factory=dict, repr=False)

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
        root = self.facts_root or self.snapshot.path.with_name(self.snapshot.path.name + ".facts")
        return root / key

    def facts_file(self, part: int) -> Path:
        """The stored facts of a part."""
        return self.facts_folder / f"part-{part:05d}.parquet"

    # --- facts -------------------------------------------------------------------------------------------------------

    def store_facts(self) -> int:
        """Compute the facts of every part that has none stored; the number of parts computed."""
        missing = [part for part in self.parts if not self.facts_file(part).is_file()]
        if not missing:
            return 0
        self.facts_folder.mkdir(parents=True, exist_ok=True)
        with self._joined_tables():
            for done, part in enumerate(missing):
                self.progress("facts", done, len(missing))
                self._store(part)
        self.progress("facts", len(missing), len(missing))
        return len(missing)

    def _store(self, part: int) -> None:
        self._show_part(part)
        unfinished = self.facts_file(part).with_suffix(".unfinished")
        try:
            self.engine.write(self._bound(part)[0].facts_query(), unfinished)
            unfinished.replace(self.facts_file(part))
        finally:
            unfinished.unlink(missing_ok=True)

    @contextmanager
    def _joined_tables(self) -> Iterator[None]:
        """Tables that the facts of all parts join: areas, standings, and registers resolved to households once."""
        self.engine.view("area_tiers", area_tiers(self.pack, self.snapshot, self.layout))
        for table in ("decisions", "leads", "members", *(f"register:{name}" for name in self.facts_plan.registers)):
            if self.snapshot.has(table):
                self.engine.view(table.removeprefix("register:"), self.snapshot.files(table))
        try:
            yield join_once(self.engine, self.facts_plan, self.progress)
        finally:
            for table in joined_tables(self.facts_plan):
                self.engine.drop(table)

    def _show_part(self, part: int) -> None:
        for table in ("households", "members", "dwellings"):
            if self.snapshot.has(table):
                self.engine.view(table, self.snapshot.files(table, part=part))

    # --- figures -----------------------------------------------------------------------------------------------------

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, FigureResult]]:
        """Every figure of the pack by area; none where the snapshot never asked for it. Stored beside the facts."""
        if not self.pack.figures:
            return {}
        self.store_facts()
        stored = self.facts_folder / f"figures-{_figures_key(self.pack)}.json"
        if stored.is_file():
            return _read_figures(stored)
        self.engine.view(FACTS, [self.facts_file(part) for part in self.parts])
        found = {id: self._figure(id) for id in self.pack.figures}
        _write_figures(stored, found)
        return found

    @property
    def figure_values(self) -> FigureValues:
        """The figures' values by id and area."""
        return {id: {area: result.value for area, result in areas.items()} for id, areas in self.figures.items()}

    def _figure(self, id: str) -> dict[str, FigureResult]:
        self.progress(f"figure {id}", 0, 1)
        query = figure_query(self.pack, id, self.facts_plan)
        if query is None:
            return {}
        rows = self.engine.rows(query)
        return {str(area): FigureResult(rounded(value), int(n), int(left_out or 0)) for area, value, n, left_out in rows if area}

    # --- rules -------------------------------------------------------------------------------------------------------

    def evaluate(self, part: int) -> None:
        """Make the table `evaluated`: the part's facts with every rule's answer beside them."""
        self.engine.view(FACTS, [self.facts_file(part)])
        rules = self._bound(part)[1]
        assert rules is not None
        self.engine.table(EVALUATED, rules.query(FACTS))

    def _bound(self, part: int) -> tuple[FactsPlan, RulesPlan | None]:
        """The plans with only the territorial values that can occur in a part written out."""
        present = self._special_codes & self._codes_of[part]
        facts, rules = self._plans.get(present, (None, None))
        layout = replace(self.layout, territory=self.layout.territory.within(present))
        if facts is None:
            facts = plan_facts(self.pack, layout, self.day)
        if rules is None and (not self.pack.figures or "figures" in self.__dict__):
            rules = plan_rules(self.pack, facts, self.day, self.figure_values, layout)
        self._plans[present] = (facts, rules)
        return facts, rules

    @cached_property
    def _special_codes(self) -> frozenset[str]:
        """The areas that any rule treats in a way of its own."""
        regional = {tier for figure in self.pack.figures.values() if (tier := figure.by) != "national"}
        by_figure = {code for code, tier in self.layout.territory.tier_of.items() if tier in regional}
        return frozenset(territorial_codes(self.pack) | by_figure)

    @cached_property
    def _codes_of(self) -> list[frozenset[str]]:
        """For each part, its areas and all above them."""
        areas = self.snapshot.areas()
        ordered = sorted(areas.codes)
        found = []
        for part in self.snapshot.manifest.parts:
            inside = [code for code in ordered if part.first_area <= code <= part.last_area]
            found.append(frozenset(above.code for code in inside for above in areas.above(code)))
        return found


def area_tiers(pack: Pack, snapshot: Snapshot, layout: Layout) -> pa.Table:
    """One row an area: the codes of every tier above it, the registers that cover it, and each area fact as the nearest
    area above has it."""
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


def _read_figures(file: Path) -> dict[str, dict[str, FigureResult]]:
    stored = json.loads(file.read_text(encoding="utf-8"))
    return {
        id: {area: FigureResult(None if v is None else Decimal(v), n, out) for area, (v, n, out) in areas.items()}
        for id, areas in stored.items()
    }


def _write_figures(file: Path, figures: Mapping[str, Mapping[str, FigureResult]]) -> None:
    plain = {id: {area: figure_row(result) for area, result in areas.items()} for id, areas in figures.items()}
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(plain, indent=1, sort_keys=True), encoding="utf-8")
    unfinished.replace(file)


def figure_row(result: FigureResult) -> list[str | int | None]:
    """A figure as JSON values: value (text, so that no digit is lost), counted, left out."""
    return [None if result.value is None else str(result.value), result.counted, result.left_out]

