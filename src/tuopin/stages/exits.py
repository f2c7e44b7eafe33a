"""Who has left poverty? Exit where every gate is passed; a visit where one cannot be told; else nothing."""

from __future__ import annotations

from sqlglot import exp

from tuopin.policy import RulesPlan, or_visits

STAGE = "exits"


def propose(rules: RulesPlan) -> list[exp.Select]:
    """The proposals of household exits, as queries over the table `evaluated`."""
    return [
        query for leaving in rules.proposing("exit") for query in or_visits(rules, leaving, stage=STAGE, kind="exit")
    ]
