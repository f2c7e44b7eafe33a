"""How long did it take, and how much memory at its peak? Measured where a person asks, never inside a rule."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")


class Stopwatch:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since it was made."""
        return round(time.perf_counter() - self._started, 3)


def peak_mib() -> float:
    """The most memory that this process has held so far, in MiB."""
    return round(_peak_kib() / 1024, 1)


def _peak_kib() -> float:
    """From the kernel's own line where there is one: `getrusage` also remembers the process that started us."""
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform == "darwin" else peak
