"""What does a household live on in a year? Work for pay, land, business, transfers, the safety net; what does it cost?

Everything here is the truth. What anybody writes down of it is another room's matter (`observation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuopin.simulation.calibration import Calibration, at
from tuopin.simulation.codes import (
    CHRONIC,
    DISABLED,
    FEMALE,
    IN_COLLEGE,
    IN_SENIOR,
    IN_VOCATIONAL,
    NO_SCHOOL,
    ORDINARY,
    PRIMARY,
    REGIONS,
    REMOTENESS,
    SERIOUS,
    SKILLED,
    WEAK,
)
from tuopin.simulation.draws import Draws
from tuopin.simulation.measures import Working, working
from tuopin.simulation.people import labour, school_stage
from tuopin.simulation.shocks import Struck, strike
from tuopin.simulation.state import Flags, Ints, Part, Reals
from tuopin.simulation.territory import Territory

_MOST = 5_000_000  # yuan; no true income of a year is larger


@dataclass(frozen=True)
class Year:
    """A part in a year, and the words that every paragraph of its livelihood needs."""

    part: Part
    territory: Territory
    year: int
    struck: Struck
    stage: Ints
    labour: Ints

    @property
    def calibration(self) -> Calibration:
        """Of the country."""
        return self.territory.calibration

    @property
    def since(self) -> int:
        """Years since the founding."""
        return self.year - self.calibration.founded

    @property
    def always(self) -> Draws:
        """Draws that last a lifetime."""
        return Draws(self.territory.seed)

    @property
    def draws(self) -> Draws:
        """Draws of this year."""
        return Draws(self.territory.seed, self.year)

    @property
    def region(self) -> Ints:
        """The region of each household, as in `codes.REGIONS`."""
        result: Ints = self.territory.region[self.territory.county[self.part.households.village]]
        return result

    @property
    def remoteness(self) -> Ints:
        """The remoteness of each household's village."""
        result: Ints = self.territory.remoteness[self.part.households.village]
        return result

    @property
    def talent(self) -> Reals:
        """What each household makes of its chances, in logarithms; its mean effect is none."""
        spread = self.calibration.talent.household
        result: Reals = spread * self.always.normal(self.part.households.number, "talent") - spread**2 / 2
        return result

    @property
    def level(self) -> Reals:
        """The level of market income of each household's village, in logarithms."""
        result: Reals = self.territory.level[self.part.households.village]
        return result

    @property
    def able(self) -> Flags:
        """Members who can work, if only a little."""
        result: Flags = self.labour <= WEAK
        return result

    def measure(self, kind: str) -> Working:
        """What a measure does this year."""
        return working(self.part.households, kind, self.year, calibration=self.calibration, always=self.always)  # type: ignore[arg-type] # one of Measure


def year_of(part: Part, territory: Territory, year: int) -> Year:
    """A part, seen in a year, with what strikes it."""
    always = Draws(territory.seed)
    stage = school_stage(part.members, year, calibration=territory.calibration, always=always)
    able = labour(part.members, year, stage=stage, always=always)
    return Year(part, territory, year, strike(part, territory, year), stage, able)


def earn(part: Part, territory: Territory, year: int) -> None:
    """Let a year's livelihood happen: incomes by source, own costs and shocks of every household are set."""
    now = year_of(part, territory, year)
    part.households.accident = part.some(now.struck.accident)
    part.households.disaster_hit = now.struck.disaster
    _work(now)
    _farm(now)
    _receive(now)
    _be_caught_by_the_floor(now)
    _pay_for_care(now)
    _pay_for_school(now)


def hard_up(income: Reals, year: int, calibration: Calibration) -> Reals:
    """How hard up a household feels at an income a head, from 0 to 1."""
    floor = calibration.floor
    felt = floor.felt * floor.prices.index(year - calibration.founded)
    result: Reals = 1 / (1 + np.exp(np.log(np.maximum(income, 50) / felt) / floor.felt_spread))
    return result


def income_a_head(part: Part) -> Reals:
    """Net income of the last twelve months for each person of a household, yuan."""
    result: Reals = part.households.net / np.maximum(part.sizes, 1)
    return result


# --- Work ------------------------------------------------------------------------------------------------------------


