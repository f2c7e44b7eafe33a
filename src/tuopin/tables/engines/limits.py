"""How much memory is meant by `4GB` or `800MiB`?"""

from __future__ import annotations

import re

from tuopin.terms import Place, Problem, UsageError

_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT])(i?)B", re.IGNORECASE)
_STEPS = "KMGT"


def bytes_of(memory_limit: str) -> int:
    """An amount of memory in bytes; `MB` counts in thousands, `MiB` in 1,024.

    Raises:
        UsageError: it is no amount of memory.
    """
    said = _MEMORY.fullmatch(memory_limit)
    if said is None:
        what = f"`{memory_limit}` is not an amount of memory."
        raise UsageError(Problem(what, Place(), fix="Write it like 4GB or 800MiB."))
    number, step, binary = said.groups()
    return int(float(number) * (1024 if binary else 1000) ** (1 + _STEPS.index(step.upper())))
