"""Who has left poverty: which household, which village, which county? Exit where every gate is passed.

Where a gate cannot be told somebody goes and looks; where one is not passed nothing is proposed. The gates of an area
count what people decided of its households (their standings), never what a sweep proposes.
"""

from __future__ import annotations

from sqlglot import exp

from tuopin.policy import RulesPlan, or_visits

STAGE = "exits"


def propose(rules: RulesPlan) -> list[exp.Select]:
    """The proposals of exits, of households or of the areas of a tier, as queries over the table `evaluated`."""
    return [
        query for leaving in rules.proposing("exit") for query in or_visits(rules, leaving, stage=STAGE, kind="exit")
    ]
