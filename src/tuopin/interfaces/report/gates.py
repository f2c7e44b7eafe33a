"""What did a sweep say of areas: how many pass each standard, and which gates do those show that matter most?

It reads what the sweep wrote of every area, and for a few of them the reasons. Counts of persons and households are
shown only where enough households stand behind them; how many those are is counted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuopin.interfaces.report.same import differing_in_words, differing_rows
from tuopin.interfaces.report.small_cells import small
from tuopin.policy import EVALUATED, AreaEvaluation, AreaFactsPlan, Evaluation, RulesPlan, sql
from tuopin.policy.area_households import below, count_households
from tuopin.policy.area_seen import AreaSeen, EstimateSeen
from tuopin.policy.explain_area import explain_area
from tuopin.policy.seen import Seen
from tuopin.sweep.areas import FOLDER, count_areas, written_of_areas
from tuopin.sweep.estimates import estimating_on
from tuopin.sweep.proposed import file_of_tier
from tuopin.sweep.summary import how_many
from tuopin.tables.engines import Engine
from tuopin.terms import DataError, Place, Problem

MOST_AREAS = 30
"""Areas of a tier whose gates a page shows."""

_WRITTEN = "written_of_areas"


@dataclass(frozen=True)
class StandardCount:
    """The areas of a tier by their answer to one standard.

    Attributes:
        id: the standard.
        met: how many areas.
        not_met: of those of which it is asked.
        cannot_tell: likewise.
        not_asked: how many it is not asked of.
    """

    id: str
    met: int
    not_met: int
    cannot_tell: int
    not_asked: int


@dataclass(frozen=True)
class AreaShown:
    """An area that matters.

    Attributes:
        seen: what the policy says of it, and why.
        proposals: the kinds that are proposed for it, by the rule that proposes.
        hidden: the estimates whose counts rest on too few households.
    """

    seen: AreaSeen
    proposals: Mapping[str, str]
    hidden: frozenset[str]


@dataclass(frozen=True)
class TierFound:
    """What a sweep said of the areas of a tier.

    Attributes:
        tier: its id.
        areas: how many there are.
        listed: how many are on the list; None where no rule of the tier asks.
        exited: how many have left it.
        standards: the answers, counted.
        shown: the areas that matter most, those warned first, then those proposed for something, then those listed.
        others: how many more of these there are.
        proposed: how many proposals there are for areas of the tier.
        sampled: whether anything is estimated from samples.
        counted: the same counts, as in a sweep's summary.
    """

    tier: str
    areas: int
    listed: int | None
    exited: int | None
    standards: Sequence[StandardCount]
    shown: Sequence[AreaShown]
    others: int
    proposed: int
    sampled: bool
    counted: Mapping[str, Any]


def gates_found(evaluation: Evaluation, sweep: Path, language: str) -> list[TierFound]:
    """What a sweep said of areas, for each tier of which the policy asks something; nothing of a survey.

    Args:
        evaluation: the policy on the snapshot, with the engine.
        sweep: the folder that the sweep wrote.
        language: of the pack's texts.

    Raises:
        DataError: the sweep has no answers of areas, or not those of this policy.
    """
    areas = AreaEvaluation(evaluation, estimating_on(evaluation.day))
    if not areas.plans:
        return []
    areas.add_up()
    return [_tier(areas, plan, sweep, language) for plan in areas.plans]


def _tier(areas: AreaEvaluation, plan: AreaFactsPlan, sweep: Path, language: str) -> TierFound:
    engine, rules = areas.evaluation.engine, areas.evaluate(plan)
    _refuse_others(engine, plan, rules, sweep)
    counted, standings = count_areas(areas.evaluation, rules), _standings(engine, plan)
    proposals = _proposals(engine, plan, sweep)
    chosen, others = _chosen(engine, plan, proposals)
    seen = [explain_area(areas, plan, rules, code, language, what_is_open=False) for code in chosen]
    hidden = _hidden(areas, plan, seen)
    return TierFound(
        tier=plan.tier,
        areas=counted["areas"],
        listed=standings.get("listed"),
        exited=standings.get("exited"),
        standards=[_standard(id, counted) for id in rules.standards],
        shown=[AreaShown(one, proposals.get(one.area, {}), hidden[one.area]) for one in seen],
        others=others,
        proposed=sum(len(kinds) for kinds in proposals.values()),
        sampled=bool(plan.estimates),
        counted=counted,
    )


def _refuse_others(engine: Engine, plan: AreaFactsPlan, rules: RulesPlan, sweep: Path) -> None:
    """Refuse what the sweep wrote of areas if it is not what its policy says of its snapshot."""
    file = sweep / FOLDER / f"{plan.tier}.parquet"
    fix = "Restore the folder from a copy, or sweep again."
    if not file.is_file():
        raise DataError(Problem(f"The sweep has no answers of the tier {plan.tier}.", Place(file=str(file)), fix=fix))
    engine.view(_WRITTEN, file)
    written = engine.arrow(sql.beside({}, sql.table(_WRITTEN)).limit(0, copy=False)).column_names
    wanted = written_of_areas(plan, rules)
    if set(wanted) != set(written):
        what = "The sweep does not belong to this pack and snapshot."
        raise DataError(Problem(what, Place(file=str(file)), "Other questions were asked of its areas.", fix))
    differing = differing_rows(engine, EVALUATED, _WRITTEN, key="area_code", columns=wanted)
    if differing:
        why = differing_in_words(differing, "areas", "area_code")
        raise DataError(Problem("The answers of areas are not those of the sweep.", Place(file=str(file)), why, fix))


# --- counts of areas -------------------------------------------------------------------------------------------------


def _standings(engine: Engine, plan: AreaFactsPlan) -> dict[str, int]:
    """How many areas stand on the list, and how many have left it; nothing where no rule asks for it."""
    if "area_standing" not in plan.meanings or "area_standing" not in plan.columns:
        return {}
    held = {s: how_many(sql.compare("=", sql.column("area_standing"), sql.text(s))) for s in ("listed", "exited")}
    (row,) = engine.rows(sql.select(held, sql.table(EVALUATED)))
    return {name: int(value) for name, value in zip(held, row, strict=True)}


def _standard(id: str, counted: Mapping[str, Any]) -> StandardCount:
    met, unknown, not_asked = (counted[what][id] for what in ("met", "cannot_tell", "not_asked"))
    return StandardCount(id, met, counted["areas"] - met - unknown - not_asked, unknown, not_asked)


# --- which areas matter ----------------------------------------------------------------------------------------------


def _proposals(engine: Engine, plan: AreaFactsPlan, sweep: Path) -> dict[str, dict[str, str]]:
    """By area and rule, what is proposed."""
    file = sweep / "proposals" / file_of_tier(plan.tier)
    if not file.is_file():
        return {}
    engine.view("proposals_of_areas", file)
    names = ("area_code", "rule", "kind")
    found: dict[str, dict[str, str]] = {}
    columns: Iterable[tuple[Any, ...]] = engine.rows(
        sql.select({name: sql.column(name) for name in names}, sql.table("proposals_of_areas"))
    )
    for code, rule, kind in columns:
        found.setdefault(str(code), {})[str(rule)] = str(kind)
    return found


def _chosen(engine: Engine, plan: AreaFactsPlan, proposals: Mapping[str, Mapping[str, str]]) -> tuple[list[str], int]:
    """The codes of the areas to show, and how many more would deserve it."""
    ranks = {code: min(_RANK.get(kind, 1) for kind in kinds.values()) for code, kinds in proposals.items()}
    if "area_standing" in plan.columns:
        listed = [sql.compare("=", sql.column("area_standing"), sql.text("listed"))]
        query = sql.select({"area_code": sql.column("area_code")}, sql.table(EVALUATED), listed)
        ranks = {str(row[0]): _LISTED for row in engine.rows(query)} | ranks
    ordered = sorted(ranks, key=lambda code: (ranks[code], code))
    return ordered[:MOST_AREAS], max(0, len(ordered) - MOST_AREAS)


_RANK, _LISTED = {"warning": 0, "exit": 1, "visit": 2}, 3


# --- small counts ----------------------------------------------------------------------------------------------------


def _hidden(areas: AreaEvaluation, plan: AreaFactsPlan, seen: Sequence[AreaSeen]) -> dict[str, frozenset[str]]:
    """By area, the estimates whose counts rest on too few households, or follow from such."""
    named = {count for estimate in plan.estimates.values() for count in estimate.counts}
    under = {count: below(areas, count) for count in sorted(named)}
    conditions = {
        f"{count}:{number}:{end}": getattr(part, end)
        for count, parts in under.items()
        for number, part in enumerate(parts)
        for end in ("surely", "perhaps")
    }
    behind = count_households(areas, plan.tier, [one.area for one in seen], conditions)
    return {one.area: _hidden_in(one, behind[one.area]) for one in seen}


def _hidden_in(seen: AreaSeen, behind: Mapping[str, int]) -> frozenset[str]:
    estimates = {estimate.id: estimate for standard in seen.standards for estimate in standard.estimates}
    own = {id for id, estimate in estimates.items() if _too_few(estimate, behind)}
    over = {id for id, estimate in estimates.items() if own & set(estimate.extrapolated)}
    return frozenset(own | over)


def _too_few(estimate: EstimateSeen, behind: Mapping[str, int]) -> bool:
    """Whether some count of an estimate rests on too few households; of a share, also those who are left over."""
    households = [_households(count.fact, behind) for count in estimate.counts]
    shown = [_ends(count) for count in estimate.counts]
    if any(small(*(rest_on or ends)) for rest_on, ends in zip(households, shown, strict=True)):
        return True
    if estimate.extrapolated:
        return False
    for found, of in (households[:2], shown[:2]):
        if found and len(found) == len(of):
            return small(*(all_ - some for some, all_ in zip(found, of, strict=True)))
    return False


def _ends(count: Seen) -> list[int]:
    """A count as it is shown, at least and at most; nothing where it is not known."""
    ends = [int(end) for end in (count.value, count.most) if isinstance(end, str) and end]
    return [ends[0], ends[-1]] if ends else []


def _households(count: str, behind: Mapping[str, int]) -> list[int]:
    """How many households a count rests on, at least and at most; nothing where it was asked of the area itself."""
    return [many for name, many in behind.items() if name.split(":", 1)[0] == count]
