"""A policy over a whole register: which stage runs on what, the run itself, and the ledger of runs."""

from tuopin.sweep.ledger import Ledger
from tuopin.sweep.run import SweepResult, run_sweep

__all__ = ["Ledger", "SweepResult", "run_sweep"]
