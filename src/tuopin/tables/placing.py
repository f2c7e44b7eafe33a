"""How does a file appear whole or not at all, even when two of us write it at once?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def placed_whole(target: Path) -> Iterator[Path]:
    """A file beside the target to write into; it takes the target's place when the block ends without an error."""
    with folders_above(target):
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        os.close(handle)
        unfinished = Path(name)
        try:
            yield unfinished
            unfinished.chmod(0o666 & ~usual_mask())
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


def usual_mask() -> int:
    """The permissions that the user takes away from what is made."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
