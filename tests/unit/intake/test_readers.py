"""Is every kind of file read to its last row, and a damaged, garbled or swollen one refused before it does harm?"""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tuopin.stages.intake.mapping import TextFormat
from tuopin.stages.intake.readers import open_source
from tuopin.stages.intake.source import Source
from tuopin.terms import DataError, UsageError

PEOPLE = Path(__file__).parent / "data"
"""people.dta and people.sav: three invented people, written with pyreadstat 1.3.7 from pandas."""


def read(path: Path, *columns: str, **form: Any) -> list[dict[str, Any]]:
    source = open_source(path, TextFormat(**form))
    return [row for batch in source.batches(columns or source.columns) for row in batch.to_pylist()]


def text_file(tmp_path: Path, raw: bytes | str, name: str = "people.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return path


def refused(path: Path, **form: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **form)
    (problem,) = caught.value.problems
    assert problem.place.file == str(path)
    return str(problem)


@pytest.mark.parametrize(
    ("name", "raw", "form"),
    [
        ("a.csv", "id,name\n1,Ösel\n2,\n", {}),
        ("a.csv", "\ufeffid,name\n1,Ösel\n2,\n", {}),
        ("a.csv", "id;name\r\n1;Ösel\r\n2;\r\n", {}),
        ("a.tsv", "id\tname\n1\tÖsel\n2\t\n", {}),
        ("a.txt", "id|name\n1|Ösel\n2|\n", {}),
        ("a.csv", 'id,"name"\n"1","Ösel"\n2,""\n', {}),
        ("a.csv", "id,name\n\n1,Ösel\n\n2,", {}),
        ("a.csv", "id,name\n1,Ösel\n2,\n".encode("cp1252"), {"encoding": "cp1252"}),
        ("a.csv", "id,name\n1,Ösel\n2,\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("a.csv", "id:name\n1:Ösel\n2:\n", {"delimiter": ":"}),
        ("a.csv.gz", gzip.compress("id,name\n1,Ösel\n2,\n".encode(), mtime=0), {}),
    ],
)
def test_text_is_read_whatever_its_dress(tmp_path: Path, name: str, raw: bytes | str, form: dict[str, Any]) -> None:
    assert read(text_file(tmp_path, raw, name), **form) == [{"id": "1", "name": "Ösel"}, {"id": "2", "name": ""}]


def test_no_cell_of_text_is_guessed_to_be_a_number(tmp_path: Path) -> None:
    path = text_file(tmp_path, "id,flag,when\n007,NA,2020-01-01\n")
    assert read(path) == [{"id": "007", "flag": "NA", "when": "2020-01-01"}]


def test_a_cell_may_hold_a_comma_a_line_and_a_quotation_mark(tmp_path: Path) -> None:
    path = text_file(tmp_path, 'id,name\n1,"A, ""B""\nC"\n2,D\n')
    assert read(path) == [{"id": "1", "name": 'A, "B"\nC'}, {"id": "2", "name": "D"}]


def test_a_long_file_is_parted_where_a_row_ends_whatever_its_cells_hold(tmp_path: Path) -> None:
    """Against the standard library's reader: lines, delimiters and lone quotation marks fall on every edge."""
    cells = ("A", '5" pipe', '"B\nC"', '"""\n"', '"D,\n\n,"', "E" * 700, '"' + "F\n" * 400 + '"', "", '"x""y"')
    rows = [f"{i},{cells[i % 9]},{cells[i * i % 7]}\n" for i in range(20_000)]
    text = "id,one,two\n" + "".join(rows)
    assert len(text) > 3 * 2**20
    path = text_file(tmp_path, text if text.count('"') % 2 == 0 else text + '0,5",\n')
    with path.open(newline="", encoding="utf-8") as file:
        assert read(path) == list(csv.DictReader(file))


@pytest.mark.parametrize("short_of_a_mebibyte", range(1, 24))
def test_a_cell_that_begins_a_row_and_holds_a_line_end_stays_whole(tmp_path: Path, short_of_a_mebibyte: int) -> None:
    """The text is read by the mebibyte: the edge falls everywhere within the last rows."""
    before, cells = "note\n", '"one\ntwo ""3""\n"\nlast\n'
    filler = "x\n" * ((2**20 - len(before) - short_of_a_mebibyte) // 2)
    path = text_file(tmp_path, before + filler + cells)
    assert [row["note"] for row in read(path)[-3:]] == ["x", 'one\ntwo "3"\n', "last"]


def test_many_cells_that_begin_rows_and_hold_line_ends_are_read(tmp_path: Path) -> None:
    path = text_file(tmp_path, "a,b\n" + '"x\ny",2\n' * 300_000)
    assert len(read(path)) == 300_000


def test_only_the_columns_named_are_read(tmp_path: Path) -> None:
    assert read(text_file(tmp_path, "id,name,secret\n1,A,x\n"), "name", "id") == [{"name": "A", "id": "1"}]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no header"),
        (b"\n\n", "no header"),
        (b"id,name\n1,A\n2,B,C\n", "row 2: The row has 3 cells; the header names 2 columns"),
        (b"id,name\n1,A\n2\n", "row 2: The row has 1 cell; the header names 2 columns"),
        (b"id,name\n1,\xd6sel\n", ":2: The text is not UTF-8"),
        (b"id,n\xff\n1,A\n", ":1: The text is not UTF-8"),
        (b"id,name\n1,A\n2,A\0B\n", ":3: The file has NUL bytes"),
        ("id,name\n1,Ösel\n".encode("utf-16"), "The text is not UTF-8"),
        ("id,name\n1,A\n".encode("utf-16-le"), "NUL bytes"),
        (b'id,name\n1,"A\n2,B\n', "A quotation mark is opened and never closed"),
        (b"id,id\n1,2\n", "Column id stands twice"),
        (b"id,,\n1,2,3\n", "A column of the header has no name"),
        (b"id,name;age\n1,A;3\n", "The header has , and ;"),
    ],
)
def test_text_that_cannot_be_trusted_is_refused(tmp_path: Path, raw: bytes, said: str) -> None:
    assert said in refused(text_file(tmp_path, raw))


def test_a_wrong_or_unknown_encoding_is_refused(tmp_path: Path) -> None:
    path = text_file(tmp_path, "id,name\n1,Ösel\n")
    assert "not in the declared encoding" in refused(path, encoding="ascii")
    assert "encoding is not known" in refused(path, encoding="klingon")


def test_a_place_deep_in_a_long_file_is_named(tmp_path: Path) -> None:
    rows = 300_000
    good = "id,name\n" + "".join(f"{i},A\n" for i in range(rows))
    assert f":{rows + 2}: " in refused(text_file(tmp_path, good.encode() + b"7,\xff\n"))
    assert f"row {rows + 1}: The row has 3 cells" in refused(text_file(tmp_path, good + "1,2,3\n"))
    assert len(read(text_file(tmp_path, good))) == rows


@pytest.mark.parametrize("keep", [5, 30, -4])
def test_a_cut_off_gzip_is_refused(tmp_path: Path, keep: int) -> None:
    whole = gzip.compress(b"id,name\n" + b"".join(b"%d,A\n" % i for i in range(10_000)))
    assert "people.csv.gz" in refused(text_file(tmp_path, whole[:keep], "people.csv.gz"))
    assert "people.csv.gz" in refused(text_file(tmp_path, b"id,name\n1,A\n", "people.csv.gz"))


def gigabyte_cell(path: Path, *, quoted: bool) -> Path:
    """A gzipped CSV whose one cell unpacks to a gigabyte; with quotes it also has lines."""
    start, end = (b'id,name\n1,"', b'"\n') if quoted else (b"id,name\n1,", b"\n")
    mebibyte = (b"x" * 1023 + b"\n") * 1024 if quoted else b"x" * 2**20
    path.write_bytes(gzip.compress(start) + gzip.compress(mebibyte) * 1024 + gzip.compress(end))
    return path


READ_IN_A_PROCESS_OF_ITS_OWN = """
import resource, sys
from pathlib import Path
from tuopin.stages.intake.mapping import TextFormat
from tuopin.stages.intake.readers import open_source
from tuopin.terms import DataError

def most():  # ru_maxrss is in KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before = most()
source = open_source(Path(sys.argv[1]), TextFormat())
try:
    sum(batch.num_rows for batch in source.batches(source.columns))
except DataError as error:
    print(most() - before, error)
"""


@pytest.mark.parametrize("quoted", [False, True])
def test_a_cell_of_a_gigabyte_is_refused_without_holding_it(tmp_path: Path, quoted: bool) -> None:
    path = gigabyte_cell(tmp_path / "people.csv.gz", quoted=quoted)
    command = [sys.executable, "-c", READ_IN_A_PROCESS_OF_ITS_OWN, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    mebibytes, _, said = done.stdout.partition(" ")
    assert "A row is longer than 4 MiB" in said
    assert int(mebibytes) < 100


def test_a_cell_of_two_megabytes_is_refused_in_every_kind_of_file(tmp_path: Path) -> None:
    rows = pa.table({"id": ["1", "2"], "name": ["A", "x" * 2**21]})
    pq.write_table(rows, tmp_path / "a.parquet")
    with pa.ipc.new_file(tmp_path / "a.arrow", rows.schema) as writer:
        writer.write_table(rows)
    text_file(tmp_path, f"id,name\n1,A\n2,{'x' * 2**21}\n", "a.csv")
    for name in ("a.parquet", "a.arrow", "a.csv"):
        assert "Column name has a cell of more than 1 MiB" in refused(tmp_path / name)
    assert read(tmp_path / "a.parquet", "id") == [{"id": "1"}, {"id": "2"}]


def test_a_swollen_parquet_column_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    rows = pa.table({"name": pa.array(["x" * 2**20 * 65])})
    pq.write_table(rows, tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 2**20
    assert "too large for an answer" in refused(tmp_path / "a.parquet")


ROWS = pa.table(
    {
        "id": pa.array(["1", "2", None]),
        "age": pa.array([3, None, 5], pa.int8()),
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
        "born": pa.array([date(2020, 1, 1), None, date(2021, 1, 1)]),
    }
)


def kinds_of_arrow(tmp_path: Path) -> Iterator[Path]:
    pq.write_table(ROWS, tmp_path / "a.parquet")
    yield tmp_path / "a.parquet"
    for name in ("a.arrow", "a.feather"):
        with pa.ipc.new_file(tmp_path / name, ROWS.schema) as file:
            file.write_table(ROWS)
        yield tmp_path / name
    with pa.ipc.new_stream(tmp_path / "a.arrows", ROWS.schema) as stream:
        stream.write_table(ROWS)
    yield tmp_path / "a.arrows"


def test_parquet_and_arrow_keep_their_types(tmp_path: Path) -> None:
    for path in kinds_of_arrow(tmp_path):
        assert read(path) == ROWS.to_pylist()
        assert read(path, "born", "id") == ROWS.select(["born", "id"]).to_pylist()


@pytest.mark.parametrize("keep", [0, 7, 0.5, -5])
def test_a_cut_off_parquet_or_arrow_file_is_refused(tmp_path: Path, keep: float) -> None:
    for path in list(kinds_of_arrow(tmp_path))[:3]:
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * keep) if 0 < keep < 1 else int(keep)])
        assert "damaged, cut off, or not" in refused(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    for ending in ("parquet", "arrow", "dta", "sav", "por"):
        assert "damaged" in refused(text_file(tmp_path, "id,name\n1,A\n", f"people.{ending}"))
    with pytest.raises(UsageError, match=r"\.csv"):
        open_source(text_file(tmp_path, "x", "people.xlsx"), TextFormat())
    with pytest.raises(UsageError, match="no such file"):
        open_source(tmp_path / "nobody.csv", TextFormat())
    with pytest.raises(UsageError, match="no such file"):
        open_source(tmp_path, TextFormat())


@pytest.fixture(params=["people.dta", "people.sav"])
def people(request: pytest.FixtureRequest) -> Source:
    pytest.importorskip("pyreadstat", reason="Stata and SPSS files need the extra `stata`")
    return open_source(PEOPLE / request.param, TextFormat())


def test_stata_and_spss_are_read_with_dates_labels_and_unknowns(people: Source) -> None:
    found = [row for batch in people.batches(["hid", "sex", "born", "wage"]) for row in batch.to_pylist()]
    assert found == [
        {"hid": "h1", "sex": 2.0, "born": date(1980, 5, 17), "wage": 1200.5},
        {"hid": "h1", "sex": 1.0, "born": date(2014, 2, 1), "wage": None},
        {"hid": "h2", "sex": 2.0, "born": None, "wage": 0.0},
    ]
    assert people.labels == {"sex": {"1": "Man", "2": "Woman"}, "urban": {"1": "Town", "2": "Countryside"}}


@pytest.mark.parametrize("name", ["people.dta", "people.sav"])
def test_a_cut_off_stata_or_spss_file_is_refused(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pyreadstat", reason="Stata and SPSS files need the extra `stata`")
    whole = (PEOPLE / name).read_bytes()
    for keep in (0, 100, len(whole) // 3):
        assert "damaged" in refused(text_file(tmp_path, whole[:keep], name))


def test_without_the_extra_stata_files_are_named_not_crashed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(UsageError, match=r"tuopin\[stata\]"):
        open_source(PEOPLE / "people.dta", TextFormat())
