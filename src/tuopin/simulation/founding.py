"""Who lived in the country when it began? Households of eight kinds, with the ages that such households have."""

from __future__ import annotations

import numpy as np

from tuopin.simulation.calibration import Calibration, Founders, at
from tuopin.simulation.codes import DISABLED, FEMALE, HOUSEHOLD_TYPES, JUNIOR, MALE, REGIONS, SERIOUS
from tuopin.simulation.draws import Draws
from tuopin.simulation.livelihood import causes_of, earn, found_homes
from tuopin.simulation.people import FINISHED_AT
from tuopin.simulation.state import (
    NOBODY,
    Counters,
    Flags,
    Households,
    Ints,
    Members,
    Part,
)
from tuopin.simulation.territory import Territory

_OLD_ALONE, _OLD_COUPLE, _ADULT_ALONE, _COUPLE, _NUCLEAR, _THREE, _LONE_PARENT, _GRAND = range(8)
_CHILDREN = 4
_HEAD, _PARTNER, _FATHER, _MOTHER = range(4)  # the first four places in a household; its children follow


def found_part(territory: Territory, no: int) -> Part:
    """The households of a part in the year of the founding."""
    counties = territory.parts[no]
    bounds = np.searchsorted(territory.county, [counties[0], counties[-1] + 1])
    villages = np.arange(bounds[0], bounds[1])
    sizes = np.diff(territory.first_household[bounds[0] : bounds[1] + 1])
    village = np.repeat(villages, sizes)
    counters = Counters({}, {})
    number = counters.households(territory.county[village])
    part = _peopled(territory, number, village, counters)
    found_homes(part, territory)
    return _with_a_past(part.settled(), territory)


def _peopled(territory: Territory, number: Ints, village: Ints, counters: Counters) -> Part:
    year, founders = territory.calibration.founded, territory.calibration.founders
    always = Draws(territory.seed)
    kind = always.chosen(number, "kind of household", [founders.types[name] for name in HOUSEHOLD_TYPES]).astype(
        np.int64
    )
    ages, here = _ages(always, number, kind, founders)
    rows, places = np.nonzero(here)
    born = (year * 12 + 11) - ages[rows, places] * 12 - _month(always, number, rows, places)
    sexes = _sexes(always, number, territory.calibration)
    persons = counters.persons(territory.county[village[rows]])
    id_at = np.full(here.shape, NOBODY)
    id_at[rows, places] = persons
    partner, mother, father = _kin(id_at, kind, rows, places, head_is_a_man=sexes[:, _HEAD] == MALE)
    members = Members.blank(
        len(rows),
        number=persons,
        household=number[rows],
        no=np.cumsum(here, axis=1)[rows, places],
        born=born,
        sex=sexes[rows, places],
        partner=partner,
        mother=mother,
        father=father,
    )
    _give_health_and_schooling(members, territory)
    old_heads = (kind == _THREE) & always.happens(number, "old head", 0.5) & (id_at[:, _FATHER] != NOBODY)
    households = Households.blank(
        len(number),
        number=number,
        origin=np.full(len(number), NOBODY),
        founded=np.full(len(number), year),
        village=village,
        head=np.where(old_heads, id_at[:, _FATHER], id_at[:, _HEAD]),
        land=_land(territory, number, village),
        first_cause=np.full(len(number), NOBODY),
        hardship=(kind == _OLD_ALONE) & always.happens(number, "childless", founders.childless_old),
    )
    return Part(households, members, counters)


def _ages(always: Draws, number: Ints, kind: Ints, founders: Founders) -> tuple[Ints, Flags]:
    """The age at each of the eight places of a household, and whether somebody is there."""
    age = np.zeros((len(number), 4 + _CHILDREN), np.int64)
    here = np.zeros(age.shape, bool)
    spans = np.array([(60, 90), (60, 84), (24, 60), (22, 60), (24, 60), (24, 52), (28, 56), (50, 76)])
    drawn = always.uniform(number, "head's age")
    drawn = np.where(np.isin(kind, (_OLD_ALONE, _OLD_COUPLE)), drawn**1.6, drawn)
    low, high = spans[kind].T
    age[:, _HEAD] = low + np.floor(drawn * (high - low)).astype(np.int64)
    empty_nest = (kind == _COUPLE) & always.happens(number, "empty nest", 0.7)
    age[empty_nest, _HEAD] = 46 + age[empty_nest, _HEAD] * 14 // 60
    here[:, _HEAD] = True
    apart = np.clip(np.rint(2 * always.normal(number, "partner's age") - 2), -8, 2).astype(np.int64)
    age[:, _PARTNER] = np.maximum(20, age[:, _HEAD] + apart)
    here[:, _PARTNER] = np.isin(kind, (_OLD_COUPLE, _COUPLE, _NUCLEAR, _THREE)) | (
        (kind == _GRAND) & always.happens(number, "grandparents are two", 0.7)
    )
    _grandparents(always, number, kind, age, here)
    _children(always, number, kind, founders, age, here)
    return age, here


def _grandparents(always: Draws, number: Ints, kind: Ints, age: Ints, here: Flags) -> None:
    three = kind == _THREE
    for place, years in ((_FATHER, 26), (_MOTHER, 24)):
        drawn = np.clip(always.normal(number, f"age of a parent {place}"), -2.2, 3)
        age[:, place] = np.minimum(age[:, _HEAD] + years + np.rint(3 * drawn).astype(int), 98)
        alive = always.uniform(number, f"parent {place} lives") > (age[:, place] - 55) / 45
        here[:, place] = three & alive
    here[three & ~here[:, _FATHER] & ~here[:, _MOTHER], _MOTHER] = True


