"""Does a register in files become a snapshot, exactly and whole? Where it cannot: is all told, and nothing left?"""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.unit.intake.invented import HOUSEHOLDS, KEY, KNOWN_AT, Invented
from tuopin.stages.intake import import_snapshot
from tuopin.tables import AssumptionEntry, CoverageEntry, Snapshot
from tuopin.terms import DataError, TuopinError, UsageError


@pytest.fixture
def register(tmp_path: Path) -> Invented:
    return Invented(tmp_path)


def rows(snapshot: Snapshot, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for file in snapshot.files(table):
        found += pq.ParquetFile(file).read().to_pylist()
    return found


def imported(register: Invented, **options: Any) -> Snapshot:
    done = register.run(**options)
    assert done.path is not None
    snapshot = Snapshot.open(done.path)
    assert snapshot.check() == []
    return snapshot


def refusal(register: Invented, **options: Any) -> str:
    """What is said when an import is refused; nothing may be left."""
    with pytest.raises(TuopinError) as caught:
        register.run(**options)
    assert register.left() == []
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_households_are_sorted_numbered_and_exact(register: Invented) -> None:
    assert rows(imported(register), "households") == [
        {"household_no": 0, "household_id": "h1", "area_code": "v1", "settlement": "rural", "consumption": None},
        {"household_no": 1, "household_id": "h2", "area_code": "v1", "settlement": "rural", "consumption": 120_050},
        {"household_no": 2, "household_id": "h3", "area_code": "v2", "settlement": "rural", "consumption": 12},
        {"household_no": 3, "household_id": "h4", "area_code": "v3", "settlement": "urban", "consumption": 8_800},
    ]


def test_members_join_their_households_and_have_an_age(register: Invented) -> None:
    found = rows(imported(register), "members")
    assert [(row["household_no"], row["member_no"], row["sex"], row["age"]) for row in found] == [
        (0, 1, "female", 66),
        (1, 1, "male", 36),
        (1, 2, "female", 31),
        (2, 1, "female", 16),
        (2, 2, None, 3),
        (2, 3, "male", 2),
        (3, 1, "male", 17),
    ]
    assert [row["personal_income"] for row in found] == [None, 24_600, 12_000, 0, 0, 0, None]
    assert {row["birth_month"].day for row in found} == {1}


def test_names_and_identifiers_never_enter(register: Invented) -> None:
    snapshot = imported(register)
    everything = b"".join(path.read_bytes() for path in snapshot.path.rglob("*") if path.is_file())
    for word in (b"Aru", b"Bek", b"national_id", b"AA3000", b"AA-1", KEY):
        assert word not in everything
    assert snapshot.manifest.identifiers.key_id is not None


def test_pseudonyms_join_registers_under_one_key(register: Invented, tmp_path: Path) -> None:
    snapshot = imported(register)
    owner = next(row["person_key"] for row in rows(snapshot, "members"))
    cars = {row["person_key"]: row for row in rows(snapshot, "register:vehicles")}
    assert cars[owner] == {"person_key": owner, "vehicle_kind": "car", "vehicle_value": 90_000}
    assert len(cars) == 2
    (tmp_path / "other").mkdir()
    other = imported(Invented(tmp_path / "other"), key=b"another key of another office")
    assert other.manifest.identifiers.key_id != snapshot.manifest.identifiers.key_id
    assert owner not in [row["person_key"] for row in rows(other, "members")]


def test_household_ids_may_be_replaced_too(register: Invented) -> None:
    register.replace("mapping", "id: {column: hid, as: kept}", "id: {column: hid, as: pseudonym}")
    snapshot = imported(register)
    ids = [row["household_id"] for row in rows(snapshot, "households")]
    assert len(set(ids)) == 4
    assert all(len(id) == 16 and id not in HOUSEHOLDS for id in ids)
    assert snapshot.manifest.identifiers.household == "pseudonym"
    assert len(rows(snapshot, "members")) == 7


def test_several_columns_may_name_a_household(register: Invented) -> None:
    register.mapping = register.mapping.replace("id: {column: hid, as: kept}", "id: {column: [village, hid], as: kept}")
    register.replace("mapping", "members:\n  file: members.csv", "members:\n  file: members.csv\n  household: [v, hid]")
    villages = {"h1": "v1", "h2": "v1", "h3": "v2", "h4": "v3"}
    lines = register.texts["members.csv"].splitlines()
    register.texts["members.csv"] = "\n".join(
        ["v," + lines[0], *(f"{villages[line[:2]]},{line}" for line in lines[1:])]
    )
    assert [row["household_id"] for row in rows(imported(register), "households")] == [
        "v1/h1",
        "v1/h2",
        "v2/h3",
        "v3/h4",
    ]


def test_the_tree_of_areas_keeps_names_and_dates(register: Invented) -> None:
    areas = imported(register).areas()
    assert areas.by_code["v1"].name("fr") == "Moulin"
    assert areas.by_code["v0"].successor == "v3"
    assert areas.by_code["v0"].valid_to == date(2016, 7, 1)
    assert areas.tiers == ("region", "district", "village")


def test_the_manifest_says_what_was_done(register: Invented) -> None:
    register.replace(
        "mapping",
        "settlement: {column: where, recode: {R: rural, T: urban}}",
        'settlement: {value: rural, assume: "the list is of villages"}',
    )
    manifest = imported(register).manifest
    assert (manifest.name, manifest.kind, manifest.pack) == ("invented", "register", "template")
    assert (manifest.as_of, manifest.known_at) == (date(2016, 12, 31), date(2017, 1, 31))
    assert manifest.coverage == (CoverageEntry(register_="vehicles", areas=("v1", "v2"), since=date(2016, 1, 1)),)
    assert manifest.assumptions == (AssumptionEntry(fact="settlement", reason="the list is of villages"),)
    assert [source.file for source in manifest.sources] == [
        "areas.csv",
        "households.csv",
        "members.csv",
        "vehicles.csv",
        "mapping.yaml",
    ]
    unknown = {column.name: column.unknown for column in manifest.tables["dwellings"].columns}
    assert unknown == {"household_no": 0, "electricity": 1}
    sensitive = {column.name: column.sensitivity for column in manifest.tables["register:vehicles"].columns}
    assert sensitive["vehicle_kind"] == "sensitive"


def test_a_register_may_cover_the_whole_country(register: Invented) -> None:
    register.replace("mapping", "areas: [v1, v2]", "areas: all")
    assert imported(register).manifest.coverage[0].areas == ("N",)


def test_a_register_without_members_is_legal(register: Invented) -> None:
    head, _, rest = register.mapping.partition("members:\n")
    register.mapping = head + rest[rest.index("dwellings:") :]
    snapshot = imported(register)
    assert not snapshot.has("members")
    assert snapshot.manifest.parts[0].members == 0


def test_members_may_be_put_in_order_instead_of_numbered(register: Invented) -> None:
    register.replace("mapping", "number: nr", "order: nr")
    register.replace("members.csv", "h3,3,", "h3,303,").replace("members.csv", "h3,1,", "h3,-5,")
    found = rows(imported(register), "members")
    assert [(row["household_no"], row["member_no"]) for row in found] == [
        (0, 1),
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (2, 3),
        (3, 1),
    ]
    assert [row["age"] for row in found if row["household_no"] == 2] == [16, 3, 2]


def test_leads_and_decisions_come_with_their_dates(register: Invented) -> None:
    register.mapping += """
leads:
  file: leads.csv
  household: house
  facts:
    lead: {column: how, recode: {asked: application, seen: visit}}
    received_on: {column: day, format: DD.MM.YYYY}
decisions:
  file: decisions.csv
  facts: {decision: what, decided_on: day, known_at: day}
"""
    register.texts["leads.csv"] = "house,how,day\nh4,seen,1.3.2016\nh1,asked,28.02.2016\nh1,asked,15.01.2016\n"
    register.texts["decisions.csv"] = "hid,what,day\nh1,exit,2016-05-01\nh1,entry,2015-05-01\n"
    snapshot = imported(register)
    assert [(row["household_no"], row["lead"], row["received_on"]) for row in rows(snapshot, "leads")] == [
        (0, "application", date(2016, 1, 15)),
        (0, "application", date(2016, 2, 28)),
        (3, "visit", date(2016, 3, 1)),
    ]
    assert [row["decision"] for row in rows(snapshot, "decisions")] == ["entry", "exit"]


DECIDED_OF_AREAS = """
area_decisions:
  file: areas_decided.csv
  area: place
  facts:
    decision: {column: what, recode: {on: listing, off: exit}}
    decided_on: {column: day, format: DD.MM.YYYY}
    known_at: {column: day, format: DD.MM.YYYY}
"""


def test_decisions_on_areas_come_in_the_order_of_areas_and_days(register: Invented) -> None:
    register.mapping += DECIDED_OF_AREAS
    register.texts["areas_decided.csv"] = (
        "place,what,day\nv2,on,1.5.2014\nv1,off,1.7.2016\nv1,on,1.5.2014\nN,on,2.5.2014\n"
    )
    snapshot = imported(register)
    assert rows(snapshot, "area_decisions") == [
        {"area_code": code, "decision": what, "decided_on": day, "known_at": day}
        for code, what, day in (
            ("N", "listing", date(2014, 5, 2)),
            ("v1", "listing", date(2014, 5, 1)),
            ("v1", "exit", date(2016, 7, 1)),
            ("v2", "listing", date(2014, 5, 1)),
        )
    ]
    assert snapshot.check() == []


def test_a_decision_on_an_area_that_cannot_be_read_is_told_and_refuses_no_household(register: Invented) -> None:
    register.mapping += DECIDED_OF_AREAS
    register.texts["areas_decided.csv"] = (
        "place,what,day\nv9,on,1.5.2014\nv1,perhaps,1.5.2014\nv1,on,31.2.2014\nv2,on,\n,on,1.5.2014\nv3,on,1.5.2014\n"
    )
    told = refusal(register)
    for row, column in ((1, "place"), (2, "what"), (3, "day"), (4, "day"), (5, "place")):
        assert f"areas_decided.csv, table area_decisions, row {row}, column {column}" in told
    assert "v9 is not in the tree of areas" in told
    done = register.run(accept_rejects=True)
    assert done.manifest.rejected.households == 0
    assert done.manifest.rejected.rows == 5
    assert done.path is not None
    snapshot = Snapshot.open(done.path)
    assert [row["area_code"] for row in rows(snapshot, "area_decisions")] == ["v3"]
    assert len(rows(snapshot, "households")) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    known_at: {column: day, format: DD.MM.YYYY}\n", "", "`known_at` is missing."),
        ("{on: listing, off: exit}", "{on: listed}", "`decision` cannot be listed"),
        ("    decision:", "    area_code: place\n    decision:", "`area_code` is no fact of area_decisions"),
        ("  area: place\n", "", "area_decisions"),
    ],
)
def test_a_mapping_of_decisions_on_areas_that_cannot_be_is_refused(
    register: Invented, old: str, new: str, said: str
) -> None:
    register.mapping += DECIDED_OF_AREAS.replace(old, new)
    register.texts["areas_decided.csv"] = "place,what,day\n"
    with pytest.raises(DataError) as refused:
        register.run()
    assert any(said in f"{problem.what} {problem.place}" for problem in refused.value.problems), refused.value


