"""Does the first tutorial still say what the tour runs?"""

from __future__ import annotations

import re
from pathlib import Path


def test_every_command_of_the_tutorial_is_walked_by_the_tour(repository: Path) -> None:
    page = (repository / "docs" / "tutorials" / "first-sweep.md").read_text(encoding="utf-8")
    told = {line for line in re.findall(r"^\$ (tuopin .*)$", page, re.MULTILINE) if line != "tuopin --version"}
    assert told == walked((repository / "demo" / "census.sh").read_text(encoding="utf-8")) - {explained("0006c81c503")}


def walked(script: str) -> set[str]:
    """The commands of the tour, as it shows them in its usual folder."""
    values = {"$OUT": "build/tour", "$AS_OF": "2023-12-31"}
    found = set()
    for line in re.findall(r"^\s*show (tuopin .*)$", script, re.MULTILINE):
        for name, value in values.items():
            line = line.replace(name, value)  # noqa: PLW2901 - step by step
        found.add(line.replace('"', ""))
    households = re.search(r"^for household in (.*); do$", script, re.MULTILINE)
    assert households is not None
    for line in [line for line in found if "$household" in line]:
        found.remove(line)
        found |= {line.replace("$household", household) for household in households[1].split()}
    return found


def explained(household: str) -> str:
    """The command that explains a household."""
    named = "--pack template --snapshot build/tour/snapshot --as-of 2023-12-31"
    return f"tuopin explain {named} --household {household}"
