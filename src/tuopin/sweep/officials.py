"""What do the stand-ins of an invented country decide on a sweep's proposals? Slowly, not all, and not always right.

They write decisions in the schema in which people write them. A visit sees what is there, with an honest error now and
then; whatever else a stand-in knows is what the sweep proposed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.policy import Pack
from tuopin.policy.dated import in_force
from tuopin.simulation.draws import Draws
from tuopin.simulation.ids import household_numbers
from tuopin.sweep.campaign_file import Officials
from tuopin.sweep.judgement import Judged
from tuopin.tables.schema import DECIDED

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DECISIONS = pa.schema(
    [("household_id", pa.string()), ("decision", pa.string()), ("decided_on", pa.date32()), ("known_at", pa.date32())]
)
#: Of several decisions on one household in a year, the first in this order is taken.
_FIRST = ("return", "entry", "exit", "monitoring", "clearing", "refusal")


@dataclass(frozen=True)
class _Wish:
    """Households for whom one decision is wanted; not yet one decision a household."""

    numbers: Ints
    ids: pa.Array
    decision: str


def decisions_on(
    proposals: pa.Table, *, pack: Pack, judged: Judged, officials: Officials, seed: int, year: int
) -> pa.Table:
    """The decisions that fall in the year after a sweep, in the columns of DECISIONS.

    Args:
        proposals: of the sweep; those for areas and those of intake are left to others.
        pack: the policy that proposed.
        judged: what visitors find.
        officials: how well they work.
        seed: of their luck.
        year: of the sweep; decisions fall in the next one.
    """
    draws = Draws(seed, year + 1)
    wishes = [*_on_proposals(proposals, pack, judged, officials, draws)]
    if year <= officials.favoured_until:
        wishes.append(_favours(judged, officials, draws))
    lawful = [_while_in_force(wish, pack, officials, draws, year + 1) for wish in wishes]
    decided = _one_a_household(lawful)
    days = pa.array(_days(household_numbers(decided["household_id"]), officials, draws, year + 1)).cast(pa.date32())
    return decided.append_column("decided_on", days).append_column("known_at", days).cast(DECISIONS)


def _on_proposals(
    proposals: pa.Table, pack: Pack, judged: Judged, officials: Officials, draws: Draws
) -> Iterator[_Wish]:
    """Each kind of proposal of each rule, in turn."""
    households = proposals.filter(pc.is_valid(proposals["household_id"]))
    pairs = households.group_by(["kind", "rule"]).aggregate([]).sort_by([("kind", "ascending"), ("rule", "ascending")])
    standards = dict(pack.standards())
    for pair in pairs.to_pylist():
        kind, rule = pair["kind"], pair["rule"]
        of_rule = pc.and_(pc.equal(households["kind"], kind), pc.equal(households["rule"], rule))
        ids = households.filter(of_rule)["household_id"].combine_chunks()
        numbers = household_numbers(ids)
        heeded = ~draws.happens(numbers, f"{kind} of {rule} overlooked", officials.overlooked)
        if kind in DECIDED:
            slips = draws.happens(numbers, f"{kind} of {rule} slips", officials.slips)
            yield _wish(ids, numbers, heeded & ~slips, kind)
            if kind == "entry":
                yield _wish(ids, numbers, heeded & slips, "refusal")
        elif kind in ("visit", "alert") and rule in standards:
            made = heeded & draws.happens(numbers, f"{kind} of {rule} made", officials.visits_made)
            asked = _asked_at_the_door(pack, rule)
            for standard, decision in asked.items():
                found = _found(judged, standard, numbers)
                errs = draws.happens(numbers, f"{standard} seen wrong", officials.sees_wrong)
                yield _wish(ids, numbers, made & (found != errs), decision)


def _asked_at_the_door(pack: Pack, rule: str) -> Mapping[str, str]:
    """What a visitor settles, and which decision follows where it holds: the rule's matter; of an alert, the watch."""
    standards = dict(pack.standards())
    proposes = standards[rule].proposes
    if proposes in DECIDED:
        return {rule: str(proposes)}
    return {id: "monitoring" for id, standard in standards.items() if standard.proposes == "monitoring"}


def _found(judged: Judged, standard: str, numbers: Ints) -> Flags:
    """Whether a standard truly holds of each household; not of one that is no more."""
    if standard not in judged.rows.column_names:
        return np.zeros(len(numbers), bool)
    known, holds = judged.numbers(), judged.flags(standard)
    order = np.argsort(known)
    place = np.searchsorted(known, numbers, sorter=order)
    place = order[np.minimum(place, len(known) - 1)]
    found: Flags = holds[place] & (known[place] == numbers)
    return found


def _favours(judged: Judged, officials: Officials, draws: Draws) -> _Wish:
    """Households of captured villages that come in because a few wanted it so."""
    villages = judged.rows["area_code"].combine_chunks().dictionary_encode()
    marks = np.array([zlib.crc32(code.encode()) for code in villages.dictionary.to_pylist()], dtype=np.int64)
    captured = Draws(draws.seed).happens(marks, "village captured", officials.captured)
    numbers = judged.numbers()
    favoured = captured[villages.indices.to_numpy()] & draws.happens(numbers, "favoured", officials.favoured)
    outside = judged.texts("standing") == "none"
    return _wish(judged.rows["household_id"].combine_chunks(), numbers, favoured & outside, "entry")


def _wish(ids: pa.Array, numbers: Ints, chosen: Flags, decision: str) -> _Wish:
    return _Wish(numbers[chosen], ids.filter(pa.array(chosen)), decision)


def _one_a_household(wishes: list[_Wish]) -> pa.Table:
    """The first wish of each household, by the order in which decisions go before each other."""
    ranked = sorted(wishes, key=lambda wish: _FIRST.index(wish.decision))
    numbers = np.concatenate([wish.numbers for wish in ranked]) if ranked else np.zeros(0, np.int64)
    ids = pa.concat_arrays([wish.ids for wish in ranked]) if ranked else pa.array([], pa.string())
    decisions = np.repeat([wish.decision for wish in ranked], [len(wish.numbers) for wish in ranked])
    _, first = np.unique(numbers, return_index=True)
    chosen = pa.array(first)
    return pa.table({"household_id": ids.take(chosen), "decision": pa.array(decisions[first].tolist(), pa.string())})


def _while_in_force(wish: _Wish, pack: Pack, officials: Officials, draws: Draws, year: int) -> _Wish:
    """Of what is wanted, what the policy of the day of the decision still knows: a register that is closed stays so."""
    standards = [
        s for _, s in pack.standards() if s.proposes == ("entry" if wish.decision == "refusal" else wish.decision)
    ]
    days = _days(wish.numbers, officials, draws, year)
    held = {day: any(in_force(s.editions, day).anything for s in standards) for day in set(days.tolist())}
    return _wish(wish.ids, wish.numbers, np.array([held[day] for day in days.tolist()], dtype=bool), wish.decision)


def _days(numbers: Ints, officials: Officials, draws: Draws, year: int) -> npt.NDArray[np.datetime64]:
    """The day on which each household is decided on, within the months in which decisions fall."""
    months = officials.last_month - officials.first_month + 1
    month = officials.first_month + (draws.uniform(numbers, "month of the decision") * months).astype(np.int64)
    day = 1 + (draws.uniform(numbers, "day of the decision") * 28).astype(np.int64)
    first = np.datetime64(f"{year}-01-01", "M") + (month - 1).astype("timedelta64[M]")
    days: npt.NDArray[np.datetime64] = first.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    return days
