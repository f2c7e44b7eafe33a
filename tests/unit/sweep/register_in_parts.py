"""A register of many small parts, and a policy by which everybody decides about everybody, for tests of whole sweeps."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy import invented
from tests.unit.policy.invented import Household, Register, fact, figure, line, standard, write_pack, write_register
from tuopin.policy import Pack, check_pack, read_pack
from tuopin.tables import Snapshot

SEED = 2016


def drawn(kill: int, purpose: str, below: int) -> int:
    """A number below another; the same for everybody who draws with the same seed."""
    return int(hashlib.sha256(f"{SEED} {kill} {purpose}".encode()).hexdigest(), 16) % below


def policy(folder: Path, *, version: str = "1.0.0") -> Pack:
    """Who is poor, by a line that everybody decides together; a visit where nobody can tell; a question."""
    asks: dict[str, Any] = {"proposes": "question", "reply_days": 10, "asks": {"en": "Is it so?"}}
    write_pack(
        folder,
        about={"version": version},
        facts={"income": fact("money", unit="XTS/year", min=0), "odd": fact("boolean")},
        figures={"middle": figure("median", "income", weight="households", by="region")},
        lines={"relative": line("XTS/year", formulas={"2000-01-01": "0.8 * middle"})},
        standards={
            "poor": standard("income < relative", proposes="entry"),
            "strange": standard("odd and poor", **asks),
        },
    )
    pack = read_pack(folder)
    assert check_pack(pack) == []
    return pack


def register(folder: Path, pack: Pack, *, parts: int, income: int = 100) -> Snapshot:
    """Two regions, a village for each part, ten households in each; one income in six is not known."""
    villages = [(f"{'ns'[v % 2]}{v:02d}", "ns"[v % 2], "village") for v in range(parts)]
    households = [
        Household(
            {
                "income": None if drawn(number, "unknown", 6) == 0 else drawn(number, "income", income),
                "odd": number % 7 < 3,
            },
            area=villages[number % parts][0],
        )
        for number in range(10 * parts)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(invented, "AREAS", (("n", None, "region"), ("s", None, "region"), *villages))
        snapshot = write_register(folder, pack, Register(households, a_part=10, members=False))
    assert len(snapshot.manifest.parts) == parts
    return snapshot
