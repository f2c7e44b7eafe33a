"""What is true, in the words of the pack? The state of a year as facts: ids, codes and units as in `facts.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tuopin.simulation import codes
from tuopin.simulation.codes import CHRONIC, DISABLED, HEALTHY, NO_SCHOOL, REMOTENESS, SERIOUS
from tuopin.simulation.livelihood import (
    Year,
    catastrophic_insured,
    causes_of,
    hard_up,
    has_pension,
    income_a_head,
    insured,
    year_of,
)
from tuopin.simulation.measures import takes_part
from tuopin.simulation.people import relations, unable_to_attend
from tuopin.simulation.state import Flags, Ints, Part, Reals
from tuopin.simulation.territory import Territory
from tuopin.tables import Column

_MONTHS_TO_1970 = 1970 * 12
DIFFICULTIES = ("wg_seeing", "wg_hearing", "wg_walking", "wg_remembering", "wg_self_care", "wg_communicating")
INCOMES = (
    "wage_income", "operating_income", "production_costs", "property_income", "dibao_income",
    "extreme_hardship_income", "pension_income", "ecological_income", "asset_income", "other_transfers",
)  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """A column of facts.

    Attributes:
        values: booleans, numbers in natural units (yuan, months since the year 0), or places in `codes`.
        codes: the codes of a coded fact.
        unknown: rows whose value nobody knows.
        scale: decimals already in the values: 1 for tenths.
    """

    values: npt.NDArray[Any]
    codes: tuple[str, ...] = ()
    unknown: Flags | None = None
    scale: int = 0

    def hidden(self, rows: Flags) -> Fact:
        """The same, unknown in these rows too."""
        return replace(self, unknown=rows if self.unknown is None else self.unknown | rows)

    def take(self, rows: Ints) -> Fact:
        """These rows, in this order."""
        unknown = None if self.unknown is None else self.unknown[rows]
        return replace(self, values=self.values[rows], unknown=unknown)

    def to_arrow(self, column: Column) -> pa.Array:
        """The values as a snapshot stores them."""
        mask = self.unknown
        if self.codes:
            places = pa.array(self.values.astype(np.int8), mask=mask)
            return pa.DictionaryArray.from_arrays(places, pa.array(self.codes, pa.string()))
        if column.type == "boolean":
            return pa.array(self.values.astype(bool), mask=mask)
        if column.type == "month":
            days = (self.values - _MONTHS_TO_1970).astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
            return pa.array(days, pa.int32(), mask=mask).cast(pa.date32())
        return pa.array(self.values.astype(np.int64) * 10 ** (column.scale - self.scale), column.arrow, mask=mask)


Facts = Mapping[str, Fact]


@dataclass(frozen=True)
class Truth:
    """What is true of a part at the end of a year.

    Attributes:
        now: the part and its year.
        households, members, dwellings: facts by id.
        hard_up: how hard up each household is, from 0 to 1.
    """

    now: Year
    households: dict[str, Fact]
    members: dict[str, Fact]
    dwellings: dict[str, Fact]
    hard_up: Reals


def truth_of(part: Part, territory: Territory, year: int) -> Truth:
    """The facts of a part at the end of a year."""
    now = year_of(part, territory, year)
    need = hard_up(np.maximum(income_a_head(part), 0), year, territory.calibration)
    return Truth(now, _households(now), _members(now), _dwellings(now), need)


def area_facts(territory: Territory, year: int) -> dict[str, tuple[str, Fact]]:
    """Facts of areas, each with the tier whose areas it is given for, in the order of their codes."""
    village = {
        "listed_village": Fact(territory.listed_village),
        "remoteness": Fact(territory.remoteness, codes.REMOTENESS),
        "water_scarce": Fact(territory.water_scarce),
        **{
            name: Fact(territory.has(name, year))
            for name in ("paved_road", "clinic_qualified", "power_supply", "broadband")
        },
        "collective_income": Fact(territory.collective_income(year)),
    }
    county = {
        "listed_county": Fact(territory.listed_county),
        "deep_poverty": Fact(territory.deep_poverty),
        "county_hospital": Fact(territory.county_hospital),
    }
    first = np.unique(territory.province, return_index=True)[1]
    return {
        "region": ("province", Fact(territory.region[first], codes.REGIONS)),
        **{name: ("county", fact) for name, fact in county.items()},
        **{name: ("village", fact) for name, fact in village.items()},
    }


# --- Households ------------------------------------------------------------------------------------------------------


def _households(now: Year) -> dict[str, Fact]:
    part, households, calibration = now.part, now.part.households, now.calibration
    found = causes_of(part, now.territory, now.year)
    sources = (
        households.wage, households.operating, households.costs, households.from_property, households.dibao_income,
        households.hardship_income, households.pension, households.ecological, households.asset, households.other,
    )  # fmt: skip
    return {
        "household_size": Fact(part.sizes),
        "settlement": Fact(np.where(now.territory.town[households.village], 0, 1), codes.SETTLEMENT),
        "mobility": Fact(_mobility(now), codes.MOBILITY),
        "residence": Fact(
            now.always.happens(households.number, "registered only", calibration.places.registered_elsewhere),
            codes.RESIDENCE,
        ),
        **{name: Fact(values) for name, values in zip(INCOMES, sources, strict=True)},
        "prior_net_income": Fact(households.prior),
        "medical_out_of_pocket": Fact(households.out_of_pocket),
        "school_costs": Fact(households.school),
        "disaster_loss": Fact(households.loss),
        **_comforts(now),
        "cultivated_land": Fact(households.land, scale=1),
        "dibao": Fact(households.dibao),
        "extreme_hardship": Fact(households.hardship),
        **{
            name: Fact(np.maximum(found[:, place], 0), codes.CAUSES, unknown=found[:, place] < 0)
            for place, name in enumerate(codes.CAUSES_ASKED)
        },
        "job_lost": Fact(households.job_lost),
        "disaster_hit": Fact(households.disaster_hit),
        "project_failed": Fact(households.project_failed),
        "accident": Fact(households.accident),
        "industry_measure": Fact(takes_part(households, ("industry", "micro_loan"), now.year, calibration=calibration)),
        "job_measure": Fact(
            takes_part(households, ("job", "public_post", "training"), now.year, calibration=calibration)
        ),
        "relocation": Fact(households.relocation, codes.RELOCATION),
        "keys_received": Fact(
            (households.moved > 0) & now.always.happens(households.number, "keys", calibration.relocating.keys)
        ),
        "relocation_debt": Fact(households.debt),
    }


def _mobility(now: Year) -> Ints:
    places, number = now.calibration.places, now.part.households.number
    drawn = now.always.uniform(number, "mobility")
    mobile = np.array([places.mobile[region] for region in codes.REGIONS])[now.region]
    return np.select(
        [
            now.part.households.displaced > 0,
            drawn < places.no_address,
            drawn < places.no_address + places.institutional,
            drawn > 1 - mobile,
        ],
        [codes.DISPLACED, codes.NO_ADDRESS, codes.INSTITUTIONAL, codes.MOBILE],
        codes.SETTLED,
    )


def _comforts(now: Year) -> dict[str, Fact]:
    """Food and clothing: the better off, the likelier; everybody's own threshold stays the same from year to year."""
    comfort, floor = now.calibration.comfort, now.calibration.floor
    felt = floor.felt * floor.prices.index(now.since)
    income = np.log(np.maximum(income_a_head(now.part), 50) / felt)
    facts = {}
    for name in ("food_enough", "protein_regular", "seasonal_clothes", "warm_bedding"):
        chance = 1 / (1 + np.exp(-(income - np.log(getattr(comfort, name))) / comfort.spread))
        facts[name] = Fact(now.always.happens(now.part.households.number, name, chance))
    return facts