def test_areas_may_come_from_the_households_own_columns(register: Invented) -> None:
    register.mapping = register.mapping[: register.mapping.index("areas:")] + (
        "areas:\n  levels:\n    - {tier: region, column: r}\n"
        "    - {tier: village, column: v, name: n, within_parent: true}\n\n"
        + register.mapping[register.mapping.index("households:") :].replace("  area: village\n", "")
    )
    register.replace("mapping", "areas: [v1, v2]", 'areas: ["1.1"]')
    register.texts["households.csv"] = (
        "hid,r,v,n,where,spent,light\nh1,1,1,Mill,R,1,\nh2,1,2,Ford,R,1,\nh3,2,1,Lake,R,1,\nh4,2,1,Lake,R,1,\n"
    )
    snapshot = imported(register)
    assert [row["area_code"] for row in rows(snapshot, "households")] == ["1.1", "1.2", "2.1", "2.1"]
    assert snapshot.areas().by_code["2.1"].name() == "Lake"
    register.replace("mapping", ", within_parent: true", "").replace("mapping", 'areas: ["1.1"]', "areas: [1]")
    (register.folder / "again").mkdir()
    again = Invented(register.folder / "again", register.texts, register.mapping)
    assert "`within_parent: true`" in refusal(again)


def test_one_file_of_persons_makes_households_and_members(register: Invented) -> None:
    register.mapping = (
        register.mapping[: register.mapping.index("dwellings:")]
        .replace("households:\n  file: households.csv", "households:\n  file: persons.csv\n  one_row_per: person")
        .replace("members:\n  file: members.csv", "members:\n  file: persons.csv")
    )
    persons = "hid,village,where,spent,nr,national_id,sex,born,earns\n"
    persons += "a,v1,R,5,1,,F,1980-01,\na,v1,R,5,2,,M,1981-01,\nb,v2,T,,1,,F,1982-01,\n"
    register.texts["persons.csv"] = persons
    snapshot = imported(register)
    assert rows(snapshot, "households") == [
        {"household_no": 0, "household_id": "a", "area_code": "v1", "settlement": "rural", "consumption": 500},
        {"household_no": 1, "household_id": "b", "area_code": "v2", "settlement": "urban", "consumption": None},
    ]
    assert [row["household_no"] for row in rows(snapshot, "members")] == [0, 0, 1]
    for cell in ("6", ""):
        (register.folder / f"again{cell}").mkdir()
        texts = register.texts | {"persons.csv": persons.replace("a,v1,R,5,2", f"a,v1,R,{cell},2")}
        again = Invented(register.folder / f"again{cell}", texts, register.mapping)
        assert "column spent: The row says something else here than another row of the same household" in refusal(again)


