"""Does the reference of the commands say what the commands do?"""

from __future__ import annotations

from pathlib import Path

from tuopin.interfaces.cli.reference import reference


def test_the_page_of_the_commands_is_up_to_date(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert page == reference(), "run `make docs` and commit docs/reference/cli.md"
