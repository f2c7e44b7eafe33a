"""Whom to help? Entry, return, refusal or a visit; and what other offices' registers call on us to ask.

A household that nobody can judge is visited, never silently refused. A match in a register is a question with a right
of reply, never a removal. A refusal answers an application; nobody is refused who did not apply.
"""

from __future__ import annotations

from sqlglot import exp

from tuopin.policy import RulesPlan, Truth, or_visits, proposals, sql
from tuopin.terms import Answer

STAGE = "identification"


def propose(rules: RulesPlan) -> list[exp.Select]:
    """The proposals of identification, as queries over the table `evaluated`."""
    found = []
    for entry in rules.proposing("entry"):
        found += or_visits(rules, entry, stage=STAGE, kind="entry")
        found.append(
            proposals(rules, entry, stage=STAGE, kind="refusal", when=Answer.NOT_MET, also=_applied(rules, entry))
        )
    for back in rules.proposing("return"):
        found += or_visits(rules, back, stage=STAGE, kind="return")
    found += [
        proposals(rules, check, stage=STAGE, kind="question", when=Answer.MET) for check in rules.proposing("question")
    ]
    return found


def _applied(rules: RulesPlan, entry: str) -> sql.Sql:
    """Whether the household has applied, and the rule is asked of it at all."""
    applied = rules.facts.meanings["applied"]
    applies = rules.rules[entry].applies
    assert isinstance(applied, Truth)
    return sql.both([applied.sql, applies.sql] if applies else [applied.sql])