STATA = """\
mapping: people
pack: template
kind: survey
as_of: 2016-12-31
currency: {code: XTS, exponent: 2}
country: XT
source: "Invented for a test"
areas:
  levels: [{tier: village, column: village}]
households:
  file: 1
  one_row_per: person
  id: {column: hid, as: kept}
  weight: {value: 1, assume: "the sample weights itself"}
  facts:
    settlement: {column: urban, labels: true, recode: {Town: urban, Countryside: rural}}
members:
  file: 1
  number: person
  facts:
    sex: {column: sex, recode: {1: male, 2: female}}
    birth_month: born
    personal_income: {column: wage, unit: XTS/year}
"""


@pytest.mark.parametrize("name", ["people.dta", "people.sav"])
def test_a_stata_or_spss_survey_becomes_a_snapshot(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pyreadstat", reason="Stata and SPSS files need the extra `stata`")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(STATA)
    source = Path(__file__).parent / "data" / name
    done = import_snapshot(files=[source], mapping=mapping, out=tmp_path / "survey", known_at=KNOWN_AT)
    assert done.path is not None
    snapshot = Snapshot.open(done.path)
    assert snapshot.check() == []
    assert [(row["area_code"], row["settlement"], row["weight"]) for row in rows(snapshot, "households")] == [
        ("11", "urban", 1.0),
        ("12", "rural", 1.0),
    ]
    assert [(row["sex"], row["age"], row["personal_income"]) for row in rows(snapshot, "members")] == [
        ("female", 36, 120_050),
        ("male", 2, None),
        ("female", None, 0),
    ]
    assert snapshot.manifest.assumptions == (AssumptionEntry(fact="weight", reason="the sample weights itself"),)


def test_files_are_found_by_place_and_by_pattern(register: Invented) -> None:
    register.mapping = register.mapping.replace("file: areas.csv", "file: 1").replace("members.csv", "mem*.csv")
    first, second = (
        HOUSEHOLDS.splitlines(keepends=True)[:3],
        [HOUSEHOLDS.splitlines(keepends=True)[i] for i in (0, 3, 4)],
    )
    register.texts |= {"households.csv": "".join(first), "households-2.csv": "".join(second)}
    register.mapping = register.mapping.replace("households.csv", "households*.csv")
    assert len(rows(imported(register), "households")) == 4


def test_a_snapshot_is_replaced_only_when_told(register: Invented) -> None:
    before = imported(register)
    with pytest.raises(UsageError, match=r"already.*or put the new snapshot in place of this one with --replace"):
        register.run()
    register.replace("households.csv", "1200.50", "1300.50")
    after = imported(register, overwrite=True)
    assert after.manifest.content_hash != before.manifest.content_hash
    assert register.left() == ["register"]


def test_a_dry_run_keeps_nothing(register: Invented) -> None:
    done = register.run(dry_run=True)
    assert done.path is None
    assert done.manifest.rows("members") == 7
    assert register.left() == []
    assert done.manifest.content_hash == imported(register).manifest.content_hash


def test_progress_is_told(register: Invented) -> None:
    told: list[tuple[str, int]] = []
    register.run(progress=lambda what, done: told.append((what, done)))
    assert ("members", 7) in told
    assert ("writing households", 4) in told


# --- what is refused -------------------------------------------------------------------------------------------------

BAD_ROWS = [
    (
        "households.csv",
        "1200.50",
        "NaN",
        "households.csv, table households, row 1, column spent: NaN is not a plain number.",
    ),
    ("households.csv", "1200.50", "-1", "-1 is less than 0"),
    ("households.csv", "1200.50", "10000001", "is more than 10000000"),
    ("households.csv", "1200.50", "99999999999999999", "is too large"),
    ("households.csv", "1200.50", '"1,200.50"', "1,200.50 is not a plain number"),
    ("households.csv", "h2,Aru,v1,R", "h2,Aru,v1,X", "column where: X is not named in the mapping's recode"),
    ("households.csv", "h2,Aru,v1", "h2,Aru,v9", "v9 is not in the tree of areas"),
    (
        "households.csv",
        "h2,Aru,v1",
        "h2,Aru,v0",
        "column village: v0 is the code of an area that no longer holds on 2016-12-31. Next: Write v3, which took its place.",
    ),
    (
        "households.csv",
        "h2,Aru,v1",
        "h2,Aru,",
        "column village: The row is empty, and every household lives in some area",
    ),
    ("households.csv", "h2,", "h1,", "column hid: (hidden) stands on another row too"),
    ("households.csv", "h2,", ",", "(hidden) names no household: it is empty"),
    ("households.csv", "h2,", "x" * 65 + ",", "(hidden) is longer than 64 characters"),
    ("households.csv", "h4,Cem", "h5,Cem", "row 3, column hid: The row is of a household of which no member is listed"),
    ("members.csv", "h4,1", "h9,1", "row 7, column hid: The row belongs to a household that is not in the list"),
    ("members.csv", "h2,2", "h2,1", "row 3, column nr: The row has the number of another member"),
    ("members.csv", "h2,2", "h2,0", "0 is less than 1"),
    ("members.csv", "h2,2", "h2,", "column nr: The row is empty"),
    ("members.csv", "h2,2", "h2,1.5", "1.5 is not a whole number"),
    ("members.csv", "1985-07-01", "2017-01-01", "2017-01-01 lies after the day of the register, 2016-12-31"),
    ("members.csv", "1985-07-01", "1985-02-30", "1985-02-30 is no date"),
    ("members.csv", "1985-07-01", "01/07/1985", "01/07/1985 is no date written YYYY-MM-DD"),
    ("vehicles.csv", "BB9000", "", "(hidden) names no person: it is empty"),
    ("vehicles.csv", "900.00", "much", "much is not a plain number"),
    ("vehicles.csv", "Tractor", "Boat", "Boat is not named in the mapping's recode"),
    ("areas.csv", "v2,N1", "v2,N9", "v2 belongs to N9, which is not in the tree"),
    ("areas.csv", "v2,N1", "v1,N1", "v1 stands 2 times"),
    ("areas.csv", "v2,N1,Village", "v2,N1,Hamlet", "column kind: Hamlet is not named in the mapping's recode"),
    ("areas.csv", "N1,N,District", "N1,v1,District", "whose tier village is not higher"),
    ("areas.csv", "2016-07-01,v3", "2016-07-01,v8", "v8, which is not in the tree"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), BAD_ROWS)
def test_a_bad_row_is_refused_with_its_place_and_reason(
    register: Invented, file: str, old: str, new: str, said: str
) -> None:
    assert said in refusal(register.replace(file, old, new))


def test_every_bad_row_is_told_at_once(register: Invented) -> None:
    register.replace("households.csv", "1200.50", "x").replace("members.csv", "1985-07-01", "y")
    said = refusal(register)
    assert "row 1, column spent" in said
    assert "row 2, column born" in said
    # One household, named for itself; its member's row counts beside it.
    assert "2 rows were refused; nothing was written" in said


def test_more_than_a_thousand_bad_rows_are_counted(register: Invented) -> None:
    register.texts["households.csv"] += "".join(f"x{i},,v1,R,bad,1\n" for i in range(1_500))
    said = refusal(register)
    # Each of them has two problems: what was spent, and that no member is listed.
    assert "500 more rows, for the same reason: it is not a plain number." in said
    assert "1,500 more rows, for the same reason: it is of a household of which no member is listed." in said
    assert "1,500 rows were refused, with 3,000 problems; nothing was written" in said


def test_one_row_with_two_problems_is_one_row(register: Invented) -> None:
    register.replace("households.csv", "R,1200.50,1", "X,much,perhaps")
    said = refusal(register)
    # Its village type, its amount and (for the table of dwellings, from the same row) its light.
    assert "1 row was refused, with 3 problems; nothing was written. Next: Mend" in said
    assert "Or add --accept-rejects" in said
    done = register.run(accept_rejects=True)
    assert (done.manifest.rejected.rows, done.manifest.rejected.households, done.refusals) == (1, 1, 3)


# --- areas that do not hold on the day -------------------------------------------------------------------------------


CHANGES = [
    # Ended, and the successor too: the code to write is that of the last.
    ("v0,N1,Village,Old bridge,,,2012-01-01,v4\nv4,N1,Village,Bridge,,2012-01-01,2016-07-01,v3\n", "v0", "Write v3,"),
    # Ended on the very day: the first day on which it no longer holds.
    ("v0,N1,Village,Old bridge,,,2016-12-31,v3\n", "v0", "no longer holds on 2016-12-31. Next: Write v3,"),
    # Ended without a successor.
    ("v0,N1,Village,Old bridge,,,2016-07-01,\n", "v0", "Find out which code holds there on 2016-12-31."),
    # Ended, and the successor has not begun.
    (
        "v0,N1,Village,Old bridge,,,2016-12-01,v4\nv4,N1,Village,Bridge,,2017-01-01,,\n",
        "v0",
        "Find out which code holds there on 2016-12-31.",
    ),
    # Not begun: those whose place it will take.
    (
        "v4,N1,Village,New bridge,,2017-01-01,,\nv5,N1,Village,Old bridge,,,2017-01-01,v4\n",
        "v4",
        "v4 is the code of an area that does not hold yet on 2016-12-31. Next: Write v5, until v4 holds on 2017-01-01.",
    ),
    (
        "v4,N1,Village,Bridges,,2017-01-01,,\nv5,N1,Village,East,,,2017-01-01,v4\nv6,N1,Village,West,,,2017-01-01,v4\n",
        "v4",
        "Write v5 or v6, until v4 holds on 2017-01-01.",
    ),
    # Not begun, and nothing before it.
    (
        "v4,N1,Village,New bridge,,2017-01-01,,\n",
        "v4",
        "does not hold yet on 2016-12-31. Next: Find out which code holds there on 2016-12-31.",
    ),
]


@pytest.mark.parametrize(("areas", "village", "said"), CHANGES)
def test_a_household_in_an_area_that_does_not_hold_on_the_day_is_refused(
    register: Invented, areas: str, village: str, said: str
) -> None:
    register.replace("areas.csv", "v0,N1,Village,Old bridge,,,2016-07-01,v3\n", areas)
    register.replace("households.csv", "h2,Aru,v1", f"h2,Aru,{village}")
    told = refusal(register)
    assert f"households.csv, table households, row 1, column village: {village} is the code of an area" in told
    assert said in told


@pytest.mark.parametrize("dates", ["2016-12-31,,", ",2017-01-01,v3", ",,"])
def test_an_area_holds_from_its_first_day_to_the_last_before_its_end(register: Invented, dates: str) -> None:
    register.replace("areas.csv", "v0,N1,Village,Old bridge,,,2016-07-01,v3", f"v0,N1,Village,Old bridge,,{dates}")
    register.replace("households.csv", "h2,Aru,v1", "h2,Aru,v0")
    assert rows(imported(register), "households")[0]["area_code"] == "v0"


def test_the_successor_is_listed_beside_the_refused_row(register: Invented) -> None:
    done = register.replace("households.csv", "h2,Aru,v1", "h2,Aru,v0").run(accept_rejects=True)
    (reject,) = done.rejects
    assert (reject.row, reject.column, reject.value, reject.fix) == (
        1,
        "village",
        "v0",
        "Write v3, which took its place.",
    )
    assert done.rejects_file is not None
    with done.rejects_file.open(encoding="utf-8", newline="") as text:
        (listed,) = csv.DictReader(text)
    assert listed["fix"] == reject.fix
    assert done.manifest.rejected.households == 1


def test_accepted_rejects_leave_their_households_out(register: Invented) -> None:
    register.replace("members.csv", "1985-07-01", "never").replace("vehicles.csv", "900.00", "much")
    done = register.run(accept_rejects=True)
    assert done.path is not None
    snapshot = Snapshot.open(done.path)
    assert snapshot.check() == []
    assert [row["household_id"] for row in rows(snapshot, "households")] == ["h1", "h3", "h4"]
    assert len(rows(snapshot, "members")) == 5
    assert snapshot.manifest.rejected.households == 1
    assert snapshot.manifest.rejected.rows == 3
    assert done.rejects_file == register.folder / "out" / "register.rejects.csv"
    with done.rejects_file.open(encoding="utf-8", newline="") as text:
        listed = list(csv.DictReader(text))
    assert [(row["table"], row["row"], row["column"], row["value"]) for row in listed] == [
        ("members", "2", "born", "never"),
        ("register:vehicles", "1", "worth", "much"),
        ("households", "1", "", ""),
    ]
    assert "left out with a refused row of its members" in listed[2]["reason"]


def test_a_refused_cell_of_a_foreign_register_is_unknown_not_gone(register: Invented) -> None:
    # Leaving the row out would say "has no car" of somebody who has one.
    done = register.replace("vehicles.csv", "900.00", "much").run(accept_rejects=True)
    assert done.path is not None
    cars = rows(Snapshot.open(done.path), "register:vehicles")
    assert {row["vehicle_kind"]: row["vehicle_value"] for row in cars} == {"car": None, "tractor": None}


def test_accepting_nothing_leaves_no_list(register: Invented) -> None:
    done = register.run(accept_rejects=True)
    assert done.rejects_file is None
    assert register.left() == ["register"]


def test_a_register_of_which_nothing_is_left_is_still_a_snapshot(register: Invented) -> None:
    register.texts["households.csv"] = HOUSEHOLDS.replace(",R,", ",X,").replace(",T,", ",X,")
    done = register.run(accept_rejects=True)
    assert done.path is not None
    snapshot = Snapshot.open(done.path)
    assert snapshot.check() == []
    assert snapshot.manifest.rows("households") == 0
    assert snapshot.manifest.rejected.households == 4


BAD_MAPPINGS = [
    (
        "consumption: {",
        "consumpton: {",
        "`consumpton` is no fact of households in the pack template. Next: Did you mean `consumption`?",
    ),
    ("consumption: {column: spent", "income: {column: spent", "`income` is computed by the pack, not read"),
    ("    consumption: {", "    rooms: {", "`rooms` is no fact of households. Next: Write it under dwellings"),
    ("unit: XTS/year", "unit: XTS/month", "`consumption` is in XTS/year; the source is in XTS/month"),
    (", unit: XTS/year", "", "`consumption` is in XTS/year; the mapping says none"),
    ("unit: XTS/month, multiply: 12", "unit: XTS/year, multiply: 12", "`personal_income` is in XTS/year already"),
    ("multiply: 12", "multiply: 0", "A factor between units is more than zero"),
    ("unit: XTS/year", "unit: XTS^2", "is not a unit"),
    ("{R: rural, T: urban}", "{R: rural, T: city}", "`settlement` cannot be city: write one of: urban, rural"),
    (
        "electricity: light",
        "electricity: {column: light, recode: {1: 1}}",
        "`electricity` cannot be 1: write true or false",
    ),
    ("electricity: light", "electricity: {column: light, unit: XTS}", "`electricity` is a boolean: it has no unit"),
    ("column: spent", "column: spend", "households.csv has no column `spend`. Next: Did you mean `spent`?"),
    ("area: village", "area: place", "households.csv has no column `place`"),
    ("column: spent, ", "column: spent, sum: [spent], ", "write one of `column`, `sum` or `value`"),
    ("column: spent, ", "value: 5, ", "needs `assume:`"),
    ("birth_month: born", "birth_month: {column: born, format: yesterday}", "format"),
    ("number: nr", "number: nr\n  order: nr", "write one of `number`"),
    ("as: kept", "as: written", "as"),
    ("pack: template", "pack: nowhere", "There is no pack"),
    ("kind: register", "kind: survey", "A survey needs the weight of its households"),
    ("kind: register", "kind: census", "kind"),
    ("as_of: 2016-12-31", "as_of: yesterday", "a date is expected here"),
    ("as_of: 2016-12-31", "as_of: 2016-13-31", "as_of"),
    ("code: XTS", "code: shillings", "currency.code"),
    ("country: XT", "colour: XT", "`colour` is not a key"),
    ("file: members.csv", "file: nobody.csv", "no file of that name is given"),
    ("file: members.csv", "file: 9", "`members: file` asks for file 9, and 4 files are given"),
    ("  vehicles:", "  boats:", "The pack knows no register boats"),
    ("[v1, v2]", "[v1, v77]", "Coverage names area v77"),
    ("since: 2016-01-01", "since: 2016-01-01, until: 2016-01-01", "The coverage ends before it begins"),
    ("mapping: invented", "mapping: invented\nmapping: again", "`mapping` stands twice"),
    ("mapping: invented", "mapping: [", "not readable as YAML"),
    ("column: earns", "column: earns, if_empty: {value: 0, where: age, reason: none}", "write one comparison"),
    (
        "column: earns",
        "column: earns, if_empty: {value: 0, where: nr < 5 or 1=1, reason: none}",
        "write one comparison",
    ),
    ("  area: village\n", "", "Nothing says where a household lives"),
]


@pytest.mark.parametrize(("old", "new", "said"), BAD_MAPPINGS)
def test_a_bad_mapping_is_refused_with_its_line(register: Invented, old: str, new: str, said: str) -> None:
    assert said in refusal(register.replace("mapping", old, new))


def test_a_mistake_of_the_mapping_names_its_line(register: Invented) -> None:
    line = register.mapping.splitlines().index("    consumption: {column: spent, unit: XTS/year}") + 1
    assert f"mapping.yaml:{line}: `spending`" in refusal(
        register.replace("mapping", "    consumption:", "    spending:")
    )


def test_a_key_is_needed_for_pseudonyms_and_must_be_long(register: Invented) -> None:
    assert "no key is given" in refusal(register, key=None)
    assert "at least 16 bytes" in refusal(register, key=b"short")


def test_a_missing_or_strange_file_is_a_mistake_of_the_call(register: Invented, tmp_path: Path) -> None:
    files = register.write()
    files[1].unlink()
    with pytest.raises(UsageError, match="no such file"):
        import_snapshot(
            files=files, mapping=files[0].with_name("mapping.yaml"), out=tmp_path / "x", known_at=KNOWN_AT, key=KEY
        )
    assert not (tmp_path / "x").exists()
    assert register.left() == []
    gone = [tmp_path / "gone" / name for name in ("households.csv", "vehicles.csv")]
    said = refusal(register, files=[files[0], gone[0], files[2], gone[1]])
    line = register.mapping[: register.mapping.index("  file: households.csv")].count("\n") + 1
    mapping = files[0].with_name("mapping.yaml")
    assert (
        f"{gone[0]}: There is no such file. `households: file` ({mapping}:{line}) reads it. `dwellings: file` (" in said
    )
    assert f"{gone[1]}: There is no such file. `registers: vehicles: file` ({mapping}:" in said
    register.mapping = register.mapping.replace("households.csv", "households.docx")
    register.texts["households.docx"] = HOUSEHOLDS
    assert "This kind of file is not read" in refusal(register)


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("households.csv", lambda raw: raw.replace(b"Aru", b"\xff"), ":2: The text is not UTF-8"),
        ("households.csv", lambda raw: raw.replace(b"Aru", b"A\0"), ":2: The file has NUL bytes"),
        ("households.csv", lambda raw: raw.replace(b"Aru", b"A,B"), "row 1: The row has 7 cells"),
        ("members.csv", lambda raw: raw.replace(b"AA2000", b'"AA2000'), "never closed"),
        ("members.csv", lambda _: b"", "no header"),
        ("vehicles.csv", lambda raw: raw.replace(b"worth", b"worth,worth"), "Column worth stands twice"),
    ],
)
def test_a_damaged_source_refuses_everything(register: Invented, name: str, spoil: Any, said: str) -> None:
    files = register.write()
    (file,) = [file for file in files if file.name == name]
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(DataError, match=said):
        import_snapshot(
            files=files,
            mapping=file.with_name("mapping.yaml"),
            out=register.folder / "out" / "register",
            known_at=KNOWN_AT,
            key=KEY,
            accept_rejects=True,
        )
    assert register.left() == []


def test_a_cut_off_parquet_source_refuses_everything(register: Invented) -> None:
    register.mapping = register.mapping.replace("file: households.csv", "file: households.parquet")
    files = register.write()
    parquet = files[1].with_suffix(".parquet")
    pq.write_table(pa_csv.read_csv(files[1]), parquet)
    files[1] = parquet
    parquet.write_bytes(parquet.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"households\.parquet: The file is damaged"):
        import_snapshot(
            files=files,
            mapping=parquet.with_name("mapping.yaml"),
            out=register.folder / "out" / "register",
            known_at=KNOWN_AT,
            key=KEY,
        )
    assert register.left() == []


def test_the_manifest_is_plain_json(register: Invented) -> None:
    manifest = json.loads((imported(register).path / "manifest.json").read_text())
    assert manifest["schema_version"] == 1
    assert manifest["coverage"][0]["register"] == "vehicles"
    assert DataError.exit_code == 3
