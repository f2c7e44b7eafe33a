"""Who has left poverty? Exit where every gate is passed; a visit where one cannot be told; else nothing."""

from __future__ import annotations

from sqlglot import exp

from tuopin.policy import RulesPlan, proposals
from tuopin.terms import Answer

STAGE = "exits"


def propose(rules: RulesPlan) -> list[exp.Select]:
    """The proposals of household exits, as queries over the table `evaluated`."""
    found = []
    for leaving in rules.proposing("exit"):
        found += [
            proposals(rules, leaving, stage=STAGE, kind="exit", when=Answer.MET),
            proposals(rules, leaving, stage=STAGE, kind="visit", when=Answer.CANNOT_TELL),
        ]
    return found
