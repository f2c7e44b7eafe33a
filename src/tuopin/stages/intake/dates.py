"""Which day or month is written here? A closed list of ways to write a date; an impossible one is refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]

FIRST_YEAR, LAST_YEAR = 1800, 2200
_ISO = r"^(?P<y>[0-9]{4})-(?P<m>[0-9]{2})(?:-(?P<d>[0-9]{2}))?$"
_DAY_FIRST = r"^(?P<d>[0-9]{{1,2}}){0}(?P<m>[0-9]{{1,2}}){0}(?P<y>[0-9]{{4}})$"
_PATTERNS = {
    "YYYY-MM-DD": _ISO,
    "YYYY-MM": _ISO,
    "YYYYMMDD": r"^(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})$",
    "YYYYMM": r"^(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>)$",
    "DD/MM/YYYY": _DAY_FIRST.format("/"),
    "DD.MM.YYYY": _DAY_FIRST.format(r"\."),
    "DD-MM-YYYY": _DAY_FIRST.format("-"),
    "MM/DD/YYYY": r"^(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})$",
}


def read_dates(words: pa.Array, *, format: str | None, month: bool) -> tuple[pa.Array, Flags]:  # noqa: A002
    """Read dates from words.

    Args:
        words: text.
        format: one of the mapping's formats; None: YYYY-MM-DD, or YYYY-MM for a month.
        month: keep only the month, as its first day; exact birth dates stay behind so.

    Returns:
        Days, NULL where unknown or refused, and the rows that hold no possible date.
    """
    parts = pc.extract_regex(words, _PATTERNS[format or "YYYY-MM-DD"])
    year, month_no, day = (_whole(parts, name) for name in "ymd")
    given = words.is_valid().to_numpy(zero_copy_only=False)
    possible = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month_no >= 1) & (month_no <= 12)
    if not month:
        possible &= day > 0
    months = np.where(possible, (year - 1970) * 12 + month_no - 1, 0).astype("datetime64[M]")
    length = (months + np.timedelta64(1, "M")).astype("datetime64[D]") - months.astype("datetime64[D]")
    possible &= day <= length.astype(np.int64)
    days = months.astype("datetime64[D]")
    if not month:
        days = days + np.where(possible, day - 1, 0).astype("timedelta64[D]")
    wrong = given & ~possible
    return pa.array(days, pa.date32(), mask=~possible), wrong


def _whole(parts: pa.Array, name: str) -> npt.NDArray[np.int64]:
    text = pc.struct_field(parts, name)
    text = pc.if_else(pc.equal(text, ""), None, text)
    return np.asarray(pc.fill_null(pc.cast(text, pa.int64()), 0))


def ages_in_years(birth_months: pa.Array, *, year: int, month: int) -> npt.NDArray[np.int64]:
    """Completed years at a month, for birth months that are known; the month of birth counts as reached."""
    months = pc.fill_null(birth_months.cast(pa.int32()), 0).to_numpy(zero_copy_only=False)
    born = months.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(((year - 1970) * 12 + month - 1 - born) // 12)
