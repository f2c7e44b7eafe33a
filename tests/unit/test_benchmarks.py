"""Do the benchmarks measure the same work? And: does the compiler answer as an independent, hand-written query does?"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks.agreement import differing_rows
from benchmarks.by_hand import answer_by_hand
from benchmarks.changed_policy import write_changed_pack
from benchmarks.engines_agree import agreement
from benchmarks.national import Call, drawn, measure
from benchmarks.processes import Cost, WorkFailedError, cost_of
from benchmarks.register import PACK_FOLDER, generate_register
from benchmarks.run import BARS, VARIANTS, report, tables
from benchmarks.scans import NEEDED, scan_facts, scan_snapshot, scan_snapshot_by_part
from benchmarks.work import facts_of
from tuopin.policy import read_pack
from tuopin.sweep import run_sweep
from tuopin.tables import Snapshot

HOUSEHOLDS = 2_000
DAY = date(2016, 12, 31)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_register(households=HOUSEHOLDS, build=tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def by_hand(snapshot: Path) -> Path:
    return answer_by_hand(snapshot=snapshot, out=snapshot.with_name("by-hand"))


@pytest.fixture(scope="module")
def swept(snapshot: Path) -> Path:
    out = snapshot.with_name("sweep")
    run_sweep(pack=read_pack(PACK_FOLDER), snapshot=Snapshot.open(snapshot), as_of=DAY, out=out)
    return out


def test_the_invented_register_is_a_whole_snapshot(snapshot: Path) -> None:
    opened = Snapshot.open(snapshot)
    assert opened.check() == []
    assert opened.manifest.rows("households") == HOUSEHOLDS
    assert opened.manifest.rows("members") == pytest.approx(3.55 * HOUSEHOLDS, rel=0.05)


def test_the_same_seed_invents_the_same_register_and_another_seed_another(snapshot: Path, tmp_path: Path) -> None:
    again, other = (generate_register(households=HOUSEHOLDS, build=tmp_path, seed=seed) for seed in (2016, 2017))
    contents = [Snapshot.open(folder).manifest.content_hash for folder in (snapshot, again, other)]
    assert contents[0] == contents[1] != contents[2]


def test_the_invented_register_has_honest_unknowns(snapshot: Path) -> None:
    manifest = Snapshot.open(snapshot).manifest
    unknown = {column.name: column.unknown for column in manifest.tables["members"].columns}
    members = manifest.rows("members")
    assert 0.002 < unknown["person_key"] / members < 0.03
    assert 0.005 < unknown["wage_income"] / members < 0.03
    assert manifest.rows("dwellings") < HOUSEHOLDS
    everywhere = {area.code for area in Snapshot.open(snapshot).areas() if area.tier == "province"}
    assert all(everywhere - set(entry.areas) for entry in manifest.coverage)


def test_every_answer_of_the_hand_written_query_occurs(by_hand: Path) -> None:
    with duckdb.connect() as engine:
        engine.execute(f"CREATE VIEW a AS FROM read_parquet('{by_hand}')")
        tests = [name for name, type_, *_ in engine.execute("DESCRIBE a").fetchall() if type_ == "BOOLEAN"]
        for test in tests:
            answers = {answer for (answer,) in engine.execute(f"SELECT DISTINCT {test} FROM a").fetchall()}
            assert {False, None} <= answers, test
    assert len(tests) == 17


def test_the_sweep_and_the_hand_written_query_agree_on_every_household(by_hand: Path, swept: Path) -> None:
    differing = differing_rows(by_hand=by_hand, sweep=swept)
    assert len(differing) == 22
    assert not any(differing.values()), differing


def test_a_difference_would_be_seen(by_hand: Path, swept: Path, tmp_path: Path) -> None:
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT * REPLACE (CASE WHEN household_no <> 7 THEN schooling END AS schooling) "
            f"FROM read_parquet('{by_hand}') WHERE household_no <> 8) TO '{tmp_path}/other.parquet'"
        )
    differing = differing_rows(by_hand=tmp_path / "other.parquet", sweep=swept)
    assert differing["schooling"] == 2
    assert differing["safe_water"] == 1


def test_two_sweeps_are_compared_in_every_row_that_they_wrote(swept: Path, tmp_path: Path) -> None:
    same = agreement(swept, swept)
    assert (same.households, any(same.differing.values())) == (HOUSEHOLDS, False)
    assert same.proposals > 100
    other = shutil.copytree(swept, tmp_path / "other")
    with duckdb.connect() as engine:
        for name, changed in (
            (
                "answers/part-00000",
                "* REPLACE (CASE WHEN household_no = 7 THEN NULL ELSE NOT schooling END AS schooling)",
            ),
            ("proposals/part-00000", "* REPLACE (CASE WHEN kind = 'entry' THEN 'x' ELSE reasons END AS reasons)"),
        ):
            source, target = swept / f"{name}.parquet", other / f"{name}.parquet"
            engine.execute(f"COPY (SELECT {changed} FROM '{source}') TO '{target}'")
        kinds = f"SELECT count(*) FROM '{swept}/proposals/part-00000.parquet' WHERE kind = 'entry'"
        ((entries,),) = engine.execute(kinds).fetchall()
    (other / "areas").mkdir()
    shutil.copyfile(swept / "answers" / "part-00000.parquet", other / "areas" / "county.parquet")
    (other / "figures.json").write_text('{"middle": {"n": ["1.0000", 5, 0]}}', encoding="utf-8")
    summary = (swept / "summary.json").read_text("utf-8").replace(f'"households": {HOUSEHOLDS}', '"households": 1')
    (other / "summary.json").write_text(summary, encoding="utf-8")
    found = agreement(swept, other).differing
    assert found["answers"] == found["answer schooling"] > HOUSEHOLDS / 2
    assert [found[kind] for kind in ("proposals", "areas", "figures", "summary")] == [entries, 1, 1, 1]


def test_a_changed_policy_reads_the_stored_facts_of_the_first(snapshot: Path, swept: Path, tmp_path: Path) -> None:
    assert swept.is_dir()
    before = {file: file.stat().st_mtime_ns for file in facts_of(snapshot).rglob("*.parquet")}
    changed = read_pack(write_changed_pack(pack=PACK_FOLDER, target=tmp_path / "pack"))
    first, second = (
        run_sweep(pack=pack, snapshot=Snapshot.open(snapshot), as_of=DAY, out=None, dry_run=True).summary
        for pack in (read_pack(PACK_FOLDER), changed)
    )
    run_sweep(pack=changed, snapshot=Snapshot.open(snapshot), as_of=DAY, out=tmp_path / "out")
    assert before == {file: file.stat().st_mtime_ns for file in facts_of(snapshot).rglob("*.parquet")}
    assert first["met"]["income_poor"] < second["met"]["income_poor"]


def test_the_scans_read_columns_that_are_there(snapshot: Path, swept: Path) -> None:
    assert swept.is_dir()
    scan_snapshot(snapshot)
    scan_snapshot_by_part(snapshot)
    scan_facts(facts_of(snapshot))
    assert {pattern.partition("/")[0] for pattern in NEEDED} == {"households", "members", "dwellings", "registers"}


def test_a_child_process_is_charged_for_its_work(snapshot: Path) -> None:
    cost = cost_of(["scan", "--snapshot", str(snapshot)])
    assert cost.cpu > 0.01
    assert cost.wall > 0.01
    assert cost.peak_mib > 10


def test_work_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(WorkFailedError, match="scan"):
        cost_of(["scan", "--snapshot", str(tmp_path / "nowhere")])


def test_the_report_sets_every_figure_beside_its_bar() -> None:
    costs: Mapping[str, list[Cost]] = {
        name: [Cost(cpu=2.0 + number, wall=1.0, peak_mib=512.0) for _ in range(3)]
        for number, name in enumerate(VARIANTS)
    }
    result = report(costs, households=10, differing={"schooling": 0}, load=(0.0, 0.0, 0.0))
    text = tables(result, costs)
    assert all(bar.name in text for bar in BARS)
    assert "| peak memory of the sweep | 0.50 (0.50 - 0.50) GiB | ≤ 1 GiB | kept |" in text
    assert "differ between sweep and hand-written query: 0." in text


def test_a_killed_sweep_is_measured_and_compared_with_an_undisturbed_one(snapshot: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(snapshot, tmp_path / "snapshot"))
    call = Call(own, str(PACK_FOLDER), str(DAY), tmp_path / "build", "1GB", threads=1)
    result = measure(call, kills=1, seed=2016, say=lambda _: None)
    assert (result["households"], result["parts"], result["differing"]) == (HOUSEHOLDS, 1, [])
    costs = [result[name]["cpu"] for name in ("undisturbed", "scan", "counts_only", "scan_of_facts")]  # type: ignore[index] # plain values
    ratios = result["ratios"]
    assert isinstance(ratios, dict)
    assert ratios["sweep / scan, by part"] == costs[0] / costs[1] > 1
    assert ratios["rules over facts / scan of facts"] == costs[2] / costs[3] > 1
    killed = result["killed"]
    assert isinstance(killed, list)
    assert len(killed) == 1
    assert result["cpu_ratio"] > 1.0  # type: ignore[operator] # plain values
    assert 50 < result["peak_mib"] < 2048  # type: ignore[operator] # as above


def test_moments_are_drawn_anew_by_anyone_with_the_same_seed() -> None:
    moments = [drawn(2016, kill) for kill in range(1000)]
    assert moments == [drawn(2016, kill) for kill in range(1000)] != [drawn(2017, kill) for kill in range(1000)]
    assert all(0 <= moment < 1 for moment in moments)
    assert 0.45 < sum(moments) / 1000 < 0.55
