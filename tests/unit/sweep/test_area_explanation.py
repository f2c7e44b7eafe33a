"""Is one area explained in words that an official can check: which counts, which sample, what would settle it?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.unit.policy.invented import (
    AREAS,
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
from tuopin.policy import Pack
from tuopin.policy.area_seen import AreaStandardSeen
from tuopin.sweep import AreaExplanation, explain_area, run_sweep
from tuopin.sweep.area_explanation import hundredths
from tuopin.sweep.area_wording import LANGUAGES, OF_AREAS
from tuopin.terms import UsageError

REGISTERED = [("entry", date(2016, 3, 1))]


def explained(folder: Path, pack: Pack, register: Register, area: str, language: str = "en") -> AreaExplanation:
    """One area of a register, explained."""
    return explain_area(
        pack=pack, snapshot=write_register(folder / "snapshot", pack, register), area=area, language=language
    )


def only(explanation: AreaExplanation, id: str) -> AreaStandardSeen:
    """What was seen of one standard."""
    return next(standard for standard in explanation.seen.standards if standard.id == id)


def block(explanation: AreaExplanation, id: str) -> list[str]:
    """The lines of one standard, without its first."""
    lines = explanation.lines()
    first = next(n for n, line in enumerate(lines) if line.endswith(f"[{id}]"))
    return [*lines[first + 1 :], ""][: [*lines[first + 1 :], ""].index("")]


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", OF_AREAS)
def test_every_language_says_the_same_of_an_area_with_the_same_gaps(id: str) -> None:
    english, other = OF_AREAS["en"], OF_AREAS[id]
    assert list(other) == list(english)
    assert {key: gaps(text) for key, text in other.items()} == {key: gaps(text) for key, text in english.items()}
    assert list(LANGUAGES) == list(OF_AREAS)


def gaps(text: str) -> list[str]:
    """The names that a sentence takes."""
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize(
    ("share", "limits", "said"),
    [
        (0.013237, [0.02], "1.32"),
        (0.02, [0.02], "2"),
        (0.0199999, [0.02], "1.99999"),  # with two decimals it would read as the limit
        (0.0200004, [0.02], "2.00004"),
        (1.0, [], "100"),
    ],
)
def test_a_share_has_as_many_decimals_as_tell_it_from_its_limit(share: float, limits: list[float], said: str) -> None:
    assert hundredths(share, beside=limits) == said


# --- counts ----------------------------------------------------------------------------------------------------------

VILLAGE = pack_of("village", standards=EXIT)


def village(*households: Household, road: bool | None = True) -> Register:
    """A village that is listed since May 2014."""
    return Register(
        households,
        members=False,
        areas={"n11": {"road": road}},
        area_decisions=[("n11", "listing", date(2014, 5, 1))],
    )


def test_a_village_is_told_its_standing_its_gates_and_what_is_proposed(tmp_path: Path) -> None:
    said = explained(tmp_path, VILLAGE, village(house(4, False, 0), house(3, False, 0)), "n11")
    lines = said.lines()
    assert lines[0] == "village n11, in n / n1. Policy invented 1.0.0 as of 2016-12-31; facts as of 2016-12-31."
    assert lines[1] == "Standing of the area: on the list, since 2014-05-01."
    assert lines[3] == "Proposed: exit from the list, because of: incidence, road_there. A person decides."
    assert block(said, "village_exit") == [
        "  incidence: yes: ratio(in_the_register, persons) < 0.02",
        "  road_there: yes: road",
        "  ? 0 persons",
        "  Persons: 7 persons",
        "  ? yes",
        "  Standing of the area: on the list",
        "  By: invented, text since 2000-01-01.",
    ]


def test_what_is_not_asked_of_an_area_is_said_in_one_line(tmp_path: Path) -> None:
    said = explained(tmp_path, VILLAGE, village(house(4, False, 0), house(4, False, 0, "n12")), "n12")
    assert said.lines()[1] == "Standing of the area: not on the list."
    assert block(said, "village_exit") == []
    assert "? not asked of this area. [village_exit]" in said.lines()
    assert said.proposals == []
    assert said.lines()[3] == "Nothing is proposed for this area."


def test_a_question_about_the_area_itself_would_settle_it(tmp_path: Path) -> None:
    said = explained(tmp_path, VILLAGE, village(house(4, False, 0), road=None), "n11")
    seen = only(said, "village_exit")
    assert seen.answer == "cannot_tell"
    assert [(question.fact, question.of) for question in seen.settle] == [("road", "area")]
    assert seen.open == []
    assert block(said, "village_exit")[-2:] == ["  To settle it, ask: ?", "  By: invented, text since 2000-01-01."]


OPEN = make_pack(
    facts={
        "household_size": fact("integer", unit="person", min=1, max=20),
        "poor": {**fact("boolean"), "question": {"en": "Is it poor?"}},
        "goats": {**fact("integer", min=0, max=9), "question": {"en": "How many goats?"}},
        "dry": {**fact("boolean", "dwelling"), "question": {"en": "Is the house dry?"}},
        "ill": {**fact("boolean", "member"), "question": {"en": "Was this person ill?"}},
    },
    derived={
        "in_need": derived("(poor and not dry) or somebody_ill"),
        "somebody_ill": derived("any_of(ill)"),
        "needy_persons": {**derived("persons_if(in_need)", "integer", unit="person", entity="area"), "label": {"en": "In need"}},
        "herd": {**derived("sum_of(goats, poor)", "integer", entity="area"), "label": {"en": "Goats of the poor"}},
    },
    standards={
        "few_needy": standard("needy_persons < 3", applies_to="district"),
        "some_goats": standard("herd >= 5", applies_to="district"),
    },
)  # fmt: skip


def test_the_households_that_keep_a_count_open_are_counted_with_what_to_ask_them(tmp_path: Path) -> None:
    well = {"ill": False}
    households = [
        Household({"poor": True, "dry": None, "goats": 4}, [well, well], "n11"),  # perhaps in need: 2 persons
        Household({"poor": None, "dry": True, "goats": 3}, [well, {"ill": None}], "n11"),  # perhaps: 2; 0 to 3 goats
        Household({"poor": False, "dry": True, "goats": None}, [well], "n12"),  # not in need, whatever its goats
        Household({"poor": True, "dry": False, "goats": 0}, [well], "n12"),  # in need: 1 person
        Household({"poor": None, "dry": None, "goats": None}, [well, {"ill": None}], "n21"),  # another district
    ]
    said = explained(tmp_path, OPEN, Register(households, a_part=1), "n1")
    (count,) = only(said, "few_needy").open
    assert (count.seen.value, count.seen.most, count.households) == ("1", "5", 2)
    assert [(asked.fact, asked.of, asked.households) for asked in count.questions] == [
        ("dry", "dwelling", 1),
        ("ill", "member", 1),
        ("poor", "household", 1),
    ]
    assert block(said, "few_needy") == [
        "  few_needy: cannot tell: needy_persons < 3",
        "  In need: 1 to 5 persons",
        "  In need: 1 to 5 persons, because of 2 households. To settle it:",
        "    ask 1 household: Is the house dry?",
        "    ask 1 household: Was this person ill?",
        "    ask 1 household: Is it poor?",
        "  By: invented, text since 2000-01-01.",
    ]
    (herd,) = only(said, "some_goats").open  # 4 goats surely, up to 3 more: of one household only it matters
    assert (herd.seen.value, herd.seen.most, herd.households) == ("4", "7", 1)
    assert [(asked.fact, asked.households) for asked in herd.questions] == [("poor", 1)]


def test_a_question_that_nobody_was_asked_says_so(tmp_path: Path) -> None:
    register = Register([Household({"dry": True, "goats": 1}, [{"ill": False}])], absent=frozenset({"poor"}))
    said = explained(tmp_path, OPEN, register, "n1")
    assert block(said, "some_goats") == [
        "  some_goats: cannot tell: herd >= 5",
        "  Goats of the poor: not known",
        "  Goats of the poor: not known. To settle it:",
        "    nobody was asked yet: Is it poor?",
        "  By: invented, text since 2000-01-01.",
    ]


def test_an_answer_that_is_certain_asks_nobody_anything(tmp_path: Path) -> None:
    needy = [Household({"poor": True, "dry": False, "goats": 9}, [{"ill": True}] * 3), Household({"poor": None})]
    said = explained(tmp_path, OPEN, Register(needy), "n1")
    assert only(said, "few_needy").answer == "not_met"
    assert only(said, "few_needy").open == []


# --- samples ---------------------------------------------------------------------------------------------------------


def gated(decides: str = "point") -> Pack:
    """Gates as those of a county: two shares and their combination, the last with a limit of its own in the west."""
    return pack_of(
        "region",
        facts={**SAMPLE, "side": fact("code", "area", values=["east", "west"])},
        estimates={
            "wrong": estimate(decides, found="wrong_found", of="exited_seen", among="exited", label={"en": "Wrong"}),
            "missed": estimate(decides, found="missed_found", of="others_seen", among="others", label={"en": "Missed"}),
            "incidence": estimate(
                decides, known="remaining", extrapolated=["wrong", "missed"], among="rural", label={"en": "Poor"}
            ),
        },
        standards={
            "leaves": standard(
                "few and right",
                tests={
                    "few": "(side = 'west' and incidence < limit_west) or (side = 'east' and limit > incidence)",
                    "right": "wrong < limit",
                },
                applies_to="region",
                proposes="exit",
                parameters={"limit": parameter(Decimal("0.02")), "limit_west": parameter(Decimal("0.03"))},
            )
        },
    )


def county(tmp_path: Path, pack: Pack, **changed: Any) -> AreaExplanation:
    """The county of the exit rules of 2016: (3,000 + 200 + 771) / 300,000 = 1.3236… %."""
    register = Register([house(4, False, 0)], members=False, areas={"n": {**COUNTY, "side": "east", **changed}})
    return explained(tmp_path, pack, register, "n")


def test_a_sample_shows_its_counts_both_ends_what_decides_and_its_limit(tmp_path: Path) -> None:
    said = county(tmp_path, gated())
    wrong, missed, incidence = only(said, "leaves").estimates
    assert (wrong.id, missed.id, incidence.id) == ("wrong", "missed", "incidence")
    assert (wrong.point, missed.point, incidence.point) == (0.005, 0.003, 3971 / 300_000)
    assert [count.value for count in wrong.counts] == ["5", "1000", "40000"]
    # Exact limits of so rare a finding (Garwood 1936, 95 % each): 5 is 1.97 to 10.51, 3 is 0.82 to 7.75, of 1,000.
    assert [line.strip().replace("\u00a0", " ") for line in block(said, "leaves")][3:9] == [
        "Wrong: 0.5 %; with 95 % confidence at least 0.2 %, with 95 % at most 1.05 %. What decides is the share found.",
        "? 5 persons",
        "? 1\u202f000 persons",
        "? 40\u202f000 persons",
        "Is it below 2 % [limit]? yes. (invented)",
        "Missed: 0.3 %; with 95 % confidence at least 0.08 %, with 95 % at most 0.77 %. What decides is the share found.",
    ]
    assert [(gate.test, gate.word, gate.figure, gate.value, gate.answer) for gate in incidence.gates] == [
        ("few", "<", "limit", "0.02", "met")  # written as `limit > incidence`; that of the west is not for the east
    ]
    carried = "    It carries over what the samples found, each bound with 97.5\u00a0% confidence: Wrong, Missed"
    assert carried in block(said, "leaves")
    assert not any("The figure" in line for line in block(said, "leaves"))


def test_a_region_is_held_against_its_own_limit(tmp_path: Path) -> None:
    east = only(county(tmp_path / "e", gated(), remaining=5000), "leaves")  # 1.99 %
    west = only(county(tmp_path / "w", gated(), remaining=6000, side="west"), "leaves")  # 2.32 %
    nowhere = only(county(tmp_path / "n", gated(), remaining=6000, side=None), "leaves")
    limits = [[(g.figure, g.answer) for g in seen.estimates[2].gates] for seen in (east, west, nowhere)]
    assert limits == [
        [("limit", "met")],
        [("limit_west", "met")],
        [("limit_west", "met"), ("limit", "not_met")],  # nobody knows on which side it lies
    ]
    assert [[figure.id for figure in seen.thresholds] for seen in (east, west)] == [["limit"], ["limit_west", "limit"]]


def test_the_reading_that_decides_is_named(tmp_path: Path) -> None:
    seen = only(county(tmp_path, gated("upper"), remaining=4000), "leaves")  # 1.66 % by the point, 2.24 % by the bound
    assert [estimate.decides for estimate in seen.estimates] == ["upper"] * 3
    assert [(gate.reading, gate.answer) for gate in seen.estimates[2].gates] == [("upper", "not_met")]


@pytest.mark.parametrize(
    ("changed", "missing", "said"),
    [
        ({"wrong_found": None}, ["counts_unknown", None, None], "a count is not known well enough"),
        ({"exited": None}, [None, None, "counts_unknown"], "a count is not known well enough"),
        (
            {"exited_seen": 0, "wrong_found": 0},
            ["nobody_looked_at", None, None],
            "nobody was looked at",
        ),
        ({"rural": 0}, [None, None, "nobody_there"], "nobody lives there"),
        (
            {"wrong_found": 1001},
            ["more_found_than_looked_at", None, None],
            "the counts contradict each other: more were found or known than there are",
        ),
    ],
    ids=["nothing counted", "how many there are", "nobody looked at", "nobody there", "a contradiction"],
)
def test_where_there_is_no_estimate_it_says_why(
    tmp_path: Path, changed: Mapping[str, int | None], missing: Sequence[str | None], said: str
) -> None:
    explanation = county(tmp_path, gated(), **changed)
    assert [estimate.missing for estimate in only(explanation, "leaves").estimates] == missing
    label = "Poor" if missing[0] is None else "Wrong"
    assert f"  {label}: cannot be estimated, because {said}." in explanation.lines()
    assert explanation.proposals[0]["kind"] == "visit"


def test_the_counts_that_a_sample_lacks_are_what_would_settle_it(tmp_path: Path) -> None:
    seen = only(county(tmp_path, gated(), wrong_found=None, others=None), "leaves")
    assert [question.fact for question in seen.settle] == ["wrong_found", "others"]


# --- the same as a sweep ---------------------------------------------------------------------------------------------


def everywhere() -> Pack:
    """A pack that asks something of every tier."""
    more = {
        **EXIT,
        "region_well": standard("few_of_them and road", tests={"few_of_them": "poor_share < 0.5"}, applies_to="region"),
        "district_alarm": standard("poor_persons >= 4", applies_to="district", proposes="warning"),
    }
    return pack_of("village", standards=more)


def test_every_area_is_explained_as_the_sweep_answered_it(tmp_path: Path) -> None:
    households = [
        house(5, True, 1), house(3, None, 2), house(2, False, None), house(6, True, 0, "n12", decisions=REGISTERED),
        house(4, None, 0, "s11"), house(1, False, 9, "ev"), house(None, True, 9, "ev"),
    ]  # fmt: skip
    listed = [(code, "listing", date(2014, 5, 1)) for code in ("n11", "n12", "ev", "s11")]
    areas = {"n11": {"road": True}, "n": {"road": False}, "s": {"road": True}}
    register = Register(
        households, members=False, areas=areas, a_part=1, area_decisions=[*listed, ("s11", "exit", date(2016, 7, 1))]
    )
    pack = everywhere()
    snapshot = write_register(tmp_path / "snapshot", pack, register)
    run_sweep(pack=pack, snapshot=snapshot, as_of=AS_OF, out=tmp_path / "sweep")
    for code, _, tier in AREAS:
        agrees(explain_area(pack=pack, snapshot=snapshot, area=code), tmp_path / "sweep", tier)


def agrees(said: AreaExplanation, sweep: Path, tier: str) -> None:
    """An explanation says of its area what the sweep wrote: answers, counts, estimates and proposals."""
    rows = pq.read_table(sweep / "areas" / f"{tier}.parquet").to_pylist()
    (row,) = (row for row in rows if row["area_code"] == said.seen.area)
    answers = {True: "met", False: "not_met", None: "cannot_tell"}
    for seen in said.seen.standards:
        assert seen.answer == answers[row[seen.id]]
        for sample in seen.estimates:
            for reading in ("point", "lower", "upper"):
                name = f"{sample.id}_{reading}"
                ends = [row[name]] * 2 if name in row else [row[f"{name}__low"], row[f"{name}__high"]]
                assert list(sample.reading(reading) or (None, None)) == ends
    assert {seen.id for seen in said.seen.standards} <= set(row)
    written = pq.read_table(sweep / "proposals").to_pylist()
    of_it = [row for row in written if row["household_id"] is None and row["area_code"] == said.seen.area]
    assert {row["proposal_id"] for row in of_it} == {proposal["proposal_id"] for proposal in said.proposals}


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ("x", "There is no area with the code x in the snapshot."),
        ("n1", "The policy asks nothing of an area of the tier district on 2016-12-31."),
    ],
)
def test_an_area_that_cannot_be_explained_is_refused_with_a_way_on(tmp_path: Path, area: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        explained(tmp_path, VILLAGE, village(house(4, False, 0)), area)
    assert refused.value.problems[0].what == said
    assert refused.value.problems[0].fix


def test_a_survey_is_refused(tmp_path: Path) -> None:
    survey = Register([house(4, False, 0)], members=False, survey=True)
    with pytest.raises(UsageError, match="survey"):
        explained(tmp_path, VILLAGE, survey, "n11")


def test_a_code_that_is_no_longer_in_use_names_its_successor(tmp_path: Path) -> None:
    ended = {"s11": {"valid_to": date(2016, 6, 1), "successor_code": "n11"}}
    register = Register([house(4, False, 0)], members=False, areas=ended)
    with pytest.raises(UsageError) as refused:
        explained(tmp_path, VILLAGE, register, "s11")
    assert refused.value.problems[0].what == "The code s11 is not in use on 2016-12-31."
    assert refused.value.problems[0].fix == "Ask for n11, which took its place."
