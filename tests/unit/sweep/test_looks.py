"""Is what intake says of a snapshot worked out once, and found again by whoever only counts?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.policy.invented import AS_OF, Household, Register, fact, make_pack, standard, write_register
from tuopin.sweep import looks, run_sweep


class WorkedOutAgainError(Exception):
    """Intake looked at all tables once more."""


def again(_: Path) -> object:
    raise WorkedOutAgainError


def test_a_dry_run_finds_what_a_sweep_worked_out_and_only_a_rerun_does_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"household_size": fact("integer", unit="person", min=1, max=20), "poor": fact("boolean")}
    pack = make_pack(facts=facts, standards={"needy": standard("poor", proposes="entry")})
    register = Register([Household({"household_size": 2, "poor": True})], members=False)
    snapshot = write_register(tmp_path / "snapshot", pack, register)
    monkeypatch.setattr(looks, "placed_whole", again)
    with pytest.raises(WorkedOutAgainError):
        run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=None, dry_run=True)
    monkeypatch.undo()
    swept = run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "sweep").summary
    monkeypatch.setattr(looks, "placed_whole", again)
    assert run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=None, dry_run=True).summary == swept
    with pytest.raises(WorkedOutAgainError):
        run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "again", facts_root=tmp_path / "facts")
