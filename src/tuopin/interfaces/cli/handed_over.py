"""Can what was handed over be used: this snapshot, this pack? If not, which file and which line is to be mended?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tuopin.policy import Pack, check_pack, checked_pack, read_pack
from tuopin.policy.language import LanguageError
from tuopin.tables import Snapshot
from tuopin.terms import DataError, Problem


def opened_snapshot(folder: Path) -> Snapshot:
    """A snapshot whose files are those of its manifest, as far as that can be seen without reading rows.

    Raises:
        DataError: the folder is no snapshot, or a file of it is missing, damaged or of another snapshot.
    """
    snapshot = Snapshot.open(folder)
    if problems := snapshot.quick_check():
        raise DataError(problems)
    return snapshot


def checked_pack_named(name: str) -> Pack:
    """A checked pack; where several are read, its problems say in which of them they stand.

    Raises:
        UsageError: there is no such pack.
        DataError: it has problems.
    """
    try:
        return checked_pack(read_pack(name))
    except DataError as error:
        places = [replace(problem.place, file=f"{name}/{problem.place.file}") for problem in error.problems]
        found = zip(error.problems, places, strict=True)
        raise DataError([replace(problem, place=place) for problem, place in found]) from None


@contextmanager
def checked_if_it_fails(pack: Pack) -> Iterator[None]:
    """Work with a pack that nobody checked, because one household must not wait for it; if it fails, say what is wrong.

    Raises:
        DataError: the pack has problems.
    """
    try:
        yield
    except LanguageError as error:
        raise DataError(check_pack(pack) or [Problem(error.what, fix=error.fix)]) from None
