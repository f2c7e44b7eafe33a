"""What happens to people in a year? They are born, fall ill, marry, found households, leave and die."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tuopin.simulation.belongings import owners
from tuopin.simulation.calibration import Leaving, at
from tuopin.simulation.codes import (
    CHRONIC,
    DISABLED,
    FEMALE,
    HEALTHY,
    IN_COLLEGE,
    MALE,
    MOVED_CONCENTRATED,
    MOVED_SCATTERED,
    NOT_RELOCATED,
    PLANNED,
    REMOTENESS,
    SERIOUS,
)  # fmt: skip
from tuopin.simulation.draws import Draws
from tuopin.simulation.livelihood import earn, hard_up
from tuopin.simulation.measures import Help, receive, working
from tuopin.simulation.people import COMPULSORY, choose_heads, finish_school, labour, school_stage
from tuopin.simulation.shocks import strike
from tuopin.simulation.state import NOBODY, Flags, Households, Ints, Lookup, Members, Part, Reals
from tuopin.simulation.territory import Territory

EVENTS = ("birth", "death", "marriage", "split", "left", "family_left")
_LAST_AGE = 109


@dataclass
class Events:
    """What happened, in the order in which it happened: the truth's own book of persons."""

    kinds: list[Ints] = field(default_factory=list)
    persons: list[Ints] = field(default_factory=list)
    before: list[Ints] = field(default_factory=list)
    after: list[Ints] = field(default_factory=list)

    def add(self, kind: str, persons: Ints, *, before: Ints | None = None, after: Ints | None = None) -> None:
        """Write down what happened to persons: the household before and after; -1 for none."""
        nowhere = np.full(len(persons), NOBODY)
        self.kinds.append(np.full(len(persons), EVENTS.index(kind)))
        self.persons.append(persons)
        self.before.append(nowhere if before is None else before)
        self.after.append(nowhere if after is None else after)

    def to_arrow(self) -> pa.Table:
        """One row an event: event, person, household before, household after; numbers, -1 for none."""
        columns = (np.concatenate([*each, np.zeros(0, np.int64)]) for each in
                   (self.kinds, self.persons, self.before, self.after))  # fmt: skip
        kinds, persons, before, after = columns
        event = pa.DictionaryArray.from_arrays(pa.array(kinds.astype(np.int8)), list(EVENTS)).cast(pa.string())
        return pa.table({"event": event, "person": persons, "before": before, "after": after})


def live_part(part: Part, territory: Territory, year: int, *, help_: Help) -> tuple[Part, Events]:
    """A part a year later, and what happened in it.

    Args:
        part: the part at the end of the year before; it is not changed.
        territory: where it lies.
        year: the year that is lived.
        help_: what its households receive in it.
    """
    part = Part(part.households.copied(), part.members, part.counters.copied())
    part.households.prior = part.households.net
    events, draws = Events(), Draws(territory.seed, year)
    part = _some_leave(part, territory, year, draws, events)
    part = _some_die(part, territory, year, draws, events)
    part = _some_marry(part, territory, year, draws, events)
    part = _some_split(part, territory, year, draws, events)
    part = _some_are_born(part, territory, year, draws, events)
    part = part.settled()
    choose_heads(part, year)
    part.households.hardship = _in_extreme_hardship(part, year)
    receive(part.households, help_, year, calibration=territory.calibration)
    _fall_ill_and_recover(part, territory, year, draws)
    _go_to_school(part, territory, year, draws)
    _change_homes(part, territory, year, draws)
    part = part.settled()
    earn(part, territory, year)
    return part, events


def _prior_a_head(part: Part) -> Reals:
    """Net income of the year before for each person who is there now, yuan."""
    result: Reals = np.maximum(part.households.prior, 0) / np.maximum(part.sizes, 1)
    return result


# --- Leaving and dying -----------------------------------------------------------------------------------------------


def _some_leave(part: Part, territory: Territory, year: int, draws: Draws, events: Events) -> Part:
    members, leaving = part.members, territory.calibration.leaving
    age, always = members.age(year), Draws(territory.seed)
    stage = school_stage(members, year - 1, calibration=territory.calibration, always=always)
    graduate = (stage == IN_COLLEGE) & (age == 23) & draws.happens(members.number, "stays away", leaving.graduates)
    single = (members.partner == NOBODY) & (age >= 18) & (age < 40) & (members.place >= 4)
    single &= draws.happens(members.number, "leaves alone", leaving.single)
    rich = np.clip(_prior_a_head(part) / 10_000, 0, 3)
    family = draws.happens(part.households.number, "family leaves", leaving.family * rich)
    whole = family[part.rows]
    alone = (graduate | single) & ~whole
    events.add("left", members.number[alone], before=members.household[alone])
    events.add("family_left", members.number[whole], before=members.household[whole])
    return _without(part, alone | whole)


