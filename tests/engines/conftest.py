"""Which engines must pass the conformance suite? An engine joins by one entry here and its file in tables/engines."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tuopin.tables.engines import Engine, open_engine

ENGINES = ["duckdb", "spark"]

# Java's first compiler only: these queries are small and many, and what they answer is the same. It halves the time.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(engine_name: str) -> Iterator[Engine]:
    with open_engine(engine_name, memory_limit="500MB", threads=2) as opened:
        yield opened
