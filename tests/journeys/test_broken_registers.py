"""Is a broken register refused with its file, row and column, and is nothing of it written?"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pq
import pytest

from tests.journeys.broken import DATA, USAGE, Desk, Slip, change, importing

HOUSEHOLDS, MEMBERS, AREAS, VEHICLES = "households.csv", "members.csv", "areas.csv", "vehicles.csv"
DECISIONS, LEADS, MAPPING = "decisions.csv", "leads.csv", "mapping.yaml"
OF_HOUSEHOLDS, OF_MEMBERS = f"{HOUSEHOLDS}, table households", f"{MEMBERS}, table members"
OF_AREAS, OF_DECISIONS = f"{AREAS}, table areas", f"{DECISIONS}, table decisions"

SPENT = "Ana Aru,mill,R,1800.00"
Case = tuple[str, str, str, str, str]


def spent(written: str, says: str) -> Case:
    """What the first household spent, written otherwise."""
    return HOUSEHOLDS, SPENT, f"Ana Aru,mill,R,{written}", f"{OF_HOUSEHOLDS}, row 1, column spent", says


def aged(written: str, says: str) -> Case:
    """The age of the first member, written otherwise."""
    return MEMBERS, "CARD-0101,F,68", f"CARD-0101,F,{written}", f"{OF_MEMBERS}, row 1, column years", says


#: The mistake, the file, a text of it, what was written instead, the place that must be named, and what must be said.
ROWS: dict[str, Case] = {
    "an income that is not a number": spent("NaN", "NaN is not a plain number"),
    "an infinite income": spent("inf", "inf is not a plain number"),
    "an income below nought": spent("-1800.00", "-1800.00 is less than 0"),
    "a comma between thousands": spent('"1,800.00"', "1,800.00 is not a plain number"),
    "a blank between thousands": spent("1 800.00", "1 800.00 is not a plain number"),
    "a decimal comma that nobody declared": spent('"1800,00"', "1800,00 is not a plain number"),
    "an amount in words": spent("plenty", "plenty is not a plain number"),
    "an amount above the most": spent("10000000.01", "10000000.01 is more than 10000000"),
    "an amount of forty digits": spent("9" * 40, "is not a plain number"),
    "an age below nought": aged("-1", "-1 is less than 0"),
    "an age above the most": aged("400", "400 is more than 120"),
    "an age and a half": aged("6.5", "6.5 is not a whole number"),
    "two households of one id": (
        HOUSEHOLDS, "h02,Bek", "h01,Bek", f"{OF_HOUSEHOLDS}, row 2, column number", "each household has one id",
    ),
    "a household without an id": (
        HOUSEHOLDS, "h02,Bek", ",Bek", f"{OF_HOUSEHOLDS}, row 2, column number", "names no household: it is empty",
    ),
    "a village that is not in the tree": (
        HOUSEHOLDS, "Bek Bor,mill", "Bek Bor,milll", f"{OF_HOUSEHOLDS}, row 2, column village", "milll is not in the tree",
    ),
    "a household that lives nowhere": (
        HOUSEHOLDS, "Bek Bor,mill", "Bek Bor,", f"{OF_HOUSEHOLDS}, row 2, column village", "every household lives in some",
    ),
    "a code that the recode does not name": (
        HOUSEHOLDS, "Ana Aru,mill,R", "Ana Aru,mill,X", f"{OF_HOUSEHOLDS}, row 1, column where", "X is not named",
    ),
    "a perhaps for a yes or no": (
        HOUSEHOLDS, "900.00,0,none,1,0", "900.00,0,none,1,perhaps", f"{HOUSEHOLDS}, table dwellings, row 1, column light",
        "perhaps is neither true nor false",
    ),
    "a household of which nobody is listed": (
        MEMBERS, "h04,1,CARD-0401,M,50,head,,8,0\n", "", f"{OF_HOUSEHOLDS}, row 4, column number", "no member is listed",
    ),
    "a member of an unknown household": (
        MEMBERS, "h05,1,", "h55,1,", f"{OF_MEMBERS}, row 7, column household", "not in the list of households",
    ),
    "a member of no household": (
        MEMBERS, "h02,2,", ",2,", f"{OF_MEMBERS}, row 3, column household", "names no household: it is empty",
    ),
    "two members of one number": (
        MEMBERS, "h02,2,", "h02,1,", f"{OF_MEMBERS}, row 3, column nr", "has the number of another member",
    ),
    "a member of number nought": (MEMBERS, "h02,2,", "h02,0,", f"{OF_MEMBERS}, row 3, column nr", "0 is less than 1"),
    "an area that lies in a circle": (AREAS, "N1,N,", "N1,mill,", f"{OF_AREAS}, row N1", "whose tier village is not higher"),
    "an area in an unknown one": (AREAS, "ford,N1", "ford,N9", f"{OF_AREAS}, row ford", "N9, which is not in the tree"),
    "an area that stands twice": (AREAS, "ford,N1", "mill,N1", f"{OF_AREAS}, row mill", "stands 2 times in the tree"),
    "an area without a code": (AREAS, "ford,N1", ",N1", f"{OF_AREAS}, row 6, column code", "is empty"),
    "an area of an unknown tier": (
        AREAS, "N1,Village,Ford", "N1,Hamlet,Ford", f"{OF_AREAS}, row 6, column kind", "Hamlet is not named",
    ),
    "a car of nobody": (
        VEHICLES, "card 0401,", ",", f"{VEHICLES}, table register:vehicles, row 1, column owner", "names no person",
    ),
    "a value in words": (
        VEHICLES, "9500.00", "cheap", f"{VEHICLES}, table register:vehicles, row 1, column worth", "cheap is not a plain",
    ),
    "a decision without a day": (
        DECISIONS, "h05,came in,2020-03-01", "h05,came in,", f"{OF_DECISIONS}, row 1, column on", "every row must have it",
    ),
    "a decision on a day that no calendar has": (
        DECISIONS, "h05,came in,2020-03-01", "h05,came in,2020-02-30", f"{OF_DECISIONS}, row 1, column on", "is no date",
    ),
    "a decision in another order of day and month": (
        DECISIONS, "h05,came in,2020-03-01", "h05,came in,01/03/2020", f"{OF_DECISIONS}, row 1, column on", "is no date",
    ),
    "a decision that nobody takes": (
        DECISIONS, "h05,came in", "h05,jailed", f"{OF_DECISIONS}, row 1, column what", "jailed is not named",
    ),
    "a lead to an unknown household": (
        LEADS, "h02,applied", "h22,applied", f"{LEADS}, table leads, row 1, column household", "not in the list of",
    ),
    "a row with a cell too few": (HOUSEHOLDS, "Cem Cal,ford,R", "Cem Cal,ford", f"{HOUSEHOLDS}, row 3", "has 16 cells"),
    "a row with a cell too many": (HOUSEHOLDS, "Cem Cal,", "Cem,Cal,", f"{HOUSEHOLDS}, row 3", "has 18 cells"),
    "a quotation mark never closed": (HOUSEHOLDS, "Cem Cal", '"Cem Cal', HOUSEHOLDS, "is opened and never closed"),
    "a column that stands twice": (
        HOUSEHOLDS, "number,speaker", "number,number", f"{HOUSEHOLDS}, column number", "stands twice in the header",
    ),
    "a column that is missing": (
        HOUSEHOLDS, "where,spent,", "where,spend,", f"{MAPPING}:24", "households.csv has no column `spent`",
    ),
    "two marks that may part the columns": (
        AREAS, "code,above,kind", "code,above;kind", AREAS, "which of them parts the columns cannot be told",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "place", "says"), ROWS.values(), ids=ROWS)
def test_a_row_that_cannot_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, place: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    change(desk.register() / file, old, new)
    desk.refuses(*importing(), code=DATA, place=place, says=says)


def test_no_message_shows_an_identifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    change(desk.register() / HOUSEHOLDS, "h02,Bek", "h01,Bek")
    change(desk.folder / MEMBERS, "h02,2,CARD-0202", "h02,1,CARD-0202")
    said = desk.refuses(*importing(), code=DATA, place=f"{OF_HOUSEHOLDS}, row 2, column number", says="(hidden)")
    assert not [word for word in ("h01", "CARD", "Bek") if word in said.out + said.err]


# --- one file of persons, for a survey -------------------------------------------------------------------------------

SURVEY = """\
mapping: survey
pack: template
kind: survey
as_of: 2023-06-30
currency: {code: XTS, exponent: 2}
country: XT
source: "Invented for the journeys"
areas:
  levels:
    - {tier: region, column: region}
    - {tier: village, column: village}
