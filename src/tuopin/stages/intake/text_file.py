"""How is a file of comma-separated text read, and what of it is refused?

Nothing is guessed: text is UTF-8 unless the mapping says otherwise, every row has as many cells as the header, and no
cell is turned into a number here. A row that could swallow the memory is refused before it is held whole.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.csv as pa_csv

from tuopin.stages.intake.mapping import TextFormat
from tuopin.stages.intake.rejects import counted
from tuopin.stages.intake.source import Source, damaged, small_cells
from tuopin.terms import DataError, Place, Problem

MAX_ROW_BYTES = 4 * 2**20
MAX_HEADER_BYTES = 2**20

_DELIMITERS = (",", ";", "\t", "|")
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def open_text(path: Path, form: TextFormat) -> Source:
    """Open a CSV or TSV file, plain or gzipped; see `open_source`."""
    encoding = _codec(path, form)
    header = _header(path, encoding)
    delimiter = form.delimiter or ("\t" if ".tsv" in path.name.lower() else _sniffed(path, header))
    return Source(path, _names(path, header, delimiter), lambda wanted: _csv_batches(path, encoding, delimiter, wanted))


def _codec(path: Path, form: TextFormat) -> str:
    try:
        name = codecs.lookup(form.encoding or "utf-8").name
        "".encode(name)  # a codec that is none of text, such as base64, says so
    except (LookupError, UnicodeError):
        why = f"The mapping says `encoding: {form.encoding}`."
        raise damaged(
            path, "The encoding is not known.", why, "Write a name such as utf-8, cp1252, gb18030 or utf-16."
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _header(path: Path, encoding: str) -> str:
    with _opened(path, encoding) as text:
        line = text.readline()
    if not line.strip():
        raise damaged(path, "The file has no header.", "Its first line must name the columns.")
    return line.rstrip(b"\r\n").decode("utf-8")


def _names(path: Path, header: str, delimiter: str) -> tuple[str, ...]:
    """The names in a header."""
    if "\r" in header:
        why = "Every line ends with a carriage return alone, so the file is one line."
        raise damaged(path, "The lines end as on an old Mac.", why, "Save it again with today's line ends.")
    if header.count('"') % 2:
        why = "A column's name stands on one line."
        raise damaged(path, "A quotation mark in the header is not closed on its line.", why, "Rename the column.")
    try:
        return tuple(next(csv.reader([header], delimiter=delimiter)))
    except csv.Error:
        raise damaged(path, "A name in the header is too long to be one.") from None


def _sniffed(path: Path, header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    found = [mark for mark in _DELIMITERS if mark in outside]
    if len(found) > 1:
        marks = " and ".join("tab" if mark == "\t" else mark for mark in found)
        fix = "Write `text: {delimiter: …}` in the mapping."
        raise damaged(path, f"The header has {marks}: which of them parts the columns cannot be told.", "", fix)
    return found[0] if found else ","


def _csv_batches(path: Path, encoding: str, delimiter: str, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with _opened(path, encoding) as text:
        names = _names(path, text.readline().rstrip(b"\r\n").decode("utf-8"), delimiter)
        yield from small_cells(path, _parsed(path, names, delimiter, wanted, text))


def _parsed(
    path: Path, names: Sequence[str], delimiter: str, wanted: Sequence[str], text: _CheckedText
) -> Iterator[pa.RecordBatch]:
    """The rows, parsed a block of whole rows at a time.

    The parser's own streaming reads ahead in a thread, which may outlive the reader and end the whole process.
    """
    read = 0
    for block in _whole_rows(path, delimiter, text):
        with _csv_errors(path, read):
            rows = pa_csv.read_csv(
                pa.BufferReader(block),
                read_options=pa_csv.ReadOptions(column_names=list(names), block_size=len(block), use_threads=False),
                parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=pa_csv.ConvertOptions(
                    include_columns=list(wanted),
                    column_types=dict.fromkeys(wanted, pa.string()),
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        yield from rows.to_batches()
        read += rows.num_rows


def _whole_rows(path: Path, delimiter: str, text: _CheckedText) -> Iterator[bytes]:
    """The text in blocks of about a mebibyte, each ending where a row ends."""
    quoted = re.compile(rb'"(?<![^\r\n%b]")[^"]*(?:""[^"]*)*(?:"|\Z)' % re.escape(delimiter.encode()))
    held = b""
    while more := text.read():
        held += more
        end = _last_row_end(held, quoted)
        if end:
            yield held[:end]
            held = held[end:]
        if len(held) > MAX_ROW_BYTES:
            raise _too_long(path)
    if held:
        yield held


def _last_row_end(text: bytes, quoted: re.Pattern[bytes]) -> int:
    """Where the last whole row ends: after the last line end that stands in no quoted cell.

    A quoted cell leaves a mark behind, or the line end before a cell that is still open would show as the last.
    """
    end = text.rfind(b"\n") + 1
    if b'"' not in text or quoted.sub(b"_", text[:end]).endswith(b"\n"):
        return end
    return quoted.sub(lambda cell: b"_" * len(cell[0]), text).rfind(b"\n") + 1


@contextmanager
def _csv_errors(path: Path, read: int) -> Iterator[None]:
    try:
        yield
    except pa.ArrowInvalid as error:
        said = str(error)
        if ragged := _RAGGED.search(said):
            row, expected, got = (int(group) for group in ragged.groups())
            what = f"The row has {counted(got, 'cell')}; the header names {counted(expected, 'column')}."
            why = "A quotation mark or delimiter inside a cell moves all cells after it."
            fix = "Put such a cell in double quotes, or declare the delimiter in the mapping."
            raise DataError(Problem(what, Place(file=str(path), row=read + row), why, fix)) from None
        raise damaged(path, "The file cannot be read as CSV.", f"{said}.") from None


def _too_long(path: Path) -> DataError:
    what = f"A row is longer than {MAX_ROW_BYTES // 2**20} MiB."
    return damaged(
        path,
        what,
        "A quotation mark is not closed, or a cell holds what is no answer.",
        "Mend the row, or leave it out.",
    )


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[_CheckedText]:
    opener: Callable[[Path], BinaryIO] = _gzipped if path.name.lower().endswith(".gz") else _plain
    with opener(path) as raw:
        yield _CheckedText(path, raw, encoding)


def _plain(path: Path) -> BinaryIO:
    return path.open("rb")


def _gzipped(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb"))


class _CheckedText:
    """A file of text on its way to the parser: turned into UTF-8, refused where it is not text."""

    def __init__(self, path: Path, raw: BinaryIO, encoding: str) -> None:
        self._path = path
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._ended = False
        self._lines = 0
        self._since_newline = 0
        self._quotes = 0

    def readline(self) -> bytes:
        """The text up to its first line end, with it; for the header."""
        while b"\n" not in self._ready and not self._ended:
            self._ready += self._next()
            if len(self._ready) > MAX_HEADER_BYTES and b"\n" not in self._ready[:MAX_HEADER_BYTES]:
                raise damaged(self._path, f"The header is longer than {MAX_HEADER_BYTES // 2**20} MiB.")
        line, end, self._ready = self._ready.partition(b"\n")
        return line + end

    def read(self) -> bytes:
        """The next bytes of UTF-8, about a mebibyte; none when the file has ended."""
        taken, self._ready = self._ready, b""
        while not (taken or self._ended):
            taken = self._next()
        return taken

    def _next(self) -> bytes:
        try:
            raw = self._raw.read(2**20)
        except (OSError, EOFError, zlib.error):
            raise damaged(self._path, "The compressed file is damaged or cut off.") from None
        self._ended = not raw
        text = self._decoded(raw)
        if b"\0" in text:
            line = self._lines + text[: text.index(b"\0")].count(b"\n") + 1
            what = "The file has NUL bytes: it is not text, or is written in another encoding."
            raise DataError(
                Problem(what, Place(file=str(self._path), line=line), fix="Declare its encoding in the mapping.")
            )
        self._watch(text)
        return text

    def _decoded(self, raw: bytes) -> bytes:
        try:
            return self._decoder.decode(raw, final=self._ended).encode("utf-8")
        except UnicodeDecodeError as error:
            line = self._lines + error.object[: error.start].count(b"\n") + 1
            what = f"The text is not {self._decoder_name()}: a byte cannot be read."
            why, fix = (
                "Names and codes would come out garbled.",
                "Declare its encoding in the mapping, such as cp1252 or gb18030.",
            )
            raise DataError(Problem(what, Place(file=str(self._path), line=line), why, fix)) from None
        except UnicodeError as error:  # not of one byte: the file does not begin as its encoding must
            what, why = f"The text is not {self._decoder_name()}.", f"{str(error).capitalize()}."
            raise damaged(self._path, what, why, "Correct `encoding` in the mapping.") from None

    def _decoder_name(self) -> str:
        return "UTF-8" if "utf_8" in type(self._decoder).__module__ else "in the declared encoding"

    def _watch(self, text: bytes) -> None:
        self._quotes += text.count(b'"')
        self._lines += text.count(b"\n")
        last = text.rfind(b"\n")
        self._since_newline = len(text) - last - 1 if last >= 0 else self._since_newline + len(text)
        if self._since_newline > MAX_ROW_BYTES:
            raise _too_long(self._path)
        if self._ended and self._quotes % 2:
            what = "A quotation mark is opened and never closed."
            why = "Every row after it would be taken for one cell."
            raise damaged(self._path, what, why, "Close it, or double a quotation mark that belongs to a cell.")
