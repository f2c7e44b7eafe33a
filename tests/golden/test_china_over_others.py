"""What does China's policy say of two real sources that asked few of its questions? Nothing unasked is ever met."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from tests.golden.conftest import imported
from tuopin.policy import read_pack
from tuopin.sweep import run_sweep
from tuopin.tables import Snapshot

DAYS = [date(2014, 12, 31), date(2019, 12, 31), date(2020, 12, 31), date(2024, 12, 31), date(2026, 12, 31)]

#: By hand: what the source asked, and the one test of the pack that this can meet.
SOURCES = {
    # Asked: size, town or countryside, where the water comes from. A pipe into the house is near.
    "wb_census_as_china": ("wb-synthetic-2023/hld_pop_wb_2023.parquet", {"water_near"}),
    # Asked: sex, age, some income in another currency. Without a child of 6 to 15 no schooling is missing.
    "eusilc_as_china": ("eusilc-laeken/eusilc.csv.gz", {"compulsory_education"}),
}


@pytest.fixture(scope="module", params=sorted(SOURCES))
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Snapshot]:
    file, _ = SOURCES[request.param]
    return request.param, imported(tmp_path_factory.mktemp(request.param), file, f"{request.param}.yaml", "china")


def summary_of(snapshot: Snapshot, day: date) -> Mapping[str, Any]:
    return run_sweep(pack=read_pack("china"), snapshot=snapshot, as_of=day, out=None, dry_run=True).summary


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_only_what_was_asked_is_met(source: tuple[str, Snapshot], day: date) -> None:
    name, snapshot = source
    summary = summary_of(snapshot, day)
    _, can_be_met = SOURCES[name]
    assert {id for id, met in summary["met"].items() if met} == can_be_met & set(summary["met"])
    assert len(summary["never_asked"]) >= 5
    for id in summary["never_asked"]:
        assert summary["met"][id] == 0
    for tier in summary["areas"].values():
        assert not any(tier["met"].values())


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_nobody_is_proposed_for_anything_but_a_visit(source: tuple[str, Snapshot], day: date) -> None:
    _, snapshot = source
    kinds = {kind for stage in summary_of(snapshot, day)["proposals"].values() for kind in stage}
    assert kinds <= {"visit"}


def test_another_currency_is_under_no_line_of_this_country(source: tuple[str, Snapshot]) -> None:
    _, snapshot = source
    summary = summary_of(snapshot, date(2019, 12, 31))
    assert summary["currency"] != "CNY"
    for id in ("below_exit_line", "below_survey_line", "below_provincial_line"):
        if id in summary["met"]:
            assert summary["cannot_tell"][id] == summary["households"]
