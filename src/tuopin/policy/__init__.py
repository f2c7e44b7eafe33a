"""A country's policy, read from its pack: read, check, compile, evaluate, explain, compare."""

from tuopin.policy.evaluation import EVALUATED, FACTS, Evaluation, FigureResult
from tuopin.policy.files import Standard
from tuopin.policy.meaning import Number
from tuopin.policy.pack import Pack, Rule, pack_folder, read_pack
from tuopin.policy.proposal import proposals
from tuopin.policy.rules_plan import CompiledRule, RulesPlan, line_meaning

__all__ = [
    "EVALUATED",
    "FACTS",
    "CompiledRule",
    "Evaluation",
    "FigureResult",
    "Number",
    "Pack",
    "Rule",
    "RulesPlan",
    "Standard",
    "line_meaning",
    "pack_folder",
    "proposals",
    "read_pack",
]
