"""Which engines must pass the conformance suite? An engine joins by one entry here and its file in tables/engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tuopin.tables.engines import Engine, open_engine

ENGINES = ["duckdb", "spark"]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with open_engine(request.param, memory_limit="500MB", threads=2) as opened:
        yield opened
