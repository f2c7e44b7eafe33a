"""What do the journeys share? The real `tuopin`, as a person calls it, and twelve invented households."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REGISTER = Path(__file__).parent / "register"
POLICY_DAY = "2023-12-31"


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one document."""
        return json.loads(self.out)

    def in_plain_words(self) -> Ended:
        """Itself; refused without a traceback."""
        assert "Traceback" not in self.out + self.err, self.err
        return self


class Tuopin:
    """The command, run in a process of its own."""

    def __init__(self, folder: Path, compiled: Path) -> None:
        """Run in a folder, with modules compiled once as after an installation."""
        self.folder = folder
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TUOPIN_", "PYTHON"))}
        self.environment = kept | {"PYTHONPYCACHEPREFIX": str(compiled)}
        self.program = Path(sys.executable).with_name("tuopin")

    def __call__(self, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> Ended:
        """Run it to its end."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begin it."""
        return subprocess.Popen(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled modules are kept, so that only the first command waits for them."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def tuopin(tmp_path: Path, compiled: Path) -> Tuopin:
    """The command, in an empty folder."""
    return Tuopin(tmp_path, compiled)


@dataclass(frozen=True)
class Swept:
    """A register that was read and swept."""

    folder: Path
    imported: Ended
    ended: Ended

    @property
    def snapshot(self) -> Path:
        """The snapshot."""
        return self.folder / "snapshot"

    @property
    def sweep(self) -> Path:
        """What the sweep wrote."""
        return self.folder / "sweep"

    @property
    def ledger(self) -> Path:
        """Where it was recorded."""
        return self.folder / "ledger.jsonl"

    def of_household(self, id: str) -> list[str | Path]:
        """The arguments that name a household, its snapshot and its policy."""
        named: list[str | Path] = ["--pack", "template", "--snapshot", self.snapshot, "--as-of", POLICY_DAY]
        return [*named, "--household", id]


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Swept:
    """The invented register, read and swept; not to be changed."""
    folder = tmp_path_factory.mktemp("swept")
    run = Tuopin(folder, compiled)
    (folder / "key").write_text("an invented key of an invented office\n")
    imported = run("snapshot", "import", *files(), *reading(folder), "--json")
    assert imported.code == 0, imported.out
    swept = run(
        "sweep", "--pack", "template", "--snapshot", "snapshot", "--as-of", POLICY_DAY, "--out", "sweep", "--json"
    )
    assert swept.code == 0, swept.out
    return Swept(folder, imported, swept)


def files() -> list[Path]:
    """The files of the register."""
    return sorted(REGISTER.glob("*.csv"))


def reading(folder: Path) -> list[str | Path]:
    """How they are read into `snapshot`."""
    mapping: list[str | Path] = ["--mapping", REGISTER / "mapping.yaml", "--known-at", "2023-07-31"]
    return [*mapping, "--key-file", folder / "key", "--out", folder / "snapshot"]
