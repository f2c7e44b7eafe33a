"""What can nobody tell of one household, or of one area?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tuopin.policy import sql
from tuopin.policy.evaluation import EVALUATED
from tuopin.policy.files import HOUSEHOLD
from tuopin.policy.proposal import cannot_tell, fact_unknown
from tuopin.policy.rules_plan import RulesPlan
from tuopin.policy.sql import Sql
from tuopin.tables.engines import Engine


@dataclass(frozen=True)
class Doubts:
    """What nobody can tell of one household or area.

    Attributes:
        rules: the rules that cannot tell (a score or category: that is known only between bounds).
        facts: the stored facts that are not known exactly.
    """

    rules: frozenset[str]
    facts: frozenset[str]

    def unknown_under(self, rules: RulesPlan, rule: str) -> set[str]:
        """The facts that are not known and that a rule reads which cannot tell, or an undecided one that it names."""
        return {fact for id in self._undecided(rules, rule) for fact in rules.rules[id].reads if fact in self.facts}

    def _undecided(self, rules: RulesPlan, rule: str) -> Iterator[str]:
        """The rule and all below it on paths of undecided rules: what a decided rule reads would settle nothing."""
        waiting, seen = [rule], set[str]()
        while waiting:
            id = waiting.pop()
            if id in self.rules and id not in seen:
                seen.add(id)
                yield id
                waiting += rules.rules[id].rests_on


def doubts(engine: Engine, rules: RulesPlan, subject: str) -> Doubts:
    """The doubts about one household or area in `evaluated`, by its id or code, read in one query."""
    undecided = {id: cannot_tell(rules, id) for id in rules.rules}
    unknown = {fact: fact_unknown(rules, fact) for fact in rules.facts.meanings}
    row = row_of(engine, rules, [*undecided.values(), *unknown.values()], subject)
    in_rules = {id for id, doubted in zip(undecided, row, strict=False) if doubted}
    in_facts = {fact for fact, doubted in zip(unknown, row[len(undecided) :], strict=True) if doubted}
    return Doubts(frozenset(in_rules), frozenset(in_facts))


def row_of(engine: Engine, rules: RulesPlan, trees: Iterable[Sql], subject: str) -> tuple[Any, ...]:
    """Expressions over the one row of `evaluated` of a household or area, by its id or code."""
    columns = {f"v{number}": tree for number, tree in enumerate(trees)}
    name = "household_id" if rules.of == HOUSEHOLD else "area_code"
    this = sql.compare("=", sql.column(name), sql.text(subject))
    return engine.rows(sql.select(columns, sql.table(EVALUATED), [this]))[0]