def _some_die(part: Part, territory: Territory, year: int, draws: Draws, events: Events) -> Part:
    members, deaths = part.members, territory.calibration.deaths
    age = members.age(year)
    chance = at(deaths.chance, age) * np.where(members.sex == MALE, deaths.male, 1.0)
    chance *= np.select([members.health == SERIOUS, members.health == DISABLED], [deaths.ill, deaths.disabled], 1.0)
    dies = draws.happens(members.number, "dies", chance) | (age > _LAST_AGE)
    events.add("death", members.number[dies], before=members.household[dies])
    owner = dies & owners(part, territory, "vehicle", year - 1)
    part.households.dead_owner = np.where(part.some(owner), year, part.households.dead_owner)
    return _without(part, dies)


def _without(part: Part, gone: Flags) -> Part:
    """The part without some members; whoever was their partner has none now. Empty households stay until it settles."""
    members = part.members.take(~gone)
    widowed = np.isin(members.partner, part.members.number[gone])
    members.partner = np.where(widowed, NOBODY, members.partner)
    return Part(part.households, members, part.counters)


# --- Marrying, splitting, being born ---------------------------------------------------------------------------------


def _some_marry(part: Part, territory: Territory, year: int, draws: Draws, events: Events) -> Part:
    """Pair single women and men of a county; one of the two moves into the other's household."""
    members, marriages = part.members, territory.calibration.marriages
    age = members.age(year) - np.where(members.sex == MALE, marriages.men_later, 0)
    looks = (members.partner == NOBODY) & (members.age(year) >= 20) & (members.health != SERIOUS)
    looks &= draws.happens(members.number, "looks for a partner", at(marriages.chance, age))
    county = territory.county[part.households.village][part.rows]
    women, men = _pairs(members, looks, county, age, draws)
    apart = members.household[women] != members.household[men]
    women, men = women[apart], men[apart]
    to_wife = draws.happens(members.number[women], "to the wife", marriages.to_the_wife)
    moves, stays = np.where(to_wife, men, women), np.where(to_wife, women, men)
    new = _with_their_children(members, [moves], members.household[stays])
    moved = np.flatnonzero(new != NOBODY)
    events.add("marriage", members.number[moved], before=members.household[moved], after=new[moved])
    members = members.copied()
    members.partner[women], members.partner[men] = members.number[men], members.number[women]
    members.household[moved] = new[moved]
    return _renumbered(Part(part.households, members, part.counters), moved)


def _with_their_children(members: Members, parents: Sequence[Ints], household: Ints) -> Ints:
    """The new household of each member who moves: the persons named and, with them, their single children; else -1."""
    new = np.full(len(members), NOBODY)
    if not len(household):
        return new
    for persons in parents:
        new[persons] = household
    single = members.partner == NOBODY
    for persons in parents:
        for link in (members.mother, members.father):
            parent = Lookup(members.number[persons]).rows(link)
            lives_there = members.household == members.household[persons[parent]]
            follows = (parent != NOBODY) & single & (new == NOBODY) & lives_there
            new = np.where(follows, household[parent], new)
    return new


