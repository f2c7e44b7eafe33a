"""Does the fit look at official figures of 2013 to 2016 only, and does its stand-in help by cause?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.fit_simulation import (
    FITTED_YEARS,
    HELP,
    INCOME_2013,
    bisected,
    changed,
    faster,
    headcount,
    levels,
    official_headcounts,
    stand_in_help,
    with_levels,
)
from tests.unit.simulation.invented import founded, small, small_territory
from tuopin.simulation.calibration import Growth
from tuopin.simulation.codes import CAUSES, MEASURES
from tuopin.simulation.livelihood import income_a_head


def test_the_official_headcounts_are_those_of_the_file(shared_data: Path) -> None:
    found = official_headcounts(shared_data / "chn-nbs-rural-poverty" / "rural_poverty_2010_standard.csv")
    assert [found[year] for year in FITTED_YEARS] == pytest.approx([0.085, 0.072, 0.057, 0.045])


def test_a_headcount_counts_persons_strictly_below_the_line() -> None:
    part = founded(small_territory(households=300))
    income = np.repeat(income_a_head(part), part.sizes)
    line = float(np.sort(income)[len(income) // 10])
    assert headcount([part], line) == pytest.approx((income < line).mean())
    assert headcount([part], 0.0) == 0.0


def test_levels_are_scaled_to_the_survey() -> None:
    scaled = with_levels(small(), households=3_000, seed=1)
    assert levels(scaled, households=3_000, seed=1, year=2013) == pytest.approx(INCOME_2013, rel=0.03)


def test_a_growth_is_made_faster_over_three_years() -> None:
    growth = Growth(rate=0.10, fades=0.9)
    assert faster(growth, 1.05).index(3) / growth.index(3) == pytest.approx(1.05, abs=0.005)


def test_bisecting_finds_where_a_rising_miss_is_none() -> None:
    assert bisected(lambda x: x**2 - 2, 0, 2, steps=30) == pytest.approx(2**0.5)


def test_other_figures_in_a_group_leave_the_rest_alone() -> None:
    other = changed(small(), talent={"household": 0.9})
    assert other.talent.household == 0.9
    assert other.talent.person == small().talent.person
    assert other.wages == small().wages


def test_the_stand_in_has_help_for_every_cause_and_gives_it_to_who_looks_poor() -> None:
    assert set(HELP) == set(CAUSES)
    assert {kind for kinds in HELP.values() for kind in kinds} == set(MEASURES)
    territory = small_territory(households=2_000)
    part = founded(territory)
    given = stand_in_help(part, territory, 2014, line=3_000, reach=1.0)
    helped = np.isin(part.households.number, given.household)
    assert 0 < helped.mean() < 0.5
    assert np.median(income_a_head(part)[helped]) < 3_000
    assert not len(stand_in_help(part, territory, 2014, line=3_000, reach=0.0).household)
