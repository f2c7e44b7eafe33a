"""Does the page on the importable interface run as it stands, and does it name what is there?"""

from __future__ import annotations

import re
import runpy
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from tests.drift.test_architecture import FILES
from tests.pages import blocks, tables

PAGE = "reference/python.md"


def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(FILES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "page.py").write_text("\n".join(block.text for block in blocks(PAGE, "python")), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("page.py")
    assert capsys.readouterr().out.startswith("Household 412")


def test_everything_on_the_page_can_be_imported_from_where_it_says() -> None:
    place = ""
    for row in tables(PAGE)[0]:
        place = row["from"] or place
        public = import_module(place).__all__
        for name in re.findall(r"`(\w+)[(`.]", row["import"] if "`" in row["import"] else f"`{row['import']}`"):
            assert name in public, f"{place}.{name}"
