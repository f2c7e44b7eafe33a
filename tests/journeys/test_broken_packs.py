"""Is a broken pack refused with the file, the line and what is wrong, before anybody is judged by it?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.broken import (
    DATA,
    FINDINGS,
    TEMPLATE,
    USAGE,
    Desk,
    Slip,
    as_sentence,
    change,
    line_of,
    sweeping,
)
from tests.journeys.conftest import Swept

PACK, FACTS, LINES = "pack.yaml", "facts.yaml", "lines.yaml"
ENTRY, EXIT = "standards/identification.yaml", "standards/household_exit.yaml"
NEEDS, CARD, ALONE = "standards/deprivations.yaml", "standards/scorecard.yaml", "examples/alone.yaml"

# Texts of the template that are broken more than once.
BELOW = "met: consumption < national_line * adult_equivalents"
LIGHT = "        met: not electricity\n"
SHARE = "        values: {2004-01-01: 0.65}"
SHARED = "food_share_max * consumption"
ELDEST = "    rule: max_of(age)"
SECOND_HOME = "    rule: in_register(property, property_kind = 'dwelling' and not lived_in)"
EXIT_TEST = "stably_above_line: consumption >= exit_margin * national_line * adult_equivalents\n        met:"
CONSUMED = "    unit: XTS/year\n    min: 0\n    max: 10000000\n    sensitivity: personal\n    question:\n      en: >-\n        All"
SCALE = "    scale: 2\n    unit: adult_equivalent"
SIZE = "    min: 1\n    max: 60\n    sensitivity: personal\n    maps_to: "
PILOT = "    status: announced\n        tests:\n          improved: toilet"
LEVELS = "- from: 2018-01-01\n        categories"
LAST = "            otherwise: true\n            review_months: 36\n"

found = partial(Slip, code=FINDINGS)
"""A mistake in a pack that can be read: a check finds it, and nothing can be done under the pack."""


def below(name: str, met: str, says: str) -> Slip:
    """A condition in place of the poverty test."""
    return found(name, ENTRY, BELOW, f"met: {met}", says, rule="below_national_line")


def light(name: str, met: str, says: str) -> Slip:
    """A condition in place of the test of electricity."""
    return found(name, NEEDS, LIGHT, f"        met: {met}\n", says, rule="no_electricity")


def eldest(name: str, rule: str, says: str) -> Slip:
    """A rule in place of that of a derived fact."""
    return found(name, FACTS, ELDEST, f"    rule: {rule}", says, rule="eldest_age")


def second_home(name: str, rule: str, says: str) -> Slip:
    """A rule in place of that of a derived fact over a register."""
    return found(name, FACTS, SECOND_HOME, f"    rule: {rule}", says, rule="second_home_owned")


def card(name: str, old: str, new: str | None, says: str, at: str = "") -> Slip:
    """A change of the scorecard."""
    return found(name, CARD, old, new, says, at, rule="poverty_scorecard")


def text(name: str, line: str, says: str) -> Slip:
    """A line that is no strict YAML."""
    return Slip(name, NEEDS, LIGHT, f"{line}\n", says)


def share(name: str, values: str, says: str) -> Slip:
    """Something else than a dated figure."""
    return Slip(name, NEEDS, SHARE, f"        values: {values}", says)


CONDITIONS = [
    below("a fact that nobody declared", "consumtion < national_line", "There is no `consumtion`"),
    below("a sum of money without date and source", "consumption < 2124.2", "The sum 2124.2 stands in the rule itself"),
    below("money compared with persons", "consumption < household_size", "`XTS/year` and `person` cannot be compared"),
    below("a second statement behind a semicolon", '"electricity; DROP TABLE households"', "no `;`"),
    below("a comment that hides the rest", '"electricity or true --"', "no comments"),
    below("a quotation mark closed too early", "\"settlement = 'urban'' or true or '''\"", "is not one of the values"),
    below("a file that is read", "\"read_csv('/etc/passwd') is null\"", "`read_csv` is not a function"),
    below("a file that is queried", "\"consumption in (select 1 from 'h.parquet')\"", "is not part of the language"),
    below("a table copied to a file", "\"COPY households TO 'stolen.csv'\"", "`COPY INTO households"),
    below("a database that is attached", "\"ATTACH 'books.db'\"", "`ATTACH"),
    below("a query in a condition", "consumption < (select max(consumption) from households)", "is not part of the"),
    below("a cast", "cast(consumption as integer) < 5", "`cast` is not a function of this language"),
    below("a cast by colons", '"consumption::int < 5"', "is not part of the language"),
    below("a case", "case when electricity then true else false end", "cannot be read as a condition"),
    below("a coalesce that turns an unknown into a no", "coalesce(electricity, false)", "`coalesce` is not a function"),
    below("a bare division", "consumption / adult_equivalents < national_line", "divides"),
    below("a division by zero", "consumption / 0 < national_line", "`consumption / 0` divides"),
    below("an unknown function", "soundex(settlement) = 'x'", "`soundex` is not a function of this language"),
    below("the day of the clock", "current_date > 5", "There is no `current_date`"),
    below("a pattern", "settlement like 'u%'", "is not part of the language"),
    light("a roll-up in a standard", "any_of(ill_without_care)", "`any_of` stands in a rule"),
    light("a member's fact in a household's rule", "ill_without_care", "is a fact of a member, not of the household"),
    light("a yes-or-no compared with a number", "electricity = 0", "A yes-or-no cannot be compared with a number"),
    light("a sum of money as a condition", "consumption", "A condition is expected, but this is a number"),
    light("codes put in order", "settlement < 'urban'", "`<` compares numbers"),
    light("a code that is not among the values", "settlement = 'suburb'", "'suburb' is not one of the values"),
    light("brackets two hundred deep", f"{'(' * 200}electricity{')' * 200}", "cannot be read as a condition"),
    light("a standard that rests on itself", "not no_safe_water or no_electricity", "no_electricity → no_electricity"),
    light("a test that the edition does not have", "dark and cold", "There is no `dark` here"),
    found(
        "tests that rest on each other",
        EXIT,
        f"          {EXIT_TEST} stably_above_line\n",
        "          stably_above_line: far_above\n          far_above: stably_above_line\n        met: far_above\n",
        "rests on itself",
        rule="household_exit",
    ),
    eldest(
        "a derived fact that rests on itself", "least(youngest_age, eldest_age)", "The fact is computed from itself"
    ),
    eldest("a derived fact in another unit than its rule", "count_if(of_working_age)", "its rule gives `person`"),
    eldest("a derived fact of another type than its rule", "any_of(of_working_age)", "gives something else"),
    eldest("a household's fact in a roll-up", "max_of(consumption)", "`consumption` is not a fact of a member"),
    eldest("a file read by a derived fact", "read_csv('/etc/passwd')", "`read_csv` is not a function"),
    eldest("a query in a derived fact", "(select max(age) from members)", "is not part of the language"),
    second_home("an unknown register", "in_register(houses, lived_in)", "first names a register of pack.yaml"),
    second_home(
        "a column of another register", "in_register(property, vehicle_kind = 'car')", "is not a column of the"
    ),
    found(
        "an assumption that does not fit the roll-up",
        FACTS,
        "      value: false\n",
        "      value: 3\n",
        "What `assume` says does not fit",
        at="rule: count_if(enumeration",
        rule="members_found",
    ),
    card("a ratio to what may be negative", "(rooms, household_size)", "(rooms, transfers_paid)", "may be negative"),
    card("a ratio to nought", "(rooms, household_size)", "(rooms, 0)", "The divisor"),
    found(
        "a figure of an unknown fact",
        LINES,
        "    value: income / adult_equivalents\n",
        "    value: incomme / adult_equivalents\n",
        "There is no fact `incomme`",
        rule="median_equivalised_income",
    ),
    found(
        "a figure divided by zero",
        LINES,
        "    value: income / adult_equivalents\n",
        "    value: income / 0\n",
        "The divisor",
        rule="median_equivalised_income",
    ),
    found(
        "a line of an unknown figure",
        LINES,
        "0.60 * median_equivalised_income",
        "0.60 * median_income",
        "There is no figure or parameter `median_income`",
        at="  relative_line:",
        rule="relative_line",
    ),
]

FIGURES = [
    found(
        "a month compared with a year",
        FACTS,
        CONSUMED,
        CONSUMED.replace("year", "month"),
        "`XTS/month` and `XTS/year` cannot be compared",
        at=BELOW,
        told_in=ENTRY,
        rule="below_national_line",
    ),
    share("a figure without a date", "0.65", "figures are dated"),
    share("a figure without any value", "{}", "at least one dated value is needed"),
    share("a figure that is not a number", "{2004-01-01: .nan}", "`.nan` is not a number"),
    share("a figure of fifty digits", f"{{2004-01-01: {'9' * 50}}}", "A number of 50 digits stands here"),
    share("two values on one day", "{2004-01-01: 0.65, 2004-01-01: 0.7}", "`2004-01-01` stands twice"),
    found(
        "a figure dated after the rule that uses it",
        NEEDS,
        SHARE,
        "        values: {2010-01-01: 0.65}",
        "`food_share_max` has no value on 2004-01-01",
        at=SHARED,
        rule="food_stress",
    ),
    found(
        "a figure beyond counting",
        NEEDS,
        SHARE,
        "        values: {2004-01-01: 1e300}",
        "too large to be counted exactly",
        at=SHARED,
        rule="food_stress",
    ),
    found(
        "a line dated after the rule that uses it",
        LINES,
        "2004-01-01: 1180.0",
        None,
        "The line `national_line` has no value on 2004-01-01",
        at=BELOW,
        told_in=ENTRY,
        rule="below_national_line",
    ),
    Slip("a day that no calendar has", NEEDS, "from: 2012-01-01", "from: 2012-02-30", "there is no such day"),
    Slip("a date in another order", NEEDS, "from: 2012-01-01", "from: 01.01.2012", "a date is expected here"),
    Slip("a figure in quotes", LINES, "2023-01-01: 2124.2", "2023-01-01: '2124.2'", "a number is expected here"),
    Slip("a comma between thousands", LINES, "2023-01-01: 2124.2", "2023-01-01: 2,124.2", "a number is expected here"),
    Slip("a scale below nought", FACTS, SCALE, SCALE.replace("2", "-2"), "scale: it must be at least 0"),
    Slip(
        "a decimal without a scale",
        FACTS,
        SCALE,
        "    unit: adult_equivalent",
        "a decimal fact needs its scale",
        at="  adult_equivalents:",
    ),
    Slip(
        "a least that is more than the most",
        FACTS,
        SIZE,
        SIZE.replace("min: 1", "min: 61"),
        "min is larger than max",
        at="  household_size:",
    ),
    Slip(
        "money without a unit",
        FACTS,
        CONSUMED,
        CONSUMED.replace("    unit: XTS/year\n", ""),
        "a money fact needs its unit",
        at="  consumption:",
    ),
    found(
        "money in a unit without its currency",
        FACTS,
        CONSUMED,
        CONSUMED.replace("XTS", "person"),
        "The unit `person/year` does not name the currency XTS",
        at="  consumption:",
        rule="consumption",
    ),
    found(
        "a unit that is none",
        FACTS,
        "unit: XTS/year\n        values: {2004-01-01: 60000",
        "unit: XTS//year\n        values: {2004-01-01: 60000",
        "`XTS//year` is not a unit",
        at="      large_turnover:",
    ),
    Slip(
        "a line with values and formulas",
        LINES,
        "    formulas:\n      2004-01-01: 0.60",
        "    values: {2004-01-01: 1}\n    formulas:\n      2004-01-01: 0.60",
        "either dated values or dated formulas",
        at="  relative_line:",
    ),
]

NAMES = [
    Slip(
        "a standard without a source",
        NEEDS,
        'source: "World Food Programme, CARI guidance, food',
        None,
        "`source` is missing in standards.food_stress",
        at="  food_stress:",
    ),
    Slip(
        "a figure without a source",
        NEEDS,
        'source: "World Food Programme, CARI guidance: above',
        None,
        "`source` is missing in standards.food_stress.parameters.food_share_max",
        at="      food_share_max:",
    ),
    Slip("an id with a capital letter", NEEDS, "  food_stress:\n", "  Food_stress:\n", "Ids are snake_case"),
    Slip("an id with a blank", NEEDS, "  food_stress:\n", "  food stress:\n", "Ids are snake_case"),
    found("a reserved id", ENTRY, "  near_national_line:\n", "  weight:\n", "has a meaning of its own", rule="weight"),
    found(
        "an id that a fact has already",
        ENTRY,
        "  near_national_line:\n",
        "  consumption:\n",
        "`consumption` names two things",
        rule="consumption",
    ),
    Slip(
        "an id that another file has already",
        EXIT,
        "  household_exit:\n",
        "  entry:\n",
        "`entry` is defined a second time",
        at="  entry:\n",
        told_in=ENTRY,
        rule="entry",
    ),
    found(
        "a test that hides a fact",
        EXIT,
        f"{EXIT_TEST} stably_above_line\n",
        f"{EXIT_TEST} electricity\n".replace("stably_above_line", "electricity"),
        "`electricity` is used again inside `household_exit`",
        rule="household_exit",
    ),
    found(
        "two editions on one day",
        ENTRY,
        "from: 2018-01-01\n        tests:",
        "from: 2004-01-01\n        tests:",
        "Two editions begin on 2004-01-01",
        rule="entry",
    ),
    Slip(
        "a pilot without areas",
        NEEDS,
        PILOT,
        PILOT.replace("announced", "pilot"),
        "a pilot edition names its areas",
        at="- from: 2027-01-01\n        status: pilot",
    ),
    Slip(
        "an edition without a first day",
        NEEDS,
        f"from: 2004-01-01\n{LIGHT}",
        "met: not electricity\n",
        "`from` is missing in standards.no_electricity",
    ),
    Slip(
        "a standard without an edition",
        NEEDS,
        f"    editions:\n      - from: 2004-01-01\n{LIGHT}",
        "    editions: []\n",
        "standards.no_electricity.editions: something must stand here",
    ),
    found(
        "a text that lacks a language",
        NEEDS,
        "fr: Le ménage vit-il sans électricité ?",
        None,
        "The text is missing in: fr",
        at="question:\n      en: Does the household live without electricity",
    ),
    found(
        "a headline that names no standard",
        PACK,
        "headline: [below_national_line,",
        "headline: [deprivation_score,",
        "The headline names `deprivation_score`, which is no standard",
    ),
    found(
        "a severity that names no score",
        ENTRY,
        "severity: deprivation_score",
        "severity: below_national_line",
        "The severity names `below_national_line`, which is no score",
        rule="entry",
    ),
    card("points that miss a code", "vip: 5", None, "codes of `toilet` differ: vip", at="- fact: toilet"),
    card(
        "points for an unknown code",
        "{tiles_concrete: 6,",
        "{gold: 9, tiles_concrete: 6,",
        "differ: gold",
        "- fact: roof",
    ),
    card(
        "chances that rise and fall", "10: 0.58", "10: 0.98", "neither rise nor fall with the score", at="probability:"
    ),
    Slip("a chance above one", CARD, "-40: 0.95", "-40: 9.5", "it must be at most 1"),
    Slip(
        "categories without a last one",
        ENTRY,
        LAST,
        LAST.replace("otherwise: true", "when: near_national_line"),
        "the last category, and only the last, says `otherwise: true`",
        at=LEVELS,
    ),
    found(
        "a category that stands twice",
        ENTRY,
        "- id: near_poor\n",
        "- id: crisis\n",
        "The category `crisis` stands twice",
        at=LEVELS,
        rule="support_level",
    ),
    Slip(
        "a tier that stands twice", PACK, "- id: district\n", "- id: region\n", "`region` stands twice", at="tiers:\n"
    ),
    found(
        "a figure by an unknown tier",
        LINES,
        "    by: region ",
        "    by: county ",
        "`county` is no tier",
        rule="regional_median_consumption",
    ),
    Slip(
        "a question that nobody could answer",
        EXIT,
        "    proposes: exit\n",
        "    proposes: question\n",
        "says what it asks and how many days there are to reply",
        at="  household_exit:",
    ),
    Slip("a proposal of another kind", ENTRY, "proposes: entry", "proposes: prison", "'clearing' or 'warning'"),
    Slip("a key that is misspelt", PACK, "retention_years: ", "retention_yers: ", "is not a key that is known here"),
    Slip("a currency that is no code", PACK, "  code: XTS ", "  code: shilling ", "three capitals"),
    found(
        "a core fact with codes of its own",
        FACTS,
        "      urban: {en",
        "      city: {en",
        "is a core fact and has no code city",
        at="  settlement:",
        rule="settlement",
    ),
    found(
        "a register that is not declared",
        PACK,
        "  property:\n",
        "  houses:\n",
        "There is no register `property`",
        at="  property_kind:",
        told_in=FACTS,
        rule="property_kind",
    ),
]

TEXTS = [
    Slip(
        "a bracket that is never closed",
        NEEDS,
        LIGHT,
        "        met: [electricity\n",
        "It belongs to what begins on line",
        at="  no_safe_water:",
    ),
    text("an anchor", "        met: &light not electricity", "Anchors, aliases and tags are not used here"),
    text("an alias", "        met: *light", "Anchors, aliases and tags are not used here"),
    text("a merge key", "        <<: {met: not electricity}", "Merge keys (<<) are not used here"),
    text(
        "a tag that would run a program", "        met: !!python/object/apply:os.system ['x']", "tags are not used here"
    ),
    text("a tab", "\tmet: not electricity", "found a tab character"),
    text("a hundred levels", f"        met: {'[' * 100}{']' * 100}", "More than 30 levels are nested here"),
    text("a condition of five thousand letters", f"        met: {'not ' * 1250}electricity", "it is too long"),
    text("no condition at all", "        met:", "something must stand here"),
    Slip(
        "a key that stands twice",
        ENTRY,
        "    proposes: entry\n",
        "    proposes: entry\n    proposes: exit\n",
        "`proposes` stands twice",
        at="    proposes: exit",
    ),
    Slip(
        "a yes for true", FACTS, "    given: true\n", "    given: yes\n", "neither a plain yes-or-no nor clearly a word"
    ),
    Slip("two documents in one file", NEEDS, "\nstandards:\n", "\n---\nstandards:\n", "A second document begins here"),
]


@pytest.mark.parametrize("slip", [*CONDITIONS, *FIGURES, *NAMES, *TEXTS], ids=as_sentence)
def test_a_check_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slip: Slip) -> None:
    desk = Desk(tmp_path, monkeypatch)
    place = slip.made(desk.pack(slip.file))
    desk.refuses("pack", "check", "pack", code=slip.code, place=place, says=slip.says)


EVERYWHERE = [CONDITIONS[0], CONDITIONS[6], NAMES[12], TEXTS[1]]


@pytest.mark.parametrize("slip", EVERYWHERE, ids=as_sentence)
def test_nobody_is_swept_or_compared_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swept: Swept, slip: Slip
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    desk.snapshot(swept.folder)
    place = slip.made(desk.pack(slip.file))
    desk.refuses(*sweeping(pack="pack"), code=DATA, place=place, says=slip.says)
    compared = ["pack", "diff", "pack", "template", "--snapshot", "snapshot"]
    desk.refuses(*compared, code=DATA, place=f"pack/{place}", says=slip.says)


# --- whole files -----------------------------------------------------------------------------------------------------


def _gone_for_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _written(raw: str | bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(raw.encode() if isinstance(raw, str) else raw)


FACTS_TEXT = (TEMPLATE / FACTS).read_text(encoding="utf-8")
FOREIGN = next(number for number, line in enumerate(FACTS_TEXT.splitlines(), start=1) if "é" in line)
SPOILT = {
    "an empty file": (_written(""), "facts.yaml:1", "does not hold `key: value` lines"),
    "a file of comments": (_written("# to do\n"), "facts.yaml:1", "does not hold `key: value` lines"),
    "a list where keys belong": (_written("- 1\n"), "facts.yaml:1", "does not hold `key: value` lines"),
    "a missing file": (Path.unlink, "facts.yaml", "No such file or directory"),
    "a folder instead of a file": (_gone_for_a_folder, "facts.yaml", "Is a directory"),
    "five megabytes of text": (_written(FACTS_TEXT + "#" * 5_000_000), "facts.yaml", "The file is too large"),
    "a million brackets": (_written("facts: " + "[" * 1_000_000), "facts.yaml:1", "More than 30 levels"),
    "text in UTF-16": (_written(FACTS_TEXT.encode("utf-16")), "facts.yaml:1", "not UTF-8"),
    "text in Latin-1": (
        _written(FACTS_TEXT.replace("’", "").encode("latin-1", "ignore")),
        f"facts.yaml:{FOREIGN}",
        "not",
    ),
}


@pytest.mark.parametrize(("spoil", "place", "says"), SPOILT.values(), ids=SPOILT)
def test_a_file_of_a_pack_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], object], place: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    spoil(desk.pack() / FACTS)
    desk.refuses("pack", "check", "pack", code=DATA, place=place, says=says)


def test_a_control_character_is_placed_on_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    after = change(desk.pack() / FACTS, "  eldest_age:\n", "  eldest_age: \0\n")
    place = f"{FACTS}:{line_of(after, 'eldest_age: ')}"
    desk.refuses("pack", "check", "pack", code=DATA, place=place, says="control characters are not allowed")


NO_PACKS = {
    "a path where nothing is": Path.exists,
    "an empty folder": Path.mkdir,
    "a file": _written("id: mine\n"),
}


@pytest.mark.parametrize("prepare", NO_PACKS.values(), ids=NO_PACKS)
def test_a_pack_is_a_folder_with_a_pack_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[Path], object]
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    prepare(desk.folder / "here")
    for call in (["pack", "check", "here"], ["pack", "show", "here"], sweeping(pack="here")):
        desk.refuses(*call, code=USAGE, place="", says="There is no pack `here`.")


# --- examples --------------------------------------------------------------------------------------------------------

LONELY = """\
examples:

  alone:
    story: {en: Ana lives alone., fr: Ana vit seule.}
    as_of: 2019-06-30
    household: {area: geo_01, consumption: 900}
    members:
      - {sex: female, age: 40}
    expect:
      answers: {below_national_line: met}
      proposals:
        - {kind: entry, reasons: [below_line]}