def _work(now: Year) -> None:
    part, calibration, members = now.part, now.calibration, now.part.members
    wages, age = calibration.wages, members.age(now.year)
    weak = now.labour == WEAK
    chance = at(wages.works, age) * np.where(members.sex == FEMALE, wages.women, 1.0) * np.where(weak, 0.5, 1.0)
    chance *= np.array([wages.remote[name] for name in REMOTENESS])[now.remoteness[part.rows]]
    chance *= np.array([wages.region[name] for name in REGIONS])[now.region[part.rows]]
    works = now.able & now.always.happens(members.number, "works", chance * wages.work_growth.index(now.since))
    place = _work_places(now)
    far = place >= 3
    months = np.where(far, wages.months_far.drawn(now.draws.uniform(members.number, "months")), 0.0)
    months += np.where(far, 0.0, wages.months_near.drawn(now.draws.uniform(members.number, "months")))
    if now.struck.pandemic:
        months -= np.where(far, calibration.shocks.pandemic_months.drawn(now.draws.uniform(members.number, "stuck")), 0)
    lost = works & now.struck.job
    left = calibration.shocks.pay_left.drawn(now.draws.uniform(members.number, "pay left"))
    months = np.clip(months * np.where(lost, left, 1.0), 0, 12)
    pay = np.array([0.0, *wages.monthly])[place] * np.array([0.0, *wages.brought_home])[place]
    wage = pay * months * _level_of_pay(now, place)
    wage = np.where(works, wage, 0.0)
    wage = _helped_to_work(now, works, wage)
    earns = wage > 0
    members.wage = _whole(wage)
    members.place = np.where(earns, np.where(works, place, 1), 0)
    members.months = np.where(earns & (members.place > 1), np.rint(months).astype(np.int64), 0)
    part.households.wage = part.total(members.wage)
    part.households.job_lost = part.some(lost)


def _work_places(now: Year) -> Ints:
    """Where each member would find work, as in `codes.PLACE`."""
    place = np.zeros(len(now.part.members), np.int64)
    region = now.region[now.part.rows]
    for index, name in enumerate(REGIONS):
        mine = np.flatnonzero(region == index)
        shares = now.calibration.wages.places[name]
        place[mine] = 1 + now.always.chosen(now.part.members.number[mine], "place of work", shares)
    return place


def _level_of_pay(now: Year, place: Ints) -> Reals:
    members, wages, talent = now.part.members, now.calibration.wages, now.calibration.talent
    lasting = talent.person * now.always.normal(members.number, "talent") - talent.person**2 / 2
    passing = talent.pay * now.draws.normal(members.number, "pay") - talent.pay**2 / 2
    at_home = np.array([0.0, *wages.village_level])[place]
    level = at_home * now.level[now.part.rows]
    own = np.array(wages.education)[members.education] * np.where(now.labour == SKILLED, wages.skilled, 1.0)
    own *= np.where(members.sex == FEMALE, wages.women_pay, 1.0) * np.where(now.labour == WEAK, wages.weak, 1.0)
    result: Reals = own * np.exp(level + now.talent[now.part.rows] + lasting + passing) * wages.growth.index(now.since)
    return result


def _helped_to_work(now: Year, works: Flags, wage: Reals) -> Reals:
    """Wages with jobs and posts found for those who had none, and trades learnt by those who work."""
    rows, members = now.part.rows, now.part.members
    taught = now.measure("training")
    wage = wage * np.where(works & taught.now[rows], 1 + taught.amount[rows], 1.0)
    learns = taught.begins[rows] & (now.labour == ORDINARY)
    members.skilled = members.skilled | _first_of_each(learns, rows)
    idle = now.able & ~works & (members.age(now.year) >= 16)
    for kind, can in (("job", idle & (now.labour < WEAK)), ("public_post", idle)):
        found = now.measure(kind)
        takes = _first_of_each(can & found.now[rows] & (wage == 0), rows)
        wage = np.where(takes, found.amount[rows], wage)
    return wage


def _first_of_each(flags: Flags, rows: Ints) -> Flags:
    """Of the members flagged the first of each household."""
    chosen = np.flatnonzero(flags)
    first = chosen[np.concatenate([[True], np.diff(rows[chosen]) > 0])] if len(chosen) else chosen
    result = np.zeros(len(flags), bool)
    result[first] = True
    return result


# --- Land and business -----------------------------------------------------------------------------------------------