households:
  one_row_per: person
  id: {column: hh, as: kept}
  weight: weight
  facts:
    consumption: {column: spent, unit: XTS/year}
    household_size: {column: size, unit: person}
members:
  order: nr
  facts:
    birth_month: {column: born, format: YYYY-MM}
"""
PERSONS = """\
hh,size,nr,region,village,weight,spent,born
1,2,1,N,mill,1.5,1000,1980-04
1,2,2,N,mill,1.5,1000,2010-05
2,1,1,N,mill,2.5,2000,1990-01
3,1,1,S,quay,1.0,3000,1950-12
"""
#: The mistake, a text, what was written instead, the place after the table, and what must be said.
PERSONS_BROKEN = {
    "another consumption for the second member": ("1.5,1000,2010", "1.5,1001,2010", "row 1, column spent", "something else"),
    "no consumption for the second member": ("1.5,1000,2010", "1.5,,2010", "row 1, column spent", "something else"),
    "another weight for the second member": ("1.5,1000,2010", "2.5,1000,2010", "row 1, column weight", "something else"),
    "another village for the second member": ("N,mill,1.5,1000,2010", "S,quay,1.5,1000,2010", "row 1, column village", "something"),
    "no weight": ("2.5,2000", ",2000", "row 3, column weight", "every household of a survey has a weight"),
    "a weight below nought": ("2.5,2000", "-2.5,2000", "row 3, column weight", "-2.5 is less than 0"),
    "a weight that is not a number": ("2.5,2000", "nan,2000", "row 3, column weight", "nan is not a plain number"),
    "a size of nought": ("3,1,1,S", "3,0,1,S", "row 4, column size", "0 is less than 1"),
    "a size below nought": ("3,1,1,S", "3,-1,1,S", "row 4, column size", "-1 is less than 1"),
    "a size beyond the most": ("3,1,1,S", "3,61,1,S", "row 4, column size", "61 is more than 60"),
}  # fmt: skip
SURVEYED = ["snapshot", "import", "persons.csv", "--mapping", "survey.yaml", "--out", "snapshot"]


def surveyed(desk: Desk, persons: str, mapping: str = SURVEY) -> list[str]:
    """Write the survey, and give the call that reads it."""
    (desk.folder / "persons.csv").write_text(persons)
    (desk.folder / "survey.yaml").write_text(mapping)
    return SURVEYED


@pytest.mark.parametrize(("old", "new", "place", "says"), PERSONS_BROKEN.values(), ids=PERSONS_BROKEN)
def test_persons_who_contradict_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, place: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    call = surveyed(desk, PERSONS.replace(old, new))
    desk.refuses(*call, code=DATA, place=f"persons.csv, table households, {place}", says=says)


MEMBERS_BROKEN = {
    "a birth after the day of the register": ("1990-01", "2023-07", "2023-07 lies after the day of the register"),
    "a month that no calendar has": ("1990-01", "1990-13", "1990-13 is no date written YYYY-MM"),
    "a month in another order": ("1990-01", "01/1990", "01/1990 is no date written YYYY-MM"),
}


@pytest.mark.parametrize(("old", "new", "says"), MEMBERS_BROKEN.values(), ids=MEMBERS_BROKEN)
def test_a_member_born_on_no_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    call = surveyed(desk, PERSONS.replace(old, new))
    desk.refuses(*call, code=DATA, place="persons.csv, table members, row 3, column born", says=says)


def test_a_village_in_two_regions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    call = surveyed(desk, PERSONS.replace("S,quay", "S,mill"))
    desk.refuses(*call, code=DATA, place="persons.csv, table areas, row mill", says="Area mill lies in N and in S")


def test_the_survey_that_is_broken_here_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    ended = desk(*surveyed(desk, PERSONS))
    assert ended.code == 0, ended.err


def test_what_came_of_it_is_said_last_however_many_rows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    header = PERSONS.partition("\n")[0]
    wrong = "".join(f"{household},0,1,N,mill,none,1000,1980-04\n" for household in range(30))
    call = surveyed(desk, f"{header}\n{wrong}")
    said = desk.refuses(*call, code=DATA, place="persons.csv, table households, row 1, column size", says="0 is less")
    *told, hidden, outcome, following = said.err.splitlines()
    assert (len(told), hidden) == (50, "10 more problems, not shown; --json lists all.")
    assert outcome == "30 rows were refused, with 60 problems; nothing was written."
    assert "--accept-rejects" in following
    accepted = desk(*call, "--accept-rejects")
    assert "30 rows were refused, with 60 problems; 30 households were left out because of that." in accepted.out


def test_an_amount_beyond_what_can_be_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pack names no largest amount of its own: 10^13 of the smallest coin."""
    desk = Desk(tmp_path, monkeypatch)
    pack = desk.pack()
    Slip("", "facts.yaml", "    max: 10000000\n    sensitivity: personal\n    question:\n      en: >-\n        All together",
         "    sensitivity: personal\n    question:\n      en: >-\n        All together", "").made(pack)  # fmt: skip
    call = surveyed(desk, PERSONS.replace("2.5,2000", "2.5,100000000000.01"), SURVEY.replace("template", "pack"))
    place = "persons.csv, table households, row 3, column spent"
    desk.refuses(*call, code=DATA, place=place, says="100000000000.01 is too large")


