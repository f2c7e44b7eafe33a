"""Is a broken mapping refused at its own line, before a row is read, and with nothing written?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.broken import DATA, USAGE, Desk, Slip, as_sentence, importing

MAPPING = "mapping.yaml"
SPENT = "{column: spent, unit: XTS/year}"
PHONE = "    phone_owned: phone\n"
BY_NUMBER = "id: {column: number, as: kept}"
EVERYWHERE = "{areas: all, since: 2015-01-01}"
TREE = "areas:\n  file: areas.csv"
FROM_A_FILE = """\
areas:
  file: areas.csv
  code: code
  parent: above
  tier: {column: kind, recode: {Region: region, District: district, Village: village}}
  name: name
"""


def slip(name: str, old: str, new: str | None, says: str, at: str = "") -> Slip:
    """A mistake in the mapping."""
    return Slip(name, MAPPING, old, new, says, at)


def spent(name: str, how: str, says: str) -> Slip:
    """Another way of reading consumption."""
    return slip(name, SPENT, how, says)


def phone(name: str, how: str, says: str) -> Slip:
    """Another way of reading whether there is a telephone."""
    return slip(name, PHONE, f"    phone_owned: {how}\n", says)


def written_as(name: str, how: str, says: str) -> Slip:
    """Another way of writing text files."""
    return slip(name, TREE, f"text: {{{how}}}\n{TREE}", says)


MISTAKES = [
    spent("a column that the file does not have", "{column: spend, unit: XTS/year}", "has no column `spend`"),
    slip("a fact that the pack does not have", "    consumption:", "    consumtion:", "`consumtion` is no fact of"),
    slip("a fact of another table", PHONE, "    sex: speaker\n", "`sex` is no fact of households"),
    slip("a fact that the pack computes", PHONE, f"    income: {SPENT}\n", "`income` is computed by the pack"),
    spent("another unit without a factor", "{column: spent, unit: XTS/month}", "the source is in XTS/month"),
    spent("no unit", "{column: spent}", "`consumption` is in XTS/year; the mapping says none"),
    spent("a unit that is none", "{column: spent, unit: XTS//year}", "is not a unit"),
    spent("a factor where none is needed", "{column: spent, unit: XTS/year, multiply: 12}", "is in XTS/year already"),
    spent("a factor of nought", "{column: spent, unit: XTS/month, multiply: 0}", "is more than zero"),
    spent("a factor in words", "{column: spent, unit: XTS/month, multiply: twelve}", "a number is expected here"),
    spent("a column added to itself", "{sum: [spent, spent], unit: XTS/year}", "the column `spent` stands twice"),
    spent("nothing taken from something", "{column: spent, subtract: [food], unit: XTS/year}", "needs a `sum`"),
    slip(
        "a recode to an unknown code", "T: urban", "T: town", "`settlement` cannot be town: write one of: urban, rural"
    ),
    slip("a yes for true", PHONE, "    phone_owned: {column: phone, recode: {1: yes}}\n", "neither a plain yes-or-no"),
    slip("a pack that does not exist", "pack: template", "pack: nowhere", "There is no pack `nowhere`"),
    slip("no pack", "pack: template", None, "`pack` is missing", at="mapping: twelve"),
    slip("a kind that is none", "kind: register", "kind: census", "write one of: 'register' or 'survey'"),
    slip("a survey without weights", "kind: register", "kind: survey", "A survey needs the weight", at="households:"),
    slip(
        "a register with weights",
        "  area: village\n",
        "  area: village\n  weight: spent\n",
        "A register has no weights",
        at="  weight:",
    ),
    slip(
        "weights that are a sum",
        "  area: village\n",
        "  area: village\n  weight: {sum: [spent, food]}\n",
        "a weight is read from one column, not from a sum",
        at="  weight:",
    ),
    slip("a day that no calendar has", "as_of: 2023-06-30", "as_of: 2023-06-31", "there is no such day"),
    slip("a date in another order", "as_of: 2023-06-30", "as_of: 30.06.2023", "a date is expected here"),
    slip("a tier that the pack does not have", "Village: village}", "Village: hamlet}", "`tier` cannot be hamlet"),
    slip(
        "levels of a tier that the pack does not have",
        f"{FROM_A_FILE}\nhouseholds:\n  file: households.csv\n  {BY_NUMBER}\n  area: village\n",
        "areas:\n  levels:\n    - {tier: county, column: village}\n\n"
        f"households:\n  file: households.csv\n  {BY_NUMBER}\n",
        "The pack has no tier `county`",
        at="    - {tier: county",
    ),
    slip(
        "levels in the wrong order",
        f"{FROM_A_FILE}\nhouseholds:\n  file: households.csv\n  {BY_NUMBER}\n  area: village\n",
        "areas:\n  levels:\n    - {tier: village, column: village}\n    - {tier: region, column: where}\n\n"
        f"households:\n  file: households.csv\n  {BY_NUMBER}\n",
        "The levels are not in the order of the pack's tiers",
        at="  levels:",
    ),
    slip(
        "a household named by one column twice", BY_NUMBER, "id: {column: [number, number], as: kept}", "stands twice"
    ),
    slip("a household named by no column", BY_NUMBER, "id: {column: [], as: kept}", "something must stand here"),
    slip("names kept as ids", BY_NUMBER, "id: {column: speaker, as: name}", "write one of: 'kept' or 'pseudonym'"),
    slip(
        "persons under their own number", "{column: owner, as: pseudonym}", "{column: owner, as: kept}", "'pseudonym'"
    ),
    slip(
        "households that live nowhere",
        "  area: village\n",
        "",
        "Nothing says where a household lives",
        at="households:",
    ),
    slip("a key that is misspelt", "  area: village", "  arae: village", "`arae` is not a key that is known here"),
    slip(
        "a key that stands twice",
        "  area: village\n",
        "  area: village\n  area: where\n",
        "`area` stands twice",
        at="  area: where",
    ),
    slip("no households", "\nhouseholds:\n", "\nhouses:\n", "`houses` is not a key that is known here"),
    slip("members that nothing puts in order", "  number: nr\n", "", "write one of `number`", at="members:"),
    slip("a register that the pack does not have", "  vehicles:\n", "  cars:\n", "The pack knows no register cars"),
    slip(
        "a coverage of an unknown area", EVERYWHERE, "{areas: [N7], since: 2015-01-01}", "N7, which is not in the tree"
    ),
    slip(
        "a coverage of an area twice",
        EVERYWHERE,
        "{areas: [N, N1], since: 2015-01-01}",
        "Coverage names area N1 and an area that it lies in",
    ),
    slip(
        "a coverage that ends before it begins",
        EVERYWHERE,
        "{areas: all, since: 2015-01-01, until: 2014-01-01}",
        "The coverage ends before it begins",
    ),
    slip(
        "decisions without a day",
        'decided_on: {column: "on"}',
        None,
        "`decided_on` is missing",
        at="facts:\n    decision:",
    ),
    slip("a decision that nobody takes", "went out: exit", "went out: jail", "`decision` cannot be jail"),
    slip("a currency that is no code", "{code: XTS, exponent: 2}", "{code: shilling, exponent: 2}", "three capitals"),
    slip("a currency of nine decimals", "{code: XTS, exponent: 2}", "{code: XTS, exponent: 9}", "must be at most 4"),
    phone("the same answer for everybody, unexplained", "{value: true}", "needs `assume:`"),
    phone("an answer that the fact cannot have", "{value: 7, assume: all do}", "cannot be 7: write true or false"),
    phone("two origins of one fact", "{column: phone, sum: [rooms]}", "write one of `column`, `sum` or `value`"),
    phone("a date format of a yes-or-no", "{column: phone, format: YYYY-MM}", "it has no date format"),
    phone(
        "a query in a condition",
        "{column: phone, if_empty: {value: false, where: 'rooms in (select 1)', reason: none}}",
        "write one comparison of a column",
    ),
    phone(
        "a condition on a column that the file does not have",
        "{column: phone, if_empty: {value: false, where: room < 2, reason: none}}",
        "has no column `room`",
    ),
    slip(
        "a date format that is none",
        '{column: "on"}\n    known',
        '{column: "on", format: YY}\n    known',
        "write one of",
    ),
    written_as("a decimal mark that is none", "decimal: ';'", "write one of: '.' or ','"),
    written_as("a delimiter of two marks", "delimiter: ';;'", "it is too long"),
    written_as("a quotation mark as delimiter", "delimiter: '\"'", "write the one mark that parts the columns"),
    slip("a file counted from nought", "file: households.csv\n  id", "file: 0\n  id", "it must be at least 1"),
]


@pytest.mark.parametrize("slip", MISTAKES, ids=as_sentence)
def test_an_import_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slip: Slip) -> None:
    desk = Desk(tmp_path, monkeypatch)
    place = slip.made(desk.register())
    desk.refuses(*importing(), code=DATA, place=place, says=slip.says)


# --- text that is not as declared ------------------------------------------------------------------------------------

DECLARED = {
    "an encoding that nobody knows": ("encoding: klingon", "The encoding is not known"),
    "an encoding that is none of text": ("encoding: base64", "The encoding is not known"),
    "UTF-16 that does not begin as it must": ("encoding: utf-16", "The text is not in the declared encoding"),
}


@pytest.mark.parametrize(("how", "says"), DECLARED.values(), ids=DECLARED)
def test_text_in_another_encoding_than_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    written_as("", how, says).made(desk.register())
    desk.refuses(*importing(), code=DATA, place="areas.csv", says=says)


def test_a_delimiter_that_the_file_does_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    written_as("", "delimiter: ';'", "").made(desk.register())
    desk.refuses(*importing(), code=DATA, place=f"{MAPPING}:11", says="Its columns: code,above,kind,name.")


# --- files that are not there ----------------------------------------------------------------------------------------

FILES = {
    "a file that is not given": (
        "file: households.csv\n  id",
        "file: houses.csv\n  id",
        "no file of that name is given",
    ),
    "a seventh file of six": (
        "file: households.csv\n  id",
        "file: 7\n  id",
        "`households: file` asks for file 7, and 6 files are given",
    ),
    "a file elsewhere on the disk": ("file: households.csv\n  id", "file: /etc/passwd\n  id", "no file of that name"),
}


@pytest.mark.parametrize(("old", "new", "says"), FILES.values(), ids=FILES)
def test_the_call_gives_other_files_than_the_mapping_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    place = slip("", old, new, says).made(desk.register())
    desk.refuses(*importing(), code=USAGE, place=place, says=says)


def _empty(file: Path) -> None:
    file.write_text("")


def _latin(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"Invented", b"Invent\xe9"))


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _large(file: Path) -> None:
    file.write_text("#" * 5_000_000)


SPOILT = {
    "an empty mapping": (_empty, f"{MAPPING}:1", "does not hold `key: value` lines"),
    "a mapping that is not there": (Path.unlink, MAPPING, "No such file or directory"),
    "a folder instead of a mapping": (_folder, MAPPING, "Is a directory"),
    "a mapping in Latin-1": (_latin, f"{MAPPING}:8", "not UTF-8"),
    "a mapping of five megabytes": (_large, MAPPING, "The file is too large"),
}


@pytest.mark.parametrize(("spoil", "place", "says"), SPOILT.values(), ids=SPOILT)
def test_a_mapping_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], object], place: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    spoil(desk.register() / MAPPING)
    desk.refuses(*importing(), code=DATA, place=place, says=says)


def test_a_mapping_of_a_broken_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    broken = partial(Slip, "", "facts.yaml", "    given: true\n", "    given: yes\n")
    place = broken("neither a plain yes-or-no").made(desk.pack())
    slip("", "pack: template", "pack: pack", "").made(desk.register())
    desk.refuses(*importing(), code=DATA, place=place, says="neither a plain yes-or-no")
