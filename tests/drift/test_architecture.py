"""Does the household on the page about the architecture still come out as the page says, at every step?"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pages import DOCS, blocks, columns, read, shown, titled
from tuopin.policy import Evaluation, read_pack
from tuopin.stages.intake import import_snapshot
from tuopin.sweep import explain_household, run_sweep
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine

PAGE = "explanation/architecture.md"
FILES = DOCS / "explanation" / "one-household"
DAY = date(2024, 6, 30)


@dataclass(frozen=True)
class Walked:
    """The household's files, read and swept before and after the visit."""

    folder: Path

    def rows(self, title: str) -> list[dict[str, object]]:
        """The rows of the file that a block of the page is titled with."""
        (file,) = sorted(self.folder.glob(title.replace("…", "*")))
        return [dict(row) for row in pq.read_table(file).to_pylist()]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    folder = tmp_path_factory.mktemp("one-household")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    walk(folder, "snapshot", "sweep", known_at=date(2024, 7, 15))
    members = folder / "members.csv"
    members.write_text(members.read_text().replace("412,1,Hawa Sol,33,2,,\n", "412,1,Hawa Sol,33,2,,1\n"))
    walk(folder, "snapshot2", "sweep2", known_at=date(2024, 8, 1))
    return Walked(folder)


def walk(folder: Path, snapshot: str, sweep: str, *, known_at: date) -> None:
    """The commands of the page, as calls."""
    import_snapshot(
        files=[folder / "households.csv", folder / "members.csv"],
        mapping=folder / "mapping.yaml",
        out=folder / snapshot,
        known_at=known_at,
    )
    run_sweep(pack=read_pack("template"), snapshot=Snapshot.open(folder / snapshot), as_of=DAY, out=folder / sweep)


@pytest.mark.parametrize("name", ["households.csv", "members.csv"])
def test_the_page_shows_the_files_that_lie_beside_it(name: str) -> None:
    assert titled(PAGE, name) == (FILES / name).read_text(encoding="utf-8")


def test_the_page_shows_lines_of_the_mapping() -> None:
    mapping = (FILES / "mapping.yaml").read_text(encoding="utf-8")
    for line in titled(PAGE, "mapping.yaml").splitlines():
        assert f"\n{line}\n" in mapping, line


STORED = [block.title for block in blocks(PAGE) if block.title.endswith(".parquet")]


@pytest.mark.parametrize("title", STORED)
def test_each_file_holds_what_the_page_shows(walked: Walked, title: str) -> None:
    promised = columns(titled(PAGE, title))
    assert [shown(row, list(promised[0])) for row in walked.rows(title)] == promised


def test_every_step_is_shown() -> None:
    assert [title.split("/")[0] for title in STORED] == [
        "snapshot", "snapshot", "snapshot.facts", "sweep", "sweep", "sweep2",
    ]  # fmt: skip


def test_what_the_page_calls_gone_or_never_asked_has_no_column(walked: Walked) -> None:
    for table in ("households", "members", "dwellings"):
        names = set(walked.rows(f"snapshot/{table}/part-00000.parquet")[0])
        assert not names & {"speaker", "name", "water_minutes"}


def test_the_explanation_reads_as_on_the_page(walked: Walked) -> None:
    snapshot = Snapshot.open(walked.folder / "snapshot")
    said = iter(explain_household(pack=read_pack("template"), snapshot=snapshot, household_id="412").lines())
    for promised in titled(PAGE, "explain").splitlines():
        assert promised in said, f"{promised} (the command leaves out tests between, and no line may come earlier)"


def test_the_queries_read_as_on_the_page(walked: Walked) -> None:
    with open_engine(threads=1) as engine:
        evaluation = Evaluation(read_pack("template"), Snapshot.open(walked.folder / "snapshot"), DAY, engine)
        trees = [
            *evaluation.facts_plan.rollups.columns.values(),
            evaluation.facts_plan.columns["someone_untreated"],
            evaluation.rules_plan.rules["below_national_line"].columns["below_national_line"],
        ]
        written = {numberless(engine.text(tree)) for tree in trees}
    promised = [line for block in blocks(PAGE, "sql") for line in block.text.splitlines()]
    assert len(promised) == 3
    assert {numberless(line) for line in promised} <= written


def numberless(text: str) -> str:
    """SQL with the numbers taken off the names of columns that the compiler counts: the pack's order gives them."""
    return re.sub(r'"([iu])\d+"', r'"\1"', text)


def test_the_figure_and_the_arithmetic_on_the_page_are_right(walked: Walked) -> None:
    page = " ".join(read(PAGE).split())
    assert '"2380.9524"' in (walked.folder / "sweep" / "figures.json").read_text()
    assert "2,380.9524" in page
    assert 5000_00 * 10 == 5_000_000
    assert 21242 * 210 == 4_460_820
    assert "5,000,000 < 4,460,820" in page