def _children(always: Draws, number: Ints, kind: Ints, founders: Founders, age: Ints, here: Flags) -> None:
    """Children as old as their mother's births make them; the grown up leave one by one."""
    parents = np.isin(kind, (_NUCLEAR, _THREE, _LONE_PARENT))
    count = 1 + always.chosen(number, "children", founders.children).astype(np.int64)
    mother = np.where(here[:, _PARTNER], age[:, _PARTNER], age[:, _HEAD])
    birth = founders.first_birth + founders.first_birth_spread * always.normal(number, "first birth")
    birth = np.maximum(birth, 19.0)
    for child in range(_CHILDREN):
        place = 4 + child
        years = np.floor(mother - birth).astype(np.int64)
        stays = always.uniform(number, f"child {child} stays") < np.clip((32 - years) / 12, 0.04, 1)
        there = parents & (child < count) & (years >= 0) & stays
        if child == 0:  # who is said to live with children has at least one
            years = np.where(parents & (years < 0), 0, years)
            years = np.where(parents & (years > 30), 30, years)
            there = parents
        age[:, place], here[:, place] = np.maximum(years, 0), there
        birth = birth + founders.spacing.drawn(always.uniform(number, f"spacing {child}"))
    grand = kind == _GRAND
    for child in range(2):
        years = np.floor(16 * always.uniform(number, f"grandchild {child}")).astype(np.int64)
        age[grand, 4 + child] = years[grand]
        here[grand, 4 + child] = (child == 0) | always.happens(number, "second grandchild", 0.45)[grand]


def _sexes(always: Draws, number: Ints, calibration: Calibration) -> Ints:
    """The sex at each place; partners differ, and children are what chance makes them."""
    founders, boys = calibration.founders, calibration.births.boys
    sex = np.zeros((len(number), 4 + _CHILDREN), np.int64)
    sex[:, _HEAD] = np.where(always.happens(number, "head is a man", founders.men_head), MALE, FEMALE)
    sex[:, _PARTNER] = 1 - sex[:, _HEAD]
    sex[:, _FATHER], sex[:, _MOTHER] = MALE, FEMALE
    for child in range(_CHILDREN):
        sex[:, 4 + child] = np.where(always.happens(number, f"sex of child {child}", boys), MALE, FEMALE)
    return sex


def _month(always: Draws, number: Ints, rows: Ints, places: Ints) -> Ints:
    drawn = always.uniform(number[rows] * 16 + places, "month of birth")
    return np.floor(12 * drawn).astype(np.int64)


def _kin(id_at: Ints, kind: Ints, rows: Ints, places: Ints, *, head_is_a_man: Flags) -> tuple[Ints, Ints, Ints]:
    """Partner, mother and father of everybody, by the place in the household."""
    beside = np.array([_PARTNER, _HEAD, _MOTHER, _FATHER])
    partner = np.where(places < 4, id_at[rows, beside[np.minimum(places, 3)]], NOBODY)
    child = (places >= 4) & (kind[rows] != _GRAND)
    man, woman = np.where(head_is_a_man, _HEAD, _PARTNER)[rows], np.where(head_is_a_man, _PARTNER, _HEAD)[rows]
    head = places == _HEAD
    mother = np.select([child, head], [id_at[rows, woman], id_at[rows, _MOTHER]], NOBODY)
    father = np.select([child, head], [id_at[rows, man], id_at[rows, _FATHER]], NOBODY)
    return partner, mother, father


def _land(territory: Territory, number: Ints, village: Ints) -> Ints:
    farming = territory.calibration.farming
    middle = np.array([territory.calibration.regions[region].land for region in REGIONS])
    mu = middle[territory.region[territory.county[village]]]
    mu = mu * np.exp(farming.land_spread * Draws(territory.seed).normal(number, "land"))
    result: Ints = np.where(territory.town[village], 0.2, 1.0) * mu * 10
    return np.rint(result).astype(np.int64)


def _give_health_and_schooling(members: Members, territory: Territory) -> None:
    calibration, always = territory.calibration, Draws(territory.seed)
    age = members.age(calibration.founded)
    health = calibration.health
    chances = np.cumsum([at(health.disabled, age), at(health.serious, age), at(health.chronic, age)], axis=0)
    drawn = always.uniform(members.number, "health at the founding")
    members.health = np.select([drawn < chance for chance in chances], [DISABLED, SERIOUS, 1], 0).astype(np.int64)
    members.education = finished_school(members, territory)
    members.skilled = (age >= 16) & always.happens(members.number, "has a trade", calibration.schooling.trade)


def finished_school(members: Members, territory: Territory) -> Ints:
    """What each person finished by the founding, by year of birth."""
    calibration, always = territory.calibration, Draws(territory.seed)
    cohorts = sorted(calibration.schooling.finished)
    cohort = np.clip(np.searchsorted(cohorts, members.born // 12, side="right") - 1, 0, len(cohorts) - 1)
    drawn = always.uniform(members.number, "schooling")
    edges = np.cumsum([calibration.schooling.finished[year] for year in cohorts], axis=1)
    reached = (drawn[:, None] >= edges[cohort][:, :-1]).sum(axis=1)
    age = members.age(calibration.founded)
    most = np.sum([age >= from_age for from_age in FINISHED_AT.values()], axis=0)
    result: Ints = np.where(age < FINISHED_AT[JUNIOR], most, np.minimum(reached, most))
    return result


def _with_a_past(part: Part, territory: Territory) -> Part:
    """Let the year before the founding happen, so that there is a year before, and then the year itself."""
    year = territory.calibration.founded
    earn(part, territory, year - 1)
    part.households.prior = part.households.net
    earn(part, territory, year)
    part.households.first_cause = causes_of(part, territory, year)[:, 0]
    return part
