"""Do two real inputs give their published poverty figures, and never a "met" where nobody asked?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from tuopin.policy import Evaluation, Pack, read_pack
from tuopin.policy.explain import explain
from tuopin.sweep import run_sweep
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine

CENSUS_DAY, SILC_DAY = date(2023, 12, 31), date(2006, 12, 31)


@pytest.fixture(scope="session")
def pack() -> Pack:
    return read_pack("template")


def summary_of(pack: Pack, snapshot: Snapshot, day: date) -> Mapping[str, Any]:
    return run_sweep(pack=pack, snapshot=snapshot, as_of=day, out=None, dry_run=True).summary


def test_the_census_has_its_published_headcount(pack: Pack, census: Snapshot) -> None:
    """41.17 % of persons: the census itself at line 2,124.2, the 30th percentile of households (see PROVENANCE.md)."""
    summary = summary_of(pack, census, CENSUS_DAY)
    assert summary["headline"] == "below_national_line"
    assert summary["lines"]["national_line"] == "2124.2"
    assert (summary["households"], summary["members"]) == (57_867, 222_551)
    assert round(100 * summary["headcount_ratio"], 2) == 41.17
    assert summary["poor_households"] == 17_359


def test_eu_silc_has_its_published_line_and_rate(pack: Pack, eusilc: Snapshot) -> None:
    """ARPT 10,859.24 and ARPR 14.44422 %: vignettes of the R package laeken (Alfons and Templ 2013)."""
    summary = summary_of(pack, eusilc, SILC_DAY)
    assert summary["headline"] == "at_risk_of_poverty"
    assert round(float(summary["lines"]["relative_line"]), 2) == 10_859.24
    assert round(100 * summary["headcount_ratio"], 5) == 14.44422
    assert summary["proposals"] == {}, "a survey gives estimates, never cases"


@pytest.mark.parametrize(("source", "day"), [("census", CENSUS_DAY), ("eusilc", SILC_DAY)])
def test_no_test_whose_facts_were_never_asked_is_met(
    pack: Pack, source: str, day: date, request: pytest.FixtureRequest
) -> None:
    summary = summary_of(pack, request.getfixturevalue(source), day)
    assert len(summary["never_asked"]) >= 15
    for id in summary["never_asked"]:
        assert summary["met"][id] == 0
        assert summary["cannot_tell_share"][id] in (
            1.0,
            pytest.approx(summary["cannot_tell"][id] / summary["households"]),
        )


def test_counting_alone_agrees_with_the_sweep_that_writes_everybody(
    pack: Pack, census: Snapshot, tmp_path: Any
) -> None:
    written = run_sweep(pack=pack, snapshot=census, as_of=CENSUS_DAY, out=tmp_path / "out").summary
    assert summary_of(pack, census, CENSUS_DAY) == written
    answers = duckdb.execute(
        f"SELECT COUNT(*), COUNT(*) FILTER (entry) FROM '{tmp_path}/out/answers/*.parquet'"
    ).fetchall()
    assert answers == [(57_867, written["met"]["entry"])]


def test_one_household_explained_agrees_with_the_sweep(pack: Pack, census: Snapshot, tmp_path: Any) -> None:
    """The households are drawn by a hash of their id, so that anybody can draw them again."""
    run_sweep(pack=pack, snapshot=census, as_of=CENSUS_DAY, out=tmp_path / "out")
    rows = [row for file in (tmp_path / "out" / "answers").iterdir() for row in pq.read_table(file).to_pylist()]
    drawn = sorted(rows, key=lambda row: hashlib.sha256(f"draw 1 {row['household_id']}".encode()).digest())[:40]
    words = {True: "met", False: "not_met", None: "cannot_tell"}
    with open_engine(threads=1) as engine:
        evaluation = Evaluation(pack, census, CENSUS_DAY, engine)
        for row in drawn:
            seen = explain(evaluation, row["household_id"], "en")
            assert {s.id: s.answer for s in seen.standards} == {s.id: words[row[s.id]] for s in seen.standards}
            assert {c.id: (c.first, c.last) for c in seen.categories} == {
                c.id: (row[f"{c.id}_first"], row[f"{c.id}_last"]) for c in seen.categories
            }


def test_a_rule_for_the_countryside_alone_would_miss_the_poor_of_the_towns(census: Snapshot) -> None:
    """39 in 100 poor persons of the census live in towns; worked out here from the source's own columns."""
    households = census.files("households")[0]
    poor = f"""
        SELECT settlement, SUM(household_size) FROM '{households}'
        WHERE consumption < 212420 * household_size GROUP BY settlement
    """
    by_settlement = dict(duckdb.execute(poor).fetchall())
    assert round(100 * by_settlement["urban"] / sum(by_settlement.values())) == 39
