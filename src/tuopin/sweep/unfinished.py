"""How does a sweep go on after it was killed? Its finished parts wait in a hidden folder beside the one it writes.

The folder's name says which sweep it is: a hash of policy, snapshot, day, stages, engine and program. Who works in it
holds a lock that ends with the process, however that ends. A refusal, an error or Ctrl-C takes the folder away; only
where nobody was left to do so (a kill, a power cut) does it stay, and the same call goes on with what is missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tuopin.sweep.ledger import Ledger, summary_hash
from tuopin.terms import Block, DataError, Place, Problem, UsageError

_MARK, _GONE = "-unfinished-", "-gone"
_LOCK, _ASKED, _SEALED = "lock", "asked", "sealed.json"
_SWEEP, _OLD, _WRITING, _SPILL = "sweep", "old", "writing", "spill"


def call_hash(said: Sequence[object]) -> str:
    """What the name of an unfinished sweep says: a hash of all that its rows depend on."""
    return hashlib.sha256(json.dumps([str(one) for one in said]).encode()).hexdigest()[:24]


class Unfinished:
    """A sweep's folder before it is whole.

    Attributes:
        folder: the hidden folder; nobody else works in it.
        sweep: in it, what becomes the sweep's folder.
        spill: in it, where an engine may put aside what does not fit into memory.
        kept: how many parts that an earlier run finished are used.
    """

    def __init__(self, folder: Path) -> None:
        """Take over a folder whose lock is held."""
        self.folder = folder
        self.sweep, self.spill = folder / _SWEEP, folder / _SPILL
        self.kept = 0
        self._writing, self._old = folder / _WRITING, folder / _OLD
        for of_no_use in (self.spill, self._writing, self._old):
            shutil.rmtree(of_no_use, ignore_errors=True)
        self.spill.mkdir()
        self._writing.mkdir()
        (folder / _SEALED).unlink(missing_ok=True)

    def begin(self, query: str) -> None:
        """Use what an earlier run finished only if it asked the very same: a changed compiler may ask otherwise."""
        asked = self.folder / _ASKED
        said = hashlib.sha256(query.encode()).hexdigest()
        if not asked.is_file() or asked.read_text(encoding="utf-8") != said:
            shutil.rmtree(self.sweep, ignore_errors=True)
            self._write_text(asked, said)
        self.sweep.mkdir(exist_ok=True)

    @contextmanager
    def placing(self, name: str) -> Iterator[Path]:
        """A file to write; it gets its name in the sweep's folder only when it is whole."""
        target = self.sweep / name
        target.parent.mkdir(exist_ok=True)
        written = self._writing / target.name
        yield written
        written.replace(target)

    def place(self, out: Path, ledger: Path, entry: Mapping[str, Any], *, replace: bool) -> Block:
        """Let the whole sweep appear and be recorded. If that fails, it is as if nothing had been done.

        Args:
            out: the folder that it becomes.
            ledger: the ledger's file.
            entry: what is recorded.
            replace: put it in place of an old one.

        Returns:
            The ledger's new block.
        """
        sealed = _Sealed(ledger.absolute(), len(Ledger(ledger).blocks()), entry)
        self._write_text(self.folder / _SEALED, sealed.to_json())
        try:
            if replace and out.exists():
                out.rename(self._old)
            self.sweep.rename(out)
            return Ledger(ledger).append(entry)
        except BaseException:  # no sweep stands that the ledger does not know, and the old one stands again
            if not self.sweep.exists() and sealed.block() is None:
                out.rename(self.sweep)
            if self._old.exists() and not out.exists():
                self._old.rename(out)
            raise

    def _write_text(self, file: Path, text: str) -> None:
        written = self._writing / file.name
        written.write_text(text, encoding="utf-8")
        written.replace(file)


@contextmanager
def unfinished(out: Path, call: str) -> Iterator[Unfinished]:
    """The folder in which a sweep is written, with the parts that the same call finished before it was killed.

    It is gone when the block ends, with or without an error. What other calls to write `out` left behind is taken away
    too, unless somebody still works there.

    Args:
        out: the folder that the sweep becomes; those above it exist.
        call: its `call_hash`.

    Raises:
        UsageError: another run of the same call is at work.
    """
    folder = out.parent / f".{out.name}{_MARK}{call}"
    lock = _Lock(folder)
    try:
        lock.claim()
        for other in _leftovers(out):
            if other != folder:
                with _alone_in(other) as alone:
                    if alone:
                        _take_away(other)
        yield Unfinished(folder)
    finally:
        if lock.is_mine():
            _take_away(folder)
        lock.release()


def settle(out: Path, call: str, ledger: Path) -> Block | None:
    """Bring to its end what was cut off between the last part and the ledger's line.

    An old sweep that was being replaced stands again; a new one that stands already gets its line in its ledger.

    Args:
        out: the folder that a sweep is to become.
        call: the `call_hash` of that sweep.
        ledger: where it is to be recorded.

    Returns:
        The block of that very sweep, if it stands now; else None.
    """
    stands = None
    for folder in _leftovers(out):
        with _alone_in(folder) as alone:
            sealed = _settled(out, folder) if alone and not folder.name.endswith(_GONE) else None
        if sealed and folder.name.endswith(call) and sealed.ledger == ledger.absolute():
            stands = sealed.block()
    return stands