def _pairs(members: Members, looks: Flags, county: Ints, age: Ints, draws: Draws) -> tuple[Ints, Ints]:
    """Row by row a woman and a man of one county: the k-th woman and the k-th man by age, chance breaking ties."""
    sides = []
    lot = draws.uniform(members.number, "order of looking")
    for sex in (FEMALE, MALE):
        mine = np.flatnonzero(looks & (members.sex == sex))
        mine = mine[np.lexsort((lot[mine], age[mine] // 3, county[mine]))]
        rank = np.arange(len(mine)) - np.searchsorted(county[mine], county[mine])
        sides.append((mine, county[mine] * 10_000_000 + rank))
    (women, women_at), (men, men_at) = sides
    common, first, second = np.intersect1d(women_at, men_at, assume_unique=True, return_indices=True)
    del common
    return women[first], men[second]


def _renumbered(part: Part, moved: Ints) -> Part:
    """Give members who moved the next number of their new household."""
    members = part.members
    most = np.zeros(len(part.households), np.int64)
    rows = part.rows
    stayed = np.ones(len(members), bool)
    stayed[moved] = False
    np.maximum.at(most, rows[stayed], members.no[stayed])
    order = moved[np.lexsort((members.number[moved], rows[moved]))]
    after = np.arange(len(order)) - np.searchsorted(rows[order], rows[order]) + 1
    members.no[order] = most[rows[order]] + after
    return part


def _some_split(part: Part, territory: Territory, year: int, draws: Draws, events: Events) -> Part:
    """Let couples who live in the household of others found one of their own, with their children."""
    choose_heads(part, year)
    members, households, leaving = part.members, part.households, territory.calibration.leaving
    people = Lookup(members.number)
    partner = people.rows(members.partner)
    together = (partner != NOBODY) & (members.household[partner] == members.household)
    heads = households.head[part.rows]
    age = members.age(year)
    guest = together & (members.number != heads) & (members.partner != heads) & (age >= 22) & (age < 55)
    wife = guest & (members.sex == FEMALE) & guest[partner]
    goes = np.flatnonzero(wife & draws.happens(members.number, "splits off", leaving.split))
    one_each = np.unique(part.rows[goes], return_index=True)[1]
    goes = goes[one_each]
    if not len(goes):
        return part
    number = part.counters.households(territory.county[households.village[part.rows[goes]]])
    new = _with_their_children(members, [goes, partner[goes]], number)
    with_them = new != NOBODY
    events.add("split", members.number[with_them], before=members.household[with_them], after=new[with_them])
    old = part.rows[goes]
    gone = np.bincount(part.rows[with_them], minlength=len(households))[old]
    begun = _Begun(number, members.number[partner[goes]], gone / part.sizes[old])
    households = _divided(households, old, begun, year, leaving)
    members = members.copied()
    members.household = np.where(with_them, new, members.household)
    part = Part(households, members, part.counters)
    return _renumbered(part, np.flatnonzero(with_them))


@dataclass(frozen=True)
class _Begun:
    """New households: their numbers, heads, and the share of the old household's persons who went."""

    number: Ints
    head: Ints
    share: Reals


def _divided(households: Households, old: Ints, new_: _Begun, year: int, leaving: Leaving) -> Households:
    """The households and, after them, the new ones, with a share of the land and of the year before."""
    rows = len(old)
    land = np.rint(households.land[old] * leaving.split_land).astype(np.int64)
    prior = np.rint(households.prior[old] * new_.share).astype(np.int64)
    kept = {name: getattr(households, name)[old] for name in ("village", "relocation", "moved", "piped", "grade")}
    new = Households.blank(
        rows, number=new_.number, origin=households.number[old], founded=np.full(rows, year), head=new_.head, land=land,
        prior=prior, first_cause=np.full(rows, NOBODY), dibao=households.dibao[old], **kept,
    )  # fmt: skip
    households = households.copied()
    households.land[old] -= land
    households.prior[old] -= new.prior
    return households.followed_by(new)


def _some_are_born(part: Part, territory: Territory, year: int, draws: Draws, events: Events) -> Part:
    members, births = part.members, territory.calibration.births
    partner = Lookup(members.number).rows(members.partner)
    together = (partner != NOBODY) & (members.household[partner] == members.household)
    at_mother = Lookup(members.number).rows(members.mother)
    children = np.bincount(at_mother[at_mother != NOBODY], minlength=len(members))
    chance = at(births.chance, members.age(year)) * np.array(births.after)[np.minimum(children, 3)]
    mother = (members.sex == FEMALE) & together & (members.age(year) >= 18) & (members.age(year) < 50)
    bears = np.flatnonzero(mother & draws.happens(members.number, "bears", chance))
    number = part.counters.persons(territory.county[part.households.village[part.rows[bears]]])
    month = np.floor(12 * draws.uniform(number, "month of birth")).astype(np.int64)
    sex = np.where(draws.happens(number, "a boy", births.boys), MALE, FEMALE)
    born = Members.blank(
        len(bears), number=number, household=members.household[bears], born=year * 12 + month, sex=sex,
        partner=np.full(len(bears), NOBODY), mother=members.number[bears], father=members.partner[bears],
    )  # fmt: skip
    events.add("birth", number, after=born.household)
    whole = Part(part.households, members.followed_by(born), part.counters)
    return _renumbered(whole, np.arange(len(members), len(members) + len(bears)))


def _in_extreme_hardship(part: Part, year: int) -> Flags:
    """Households of old people without children, as before, and of children without any adult."""
    age = part.members.age(year)
    grown = part.some((age >= 18) & (age < 60))
    adult = part.some(age >= 18)
    result: Flags = (part.households.hardship & ~grown) | ~adult
    return result


# --- Health, school, homes -------------------------------------------------------------------------------------------


def _fall_ill_and_recover(part: Part, territory: Territory, year: int, draws: Draws) -> None:
    members, health = part.members, territory.calibration.health
    age, number, was = members.age(year), members.number, members.health
    hurt = strike(part, territory, year).accident
    disabled = draws.happens(number, "falls disabled", at(health.falls_disabled, age))
    disabled |= hurt & draws.happens(number, "accident disables", health.accident_disables)
    serious = draws.happens(number, "falls seriously ill", at(health.falls_serious, age))
    chronic = draws.happens(number, "falls chronically ill", at(health.falls_chronic, age))
    recovers = draws.happens(number, "recovers", health.recovers)
    members.health = np.select(
        [
            (was == DISABLED) | disabled,
            (was == SERIOUS) & ~recovers,
            (was != SERIOUS) & serious,
            was == SERIOUS,
            (was == HEALTHY) & chronic,
        ],
        [DISABLED, SERIOUS, SERIOUS, CHRONIC, CHRONIC],
        was,
    ).astype(np.int64)


def _go_to_school(part: Part, territory: Territory, year: int, draws: Draws) -> None:
    members, calibration = part.members, territory.calibration
    always, age = Draws(territory.seed), members.age(year)
    finish_school(members, year, calibration=calibration, always=always)
    need = hard_up(_prior_a_head(part), year, calibration)[part.rows]
    remote = territory.remoteness[part.households.village] == REMOTENESS.index("remote")
    chance = calibration.schooling.drops * 2 * need
    chance *= np.where(remote, calibration.schooling.remote_drops, 1.0)[part.rows]
    compulsory = (age >= COMPULSORY[0] + 1) & (age <= COMPULSORY[1])
    drops = compulsory & draws.happens(members.number, "drops out", np.where(age >= 12, chance, chance / 3))
    aided = working(part.households, "education_aid", year, calibration=calibration, always=always).now[part.rows]
    members.dropped = (members.dropped | drops) & ~(aided & compulsory)
    working_age = (age >= 18) & (age < 55)
    able = labour(members, year, stage=np.zeros(len(members), np.int64), always=always) <= 1
    members.skilled |= (
        working_age & able & draws.happens(members.number, "learns a trade", calibration.schooling.learns_trade)
    )


def _change_homes(part: Part, territory: Territory, year: int, draws: Draws) -> None:
    calibration, households = territory.calibration, part.households
    homes, number, always = calibration.homes, households.number, Draws(territory.seed)

    def done(kind: str) -> Flags:
        return working(households, kind, year, calibration=calibration, always=always).begins  # type: ignore[arg-type] # one of Measure

    wears = draws.happens(number, "wears", homes.wears) & (households.moved == 0)
    grade = np.where(wears, np.minimum(households.grade + 1, 3), households.grade)
    rich = np.clip(_prior_a_head(part) / 10_000, 0, 4)
    rebuilds = (grade >= 2) & draws.happens(number, "rebuilds", np.minimum(homes.rebuilds * rich, 1.0))
    works = done("housing_works") & (grade >= 2)
    households.grade = np.where(works | rebuilds, np.where(grade == 3, 0, 1), grade)
    households.works = np.where(works | rebuilds, year, np.where(wears, 0, households.works))
    households.piped = np.where(done("water_works"), year, households.piped)
    _lose_and_regain_homes(part, territory, year)
    _move(part, territory, year, done("relocation"))


def _lose_and_regain_homes(part: Part, territory: Territory, year: int) -> None:
    households = part.households
    lost = strike(part, territory, year).home_lost & (households.moved != year)
    back = (households.displaced > 0) & (year >= households.displaced + territory.calibration.shocks.displaced_years)
    households.displaced = np.where(lost, year, np.where(back, 0, households.displaced))
    households.grade = np.where(lost, 3, np.where(back, 1, households.grade))
    households.works = np.where(back & ~lost, year, households.works)


def _move(part: Part, territory: Territory, year: int, moves: Flags) -> None:
    """Relocate: to a settlement of the township, which is another village, or to a new home in the old one."""
    relocating, households = territory.calibration.relocating, part.households
    always = Draws(territory.seed)
    planned = (households.got_relocation == year) & (households.relocation == NOT_RELOCATED)
    moves = moves & (households.moved == 0)
    together = always.happens(households.number, "moves together", relocating.concentrated)
    households.relocation = np.select(
        [moves & together, moves, planned], [MOVED_CONCENTRATED, MOVED_SCATTERED, PLANNED], households.relocation
    )
    households.moved = np.where(moves, year, households.moved)
    households.grade = np.where(moves, 0, households.grade)
    households.piped = np.where(moves, year, households.piped)
    debt = relocating.debt.drawn(always.uniform(households.number, "relocation debt") ** 2)
    left = np.rint(households.debt * relocating.debt_left).astype(np.int64)
    households.debt = np.where(moves, np.rint(debt).astype(np.int64), left)
    site = territory.settlement_site[households.village]
    households.village = np.where(moves & together, site, households.village)
