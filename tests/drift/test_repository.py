"""Does the repository read the same on every machine, with nothing of the one it was written on?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

# A folder of somebody's machine, or a setting that sends an installer to somebody's mirror.
ELSEWHERE = re.compile(
    r"(?<![\w.~}\)/-])/(?:home|root|tmp|work|opt|mnt|srv|scratch|Users)/\w"
    r"|\b[A-Z]:\\\\?Users\b"
    r"|\b(?:extra[-_])?index[-_]url\b|--find[-_]links\b|--trusted[-_]host\b"
    r"|https?://(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.)",
    re.IGNORECASE,
)


def our_files(repository: Path) -> list[Path]:
    """Every file that is, or would be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout, so nobody can say which files are ours")
    return [repository / name for name in listed.stdout.decode().split("\0") if name and (repository / name).is_file()]


def test_no_file_names_a_folder_or_host_of_one_machine(repository: Path) -> None:
    found = []
    for file in our_files(repository):
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{file.relative_to(repository)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), start=1)
            if ELSEWHERE.search(line)
        ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "cd /" + "home/ana/x",
        "index" + "_url = x",
        "--find" + "-links x",
        "http://" + "10.0.0.1/simple",
        "'/" + "tmp/x'",
    ],
)
def test_the_search_would_find_one(line: str) -> None:
    assert ELSEWHERE.search(line)


@pytest.mark.parametrize(
    "line", ["XTS/person/year", "../shared/data", "https://example.org/" + "work/x", "$HOME/opt/x", "./tmp/x"]
)
def test_the_search_lets_ordinary_text_pass(line: str) -> None:
    assert not ELSEWHERE.search(line)