def is_whole(file: Path, *, columns: Sequence[str], rows: int) -> bool:
    """Whether a Parquet file holds so many rows of these columns, and every one can be read."""
    try:
        with pq.ParquetFile(file) as stored:
            if stored.metadata.num_rows != rows or stored.schema_arrow.names != list(columns):
                return False
            return bool(sum(batch.num_rows for batch in stored.iter_batches()) == rows)
    except (OSError, pa.ArrowException):
        return False


# --- a whole sweep that is not recorded yet --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sealed:
    """What is still to be recorded of a sweep whose parts are whole.

    Attributes:
        ledger: in which file.
        after: how many blocks it had before.
        entry: the content of the new block.
    """

    ledger: Path
    after: int
    entry: Mapping[str, Any]

    @classmethod
    def read(cls, file: Path) -> _Sealed | None:
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return cls(Path(said["ledger"]), said["after"], said["entry"])

    def to_json(self) -> str:
        return json.dumps({"ledger": str(self.ledger), "after": self.after, "entry": self.entry})

    def block(self) -> Block | None:
        """The block that records it, if there is one."""
        try:
            blocks = Ledger(self.ledger).blocks()[self.after :]
        except DataError:
            return None
        return next((block for block in blocks if block.content == self.entry), None)

    def is_of(self, out: Path) -> bool:
        """Whether the sweep in a folder is this one."""
        try:
            summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return summary_hash(summary) == str(self.entry["summary_hash"])


def _settled(out: Path, folder: Path) -> _Sealed | None:
    """Bring a dead run's last steps to their end; what it had sealed, if that stands now."""
    if (folder / _OLD).exists() and not out.exists():
        (folder / _OLD).rename(out)
    sealed = _Sealed.read(folder / _SEALED)
    if sealed is None or (folder / _SWEEP).exists() or not sealed.is_of(out):
        return None
    if sealed.block() is None:
        Ledger(sealed.ledger).append(sealed.entry)
    _take_away(folder)
    return sealed


# --- who works in a folder -------------------------------------------------------------------------------------------


def _leftovers(out: Path) -> list[Path]:
    """The hidden folders in which `out` is or was being written."""
    try:
        return sorted(path for path in out.parent.iterdir() if path.name.startswith(f".{out.name}{_MARK}"))
    except OSError:
        return []


class _Lock:
    """The lock of a hidden folder. Whoever is interrupted while it is taken can still tell whether it was."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def claim(self) -> None:
        """Take it; the folder is made if it is not there."""
        while True:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if not self._is_ours():
                raise UsageError(_of_another(self._folder))
            try:
                if self._take():
                    return
            except FileNotFoundError:  # whoever worked there has just taken it away
                continue
            raise UsageError(_busy(self._folder))

    def is_mine(self) -> bool:
        """Whether nobody else holds it; then it is held from now on."""
        try:
            return self._is_ours() and self._take()
        except OSError:
            return False

    def release(self) -> None:
        """Let others have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _is_ours(self) -> bool:
        """Whether it is a folder of this user: what another left here may not be what it says it is."""
        return not self._folder.is_symlink() and self._folder.stat().st_uid == os.geteuid()

    def _take(self) -> bool:
        """Take it unless another process holds it.

        Raises:
            FileNotFoundError: the folder is not there (any more).
        """
        if self._handle is None:
            self._handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            there = (self._folder / _LOCK).stat()
        except FileNotFoundError:
            there = None
        if there is not None and os.path.samestat(os.fstat(self._handle), there):
            return True
        self.release()
        raise FileNotFoundError(self._folder)


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Whether nobody works in a folder; as long as the block lasts, nobody begins to."""
    lock = _Lock(folder)
    try:
        yield lock.is_mine()
    finally:
        lock.release()


def _take_away(folder: Path) -> None:
    """Delete a folder whose lock is held; first under another name, so that nobody takes over half of it."""
    gone = folder if folder.name.endswith(_GONE) else folder.with_name(folder.name + _GONE)
    if gone != folder:
        shutil.rmtree(gone, ignore_errors=True)
        with suppress(FileNotFoundError):  # somebody else deleted it: what failed because of that is the better answer
            folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _busy(folder: Path) -> Problem:
    why = "Two runs would write the same files."
    return Problem(
        "Another run is writing this very sweep.", Place(str(folder)), why, "Wait for it, or choose another folder."
    )


def _of_another(folder: Path) -> Problem:
    why = "Somebody else's sweep was cut short here, and its files are not yours to go on with."
    return Problem(
        "An unfinished sweep of another user lies here.", Place(str(folder)), why, "Choose another folder to write."
    )
