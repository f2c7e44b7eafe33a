"""Does a year keep its books: is nobody lost, nobody counted twice, and nobody helped who was not?"""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.simulation.invented import a_year_later, calibration, changed, founded, small, small_territory
from tuopin.simulation.codes import DISABLED, FEMALE, MEASURES, Measure
from tuopin.simulation.draws import Draws
from tuopin.simulation.livelihood import insured, year_of
from tuopin.simulation.measures import Help, receive, working
from tuopin.simulation.state import NOBODY, Lookup, Part
from tuopin.simulation.territory import Territory

COUNTRY = small_territory(households=5_000)


@pytest.fixture(scope="module")
def start() -> Part:
    return founded(COUNTRY)


@pytest.fixture(scope="module")
def decades() -> list[tuple[Part, dict[str, int]]]:
    """Twenty years of the country, and what happened in each."""
    part, years = founded(COUNTRY), []
    for year in range(2014, 2034):
        part, events = a_year_later(part, COUNTRY, year)
        kinds, counts = np.unique(events.to_arrow().column("event").to_numpy(zero_copy_only=False), return_counts=True)
        years.append((part, dict(zip(kinds.tolist(), counts.tolist(), strict=True))))
    return years


def test_persons_are_conserved(start: Part, decades: list[tuple[Part, dict[str, int]]]) -> None:
    before = set(start.members.number.tolist())
    for part, happened in decades:
        after = set(part.members.number.tolist())
        assert len(after) == len(part.members)
        gone = happened["death"] + happened.get("left", 0) + happened.get("family_left", 0)
        assert len(after) == len(before) - gone + happened["birth"]
        before = after


def test_no_number_is_given_twice(start: Part, decades: list[tuple[Part, dict[str, int]]]) -> None:
    ever, alive = set(start.households.number.tolist()), set(start.households.number.tolist())
    for part, _ in decades:
        now = set(part.households.number.tolist())
        assert not (now - alive) & ever
        ever, alive = ever | now, now


def test_every_household_has_a_member_and_a_head_who_lives_in_it(decades: list[tuple[Part, dict[str, int]]]) -> None:
    for part, _ in decades:
        assert part.sizes.min() >= 1
        head = Lookup(part.members.number).rows(part.households.head)
        assert (head != NOBODY).all()
        assert (part.members.household[head] == part.households.number).all()
        pairs = part.members.household * 1000 + part.members.no
        assert len(np.unique(pairs)) == len(pairs)


def test_nobody_grows_older_than_a_hundred_and_nine(decades: list[tuple[Part, dict[str, int]]]) -> None:
    for year, (part, _) in enumerate(decades, start=2014):
        assert part.members.age(year).max() <= 109


def test_partners_stay_mutual_and_live(decades: list[tuple[Part, dict[str, int]]]) -> None:
    for part, _ in decades:
        partner = Lookup(part.members.number).rows(part.members.partner)
        paired = part.members.partner != NOBODY
        assert (partner[paired] != NOBODY).all()
        assert (part.members.partner[partner[paired]] == part.members.number[paired]).all()


def test_a_split_keeps_its_persons_and_its_land(start: Part) -> None:
    part, events = a_year_later(start, COUNTRY, 2014)
    rows = events.to_arrow().to_pylist()
    splits = [row for row in rows if row["event"] == "split"]
    assert splits
    new = {row["after"]: row["before"] for row in splits}
    households = part.households
    fresh = np.isin(households.number, list(new))
    assert (households.founded[fresh] == 2014).all()
    assert {
        int(n): int(o) for n, o in zip(households.number[fresh], households.origin[fresh], strict=True)
    }.items() <= new.items()
    for row in splits:
        assert row["before"] // 1_000_000 == row["after"] // 1_000_000
    land = Lookup(start.households.number)
    both = [
        number
        for number, old in new.items()
        if number in set(households.number.tolist()) and old in set(households.number.tolist())
    ]
    now = Lookup(households.number)
    for number in both:
        old = new[number]
        total = households.land[now.rows(np.array([number, old]))].sum()
        assert total == start.households.land[land.rows(np.array([old]))][0]


