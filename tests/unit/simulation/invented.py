"""A very small invented country: counties of 288 households, so that a test can found several of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from tuopin.policy import read_pack
from tuopin.policy.columns import declared_columns
from tuopin.policy.pack import pack_folder
from tuopin.policy.yaml_text import load
from tuopin.simulation import Calibration, read_calibration
from tuopin.simulation.founding import found_part
from tuopin.simulation.life import Events, live_part
from tuopin.simulation.measures import Help, no_help
from tuopin.simulation.state import Part
from tuopin.simulation.territory import Territory
from tuopin.tables import Column, CurrencyEntry, Heading

SMALL_TREE = {"households_a_village": 24, "villages_a_township": 4, "townships_a_county": 3, "counties_a_prefecture": 2}


def plain_calibration() -> Any:
    """The plain values of the file that comes with the china pack."""
    return load(pack_folder("china") / "simulation.yaml", name="simulation.yaml").data


@cache
def calibration() -> Calibration:
    """The calibration of the china pack."""
    return read_calibration(plain_calibration())


def changed(given: Calibration, **groups: Mapping[str, Any]) -> Calibration:
    """A calibration with other figures in some groups."""
    update = {name: getattr(given, name).model_copy(update=dict(figures)) for name, figures in groups.items()}
    return given.model_copy(update=update)


@cache
def small() -> Calibration:
    """The same with small areas."""
    return changed(calibration(), tree=SMALL_TREE)


def small_territory(*, seed: int = 7, households: int = 900) -> Territory:
    """Three counties, unless told otherwise."""
    return Territory(small(), seed, households)


def founded(territory: Territory) -> Part:
    """The country at its founding, if it has one part."""
    assert len(territory.parts) == 1
    return found_part(territory, 0)


def helped(*given: tuple[int, int]) -> Help:
    """Help: numbers of households, and measures as in codes.MEASURES."""
    if not given:
        return no_help()
    households, kinds = np.array(given, dtype=np.int64).reshape(-1, 2).T
    return Help(households, kinds)


def a_year_later(part: Part, territory: Territory, year: int, *given: tuple[int, int]) -> tuple[Part, Events]:
    """The part at the end of a year in which some were helped."""
    return live_part(part, territory, year, help_=helped(*given))


@cache
def china_columns() -> Mapping[str, list[Column]]:
    """The columns that the china pack declares."""
    pack = read_pack("china")
    return declared_columns(pack, pack.currency)


def heading(year: int) -> Heading:
    """The heading of a snapshot of a year."""
    return Heading(
        name="invented",
        kind="register",
        country="CN",
        pack="china",
        as_of=date(year, 12, 31),
        known_at=date(year + 1, 1, 31),
        currency=CurrencyEntry(code="CNY", exponent=2),
        tiers=("province", "prefecture", "county", "township", "village"),
    )