# --- Members ---------------------------------------------------------------------------------------------------------


def _members(now: Year) -> dict[str, Fact]:
    members, calibration = now.part.members, now.calibration
    unable = unable_to_attend(members, now.year, calibration=calibration, always=now.always)
    taught = unable & now.always.happens(
        members.number, "taught", calibration.schooling.taught_at_home.share(now.since)
    )
    treated = calibration.medical.treated_within_county.share(now.since)
    return {
        "sex": Fact(members.sex, codes.SEX),
        "age": Fact(members.age(now.year)),
        "birth_month": Fact(members.born),
        "relation": Fact(relations(now.part), codes.RELATION),
        "in_school": Fact(now.stage != NO_SCHOOL),
        "school_stage": Fact(now.stage, codes.STAGE),
        "unable_to_attend": Fact(unable),
        "taught_at_home": Fact(taught),
        "education": Fact(members.education, codes.EDUCATION),
        "basic_insurance": Fact(insured(now)),
        "catastrophic_insurance": Fact(catastrophic_insured(now)),
        "pension": Fact(has_pension(now)),
        "health": Fact(members.health, codes.HEALTH),
        "treated_within_county": Fact(now.always.happens(members.number, "treated within county", treated)),
        "labour": Fact(now.labour, codes.LABOUR),
        "migrant_months": Fact(members.months),
        "work_place": Fact(members.place, codes.PLACE),
        **_difficulties(now),
    }


