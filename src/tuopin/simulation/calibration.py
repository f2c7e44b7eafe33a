"""What is assumed of the invented country? The model of a pack's `simulation.yaml`: parameters, each with its reason.

It holds how a country works (ages, wages, luck, mistakes), never what came out of it: no headcount of any year stands
here. Every group says where its figures come from: `source` (published), `fitted` (to which figures, of which years) or
`assumed` (why we think so).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from tuopin.simulation.codes import (
    CAUSES,
    HOUSEHOLD_TYPES,
    MEASURES,
    REGIONS,
    REGISTERS,
    REMOTENESS,
    Measure,
    Region,
    Remoteness,
)
from tuopin.simulation.state import Ints, Reals
from tuopin.terms import DataError, Place, Problem


def _plain_number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("a number is expected here, without quotes")  # noqa: TRY004 - pydantic gathers value errors
    if isinstance(value, int | float) and abs(value) > _LARGEST:
        raise ValueError(f"it is above {_LARGEST:,}: no figure of a household or village is so large")
    return value


def _ages_in_order(points: dict[int, float]) -> dict[int, float]:
    if list(points) != sorted(points):
        raise ValueError("ages rise from left to right")
    return points


_LARGEST = 1_000_000
Number = Annotated[float, BeforeValidator(_plain_number)]
Positive = Annotated[Number, Field(gt=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[int, BeforeValidator(_plain_number), Field(ge=1)]
Year = Annotated[int, Field(ge=1900, le=2200)]
Points = Annotated[dict[int, Share], Field(min_length=1), AfterValidator(_ages_in_order)]
"""Shares or chances at some ages; between two of them they change evenly, beyond the last they stay."""


def _adds_up(parts: Any) -> Any:  # noqa: ANN401 - shares by name, or in order
    shares = list(parts.values() if isinstance(parts, dict) else parts)
    if abs(sum(shares) - 1) > _ROUNDING:
        raise ValueError(f"the shares add up to {round(sum(shares), 6):g}, not to 1")
    return parts


_ROUNDING = 1e-6
Whole = AfterValidator(_adds_up)
"""Of shares that are everybody together."""


def _named(*names: str) -> AfterValidator:
    """Of values by name: all these names, and no other."""

    def checked(values: dict[str, Any]) -> dict[str, Any]:
        if missing := [name for name in names if name not in values]:
            raise ValueError(f"it leaves out {', '.join(missing)}")
        if strange := [name for name in values if name not in names]:
            raise ValueError(f"it names {', '.join(strange)}, which is none of {', '.join(names)}")
        return values

    return AfterValidator(checked)


ByRemoteness, ByRegion = _named(*REMOTENESS), _named(*REGIONS)


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Plain):
    """Figures with one reason; at least one of the three must be given."""

    source: str | None = None
    fitted: str | None = None
    assumed: str | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Group:
        if not (self.source or self.fitted or self.assumed):
            raise ValueError("say where the figures come from: `source`, `fitted` or `assumed`")
        return self


class Range(_Plain):
    """A draw between two ends, all values alike; never below nothing."""

    low: Annotated[Number, Field(ge=0)]
    high: Number

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        if self.low > self.high:
            raise ValueError("`low` is above `high`")
        return self

    def drawn(self, uniform: Reals) -> Reals:
        """The values at these draws between 0 and 1."""
        result: Reals = self.low + (self.high - self.low) * uniform
        return result


class Growth(_Plain):
    """A yearly growth that fades: in the first year `rate`, every year after `fades` times that of the year before."""

    rate: Number
    fades: Share = 1.0

    def index(self, years: int) -> float:
        """How many times the level of the founding year it is after so many years."""
        level, rate = 1.0, self.rate
        for _ in range(abs(years)):
            level *= (1 + rate) if years > 0 else 1 / (1 + self.rate)
            rate *= self.fades
        return level


class Reach(_Plain):
    """A share that grows: at the founding `starts`, and every year `closes` of what is still missing."""

    starts: Share
    closes: Share

    def share(self, years: int) -> float:
        """The share after so many years."""
        return float(1 - (1 - self.starts) * (1 - self.closes) ** max(years, 0))


# --- Areas -----------------------------------------------------------------------------------------------------------


class Tree(Group):
    """How large areas are."""

    households_a_village: Count
    village_spread: Share
    villages_a_township: Count
    townships_a_county: Count
    counties_a_prefecture: Count
    provinces_at_most: Annotated[Count, Field(le=99)]

    @property
    def households_a_county(self) -> int:
        """Households of a county of middling size."""
        return self.households_a_village * self.villages_a_township * self.townships_a_county


class RegionGroup(Group):
    """A part of the country.

    Attributes:
        share: of all counties.
        income: level of market income, against the whole country.
        listed: share of its counties that are on the list of poor counties.
        deep: share of these that are in deep poverty.
        listed_income: level of market income in a listed county, against the region.
        remoteness: shares of villages.
        water_scarce: share of villages.
        land: middling cultivated land of a household, mu.
        hospital: share of counties with a hospital that meets the standard.
    """

    share: Share
    income: Positive
    listed: Share
    deep: Share
    listed_income: Positive
    remoteness: Annotated[dict[Remoteness, Share], ByRemoteness, Whole]
    water_scarce: Share
    land: Positive
    hospital: Share


def _everybody(regions: dict[Region, RegionGroup]) -> dict[Region, RegionGroup]:
    _adds_up({region: group.share for region, group in regions.items()})
    return regions


class Villages(Group):
    """How villages differ.

    Attributes:
        income_spread: standard deviation of the logarithm of a village's level of market income.
        remote_income: level by remoteness.
        listed: share of villages on the list of poor villages, in a listed county and elsewhere; the poorest first.
        listed_noise: how much else decides, in standard deviations of the village's level.
        town: share of villages near a town that are town quarters.
    """

    income_spread: Positive
    remote_income: Annotated[dict[Remoteness, Positive], ByRemoteness]
    listed: Annotated[dict[str, Share], _named("listed_county", "elsewhere")]
    listed_noise: Share
    town: Share


class Services(Group):
    """What villages have by and by; a remote one is as far as others were `remote_lag` years before."""

    remote_lag: Annotated[int, Field(ge=0)]
    paved_road: Reach
    clinic_qualified: Reach
    power_supply: Reach
    broadband: Reach
    central_water: Reach
    collective_income: Reach
    collective_yuan: Range
    collective_growth: Growth


# --- People ----------------------------------------------------------------------------------------------------------


class Founders(Group):
    """Households at the founding.

    Attributes:
        types: shares of the kinds of household.
        children: shares of couples at home with one, two, three, four children.
        first_birth: a mother's age at the first child: mean and spread.
        spacing: years between children.
        childless_old: share of old people alone who have no children: the ones whom extreme-hardship support is for.
        men_head: share of households of the founding in which the first adult is a man.
    """

    types: Annotated[dict[str, Share], _named(*HOUSEHOLD_TYPES), Whole]
    children: Annotated[tuple[Share, Share, Share, Share], Whole]
    first_birth: Positive
    first_birth_spread: Positive
    spacing: Range
    childless_old: Share
    men_head: Share


class Deaths(Group):
    """Chance to die within a year, by age; nobody grows older than 109."""

    chance: Points
    male: Positive
    ill: Positive
    disabled: Positive


class Births(Group):
    """Chance that a woman with a partner has a child within a year, by age, and how it changes with children born."""

    boys: Share
    chance: Points
    after: tuple[Positive, Positive, Positive, Positive]


class Marriages(Group):
    """Chance that a single woman looks for a partner within a year, by age; men are `men_later` years older."""

    chance: Points
    men_later: Annotated[int, Field(ge=0)]
    to_the_wife: Share


class Leaving(Group):
    """Who founds a household of their own, and who leaves the countryside for good.

    Attributes:
        split: chance a year that a couple leaves the household of the parents.
        split_land: share of the land that goes with them.
        graduates: share of those who finish college and stay away.
        single: chance a year of a young single person who works far away.
        family: chance a year of a whole household, at the middling income; it grows with income.
    """

    split: Share
    split_land: Share
    graduates: Share
    single: Share
    family: Share


class Health(Group):
    """Illness and disability.

    Attributes:
        chronic, serious, disabled: share of persons at the founding, by age.
        falls_chronic, falls_serious, falls_disabled: chance within a year, by age.
        recovers: chance that a serious illness is over within a year (it stays chronic).
        accident_disables: share of accidents after which somebody stays disabled.
        unable: share of disabled children who cannot attend school.
    """

    chronic: Points
    serious: Points
    disabled: Points
    falls_chronic: Points
    falls_serious: Points
    falls_disabled: Points
    recovers: Share
    accident_disables: Share
    unable: Share


class Schooling(Group):
    """School and what was finished.

    Attributes:
        finished: by year of birth, the shares illiterate, primary, junior, senior, college.
        drops: chance a year that a child of 6 to 15 leaves school, at middling hardship.
        remote_drops: how many times as much in remote villages.
        senior, vocational, college: share of each age group that goes on.
        taught_at_home: of children unable to attend, the share that a teacher visits.
        trade: share of adults with a trade at the founding.
        learns_trade: chance of an able adult to learn one within a year.
        costs: own costs by stage, yuan.
    """

    finished: dict[int, Annotated[tuple[Share, Share, Share, Share, Share], Whole]]
    drops: Share
    remote_drops: Positive
    senior: Share
    vocational: Share
    college: Share
    taught_at_home: Reach
    trade: Share
    learns_trade: Share
    costs: Annotated[dict[str, Range], _named("compulsory", "senior", "vocational", "college")]


# --- Livelihood ------------------------------------------------------------------------------------------------------


class Talent(Group):
    """How unequal luck and ability are: standard deviations of logarithms.

    Attributes:
        household: what lasts, and touches all market income of the household.
        person: what lasts, of one earner.
        harvest: of one year's operating income.
        pay: of one year's wage.
    """

    household: Positive
    person: Positive
    harvest: Positive
    pay: Positive


class Wages(Group):
    """Work for pay.

    Attributes:
        works: share of able adults with paid work, by age.
        women: how many times as often women do.
        remote: how many times as often, by remoteness.
        region: how many times as often, by region.
        work_growth: of the share with work, a year.
        places: shares of work in the township, the county, the province and elsewhere, by region.
        monthly: pay by place, yuan a month.
        brought_home: share of it that the household sees, by place.
        months: months of work, by place near (township, county) and far.
        education: level of pay by education.
        skilled, women_pay, weak: level of pay.
        village_level: how much of the village's level of income counts, by place.
        growth: of pay.
    """

    works: Points
    women: Positive
    remote: Annotated[dict[Remoteness, Positive], ByRemoteness]
    region: Annotated[dict[Region, Positive], ByRegion]
    work_growth: Growth
    places: Annotated[dict[Region, Annotated[tuple[Share, Share, Share, Share], Whole]], ByRegion]
    monthly: tuple[Positive, Positive, Positive, Positive]
    brought_home: tuple[Share, Share, Share, Share]
    months_near: Range
    months_far: Range
    education: tuple[Positive, Positive, Positive, Positive, Positive]
    skilled: Positive
    women_pay: Positive
    weak: Positive
    village_level: tuple[Share, Share, Share, Share]
    growth: Growth


class Farming(Group):
    """Operating income: land and a business of one's own.

    Attributes:
        gross_a_mu: middling gross yield, yuan.
        beasts: gross income from animals for each hand at home, yuan.
        hands: yield by hands at home: none, one, two, three or more.
        land_spread: standard deviation of the logarithm of land.
        costs: share of gross income.
        business: share of households with a hand at home that have a business, by region.
        business_gross: yuan.
        growth: of gross income.
        rent: for a mu that nobody in the household can work, yuan.
        rented: share of such households that find a tenant.
    """

    gross_a_mu: Positive
    beasts: Positive
    hands: tuple[Share, Positive, Positive, Positive]
    land_spread: Positive
    costs: Range
    business: Annotated[dict[Region, Share], ByRegion]
    business_gross: Range
    growth: Growth
    rent: Positive
    rented: Share


class Transfers(Group):
    """Income that nobody earned this year.

    Attributes:
        pension: a year, of a person of 60 or more who is covered, yuan.
        pension_covers: share of them.
        formal: share of persons of 60 or more with a pension from an employer, and how much it is.
        pension_level: how much of the village's level of income counts in it.
        subsidy_a_mu: farm subsidies, yuan.
        kin: share of households to whom children or kin living elsewhere send money; of old people alone first.
        kin_old: the same of households of old people alone.
        kin_yuan: what they send a year.
        property: share of households with income from property other than land, and how much.
        forest: share of households in remote villages with ecological compensation, and how much.
        asset: share of households without able hands in listed villages that get a share of collective assets; from
            `asset_from` on.
        growth: of all of these but pensions.
    """

    pension: Range
    pension_covers: Reach
    formal: Share
    formal_yuan: Range
    pension_level: Share
    pension_growth: Growth
    subsidy_a_mu: Positive
    kin: Share
    kin_old: Share
    kin_yuan: Range
    property: Share
    property_yuan: Range
    forest: Share
    forest_yuan: Range
    asset: Reach
    asset_from: Year
    asset_yuan: Range
    growth: Growth


class Floor(Group):
    """The safety net that was there before any campaign.

    Attributes:
        felt: income a head at which a household feels as hard up as not, yuan; it grows with prices.
        felt_spread: how softly that feeling sets in, in logarithms.
        prices: growth of prices.
        enters: chance a year that a household as hard up as can be is given the allowance.
        leaves: chance a year that one no longer hard up loses it.
        at_founding: of households as hard up as can be, the share that receives it.
        noise: how much else decides, in logarithms of income.
        top_up: allowance a head and year, yuan.
        level: how much of the village's level of income counts in it.
        hardship: extreme-hardship support a head and year, yuan.
        growth: of both.
    """

    felt: Positive
    felt_spread: Positive
    prices: Growth
    enters: Share
    leaves: Share
    at_founding: Share
    noise: Share
    top_up: Range
    level: Share
    hardship: Range
    growth: Growth


class Medical(Group):
    """What being ill costs, yuan a year before reimbursement, and how much of it is paid back.

    Attributes:
        everyday, chronic, serious, accident: bills of a person.
        paid_back: by the basic insurance.
        catastrophic_pays: share of own costs above `catastrophic_from` that catastrophic insurance takes over.
        insured: share of households in the basic insurance.
        forgotten: share of the members of these who are in no list.
        catastrophic: share of counties that pay for catastrophic insurance.
        treated_within_county: share of persons whose long illness can be treated in the county.
        growth: of bills.
    """

    everyday: Range
    chronic: Range
    serious: Range
    accident: Range
    paid_back: Reach
    catastrophic_pays: Share
    catastrophic_from: Positive
    insured: Reach
    forgotten: Share
    catastrophic: Reach
    treated_within_county: Reach
    growth: Growth


class Homes(Group):
    """Dwellings.

    Attributes:
        grades: shares of a, b, c, d at the founding, at the middling income.
        poor_shift: how much worse a home is for each unit of logarithm of income below the middle.
        wears: chance a year to fall by a grade.
        rebuilds: chance a year that a household at the middling income rebuilds a home of grade c or d.
    """

    grades: Annotated[tuple[Share, Share, Share, Share], Whole]
    poor_shift: Number
    wears: Share
    rebuilds: Share


class Water(Group):
    """Water at home."""

    piped: Reach
    litres: Range
    litres_scarce: Range
    quality: Reach
    untested: Share
    minutes: Annotated[dict[Remoteness, Range], ByRemoteness]
    metres_a_minute: Positive
    vertical: Range
    days_short: Range
    days_short_scarce: Range
    drought_days: Range


class Comfort(Group):
    """Food and clothing: the income a head, in units of `floor.felt`, at which half of all households have enough."""

    food_enough: Positive
    protein_regular: Positive
    seasonal_clothes: Positive
    warm_bedding: Positive
    spread: Positive


class Causes(Group):
    """What makes a household poor: what each cause takes away in a year, yuan, so that the gravest can be named.

    Attributes:
        weighs: by cause; `own_costs` is how often a yuan of own medical or school costs counts.
        spread: how differently households bear the same, in logarithms.
    """

    weighs: Annotated[dict[str, Number], _named("own_costs", *(cause for cause in CAUSES if cause != "schooling"))]
    spread: Positive


class Places(Group):
    """How households live: shares of all households."""

    mobile: Annotated[dict[Region, Share], ByRegion]
    institutional: Share
    no_address: Share
    registered_elsewhere: Share


# --- Shocks ----------------------------------------------------------------------------------------------------------


class Shocks(Group):
    """What can go wrong in a year.

    Attributes:
        county_disaster: chance that a disaster strikes a county; `villages_hit` of its villages are struck.
        village_disaster: chance that one strikes a village alone.
        households_hit: share of the households of a struck village.
        loss: share of the year's operating income that is lost.
        home_lost: share of the struck whose home is destroyed.
        displaced_years: years until they are back.
        price_fall: chance that prices of a county's main product fall, and by how much.
        price_exposed: share of households that live by that product.
        price_spread: standard deviation of the logarithm of a county's prices in an ordinary year.
        job_loss: chance that an earner loses the work, and the share of the year's pay that is left.
        accident: chance of an adult.
        business_fails: chance of a business.
        pandemic: years of a pandemic.
        pandemic_job_loss: chance then.
        pandemic_months: months that those who work far away cannot work.
    """

    county_disaster: Share
    villages_hit: Share
    village_disaster: Share
    households_hit: Share
    loss: Range
    home_lost: Share
    displaced_years: Count
    price_fall: Share
    price_fall_by: Range
    price_exposed: Share
    price_spread: Positive
    job_loss: Share
    pay_left: Range
    accident: Share
    business_fails: Share
    pandemic: tuple[Year, ...]
    pandemic_job_loss: Share
    pandemic_months: Range


# --- Measures --------------------------------------------------------------------------------------------------------


class Effect(Group):
    """What a measure does.

    Attributes:
        low: least effect where it works at all.
        high: largest effect.
        unit: of low and high: `CNY/year`, `CNY/person/year` or `share`.
        delay_years: years until it works; 0: in the year in which it is received.
        lasts_years: years that it works, without being received again.
        fails: share of households for whom it never works.
        confidence: how sure the range is.
    """

    low: Number
    high: Number
    unit: str
    delay_years: Annotated[int, Field(ge=0)]
    lasts_years: Count
    fails: Share
    confidence: str

    @model_validator(mode="after")
    def _is_a_range(self) -> Effect:
        if self.low > self.high:
            raise ValueError("`low` is above `high`")
        if self.confidence not in ("high", "medium", "low"):
            raise ValueError("`confidence` is high, medium or low")
        return self


class Relocating(Group):
    """What moving to a new home does besides its effect on income.

    Attributes:
        concentrated: share that moves to a new settlement.
        keys: share of the moved who have their keys by the end of the year.
        debt: what the household owes, yuan.
        debt_left: share of it that is still owed a year later.
        farm_left: share of the land that it still works.
    """

    concentrated: Share
    keys: Share
    debt: Range
    debt_left: Share
    farm_left: Range


# --- Observation -----------------------------------------------------------------------------------------------------


class Answers(Group):
    """What households answer.

    Attributes:
        unknown: share of answers that nobody gave, by kind: household, member, dwelling, income, and two facts alone.
        income_noise: standard deviation of the logarithm of an honest answer about income.
        hides: share of households that leave out part of their income, and how much of it.
        hides_hard_up: how many times as often where help is near.
        boasts: share of households that name more than they have, and by how much.
        wrong: share of yes-or-no answers that are wrong.
        newborn_missed: share of children under one who are not listed yet.
        agrees_to_exit: share that signs, of those who are no longer hard up, and of those who still are.
        agrees_to_matching: share that lets departments compare their books.
    """

    unknown: Annotated[
        dict[str, Share], _named("household", "member", "dwelling", "income", "birth_month", "person_key")
    ]
    income_noise: Positive
    hides: Share
    hides_hard_up: Positive
    hidden: Range
    boasts: Share
    boasted: Range
    wrong: Share
    newborn_missed: Share
    agrees_to_exit: Share
    agrees_hard_up: Share
    agrees_to_matching: Share


class Enumerators(Group):
    """What enumerators do honestly wrong.

    Attributes:
        bias: standard deviation of the logarithm by which a village's enumerator counts incomes too high or low.
        slip: share of amounts with a digit too many or too few.
        written_up: share of registered households a year whose income is written up, for their exit to succeed.
        written_up_by: by how much.
        wrong_cause: share of causes that are written down wrongly.
        cause_recorded: share of households hard up but not registered whose causes somebody wrote down.
        own_drive: share of first causes that the form of 2013 blamed on the people.
    """

    bias: Positive
    slip: Share
    written_up: Share
    written_up_by: Range
    wrong_cause: Share
    cause_recorded: Share
    own_drive: Share


class Registers(Group):
    """What departments' books hold.

    Attributes:
        covers: share of counties whose books are open, by register.
        vehicle, company, payroll, property: share of adults at the middling income; it grows with income.
        growth: of these shares, a year.
        income_slope: how strongly; in logarithms of income.
        owner_kept: years that a dead owner's vehicle stays in the books.
        closed_kept: share of company rows whose company is closed.
        strangers: rows of persons whom our registry never met, as a share of the others.
        vehicle_kinds, company_roles, posts, premises: shares of what they are, in the order of the codes.
    """

    covers: Annotated[dict[str, Reach], _named(*REGISTERS)]
    vehicle: Share
    company: Share
    payroll: Share
    property: Share
    growth: Growth
    income_slope: Positive
    owner_kept: Count
    closed_kept: Share
    strangers: Share
    vehicle_kinds: Annotated[tuple[Share, Share, Share, Share], Whole]
    company_roles: Annotated[tuple[Share, Share, Share], Whole]
    posts: Annotated[tuple[Share, Share], Whole]
    premises: Annotated[tuple[Share, Share], Whole]


class Discovery(Group):
    """How anybody hears of a household.

    Attributes:
        applies: share of households as hard up as can be that apply within a year.
        visited: share of them that a visitor brings up.
        hotline: share of them that call.
        department: share of events (costly illness, disaster, lost job, dropping out) that a department reports.
        costly: own medical costs in a year that catch its eye, yuan.
        false_alarm: share of all other households that somebody brings up all the same, by each way.
    """

    applies: Share
    visited: Share
    hotline: Share
    department: Share
    costly: Positive
    false_alarm: Share


class Assessors(Group):
    """Independent assessment.

    Attributes:
        years: in which it takes place.
        villages: share of villages drawn.
        households: share of their households that is visited.
        misses: share of what is wrong that assessors do not see.
        sees_ghosts: share of what is right that they call wrong.
        approves: share of households that approve, and of those in need who were given nothing.
        approves_left_out: the same of those.
    """

    years: tuple[Year, ...]
    villages: Share
    households: Share
    misses: Share
    sees_ghosts: Share
    approves: Share
    approves_left_out: Share


class Calibration(_Plain):
    """A country's calibration: the whole of `simulation.yaml`."""

    founded: Year
    tree: Tree
    regions: Annotated[dict[Region, RegionGroup], ByRegion, AfterValidator(_everybody)]
    villages: Villages
    services: Services
    founders: Founders
    deaths: Deaths
    births: Births
    marriages: Marriages
    leaving: Leaving
    health: Health
    schooling: Schooling
    talent: Talent
    wages: Wages
    farming: Farming
    transfers: Transfers
    floor: Floor
    medical: Medical
    homes: Homes
    water: Water
    comfort: Comfort
    causes: Causes
    places: Places
    shocks: Shocks
    measures: Annotated[dict[Measure, Effect], _named(*MEASURES)]
    relocating: Relocating
    answers: Answers
    enumerators: Enumerators
    registers: Registers
    discovery: Discovery
    assessors: Assessors


def read_calibration(data: Mapping[str, Any], *, file: Path | str = "simulation.yaml") -> Calibration:
    """Make a calibration of plain values, as a strict YAML reader gives them.

    Args:
        data: the whole file.
        file: how messages call it.

    Raises:
        DataError: a figure is missing, unknown, impossible or without a reason; every mistake is named.
    """
    try:
        return Calibration.model_validate(data)
    except ValidationError as error:
        problems = [
            Problem(
                f"{'.'.join(str(step) for step in mistake['loc']) or 'the whole file'}: {mistake['msg'].lower()}.",
                Place(file=str(file)),
                fix="Compare it with the calibration of a pack that comes with Tuopin.",
            )
            for mistake in error.errors(include_url=False, include_input=False)
        ]
        raise DataError(problems) from None


def at(points: Mapping[int, float], ages: Ints) -> Reals:
    """The value at each age, along straight lines between the points given."""
    known = sorted(points)
    table = np.interp(np.arange(131), known, [points[age] for age in known])
    result: Reals = table[np.clip(ages, 0, 130)]
    return result
