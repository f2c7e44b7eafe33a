"""Does a file appear whole or not at all, and is what the dead left cleared away, and only that?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tuopin.tables.placing import placed_whole


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def left_by_a_killed_writer(target: Path) -> list[Path]:
    """The two files that a writer leaves who is killed while an engine writes for it."""
    left = [target.with_name(f"{front}.{target.name}-unplaced-abcd1234") for front in ("", "tmp_")]
    for file in left:
        file.write_text("half a ro")
    return left


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "made" / "rows.txt"
    with placed_whole(target) as unfinished:
        unfinished.write_text("all rows")
        assert not target.exists()
    assert target.read_text() == "all rows"
    assert names(target.parent) == ["rows.txt"]


def test_what_fails_leaves_neither_file_nor_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), placed_whole(tmp_path / "made" / "rows.txt") as unfinished:
        unfinished.write_text(str(1 // 0))
    assert names(tmp_path) == []


def test_the_next_writer_clears_away_what_a_killed_one_left_of_the_same_target(tmp_path: Path) -> None:
    target = tmp_path / "rows.txt"
    left_by_a_killed_writer(target)
    others = [*left_by_a_killed_writer(tmp_path / "other.txt"), tmp_path / ".rows.txt-mine", tmp_path / "tmp_rows.txt"]
    others[-1].touch()
    others[-2].touch()
    with placed_whole(target) as unfinished:
        unfinished.write_text("all rows")
    assert names(tmp_path) == sorted(file.name for file in (*others, target))


def test_nothing_is_cleared_away_while_somebody_writes_in_the_folder(tmp_path: Path) -> None:
    target = tmp_path / "rows.txt"
    with placed_whole(target) as mine:
        mine.write_text("mine")
        with placed_whole(target) as theirs:
            theirs.write_text("theirs")
        assert target.read_text() == "theirs"
        assert mine.read_text() == "mine"
    assert target.read_text() == "mine"
