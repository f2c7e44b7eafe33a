"""How does a file appear whole or not at all, even when two of us write it at once, or one of us is killed?"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


@contextmanager
def placed_whole(target: Path) -> Iterator[Path]:
    """A file beside the target to write into; it takes the target's place when the block ends without an error.

    What somebody left there who was killed while writing the same target is taken away, if nobody writes beside it.
    """
    with folders_above(target), _others_seen(target):
        handle, name = tempfile.mkstemp(prefix=_prefix(target), dir=target.parent)
        os.close(handle)
        unfinished = Path(name)
        try:
            yield unfinished
            unfinished.chmod(0o666 & ~_usual_mask())
            unfinished.replace(target)
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)


@contextmanager
def folders_above(target: Path) -> Iterator[None]:
    """The folders above, made where they are missing and taken away again if nothing comes to stand in them."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


def _prefix(target: Path) -> str:
    return f".{target.name}-unplaced-"


@contextmanager
def _others_seen(target: Path) -> Iterator[None]:
    """Share a lock on the folder with all who write in it; who finds himself alone clears away what the dead left."""
    with ExitStack() as held:
        with suppress(OSError):  # where one may not look, or a disk knows no locks, nothing is cleared away
            folder = os.open(target.parent, os.O_RDONLY)
            held.callback(os.close, folder)
            with suppress(BlockingIOError):  # somebody writes
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _clear(target)
            fcntl.flock(folder, fcntl.LOCK_SH)
        yield


def _clear(target: Path) -> None:
    """An engine may have written to a name of its own before it took the one it was given: `tmp_` in front."""
    for file in target.parent.iterdir():
        if file.name.removeprefix("tmp_").startswith(_prefix(target)):
            file.unlink(missing_ok=True)


def _usual_mask() -> int:
    """The permissions that the user takes away from what is made."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
