"""Why does the policy say this of a household: each test, the fact it saw, the threshold, what would settle it?"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tuopin.policy.dated import in_force
from tuopin.policy.doubts import Doubts
from tuopin.policy.evaluation import Evaluation
from tuopin.policy.facts_plan import BUILT_IN, facts_under
from tuopin.policy.files import Categories, Derived, Quantity, Score, ScoreEdition
from tuopin.policy.household import Rows, evaluate_rows, find_household
from tuopin.policy.language import names, parse
from tuopin.policy.layout import table_of
from tuopin.policy.meaning import Code, Number
from tuopin.policy.pack import Pack, Rule
from tuopin.policy.row_in_words import CompiledRules, RowInWords, natural, plain, readings
from tuopin.policy.rule_world import RuleWorld
from tuopin.policy.rules_plan import RulesPlan
from tuopin.policy.scores import points_of
from tuopin.policy.seen import (
    CategorySeen,
    HouseholdSeen,
    ItemSeen,
    MemberAnswer,
    MembersSeen,
    Question,
    ScoreSeen,
    Seen,
)
from tuopin.policy.sql import Sql
from tuopin.tables import Column


def explain(evaluation: Evaluation, household_id: str, language: str) -> HouseholdSeen:
    """Explain one household; leaves the table `evaluated` with its row in the engine.

    Args:
        evaluation: a policy on a snapshot.
        household_id: its id in the snapshot.
        language: one of the pack's.

    Raises:
        UsageError: there is no such household.
    """
    rows = find_household(evaluation, household_id)
    evaluate_rows(evaluation.engine, rows, evaluation.facts_plan, evaluation.rules_plan)
    return _HouseholdInWords(evaluation, rows, language).household(household_id)


def settling(pack: Pack, rules: RulesPlan, rows: Rows, doubted: Doubts, rule: str) -> list[str]:
    """The asked facts, unknown in the rows of one household, that would settle a rule which cannot tell.

    A fact that only a decided rule reads would settle nothing.

    Args:
        pack: the pack.
        rules: the compiled rules.
        rows: the household's rows.
        doubted: what nobody can tell of it.
        rule: the standard.
    """
    wanted = doubted.unknown_under(rules, rule)
    leaves = {
        leaf for fact in wanted for leaf in facts_under(pack, fact, rules.facts.layout) if leaf not in BUILT_IN[1:]
    }
    return sorted(leaf for leaf in leaves if _unknown_in(pack, rows, leaf))


def _unknown_in(pack: Pack, rows: Rows, fact: str) -> bool:
    """Whether some row that should say it does not."""
    if fact == "household_size":
        return "members" not in rows.tables and rows.first("households").get(fact) is None
    entity = (pack.facts.get(fact) or pack.derived[fact]).entity
    if entity.startswith("register:"):
        return False
    if entity == "area":
        return rows.first("area_tiers").get(fact) is None
    found = rows.all(table_of(entity))
    return not found or any(row.get(fact) is None for row in found)


class _HouseholdInWords(RowInWords):
    """The row of one household, with its members, scores and categories."""

    def __init__(self, evaluation: Evaluation, rows: Rows, language: str) -> None:
        lives_in = rows.first("households")["area_code"]
        self.evaluation, self.rows = evaluation, rows
        self.areas = evaluation.snapshot.areas().above(lives_in)[::-1]
        codes = [area.code for area in self.areas]
        super().__init__(pack=evaluation.pack, rules=evaluation.rules_plan, language=language, area=codes)
        self.members = {column.name: column for column in evaluation.snapshot.columns("members")}
        self.points = {
            id: self._points(c.rule, c.rule.spec)
            for id, c in self.rules.rules.items()
            if isinstance(c.rule.spec, Score)
        }

    def household(self, id: str) -> HouseholdSeen:
        self.read(self.evaluation.engine, id)
        manifest = self.evaluation.snapshot.manifest
        return HouseholdSeen(
            household=id,
            area=self.area,
            area_names=[area.name(self.language) for area in self.areas],
            facts_as_of=str(manifest.as_of),
            as_of=str(self.evaluation.day),
            pack=f"{self.pack.name} {self.pack.about.version}",
            standing=self.values["standing"],
            standards=self.standards(),
            scores=[
                self._score(id, c.rule.spec) for id, c in self.rules.rules.items() if isinstance(c.rule.spec, Score)
            ],
            categories=[
                self._categories(id, c.rule.spec)
                for id, c in self.rules.rules.items()
                if isinstance(c.rule.spec, Categories)
            ],
            assumptions=[{"fact": assumed.fact, "reason": assumed.reason} for assumed in manifest.assumptions],
        )

    def wanted(self) -> dict[str, Sql]:
        standing = self.rules.facts.meanings["standing"]
        assert isinstance(standing, Code)
        wanted = {"standing": standing.sql, **super().wanted()}
        for id, items in self.points.items():
            for number, points in enumerate(items):
                wanted |= readings(f"item:{id}:{number}", points)
        return wanted

    def settle(self, standard: str) -> list[Question]:
        facts = settling(self.pack, self.rules, self.rows, self.doubted, standard)
        asked = [(fact, spec) for fact in facts if (spec := self.spec(fact))]
        return [Question(fact, spec.entity, self.asks(spec)) for fact, spec in asked]

    def fact(self, fact: str) -> Seen:
        return replace(super().fact(fact), members=[self._of_members(asked) for asked in self._asked_of_members(fact)])

    # --- members -----------------------------------------------------------------------------------------------------

    def _asked_of_members(self, fact: str) -> list[str]:
        """The asked facts of members that a fact is rolled up from; none where the source gave the fact itself."""
        found, waiting, seen = set[str](), [fact], set[str]()
        while waiting:
            name = waiting.pop()
            spec = self.pack.derived.get(name) or self.pack.facts.get(name)
            if spec is None or name in seen:
                continue
            seen.add(name)
            if isinstance(spec, Derived) and not self._is_given(name, spec):
                waiting += names(parse(spec.rule))
            elif spec.entity == "member":
                found.add(name)
        return sorted(found)

    def _is_given(self, fact: str, spec: Derived) -> bool:
        return spec.given and self.rules.facts.layout.has(table_of(spec.entity), fact)

    def _of_members(self, fact: str) -> MembersSeen:
        spec = self.pack.facts.get(fact) or self.pack.derived[fact]
        label = self.asks(spec)
        column = self.members.get(fact)
        if column is None:
            return MembersSeen(fact, label, None, [])
        rows = sorted(self.rows.all("members"), key=operator.itemgetter("member_no"))
        return MembersSeen(fact, label, column.unit, [self._answer(row, column, spec) for row in rows])

    def _answer(self, row: Mapping[str, Any], column: Column, spec: Quantity) -> MemberAnswer:
        value = row[column.name]
        if value is not None and column.type in ("integer", "decimal", "money"):
            value = f"{Decimal(value).scaleb(-column.scale):f}"
        elif value is not None and column.type == "month":
            value = f"{value:%Y-%m}"
        shown = self.text(spec.values[value]) if column.type == "code" and value in spec.values else None
        return MemberAnswer(row["member_no"], plain(value), shown)

    # --- scores and categories ---------------------------------------------------------------------------------------

    def _score(self, id: str, spec: Score) -> ScoreSeen:
        meaning = self.rules.rules[id].meaning
        assert isinstance(meaning, Number)
        return ScoreSeen(
            id,
            self.text(spec.label),
            natural(meaning, self.values[f"{id}_low"]),
            natural(meaning, self.values[f"{id}_high"]),
            self.values.get(f"{id}_probability_low"),
            self.values.get(f"{id}_probability_high"),
            list(self._items(id, spec)),
            spec.source,
            list(self.rules.rules[id].rests_on),
        )

    def _items(self, id: str, spec: Score) -> Iterator[ItemSeen]:
        for number, (item, points) in enumerate(zip(self._edition_of(spec).items, self.points[id], strict=True)):
            low = self.values[f"item:{id}:{number}"]
            high = low if points.exact else self.values[f"item:{id}:{number}:most"]
            text = " ".join((item.when or str(item.fact)).split())
            yield ItemSeen(text, natural(points, low), natural(points, high))

    def _points(self, rule: Rule, spec: Score) -> list[Number]:
        """What each item of a score can give, by the columns of the answers."""
        world = RuleWorld(CompiledRules(self.pack, self.rules, self.evaluation.figure_values), rule)
        return [points_of(item, world) for item in self._edition_of(spec).items]

    def _edition_of(self, spec: Score) -> ScoreEdition:
        return in_force(spec.editions, self.rules.day).editions[-1]

    def _categories(self, id: str, spec: Categories) -> CategorySeen:
        edition = in_force(spec.editions, self.rules.day).editions[-1]
        labels = {group.id: self.text(group.label) for group in edition.categories}
        first, last = self.values[f"{id}_first"], self.values[f"{id}_last"]
        return CategorySeen(id, self.text(spec.label), first, labels[first], last, labels[last], spec.source)