def _farm(now: Year) -> None:
    farming, households = now.calibration.farming, now.part.households
    hands = hands_at_home(now)
    land = households.land / 10 * np.where(households.moved > 0, _farm_left(now), 1.0)
    gross = land * farming.gross_a_mu * np.array(farming.hands)[np.minimum(hands, 3)] + farming.beasts * hands
    runs = has_business(now, hands)
    business = farming.business_gross.drawn(now.always.uniform(households.number, "business gross"))
    failed = runs & now.struck.business
    gross = gross + np.where(runs & ~failed, business, 0.0)
    harvest = now.calibration.talent.harvest
    passing = harvest * now.draws.normal(households.number, "harvest") - harvest**2 / 2
    level = now.level + now.talent + passing
    gross = gross * np.exp(level) * farming.growth.index(now.since)
    costs = gross * farming.costs.drawn(now.always.uniform(households.number, "cost share"))
    sold = gross * now.struck.prices
    helped, failures = _helped_to_produce(now, hands)
    households.loss = _whole(sold * now.struck.lost)
    households.operating = _whole(sold * (1 - now.struck.lost) + 1.6 * helped)
    households.costs = _whole(costs + 0.6 * helped)  # a measure's effect is what is left after its costs
    households.project_failed = failed | failures
    let = (hands == 0) & now.always.happens(households.number, "finds a tenant", farming.rented)
    households.from_property = _whole(np.where(let, land * farming.rent, 0) + _property(now))


def hands_at_home(now: Year) -> Ints:
    """Members who can work and are not away at work in another province; two who are weak count as one."""
    here = now.able & (now.part.members.place < 4)
    strength = now.part.total(here) + now.part.total(here & (now.labour < WEAK))
    result: Ints = strength // 2
    return result


def has_business(now: Year, hands: Ints) -> Flags:
    """Households with a business of their own."""
    share = np.array([now.calibration.farming.business[name] for name in REGIONS])[now.region]
    runs = now.always.happens(now.part.households.number, "business", share)
    result: Flags = runs & (hands > 0)
    return result


def _farm_left(now: Year) -> Reals:
    left = now.always.uniform(now.part.households.number, "farm left")
    return now.calibration.relocating.farm_left.drawn(left)


def _helped_to_produce(now: Year, hands: Ints) -> tuple[Reals, Flags]:
    """What industry and loans bring in the year after costs, and whose project has failed."""
    gain, failed = np.zeros(len(hands)), np.zeros(len(hands), bool)
    for kind in ("industry", "micro_loan"):
        found = now.measure(kind)
        can = hands > 0 if kind == "micro_loan" else np.full(len(hands), fill_value=True)
        lives = found.now & can & ~(now.struck.business & found.now)
        gain += np.where(lives, found.amount * now.struck.prices * (1 - now.struck.lost), 0.0)
        failed |= (found.failed | (found.now & now.struck.business)) & can
    return gain, failed


def _property(now: Year) -> Reals:
    transfers, number = now.calibration.transfers, now.part.households.number
    has = now.always.happens(number, "property", transfers.property)
    yuan = transfers.property_yuan.drawn(now.always.uniform(number, "property yuan") ** 2)
    result: Reals = np.where(has, yuan * np.exp(now.level + now.talent), 0.0) * transfers.growth.index(now.since)
    return result


# --- Transfers -------------------------------------------------------------------------------------------------------


def _receive(now: Year) -> None:
    part, transfers, households = now.part, now.calibration.transfers, now.part.households
    grown, number = transfers.growth.index(now.since), households.number
    households.pension = part.total(_pensions(now))
    no_hands = ~part.some(now.able)
    chance = np.where(no_hands, transfers.kin_old, transfers.kin)
    sends = now.always.happens(number, "kin sends", chance)
    kin = transfers.kin_yuan.drawn(now.always.uniform(number, "kin yuan") ** 3) * np.exp(now.level + now.talent / 2)
    kin *= 0.7 + 0.6 * now.draws.uniform(number, "kin this year")
    households.other = _whole((np.where(sends, kin, 0) + households.land / 10 * transfers.subsidy_a_mu) * grown)
    remote = now.remoteness == REMOTENESS.index("remote")
    forest = remote & now.always.happens(number, "forest", transfers.forest)
    yuan = transfers.forest_yuan.drawn(now.always.uniform(number, "forest yuan"))
    households.ecological = _whole(np.where(forest, yuan * grown, 0))
    shared = transfers.asset.share(now.year - transfers.asset_from) if now.year >= transfers.asset_from else 0.0
    asset = no_hands & now.territory.listed_village[households.village] & now.always.happens(number, "assets", shared)
    yuan = transfers.asset_yuan.drawn(now.always.uniform(number, "asset yuan"))
    households.asset = _whole(np.where(asset, yuan, 0))