# --- whole files -----------------------------------------------------------------------------------------------------


def headed(file: Path) -> None:
    """Leave the header alone."""
    file.write_text(file.read_text().splitlines()[0] + "\n")


def latin(file: Path) -> None:
    """Write one letter of a name in Latin-1."""
    file.write_bytes(file.read_bytes().replace(b"Ana Aru", b"Ana Ar\xfc"))


def nul(file: Path) -> None:
    """Put a NUL byte into an id."""
    file.write_bytes(file.read_bytes().replace(b"h03", b"h\x003"))


def folder(file: Path) -> None:
    """Put a folder in place of a file."""
    file.unlink()
    file.mkdir()


def long_row(file: Path) -> None:
    """Write a name of five megabytes."""
    file.write_bytes(file.read_bytes().replace(b"Cem Cal", b"C" * 5 * 2**20))


def long_cell(file: Path) -> None:
    """Write a village of two megabytes."""
    file.write_bytes(file.read_bytes().replace(b"Cem Cal,ford", b"Cem Cal," + b"f" * 2 * 2**20))


def headed_by(names: str) -> Callable[[Path], object]:
    """Give the file another header."""

    def spoil(file: Path) -> None:
        file.write_text(names + file.read_text().partition("\n")[2], encoding="utf-8")

    return spoil