def test_women_of_the_founding_have_between_one_and_two_children(decades: list[tuple[Part, dict[str, int]]]) -> None:
    # Rural China of the 2010s: a total fertility of about 1.4 to 1.8 (censuses of 2010 and 2020).
    births, women = np.zeros(50), np.zeros(50)
    for year, (part, _) in enumerate(decades[:8], start=2014):
        members = part.members
        age = members.age(year)
        mother = Lookup(members.number).rows(members.mother[age == 0])
        births += np.bincount(age[mother[mother != NOBODY]], minlength=50)[:50]
        women += np.bincount(age[(members.sex == FEMALE) & (age < 50)], minlength=50)[:50]
    assert 1.2 <= (births / np.maximum(women, 1))[15:].sum() <= 2.0


def test_the_country_grows_old_as_the_census_of_2020_found(decades: list[tuple[Part, dict[str, int]]]) -> None:
    # Census of 2020, rural: 23.8 % at 60 and above. These households count those who work in town, who are younger.
    part, _ = decades[6]
    assert 0.16 <= (part.members.age(2020) >= 60).mean() <= 0.26
    assert 0.9 <= len(part.members) / len(decades[0][0].members) <= 1.1


def test_the_same_year_lived_twice_is_the_same(start: Part) -> None:
    once, again = (a_year_later(start, COUNTRY, 2014)[0] for _ in range(2))
    assert once.households.to_arrow().equals(again.households.to_arrow())
    assert once.members.to_arrow().equals(again.members.to_arrow())


# --- Help ------------------------------------------------------------------------------------------------------------


def net_of(part: Part) -> dict[int, int]:
    """Net income by household."""
    return dict(zip(part.households.number.tolist(), part.households.net.tolist(), strict=True))


@pytest.mark.parametrize("kind", MEASURES)
def test_help_changes_nobody_but_who_was_helped(start: Part, kind: Measure) -> None:
    chosen = start.households.number[::7]
    without, _ = a_year_later(start, COUNTRY, 2014)
    given, _ = a_year_later(start, COUNTRY, 2014, *[(int(number), MEASURES.index(kind)) for number in chosen])
    others = ~np.isin(without.households.number, chosen)
    assert (
        without.households.take(others)
        .to_arrow()
        .equals(given.households.take(~np.isin(given.households.number, chosen)).to_arrow())
    )
    got = getattr(given.households, f"got_{kind}")
    assert set(given.households.number[got == 2014].tolist()) == set(chosen.tolist()) & set(
        given.households.number.tolist()
    )
    for other in set(MEASURES) - {kind}:
        assert not getattr(given.households, f"got_{other}").any()


def test_effects_lie_within_their_range_begin_after_their_delay_and_end(start: Part) -> None:
    always, cal = Draws(COUNTRY.seed), calibration()
    households = start.households.copied()
    households.got_industry[:] = 2015
    effect = cal.measures["industry"]
    works = {year: working(households, "industry", year, calibration=cal, always=always) for year in range(2014, 2024)}
    assert effect.delay_years == 1
    assert [year for year, found in works.items() if found.now.any()] == list(range(2016, 2016 + effect.lasts_years))
    for found in works.values():
        assert found.amount.min() >= effect.low
        assert found.amount.max() <= effect.high
    assert works[2016].now.mean() == pytest.approx(1 - effect.fails, abs=0.03)
    assert (works[2016].now == works[2018].now).all()
    assert (works[2016].failed == ~works[2016].now).all()
    assert not works[2017].begins.any()


@pytest.mark.parametrize("kind", MEASURES)
def test_help_that_is_given_every_year_does_not_begin_to_wait_again(start: Part, kind: Measure) -> None:
    always, cal = Draws(COUNTRY.seed), calibration()
    households = start.households.copied()
    everybody = Help(households.number, np.full(len(households), MEASURES.index(kind)))
    effect = cal.measures[kind]
    worked = {}
    for year in range(2014, 2014 + effect.delay_years + effect.lasts_years + 2):
        receive(households, everybody, year, calibration=cal)
        found = working(households, kind, year, calibration=cal, always=always)
        worked[year] = found.now.mean()
    # Without a break it works from its delay to its end; then it is received anew, and that receipt waits once.
    first = range(2014 + effect.delay_years, 2014 + effect.delay_years + effect.lasts_years)
    assert [worked[year] for year in first] == pytest.approx([1 - effect.fails] * len(first), abs=0.03)


