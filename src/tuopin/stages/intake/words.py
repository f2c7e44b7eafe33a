"""What does a cell say, as a person would write it down? Every kind of column as trimmed words; empty is unknown."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tuopin.terms import DataError, Problem


def words_of(values: pa.Array, *, unknown: Sequence[str] = ()) -> pa.Array:
    """The cells as text: numbers without needless zeros, dates as YYYY-MM-DD, true and false.

    Args:
        values: a column of a source.
        unknown: words that mean "no answer", beside an empty cell.

    Raises:
        DataError: the column holds lists, records or times of day, which no fact is made of.
    """
    words = _text(values)
    words = pc.if_else(pc.equal(words, ""), None, words)
    if not unknown:
        return words
    return pc.if_else(pc.is_in(words, value_set=pa.array(list(unknown), pa.string())), None, words)


def _text(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _text(values.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pc.cast(pc.utf8_trim_whitespace(pc.cast(values, pa.string())), pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        return pc.cast(pc.cast(values, pa.date32(), safe=False), pa.string())
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_date32(kind)
        or pa.types.is_null(kind)
    ):
        return pc.cast(values, pa.string())
    raise DataError(Problem(f"A column holds {kind}, which no fact can be made of."))