def _pensions(now: Year) -> Ints:
    members, transfers = now.part.members, now.calibration.transfers
    draws_one = has_pension(now)
    drawn = now.always.uniform(members.number, "pension yuan")
    formal = now.always.happens(members.number, "formal pension", transfers.formal)
    yuan = np.where(formal, transfers.formal_yuan.drawn(drawn), transfers.pension.drawn(drawn**2))
    yuan *= np.exp(transfers.pension_level * now.level[now.part.rows]) * transfers.pension_growth.index(now.since)
    return _whole(np.where(draws_one, yuan, 0))


def has_pension(now: Year) -> Flags:
    """Members who draw the pension of old residents."""
    members = now.part.members
    covered = now.always.happens(members.number, "pension", now.calibration.transfers.pension_covers.share(now.since))
    result: Flags = (members.age(now.year) >= 60) & covered
    return result


# --- The floor -------------------------------------------------------------------------------------------------------


def _be_caught_by_the_floor(now: Year) -> None:
    """Give, keep or end the subsistence allowance, as a civil-affairs office does that sees incomes only dimly."""
    part, floor, households = now.part, now.calibration.floor, now.part.households
    households.dibao_income = np.zeros(len(households), np.int64)
    households.hardship_income = np.zeros(len(households), np.int64)
    seen = income_a_head(part) * np.exp(floor.noise * now.draws.normal(households.number, "seen by the office"))
    need = hard_up(np.maximum(seen, 0), now.year, now.calibration)
    if now.since < 0:
        receives = now.draws.happens(households.number, "at founding", floor.at_founding * need)
    else:
        leaves = now.draws.happens(households.number, "leaves dibao", floor.leaves * (1 - need))
        enters = now.draws.happens(households.number, "enters dibao", floor.enters * need**2)
        receives = (households.dibao & ~leaves) | enters
    helped = now.measure("dibao")
    households.dibao = (receives | helped.now) & ~households.hardship
    grown = floor.growth.index(now.since)
    a_head = floor.top_up.drawn(now.always.uniform(households.number, "top-up")) * grown
    a_head *= np.exp(floor.level * now.level)
    a_head = np.where(helped.now, np.maximum(a_head, helped.amount * grown), a_head)
    households.dibao_income = _whole(np.where(households.dibao, a_head * part.sizes, 0))
    support = floor.hardship.drawn(now.always.uniform(households.number, "hardship support")) * grown
    households.hardship_income = _whole(np.where(households.hardship, support * part.sizes, 0))


# --- What it costs ---------------------------------------------------------------------------------------------------


def insured(now: Year) -> Flags:
    """Members in the basic medical insurance. Households join it as one; here and there somebody was forgotten."""
    medical, part = now.calibration.medical, now.part
    joined = now.always.happens(part.households.number, "insured", medical.insured.share(now.since))
    joined |= now.measure("insurance_subsidy").now
    result: Flags = joined[part.rows] & ~now.always.happens(part.members.number, "forgotten", medical.forgotten)
    return result


def catastrophic_insured(now: Year) -> Flags:
    """Members of these who are covered against catastrophic illness too: all of them, once their county pays for it."""
    village = now.part.households.village
    share = now.calibration.medical.catastrophic.share(now.since)
    pays = now.always.happens(now.territory.county[village], "catastrophic insurance", share)
    result: Flags = insured(now) & pays[now.part.rows]
    return result


def _pay_for_care(now: Year) -> None:
    part, medical, members = now.part, now.calibration.medical, now.part.members
    number = members.number
    bill = medical.everyday.drawn(now.draws.uniform(number, "everyday care"))
    bill += np.where(members.health == CHRONIC, medical.chronic.drawn(now.draws.uniform(number, "chronic care")), 0)
    serious = medical.serious.drawn(now.draws.uniform(number, "serious care") ** 2)
    bill += np.where(members.health == SERIOUS, serious, 0)
    hurt = medical.accident.drawn(now.draws.uniform(number, "care after accident") ** 2)
    bill += np.where(now.struck.accident, hurt, 0)
    bill *= medical.growth.index(now.since)
    own = bill * (1 - np.where(insured(now), medical.paid_back.share(now.since), 0.0))
    large = np.maximum(own - medical.catastrophic_from, 0)
    own -= np.where(catastrophic_insured(now), large * medical.catastrophic_pays, 0)
    aided = now.measure("medical_aid")
    own *= np.where(aided.now, 1 - aided.amount, 1.0)[part.rows]
    part.households.out_of_pocket = part.total(_whole(own))


