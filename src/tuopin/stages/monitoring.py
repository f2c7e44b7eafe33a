"""Who may fall back? Alerts that rules raise, entry into monitoring, and clearing once the risk is gone.

Rules come first: they alone say who is looked at. A score may be named as severity; it orders the visits, no more.
"""

from __future__ import annotations

from sqlglot import exp

from tuopin.policy import RulesPlan, or_visits, proposals
from tuopin.terms import Answer

STAGE = "monitoring"


def propose(rules: RulesPlan) -> list[exp.Select]:
    """The proposals of monitoring, as queries over the table `evaluated`.

    An alert sends somebody to look, so an alert that cannot be told sends nobody: the visit would be for everybody of
    whom little is known. Monitoring and clearing are decided on, so where nobody can tell there is a visit.
    """
    found = [proposals(rules, sign, stage=STAGE, kind="alert", when=Answer.MET) for sign in rules.proposing("alert")]
    for kind in ("monitoring", "clearing"):
        for standard in rules.proposing(kind):
            found += or_visits(rules, standard, stage=STAGE, kind=kind)
    return found


def warn(rules: RulesPlan) -> list[exp.Select]:
    """The red line: the areas of a tier of which a standard says that too many fall back, from `evaluated`."""
    return [
        query for line in rules.proposing("warning") for query in or_visits(rules, line, stage=STAGE, kind="warning")
    ]
