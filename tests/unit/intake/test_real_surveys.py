"""Do two real surveys come through their mappings with the figures that others published? Reads ../shared/data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tuopin.stages.intake import import_snapshot
from tuopin.tables import Snapshot
from tuopin.tables.engines import Engine, open_engine

KNOWN_AT = date(2024, 1, 1)


def mapped(repository: Path, source: Path, mapping: str, out: Path) -> Snapshot:
    if not source.is_file():
        pytest.skip(f"{source.name} is not at ../shared/data")
    file = repository / "src" / "tuopin" / "packs" / "template" / "mappings" / mapping
    done = import_snapshot(files=[source], mapping=file, out=out, known_at=KNOWN_AT)
    assert done.path is not None
    assert done.rejects == ()
    snapshot = Snapshot.open(done.path)
    assert snapshot.check() == []
    return snapshot


def viewed(engine: Engine, snapshot: Snapshot) -> Engine:
    for table in ("households", "members", "dwellings"):
        if snapshot.has(table):
            engine.view(table, snapshot.files(table))
    return engine


def test_the_world_banks_census_has_its_published_headcount(
    repository: Path, shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / "wb-synthetic-2023" / "hld_pop_wb_2023.parquet"
    snapshot = mapped(repository, source, "wb_census_2023.yaml", tmp_path / "census")
    assert (snapshot.manifest.rows("households"), snapshot.manifest.rows("areas")) == (57_867, 4 + 23 + 133)
    assert [entry.fact for entry in snapshot.manifest.assumptions] == ["adult_equivalents"]
    with open_engine() as engine:
        query = """
            SELECT sum(household_size), sum(CASE WHEN consumption < 212420 * household_size THEN household_size END),
                   sum(household_size * 100) = sum(adult_equivalents) FROM households
        """
        people, poor, same = viewed(engine, snapshot).rows(query)[0]
    assert people == 222_551
    assert same
    assert round(100 * poor / people, 4) == 41.1748  # 41.17 % published


def test_eu_silc_has_the_published_threshold_and_rate(repository: Path, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "eusilc-laeken" / "eusilc.csv.gz"
    snapshot = mapped(repository, source, "eusilc_2006.yaml", tmp_path / "eusilc")
    assert (snapshot.manifest.rows("households"), snapshot.manifest.rows("members")) == (6_000, 14_827)
    assert (snapshot.manifest.kind, snapshot.manifest.currency.code) == ("survey", "EUR")
    equivalised = """
        WITH household AS (
            SELECT h.household_no, min(h.weight) AS weight, count(*) AS people,
                   sum(m.personal_income) + min(h.household_income) - min(h.transfers_paid) AS cents,
                   5 + sum(CASE WHEN m.age >= 14 THEN 5 ELSE 3 END) AS tenths
            FROM households AS h JOIN members AS m ON m.household_no = h.household_no GROUP BY h.household_no
        )
        SELECT cents * 10 / 100.0 / tenths AS income, weight * people AS weight FROM household ORDER BY income
    """
    with open_engine() as engine:
        rows = viewed(engine, snapshot).rows(equivalised)
    total = sum(weight for _, weight in rows)
    passed, median = 0.0, 0.0
    for income, weight in rows:
        passed += weight
        if passed > total / 2:
            median = income
            break
    threshold = 0.6 * median
    assert round(threshold, 2) == 10_859.24  # laeken vignettes
    poor = sum(weight for income, weight in rows if income < threshold)
    assert round(100 * poor / total, 5) == 14.44422


def test_eu_silc_asks_nobody_for_more_than_the_mapping_says(
    repository: Path, shared_data: Path, tmp_path: Path
) -> None:
    snapshot = mapped(
        repository, shared_data / "eusilc-laeken" / "eusilc.csv.gz", "eusilc_2006.yaml", tmp_path / "eusilc"
    )
    assert [column.name for column in snapshot.columns("members")] == [
        "household_no",
        "member_no",
        "sex",
        "age",
        "activity",
        "personal_income",
    ]
    unknown = {column.name: column.unknown for column in snapshot.manifest.tables["members"].columns}
    assert unknown == {
        "household_no": 0,
        "member_no": 0,
        "sex": 0,
        "age": 0,
        "activity": 2_720,
        "personal_income": 0,
    }
