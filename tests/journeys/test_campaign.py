"""Does an invented county live through a campaign, and does no sweep ever see the truth?"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.journeys.conftest import Ended, Tuopin
from tests.journeys.test_how_tos import shows
from tests.pages import blocks, read
from tuopin.policy import folders_of
from tuopin.policy.files import PackPart
from tuopin.sweep.campaign_file import CampaignFile, HelpPlan, Lists, Officials
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.terms import DataError

YEARS = range(2013, 2017)


@dataclass(frozen=True)
class Lived:
    """A county of 400 households that lived from 2013 to 2016."""

    folder: Path
    ended: Ended
    tuopin: Tuopin

    @property
    def table(self) -> list[dict[str, Any]]:
        """The account of each year."""
        years: list[dict[str, Any]] = self.ended.json["years"]
        return years


def simulated(tuopin: Tuopin, out: str, *more: str, seed: int = 7) -> Ended:
    return tuopin(
        "simulate", "--pack", "china", "--households", "400", "--seed", str(seed), "--years", "2013:2016", "--out", out,
        "--json", *more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Lived:
    tuopin = Tuopin(tmp_path_factory.mktemp("lived"), compiled)
    ended = simulated(tuopin, "county", "--workers", "1")
    assert ended.code == 0, ended.err
    return Lived(tuopin.folder / "county", ended, tuopin)


def test_every_year_leaves_a_snapshot_that_is_whole(lived: Lived) -> None:
    for year in YEARS:
        snapshot = Snapshot.open(lived.folder / str(year))
        assert snapshot.check() == []
        assert snapshot.manifest.as_of == date(year, 12, 31)
        assert not set(snapshot.manifest.tables) & {"truth", "judged"}


def test_the_register_fills_by_decisions_of_the_year_after_a_sweep(lived: Lived) -> None:
    first, second, *_ = lived.table
    assert (first["poor_register"], first["entered"]) == (0, 0)
    assert first["poor_true"] > 0
    assert second["entered"] > 0
    decisions = pq.read_table(lived.folder / "2014" / "decisions.parquet").to_pylist()
    assert {row["decided_on"].year for row in decisions} == {2014}
    assert {row["decision"] for row in decisions} <= {"entry", "refusal"}


def test_the_accounts_add_up(lived: Lived) -> None:
    """Households in the register at the end of a year are those with an entry or return and no later exit."""
    for account in lived.table[1:]:
        decisions = pq.read_table(lived.folder / str(account["year"]) / "decisions.parquet")
        last = {
            row["household_no"]: row["decision"]
            for row in decisions.sort_by("decided_on").to_pylist()
            if row["decision"] != "refusal"
        }
        assert account["households_register"] == sum(d in ("entry", "return") for d in last.values())
        everybody = account["errors"]["register"][0]
        assert everybody["belong"] == account["poor_true"]
        groups = [e for e in account["errors"]["register"] if e["group"] == "settlement"]
        assert sum(e["belong"] for e in groups) == account["poor_true"]


def test_the_same_seed_is_the_same_country(lived: Lived) -> None:
    again = simulated(lived.tuopin, "again")
    assert again.json["years"] == lived.table
    for year in YEARS:
        first, second = (Snapshot.open(folder / str(year)) for folder in (lived.folder, lived.tuopin.folder / "again"))
        assert first.manifest.content_hash == second.manifest.content_hash
    other = simulated(lived.tuopin, "other", seed=8)
    assert other.json["years"] != lived.table


def test_with_the_truth_deleted_every_sweep_proposes_the_same_row_for_row(lived: Lived, tmp_path: Path) -> None:
    county = shutil.copytree(lived.folder, tmp_path / "county", ignore=shutil.ignore_patterns("truth", "*.facts"))
    assert not (county / "truth").exists()
    for number, year in enumerate(YEARS):
        sweep = [
            "--pack",
            "china",
            "--snapshot",
            county / str(year),
            "--as-of",
            f"{year}-12-31",
            "--out",
            tmp_path / str(year),
        ]
        assert lived.tuopin("sweep", *map(str, sweep)).code == 0
        before = pq.read_table(lived.folder / "sweeps" / str(year) / "proposals")
        assert before.num_rows > 0
        assert pq.read_table(tmp_path / str(year) / "proposals").equals(before)
        proved = lived.tuopin(
            "rerun", "--pack", "china", "--snapshot", county / str(year), "--ledger", county / "ledger.jsonl",
            "--block", str(number),
        )  # fmt: skip
        assert proved.code == 0, proved.out + proved.err


def test_the_engine_of_a_sweep_cannot_open_the_truth(lived: Lived) -> None:
    truth = next((lived.folder / "truth").rglob("*.parquet"))
    snapshot = Snapshot.open(lived.folder / "2016")
    with open_engine(folders=folders_of(snapshot)) as engine:
        engine.view("seen", snapshot.files("households"))
        assert engine.rows("SELECT count(*) FROM seen")[0][0] > 0
        with pytest.raises(DataError, match="outside the folders"):
            engine.rows(f"SELECT count(*) FROM read_parquet('{truth}')")


def test_three_households_are_told_of_with_their_years(lived: Lived) -> None:
    stories = lived.ended.json["stories"]
    assert {story["kind"] for story in stories} <= {"left poverty", "left out", "in trouble"}
    assert stories
    for story in stories:
        years = [chapter["year"] for chapter in story["chapters"]]
        assert years == sorted(set(years))
        assert years[-1] <= 2016


def test_where_nobody_acts_nobody_is_decided_on(tuopin: Tuopin) -> None:
    ended = simulated(tuopin, "alone", "--nobody-acts")
    assert ended.code == 0, ended.err
    assert {account["poor_register"] for account in ended.json["years"]} == {0}
    assert "decisions" not in Snapshot.open(tuopin.folder / "alone" / "2016").manifest.tables


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        (("--years", "2014:2015"), 2, "is founded in 2013"),
        (("--years", "2013:2012"), 2, "comes before the first"),
        (("--years", "2013-2016"), 2, "2013:2026"),
        (("--years", "soon"), 2, "2013:2026"),
        (("--households", "0"), 2, "households"),
        (("--pack", "template"), 2, "has no simulation.yaml"),
        (("--pack", "nowhere"), 2, "There is no pack"),
    ],
)
def test_what_cannot_be_simulated_is_refused_and_leaves_nothing(
    tuopin: Tuopin, changed: tuple[str, str], code: int, said: str
) -> None:
    asked = {"--pack": "china", "--households": "20", "--years": "2013:2014", "--out": "county", **dict([changed])}
    refused = tuopin("simulate", *(word for pair in asked.items() for word in pair)).in_plain_words()
    assert refused.code == code
    assert said in refused.out + refused.err
    assert list(tuopin.folder.iterdir()) == []


def test_a_campaign_writes_over_nothing(lived: Lived) -> None:
    refused = simulated(lived.tuopin, "county").in_plain_words()
    assert refused.code == 2
    assert (lived.folder / "campaign.json").is_file()


HOW_TO = "how-to/try-a-policy-where-the-truth-is-known.md"


def test_a_policy_is_tried_where_the_truth_is_known_as_the_how_to_says(tuopin: Tuopin) -> None:
    """Every command of the page, in its order; the country is the same whether anybody acts or not."""
    calls = [line[2:] for block in blocks(HOW_TO, "console") for line in block.text.splitlines() if line[:2] == "$ "]
    assert [call.split()[1] for call in calls] == ["simulate", "simulate", "pack", "simulate", "snapshot", "report"]
    for call in calls:
        ended = tuopin(*call.split()[1:])
        assert ended.code == 0, (call, ended.err)
        shows(HOW_TO, call, ended)
        if call.split()[1] == "simulate":
            # The difference that a campaign made is named where there was one; what is next can be called as it is.
            assert ("with --nobody-acts shows how many" in ended.out) == ("--nobody-acts" not in call)
            *_, next_ = ended.out.strip().splitlines()
            assert next_.startswith("Next: tuopin report ")
            assert tuopin(*next_.split()[2:], "--dry-run").code == 0, next_
    first, alone = (judged(tuopin.folder / name, 2013) for name in ("county", "alone"))
    assert first.equals(alone)
    assert not judged(tuopin.folder / "county", 2016).equals(judged(tuopin.folder / "alone", 2016))


def judged(campaign: Path, year: int) -> pa.Table:
    """Everybody as they truly were."""
    return pq.read_table(campaign / "truth" / f"judged-{year}.parquet")


def test_the_reference_names_every_key_of_a_campaign_and_every_key_of_an_account(lived: Lived) -> None:
    page = read("reference/campaign.md")
    rows = {key for row in re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE) for key in re.findall(r"`([^`]+)`", row)}
    groups: dict[str, type[PackPart]] = {"officials": Officials, "lists": Lists, "help": HelpPlan}
    keys = set(CampaignFile.model_fields) | set(lived.table[0])
    keys |= {f"{group}.{key}" for group, model in groups.items() for key in model.model_fields}
    told_with_their_group = {"lists.village", "lists.county"} | {
        f"{group}.{key}" for group in groups for key in ("source", "assumed")
    }
    assert rows == keys - told_with_their_group
