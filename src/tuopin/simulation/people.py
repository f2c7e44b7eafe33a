"""Who can work, who goes to school, who is whose? What follows from a person's age, health and kin in a year."""

from __future__ import annotations

import numpy as np

from tuopin.simulation.calibration import Calibration
from tuopin.simulation.codes import (
    CHILD,
    CHRONIC,
    COLLEGE,
    DISABLED,
    GRANDCHILD,
    HEAD,
    HEALTHY,
    IN_COLLEGE,
    IN_JUNIOR,
    IN_PRIMARY,
    IN_SENIOR,
    IN_VOCATIONAL,
    JUNIOR,
    LOST,
    NO_LABOUR,
    NO_SCHOOL,
    ORDINARY,
    OTHER,
    PARENT,
    PRIMARY,
    SENIOR,
    SERIOUS,
    SIBLING,
    SKILLED,
    SPOUSE,
    WEAK,
)
from tuopin.simulation.draws import Draws
from tuopin.simulation.state import NOBODY, Flags, Ints, Lookup, Members, Part

COMPULSORY = (6, 15)
"""Ages of compulsory school, both included."""
FINISHED_AT = {PRIMARY: 12, JUNIOR: 16, SENIOR: 19, COLLEGE: 23}
"""From which age on somebody has finished a school and is at the next, or at none."""


def unable_to_attend(members: Members, year: int, *, calibration: Calibration, always: Draws) -> Flags:
    """Children whom a disability keeps from school."""
    age = members.age(year)
    kept = always.happens(members.number, "unable to attend", calibration.health.unable)
    result: Flags = (age >= COMPULSORY[0]) & (age <= COMPULSORY[1]) & (members.health == DISABLED) & kept
    return result


def school_stage(members: Members, year: int, *, calibration: Calibration, always: Draws) -> Ints:
    """The school that each person goes to, as in `codes.STAGE`."""
    age, schooling = members.age(year), calibration.schooling
    able = ~members.dropped & ~unable_to_attend(members, year, calibration=calibration, always=always)
    way = always.uniform(members.number, "after junior school")
    senior = (way < schooling.senior) & (members.education >= JUNIOR)
    vocational = ~senior & (way < schooling.senior + schooling.vocational) & (members.education >= JUNIOR)
    college = senior & (way < schooling.college) & (members.education >= SENIOR)
    result: Ints = np.select(
        [
            (age >= COMPULSORY[0]) & (age < FINISHED_AT[PRIMARY]) & able,
            (age >= FINISHED_AT[PRIMARY]) & (age <= COMPULSORY[1]) & able,
            (age >= FINISHED_AT[JUNIOR]) & (age < FINISHED_AT[SENIOR]) & senior,
            (age >= FINISHED_AT[JUNIOR]) & (age < FINISHED_AT[SENIOR]) & vocational,
            (age >= FINISHED_AT[SENIOR]) & (age < FINISHED_AT[COLLEGE]) & college,
        ],
        [IN_PRIMARY, IN_JUNIOR, IN_SENIOR, IN_VOCATIONAL, IN_COLLEGE],
        NO_SCHOOL,
    )
    return result


def finish_school(members: Members, year: int, *, calibration: Calibration, always: Draws) -> None:
    """Let those who have come to the end of a school in this year have finished it."""
    age, schooling = members.age(year), calibration.schooling
    way = always.uniform(members.number, "after junior school")
    goes_on = {SENIOR: way < schooling.senior + schooling.vocational, COLLEGE: way < schooling.college}
    for school, from_age in FINISHED_AT.items():
        in_time = ~members.dropped if school <= JUNIOR else goes_on[school]
        before = (members.education == school - 1) | (school == PRIMARY)
        members.education = np.where((age == from_age) & before & in_time, school, members.education)


def labour(members: Members, year: int, *, stage: Ints, always: Draws) -> Ints:
    """How much each person can work, as in `codes.LABOUR`."""
    age = members.age(year)
    strength = always.uniform(members.number, "strength")
    full = np.where(members.skilled, SKILLED, ORDINARY)
    disabled = np.select([strength < 0.15, strength < 0.5], [full, WEAK], LOST)
    chronic = np.where(strength < 0.7, full, WEAK)
    by_health = np.select(
        [members.health == HEALTHY, members.health == CHRONIC, members.health == SERIOUS],
        [full, chronic, LOST],
        disabled,
    )
    old = np.where(strength < (78 - age) / 13, np.maximum(by_health, WEAK), LOST)
    child = (age < 16) | ((stage != NO_SCHOOL) & (age < 25))
    result: Ints = np.select([child, age >= 75, age >= 62], [NO_LABOUR, NO_LABOUR, old], by_health)
    return result


def relations(part: Part) -> Ints:
    """What each member is to the head of the household, as in `codes.RELATION`; read off partners, mothers, fathers."""
    members = part.members
    heads = part.households.head[part.rows]
    people = Lookup(members.number)
    head_row = people.rows(heads)
    known = head_row != NOBODY

    def of_head(link: Ints) -> Ints:
        """The person that the head's own link names; nobody where it names nobody."""
        return np.where(known, link[head_row], NOBODY)

    partner, mother, father = (of_head(link) for link in (members.partner, members.mother, members.father))

    def among(persons: Ints, *wanted: Ints) -> Flags:
        found = np.zeros(len(persons), bool)
        for each in wanted:
            found |= (persons == each) & (persons != NOBODY)
        return found

    child = among(members.mother, heads, partner) | among(members.father, heads, partner)
    children = members.number[child]
    of_a_child = np.isin(members.mother, children) | np.isin(members.father, children)
    much_younger = members.born >= members.born[np.where(known, head_row, 0)] + 35 * 12
    single = members.partner == NOBODY
    orphan = (members.mother == NOBODY) & (members.father == NOBODY) & single & much_younger
    return np.select(
        [
            members.number == heads,
            among(members.number, partner),
            child,
            among(members.number, mother, father),
            of_a_child | orphan,
            among(members.mother, mother) | among(members.father, father),
        ],
        [HEAD, SPOUSE, CHILD, PARENT, GRANDCHILD, SIBLING],
        OTHER,
    )


def choose_heads(part: Part, year: int) -> None:
    """Give a head to every household whose head is no longer there: the partner's age, a grown-up, the eldest."""
    members, households = part.members, part.households
    present = Lookup(members.number).rows(households.head)
    lives_there = (present != NOBODY) & (members.household[present] == households.number)
    age = members.age(year)
    fitness = np.where((age >= 20) & (age < 70), 1000, 0) + np.where(age >= 18, 500, 0) + age
    fitness = np.where(members.health == DISABLED, fitness - 300, fitness)
    order = np.lexsort((members.no, -fitness, part.rows))
    first = order[np.concatenate([[True], np.diff(part.rows[order]) > 0])] if len(order) else order
    best = np.full(len(households), NOBODY)
    best[part.rows[first]] = members.number[first]
    households.head = np.where(lives_there, households.head, best)
