"""Where are facts stored, and which files may a policy's queries open?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy.invented import Household, Register, fact, make_pack, standard, write_register
from tuopin.policy import folders_of
from tuopin.sweep import run as sweep_run
from tuopin.sweep import run_sweep
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.terms import DataError

PACK = make_pack(facts={"poor": fact("boolean")}, standards={"t": standard("poor")})


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return write_register(tmp_path / "snapshot", PACK, Register([Household({"poor": True})]))


@pytest.mark.parametrize(("stand", "said"), [("snapshot", "."), ("snapshot/households", ".."), (".", "snapshot")])
def test_facts_lie_beside_the_snapshot_however_it_is_named(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, stand: str, said: str
) -> None:
    above = snapshot.path.parent
    monkeypatch.chdir(above / stand)
    named = Snapshot.open(Path(said))
    run_sweep(pack=PACK, snapshot=named, as_of=named.manifest.as_of, out=above / "out")
    assert sorted(path.name for path in above.iterdir()) == ["ledger.jsonl", "out", "snapshot", "snapshot.facts"]


def test_a_sweep_opens_no_file_but_the_snapshots_its_facts_and_its_own(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {}

    def watched(*names: Any, **options: Any) -> Any:
        asked.update(options)
        return open_engine(*names, **options)

    monkeypatch.setattr(sweep_run, "open_engine", watched)
    out = tmp_path / "results" / "out"
    run_sweep(pack=PACK, snapshot=snapshot, as_of=snapshot.manifest.as_of, out=out)
    (own,) = set(asked["folders"]) - {*folders_of(snapshot)}
    assert own.parent == out.parent
    assert not own.exists()
    for stranger in (tmp_path / "secret.parquet", out.with_name("secret.parquet")):
        stranger.write_bytes((out / "answers" / "part-00000.parquet").read_bytes())
        with open_engine(folders=asked["folders"]) as engine, pytest.raises(DataError, match="outside the folders"):
            engine.rows(f"SELECT COUNT(*) FROM read_parquet('{stranger}')")
