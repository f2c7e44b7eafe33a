"""Whatever the seed and the size: does the invented country keep its books, and is nobody in it impossible?"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.simulation.invented import a_year_later, china_columns, founded, heading, small
from tuopin.simulation import found
from tuopin.simulation.codes import HEAD, MEASURES
from tuopin.simulation.draws import Draws
from tuopin.simulation.facts import INCOMES
from tuopin.simulation.people import relations
from tuopin.simulation.state import NOBODY, Lookup, Part
from tuopin.simulation.territory import Territory

YEARS = range(2014, 2017)

seeds = st.integers(0, 2**31)
sizes = st.integers(100, 500)
help_given = st.lists(st.tuples(st.integers(0, 599), st.integers(0, len(MEASURES) - 1)), max_size=60)


def books_are_kept(part: Part, year: int) -> None:
    """What holds of any part at the end of any year."""
    households, members = part.households, part.members
    assert part.sizes.min() >= 1
    assert len(np.unique(households.number)) == len(households)
    assert len(np.unique(members.number)) == len(members)
    assert (Lookup(households.number).rows(members.household) != NOBODY).all()
    assert len(np.unique(members.household * 10_000 + members.no)) == len(members)
    assert members.no.min() >= 1
    assert members.age(year).min() >= 0
    assert members.age(year).max() <= 109
    assert (part.total(relations(part) == HEAD) == 1).all()
    for name in ("wage", "operating", "costs", "from_property", "dibao_income", "hardship_income", "pension",
                 "ecological", "asset", "other", "out_of_pocket", "school", "loss", "land", "debt"):  # fmt: skip
        assert getattr(households, name).min() >= 0, name
    order = households.village * 10**12 + households.number
    assert (np.diff(order) > 0).all()


@settings(max_examples=8)
@given(seed=seeds, households=sizes, given_in_2014=help_given)
def test_a_country_keeps_its_books_for_years(seed: int, households: int, given_in_2014: list[tuple[int, int]]) -> None:
    territory = Territory(small(), seed, households, households_a_part=10**9)
    part = founded(territory)
    assert len(part.households) == households
    books_are_kept(part, 2013)
    for year in YEARS:
        before, persons = part, set(part.members.number.tolist())
        given_now = [each for each in given_in_2014 if year == 2014]
        part, events = a_year_later(part, territory, year, *given_now)
        books_are_kept(part, year)
        happened = events.to_arrow().to_pylist()
        born = {row["person"] for row in happened if row["event"] == "birth"}
        gone = {row["person"] for row in happened if row["event"] in ("death", "left", "family_left")}
        assert set(part.members.number.tolist()) == (persons | born) - gone
        assert not born & persons
        assert gone <= persons
        for row in happened:
            if row["event"] in ("split", "marriage"):
                assert row["person"] in persons
        received = {(number, kind) for number, kind in given_now}
        for code, kind in enumerate(MEASURES):
            got = part.households.number[getattr(part.households, f"got_{kind}") == year]
            assert {(int(number), code) for number in got} <= received
        assert len(before.households) > 0


@settings(max_examples=4)
@given(seed=seeds, households=sizes)
def test_any_country_can_be_looked_at(seed: int, households: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = found(calibration=small(), seed=seed, households=households, folder=folder / "truth", workers=1)
        snapshot = world.observe(columns=china_columns(), heading=heading(2013), target=folder / "seen")
        assert snapshot.check() == []
        assert snapshot.manifest.rows("households") == households
        assert world.truth(columns=china_columns(), heading=heading(2013)).check() == []
        amounts = {column.name for column in snapshot.columns("households")} & set(INCOMES)
        assert amounts == set(INCOMES)


@settings(max_examples=40)
@given(
    seed=st.integers(),
    year=st.integers(1900, 2200),
    purpose=st.text(min_size=1, max_size=20),
    low=st.floats(0, 1),
    high=st.floats(0, 1),
)
def test_luck_is_the_same_for_whoever_asks_and_grows_with_the_chance(seed: int, year: int, purpose: str, low: float, high: float) -> None:  # fmt: skip
    ids, draws = np.arange(300), Draws(seed, year)
    low, high = min(low, high), max(low, high)
    assert not (draws.happens(ids, purpose, low) & ~draws.happens(ids, purpose, high)).any()
    assert draws.uniform(ids, purpose)[::-1].tolist() == draws.uniform(ids[::-1], purpose).tolist()
