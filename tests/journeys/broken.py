"""How does a careless official break things, and how is each refusal judged? One desk, one mistake, the real command.

The command runs in this process, through its own entry, so that a hundred mistakes take a minute. A refusal is good
when it ends with the right exit code, names the file and the place in it, tells this mistake from others, shows no
traceback and leaves everything as it was: no folder, no unfinished or temporary file, no line in a ledger.
"""

from __future__ import annotations

import gc
import io
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

import tuopin
from tests.journeys.conftest import POLICY_DAY, REGISTER, Ended
from tuopin.interfaces.cli import main

TEMPLATE = Path(tuopin.__file__).parent / "packs" / "template"
USAGE, DATA, FINDINGS = 2, 3, 1


@dataclass(frozen=True)
class Slip:
    """One mistake in one file, and what must be said of it.

    Attributes:
        name: the mistake, as a sentence.
        file: the file it is made in.
        old: a text that stands there once.
        new: what was written instead; None: the whole line is gone.
        says: words that tell this mistake from others.
        at: a text of the line that must be named: the first that has it from the change on, else from the top; default:
            the line of the change itself.
        told_in: the file that must be named, where it is another.
        rule: the rule that must be named, if any.
        code: what the command ends with.
    """

    name: str
    file: str
    old: str
    new: str | None
    says: str
    at: str = ""
    told_in: str = ""
    rule: str = ""
    code: int = DATA

    def made(self, folder: Path) -> str:
        """Make the mistake in a folder, and give the place that must be named."""
        before = (folder / self.file).read_text(encoding="utf-8")
        old, new = (self.old, self.new) if self.new is not None else (_whole_line(before, self.old), "")
        text = change(folder / self.file, old, new)
        start = before.index(old) + len(new) - len(new.lstrip("\n"))
        if self.told_in:
            text, start = (folder / self.told_in).read_text(encoding="utf-8"), 0
        place = f"{self.told_in or self.file}:{line_of(text, self.at, start)}"
        return f"{place}, rule {self.rule}" if self.rule else place


def as_sentence(slip: object) -> str | None:
    """The id of a test: its mistake in words."""
    return slip.name if isinstance(slip, Slip) else None


def change(file: Path, old: str, new: str) -> str:
    """Put one text in place of another that stands there once; gives the changed text of the file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name} has it {text.count(old)} times: {old}"
    changed = text.replace(old, new)
    file.write_text(changed, encoding="utf-8")
    return changed


def _whole_line(text: str, part: str) -> str:
    (line,) = [line for line in text.splitlines(keepends=True) if part in line]
    return line


def line_of(text: str, at: str, start: int = 0) -> int:
    """The number of the line in which a text stands first from a place on, else from the top."""
    found = text.find(at, start)
    return text.count("\n", 0, found if found >= 0 else text.index(at)) + 1


class Desk:
    """A folder in which somebody works, and the command at hand."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Sit down in an empty folder; what is temporary lies in sight too."""
        self.all = folder
        self.folder = folder / "desk"
        self.folder.mkdir()
        (folder / "temporary").mkdir()
        monkeypatch.chdir(self.folder)
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))

    def __call__(self, *arguments: str | Path) -> Ended:
        """Run `tuopin` to its end."""
        out, err = io.StringIO(), io.StringIO()
        with _entry(arguments), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def refuses(self, *arguments: str | Path, code: int, place: str, says: str) -> Ended:
        """Run it, and judge its refusal.

        Args:
            arguments: what stands behind `tuopin`.
            code: the exit code.
            place: how the refusal must begin; empty where the call itself is wrong.
            says: words that must stand in the same refusal.
        """
        before = self.left()
        ended = self(*arguments).in_plain_words()
        said = ended.out + ended.err
        assert ended.code == code, f"exit code {ended.code}\n{said}"
        here = [told for told in refusals(said) if told.startswith(f"{place}: ") or not place]
        assert here, f"nothing is said of {place}\n{said}"
        assert any(says in told for told in here), f"`{says}` is not said of {place}\n{said}"
        after = self.left()
        changed = sorted(path for path in {**before, **after} if before.get(path) != after.get(path))
        assert not changed, f"left behind or changed: {changed}\n{said}"
        return ended

    def left(self) -> dict[str, tuple[int, int]]:
        """Everything that lies here, hidden or not, with its size and the time of its last change."""
        found = {}
        for path in self.all.rglob("*"):
            about = path.lstat()
            found[str(path.relative_to(self.all))] = (about.st_size, about.st_mtime_ns) if path.is_file() else (0, 0)
        return found

    # --- what is broken ----------------------------------------------------------------------------------------------

    def pack(self, *keep: str) -> Path:
        """A copy of the template pack, without what takes long and is not the matter.

        Args:
            keep: files that are the matter.
        """
        long = {"README.md", "mappings", "examples", "cross_checks.yaml", "household_exit.yaml", "scorecard.yaml"}
        left_out = long - {Path(file).name for file in keep}
        shutil.copytree(TEMPLATE, self.folder / "pack", ignore=shutil.ignore_patterns(*left_out))
        return self.folder / "pack"

    def register(self) -> Path:
        """A copy of the invented register with its mapping and a key."""
        for file in REGISTER.iterdir():
            shutil.copyfile(file, self.folder / file.name)
        (self.folder / "key").write_text("an invented key of an invented office\n")
        return self.folder

    def snapshot(self, swept: Path) -> Path:
        """A copy of a snapshot with its stored facts, its sweep and its ledger."""
        for name in ("snapshot", "snapshot.facts", "sweep"):
            shutil.copytree(swept / name, self.folder / name)
        shutil.copyfile(swept / "ledger.jsonl", self.folder / "ledger.jsonl")
        return self.folder / "snapshot"


def importing(*files: str, mapping: str = "mapping.yaml", out: str = "snapshot") -> list[str]:
    """The call that reads a register."""
    chosen = files or ("areas.csv", "households.csv", "members.csv", "vehicles.csv", "decisions.csv", "leads.csv")
    named = ["--mapping", mapping, "--known-at", "2023-07-31", "--key-file", "key", "--out", out]
    return ["snapshot", "import", *chosen, *named]


def sweeping(*, pack: str = "template", out: str = "out") -> list[str]:
    """The call that sweeps a snapshot."""
    return ["sweep", "--pack", pack, "--snapshot", "snapshot", "--as-of", POLICY_DAY, "--out", out]


def explaining(*, pack: str = "template", household: str = "h01") -> list[str]:
    """The call that explains one household."""
    named = ["--snapshot", "snapshot", "--as-of", POLICY_DAY, "--household", household]
    return ["explain", "--pack", pack, *named]


def refusals(said: str) -> list[str]:
    """Each refusal as one line: its place, what is wrong, why, and what to do next."""
    told: list[str] = []
    for line in said.splitlines():
        if line.startswith("    ") and told:
            told[-1] += " " + line.strip()
        else:
            told.append(line)
    return told


@contextmanager
def _entry(arguments: tuple[str | Path, ...]) -> Iterator[None]:
    """Call the command's own entry, and put back what it sets for a whole process."""
    argv, collecting, thresholds = sys.argv, gc.isenabled(), gc.get_threshold()
    handlers = {told: signal.getsignal(told) for told in (signal.SIGTERM, signal.SIGHUP)}
    sys.argv = ["tuopin", *map(str, arguments)]
    try:
        yield
    finally:
        sys.argv = argv
        gc.set_threshold(*thresholds)
        (gc.enable if collecting else gc.disable)()
        for told, handler in handlers.items():
            signal.signal(told, handler)
