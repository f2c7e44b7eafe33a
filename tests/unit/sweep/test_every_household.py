"""Does a sweep write every household once, in its own part, whatever the policy asks first?"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import (
    AS_OF,
    VILLAGES,
    Household,
    Register,
    fact,
    figure,
    make_pack,
    parameter,
    standard,
    write_register,
)
from tuopin.policy import Evaluation, Pack, check_pack
from tuopin.sweep import run_sweep
from tuopin.tables.engines import open_engine
from tuopin.terms import DataError

MONEY = {"income": fact("money", unit="XTS/year", min=0)}
TWENTY = [Household({"income": 10 * n}, area=VILLAGES[n % len(VILLAGES)], weight=1.5 + n) for n in range(20)]


def with_a_median(by: str) -> Pack:
    """A pack with a figure: everybody is looked at before anybody is answered."""
    return make_pack(
        facts=MONEY,
        figures={"middle": figure("median", "income", weight="households", by=by)},
        parameters={"cut": parameter(100, "XTS/year")},
        standards={"poor": standard("income < cut", proposes="entry")},
    )


def numbers(out: Path) -> list[list[int]]:
    """The households in each part's answers."""
    files = sorted((out / "answers").iterdir())
    return [sorted(pq.read_table(file)["household_no"].to_pylist()) for file in files]


@pytest.mark.parametrize("by", ["national", "region"])
@pytest.mark.parametrize("survey", [True, False])
def test_every_part_holds_its_own_households_before_and_after_facts_and_figures_are_stored(
    tmp_path: Path, by: str, survey: bool
) -> None:
    pack = with_a_median(by)
    register = Register(TWENTY, survey=survey, a_part=4, members=False)
    snapshot = write_register(tmp_path / "snapshot", pack, register)
    firsts = [part.first_household for part in snapshot.manifest.parts]
    expected = [list(range(first, after)) for first, after in itertools.pairwise([*firsts, len(TWENTY)])]
    assert len(expected) > 1
    for out in ("first", "second"):
        run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / out)
        assert numbers(tmp_path / out) == expected, out


def test_a_dry_run_says_what_the_sweep_says(tmp_path: Path) -> None:
    pack = with_a_median("region")
    snapshot = write_register(tmp_path / "snapshot", pack, Register(TWENTY, a_part=4, members=False))
    dry = run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=None, dry_run=True).summary
    assert dry["met"] == {"poor": 10}
    assert dry == run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "out").summary


def test_a_policy_of_questions_alone_is_swept(tmp_path: Path) -> None:
    asks: dict[str, Any] = {"proposes": "question", "reply_days": 10, "asks": {"en": "Is it so?"}}
    pack = make_pack(facts={"odd": fact("boolean")}, standards={"q": standard("odd", **asks)})
    assert check_pack(pack) == []
    snapshot = write_register(tmp_path / "snapshot", pack, Register([Household({"odd": True}), Household({})]))
    summary = run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "out").summary
    assert summary["proposals"] == {"identification": {"question": 1}}
    (row,) = pq.read_table(tmp_path / "out" / "proposals" / "part-00000.parquet").to_pylist()
    assert (row["household_id"], row["kind"], row["reply_days"]) == ("h0", "question", 10)


def test_a_snapshot_of_nobody_is_refused(tmp_path: Path) -> None:
    pack = make_pack(facts=MONEY, standards={"poor": standard("income < 5", proposes="entry")})
    snapshot = write_register(tmp_path / "snapshot", pack, Register([]))
    with pytest.raises(DataError, match="The snapshot has no household"):
        run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_work_that_failed_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = with_a_median("national")
    snapshot = write_register(tmp_path / "snapshot", pack, Register(TWENTY, a_part=4, members=False))
    with open_engine(folders=[tmp_path]) as engine:
        evaluation = Evaluation(pack, snapshot, AS_OF, engine)
        with monkeypatch.context() as broken:
            broken.setattr(engine, "write", lambda *_: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                evaluation.store_facts()
        evaluation.store_facts()
        assert all(evaluation.facts_file(part).is_file() for part in evaluation.parts)
