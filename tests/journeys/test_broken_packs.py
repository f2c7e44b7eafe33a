"""Is a broken pack refused with the file, the line and what is wrong, before anybody is judged by it?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.broken import DATA, FINDINGS, TEMPLATE, USAGE, Desk, Slip, as_sentence, change, line_of, sweeping
from tests.journeys.conftest import Swept

PACK, FACTS, LINES = "pack.yaml", "facts.yaml", "lines.yaml"
ENTRY, EXIT = "standards/identification.yaml", "standards/household_exit.yaml"
NEEDS, CHECKS, CARD = "standards/deprivations.yaml", "standards/cross_checks.yaml", "standards/scorecard.yaml"

BELOW = "met: consumption < national_line * adult_equivalents"
LIGHT = "        met: not electricity\n"
SHARE = "        values: {2004-01-01: 0.65}"
ELDEST = "    rule: max_of(age)"
EXIT_TEST = "          stably_above_line: consumption >= exit_margin * national_line * adult_equivalents\n"
FIRST_EXIT = f"{EXIT_TEST}        met: stably_above_line\n"
CONSUMED = "    unit: XTS/year\n    min: 0\n    max: 10000000\n    sensitivity: personal\n    question:\n      en: >-\n        All"
SIZE = "    min: 1\n    max: 60\n    sensitivity: personal\n    maps_to: "
TOILETS = "      - from: 2027-01-01\n        status: announced\n        tests:\n          improved: toilet"
SECOND_HOME = "in_register(property, property_kind = 'dwelling' and not lived_in)"
ELSEWHERE = (
    "          - id: not_poor\n            label: {en: Not poor, fr: Non pauvre}\n"
    "            otherwise: true\n            review_months: 36\n"
)


def written(name: str, met: str, says: str) -> Slip:
    """A condition that must not be written, in the place of the poverty test."""
    return Slip(name, ENTRY, BELOW, f"met: {met}", says, rule="below_national_line", code=FINDINGS)


def light(name: str, met: str, says: str) -> Slip:
    """A condition that must not be written, in the place of the test of electricity."""
    new = f"        met: {met}\n"
    return Slip(name, NEEDS, LIGHT, new, says, rule="no_electricity", code=FINDINGS)


def computed(name: str, new: str, says: str, *, old: str = ELDEST, rule: str = "eldest_age") -> Slip:
    """A derived fact that cannot be computed."""
    return Slip(name, FACTS, old, new, says, rule=rule, code=FINDINGS)


def light_line(name: str, new: str, says: str) -> Slip:
    """Something that is no strict YAML, in the line of the test of electricity."""
    return Slip(name, NEEDS, LIGHT, new, says)


# --- what stands in a condition --------------------------------------------------------------------------------------

CONDITIONS = [
    written("a fact that nobody declared", "consumtion < national_line * adult_equivalents", "There is no `consumtion`"),
    written("a sum of money without date and source", "consumption < 2124.2", "The sum 2124.2 stands in the rule itself"),
    written("money compared with persons", "consumption < household_size", "`XTS/year` and `person` cannot be compared"),
    written("a second statement behind a semicolon", '"electricity; DROP TABLE households"', "no `;`"),
    written("a comment that hides the rest", '"consumption < 1 or true --"', "no comments"),
    written("a quotation mark that closes the code too early", "\"settlement = 'urban'' or true or '''\"", "is not one of"),
    written("a file that is read", "\"read_csv('/etc/passwd') is null\"", "`read_csv` is not a function"),
    written("a file that is queried", "\"consumption in (select 1 from 'h.parquet')\"", "is not part of the language"),
    written("a table that is copied to a file", "\"COPY households TO 'stolen.csv'\"", "COPY"),
    written("a database that is attached", "\"ATTACH 'books.db'\"", "ATTACH"),
    written("a query inside a condition", "consumption < (select max(consumption) from households)", "is not part of"),
    written("a cast", "cast(consumption as integer) < 5", "`cast` is not a function of this language"),
    written("a cast by colons", '"consumption::int < 5"', "is not part of the language"),
    written("a case", "case when electricity then true else false end", "cannot be read as a condition"),
    written("a coalesce that makes a no of an unknown", "coalesce(electricity, false)", "`coalesce` is not a function"),
    written("a bare division", "consumption / adult_equivalents < national_line", "divides"),
    written("a division by zero", "consumption / 0 < national_line", "divides"),
    written("an unknown function", "soundex(settlement) = 'x'", "`soundex` is not a function of this language"),
    written("a day of the clock", "current_date > 5", "There is no `current_date`"),
    written("a pattern", "settlement like 'u%'", "is not part of the language"),
    light("a roll-up in a standard", "any_of(ill_without_care)", "`any_of` stands in a rule"),
    light("a member's fact in a household's rule", "ill_without_care", "is a fact of a member, not of the household"),
    light("a yes-or-no compared with a number", "electricity = 0", "A yes-or-no cannot be compared with a number"),
    light("a sum of money where a condition belongs", "consumption", "A condition is expected"),
    light("codes put in order", "settlement < 'urban'", "`<` compares numbers"),
    light("a code that is not among the values", "settlement = 'suburb'", "'suburb' is not one of the values"),
    light("brackets two hundred deep", "(" * 200 + "electricity" + ")" * 200, "cannot be read as a condition"),
    light("a standard that rests on itself", "not no_safe_water or no_electricity", "no_electricity → no_electricity"),
    light("a name that no test of the edition has", "dark and cold", "There is no `dark` here"),
    Slip(
        "tests that rest on each other", EXIT, FIRST_EXIT,
        "          stably_above_line: far_above\n          far_above: stably_above_line\n        met: stably_above_line\n",
        "rests on itself", at="far_above: stably", rule="household_exit", code=FINDINGS,
    ),
    computed("a derived fact that is computed from itself", "    rule: least(youngest_age, eldest_age)", "from itself"),
    computed("a derived fact in another unit than its rule's", "    rule: count_if(of_working_age)", "its rule gives `person`"),
    computed("a derived fact of another type than its rule's", "    rule: any_of(of_working_age)", "gives something else"),
    computed("a household's fact inside a roll-up", "    rule: max_of(consumption)", "`consumption` is not a fact of a member"),
    computed("a file read by a derived fact", "    rule: read_csv('/etc/passwd')", "`read_csv` is not a function"),
    computed("a query in a derived fact", "    rule: (select max(age) from members)", "is not part of the language"),
    computed(
        "a register that the pack does not know", "    rule: in_register(houses, lived_in)",
        "`in_register` first names a register of pack.yaml", old=f"    rule: {SECOND_HOME}", rule="second_home_owned",
    ),
    computed(
        "a column of another register", "    rule: in_register(property, vehicle_kind = 'car')",
        "`vehicle_kind` is not a column of the register `property`", old=f"    rule: {SECOND_HOME}", rule="second_home_owned",
    ),
    Slip(
        "an assumption that does not fit what is rolled up", FACTS, "      value: false\n", "      value: 3\n",
        "What `assume` says does not fit", at="rule: count_if(enumeration", rule="members_found",
        code=FINDINGS,
    ),
    Slip(
        "a ratio to a number that may be negative", CARD, "ratio(rooms, household_size)", "ratio(rooms, transfers_paid)",
        "The divisor of a ratio may be negative", rule="poverty_scorecard", code=FINDINGS,
    ),
    Slip(
        "a ratio to nought", CARD, "ratio(rooms, household_size)", "ratio(rooms, 0)",
        "0", rule="poverty_scorecard", code=FINDINGS,
    ),
    Slip(
        "a figure that names an unknown fact", LINES, "    value: income / adult_equivalents\n", "    value: incomme / 2\n",
        "There is no fact `incomme`", rule="median_equivalised_income", code=FINDINGS,
    ),
    Slip(
        "a line that names an unknown figure", LINES, "0.60 * median_equivalised_income", "0.60 * median_income",
        "There is no figure or parameter `median_income`", at="relative_line:", rule="relative_line",
        code=FINDINGS,
    ),
]  # fmt: skip

# --- figures, units, dates -------------------------------------------------------------------------------------------

FIGURES = [
    Slip(
        "a month compared with a year", FACTS, CONSUMED, CONSUMED.replace("year", "month"),
        "`XTS/month` and `XTS/year` cannot be compared", at=BELOW, told_in=ENTRY, rule="below_national_line",
        code=FINDINGS,
    ),
    Slip("a figure without a date", NEEDS, SHARE, "        values: 0.65", "figures are dated"),
    Slip("a figure without any value", NEEDS, SHARE, "        values: {}", "at least one dated value is needed"),
    Slip(
        "a figure dated after the rule that uses it", NEEDS, SHARE, "        values: {2010-01-01: 0.65}",
        "`food_share_max` has no value on 2004-01-01", at="food_share_max * consumption",
        rule="food_stress", code=FINDINGS,
    ),
    Slip(
        "a line dated after the rule that uses it", LINES, "      2004-01-01: 1180.0\n", "",
        "The line `national_line` has no value on 2004-01-01",
        at=BELOW, told_in=ENTRY, rule="below_national_line", code=FINDINGS,
    ),
    Slip("a day that no calendar has", NEEDS, "from: 2012-01-01", "from: 2012-02-30", "there is no such day"),
    Slip("a date in another order", NEEDS, "from: 2012-01-01", "from: 01.01.2012", "a date is expected here"),
    Slip("a figure in quotes", LINES, "2023-01-01: 2124.2", "2023-01-01: '2124.2'", "a number is expected here"),
    Slip("a comma between thousands", LINES, "2023-01-01: 2124.2", "2023-01-01: 2,124.2", "a number is expected here"),
    Slip("a figure that is not a number", NEEDS, SHARE, "        values: {2004-01-01: .nan}", "`.nan` is not a number"),
    Slip(
        "a figure of fifty digits", NEEDS, SHARE, f"        values: {{2004-01-01: {'9' * 50}}}", "A number of 50 digits",
    ),
    Slip(
        "a figure beyond counting", NEEDS, SHARE, "        values: {2004-01-01: 1e300}", "too large to be counted exactly",
        at="food_share_max * consumption", rule="food_stress", code=FINDINGS,
    ),
    Slip(
        "two values on one day", LINES, "2023-01-01: 2124.2", "2020-01-01: 2124.2", "`2020-01-01` stands twice",
        at="2020-01-01: 2124.2",
    ),
    Slip(
        "money in a unit without a currency", FACTS, CONSUMED, CONSUMED.replace("XTS", "person"),
        "The unit `person/year` does not name the currency XTS", at="  consumption:",
        rule="consumption", code=FINDINGS,
    ),
    Slip(
        "money without a unit", FACTS, CONSUMED, CONSUMED.replace("    unit: XTS/year\n", ""),
        "a money fact needs its unit", at="  consumption:",
    ),
    Slip(
        "a unit that is none", FACTS, "unit: XTS/year\n        values: {2004-01-01: 60000",
        "unit: XTS//year\n        values: {2004-01-01: 60000", "`XTS//year` is not a unit", at="large_turnover:",
        code=FINDINGS,
    ),
    Slip("a scale below nought", FACTS, "scale: 2\n    unit: adult_equivalent", "scale: -2\n    unit: adult_equivalent", "at least 0"),
    Slip(
        "a decimal without a scale", FACTS, "    scale: 2\n    unit: adult_equivalent", "    unit: adult_equivalent",
        "a decimal fact needs its scale", at="  adult_equivalents:",
    ),
    Slip(
        "a least that is more than the most", FACTS, SIZE, SIZE.replace("1", "60", 1).replace("max: 60", "max: 1"),
        "min is larger than max", at="  household_size:",
    ),
    Slip("a line with values and formulas", LINES, "    formulas:\n      2004-01-01: 0.60", "    values: {2004-01-01: 1}\n    formulas:\n      2004-01-01: 0.60", "either dated values or dated formulas", at="  relative_line:"),
]  # fmt: skip

# --- names, editions, lists ------------------------------------------------------------------------------------------

NAMES = [
    Slip(
        "a standard without a source", NEEDS,
        '    source: "World Food Programme, CARI guidance, food expenditure share: 50, 65 and 75 % separate the four groups."\n',
        "", "`source` is missing in standards.food_stress", at="  food_stress:",
    ),
    Slip(
        "a figure without a source", NEEDS,
        '        source: "World Food Programme, CARI guidance: above 65 % is a high food expenditure share."\n',
        "", "`source` is missing in standards.food_stress.parameters.food_share_max", at="food_share_max:",
    ),
    Slip("an id with a capital letter", NEEDS, "  food_stress:\n", "  Food_stress:\n", "Ids are snake_case"),
    Slip("an id with a blank", NEEDS, "  food_stress:\n", "  food stress:\n", "Ids are snake_case"),
    Slip(
        "an id that conditions use for something else", ENTRY, "  near_national_line:\n", "  weight:\n",
        "`weight` has a meaning of its own", rule="weight", code=FINDINGS,
    ),
    Slip(
        "an id that a fact has already", ENTRY, "  near_national_line:\n", "  consumption:\n",
        "`consumption` names two things", rule="consumption", code=FINDINGS,
    ),
    Slip(
        "an id that another file has already", EXIT, "  household_exit:\n", "  entry:\n",
        "`entry` is defined a second time", at="  entry:\n", told_in=ENTRY, rule="entry",
    ),
    Slip(
        "a test that hides a fact", EXIT, FIRST_EXIT, FIRST_EXIT.replace("stably_above_line", "electricity"),
        "`electricity` is used again inside `household_exit`", rule="household_exit", code=FINDINGS,
    ),
    Slip(
        "two editions on one day", ENTRY, "      - from: 2018-01-01\n        tests:\n          below_line",
        "      - from: 2004-01-01\n        tests:\n          below_line", "Two editions begin on 2004-01-01",
        rule="entry", code=FINDINGS,
    ),
    Slip(
        "a pilot without areas", NEEDS, TOILETS, TOILETS.replace("announced", "pilot"), "a pilot edition names its areas",
    ),
    Slip("an edition without a first day", NEEDS, f"      - from: 2004-01-01\n{LIGHT}", "      - met: not electricity\n", "`from` is missing"),
    Slip("a standard without an edition", NEEDS, f"      - from: 2004-01-01\n{LIGHT}", "      []\n", "something must stand here", at="editions:\n      []"),
    Slip(
        "a text that lacks a language", NEEDS, "      fr: Le ménage vit-il sans électricité ?\n", "",
        "The text is missing in: fr", at="question:\n      en: Does the household live without electricity", code=FINDINGS,
    ),
    Slip(
        "a headline that names no standard", PACK, "headline: [below_national_line,", "headline: [deprivation_score,",
        "The headline names `deprivation_score`, which is no standard", code=FINDINGS,
    ),
    Slip(
        "a severity that names no score", ENTRY, "severity: deprivation_score", "severity: below_national_line",
        "The severity names `below_national_line`, which is no score", rule="entry", code=FINDINGS,
    ),
    Slip(
        "points that miss a code", CARD, "              vip: 5\n", "", "The points and the codes of `toilet` differ: vip",
        at="- fact: toilet", rule="poverty_scorecard", code=FINDINGS,
    ),
    Slip(
        "points for a code that does not exist", CARD, "points: {tiles_concrete: 6,", "points: {gold: 9, tiles_concrete: 6,",
        "The points and the codes of `roof` differ: gold", at="- fact: roof",
        rule="poverty_scorecard", code=FINDINGS,
    ),
    Slip(
        "a table of chances that rises and falls", CARD, "          10: 0.58\n", "          10: 0.98\n",
        "The probabilities neither rise nor fall", at="probability:", rule="poverty_scorecard", code=FINDINGS,
    ),
    Slip("a chance above one", CARD, "          -40: 0.95\n", "          -40: 9.5\n", "it must be at most 1"),
    Slip(
        "categories without a last one", ENTRY, ELSEWHERE, ELSEWHERE.replace("otherwise: true", "when: near_national_line"),
        "the last category, and only the last, says `otherwise: true`", at="- from: 2018-01-01\n        categories",
    ),
    Slip(
        "a category that stands twice", ENTRY, "          - id: near_poor\n", "          - id: crisis\n",
        "The category `crisis` stands twice", at="- from: 2018-01-01\n        categories", rule="support_level", code=FINDINGS,
    ),
    Slip("a tier that stands twice", PACK, "  - id: district\n", "  - id: region\n", "`region` stands twice", at="tiers:"),
    Slip("a figure by a tier that does not exist", LINES, "    by: region ", "    by: county ", "`county` is no tier", rule="regional_median_consumption", code=FINDINGS),
    Slip("a question without days to reply", CHECKS, "    reply_days: 15\n    asks:\n      en: >-\n        The register of vehicles names someone of your household as the owner of a car", "    asks:\n      en: >-\n        The register of vehicles names someone of your household as the owner of a car", "how many days there are to reply", at="  recent_car:"),
    Slip("something proposed that nobody may propose", ENTRY, "proposes: entry", "proposes: prison", "write one of: 'entry', 'exit' or 'question'"),
    Slip("a key that is misspelt", PACK, "retention_years: 10", "retention_yers: 10", "`retention_yers` is not a key that is known here"),
    Slip("a currency that is no code", PACK, "  code: XTS ", "  code: shilling ", "three capitals"),
    Slip(
        "a core fact with codes of its own", FACTS, "      urban: {en: Town, fr: Ville}\n", "      city: {en: Town, fr: Ville}\n",
        "is a core fact and has no code city", at="  settlement:", rule="settlement", code=FINDINGS,
    ),
    Slip(
        "a register that is not declared", PACK, "  property:\n    label: {en: Land and property register, fr: Registre foncier}\n", "",
        "There is no register `property`", at="  property_kind:", told_in=FACTS, rule="property_kind", code=FINDINGS,
    ),
]  # fmt: skip

# --- the text itself -------------------------------------------------------------------------------------------------

TEXTS = [
    light_line("a bracket that is never closed", "        met: [electricity\n", "This is not readable as YAML"),
    light_line("an anchor", "        met: &light not electricity\n", "Anchors, aliases and tags are not used here"),
    light_line("an alias", "        met: *light\n", "Anchors, aliases and tags are not used here"),
    light_line("a merge key", "        <<: {met: not electricity}\n", "Merge keys (<<) are not used here"),
    light_line("a tag that would run a program", "        met: !!python/object/apply:os.system ['touch x']\n", "tags are not used"),
    light_line("a tab", "\tmet: not electricity\n", "found a tab character"),
    light_line("a hundred levels", f"        met: {'[' * 100}{']' * 100}\n", "More than 30 levels are nested here"),
    light_line("a condition of five thousand letters", f"        met: {'not ' * 1250}electricity\n", "it is too long"),
    light_line("no condition at all", "        met:\n", "something must stand here"),
    Slip("a key that stands twice", ENTRY, "    proposes: entry\n", "    proposes: entry\n    proposes: exit\n", "`proposes` stands twice", at="proposes: exit"),
    Slip("a yes for true", FACTS, "    given: true\n", "    given: yes\n", "`yes` is neither a plain yes-or-no nor clearly a word"),
    Slip("two documents in one file", NEEDS, "\nstandards:\n", "\n---\nstandards:\n", "A second document begins here", at="---"),
]  # fmt: skip


@pytest.mark.parametrize("slip", [*CONDITIONS, *FIGURES, *NAMES, *TEXTS], ids=as_sentence)
def test_a_check_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slip: Slip) -> None:
    desk = Desk(tmp_path, monkeypatch)
    place = slip.made(desk.pack())
    desk.refuses("pack", "check", "pack", code=slip.code, place=place, says=slip.says)


EVERYWHERE = [CONDITIONS[0], CONDITIONS[6], CONDITIONS[30], FIGURES[0], NAMES[12], TEXTS[0]]


@pytest.mark.parametrize("slip", EVERYWHERE, ids=as_sentence)
def test_nobody_is_swept_or_compared_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swept: Swept, slip: Slip
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    desk.snapshot(swept.folder)
    place = slip.made(desk.pack())
    desk.refuses(*sweeping(pack="pack"), code=DATA, place=place, says=slip.says)
    compared = ["pack", "diff", "template", "pack", "--snapshot", "snapshot"]
    desk.refuses(*compared, code=DATA, place=f"pack/{place}", says=slip.says)


# --- whole files -----------------------------------------------------------------------------------------------------


def _a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _more(text: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


FOREIGN_LINE = next(n for n, text in enumerate((TEMPLATE / FACTS).open(encoding="utf-8"), 1) if not text.isascii())

FILES = [
    ("an empty file", lambda file: file.write_text(""), "facts.yaml:1", "does not hold `key: value` lines"),
    ("a file of comments", lambda file: file.write_text("# to do\n"), "facts.yaml:1", "does not hold `key: value` lines"),
    ("a list where keys belong", lambda file: file.write_text("- 1\n"), "facts.yaml:1", "does not hold `key: value` lines"),
    ("a missing file", Path.unlink, "facts.yaml", "No such file or directory"),
    ("a folder instead of a file", _a_folder, "facts.yaml", "Is a directory"),
    ("five megabytes of text", _more("#" * 5_000_000), "facts.yaml", "The file is too large"),
    ("a million brackets", lambda file: file.write_text("facts: " + "[" * 1_000_000), "facts.yaml:1", "More than 30 levels"),
    ("text in UTF-16", lambda file: file.write_bytes(file.read_text(encoding="utf-8").encode("utf-16")), "facts.yaml:1", "not UTF-8"),
    ("text in Latin-1", lambda file: file.write_bytes(file.read_text(encoding="utf-8").encode("latin-1", "replace")), f"facts.yaml:{FOREIGN_LINE}", "not UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "place", "says"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_file_of_a_pack_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], object], place: str, says: str
) -> None:
    desk = Desk(tmp_path, monkeypatch)
    spoil(desk.pack() / "facts.yaml")
    desk.refuses("pack", "check", "pack", code=DATA, place=place, says=says)


def test_a_control_character_is_placed_on_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    text = change(desk.pack() / "facts.yaml", "  eldest_age:\n", "  eldest_age: \0\n")
    place = f"facts.yaml:{line_of(text, 'eldest_age: ')}"
    desk.refuses("pack", "check", "pack", code=DATA, place=place, says="control characters are not allowed")


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(lambda folder: None, id="a path where nothing is"),
        pytest.param(Path.mkdir, id="an empty folder"),
        pytest.param(lambda folder: folder.write_text("id: x\n"), id="a file"),
    ],
)
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
        - {kind: visit, reasons: [entry], unknown: []}
"""
EXAMPLES = [
    Slip(
        "an example with a fact that nobody asks", "examples/alone.yaml", "consumption: 900", "consumtion: 900",
        "gives a household the fact `consumtion`, which it does not have", at="  alone:", rule="alone",
        code=FINDINGS,
    ),
    Slip(
        "an example that expects another answer", "examples/alone.yaml", "{below_national_line: met}",
        "{below_national_line: not_met}", "`below_national_line` is met, expected not_met", at="  alone:",
        rule="alone", code=FINDINGS,
    ),
    Slip(
        "an example that expects an answer of no rule", "examples/alone.yaml", "{below_national_line: met}", "{rich: met}",
        "expects an answer of `rich`, which is no rule", at="  alone:", rule="alone", code=FINDINGS,
    ),
    Slip(
        "an example without a day", "examples/alone.yaml", "    as_of: 2019-06-30\n", "",
        "`as_of` is missing in examples.alone", at="  alone:",
    ),
]  # fmt: skip


@pytest.mark.parametrize("slip", EXAMPLES, ids=as_sentence)
def test_a_broken_example_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slip: Slip) -> None:
    desk = Desk(tmp_path, monkeypatch)
    pack = desk.pack()
    (pack / "examples").mkdir()
    (pack / "examples" / "alone.yaml").write_text(LONELY, encoding="utf-8")
    desk.refuses("pack", "check", "pack", code=slip.code, place=slip.made(pack), says=slip.says)
