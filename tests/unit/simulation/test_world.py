"""Is a snapshot of the invented country whole, the same for any number of processes, and free of the truth?"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.unit.simulation.invented import changed, china_columns, heading, small
from tuopin.simulation import World, found
from tuopin.tables import Snapshot
from tuopin.terms import DataError, TuopinError, UsageError

SIZE = 1_500


def country(folder: Path, *, seed: int = 7, workers: int = 1, households: int = SIZE, a_part: int = 40_000) -> World:
    return found(
        calibration=small(), seed=seed, households=households, folder=folder, workers=workers, households_a_part=a_part
    )


def seen(world: World, target: Path, **more: pa.Table) -> Snapshot:
    return world.observe(columns=china_columns(), heading=heading(world.year), target=target, **more)


def table(snapshot: Snapshot, name: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(file) for file in snapshot.files(name)])


def content(snapshot: Snapshot) -> str:
    return snapshot.manifest.content_hash


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("country")


@pytest.fixture(scope="module")
def world(folder: Path) -> World:
    return country(folder / "truth")


@pytest.fixture(scope="module")
def snapshot(world: World, folder: Path) -> Snapshot:
    return seen(world, folder / "2013")


@pytest.fixture(scope="module")
def later(world: World, folder: Path) -> Snapshot:
    """A year later."""
    shutil.copytree(world.folder, folder / "lived")
    return seen(World.open(folder / "lived").live(), folder / "2014")


@pytest.fixture(scope="module")
def truth(world: World) -> Snapshot:
    return world.truth(columns=china_columns(), heading=heading(2013))


def test_a_snapshot_of_it_is_whole(snapshot: Snapshot) -> None:
    assert snapshot.check() == []
    assert snapshot.manifest.rows("households") == SIZE
    assert set(snapshot.manifest.tables) == {
        "areas", "households", "members", "dwellings", "leads",
        "register:vehicles", "register:companies", "register:payroll", "register:property",
    }  # fmt: skip


def test_it_answers_every_question_of_the_pack_that_a_register_asks(snapshot: Snapshot) -> None:
    asked_elsewhere = {
        "survey_income",  # a household survey asks it
        "assessed", "approves", "wrong_exit_persons", "missed_persons",  # assessors come from 2016 on
    }  # fmt: skip
    for name, columns in china_columns().items():
        here = {column.name for column in snapshot.columns(name)}
        assert {column.name for column in columns} - here - asked_elsewhere == set(), name


def test_the_same_seed_is_the_same_country_and_another_seed_another(snapshot: Snapshot, tmp_path: Path) -> None:
    again = seen(country(tmp_path / "again"), tmp_path / "seen")
    other = seen(country(tmp_path / "other", seed=8), tmp_path / "other-seen")
    assert content(again) == content(snapshot) != content(other)


@pytest.mark.parametrize(("workers", "a_part"), [(1, 300), (2, 300), (3, 600)])
def test_neither_the_cut_into_parts_nor_the_number_of_processes_changes_anything(
    snapshot: Snapshot, later: Snapshot, tmp_path: Path, workers: int, a_part: int
) -> None:
    with country(tmp_path / "truth", workers=workers, a_part=a_part) as world:
        assert len(world.territory.parts) > 2
        assert content(seen(world, tmp_path / "2013")) == content(snapshot)
        assert content(seen(world.live(), tmp_path / "2014")) == content(later)


def test_years_are_lived_one_after_the_other_and_can_be_opened_again(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.folder, tmp_path / "truth")
    here = World.open(tmp_path / "truth", year=2013)
    later = here.live().live()
    assert World.open(tmp_path / "truth").year == later.year == 2015
    hashes = [
        content(seen(each, tmp_path / f"seen-{n}")) for n, each in enumerate((later, World.open(tmp_path / "truth")))
    ]
    assert hashes[0] == hashes[1]
    anew = World.open(tmp_path / "truth", year=2014).live()
    assert content(seen(anew, tmp_path / "anew")) == hashes[0]


def test_what_an_office_sees_needs_no_truth_beside_it(snapshot: Snapshot, tmp_path: Path) -> None:
    shutil.copytree(snapshot.path, tmp_path / "2013")
    moved = Snapshot.open(tmp_path / "2013")
    assert moved.check() == []
    assert not (tmp_path / "2013").joinpath("world.json").exists()
    assert not any(path.suffix == ".json" and path.name != "manifest.json" for path in moved.path.rglob("*"))


# --- Truth and observation -------------------------------------------------------------------------------------------


def test_the_truth_has_no_unknown_that_anybody_could_answer(truth: Snapshot) -> None:
    assert truth.check() == []
    assert not truth.has("leads")
    open_questions = {"second_cause", "third_cause", "agrees_to_exit"}
    for name in ("members", "dwellings", "households"):
        for column in truth.manifest.tables[name].columns:
            assert column.unknown == 0 or column.name in open_questions, column.name


def test_who_has_no_address_has_no_dwelling(tmp_path: Path) -> None:
    homeless = changed(small(), places={"no_address": 0.2})
    world = found(calibration=homeless, seed=7, households=300, folder=tmp_path / "truth")
    truth = world.truth(columns=china_columns(), heading=heading(2013))
    households, housed = table(truth, "households"), table(truth, "dwellings").column("household_no")
    without = households.filter(pc.invert(pc.is_in(households.column("household_no"), value_set=housed)))
    assert 30 < without.num_rows < 90
    assert set(without.column("mobility").to_pylist()) == {"no_address"}


def test_unknown_answers_are_as_many_as_calibrated(snapshot: Snapshot) -> None:
    unknown = small().answers.unknown
    manifest = snapshot.manifest

    def share(table: str, column: str) -> float:
        (entry,) = [each for each in manifest.tables[table].columns if each.name == column]
        return entry.unknown / manifest.rows(table)

    assert share("households", "wage_income") == pytest.approx(unknown["income"], abs=0.01)
    assert share("households", "food_enough") == pytest.approx(unknown["household"], abs=0.008)
    assert share("dwellings", "dwelling_grade") == pytest.approx(unknown["dwelling"], abs=0.01)
    assert share("members", "health") == pytest.approx(unknown["member"], abs=0.005)
    assert share("members", "birth_month") == pytest.approx(unknown["birth_month"] + unknown["member"], abs=0.012)
    assert share("members", "person_key") == pytest.approx(unknown["person_key"], abs=0.006)


def test_an_unknown_income_is_neither_zero_nor_left_out(snapshot: Snapshot, truth: Snapshot) -> None:
    told, true = (table(each, "households") for each in (snapshot, truth))
    assert told.column("household_id").equals(true.column("household_id"))
    unknown = pc.is_null(told.column("other_transfers"))
    assert pc.min(true.column("other_transfers").filter(unknown)).as_py() >= 0
    assert pc.sum(unknown).as_py() > 5


def test_told_incomes_stray_around_the_true_ones_and_more_below_than_above(snapshot: Snapshot, truth: Snapshot) -> None:
    told, true = (table(each, "households").column("wage_income").to_numpy() for each in (snapshot, truth))
    both = (true > 500_000) & ~np.isnan(told)
    ratio = told[both] / true[both]
    assert np.median(ratio) == pytest.approx(1, abs=0.04)
    assert 0.08 < np.std(np.log(np.clip(ratio, 0.3, 3))) < 0.25
    assert (ratio < 0.75).mean() > (ratio > 1.35).mean()


def test_nobody_is_listed_who_is_not_there_and_few_are_not_listed(snapshot: Snapshot, truth: Snapshot) -> None:
    listed, there = (table(each, "members") for each in (snapshot, truth))
    pairs = [
        set(zip(each.column("household_no").to_pylist(), each.column("member_no").to_pylist(), strict=True))
        for each in (listed, there)
    ]
    assert pairs[0] <= pairs[1]
    assert len(pairs[0]) > 0.995 * len(pairs[1])
    ages = there.filter(pc.equal(there.column("age"), 0))
    assert ages.num_rows > 0


def test_registers_match_members_by_key_and_hold_strangers_and_a_few_dead_owners(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.folder, tmp_path / "truth")
    later = World.open(tmp_path / "truth", year=2013).live().live().live()
    snapshot = seen(later, tmp_path / "2016")
    vehicles, members = table(snapshot, "register:vehicles"), table(snapshot, "members")
    known = pc.is_in(vehicles.column("person_key"), value_set=members.column("person_key"))
    share = pc.sum(known).as_py() / vehicles.num_rows
    assert 0.85 < share < 1.0
    deceased = vehicles.filter(pc.fill_null(vehicles.column("owner_deceased"), False))
    assert 0 < deceased.num_rows < 0.15 * vehicles.num_rows
    assert pc.any(pc.is_in(deceased.column("person_key"), value_set=members.column("person_key"))).as_py()


def test_a_register_says_where_it_answers(snapshot: Snapshot) -> None:
    covered = {entry.register_: set(entry.areas) for entry in snapshot.manifest.coverage}
    assert set(covered) == {"vehicles", "companies", "payroll", "property"}
    assert any(len(areas) < 6 for areas in covered.values())
    vehicles = table(snapshot, "register:vehicles").column("person_key")
    members, households = table(snapshot, "members"), table(snapshot, "households")
    owners = members.filter(pc.is_in(members.column("person_key"), value_set=vehicles)).column("household_no")
    counties = {code[:6] for code in households.take(owners.combine_chunks()).column("area_code").to_pylist()}
    assert all(code in covered["vehicles"] or code[:2] in covered["vehicles"] for code in counties)


def test_leads_are_of_the_year_and_find_those_in_need_more_often(snapshot: Snapshot, truth: Snapshot) -> None:
    leads = table(snapshot, "leads")
    days = leads.column("received_on").to_pylist()
    assert min(days) >= date(2013, 1, 1)
    assert max(days) <= date(2013, 12, 31)
    assert set(leads.column("lead").to_pylist()) == {"application", "visit", "department", "hotline"}
    households = table(truth, "households")
    income = households.column("wage_income").to_numpy() + households.column("operating_income").to_numpy()
    applied = leads.filter(pc.equal(leads.column("lead"), "application")).column("household_no").to_numpy()
    assert np.median(income[applied]) < 0.6 * np.median(income)


# --- What the office decided -----------------------------------------------------------------------------------------


def decided(ids: list[str], decision: str = "entry", day: date = date(2013, 12, 1)) -> pa.Table:
    return pa.table(
        {
            "household_id": ids,
            "decision": [decision] * len(ids),
            "decided_on": [day] * len(ids),
            "known_at": [day] * len(ids),
        }
    )


def test_decisions_come_back_in_the_order_of_the_households(world: World, snapshot: Snapshot, tmp_path: Path) -> None:
    ids = table(snapshot, "households").column("household_id").to_pylist()[:40][::-1]
    both = pa.concat_tables([decided(ids[:10], "exit", date(2013, 12, 20)), decided(ids)])
    with_decisions = seen(world, tmp_path / "seen", decisions=both)
    assert with_decisions.check() == []
    rows = table(with_decisions, "decisions")
    assert rows.num_rows == 50
    names = table(with_decisions, "households").column("household_id").to_pylist()
    assert {names[no] for no in rows.column("household_no").to_pylist()} == set(ids)
    last = [row for row in rows.to_pylist() if names[row["household_no"]] == ids[0]]
    assert [row["decision"] for row in last] == ["entry", "exit"]


def test_causes_and_signatures_are_asked_of_the_registered(world: World, snapshot: Snapshot, tmp_path: Path) -> None:
    ids = table(snapshot, "households").column("household_id").to_pylist()[:200]
    rows = table(seen(world, tmp_path / "seen", decisions=decided(ids)), "households")
    registered = pc.is_in(rows.column("household_id"), value_set=pa.array(ids))
    for asked in ("agrees_to_exit", "registered_cause"):
        assert pc.sum(pc.is_valid(rows.filter(registered).column(asked))).as_py() > 190
        assert rows.filter(pc.invert(registered)).column(asked).null_count == SIZE - 200
    assert rows.filter(registered).column("main_cause").null_count == 0
    assert rows.filter(pc.invert(registered)).column("main_cause").null_count > 0.6 * SIZE


def test_decisions_on_households_that_are_no_more_are_left_out(world: World, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(world.folder, tmp_path / "truth")
    later = World.open(tmp_path / "truth", year=2013).live()
    before = table(Snapshot.open(folder / "2013"), "households").column("household_id").to_pylist()
    rows = table(seen(later, tmp_path / "seen", decisions=decided(before)), "decisions")
    assert 0.98 * len(before) < rows.num_rows < len(before)


def test_successors_name_the_household_they_came_from(folder: Path, world: World, tmp_path: Path) -> None:
    shutil.copytree(world.folder, tmp_path / "truth")
    later = World.open(tmp_path / "truth", year=2013).live()
    pairs = later.successors().to_pylist()
    assert pairs
    ids = set(table(seen(later, tmp_path / "seen"), "households").column("household_id").to_pylist())
    old = set(table(Snapshot.open(folder / "2013"), "households").column("household_id").to_pylist())
    assert all(pair["household_id"] not in old and pair["origin_id"] in old for pair in pairs)
    assert {pair["household_id"] for pair in pairs} <= ids
    assert world.successors().num_rows == 0


def test_assessors_find_what_the_campaign_knows_to_be_wrong(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.folder, tmp_path / "truth")
    here = World.open(tmp_path / "truth", year=2013).live().live().live()
    ids = table(seen(here, tmp_path / "seen"), "households").column("household_id").to_pylist()
    left = pa.concat_tables([decided(ids[::2]), decided(ids[::2], "exit", date(2016, 6, 1))])
    poor = pa.table({"household_id": ids, "poor": [True] * len(ids)})
    rows = table(seen(here, tmp_path / "assessed", decisions=left, poor=poor), "households")
    visited = rows.filter(pc.fill_null(rows.column("assessed"), False))
    assert visited.num_rows > 10
    wrong, missed = (visited.column(name) for name in ("wrong_exit_persons", "missed_persons"))
    assert pc.sum(wrong).as_py() > 0
    assert pc.sum(missed).as_py() > 0
    assert pc.any(pc.is_null(wrong)).as_py(), "nobody leaves wrongly who has not left"
    assert missed.null_count == 0, "wherever they go, they ask whether somebody was left out"
    assert "wrong_exit_persons" not in table(seen(here, tmp_path / "alone", decisions=left), "households").column_names


# --- Refusals --------------------------------------------------------------------------------------------------------


def refused(call: object) -> str:
    assert callable(call)
    with pytest.raises(TuopinError) as error:
        call()
    (problem,) = error.value.problems
    assert problem.fix
    return problem.what


def test_it_refuses_what_cannot_be(world: World, folder: Path, tmp_path: Path) -> None:
    said = heading(2014)
    assert "at the end of 2013" in refused(
        lambda: world.observe(columns=china_columns(), heading=said, target=tmp_path / "a")
    )
    tiers = heading(2013).model_copy(update={"tiers": ("region", "village")})
    assert "tiers" in refused(lambda: world.observe(columns=china_columns(), heading=tiers, target=tmp_path / "a"))
    assert "something in the folder" in refused(lambda: country(folder / "truth"))
    assert "too small" in refused(lambda: country(tmp_path / "none", households=99))
    assert "No country was founded" in refused(lambda: World.open(tmp_path))
    assert "has not lived 2030" in refused(lambda: World.open(folder / "truth", year=2030))
    odd = pa.table({"household_id": ["X1"], "measure": ["job"]})
    assert "cannot be of this country" in refused(lambda: world.live(help=odd))
    gift = pa.table({"household_id": ["H00000000000"], "measure": ["gift"]})
    assert "no measure gift" in refused(lambda: world.live(help=gift))
    late = pa.table({"household_id": ["H00000000000"], "measure": ["job"], "year": [2013]})
    assert "the year lived is 2014" in refused(lambda: world.live(help=late))
    assert "cannot be of this country" in refused(lambda: seen(world, tmp_path / "b", decisions=decided(["X1"])))
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_left_of_a_year_that_failed(world: World, folder: Path) -> None:
    with pytest.raises(DataError):
        world.live(help=pa.table({"household_id": ["H00000000000"], "measure": ["gift"]}))
    with pytest.raises(UsageError):
        seen(world, folder / "2013")
    assert not (folder / "truth" / "2014").exists()
    assert not [path for path in (folder / "truth").iterdir() if path.name.startswith(".")]


def test_a_founding_that_was_broken_off_can_be_begun_again(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "truth" / ".2013-unfinished" / "households").mkdir(parents=True)
    (tmp_path / "truth" / ".2013-unfinished" / "households" / "part-00009.parquet").write_bytes(b"half")
    world = country(tmp_path / "truth")
    assert content(seen(world, tmp_path / "seen")) == content(snapshot)


def test_help_may_say_its_year_and_name_a_household_that_is_no_more(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.folder, tmp_path / "truth")
    here = World.open(tmp_path / "truth", year=2013)
    given = pa.table(
        {"household_id": ["H00000000000", "H00000999999"], "measure": ["job", "job"], "year": [2014, 2014]}
    )
    later = replace(here).live(help=given)
    assert later.counts()["households"] > 0


def test_decisions_on_areas_are_written_beside(world: World, tmp_path: Path) -> None:
    codes = world.territory.village_codes[:3]
    days = [date(2013, 5, 1), date(2013, 4, 1), date(2013, 3, 1)]
    listed = pa.table({"area_code": codes[::-1], "decision": ["listing"] * 3, "decided_on": days, "known_at": days})
    snapshot = seen(world, tmp_path / "seen", area_decisions=listed)
    assert snapshot.check() == []
    assert table(snapshot, "area_decisions").column("area_code").to_pylist() == codes


def test_a_decision_that_nobody_can_take_is_refused(world: World, snapshot: Snapshot, tmp_path: Path) -> None:
    ids = table(snapshot, "households").column("household_id").to_pylist()[:2]
    assert "Nobody can decide pardon" in refused(lambda: seen(world, tmp_path / "a", decisions=decided(ids, "pardon")))
