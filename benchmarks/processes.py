"""What did a piece of work cost? CPU seconds of a whole process tree, wall seconds and peak memory, from the kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """What one child process cost, with every process it waited for.

    Attributes:
        cpu: user and system seconds, start of the interpreter and imports included.
        wall: seconds on the clock.
        peak_mib: the largest resident memory of one process of the tree.
    """

    cpu: float
    wall: float
    peak_mib: float


class WorkFailedError(Exception):
    """A child process ended badly, so there is nothing to measure."""


def cost_of(work: Sequence[str]) -> Cost:
    """This will run `python -m benchmarks.work …` in a child process and measure it.

    Args:
        work: the words after `benchmarks.work`.

    Raises:
        WorkFailedError: the child did not exit with 0; what it said is in the message.
    """
    words = [sys.executable, "-m", "benchmarks.work", *work]
    ended = ended_of(words)
    if ended.code:
        raise WorkFailedError(f"{' '.join(work)} ended with {ended.code}:\n{ended.said}")
    return ended.cost


@dataclass(frozen=True)
class Ended:
    """How a child process ended.

    Attributes:
        code: its exit code; below zero: the signal that ended it.
        said: what it wrote on stderr.
        cost: what it cost to its end.
    """

    code: int
    said: str
    cost: Cost


def ended_of(words: Sequence[str], *, kill_after: float | None = None) -> Ended:
    """This will run a command in a child process and measure it; after so many seconds it gets `kill -9`."""
    begun = time.perf_counter()
    with subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        killer = threading.Timer(kill_after or 0, os.kill, (child.pid, signal.SIGKILL))
        if kill_after is not None:
            killer.start()
        said = child.stderr.read() if child.stderr else ""
        _, status, used = os.wait4(child.pid, 0)
        killer.cancel()
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
    kibibytes = used.ru_maxrss / 1024 if sys.platform == "darwin" else used.ru_maxrss
    cost = Cost(cpu=used.ru_utime + used.ru_stime, wall=wall, peak_mib=kibibytes / 1024)
    return Ended(child.returncode, said, cost)