"""
OUTCOME = "{below_national_line: met}"

alone = partial(found, at="  alone:", rule="alone")
EXAMPLES = [
    alone("a fact that nobody asks", ALONE, "consumption:", "consumtion:", "the fact `consumtion`, which it does not"),
    alone("an answer worked out wrongly", ALONE, OUTCOME, "{below_national_line: not_met}", "met, expected not_met"),
    alone("an answer of no rule", ALONE, OUTCOME, "{rich: met}", "expects an answer of `rich`, which is no rule"),
    alone("a reason that is none", ALONE, "[below_line]", "[poor]", "expected ['poor']"),
    Slip("an example without a day", ALONE, "as_of", None, "`as_of` is missing in examples.alone", at="  alone:"),
]


@pytest.mark.parametrize("slip", EXAMPLES, ids=as_sentence)
def test_a_broken_example_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slip: Slip) -> None:
    desk = Desk(tmp_path, monkeypatch)
    pack = desk.pack()
    (pack / "examples").mkdir()
    (pack / ALONE).write_text(LONELY, encoding="utf-8")
    desk.refuses("pack", "check", "pack", code=slip.code, place=slip.made(pack), says=slip.says)


def test_the_example_that_is_broken_here_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    (desk.pack() / "examples").mkdir()
    (desk.folder / "pack" / ALONE).write_text(LONELY, encoding="utf-8")
    ended = desk("pack", "check", "pack")
    assert ended.code == 0, ended.out
