"""What does an office know of a household? The truth, as people tell it and enumerators write it down.

Nobody is accused: most of what is wrong here is honest. Households leave out part of an income or name too much of it,
an enumerator counts a whole village too high, a digit slips, a child born in autumn is not listed yet. What nobody
answered is unknown: it is never zero and never "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tuopin.simulation.codes import CAUSES, CAUSES_ASKED, FORM_OF_2013
from tuopin.simulation.draws import Draws, Lots
from tuopin.simulation.facts import INCOMES, Fact, Truth
from tuopin.simulation.state import Flags, Ints, Reals

_AMOUNTS = (*INCOMES, "prior_net_income", "medical_out_of_pocket", "school_costs", "disaster_loss", "relocation_debt")
_LISTED_BY_OFFICES = frozenset(
    ["dibao", "extreme_hardship", "relocation", "keys_received", "settlement", "household_size"]
)
#: What everybody knows who knows where a household lives: nobody need answer it.
_OF_THE_PLACE = frozenset(["settlement"])
_ORDERED = frozenset(["dwelling_grade", "education", "health", "labour", "water_quality"])
_OLD_FORM_ENDS = 2015
_LATER_CODES = {"industry_failure": "funds", "unstable_job": "skills", "accident": "illness", "housing": "other"}


@dataclass(frozen=True)
class Books:
    """What the office has decided of the households of a part until now, and what their true state is under its policy.

    Attributes:
        registered: now on the register (entered or returned).
        exited: left it (exited, monitored or cleared, having ever been in it).
        entered: year of the first entry; 0 for never.
        poor: whether a household is truly poor under the policy; None where nobody worked that out.
    """

    registered: Flags
    exited: Flags
    entered: Ints
    poor: Flags | None


@dataclass(frozen=True)
class Seen:
    """What is seen of a part.

    Attributes:
        households, members, dwellings: facts by id; members only those who are listed.
        listed: which of the true members these are.
    """

    households: dict[str, Fact]
    members: dict[str, Fact]
    dwellings: dict[str, Fact]
    listed: Flags


def see(truth: Truth, books: Books) -> Seen:
    """What an office sees of a part at the end of a year."""
    part, answers = truth.now.part, truth.now.calibration.answers
    number = part.households.number
    households = _with_slips(truth.households, truth, number, "household") | _amounts(truth, books)
    households |= _causes(truth, books) | signatures(truth, books) | _assessment(truth, books)
    dwellings = _with_slips(truth.dwellings, truth, number, "dwelling")
    infant = truth.now.part.members.born > (truth.now.year - 1) * 12 + 11
    missed = infant & truth.now.draws.happens(part.members.number, "not listed yet", answers.newborn_missed)
    alone = part.sizes[part.rows] == 1
    members = _with_slips(truth.members, truth, part.members.number, "member")
    members["birth_month"] = members["birth_month"].hidden(
        truth.now.always.happens(part.members.number, "birth month unknown", answers.unknown["birth_month"])
    )
    return Seen(households, members, dwellings, listed=~missed | alone)


def signatures(truth: Truth, books: Books) -> dict[str, Fact]:
    """What households sign: that they leave the register, and that departments may compare their books."""
    answers, number = truth.now.calibration.answers, truth.now.part.households.number
    chance = np.where(truth.hard_up > 0.5, answers.agrees_hard_up, answers.agrees_to_exit)
    agrees = truth.now.draws.happens(number, "agrees to exit", chance)
    matching = truth.now.always.happens(number, "agrees to matching", answers.agrees_to_matching)
    return {"agrees_to_exit": Fact(agrees, unknown=~books.registered), "agrees_to_matching": Fact(matching)}


def _with_slips(facts: Mapping[str, Fact], truth: Truth, ids: Ints, what: str) -> dict[str, Fact]:
    """Facts with some unknown and a few wrong: a yes for a no, the next grade, a year more."""
    answers = truth.now.calibration.answers
    lots = truth.now.draws.lots(ids, f"slips {what}")
    seen = {}
    for name, fact in facts.items():
        if name in _AMOUNTS or name.endswith("_cause"):
            continue
        wrong = 0.0 if name in _LISTED_BY_OFFICES else answers.wrong
        unknown = lots.next(answers.unknown[what])
        seen[name] = _slipped(name, fact, lots, wrong)
        if name not in _OF_THE_PLACE:
            seen[name] = seen[name].hidden(unknown)
    return seen


def _slipped(name: str, fact: Fact, lots: Lots, wrong: float) -> Fact:
    if not wrong or (fact.codes and name not in _ORDERED) or name == "birth_month":
        return fact
    slips = lots.next(wrong)
    if fact.values.dtype == bool:
        return Fact(fact.values ^ slips, unknown=fact.unknown)
    most = len(fact.codes) - 1 if fact.codes else None
    up = np.where(fact.values == (most if fact.codes else 0), 1 if not fact.codes else -1, 1)
    return Fact(fact.values + np.where(slips, up, 0), fact.codes, unknown=fact.unknown, scale=fact.scale)


# --- Amounts ---------------------------------------------------------------------------------------------------------


def _amounts(truth: Truth, books: Books) -> dict[str, Fact]:
    now, answers = truth.now, truth.now.calibration.answers
    enumerators, number = now.calibration.enumerators, now.part.households.number
    bias = enumerators.bias * now.draws.normal(now.part.households.village, "enumerator")
    told = np.exp(bias + answers.income_noise * now.draws.normal(number, "memory"))
    kept_back = _kept_back(truth, books)
    lots = now.draws.lots(number, "amounts")
    seen = {}
    for name in _AMOUNTS:
        if name not in truth.households:
            continue
        fact = truth.households[name]
        amount = fact.values * told
        if name in ("wage_income", "operating_income", "property_income", "other_transfers"):
            amount = amount * kept_back
        slips = lots.next(enumerators.slip)
        amount = np.where(slips, np.where(now.draws.hashes(number, name) % 2 == 0, amount * 10, amount / 10), amount)
        known = lots.next(answers.unknown["income"])
        seen[name] = Fact(_rounded(amount), unknown=known)
    return seen


def _kept_back(truth: Truth, books: Books) -> Reals:
    """What part of an income is named: less than all by those who hide some, more by those who boast.

    Of registered households some are written up by whoever has to show that help worked: "digital" exits.
    """
    now, answers, enumerators = truth.now, truth.now.calibration.answers, truth.now.calibration.enumerators
    number = now.part.households.number
    hides = now.always.happens(number, "hides", answers.hides * (1 + (answers.hides_hard_up - 1) * truth.hard_up))
    boasts = now.always.happens(number, "boasts", answers.boasts)
    how_much = now.draws.uniform(number, "how much of it")
    hidden = answers.hidden.drawn(how_much)
    boasted = answers.boasted.drawn(how_much)
    up = 1 + enumerators.written_up_by.drawn(how_much)
    written_up = books.registered & now.draws.happens(number, "written up", enumerators.written_up)
    result: Reals = np.where(hides, 1 - hidden, np.where(boasts, 1 + boasted, 1.0)) * np.where(written_up, up, 1.0)
    return result


def _rounded(amount: Reals) -> Ints:
    """Amounts as people name them: tens of yuan, and hundreds from two thousand."""
    step = np.where(np.abs(amount) >= 2000, 100, 10)
    result: Ints = (np.rint(np.clip(amount, -9_000_000, 9_000_000) / step) * step).astype(np.int64)
    return result


# --- Causes, assessment ----------------------------------------------------------------------------------------------


def _causes(truth: Truth, books: Books) -> dict[str, Fact]:
    """Causes as written down: of those on the register, and of some others who are hard up."""
    now, enumerators = truth.now, truth.now.calibration.enumerators
    number = now.part.households.number
    others = (truth.hard_up > 0.5) & now.always.happens(number, "causes recorded", enumerators.cause_recorded)
    recorded = books.registered | books.exited | others
    seen = {}
    for name in CAUSES_ASKED:
        fact = truth.households[name]
        wrong = now.draws.happens(number, f"wrong {name}", enumerators.wrong_cause)
        other = (now.draws.hashes(number, f"other {name}") % np.uint64(len(CAUSES))).astype(np.int64)
        seen[name] = Fact(np.where(wrong, other, fact.values), CAUSES, unknown=fact.unknown).hidden(~recorded)
    seen["registered_cause"] = _old_form(truth, books)
    return seen


def _old_form(truth: Truth, books: Books) -> Fact:
    """The cause on the form of 2013, for those registered in its time. Some were blamed for being poor."""
    now, households = truth.now, truth.now.part.households
    old = [FORM_OF_2013.index(_LATER_CODES.get(cause, cause)) for cause in CAUSES]
    cause = np.array(old)[np.maximum(households.first_cause, 0)]
    blamed = now.always.happens(households.number, "blamed", now.calibration.enumerators.own_drive)
    cause = np.where(blamed, FORM_OF_2013.index("own_drive"), cause)
    asked = (books.entered > 0) & (books.entered <= _OLD_FORM_ENDS) & (households.first_cause >= 0)
    return Fact(cause, FORM_OF_2013, unknown=~asked)


def _assessment(truth: Truth, books: Books) -> dict[str, Fact]:
    """What independent assessors find in a year in which they come; nothing was asked in any other."""
    now, assessors = truth.now, truth.now.calibration.assessors
    if now.year not in assessors.years:
        return {}
    number, size = now.part.households.number, now.part.sizes
    visited = now.draws.happens(now.part.households.village, "village assessed", assessors.villages)
    visited &= now.draws.happens(number, "household assessed", assessors.households)
    left_out = (truth.hard_up > 0.6) & ~books.registered
    approves = np.where(left_out, assessors.approves_left_out, assessors.approves)
    found = {
        "assessed": Fact(visited),
        "approves": Fact(now.draws.happens(number, "approves", approves), unknown=~visited),
    }
    if books.poor is None:
        return found
    judged = np.where(
        books.poor,
        ~now.draws.happens(number, "assessors miss", assessors.misses),
        now.draws.happens(number, "assessors see ghosts", assessors.sees_ghosts),
    )
    wrong = np.where(judged & books.exited & ~books.registered, size, 0)
    missed = np.where(judged & ~books.exited & ~books.registered, size, 0)
    return found | {
        "wrong_exit_persons": Fact(wrong, unknown=~visited | ~books.exited),
        "missed_persons": Fact(
            missed, unknown=~visited
        ),  # registered households are asked too: a card may leave out one of them
    }


def keys(numbers: Ints, seed: int) -> Ints:
    """The keyed hash by which departments know a person."""
    result: Ints = (Draws(seed).hashes(numbers, "person key") >> np.uint64(1)).astype(np.int64)
    return result
