"""What is their column as our fact? Whole columns in, stored values out, and each refused cell with its reason.

Numbers are exact. They pass through a float only where that cannot change the result: a value whose stored form is
near a rounding tie, or too large for a float to be sure of, is computed again in decimals, half to even.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.stages.intake.dates import read_dates
from tuopin.stages.intake.mapping import Condition, FactMapping, Scalar
from tuopin.stages.intake.words import words_of
from tuopin.tables import Column
from tuopin.tables.schema import LIMITS

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

UNKNOWN = "unknown"
_NUMBER = {
    ".": r"^-?([0-9]{1,25}(\.[0-9]{0,25})?|\.[0-9]{1,25})([eE][-+]?[0-9]{1,2})?$",
    ",": r"^-?([0-9]{1,25}(,[0-9]{0,25})?|,[0-9]{1,25})([eE][-+]?[0-9]{1,2})?$",
}
_SURE_BELOW = 2.0**40
_TIE = 2.0**-6
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Refusal(NamedTuple):
    """Cells that cannot be taken: their column, which rows of the batch, and why."""

    column: str
    rows: Flags
    reason: str


@dataclass(frozen=True)
class Form:
    """How a source writes its cells: decimal mark, words that mean unknown, value labels by column."""

    decimal: str = "."
    unknown: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Converted(NamedTuple):
    """Stored values, NULL where unknown or refused, and the refusals."""

    values: pa.Array
    refusals: list[Refusal]


def convert(fact: Column, how: FactMapping, batch: pa.RecordBatch, form: Form) -> Converted:
    """Convert the columns of a batch into a fact's stored values.

    Args:
        fact: the declared fact; its `scale` is that of the stored value.
        how: where it comes from.
        batch: rows of the source with at least `how.columns_read`.
        form: how the source writes its cells.
    """
    if not how.columns:
        value = stored_value(fact, how.value)
        return Converted(pa.array([value] * batch.num_rows, fact.arrow), [])
    made = _CONVERTERS[fact.type](fact, how, batch, form)
    return _filled(fact, how, batch, form, made) if how.if_empty else made


def stored_value(fact: Column, value: Scalar) -> object:
    """A value written in a mapping, as it is stored; None stays unknown.

    Raises:
        ValueError: the fact cannot have that value.
    """
    if value is None:
        return None
    if fact.type == "boolean":
        return _one_of(value, (True, False), "true or false")
    if fact.type == "code":
        if value in fact.unknown:
            return None
        return _one_of(value, fact.values, f"one of: {', '.join(fact.values)}")
    if fact.type in ("date", "month"):
        day = date.fromisoformat(str(value))
        return day.replace(day=1) if fact.type == "month" else day
    number = _number(value)
    if fact.type == "number":
        return float(number)
    assert fact.stored_range is not None
    scaled = number.scaleb(fact.scale)
    low, high = fact.stored_range
    if scaled != scaled.to_integral_value() or not low <= scaled <= high:
        raise ValueError("the fact cannot have this value: too many decimals, or out of its bounds")
    return int(scaled)


def _number(value: Scalar) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("write a number")  # noqa: TRY004 - it is the mapping that is wrong, not the program
    return Decimal(value)


def _one_of(value: Scalar, allowed: Sequence[object], words: str) -> Scalar:
    if value not in allowed or type(value) is not type(allowed[0]):
        raise ValueError(f"write {words}")
    return value


def _filled(fact: Column, how: FactMapping, batch: pa.RecordBatch, form: Form, made: Converted) -> Converted:
    """Give empty cells the value that `if_empty` says, in the rows that it names."""
    assert how.if_empty is not None
    empty = np.ones(batch.num_rows, dtype=bool)
    for column in how.columns:
        empty &= _words(column, how, batch, form).is_null().to_numpy(zero_copy_only=False)
    fill = empty & holds(how.if_empty.where, batch, form)
    value = pa.scalar(stored_value(fact, how.if_empty.value), fact.arrow)
    return Converted(pc.if_else(pa.array(fill), value, made.values), made.refusals)


def holds(condition: Condition, batch: pa.RecordBatch, form: Form) -> Flags:
    """The rows for which a comparison holds; an unknown never does."""
    words = words_of(batch.column(condition.column), unknown=form.unknown)
    compare = _COMPARE[condition.comparison]
    if isinstance(condition.value, str):
        found = [word is not None and compare(word, condition.value) for word in words.to_pylist()]
        return np.array(found, dtype=bool)
    numbers, known, _ = _parsed(words, form.decimal)
    return np.asarray(known & compare(numbers, float(condition.value)))


# --- codes, yes-or-no, dates -----------------------------------------------------------------------------------------


def _words(column: str, how: FactMapping, batch: pa.RecordBatch, form: Form) -> pa.Array:
    words = words_of(batch.column(column), unknown=(*form.unknown, *how.unknown))
    labels = form.labels.get(column, {}) if how.labels else {}
    if not labels:
        return words
    place = pc.index_in(words, value_set=pa.array(list(labels), pa.string()))
    return pc.coalesce(pa.array(list(labels.values()), pa.string()).take(place), words)


def _recoded(how: FactMapping, words: pa.Array) -> tuple[pa.Array, Flags]:
    """Their words as ours, and the rows whose word the recode does not name."""
    if not how.recode:
        return words, np.zeros(len(words), dtype=bool)
    place = pc.index_in(words, value_set=pa.array(list(how.recode), pa.string()))
    ours = pa.array([_word_of(value) for value in how.recode.values()], pa.string()).take(place)
    unnamed = (place.is_null().to_numpy(zero_copy_only=False)) & words.is_valid().to_numpy(zero_copy_only=False)
    if how.other is not None:
        other = None if how.other == UNKNOWN else how.other
        return pc.if_else(pa.array(unnamed), pa.scalar(other, pa.string()), ours), np.zeros(len(words), dtype=bool)
    return ours, unnamed


def _word_of(value: Scalar, mark: str = ".") -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value).replace(".", mark)


def _convert_code(fact: Column, how: FactMapping, batch: pa.RecordBatch, form: Form) -> Converted:
    (column,) = how.columns
    ours, unnamed = _recoded(how, _words(column, how, batch, form))
    refusals = [Refusal(column, unnamed, "is not named in the mapping's recode")]
    if fact.unknown:
        nobody_knows = pc.is_in(ours, value_set=pa.array(fact.unknown, pa.string()))
        ours = pc.if_else(nobody_knows, None, ours)
    if fact.values:
        known = pc.is_in(ours, value_set=pa.array(fact.values, pa.string())).to_numpy(zero_copy_only=False)
        wrong = ours.is_valid().to_numpy(zero_copy_only=False) & ~known
        refusals.append(Refusal(column, wrong, f"is not one of the codes of {fact.name}"))
        ours = pc.if_else(pa.array(wrong), None, ours)
    return Converted(ours, refusals)


def _convert_boolean(_: Column, how: FactMapping, batch: pa.RecordBatch, form: Form) -> Converted:
    (column,) = how.columns
    ours, unnamed = _recoded(how, _words(column, how, batch, form))
    yes = pc.is_in(ours, value_set=pa.array(["true", "1"])).to_numpy(zero_copy_only=False)
    no = pc.is_in(ours, value_set=pa.array(["false", "0"])).to_numpy(zero_copy_only=False)
    wrong = ours.is_valid().to_numpy(zero_copy_only=False) & ~yes & ~no
    refusals = [
        Refusal(column, unnamed, "is not named in the mapping's recode"),
        Refusal(column, wrong, "is neither true nor false; name it in the mapping's recode"),
    ]
    return Converted(pa.array(yes, mask=~(yes | no)), refusals)


def _convert_date(fact: Column, how: FactMapping, batch: pa.RecordBatch, form: Form) -> Converted:
    (column,) = how.columns
    words, unnamed = _recoded(how, _words(column, how, batch, form))
    typed = pa.types.is_temporal(batch.column(column).type)
    dates, wrong = read_dates(words, format=None if typed else how.format, month=fact.type == "month")
    refusals = [Refusal(column, unnamed, "is not named in the mapping's recode")]
    return Converted(dates, [*refusals, Refusal(column, wrong, f"is no date written {how.format or 'YYYY-MM-DD'}")])


# --- numbers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Term:
    """A column of numbers: as it is written, as floats (NaN where unknown or refused), what is known, what is wrong."""

    column: str
    sign: int
    values: pa.Array
    floats: Floats
    known: Flags
    wrong: Flags

    def exact(self, row: int) -> Decimal:
        """One number, as it is written."""
        return self.sign * Decimal(words_of(self.values.slice(row, 1))[0].as_py().replace(",", "."))


def _term(column: str, sign: int, how: FactMapping, batch: pa.RecordBatch, form: Form) -> _Term:
    values = batch.column(column)
    typed = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    if typed and not (how.recode or how.labels or how.unknown or form.unknown):
        return _Term(column, sign, values, *_floats(values))
    words = _words(column, how, batch, form)
    mark = "." if typed else form.decimal
    if how.recode:
        place = pc.index_in(words, value_set=pa.array(list(how.recode), pa.string()))
        ours = pa.array([_word_of(value, mark) for value in how.recode.values()], pa.string()).take(place)
        words = pc.if_else(place.is_valid(), ours, words)
    return _Term(column, sign, words, *_parsed(words, mark))


def _floats(values: pa.Array) -> tuple[Floats, Flags, Flags]:
    """Numbers as floats; which rows have one; which are NaN or infinite."""
    floats = pc.fill_null(pc.cast(values, pa.float64(), safe=False), np.nan).to_numpy(zero_copy_only=False)
    given = values.is_valid().to_numpy(zero_copy_only=False)
    finite = np.isfinite(floats)
    return np.where(finite, floats, np.nan), given & finite, given & ~finite


def _parsed(words: pa.Array, mark: str) -> tuple[Floats, Flags, Flags]:
    """Words as floats; which rows have a number; which have something else."""
    fits = pc.fill_null(pc.match_substring_regex(words, _NUMBER[mark]), False)
    plain = pc.if_else(fits, words, None)
    floats = pc.cast(pc.replace_substring(plain, ",", ".") if mark == "," else plain, pa.float64())
    known = fits.to_numpy(zero_copy_only=False)
    wrong = words.is_valid().to_numpy(zero_copy_only=False) & ~known
    return pc.fill_null(floats, np.nan).to_numpy(zero_copy_only=False), known, wrong


def _convert_number(fact: Column, how: FactMapping, batch: pa.RecordBatch, form: Form) -> Converted:
    signs = [1] * (len(how.columns) - len(how.subtract)) + [-1] * len(how.subtract)
    terms = [_term(column, sign, how, batch, form) for column, sign in zip(how.columns, signs, strict=True)]
    refusals = [Refusal(term.column, term.wrong, "is not a plain number") for term in terms]
    known = np.logical_and.reduce([term.known for term in terms])
    scaled = _Scaled(terms, how.multiply if how.multiply is not None else Decimal(1), fact.scale, known)
    column = " + ".join(how.columns)
    if fact.type in ("integer", "ordinal", "key"):
        fraction = scaled.fraction()
        refusals.append(Refusal(column, fraction, "is not a whole number"))
        known = known & ~fraction
    stored, too_large = scaled.rounded()
    too_large &= known
    refusals.append(Refusal(column, too_large, "is too large"))
    known = known & ~too_large
    if fact.stored_range:
        outside = _outside(fact, column, stored, known)
        refusals += outside
        known = known & ~np.logical_or.reduce([refusal.rows for refusal in outside])
    return Converted(pa.array(np.where(known, stored, 0), pa.int64(), mask=~known).cast(fact.arrow), refusals)


def _outside(fact: Column, column: str, stored: npt.NDArray[np.int64], known: Flags) -> list[Refusal]:
    assert fact.stored_range is not None
    low, high = fact.stored_range
    limit = LIMITS[fact.type]
    return [
        Refusal(column, known & (stored < low), "is too small" if low == -limit else f"is less than {fact.minimum}"),
        Refusal(column, known & (stored > high), "is too large" if high == limit else f"is more than {fact.maximum}"),
    ]


def _convert_weight(_: Column, how: FactMapping, batch: pa.RecordBatch, form: Form) -> Converted:
    (column,) = how.columns
    term = _term(column, 1, how, batch, form)
    weights = term.floats * float(how.multiply or 1)
    negative = term.known & (weights < 0)
    empty = ~term.known & ~term.wrong
    refusals = [
        Refusal(column, term.wrong, "is not a plain number"),
        Refusal(column, negative, "is less than 0"),
        Refusal(column, empty, "is empty, and every household of a survey has a weight"),
    ]
    return Converted(pa.array(weights, pa.float64(), mask=~term.known | negative), refusals)


class _Scaled:
    """A signed sum of columns, times a factor, in whole units of 10^-scale."""

    def __init__(self, terms: Sequence[_Term], factor: Decimal, scale: int, known: Flags) -> None:
        self._terms = terms
        self._factor = factor.scaleb(scale)
        self._known = known
        weight = float(self._factor)
        self._total = sum(term.sign * term.floats for term in terms) * weight
        self._magnitude = sum(np.abs(term.floats) for term in terms) * abs(weight)

    def rounded(self) -> tuple[npt.NDArray[np.int64], Flags]:
        """The whole units, halves to even; and which rows are beyond 64 bits."""
        near_tie = np.abs(self._total - np.floor(self._total) - 0.5) < _TIE
        beyond = self._known & ~(np.abs(self._total) < 2.0**62)
        result = np.rint(np.where(self._known & ~beyond, self._total, 0.0)).astype(np.int64)
        for row in np.flatnonzero(self._known & ~beyond & (near_tie | ~(self._magnitude < _SURE_BELOW))):
            result[row] = int(self._exact(int(row)).to_integral_value(ROUND_HALF_EVEN))
        return result, beyond

    def fraction(self) -> Flags:
        """The rows that are no whole number of units."""
        maybe: Flags = self._known & (np.rint(self._total) != self._total)
        for row in np.flatnonzero(maybe):
            exact = self._exact(int(row))
            maybe[row] = exact != exact.to_integral_value()
        return maybe

    def _exact(self, row: int) -> Decimal:
        with localcontext(prec=100):
            return sum((term.exact(row) for term in self._terms), Decimal(0)) * self._factor


_CONVERTERS: Mapping[str, Callable[[Column, FactMapping, pa.RecordBatch, Form], Converted]] = {
    "boolean": _convert_boolean,
    "integer": _convert_number,
    "decimal": _convert_number,
    "money": _convert_number,
    "code": _convert_code,
    "month": _convert_date,
    "date": _convert_date,
    "ordinal": _convert_number,
    "key": _convert_number,
    "number": _convert_weight,
}