def _difficulties(now: Year) -> dict[str, Fact]:
    """The six questions of the Washington Group: a disabled person has a large difficulty; age brings small ones."""
    members = now.part.members
    hashes = now.always.hashes(members.number, "difficulties")
    age = members.age(now.year)
    main = (hashes >> np.uint64(60)) % np.uint64(len(DIFFICULTIES))
    facts = {}
    for place, name in enumerate(DIFFICULTIES):
        lot = (hashes >> np.uint64(9 * place) & np.uint64(511)).astype(np.int64)
        ill = np.where(members.health == CHRONIC, 40, np.where(members.health == SERIOUS, 90, 0))
        some = lot < np.clip((age - 35) * 5, 4, 240) + ill
        large = lot < np.clip((age - 60) // 2, 0, 12)
        most = (members.health == DISABLED) & (main == place)
        little = some & ((members.health != HEALTHY) | (age > 45))
        answer = np.select([most & (lot % 3 == 0), most | large, little], [3, 2, 1], 0)
        facts[name] = Fact(answer, codes.DIFFICULTY)
    return facts


# --- Dwellings -------------------------------------------------------------------------------------------------------


def _dwellings(now: Year) -> dict[str, Fact]:
    households, territory, water = now.part.households, now.territory, now.calibration.water
    number, village, always = households.number, households.village, now.always
    dry = territory.water_scarce[village]
    central = territory.has("central_water", now.year)[village]
    piped = (households.piped > 0) | (central & always.happens(number, "piped", water.piped.share(now.since)))
    litres = np.where(dry & ~piped, water.litres_scarce.drawn(always.uniform(number, "litres")),
                      water.litres.drawn(always.uniform(number, "litres")))  # fmt: skip
    passes = always.happens(number, "water quality", water.quality.share(now.since)) | (households.piped > 0)
    untested = ~central & always.happens(number, "untested", water.untested)
    walk = always.uniform(number, "way to the water") ** 2
    minutes = np.zeros(len(households))
    for place, name in enumerate(REMOTENESS):
        minutes = np.where(now.remoteness == place, water.minutes[name].drawn(walk), minutes)
    minutes = np.where(piped, 0, minutes)
    up = np.where(piped, 0, water.vertical.drawn(always.uniform(number, "way up") ** 3))
    short = np.where(dry & ~piped, water.days_short_scarce.drawn(always.uniform(number, "days short")),
                     water.days_short.drawn(always.uniform(number, "days short") ** 2))  # fmt: skip
    return {
        "dwelling_grade": Fact(households.grade, codes.GRADE),
        "works_done": Fact(households.works > 0),
        "water_supply": Fact(np.where(central | (households.piped > 0), 0, 1), codes.SUPPLY),
        "water_piped": Fact(piped),
        "water_litres": Fact(_whole(litres)),
        "water_quality": Fact(np.select([untested & ~piped, passes], [2, 0], 1), codes.QUALITY),
        "water_senses_pass": Fact(passes),
        "water_minutes": Fact(_whole(minutes)),
        "water_horizontal": Fact(_whole(minutes / 2 * water.metres_a_minute)),
        "water_vertical": Fact(_whole(up)),
        "water_days_short": Fact(_whole(short)),
        "drought_days_survived": Fact(_whole(water.drought_days.drawn(always.uniform(number, "drought")))),
    }


def _whole(values: Reals) -> Ints:
    return np.rint(values).astype(np.int64)
