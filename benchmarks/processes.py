"""What did a piece of work cost? CPU seconds of a whole process tree, wall seconds and peak memory, from the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
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
    begun = time.perf_counter()
    words = [sys.executable, "-m", "benchmarks.work", *work]
    with subprocess.Popen(words, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as child:
        said = child.stderr.read() if child.stderr else ""
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise WorkFailedError(f"{' '.join(work)} ended with {child.returncode}:\n{said}")
    kibibytes = used.ru_maxrss / 1024 if sys.platform == "darwin" else used.ru_maxrss
    return Cost(cpu=used.ru_utime + used.ru_stime, wall=wall, peak_mib=kibibytes / 1024)
