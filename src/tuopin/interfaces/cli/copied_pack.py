"""How does a new country's pack begin? As a copy of another, under its own id."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from tuopin.policy import pack_folder, read_pack
from tuopin.terms import Place, Problem, UsageError

_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")


def copy_pack(*, origin: str, name: str, out: Path, dry_run: bool) -> list[str]:
    """Copy a pack under another id; comments and layout stay as they are.

    Args:
        origin: the pack to copy: a folder, or the id of one that comes with Tuopin.
        name: the id of the new pack.
        out: the folder to write; it appears whole or not at all.
        dry_run: write nothing.

    Returns:
        The names of the files in the new pack.

    Raises:
        UsageError: the name cannot be an id, the folder exists, or there is no pack to copy.
        DataError: the pack to copy is broken.
    """
    _refuse(name, out)
    read_pack(origin)
    source = pack_folder(origin)
    files = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
    if not dry_run:
        _write(source, files, origin_id=read_pack(origin).name, name=name, out=out)
    return files


def _refuse(name: str, out: Path) -> None:
    if not _ID.fullmatch(name):
        why = "An id begins with a small letter and goes on with small letters, digits and _, at most 60 in all."
        raise UsageError(
            Problem(f"`{name}` cannot be the id of a pack.", why=why, fix=f"For example: {_possible(name)}")
        )
    if out.exists():
        raise UsageError(
            Problem("There is something at this path already.", Place(file=str(out)), fix="Choose another with --out.")
        )


def _possible(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "_".join(words).lstrip("0123456789_")[:60] or "my_country"


def _write(source: Path, files: list[str], *, origin_id: str, name: str, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for file in files:
            target = unfinished / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, target)
        for file in ("pack.yaml", *(file for file in files if file.startswith("mappings/"))):
            _rename(unfinished / file, key="id" if file == "pack.yaml" else "pack", old=origin_id, new=name)
        unfinished.chmod(0o755)
        unfinished.rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _rename(file: Path, *, key: str, old: str, new: str) -> None:
    """Change one top-level line, and leave every other letter as it is."""
    line = re.compile(rf"^{key}:(\s*)([\"']?){re.escape(old)}\2(?=\s|$)", re.MULTILINE)
    text = file.read_text(encoding="utf-8")
    file.write_text(line.sub(rf"{key}:\g<1>{new}", text, count=1), encoding="utf-8")
