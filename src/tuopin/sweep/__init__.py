"""A policy over a whole register: which stage runs on what, the run, its ledger; one household or area explained."""

from tuopin.sweep.area_explanation import AreaExplanation, explain_area
from tuopin.sweep.examples import ExampleResult, run_examples
from tuopin.sweep.explanation import Explanation, explain_household
from tuopin.sweep.ledger import Ledger, summary_hash
from tuopin.sweep.proposed import proposed_in
from tuopin.sweep.rerun import Rerun, rerun_sweep
from tuopin.sweep.run import SweepResult, run_sweep

__all__ = [
    "AreaExplanation",
    "ExampleResult",
    "Explanation",
    "Ledger",
    "Rerun",
    "SweepResult",
    "explain_area",
    "explain_household",
    "proposed_in",
    "rerun_sweep",
    "run_examples",
    "run_sweep",
    "summary_hash",
]
