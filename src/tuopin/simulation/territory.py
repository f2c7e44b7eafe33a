"""Where do the households live? An invented tree of areas, made anew from the seed whenever it is needed.

Codes look as China's do (two digits a province, twelve a village) and are nobody's: they begin with 0, where no real
province does. Villages stand in the order of their codes, and every county's villages lie together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from tuopin.simulation.calibration import Calibration, Reach
from tuopin.simulation.codes import REGIONS, REMOTENESS, Region
from tuopin.simulation.draws import Draws
from tuopin.simulation.state import Flags, Ints, Reals

HOUSEHOLDS_A_PART = 40_000
_FIRST = ("Ba", "Den", "Fei", "Gor", "Han", "Ker", "Lu", "Mo", "Nar", "Pol", "Sau", "Ti", "Ulo", "Ve", "Yar", "Zen")
_SECOND = ("bira", "dosha", "kel", "lume", "mira", "nogo", "pasu", "rin", "sova", "tale", "una", "vesk", "wole", "zara")


@dataclass(frozen=True)
class Territory:
    """The areas of a country of so many households.

    Attributes:
        calibration: how large areas are and how they differ.
        seed: of the country.
        households: at the founding.
        households_a_part: about how many of them live in one part; the country is the same however it is cut.
    """

    calibration: Calibration
    seed: int
    households: int
    households_a_part: int = HOUSEHOLDS_A_PART

    def __reduce__(self) -> tuple[object, ...]:
        """Travel to another process without what was worked out here: it is made anew from the seed."""
        return Territory, (self.calibration, self.seed, self.households, self.households_a_part)

    # --- Counties -----------------------------------------------------------------------------------------------------

    @property
    def counties(self) -> int:
        """How many there are: one for a small country."""
        return max(1, round(self.households / self.calibration.tree.households_a_county))

    @cached_property
    def parts(self) -> list[range]:
        """The counties of each part."""
        each = max(1, self.households_a_part * self.counties // self.households)
        return [range(first, min(first + each, self.counties)) for first in range(0, self.counties, each)]

    @cached_property
    def province(self) -> Ints:
        """The province of each county, counted from 0."""
        return np.arange(self.counties) * self._provinces // self.counties

    @cached_property
    def region(self) -> Ints:
        """The region of each county, as in `codes.REGIONS`. A country of one county lies in the west."""
        if self.counties == 1:
            return np.array([REGIONS.index("west")])
        order: tuple[Region, ...] = ("west", "central", "east")
        ends = np.cumsum([self.calibration.regions[region].share for region in order])
        middle = (np.arange(self._provinces) + 0.5) / self._provinces * ends[-1]
        regions = np.array([REGIONS.index(region) for region in order])[np.searchsorted(ends, middle)]
        result: Ints = regions[self.province]
        return result

    @cached_property
    def listed_county(self) -> Flags:
        """Whether each county is on the list of poor counties: every n-th of its region. A county alone is."""
        return self._every("listed", np.ones(self.counties, bool)) if self.counties > 1 else np.array([True])

    @cached_property
    def deep_poverty(self) -> Flags:
        """Whether each county is in deep poverty."""
        return self._every("deep", self.listed_county)

    @cached_property
    def county_hospital(self) -> Flags:
        """Whether each county has a hospital that meets the standard."""
        chance = np.array([self.calibration.regions[region].hospital for region in REGIONS])[self.region]
        return self._always.happens(np.arange(self.counties), "county hospital", chance)

    # --- Villages -----------------------------------------------------------------------------------------------------

    @cached_property
    def county(self) -> Ints:
        """The county of each village, counted from 0."""
        tree = self.calibration.tree
        villages = np.maximum(1, np.rint(self._households_of_county / tree.households_a_village)).astype(np.int64)
        return np.repeat(np.arange(self.counties), villages)

    @cached_property
    def first_household(self) -> Ints:
        """How many households at the founding come before each village and, at the end, how many there are."""
        spread = self.calibration.tree.village_spread
        weight = 1 + spread * (2 * self._always.uniform(np.arange(len(self.county)), "village size") - 1)
        upto = np.concatenate([[0.0], np.cumsum(weight)])
        start, end = self._villages_of_county[self.county], self._villages_of_county[self.county + 1]
        before = np.concatenate([[0], np.cumsum(self._households_of_county)])[self.county]
        place = (upto[:-1] - upto[start]) / (upto[end] - upto[start])
        firsts = before + np.rint(place * self._households_of_county[self.county]).astype(np.int64)
        return np.concatenate([firsts, [self.households]])

    @cached_property
    def remoteness(self) -> Ints:
        """As in `codes.REMOTENESS`."""
        result = np.zeros(len(self.county), np.int64)
        for index, name in enumerate(REGIONS):
            mine = np.flatnonzero(self.region[self.county] == index)
            shares = [self.calibration.regions[name].remoteness[remoteness] for remoteness in REMOTENESS]
            result[mine] = self._always.chosen(mine, "remoteness", shares)
        return result

    @cached_property
    def water_scarce(self) -> Flags:
        """Whether water is scarce in each village."""
        chance = np.array([self.calibration.regions[region].water_scarce for region in REGIONS])
        return self._always.happens(np.arange(len(self.county)), "water scarce", chance[self.region[self.county]])

    @cached_property
    def town(self) -> Flags:
        """Whether each village is a quarter of a town."""
        drawn = self._always.happens(np.arange(len(self.county)), "town", self.calibration.villages.town)
        result: Flags = drawn & (self.remoteness == REMOTENESS.index("near"))
        return result

    @cached_property
    def settlement_site(self) -> Ints:
        """For each village the village of its township in which relocated households settle: the least remote."""
        order = np.lexsort((np.arange(len(self.county)), self.remoteness, self._township))
        first = np.concatenate([[True], np.diff(self._township[order]) > 0])
        result: Ints = order[first][np.unique(self._township, return_inverse=True)[1]]
        return result

    @cached_property
    def level(self) -> Reals:
        """The logarithm of each village's level of market income, against the whole country."""
        regions = [self.calibration.regions[region] for region in REGIONS]
        income = np.log([region.income for region in regions])[self.region]
        income = income + np.where(
            self.listed_county, np.log([region.listed_income for region in regions])[self.region], 0
        )
        villages = self.calibration.villages
        remote = np.log([villages.remote_income[remoteness] for remoteness in REMOTENESS])[self.remoteness]
        own = villages.income_spread * self._always.normal(np.arange(len(self.county)), "village income")
        result: Reals = income[self.county] + remote + own
        return result

    @cached_property
    def listed_village(self) -> Flags:
        """Whether each village is on the list of poor villages: the poorest of its county, as far as anybody saw."""
        villages = self.calibration.villages
        noise = villages.listed_noise * self._always.normal(np.arange(len(self.county)), "village listed")
        seen = self.level + noise * np.std(self.level)
        order = np.lexsort((seen, self.county))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - self._villages_of_county[self.county[order]]
        share = np.where(self.listed_county, villages.listed["listed_county"], villages.listed["elsewhere"])
        size = np.diff(self._villages_of_county)
        result: Flags = rank < np.rint(share * size).astype(np.int64)[self.county]
        return result

    def has(self, service: str, year: int) -> Flags:
        """Whether each village has a service of `Services` in a year."""
        services = self.calibration.services
        reach: Reach = getattr(services, service)
        years = year - self.calibration.founded
        late = self.remoteness == REMOTENESS.index("remote")
        chance = np.where(late, max(0.0, _lagging(reach, years - services.remote_lag)), reach.share(years))
        return self._always.happens(np.arange(len(self.county)), service, chance)

    def collective_income(self, year: int) -> Ints:
        """What each village earns in common, yuan a year."""
        services = self.calibration.services
        ids = np.arange(len(self.county))
        low, high = services.collective_yuan.low, services.collective_yuan.high
        yuan = low + (high - low) * self._always.uniform(ids, "collective yuan") ** 3
        grown = yuan * services.collective_growth.index(year - self.calibration.founded)
        result: Ints = np.where(self.has("collective_income", year), np.rint(grown), 0).astype(np.int64)
        return result

    # --- Codes --------------------------------------------------------------------------------------------------------

    @cached_property
    def county_codes(self) -> list[str]:
        """Six digits each."""
        return [
            f"{above}{no:02d}" for above, no in zip(self._prefecture_codes, self._no_in(self._prefecture), strict=True)
        ]

    @cached_property
    def village_codes(self) -> list[str]:
        """Twelve digits each."""
        return [f"{above}{no:03d}" for above, no in zip(self._township_codes, self._no_in(self._township), strict=True)]

    def rows(self) -> pa.Table:
        """The tree as the structural columns of the table areas, sorted by code."""
        provinces = [f"{province + 1:02d}" for province in self.province]
        counties = self.county_codes
        tree: dict[str, tuple[str | None, str]] = dict.fromkeys(provinces, (None, "province"))
        tree |= {code: (above, "prefecture") for code, above in zip(self._prefecture_codes, provinces, strict=True)}
        tree |= {code: (above, "county") for code, above in zip(counties, self._prefecture_codes, strict=True)}
        above = [counties[county] for county in self.county]
        tree |= {code: (over, "township") for code, over in zip(self._township_codes, above, strict=True)}
        tree |= {code: (over, "village") for code, over in zip(self.village_codes, self._township_codes, strict=True)}
        codes = sorted(tree)
        return pa.table(
            {
                "area_code": pa.array(codes, pa.string()),
                "parent_code": pa.array([tree[code][0] for code in codes], pa.string()),
                "tier": pa.array([tree[code][1] for code in codes], pa.string()),
                "name": pa.array(_names(codes, self._always), pa.string()),
            }
        )

    @property
    def _always(self) -> Draws:
        return Draws(self.seed)

    @property
    def _provinces(self) -> int:
        return min(self.calibration.tree.provinces_at_most, self.counties)

    @cached_property
    def _households_of_county(self) -> Ints:
        return np.diff(np.arange(self.counties + 1) * self.households // self.counties)

    @cached_property
    def _villages_of_county(self) -> Ints:
        """The first village of each county and, at the end, how many villages there are."""
        return np.searchsorted(self.county, np.arange(self.counties + 1))

    @cached_property
    def _prefecture(self) -> Ints:
        """The prefecture of each county, counted through the country."""
        first = np.searchsorted(self.province, self.province)
        within = (np.arange(self.counties) - first) // self.calibration.tree.counties_a_prefecture
        return np.cumsum(np.concatenate([[0], (np.diff(self.province) > 0) | (np.diff(within) > 0)]))

    @cached_property
    def _prefecture_codes(self) -> list[str]:
        """The code of each county's prefecture."""
        first = np.searchsorted(self.province, np.arange(self._provinces))
        no = self._prefecture - self._prefecture[first][self.province] + 1
        return [f"{province + 1:02d}{prefecture:02d}" for province, prefecture in zip(self.province, no, strict=True)]

    @cached_property
    def _township(self) -> Ints:
        """The township of each village, counted through the country."""
        within = np.arange(len(self.county)) - self._villages_of_county[self.county]
        township = within // self.calibration.tree.villages_a_township
        return np.cumsum(np.concatenate([[0], (np.diff(self.county) > 0) | (np.diff(township) > 0)]))

    @cached_property
    def _township_codes(self) -> list[str]:
        """The code of each village's township."""
        first = self._township[self._villages_of_county[:-1]]
        no = self._township - first[self.county] + 1
        return [f"{self.county_codes[county]}{township:03d}" for county, township in zip(self.county, no, strict=True)]

    @staticmethod
    def _no_in(groups: Ints) -> Ints:
        """The number of each row within its group, from 1; groups lie together."""
        result: Ints = np.arange(len(groups)) - np.searchsorted(groups, groups) + 1
        return result

    def _every(self, figure: str, among: Flags) -> Flags:
        """Of some counties the share that their region's figure says, spread evenly over the region."""
        chosen = np.zeros(self.counties, bool)
        for index, name in enumerate(REGIONS):
            mine = np.flatnonzero(among & (self.region == index))
            share = getattr(self.calibration.regions[name], figure)
            edges = np.floor(share * np.arange(len(mine) + 1) + 0.5)
            chosen[mine] = np.diff(edges) > 0
        return chosen


def _lagging(reach: Reach, years: int) -> float:
    """A share some years before the founding, on the same path."""
    return reach.share(years) if years >= 0 else 1 - (1 - reach.starts) / (1 - reach.closes) ** -years


def _names(codes: Sequence[str], always: Draws) -> list[str]:
    """Invented names; those of different areas may sound alike, as they do."""
    drawn = always.hashes(np.array([int(f"1{code}") for code in codes]), "name").tolist()
    return [f"{_FIRST[lot % len(_FIRST)]}{_SECOND[lot // 64 % len(_SECOND)]}" for lot in drawn]