def old_mac(file: Path) -> None:
    """End lines with a carriage return alone."""
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r"))


MANY_NAMES = ",".join(f"c{number}" for number in range(100_000))
WHOLE: dict[str, tuple[str, Callable[[Path], object], int, str, str]] = {
    "an empty file": (HOUSEHOLDS, partial(Path.write_text, data=""), DATA, HOUSEHOLDS, "The file has no header"),
    "blank lines": (HOUSEHOLDS, partial(Path.write_text, data="\n\n"), DATA, HOUSEHOLDS, "The file has no header"),
    "a header alone": (HOUSEHOLDS, headed, DATA, OF_HOUSEHOLDS, "The file has no rows"),
    "a header of members alone": (MEMBERS, headed, DATA, OF_MEMBERS, "The file has no rows"),
    "a header of areas alone": (AREAS, headed, DATA, OF_AREAS, "The file has no rows"),
    "Latin-1 in a column that nobody reads": (HOUSEHOLDS, latin, DATA, f"{HOUSEHOLDS}:2", "The text is not UTF-8"),
    "a NUL byte": (HOUSEHOLDS, nul, DATA, f"{HOUSEHOLDS}:4", "The file has NUL bytes"),
    "a row of five megabytes": (HOUSEHOLDS, long_row, DATA, HOUSEHOLDS, "A row is longer than 4 MiB"),
    "a cell of two megabytes": (
        HOUSEHOLDS,
        long_cell,
        DATA,
        HOUSEHOLDS,
        "Column village has a cell of more than 1 MiB",
    ),
    "a name of the header on two lines": (
        AREAS,
        headed_by('"co\nde",kind\n'),
        DATA,
        AREAS,
        "is not closed on its line",
    ),
    "a name of the header without end": (AREAS, headed_by("c" * 200_000 + "\n"), DATA, AREAS, "is too long to be one"),
    "a header without end": (AREAS, headed_by("é" * 600_000 + "\n"), DATA, AREAS, "The header is longer than 1 MiB"),
    "a hundred thousand columns": (AREAS, headed_by(MANY_NAMES + "\n"), DATA, f"{MAPPING}:10", "has no column `code`"),
    "lines that end as on an old Mac": (AREAS, old_mac, DATA, AREAS, "The lines end as on an old Mac"),
    "no file": (HOUSEHOLDS, Path.unlink, USAGE, HOUSEHOLDS, "There is no such file"),
    "a folder": (HOUSEHOLDS, folder, USAGE, HOUSEHOLDS, "There is no such file"),
}


@pytest.mark.parametrize(("file", "spoil", "code", "place", "says"), WHOLE.values(), ids=WHOLE)
def test_a_file_that_cannot_be_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    spoil: Callable[[Path], object],
    code: int,
    place: str,
    says: str,
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    spoil(desk.register() / file)
    desk.refuses(*importing(), code=code, place=place, says=says)


