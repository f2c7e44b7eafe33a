"""What do tests of intake share? The template pack, read once."""

from __future__ import annotations

from functools import cache

import pytest

from tuopin.policy import read_pack
from tuopin.stages.intake import importing

read_once = cache(read_pack)


@pytest.fixture(autouse=True)
def _one_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "read_pack", read_once)
