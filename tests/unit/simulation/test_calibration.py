"""Is a calibration refused that leaves out a figure, a reason or a sense?"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuopin.simulation
from benchmarks.official_series import ILLNESS, REGISTERED, RETURNED
from tests.unit.simulation.invented import calibration, plain_calibration
from tuopin.simulation import read_calibration
from tuopin.simulation.calibration import Growth, Reach, at
from tuopin.terms import DataError


def without_reason(data: Any) -> None:
    del data["deaths"]["source"]


def with_a_stranger(data: Any) -> None:
    data["births"]["headcount_2019"] = 551


def upside_down(data: Any) -> None:
    data["shocks"]["loss"] = {"low": 0.8, "high": 0.2}


def with_a_share_above_one(data: Any) -> None:
    data["answers"]["wrong"] = 1.5


def without_a_measure(data: Any) -> None:
    del data["measures"]["dibao"]


def with_a_sixth_region(data: Any) -> None:
    data["regions"]["east"]["share"] = 0.5


def with_villages_nowhere(data: Any) -> None:
    data["regions"]["west"]["remoteness"] = {"near": 0.3, "middling": 0.4, "remote": 0.2}


def with_a_text(data: Any) -> None:
    data["talent"]["pay"] = "0.1"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_reason, r"^deaths: .*say where the figures come from"),
        (with_a_stranger, r"^births\.headcount_2019: extra inputs"),
        (upside_down, r"^shocks\.loss: .*`low` is above `high`"),
        (with_a_share_above_one, r"^answers\.wrong: .*less than or equal to 1"),
        (without_a_measure, r"^measures: .*leaves out dibao"),
        (with_a_sixth_region, r"^regions: .*the shares add up to 1\.\d+, not to 1"),
        (with_villages_nowhere, r"^regions\.west\.remoteness: .*the shares add up to 0\.9, not to 1"),
        (with_a_text, r"^talent\.pay: .*without quotes"),
    ],
)
def test_a_mistake_is_named_with_its_place(spoil: Any, said: str) -> None:
    data = copy.deepcopy(plain_calibration())
    spoil(data)
    with pytest.raises(DataError) as refused:
        read_calibration(data, file="simulation.yaml")
    (problem,) = refused.value.problems
    assert re.search(said, problem.what)
    assert problem.place.file == "simulation.yaml"
    assert problem.fix


def test_a_share_that_grows_closes_part_of_the_gap_each_year() -> None:
    reach = Reach(starts=0.6, closes=0.5)
    assert [reach.share(years) for years in (-1, 0, 1, 2)] == pytest.approx([0.6, 0.6, 0.8, 0.9])


def test_a_growth_that_fades_by_hand() -> None:
    growth = Growth(rate=0.1, fades=0.5)
    assert [growth.index(years) for years in (0, 1, 2)] == pytest.approx([1.0, 1.1, 1.1 * 1.05])
    assert growth.index(-1) == pytest.approx(1 / 1.1)


def test_a_table_by_age_changes_evenly_between_its_ages() -> None:
    assert at({0: 0.0, 10: 1.0, 20: 0.5}, np.array([0, 5, 10, 15, 20, 90])).tolist() == [0.0, 0.5, 1.0, 0.75, 0.5, 0.5]


def test_effects_of_all_measures_say_how_sure_they_are() -> None:
    for effect in calibration().measures.values():
        assert effect.confidence in {"high", "medium", "low"}


OFFICIAL_HEADCOUNT = (
    9899,
    8249,
    7017,
    5575,
    4335,
    3046,
    1660,
    551,
    98.99,
    82.49,
    70.17,
    55.75,
    43.35,
    30.46,
    16.6,
    5.51,
    93.48,
)
"""Rural poor of China, 2012 to 2019, in tens of thousands and in millions (NBS)."""

OFFICIAL_PERCENT = (8.5, 7.2, 5.7, 4.5, 3.1, 1.7)
"""The same as a share of rural people, 2013 to 2018."""

OFFICIAL = {*OFFICIAL_HEADCOUNT, *OFFICIAL_PERCENT} | {
    round(figure * unit, 6)
    for series in (REGISTERED, RETURNED, ILLNESS)
    for figure in series.values()
    for unit in (1, 100)
}
"""The figures that prediction.md compares, but two that are too round to look for: 0.6 % in 2019, five million watched."""

BY_CHANCE = {"simulation.yaml": {0.54, 8.5}}  # western counties on the list of 2012, a share; land in the west, mu


def numbers_in(text: str) -> set[float]:
    """Every number that is written in a text, with or without marks between thousands."""
    return {
        float(found.replace(",", "").replace("_", ""))
        for found in re.findall(r"(?<![\w.,])\d+(?:[,_]\d{3})*(?:\.\d+)?", text)
    }


def test_numbers_are_found_as_they_are_written() -> None:
    assert numbers_in("9,899 and 9_899 of 98.99 in [0.1, 0.25, 8_249], v1.5 x2, 2013.") == {
        9899, 98.99, 0.1, 0.25, 8249, 2013,
    }  # fmt: skip


def test_no_official_series_stands_in_the_room_or_in_the_calibration() -> None:
    room = Path(tuopin.simulation.__file__).parent
    pack, sweep = room.parent / "packs" / "china", room.parent / "sweep"
    acting = [
        sweep / f"{name}.py" for name in ("accounts", "aid", "campaign", "campaign_file", "judgement", "officials")
    ]
    for file in (*room.rglob("*.py"), *acting, pack / "simulation.yaml", pack / "campaign.yaml"):
        found = numbers_in(file.read_text("utf-8")) & OFFICIAL
        assert found == BY_CHANCE.get(file.name, set()), file.name
