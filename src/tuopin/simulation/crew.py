"""Who does the work? Processes that share the parts of a country; each knows the country, and gets one part's task.

A part lives alone, so it does not matter who does it, nor when. A country of one part needs no crew and gets none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from tuopin.simulation.territory import Territory

Task = TypeVar("Task")
Made = TypeVar("Made")


class Crew:
    """Processes that are started when they are first needed, and stay until `close`, or the end of the program."""

    def __init__(self, territory: Territory, workers: int | None = None) -> None:
        """Prepare a crew.

        Args:
            territory: the country, handed to each process once.
            workers: how many processes; None: one a core.
        """
        self._territory = territory
        self._workers = min(workers or cores(), len(territory.parts))
        self._pool: ProcessPoolExecutor | None = None

    def each(self, work: Callable[[Territory, Task], Made], tasks: Sequence[Task]) -> list[Made]:
        """Do the work for every task; the results are in the order of the tasks."""
        if self._workers < 2:
            return [work(self._territory, task) for task in tasks]
        if self._pool is None:
            # A forked process would inherit locks of Arrow's threads, so a fresh one is started.
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=get_context("spawn"), initializer=_arrive, initargs=(self._territory,)
            )
        return list(self._pool.map(_do, [work] * len(tasks), tasks))

    def close(self) -> None:
        """Send the processes home."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def cores() -> int:
    """How many processes can work at once on this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_HERE: list[Territory] = []  # in a process of the crew: the country it works for


def _arrive(territory: Territory) -> None:
    _HERE[:] = [territory]


def _do(work: Callable[[Territory, Task], Made], task: Task) -> Made:
    return work(_HERE[0], task)
