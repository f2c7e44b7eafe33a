"""What do properties share? One engine: a property is about meaning, and tests/engines asks every engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tuopin.tables.engines import Engine, open_engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb", memory_limit="500MB", threads=1) as opened:
        yield opened