def renamed(desk: Desk, name: str) -> list[str]:
    """Call the file of households otherwise; gives the call that reads it."""
    (desk.register() / HOUSEHOLDS).rename(desk.folder / name)
    mapping = desk.folder / MAPPING
    mapping.write_text(mapping.read_text().replace(f"file: {HOUSEHOLDS}", f"file: {name}"))
    return importing(AREAS, name, MEMBERS, VEHICLES, DECISIONS, LEADS)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("households.csv.gz", "The compressed file is damaged or cut off"),
        ("households.parquet", "The file is damaged, cut off, or not Parquet"),
        ("households.arrow", "The file is damaged, cut off, or not Arrow"),
        ("households.feather", "The file is damaged, cut off, or not Arrow"),
        ("households.dta", "not of the kind that its name says"),
        ("households.sav", "not of the kind that its name says"),
        ("households.por", "not of the kind that its name says"),
    ],
)
def test_a_file_of_another_kind_than_its_name_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    if name.endswith(("dta", "sav", "por")):
        pytest.importorskip("pyreadstat", reason="Stata and SPSS files need the extra `stata`")
    desk = Desk(tmp_path, monkeypatch)
    desk.refuses(*renamed(desk, name), code=DATA, place=name, says=says)


def test_a_kind_of_file_that_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    desk.refuses(*renamed(desk, "h.xlsx"), code=USAGE, place="h.xlsx", says="Its name must end in one of: .csv")


def as_table(desk: Desk, name: str) -> tuple[list[str], pa.Table]:
    """The households as a table, to be written under another name; and the call that reads it."""
    call = renamed(desk, name)
    return call, pa_csv.read_csv(desk.folder / name)


CUT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off in the middle": (lambda raw: raw[: len(raw) // 2], "damaged, cut off"),
    "zeros in the middle": (lambda raw: raw[:200] + bytes(400) + raw[600:], "damaged, cut off"),
}


@pytest.mark.parametrize(("spoil", "says"), CUT.values(), ids=CUT)
def test_a_damaged_parquet_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[bytes], bytes], says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    call, rows = as_table(desk, "h.parquet")
    pq.write_table(rows, desk.folder / "h.parquet")
    (desk.folder / "h.parquet").write_bytes(spoil((desk.folder / "h.parquet").read_bytes()))
    desk.refuses(*call, code=DATA, place="h.parquet", says=says)


COLUMNS = {
    "an income that is NaN": (
        pa.array([float("nan")] * 12),
        "h.parquet, table households, row 1, column spent",
        "nan is",
    ),
    "an infinite income": (pa.array([float("inf")] * 12), "h.parquet, table households, row 1, column spent", "inf is"),
    "an income that is a list": (pa.array([[1.0]] * 12), f"{MAPPING}:24", "holds list<element: double>, which no fact"),
}


@pytest.mark.parametrize(("column", "place", "says"), COLUMNS.values(), ids=COLUMNS)
def test_a_column_of_a_parquet_file_that_cannot_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: pa.Array, place: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    call, rows = as_table(desk, "h.parquet")
    pq.write_table(rows.set_column(rows.column_names.index("spent"), "spent", column), desk.folder / "h.parquet")
    desk.refuses(*call, code=DATA, place=place, says=says)


@pytest.mark.parametrize("name", ["h.parquet", "h.feather"])
def test_a_large_cell_of_a_table_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    desk = Desk(tmp_path, monkeypatch)
    call, rows = as_table(desk, name)
    villages = pa.array(["mill", "m" * 20 * 2**20, *["mill"] * 10])
    rows = rows.set_column(rows.column_names.index("village"), "village", villages)
    (pq.write_table if name.endswith("parquet") else pa_feather.write_feather)(rows, desk.folder / name)
    desk.refuses(*call, code=DATA, place=name, says="Column village has a cell of more than 1 MiB")


# --- a cell of a gigabyte --------------------------------------------------------------------------------------------

GIBIBYTE = 2**30
BEFORE, AFTER = PERSONS.partition("\n")[0] + "\n1,1,1,N,", ",1.5,1000,1980-04\n"


def test_a_gigabyte_in_one_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gzip file may consist of many: sixteen megabytes are compressed once and stand in it sixty-four times."""
    desk = Desk(tmp_path, monkeypatch)
    piece = gzip.compress(b"m" * (GIBIBYTE // 64), compresslevel=1)
    large = gzip.compress(BEFORE.encode()) + piece * 64 + gzip.compress(AFTER.encode())
    call = [word.replace("persons.csv", "large.csv.gz") for word in surveyed(desk, PERSONS)]
    (desk.folder / "large.csv.gz").write_bytes(large)
    desk.refuses(*call, code=DATA, place="large.csv.gz", says="A row is longer than 4 MiB")
