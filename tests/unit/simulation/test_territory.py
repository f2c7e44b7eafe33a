"""Does the invented tree hold together, whatever the size of the country?"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.unit.simulation.invented import calibration, small
from tuopin.simulation.codes import REGIONS, TIERS
from tuopin.simulation.territory import Territory
from tuopin.tables import Areas


@pytest.mark.parametrize("households", [1, 30, 290, 5_000])
def test_the_tree_holds_together_and_has_room_for_every_household(households: int) -> None:
    territory = Territory(small(), 7, households)
    assert Areas(rows=territory.rows(), tiers=TIERS).problems() == []
    assert territory.first_household[0] == 0
    assert territory.first_household[-1] == households
    assert (np.diff(territory.first_household) >= 0).all()
    assert territory.village_codes == sorted(territory.village_codes)
    assert {len(code) for code in territory.village_codes} == {12}
    assert sum(len(part) for part in territory.parts) == territory.counties


def test_no_code_is_that_of_a_real_province() -> None:
    # GB/T 2260: the codes of provinces begin with 1 to 8.
    assert {code[0] for code in Territory(calibration(), 7, 1_000_000).county_codes} == {"0"}


def test_a_country_of_one_county_is_a_poor_county_of_the_west() -> None:
    territory = Territory(calibration(), 7, 20_000)
    assert territory.counties == 1
    assert REGIONS[territory.region[0]] == "west"
    assert territory.listed_county.tolist() == [True]


def test_a_large_country_has_regions_and_lists_as_calibrated() -> None:
    territory = Territory(calibration(), 7, 30_000_000)
    shares = Counter(REGIONS[region] for region in territory.region)
    for name, region in calibration().regions.items():
        assert shares[name] / territory.counties == pytest.approx(region.share, abs=0.07)
        mine = territory.region == REGIONS.index(name)
        assert territory.listed_county[mine].mean() == pytest.approx(region.listed, abs=0.01)
    assert not (territory.deep_poverty & ~territory.listed_county).any()


def test_the_poorer_villages_of_a_county_are_listed_first_but_not_only() -> None:
    territory = Territory(calibration(), 7, 200_000)
    listed, level = territory.listed_village, territory.level
    for county in np.flatnonzero(territory.listed_county):
        mine = territory.county == county
        assert level[mine & listed].mean() < level[mine & ~listed].mean()
        assert level[mine & listed].max() > level[mine & ~listed].min()


def test_services_only_grow_and_remote_villages_wait_longer() -> None:
    territory = Territory(calibration(), 7, 400_000)
    remote = territory.remoteness == 2
    for service in ("paved_road", "clinic_qualified", "power_supply", "broadband"):
        years = [territory.has(service, year) for year in (2013, 2016, 2020)]
        assert (years[1] | ~years[0]).all()
        assert years[0].mean() < years[1].mean() < years[2].mean()
        assert years[0][remote].mean() < years[0][~remote].mean()


def test_a_settlement_lies_in_the_same_township_and_is_no_more_remote() -> None:
    territory = Territory(small(), 7, 5_000)
    site = territory.settlement_site
    own, new = ([territory.village_codes[village][:9] for village in villages] for villages in (range(len(site)), site))
    assert own == new
    assert (territory.remoteness[site] <= territory.remoteness).all()


def test_parts_are_whole_counties_of_a_bounded_size() -> None:
    assert {len(part) for part in Territory(calibration(), 7, 1_000_000).parts} <= {1, 2}
    parts = Territory(small(), 7, 5_000, households_a_part=600).parts
    assert [county for part in parts for county in part] == list(range(17))
    assert {len(part) for part in parts} <= {1, 2}
