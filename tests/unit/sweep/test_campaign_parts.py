"""What joins one year of a campaign with the next: answers beside households, standings, households that split off."""

from __future__ import annotations

import re
import shutil
from datetime import date
from multiprocessing import active_children
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.unit.simulation.invented import SMALL_TREE
from tuopin.policy import Pack, read_pack
from tuopin.policy.pack import pack_folder
from tuopin.simulation.territory import Territory
from tuopin.sweep.campaign import calibration_of, inherited, run_campaign, standing_by, with_answers
from tuopin.sweep.officials import DECISIONS
from tuopin.tables import Snapshot

Taken = tuple[str, str, date]


def decisions(*rows: Taken) -> pa.Table:
    said = [{"household_id": id, "decision": what, "decided_on": day, "known_at": day} for id, what, day in rows]
    return pa.Table.from_pylist(said, schema=DECISIONS)


def day(year: int, month: int = 3) -> date:
    return date(year, month, 1)


def test_an_answer_stands_beside_its_own_household_in_whatever_order_it_lies(tmp_path: Path) -> None:
    answers = pa.table({"household_id": ["c", "a", "b"], "safe_water": [True, False, None], "other": [1, 2, 3]})
    pq.write_table(answers, tmp_path / "part-00000.parquet")
    known = pa.table({"household_id": ["a", "b", "c", "d"], "main_cause": ["illness", None, "skills", "land"]})
    found = with_answers(known, tmp_path, ["safe_water", "not_in_force"]).to_pylist()
    assert [(row["household_id"], row["main_cause"], row["safe_water"]) for row in found] == [
        ("a", "illness", False), ("b", None, None), ("c", "skills", True), ("d", "land", None),
    ]  # fmt: skip


def test_the_last_decision_that_changes_a_standing_says_who_is_helped() -> None:
    taken = decisions(
        ("a", "entry", day(2014)), ("b", "entry", day(2014)), ("b", "exit", day(2016)), ("c", "entry", day(2014)),
        ("c", "refusal", day(2016)), ("d", "monitoring", day(2021)), ("d", "clearing", day(2022)), ("e", "refusal", day(2014)),
    )  # fmt: skip
    assert standing_by(taken, ["entry", "return"]).to_pylist() == ["a", "c"]
    assert standing_by(taken, ["exit", "clearing"]).to_pylist() == ["b", "d"]


def test_a_household_that_splits_off_begins_where_the_one_it_comes_from_stood() -> None:
    taken = decisions(
        ("a", "entry", day(2014)), ("a", "exit", day(2016)), ("b", "refusal", day(2014)), ("c", "entry", day(2015)),
    )  # fmt: skip
    splits = pa.table({"household_id": ["x", "y", "z"], "origin_id": ["a", "b", "nobody"]})
    found = inherited(taken, splits)
    assert found.schema.equals(DECISIONS)
    assert [(row["household_id"], row["decision"], row["decided_on"]) for row in found.to_pylist()] == [
        ("x", "entry", day(2014)), ("x", "exit", day(2016)),
    ]  # fmt: skip


def small_counties(folder: Path) -> Pack:
    """The China pack with counties of some 300 households, which are parts of a country."""
    shutil.copytree(pack_folder("china"), folder)
    file = folder / "simulation.yaml"
    text = file.read_text(encoding="utf-8")
    for key, value in SMALL_TREE.items():
        text, many = re.subn(rf"(?m)^(  {key}): \d+", rf"\g<1>: {value}", text)
        assert many == 1, key
    file.write_text(text, encoding="utf-8")
    return read_pack(folder)


def test_a_campaign_is_the_same_on_any_number_of_processes_and_sends_them_home(tmp_path: Path) -> None:
    """A country of several parts: lived by one process, part after part, and by two that are started for it."""
    pack = small_counties(tmp_path / "china")
    assert len(Territory(calibration_of(pack), 3, 1_500, 300).parts) > 1
    campaigns = [
        run_campaign(
            pack=pack, households=1_500, seed=3, years=(2013, 2014), out=tmp_path / str(workers),
            workers=workers, households_a_part=300,
        )
        for workers in (1, 2)
    ]  # fmt: skip
    first, second = ([Snapshot.open(folder) for folder in campaign.snapshots.values()] for campaign in campaigns)
    assert [one.manifest.content_hash for one in first] == [one.manifest.content_hash for one in second]
    assert campaigns[0].accounts == campaigns[1].accounts
    assert not active_children()
