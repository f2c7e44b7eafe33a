"""What share of a population is so, if so many of a sample are: between which exact bounds does it lie?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

Counts = npt.ArrayLike
Shares = npt.NDArray[np.float64]


def exact_lower(found: Counts, of: Counts, *, confidence: float) -> Shares:
    """The exact (Clopper-Pearson) lower bound of a proportion, one-sided.

    The largest share below which so many or more would be found with a probability of less than 1 - confidence.

    Args:
        found: how many of the sample are so; whole numbers, 0 to `of`.
        of: how many were drawn; of 0 nothing is known.
        confidence: of the one bound, above 0 and below 1. Both bounds at 0.975 make the two-sided interval at 0.95.

    Returns:
        Shares from 0 to 1 in the shape of the counts; 0 where none was found; not-a-number where nobody was drawn.

    Raises:
        ValueError: a count or the confidence cannot be.

    Source: Clopper and Pearson, Biometrika 26 (1934), pages 404-413; the beta quantiles after Brown, Cai and DasGupta,
    Statistical Science 16 (2001), page 113. The draw is taken as simple and from many: under clusters the bound is too
    narrow, and where a large part of a small population was drawn it is too wide.
    """
    x, n = _checked(found, of, confidence)
    bound = betaincinv(np.maximum(x, 1), n - x + 1, 1 - confidence)
    return np.where(n == 0, np.nan, np.where(x == 0, 0.0, bound))


def exact_upper(found: Counts, of: Counts, *, confidence: float) -> Shares:
    """The exact (Clopper-Pearson) upper bound of a proportion, one-sided: see `exact_lower`.

    Returns:
        Shares from 0 to 1; 1 where all were found; not-a-number where nobody was drawn. Of none found it is
        1 - (1 - confidence)^(1/of).

    Raises:
        ValueError: a count or the confidence cannot be.
    """
    x, n = _checked(found, of, confidence)
    bound = betaincinv(x + 1, np.maximum(n - x, 1), confidence)
    return np.where(n == 0, np.nan, np.where(x == n, 1.0, bound))


def _checked(found: Counts, of: Counts, confidence: float) -> tuple[Shares, Shares]:
    x, n = np.broadcast_arrays(np.asarray(found, dtype=np.float64), np.asarray(of, dtype=np.float64))
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence is {confidence}; it lies between 0 and 1, such as 0.95")
    if np.any(x < 0) or np.any(x > n) or np.any(x != np.floor(x)) or np.any(n != np.floor(n)):
        raise ValueError("found and of are whole numbers, and nobody finds more than were drawn")
    return x, n