def _pay_for_school(now: Year) -> None:
    costs, members = now.calibration.schooling.costs, now.part.members
    own = np.zeros(len(members))
    drawn = now.draws.uniform(members.number, "school costs")
    for stages, name in (((IN_SENIOR,), "senior"), ((IN_VOCATIONAL,), "vocational"), ((IN_COLLEGE,), "college")):
        own += np.where(np.isin(now.stage, stages), costs[name].drawn(drawn), 0)
    own += np.where((now.stage != NO_SCHOOL) & (own == 0), costs["compulsory"].drawn(drawn), 0)
    own *= now.calibration.floor.prices.index(now.since)
    aided = now.measure("education_aid")
    own *= np.where(aided.now, 1 - aided.amount, 1.0)[now.part.rows]
    now.part.households.school = now.part.total(_whole(own))


# --- Homes and causes ------------------------------------------------------------------------------------------------


def found_homes(part: Part, territory: Territory) -> None:
    """Give every household of the founding a dwelling; the poorer the place and the luck, the worse."""
    homes, always = territory.calibration.homes, Draws(territory.seed)
    spread = territory.calibration.talent.household
    luck = territory.level[part.households.village] + spread * always.normal(part.households.number, "talent")
    drawn = always.uniform(part.households.number, "home") - homes.poor_shift * luck
    edges = np.cumsum(homes.grades)[:-1]
    part.households.grade = np.searchsorted(edges, np.clip(drawn, 0, 0.999999), side="right").astype(np.int64)


def causes_of(part: Part, territory: Territory, year: int) -> Ints:
    """What makes each household poor, or would first: up to three causes, as in `codes.CAUSES`, the gravest first.

    A cause weighs what it costs the household in a year, so that unlike things can be compared at all.
    """
    now = year_of(part, territory, year)
    households, members, weighs = part.households, part.members, territory.calibration.causes.weighs
    adults = (members.age(year) >= 16) & (members.age(year) < 75)
    ill = part.total((members.health == SERIOUS) & adults) + part.total((members.health == CHRONIC) & adults) * 0.25
    able = part.total(now.able)
    untrained = (able > 0) & ~part.some(members.skilled) & ~part.some(now.able & (members.education > PRIMARY))
    remote = now.remoteness == REMOTENESS.index("remote")
    road = territory.has("paved_road", year)[households.village]
    dry = territory.water_scarce[households.village] & (households.piped == 0)
    no_hands = np.clip(0.5 - able / np.maximum(part.sizes, 1), 0, 0.5) * 2
    landless = np.clip(1 - households.land / 10 / np.maximum(part.sizes, 1), 0, 1)
    losses = {
        "illness": households.out_of_pocket * weighs["own_costs"] + ill * weighs["illness"],
        "disability": part.total(members.health == DISABLED) * weighs["disability"],
        "schooling": households.school * weighs["own_costs"],
        "disaster": households.loss + households.disaster_hit * weighs["disaster"],
        "land": landless * weighs["land"],
        "water": dry * weighs["water"],
        "skills": untrained * weighs["skills"],
        "labour": no_hands * weighs["labour"],
        "funds": ((able > 0) & ~has_business(now, able)) * weighs["funds"],
        "transport": (remote * (1.0 - 0.5 * road)) * weighs["transport"],
        "industry_failure": households.project_failed * weighs["industry_failure"],
        "unstable_job": households.job_lost * weighs["unstable_job"],
        "accident": households.accident * weighs["accident"],
        "housing": (households.grade == 3) * weighs["housing"],
        "other": np.full(len(households), weighs["other"]),
    }
    told = [
        loss * np.exp(territory.calibration.causes.spread * now.always.normal(households.number, f"cause {cause}"))
        for cause, loss in losses.items()
    ]
    weight = np.stack(told, axis=1)
    order = np.argsort(-weight, axis=1, kind="stable")[:, :3]
    found = np.take_along_axis(weight, order, axis=1)
    told_at_all = found >= np.maximum(found[:, :1] * 0.2, weighs["other"] * 0.3)
    told_at_all[:, 0] = True
    result: Ints = np.where(told_at_all, order, -1)
    return result


def _whole(yuan: Reals) -> Ints:
    result: Ints = np.rint(np.clip(yuan, 0, _MOST)).astype(np.int64)
    return result