def test_a_measure_that_works_raises_income_by_its_effect(start: Part) -> None:
    # A public post pays between 4,800 and 10,000 yuan (reference: ecological rangers), to somebody who can work.
    chosen = [(int(number), MEASURES.index("public_post")) for number in start.households.number]
    without, given = (
        net_of(a_year_later(start, COUNTRY, 2014)[0]),
        net_of(a_year_later(start, COUNTRY, 2014, *chosen)[0]),
    )
    gains = np.array([given[number] - without[number] for number in without])
    paid = gains > 3_000  # the allowance may shrink beside it
    assert 0.2 < paid.mean() < 0.95
    assert np.median(gains[paid]) == pytest.approx(7_400, rel=0.08)
    assert gains.max() <= 10_000 + 2_000


def test_relocation_moves_a_household_within_its_township_and_gives_it_a_sound_home(start: Part) -> None:
    chosen = [(int(number), MEASURES.index("relocation")) for number in start.households.number]
    planned, _ = a_year_later(start, COUNTRY, 2014, *chosen)
    assert (planned.households.relocation <= 1).all()
    moved, _ = a_year_later(planned, COUNTRY, 2015)
    place = Lookup(planned.households.number).rows(moved.households.number)
    known = place != NOBODY
    has_moved = known & (moved.households.moved == 2015)
    assert has_moved.sum() > 0.9 * known.sum()
    assert (moved.households.grade[has_moved] == 0).mean() > 0.97  # but for those whom a disaster struck
    codes = np.array(COUNTRY.village_codes)
    before, after = codes[planned.households.village[place[has_moved]]], codes[moved.households.village[has_moved]]
    assert all(old[:9] == new[:9] for old, new in zip(before, after, strict=True))
    assert (before != after).any()


def test_an_insurance_subsidy_insures_the_household() -> None:
    country = Territory(
        changed(
            small(), medical={"insured": small().medical.insured.model_copy(update={"starts": 0.0, "closes": 0.0})}
        ),
        7,
        5_000,
    )
    part = founded(country)
    chosen = [(int(number), MEASURES.index("insurance_subsidy")) for number in part.households.number]
    later, _ = a_year_later(part, country, 2014, *chosen)
    covered = insured(year_of(later, country, 2014))
    fresh = (later.households.founded == 2014)[later.rows]
    assert covered[~fresh].mean() > 0.97
    assert not covered[fresh].any()


# --- Shocks ----------------------------------------------------------------------------------------------------------


def test_a_pandemic_costs_work(start: Part) -> None:
    quiet = Territory(changed(small(), shocks={"pandemic": ()}), COUNTRY.seed, COUNTRY.households)
    struck = Territory(changed(small(), shocks={"pandemic": (2014,)}), COUNTRY.seed, COUNTRY.households)
    wages = [a_year_later(start, country, 2014)[0].households.wage.sum() for country in (quiet, struck)]
    assert 0.75 < wages[1] / wages[0] < 0.97


def test_disasters_strike_villages_together(start: Part) -> None:
    seen = []
    part = start
    for year in range(2014, 2020):
        part, _ = a_year_later(part, COUNTRY, year)
        hit, village = part.households.disaster_hit, part.households.village
        seen += [hit[village == each].mean() for each in np.unique(village) if (village == each).sum() >= 15]
        assert (part.households.loss[~hit] == 0).all()
    struck = np.array(seen) > 0
    assert 0.01 < struck.mean() < 0.15
    assert np.mean(np.array(seen)[struck]) > 0.25


def test_disabled_people_stay_so_and_illness_may_pass(decades: list[tuple[Part, dict[str, int]]]) -> None:
    (before, _), (after, _) = decades[3], decades[4]
    place = Lookup(before.members.number).rows(after.members.number)
    was = before.members.health[place[place != NOBODY]]
    now = after.members.health[place != NOBODY]
    assert (now[was == DISABLED] == DISABLED).all()
    assert 0.1 < (now[was == 2] == 1).mean() < 0.5
