"""A country's policy, read from its pack: read, check, compile, evaluate, explain, compare."""

from tuopin.policy.area_evaluation import AREA_FACTS, AreaEvaluation, Estimating, evaluate_areas
from tuopin.policy.area_facts import READINGS, AreaFactsPlan, plan_areas
from tuopin.policy.check import check_pack, checked_pack
from tuopin.policy.compare import Difference, Move, compare
from tuopin.policy.evaluation import ANSWERED, EVALUATED, FACTS, Evaluation, FigureResult, folders_of
from tuopin.policy.files import Estimate, Standard
from tuopin.policy.fit import misfits, refuse_misfit
from tuopin.policy.json_schema import json_schemas
from tuopin.policy.lines import line_meaning
from tuopin.policy.meaning import Number, Truth
from tuopin.policy.pack import Pack, Rule, pack_folder, read_pack
from tuopin.policy.proposal import or_visits, proposals
from tuopin.policy.rule_world import CompiledRule
from tuopin.policy.rules_plan import RulesPlan

__all__ = [
    "ANSWERED",
    "AREA_FACTS",
    "EVALUATED",
    "FACTS",
    "READINGS",
    "AreaEvaluation",
    "AreaFactsPlan",
    "CompiledRule",
    "Difference",
    "Estimate",
    "Estimating",
    "Evaluation",
    "FigureResult",
    "Move",
    "Number",
    "Pack",
    "Rule",
    "RulesPlan",
    "Standard",
    "Truth",
    "check_pack",
    "checked_pack",
    "compare",
    "evaluate_areas",
    "folders_of",
    "json_schemas",
    "line_meaning",
    "misfits",
    "or_visits",
    "pack_folder",
    "plan_areas",
    "proposals",
    "read_pack",
    "refuse_misfit",
]
