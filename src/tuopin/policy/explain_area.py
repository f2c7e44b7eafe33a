"""Why does the policy say this of an area: each test, its counts and samples, and what would settle it?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date

from tuopin.policy import sql
from tuopin.policy.area_evaluation import AreaEvaluation
from tuopin.policy.area_facts import READINGS, AreaFactsPlan
from tuopin.policy.area_households import below, count_households, count_unanswered
from tuopin.policy.area_seen import AreaSeen, AreaStandardSeen, AskedBelow, EstimateSeen, GateSeen, Missing, OpenCount
from tuopin.policy.compiler import compile_condition
from tuopin.policy.facts_plan import BUILT_IN, facts_under
from tuopin.policy.files import Estimate, Fact, Standard
from tuopin.policy.gates import Gate, Where, gates_of, places_of
from tuopin.policy.language import Name, Node
from tuopin.policy.row_in_words import CompiledRules, RowInWords
from tuopin.policy.rule_world import RuleWorld
from tuopin.policy.rules_plan import RulesPlan
from tuopin.policy.seen import Question, StandardSeen
from tuopin.policy.sql import Sql
from tuopin.terms import Answer, value_at


def explain_area(
    areas: AreaEvaluation,
    plan: AreaFactsPlan,
    rules: RulesPlan,
    code: str,
    language: str,
    *,
    what_is_open: bool = True,
) -> AreaSeen:
    """Explain one area, whose row stands in the table `evaluated` and whose standing in `area_standings`.

    Args:
        areas: the policy on the snapshot.
        plan: the facts of the areas of its tier.
        rules: the rules that are asked of them.
        code: the code of the area.
        language: one of the pack's.
        what_is_open: look at its households, for what keeps a count open.
    """
    words = AreaInWords(areas, plan, rules, code, language)
    words.read(areas.evaluation.engine, code)
    return words.seen(what_is_open=what_is_open)


class AreaInWords(RowInWords):
    """The row of one area, with its samples and what keeps its counts open."""

    def __init__(self, areas: AreaEvaluation, plan: AreaFactsPlan, rules: RulesPlan, code: str, language: str) -> None:
        """Begin with nothing read."""
        self.areas, self.plan, self.code = areas, plan, code
        self.tree = areas.evaluation.snapshot.areas().above(code)[::-1]
        codes = [area.code for area in self.tree]
        super().__init__(pack=areas.evaluation.pack, rules=rules, language=language, area=codes)
        self.of_estimate = {f"{id}_{end}": (id, end) for id in plan.estimates for end in READINGS}
        self.of_estimate |= {id: (id, self._decides(estimate)) for id, estimate in plan.estimates.items()}
        editions = {id: self.edition(spec) for id, spec in rules.standards.items()}
        figures = {id: rules.rules[id].figures for id in editions}
        self.gates = {id: gates_of(text, self.of_estimate, figures[id]) for id, text in editions.items()}
        self.places = {id: places_of(text, figures[id]) for id, text in editions.items()}

    def seen(self, *, what_is_open: bool) -> AreaSeen:
        """Everything the policy says of it."""
        manifest = self.areas.evaluation.snapshot.manifest
        standing, since = self._standing()
        own = self.tree[-1]
        label = next(tier.label for tier in self.pack.about.tiers if tier.id == self.plan.tier)
        return AreaSeen(
            area=self.code,
            name=own.name(self.language),
            tier=self.plan.tier,
            tier_label=self.text(label),
            above=self.area[:-1],
            above_names=[area.name(self.language) for area in self.tree[:-1]],
            facts_as_of=str(manifest.as_of),
            as_of=str(self.rules.day),
            pack=f"{self.pack.name} {self.pack.about.version}",
            standing=standing,
            standing_since=None if since is None else str(since),
            standards=[self._of_area(standard, what_is_open=what_is_open) for standard in self.standards()],
            assumptions=[{"fact": assumed.fact, "reason": assumed.reason} for assumed in manifest.assumptions],
        )

    def wanted(self) -> dict[str, Sql]:
        """What is read of any row; every comparison of an estimate, and whether it and each figure count here."""
        wanted = super().wanted()
        for id, gates in self.gates.items():
            for number, gate in enumerate(gates):
                wanted[f"gate:{id}:{number}"] = self._compiled(id, gate.whole)
                wanted[f"gate:{id}:{number}:here"] = self._here(id, [gate.where])
        for id, places in self.places.items():
            wanted |= {f"figure:{id}:{figure}:here": self._here(id, where) for figure, where in places.items()}
        return wanted

    def settle(self, standard: str) -> list[Question]:
        """The questions about the area itself."""
        specs = [(fact, self.spec(fact)) for fact in self._unknown_under(standard)]
        return [Question(fact, "area", self.asks(spec)) for fact, spec in specs if isinstance(spec, Fact)]

    # --- standing ----------------------------------------------------------------------------------------------------

    def _standing(self) -> tuple[str, date | None]:
        """What was decided of the area, and on which day."""
        if not self.plan.layout.has("area_decisions"):
            return "none", None
        columns = {name: sql.column(name) for name in ("standing", "standing_since")}
        mine = sql.compare("=", sql.column("area_code"), sql.text(self.code))
        rows = self.areas.evaluation.engine.rows(sql.select(columns, sql.table("area_standings"), [mine]))
        return (rows[0][0], rows[0][1]) if rows else ("none", None)

    # --- standards ---------------------------------------------------------------------------------------------------

    def _of_area(self, standard: StandardSeen, *, what_is_open: bool) -> AreaStandardSeen:
        said = {field.name: getattr(standard, field.name) for field in fields(standard)}
        said["facts"] = [fact for fact in standard.facts if fact.fact not in self.of_estimate]
        said["thresholds"] = [figure for figure in standard.thresholds if self._counts_here(standard.id, figure.id)]
        undecided = what_is_open and standard.answer == Answer.CANNOT_TELL.value
        return AreaStandardSeen(
            **said,
            estimates=[self._estimate(id) for id in self._estimates_of(standard.id)],
            open=list(self._open(standard.id)) if undecided else [],
        )

    def _unknown_under(self, standard: str) -> list[str]:
        """The facts of the area that are not known exactly and keep a standard open; of an estimate, its counts."""
        unknown = self.doubted.unknown_under(self.rules, standard)
        named = {id for id, _ in (self.of_estimate[name] for name in unknown if name in self.of_estimate)}
        counts = {count for id in named for count in self._needed(self.plan.estimates[id])} & self.doubted.facts
        return [fact for fact in self.plan.meanings if fact in counts | (unknown - set(self.of_estimate))]

    # --- estimates ---------------------------------------------------------------------------------------------------

    def _estimates_of(self, standard: str) -> list[str]:
        """The estimates that a standard names, and the shares that they carry over; in the order of the pack."""
        reads = {id for rule in self.rules.under(standard) for id in self.rules.rules[rule].reads}
        named = {self.of_estimate[name][0] for name in reads if name in self.of_estimate}
        named |= {share for id in named for share in self.plan.estimates[id].extrapolated}
        return [id for id in self.plan.estimates if id in named]

    def _estimate(self, id: str) -> EstimateSeen:
        estimate = self.plan.estimates[id]
        point, lower, upper = (self.values[f"fact:{id}_{reading}"] for reading in READINGS)
        confidence = value_at(estimate.confidence.values, self.rules.day)
        return EstimateSeen(
            id=id,
            label=self.text(estimate.label),
            point=point,
            lower=lower,
            upper=upper,
            most=self._most(id),
            confidence="" if confidence is None else str(confidence),
            decides=self._decides(estimate),
            counts=[self.fact(count) for count in estimate.counts],
            extrapolated=list(estimate.extrapolated),
            missing=self._missing(estimate) if point is None else None,
            gates=[seen for standard in self.gates for seen in self._gates(standard, id)],
            source=estimate.source,
        )

    def _decides(self, estimate: Estimate) -> str:
        return str(value_at(estimate.decides, self.rules.day))

    def _most(self, id: str) -> dict[str, float] | None:
        """The highest possible of each reading, where the ends differ."""
        names = {reading: f"fact:{id}_{reading}" for reading in READINGS}
        least = {reading: self.values[name] for reading, name in names.items()}
        most = {reading: self.values.get(f"{name}:most", self.values[name]) for reading, name in names.items()}
        return None if most == least else most

    def _missing(self, estimate: Estimate) -> Missing | None:
        """Why there is no estimate: nobody was looked at, counts contradict each other, nobody is there, or unknown."""
        part, whole = (estimate.found, estimate.of) if estimate.of else (estimate.known, estimate.among)
        if self._most_of(whole) == 0:
            return "nobody_looked_at" if estimate.of else "nobody_there"
        more = (self._least_of(part) or 0) > (self._most_of(whole) or math.inf)
        return "more_found_than_looked_at" if more else "counts_unknown"

    def _least_of(self, count: str | None) -> int | None:
        value: int | None = self.values.get(f"fact:{count}")
        return value

    def _most_of(self, count: str | None) -> int | None:
        value: int | None = self.values.get(f"fact:{count}:most", self.values.get(f"fact:{count}"))
        return value

    def _needed(self, estimate: Estimate) -> list[str]:
        """The counts without which there is no estimate: of a share, how many were found of how many looked at."""
        if not estimate.extrapolated:
            return [count for count in (estimate.found, estimate.of) if count is not None]
        return [*estimate.counts, *(c for id in estimate.extrapolated for c in self.plan.estimates[id].counts)]

    # --- gates -------------------------------------------------------------------------------------------------------

    def _gates(self, standard: str, estimate: str) -> Iterator[GateSeen]:
        """Where a standard holds an estimate against a figure; a comparison for other areas is left out."""
        for number, gate in enumerate(self.gates[standard]):
            id, reading = self.of_estimate[gate.estimate]
            if id == estimate and self.values[f"gate:{standard}:{number}:here"] is not False:
                answer = Answer.of(self.values[f"gate:{standard}:{number}"])
                yield GateSeen(standard, gate.test, reading, gate.word, *self._limit(standard, gate), answer.value)

    def _limit(self, standard: str, gate: Gate) -> tuple[str, str | None, str]:
        """The figure that a gate names, with its value here and its source; a bare number has no name."""
        if isinstance(gate.limit, Name) and gate.limit.id in self.rules.rules[standard].figures:
            seen = self.threshold(standard, gate.limit.id)
            return seen.id, seen.value, seen.source
        spec = self.rules.standards[standard]
        source = self.edition(spec).source or spec.source
        return ("", None, source) if isinstance(gate.limit, Name) else ("", str(gate.limit.value), source)

    def _counts_here(self, standard: str, figure: str) -> bool:
        """Whether a figure may count for this area; that of another region does not."""
        return self.values.get(f"figure:{standard}:{figure}:here") is not False

    def _here(self, standard: str, places: Sequence[Where]) -> Sql:
        return sql.either([sql.both([self._compiled(standard, node) for node in where]) for where in places])

    def _compiled(self, standard: str, node: Node) -> Sql:
        rule = self.rules.rules[standard].rule
        world = RuleWorld(CompiledRules(self.pack, self.rules, self.areas.evaluation.figure_values), rule)
        assert isinstance(rule.spec, Standard)
        edition = self.edition(rule.spec)
        with world.reading(rule.spec.editions.index(edition), edition.tests):
            return compile_condition(node, world).sql

    # --- what keeps a count open -------------------------------------------------------------------------------------

    def _open(self, standard: str) -> Iterator[OpenCount]:
        """The counts that are not known exactly: how many households keep each open, and what to ask them."""
        for fact in self._unknown_under(standard):
            if parts := below(self.areas, fact):
                reads = frozenset(name for part in parts for name in part.reads)
                yield self._open_count(fact, sql.either(part.open for part in parts), reads)

    def _open_count(self, fact: str, open_: Sql, reads: frozenset[str]) -> OpenCount:
        many = count_households(self.areas, self.plan.tier, [self.code], {"open": open_})[self.code]["open"]
        leaves = {leaf for name in reads for leaf in facts_under(self.pack, name, self.plan.layout)}
        asked = [leaf for leaf in sorted(leaves) if leaf not in BUILT_IN[1:] and self._is_of_households(leaf)]
        found = count_unanswered(self.areas, self.plan.tier, self.code, open_, asked)
        order = sorted(asked, key=lambda leaf: (found[leaf] is not None, -(found[leaf] or 0), leaf))
        questions = [self._asked_below(leaf, found[leaf]) for leaf in order if found[leaf] != 0]
        return OpenCount(self.fact(fact), many, questions)

    def _is_of_households(self, fact: str) -> bool:
        """Whether it is asked of households, their members or dwellings; not of areas or other offices."""
        spec = self.spec(fact)
        return spec is None or spec.entity in ("household", "member", "dwelling")

    def _asked_below(self, fact: str, households: int | None) -> AskedBelow:
        spec = self.spec(fact)
        if spec is None:
            return AskedBelow(fact, "household", fact, households)
        return AskedBelow(fact, spec.entity, self.asks(spec), households)
