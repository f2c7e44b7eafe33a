"""Does the reference of a sweep describe every key, column and file that a real sweep writes?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.drift.test_architecture import FILES
from tests.pages import read, rows_of
from tuopin.policy import read_pack
from tuopin.stages.intake import import_snapshot
from tuopin.sweep import Ledger, run_sweep
from tuopin.tables import PROPOSALS, Snapshot

PAGE = "reference/sweep.md"
PACK = read_pack("template")


@dataclass(frozen=True)
class Swept:
    """A sweep of one household, in a register or in a survey."""

    folder: Path
    summary: dict[str, Any]

    @property
    def files(self) -> set[str]:
        """Every file that was written, keys of hashes as `<key>`."""
        found = {str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file()}
        return {re.sub(r"[0-9a-f]{16,}", "<key>", file) for file in found}


@pytest.fixture(scope="module", params=["register", "survey"])
def swept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    folder = tmp_path_factory.mktemp(request.param)
    mapping = (FILES / "mapping.yaml").read_text(encoding="utf-8")
    if request.param == "survey":
        mapping = mapping.replace("kind: register", "kind: survey").replace(
            "as: kept}\n", "as: kept}\n  weight: rooms\n"
        )
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    import_snapshot(
        files=[FILES / "households.csv", FILES / "members.csv"],
        mapping=folder / "mapping.yaml",
        out=folder / "snapshot",
        known_at=date(2024, 7, 15),
    )
    snapshot = Snapshot.open(folder / "snapshot")
    result = run_sweep(pack=PACK, snapshot=snapshot, as_of=date(2024, 6, 30), out=folder / "sweep")
    return Swept(folder, result.summary)


def section(heading: str) -> str:
    """The text below a heading of the page, to the next of its kind."""
    return read(PAGE).split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def described(text: str) -> set[str]:
    """The names in the first column of every table of a text."""
    starts = [found.start() for found in re.finditer(r"^\| [^\n]*\n\|---", text, re.MULTILINE)]
    cells = [next(iter(row.values())) for start in starts for row in rows_of(text[start:])]
    return {name for cell in cells for name in re.findall(r"[\w<>]+", cell)}


def test_every_key_of_the_summary_is_described_and_no_other(swept: Swept) -> None:
    written = json.loads((swept.folder / "sweep" / "summary.json").read_text(encoding="utf-8"))
    assert written == swept.summary
    table = rows_of(section("Summary")[section("Summary").index("| key |") :])
    assert {row["key"] for row in table} == {*written, "seconds", "peak_mib"}


def test_every_key_of_the_printed_document_is_described_and_no_other(swept: Swept) -> None:
    program = Path(sys.executable).with_name("tuopin")
    asked = ["sweep", "--pack", "template", "--snapshot", "snapshot", "--as-of", "2024-06-30", "--dry-run", "--json"]
    done = subprocess.run([program, *asked], cwd=swept.folder, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    last = section("Summary").rindex("| key |")
    assert {row["key"] for row in rows_of(section("Summary")[last:])} == set(document)
    assert set(document["summary"]) == {*swept.summary, "seconds", "peak_mib"}


def test_every_column_of_the_answers_is_described(swept: Swept) -> None:
    stored = pq.read_schema(swept.folder / "sweep" / "answers" / "part-00000.parquet").names
    assert {as_described(column) for column in stored} <= described(section("Answers"))


def as_described(column: str) -> str:
    """A column as the page calls it: `entry` is `<standard>`, `support_level_first` is `<list>_first`."""
    called = {"standards": "<standard>", "scores": "<score>", "categories": "<list>"}
    for id in sorted(PACK.rules, key=len, reverse=True):
        if column == id or column.startswith(f"{id}_"):
            return called[str(PACK.rules[id].loc[0])] + column.removeprefix(id)
    return column


def test_every_column_of_the_proposals_is_described_and_every_kind() -> None:
    names = described(section("Proposals"))
    assert {column.name for column in PROPOSALS.structural} <= names
    assert set(PROPOSALS.structural[4].values) <= names


def test_every_file_is_in_the_tree_on_the_page(swept: Swept) -> None:
    tree = read(PAGE).split("```\n", 2)[2].split("```", 1)[0]
    for file in swept.files - {"mapping.yaml"}:
        if not file.startswith("snapshot/"):
            assert Path(file).name in tree, file


def test_every_key_of_the_ledger_is_described_and_no_other(swept: Swept) -> None:
    (block,) = Ledger(swept.folder / "ledger.jsonl").blocks()
    written = {*json.loads(block.to_json()), *block.content}
    assert described(section("Ledger")) == written


def test_a_figure_is_written_as_described(swept: Swept) -> None:
    figures = json.loads((swept.folder / "sweep" / "figures.json").read_text(encoding="utf-8"))
    ((value, counted, left_out),) = figures["regional_median_consumption"].values()
    assert (value, counted, left_out) == ("2380.9524", 1, 0)
    assert figures["median_equivalised_income"] == {}, "income was never asked"
