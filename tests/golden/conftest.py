"""Real input for golden figures: public synthetic data beside the repository, named when it is not there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tuopin.policy import pack_folder
from tuopin.stages.intake import import_snapshot
from tuopin.tables import Snapshot

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def imported(folder: Path, file: str, mapping: str, pack: str = "template") -> Snapshot:
    """Import a file of the shared data by a mapping of a pack, or say that the file is not there."""
    source = SHARED / file
    if not source.is_file():
        pytest.skip(f"shared data are not here: {file}")
    known_at = date(2024, 1, 31)
    by = Path(pack_folder(pack)) / "mappings" / mapping
    import_snapshot(files=[source], mapping=by, out=folder / "snapshot", known_at=known_at)
    return Snapshot.open(folder / "snapshot")


@pytest.fixture(scope="session")
def census(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """World Bank synthetic census 2023 of an imaginary country, 57,867 households."""
    folder = tmp_path_factory.mktemp("census")
    return imported(folder, "wb-synthetic-2023/hld_pop_wb_2023.parquet", "wb_census_2023.yaml")


@pytest.fixture(scope="session")
def eusilc(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Austrian EU-SILC 2006 (synthetic), 14,827 persons in 6,000 households."""
    return imported(tmp_path_factory.mktemp("eusilc"), "eusilc-laeken/eusilc.csv.gz", "eusilc_2006.yaml")
