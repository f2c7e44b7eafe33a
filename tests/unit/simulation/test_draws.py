"""Are draws even, apart from each other, and the same for whoever draws again?"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from tuopin.simulation.draws import Draws, stream

IDS = np.arange(200_000)
YEAR = Draws(7, 2014)


def test_a_stream_is_that_of_splitmix64() -> None:
    # The first numbers that the public reference implementation (S. Vigna, splitmix64.c) gives for the seed 1234567.
    assert stream(1234567, np.arange(5)).tolist() == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip


def test_a_draw_does_not_depend_on_who_else_draws() -> None:
    alone = [YEAR.uniform(np.array([id]), "birth")[0] for id in (3, 77, 1999)]
    assert YEAR.uniform(IDS, "birth")[[3, 77, 1999]].tolist() == alone
    assert YEAR.normal(IDS[::-1], "pay")[::-1].tolist() == YEAR.normal(IDS, "pay").tolist()


def test_uniform_draws_fill_every_tenth_alike() -> None:
    drawn = YEAR.uniform(IDS, "birth")
    counts = np.histogram(drawn, bins=10, range=(0, 1))[0]
    expected = len(IDS) / 10
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi-squared, 9 degrees of freedom, one in a thousand


def test_neighbouring_ids_are_strangers() -> None:
    drawn = YEAR.uniform(IDS, "birth")
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.01
    far = YEAR.uniform(IDS * 100_000_000, "birth")
    assert abs(np.corrcoef(far[1:], far[:-1])[0, 1]) < 0.01


@pytest.mark.parametrize(
    "other", [Draws(7, 2014).uniform(IDS, "death"), Draws(7, 2015).uniform(IDS, "birth"), Draws(8, 2014).uniform(IDS, "birth"), Draws(7).uniform(IDS, "birth")],
    ids=["purpose", "year", "seed", "lifetime"],
)  # fmt: skip
def test_another_purpose_year_or_seed_is_another_draw(other: np.ndarray) -> None:
    assert abs(np.corrcoef(YEAR.uniform(IDS, "birth"), other)[0, 1]) < 0.01


def test_normal_draws_are_normal() -> None:
    drawn = YEAR.normal(IDS, "pay")
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.std() == pytest.approx(1, abs=0.01)
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert np.quantile(drawn, share) == pytest.approx(NormalDist().inv_cdf(share), abs=0.03)


def test_what_happens_at_a_small_chance_happens_at_a_larger_one() -> None:
    always = Draws(7)
    seldom, often = (always.happens(IDS, "insured", chance) for chance in (0.2, 0.6))
    assert (often | ~seldom).all()
    assert seldom.mean() == pytest.approx(0.2, abs=0.01)
    assert not always.happens(IDS, "never", 0.0).any()
    assert always.happens(IDS, "ever", 1.0).all()


def test_choices_follow_their_shares_whatever_they_add_up_to() -> None:
    chosen = YEAR.chosen(IDS, "place", (2, 3, 5))
    assert np.bincount(chosen).tolist() == pytest.approx([40_000, 60_000, 100_000], rel=0.03)


def test_lots_are_dealt_anew_each_time() -> None:
    lots = YEAR.lots(IDS, "slips")
    dealt = [lots.next(0.25) for _ in range(12)]
    assert [each.mean() for each in dealt] == pytest.approx([0.25] * 12, abs=0.01)
    together = np.corrcoef(np.stack(dealt))
    assert np.abs(together - np.eye(12)).max() < 0.015
