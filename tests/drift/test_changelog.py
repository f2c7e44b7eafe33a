"""Does every changelog fragment have a kind that the changelog knows, and something to say?"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

NAME = re.compile(r"(\d+|\+[a-z0-9_-]+)\.(?P<kind>[a-z]+)(\.\d+)?\.md")


def kinds(repository: Path) -> set[str]:
    """The kinds that the changelog is built from."""
    settings = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]
    return {kind["directory"] for kind in settings["type"]}


def test_every_fragment_has_a_legal_kind_and_says_something(repository: Path) -> None:
    fragments = [file for file in (repository / "changelog.d").iterdir() if file.name != "README.md"]
    for file in fragments:
        named = NAME.fullmatch(file.name)
        assert named, f"{file.name}: name it <issue>.<kind>.md or +<word>.<kind>.md"
        assert named["kind"] in kinds(repository), f"{file.name}: the kinds are in changelog.d/README.md"
        assert file.read_text("utf-8").strip(), f"{file.name} is empty"


def test_the_page_for_writers_lists_the_same_kinds(repository: Path) -> None:
    page = (repository / "changelog.d" / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE)) == kinds(repository)
