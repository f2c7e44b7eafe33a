"""Does a report show the gates of areas, as counted by hand, without giving a household away?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import (
    AS_OF,
    Household,
    Register,
    derived,
    fact,
    make_pack,
    parameter,
    standard,
    write_register,
)
from tests.unit.sweep.test_areas import COUNTY, EXIT, SAMPLE, estimate, house, pack_of
from tuopin.interfaces.report import write_report
from tuopin.interfaces.report.gate_tables import GateTables
from tuopin.interfaces.report.gates import MOST_AREAS, StandardCount, TierFound, gates_found
from tuopin.interfaces.report.tables import Table
from tuopin.interfaces.report.wording import LANGUAGES, language
from tuopin.policy import Evaluation, Pack, folders_of
from tuopin.sweep import run_sweep
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.terms import DataError

REGISTERED = [("entry", date(2016, 3, 1))]


def swept(folder: Path, pack: Pack, register: Register) -> Snapshot:
    """A register that was written and swept."""
    snapshot = write_register(folder / "snapshot", pack, register)
    run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=folder / "sweep")
    return snapshot


@contextmanager
def evaluated(folder: Path, pack: Pack, snapshot: Snapshot) -> Iterator[Evaluation]:
    """The policy on the snapshot, with an engine that may read the sweep."""
    with open_engine(threads=1, folders=[*folders_of(snapshot), folder / "sweep"]) as engine:
        yield Evaluation(pack, snapshot, AS_OF, engine)


def found(folder: Path, pack: Pack, register: Register) -> dict[str, TierFound]:
    """What a report finds of areas, by tier."""
    snapshot = swept(folder, pack, register)
    with evaluated(folder, pack, snapshot) as evaluation:
        return {tier.tier: tier for tier in gates_found(evaluation, folder / "sweep", "en")}


def content(tier: TierFound, of: str = "en") -> dict[str, Any]:
    """What the page shows of a tier."""
    says = {standard.id: f"{standard.id}?" for standard in tier.standards}
    return GateTables(tier, language(of), tier.tier, says).content()


def villages(**areas: Mapping[str, Any]) -> Register:
    """Four listed villages, one of which has left; a fifth that never was on the list."""
    listed = [(code, "listing", date(2014, 5, 1)) for code in ("n11", "n12", "ev", "s11")]
    return Register(
        [
            house(4, False, 0, "n11"), house(4, False, 0, "n12"), house(4, False, 0, "n21"),
            house(6, True, 0, "ev", decisions=REGISTERED), house(4, False, 0, "s11"),
        ],
        members=False,
        areas={"n11": {"road": True}, "ev": {"road": True}, "s11": {"road": True}, **areas},
        area_decisions=[*listed, ("s11", "exit", date(2016, 7, 1))],
    )  # fmt: skip


def only(pack: Pack, *standards: str) -> Pack:
    """A pack of these standards alone."""
    return replace(pack, rules={id: pack.rules[id] for id in standards})


# --- how many, and which ---------------------------------------------------------------------------------------------


def test_areas_are_counted_by_standing_and_answer(tmp_path: Path) -> None:
    tier = found(tmp_path, only(pack_of("village", standards=EXIT), *EXIT), villages())["village"]
    assert (tier.areas, tier.listed, tier.exited, tier.proposed) == (5, 3, 1, 3)
    # n11 passes; of the road in n12 nobody asked; ev has 6 of 6 persons registered; n21 and s11 are not on the list.
    assert tier.standards == [
        StandardCount("village_exit", met=1, not_met=1, cannot_tell=1, not_asked=2),
        StandardCount("red_line", met=1, not_met=4, cannot_tell=0, not_asked=0),
    ]
    page = content(tier)
    assert page["lead"] == "5 in all, 3 on the list, 1 that have left it."
    assert page["answers"].rows[0] == ["village_exit?", "village_exit", "1", "1", "1", "2"]


def test_areas_that_were_warned_stand_first_then_those_proposed_then_those_listed(tmp_path: Path) -> None:
    tier = found(tmp_path, only(pack_of("village", standards=EXIT), *EXIT), villages(n12={"road": False}))["village"]
    assert [(area.seen.area, dict(area.proposals)) for area in tier.shown] == [
        ("ev", {"red_line": "warning"}),
        ("n11", {"village_exit": "exit"}),
        ("n12", {}),
    ]
    exits, warnings = content(tier)["gates"]
    assert exits.caption == "village_exit?"
    assert exits.headings == ["Area", "Incidence", "Road_there", "Proposed"]
    assert exits.rows == [
        ["ev", "not met", "met", ""],
        ["n11", "met", "met", "exit from the list"],
        ["n12", "met", "not met", ""],
    ]
    assert warnings.rows == [["ev", "met", "warning"]], "a line that is not crossed warns of nobody"


def test_a_page_shows_thirty_areas_and_says_how_many_more_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert MOST_AREAS == 30
    monkeypatch.setattr("tuopin.interfaces.report.gates.MOST_AREAS", 2)
    tier = found(tmp_path, only(pack_of("village", standards=EXIT), *EXIT), villages(n12={"road": False}))["village"]
    assert ([area.seen.area for area in tier.shown], tier.others) == (["ev", "n11"], 1)
    assert "1 more stand in the sweep's own files." in content(tier)["more"]


def test_a_policy_that_asks_nothing_of_areas_and_a_survey_show_none(tmp_path: Path) -> None:
    nothing = make_pack(facts={"poor": fact("boolean")}, standards={"x": standard("poor")})
    assert found(tmp_path / "n", nothing, Register([Household({"poor": True})])) == {}
    survey = Register([house(4, False, 0)], members=False, survey=True)
    assert found(tmp_path / "s", pack_of("village", standards=EXIT), survey) == {}


def test_a_sweep_without_answers_of_areas_is_refused(tmp_path: Path) -> None:
    pack = pack_of("village", standards=EXIT)
    snapshot = swept(tmp_path, pack, villages())
    (tmp_path / "sweep" / "areas" / "village.parquet").unlink()
    with evaluated(tmp_path, pack, snapshot) as evaluation, pytest.raises(DataError, match="no answers of the tier"):
        gates_found(evaluation, tmp_path / "sweep", "en")


# --- samples ---------------------------------------------------------------------------------------------------------


def gates(limit: str = "0.02") -> Pack:
    pack = pack_of(
        "region",
        facts=SAMPLE,
        estimates={
            "wrong": estimate(found="wrong_found", of="exited_seen", among="exited", label={"en": "Wrong"}),
            "missed": estimate(found="missed_found", of="others_seen", among="others", label={"en": "Missed"}),
            "incidence": estimate(
                known="remaining", extrapolated=["wrong", "missed"], among="rural", label={"en": "Poor"}
            ),
        },
        standards={
            "leaves": standard(
                "few and right",
                tests={"few": "incidence < limit", "right": "wrong < limit"},
                applies_to="region", proposes="exit", parameters={"limit": parameter(Decimal(limit))},
            )
        },
    )  # fmt: skip
    return only(pack, "leaves")


def samples(folder: Path, pack: Pack, of: str = "en", **changed: int | None) -> Table:
    """The samples of the county of the exit rules of 2016: (3,000 + 200 + 771) / 300,000 = 1.3236… %."""
    register = Register([house(4, False, 0)], members=False, areas={"n": {**COUNTY, **changed}})
    return shown_samples(found(folder, pack, register)["region"], of)


def shown_samples(tier: TierFound, of: str = "en") -> Table:
    """The samples of region n."""
    (table,) = (sample["table"] for sample in content(tier, of)["samples"] if sample["name"] == "n")
    assert isinstance(table, Table)
    return table


def test_each_gate_stands_with_its_counts_both_ends_its_limit_and_what_decides(tmp_path: Path) -> None:
    table = samples(tmp_path, gates(), missed_found=30, others_seen=10_000)
    assert table.headings[3:] == ["Lower end", "Upper end", "Must be", "What decides", "Passed"]
    # Exact limits of so rare a finding (Garwood 1936, 95 % each): 5 is 1.97 to 10.51 of 1,000.
    wrong, missed, poor = table.rows
    counts = "5 found of 1,000 looked at; 40,000 in all"
    assert wrong == [
        "Wrong",
        counts,
        "0.50\u00a0%",
        "0.20\u00a0%",
        "1.05\u00a0%",
        "below 2\u00a0%",
        "share found",
        "met",
    ]
    assert missed[1:3] == ["30 found of 10,000 looked at; 257,000 in all", "0.30\u00a0%"]
    assert missed[5:] == ["", "share found", ""], "no rule holds it against a limit of its own"
    assert poor[:3] == [
        "Poor",
        "3,000 known of 300,000 in all, and what the samples found, carried over",
        "1.32\u00a0%",
    ]


def test_a_share_is_never_written_as_the_limit_that_it_misses(tmp_path: Path) -> None:
    table = samples(tmp_path, gates(), wrong_found=19_999, exited_seen=1_000_000)
    assert table.rows[0][2] == "1.9999\u00a0%"
    assert table.rows[0][7] == "met"


def test_without_a_sample_it_says_so(tmp_path: Path) -> None:
    table = samples(tmp_path, gates(), wrong_found=None)
    assert table.rows[0][1:5] == ["unknown found of 1,000 looked at; 40,000 in all", "cannot tell", "", ""]
    assert table.rows[0][7] == "cannot tell"


def test_a_count_that_was_reported_of_fewer_than_five_is_not_shown_nor_what_follows_from_it(tmp_path: Path) -> None:
    table = samples(tmp_path, gates(), wrong_found=4)
    assert [row[1:5] for row in table.rows] == [
        ["not shown"] * 4,
        ["not shown"] * 4,  # 3 missed, as reported
        ["not shown"] * 4,  # whoever knew the rest could work them out
    ]
    assert [row[7] for row in table.rows] == ["met", "", "met"]


LISTED = [("n", "listing", date(2014, 5, 1))]
COUNTED = make_pack(
    facts={
        "household_size": fact("integer", unit="person", min=1, max=20),
        "seen": fact("boolean"),
        "wrong": fact("integer", unit="person", min=0, max=20),
    },
    derived={
        "people": derived("persons_if(seen)", "integer", unit="person", entity="area"),
        "wrong_people": derived("sum_of(wrong, seen)", "integer", unit="person", entity="area"),
    },
    estimates={
        "rate": {**estimate(found="wrong_people", of="people", among="persons"), "applies_to": "region"},
    },
    standards={
        "few": standard("rate < 0.5", applies_to="region", applies_if="area_standing = 'listed'", proposes="exit")
    },
)


@pytest.mark.parametrize(
    ("found_in", "seen", "shown"),
    [
        (5, 12, "20 found of 48 looked at; 80 in all"),
        (0, 12, "0 found of 48 looked at; 80 in all"),  # nobody is no secret
        (4, 12, "not shown"),  # 16 persons, and four households
        (8, 12, "not shown"),  # four households are left over
        (0, 4, "not shown"),  # only four were looked at
        (12, 12, "48 found of 48 looked at; 80 in all"),
    ],
)
def test_a_count_of_persons_is_shown_only_where_five_households_stand_behind_it(
    tmp_path: Path, found_in: int, seen: int, shown: str
) -> None:
    households = [
        Household({"household_size": 4, "seen": number < seen, "wrong": 4 if number < found_in else 0})
        for number in range(20)
    ]
    register = Register(households, members=False, a_part=1, area_decisions=LISTED)
    table = shown_samples(found(tmp_path, COUNTED, register)["region"])
    assert table.rows[0][1] == shown
    assert (table.rows[0][2] == "not shown") is (shown == "not shown")
    assert table.rows[0][7] == ("met" if 4 * found_in / (4 * seen) < 0.5 else "not met")


def test_an_unknown_household_counts_as_one_that_may_stand_behind_a_figure(tmp_path: Path) -> None:
    households = [
        Household({"household_size": 4, "seen": True if number < 6 else None, "wrong": 0}) for number in range(9)
    ]
    register = Register(households, members=False, area_decisions=LISTED)
    table = shown_samples(found(tmp_path, COUNTED, register)["region"])
    # Nobody found of n: at most 1 - 0.05^(1/n), which is 7.98 % of 36 and 11.73 % of 24.
    shown = ["0 found of 24 to 36 looked at; 36 in all", "0.00\u00a0%", "0.00\u00a0%", "7.98\u00a0% to 11.73\u00a0%"]
    assert table.rows[0][1:5] == shown
    few = Register(households[:8], members=False, area_decisions=LISTED)  # 6 households surely, 8 at most
    assert shown_samples(found(tmp_path / "few", COUNTED, few)["region"]).rows[0][1] != "not shown"
    fewer = Register(households[2:], members=False, area_decisions=LISTED)  # 4 surely, 7 at most
    assert shown_samples(found(tmp_path / "fewer", COUNTED, fewer)["region"]).rows[0][1] == "not shown"


@pytest.mark.parametrize(("found_in", "shown"), [(995, True), (996, False), (999, False), (1000, True)])
def test_of_a_reported_sample_those_who_are_left_over_are_no_fewer_than_five(
    tmp_path: Path, found_in: int, *, shown: bool
) -> None:
    """Of the 1,000 looked at, 4 or 1 who were not found are too few; nobody is no secret."""
    pack = pack_of(
        "region",
        facts=SAMPLE,
        estimates={"wrong": estimate(found="wrong_found", of="exited_seen", among="exited")},
        standards={"few": standard("wrong < 0.5", applies_to="region", applies_if="area_standing = 'listed'")},
    )
    areas = {"n": {**COUNTY, "wrong_found": found_in}}
    register = Register([house(4, False, 0)], members=False, areas=areas, area_decisions=LISTED)
    table = shown_samples(found(tmp_path, only(pack, "few"), register)["region"])
    assert (table.rows[0][1] != "not shown") is shown


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., str]:
    """Writes the report of a pack on a register, and reads it."""
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")

    def write(pack: Pack, register: Register, of: str = "en", name: str = "report") -> str:
        folder = tmp_path / name
        snapshot = swept(folder, pack, register)
        out, ledger = folder / "report.html", folder / "ledger.jsonl"
        write_report(pack=pack, snapshot=snapshot, sweep=folder / "sweep", out=out, ledger=ledger, language=of)
        return unescape((folder / "report.html").read_text(encoding="utf-8"))

    return write


@pytest.mark.parametrize("of", LANGUAGES)
def test_the_page_shows_them_in_every_language(page: Callable[..., str], of: str) -> None:
    text = page(pack_of("village", standards=EXIT), villages(), of)
    say = language(of).say
    assert f'<h2 id="gates">{say("gates")}</h2>' in text
    assert say("gates_standings", count="5", listed="3", exited="1") in text
    assert say("for_area_warning") in text


def test_what_is_proposed_for_areas_is_not_counted_among_households(page: Callable[..., str]) -> None:
    asks = {"entry": standard("poor", proposes="entry"), **EXIT}
    households = [house(4, True, 0, "n11") for _ in range(6)]
    listed = [("n12", "listing", date(2014, 5, 1)), ("n21", "listing", date(2014, 5, 1))]
    areas = {"n12": {"road": True}, "n21": {"road": True}}
    register = Register(households, members=False, areas=areas, area_decisions=listed)
    text = page(pack_of("village", standards=asks), register)
    assert "<strong>6</strong> <span>proposals for households" in text
    # Where nobody lives, a share of nothing is unknown: both villages are to be looked at.
    assert "<strong>2</strong> <span>proposals for areas" in text


def test_a_line_that_does_not_hold_yet_is_not_shown_and_each_text_says_of_whom_it_is(page: Callable[..., str]) -> None:
    lines = {
        "today": {**LINE, "values": {"2010-01-01": 100}},
        "tomorrow": {**LINE, "label": {"en": "A later line"}, "values": {"2020-01-01": 200}},
    }
    text = page(pack_of("village", standards={"entry": standard("poor"), **EXIT}, lines=lines), villages())
    assert "A line of today" in text
    assert "A later line" not in text
    assert '<td role="cell" data-of="Asked of">village</td>' in text
    assert '<td role="cell" data-of="Asked of">household</td>' in text


def test_reasons_do_not_tell_how_many_a_kind_of_proposal_is_made_for(page: Callable[..., str]) -> None:
    """Three refusals are hidden, so the next smallest kind is too: its reasons alone would give the three away."""
    asks = {
        "entry": standard("poor", proposes="entry", tests={"so_poor": "poor"}),
        "leaving": standard("leaves", proposes="exit", tests={"leaves": "goats >= 9"}),
    }
    asked = [("application", date(2016, 3, 1))]
    households = [
        *(house(1, True, 0) for _ in range(9)),
        *(house(1, False, 9) for _ in range(5)),
        *(house(1, False, 0, leads=asked) for _ in range(3)),
    ]
    text = page(pack_of("village", standards=asks), Register(households, members=False))
    rows = re.findall(r'<tr role="row"><th role="rowheader" scope="row">(?:exit|entry|refusal)\b.*?</tr>', text)
    assert any("so_poor" in row and ">9<" in row for row in rows)
    assert not any(">5<" in row or ">3<" in row for row in rows)


LINE = {
    "label": {"en": "A line of today"}, "concept": "income", "basis": "person", "period": "year",
    "unit": "XTS/person/year", "prices": "current", "territory": "XT", "use": ["statistics"], "source": "invented",
}  # fmt: skip


def test_a_sweep_of_another_version_of_the_pack_is_refused(tmp_path: Path) -> None:
    snapshot = swept(tmp_path, pack_of("village", standards={"gone": standard("poor"), **EXIT}), villages())
    for ledger, said in (("ledger.jsonl", "but with other content"), ("none.jsonl", "does not belong to this pack")):
        with pytest.raises(DataError, match=said):
            write_report(
                pack=pack_of("village", standards=EXIT),
                snapshot=snapshot,
                sweep=tmp_path / "sweep",
                out=None,
                ledger=tmp_path / ledger,
            )


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("village_exit", True, r"Of 4 areas, village_exit is not"),  # by hand, as in the first test: one may leave
        ("poor_persons", 7, r"Of \d areas, poor_persons is not"),
    ],
)
def test_answers_of_areas_that_were_changed_are_refused(tmp_path: Path, column: str, value: object, said: str) -> None:
    pack = pack_of("village", standards=EXIT)
    snapshot = swept(tmp_path, pack, villages())
    file = tmp_path / "sweep" / "areas" / "village.parquet"
    rows = pq.ParquetFile(file).read()
    place = rows.column_names.index(column)
    field = rows.schema.field(column)
    pq.write_table(rows.set_column(place, field, pa.array([value] * len(rows), field.type)), file)
    with pytest.raises(DataError, match=said):
        write_report(pack=pack, snapshot=snapshot, sweep=tmp_path / "sweep", out=None, ledger=tmp_path / "ledger.jsonl")
