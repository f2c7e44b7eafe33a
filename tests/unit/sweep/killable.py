"""A sweep in a process of its own, that a test may kill: it says each step aloud and waits for a nod, or kills itself.

    python -m tests.unit.sweep.killable PACK SNAPSHOT OUT [replace] [before PLACE NTH]

PLACE is `rename` (of a folder) or `append` (to the ledger).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.unit.policy.invented import AS_OF
from tuopin.policy import read_pack
from tuopin.sweep import Ledger, run_sweep
from tuopin.tables import Snapshot

PLACES: dict[str, tuple[type, str]] = {"rename": (Path, "rename"), "append": (Ledger, "append")}


def main(pack: str, snapshot: str, out: str, *more: str) -> None:
    """Sweep."""
    with _mortal(*more[more.index("before") + 1 :]) if "before" in more else _immortal():
        run_sweep(
            pack=read_pack(Path(pack)),
            snapshot=Snapshot.open(Path(snapshot)),
            as_of=AS_OF,
            out=Path(out),
            threads=1,
            replace="replace" in more,
            progress=_say,
        )


def _say(what: str, done: int, of: int) -> None:
    sys.stdout.write(f"{what.split(maxsplit=1)[0]} {done} {of}\n")
    sys.stdout.flush()
    sys.stdin.readline()


@contextmanager
def _immortal() -> Iterator[None]:
    yield


@contextmanager
def _mortal(place: str, nth: str) -> Iterator[None]:
    """Die by `kill -9` where a method would be called for the nth time."""
    owner, name = PLACES[place]
    method: Callable[..., Any] = getattr(owner, name)
    left = int(nth)

    def deadly(*given: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*given, **named)

    setattr(owner, name, deadly)
    try:
        yield
    finally:
        setattr(owner, name, method)


if __name__ == "__main__":
    main(*sys.argv[1:])
