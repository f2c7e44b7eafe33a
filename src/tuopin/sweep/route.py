"""Which stages does a sweep pass, in which order, and what does each read?

Each stage is a verb with one function `propose(rules)`; it reads the table `evaluated` (a part's facts with every
rule's answer) and writes proposals. None reads another's. A new stage is one line here.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from tuopin.policy import RulesPlan
from tuopin.stages import exits, identification

Stage = Callable[[RulesPlan], list[exp.Select]]

ROUTE: dict[str, Stage] = {
    identification.STAGE: identification.propose,
    exits.STAGE: exits.propose,
}
