"""Do a pack's rules fit together, so that nobody learns of a mistake from a refused household?

Reading (pack.py) looks at each file alone. Here names, types, units, dates, languages and references are checked over
the whole pack, on every day on which a text begins, announced texts included; all problems come at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tuopin.policy.area_facts import AREA_BUILT_IN, READINGS, EstimateError, plan_areas
from tuopin.policy.columns import declared_columns
from tuopin.policy.facts_plan import BUILT_IN, STRUCTURE, FactsPlan, plan_facts, texts_in
from tuopin.policy.figures import figure_query
from tuopin.policy.files import HOUSEHOLD, Categories, Parameter, Score, Standard, Text
from tuopin.policy.language import LanguageError, names, parse
from tuopin.policy.layout import covers_column, everything_asked, tier_column
from tuopin.policy.lines import NATIONAL, FigureValues, line_holds, line_meaning
from tuopin.policy.pack import Pack, Rule, RuleSpec
from tuopin.policy.rules_plan import rule_errors
from tuopin.policy.units import Unit
from tuopin.policy.worlds import FactError, MemberWorld
from tuopin.policy.yaml_text import Loaded, Loc
from tuopin.tables import table_named
from tuopin.terms import DataError, Place, Problem

#: Names that conditions or stored rows use for something else.
RESERVED = frozenset(
    {
        *STRUCTURE,
        *BUILT_IN[1:],
        *AREA_BUILT_IN,
        "weight",
        "member_no",
        "person_key",
        "national",
        "true",
        "false",
        "null",
    }
)


def check_pack(pack: Pack) -> list[Problem]:
    """Every problem of a pack whose files were read; none if it can be swept."""
    problems = [
        *_names(pack),
        *_languages(pack),
        *_units(pack),
        *_core_facts(pack),
        *_editions(pack),
        *_references(pack),
        *_examples(pack),
    ]
    return list(dict.fromkeys(problems or _unreadable(pack) or [*_history(pack)] or _compiled(pack)))


def checked_pack(pack: Pack) -> Pack:
    """The pack itself.

    Raises:
        DataError: it has problems.
    """
    if problems := check_pack(pack):
        raise DataError(problems)
    return pack


# --- names -----------------------------------------------------------------------------------------------------------


def _names(pack: Pack) -> Iterator[Problem]:
    """One id, one meaning, in the whole pack."""
    seen: dict[str, Place] = {}
    for id, place in _global_ids(pack):
        if id in RESERVED:
            yield Problem(
                f"`{id}` has a meaning of its own.", place, "Conditions would be ambiguous.", "Choose another id."
            )
        if id in seen:
            yield Problem(f"`{id}` names two things.", place, f"It stands already at {seen[id]}.", "Rename one.")
        seen[id] = place
    for made, maker in _made_columns(pack):
        if made in seen:
            why = f"It is the name of a column that `{maker}` makes."
            yield Problem(f"`{made}` cannot be an id here.", seen[made], why, "Rename one.")
    for register in pack.about.registers:
        if register in _TABLES:
            place = pack.place("pack.yaml", "registers", register)
            yield Problem(f"`{register}` is the name of a table.", place, "The two would be mixed up.", "Rename it.")
    for rule in pack.rules.values():
        for name, place in _local_names(rule):
            if name in seen:
                why = f"It hides the one at {seen[name]}."
                yield Problem(f"`{name}` is used again inside `{rule.id}`.", place, why, "Rename it here.")


#: Names under which a query finds its tables.
_TABLES = frozenset(
    {
        *("households", "members", "dwellings", "areas", "leads", "decisions", "matches", "standings", "open_leads"),
        *(
            "area_tiers",
            "area_parts",
            "these_areas",
            "area_standings",
            "area_decisions",
            "facts",
            "stored_facts",
            "answered",
            "answers",
            "evaluated",
            "proposals",
            "looked",
            "found",
        ),
        *("population", "before", "compared", "register"),
    }
)


def _made_columns(pack: Pack) -> Iterator[tuple[str, str]]:
    """Columns that rules, numbers, tiers and registers make beside those of their own names."""
    for rule in pack.rules.values():
        if isinstance(rule.spec, Score):
            yield from ((f"{rule.id}{end}", rule.id) for end in ("_low", "_high", "_probability"))
            yield from ((f"{rule.id}_probability{end}", rule.id) for end in ("_low", "_high"))
        elif isinstance(rule.spec, Categories):
            yield from ((f"{rule.id}{end}", rule.id) for end in ("_first", "_last"))
    for id in pack.estimates:
        yield from ((f"{id}_{reading}", id) for reading in READINGS)
    for id in (*pack.facts, *pack.derived, "household_size"):
        yield from ((f"{id}__{end}", id) for end in ("low", "high"))
    yield from ((tier_column(tier), tier) for tier in pack.tiers)
    yield from ((covers_column(register), register) for register in pack.about.registers)


def _global_ids(pack: Pack) -> Iterator[tuple[str, Place]]:
    for file, key, ids in (
        ("facts.yaml", "facts", pack.facts),
        ("facts.yaml", "derived", pack.derived),
        ("lines.yaml", "parameters", pack.parameters),
        ("lines.yaml", "figures", pack.figures),
        ("lines.yaml", "lines", pack.lines),
    ):
        for id in ids:
            yield id, replace(pack.place(file, key, id), rule=id)
    for id in pack.estimates:
        yield id, pack.place_of("estimates", id)
    for rule in pack.rules.values():
        yield rule.id, rule.place()


def _local_names(rule: Rule) -> Iterator[tuple[str, Place]]:
    for name in rule.spec.parameters:
        yield name, rule.place("parameters", name)
    if isinstance(rule.spec, Standard):
        for index, edition in enumerate(rule.spec.editions):
            for name in edition.tests:
                yield name, rule.place("editions", index, "tests", name)
                if name in rule.spec.parameters:
                    yield name, rule.place("editions", index, "tests", name)


# --- languages -------------------------------------------------------------------------------------------------------


def _languages(pack: Pack) -> Iterator[Problem]:
    """Every text stands in every language of the pack."""
    wanted = set(pack.about.languages)
    for text, place in _said(pack):
        if not wanted & set(text):
            yield Problem(f"The text is missing in: {', '.join(sorted(wanted))}.", place, _EMPTY, "Add it.")
    for loaded in pack.files.values():
        for loc, languages in _texts(loaded, wanted):
            if missing := sorted(wanted - languages):
                what = f"The text is missing in: {', '.join(missing)}."
                yield Problem(what, loaded.place(loc), _EMPTY, "Add it.")


_EMPTY = "Somebody would read an empty line."


def _said(pack: Pack) -> Iterator[tuple[Mapping[str, str], Place]]:
    """The words of each test: keys that are no languages of the pack would pass for names of tests."""
    for id, standard in pack.standards():
        for loc, said, _ in _words_of_tests(standard):
            yield from ((text, pack.rules[id].place(*loc, name)) for name, text in said.items())


def _words_of_tests(standard: Standard) -> Iterator[tuple[Loc, Mapping[str, Text], set[str]]]:
    """Where words for tests stand, the words, and the tests that they can be for."""
    yield ("says",), standard.says, {name for edition in standard.editions for name in edition.tests}
    for index, edition in enumerate(standard.editions):
        yield ("editions", index, "says"), edition.says, set(edition.tests)


def _texts(loaded: Loaded, languages: set[str]) -> Iterator[tuple[tuple[str | int, ...], set[str]]]:
    def walk(value: object, loc: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], set[str]]]:
        if isinstance(value, dict):
            if value and languages & set(value) and all(isinstance(text, str) for text in value.values()):
                yield loc, set(value)
                return
            for key, inner in value.items():
                yield from walk(inner, (*loc, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from walk(inner, (*loc, index))

    return walk(loaded.data, ())


# --- facts -----------------------------------------------------------------------------------------------------------


def _units(pack: Pack) -> Iterator[Problem]:
    """Units are words; money is in the pack's currency; registers are declared."""
    for key, facts in (("facts", pack.facts), ("derived", pack.derived)):
        for id, fact in facts.items():
            place = replace(pack.place("facts.yaml", key, id), rule=id)
            yield from _unit(pack, fact.unit, fact.type == "money", place)
            register = fact.entity.removeprefix("register:") if fact.entity.startswith("register:") else None
            if register and register not in pack.about.registers:
                yield Problem(f"There is no register `{register}`.", place, "", "Add it to `registers` in pack.yaml.")
    for id, line in pack.lines.items():
        yield from _unit(pack, line.unit, True, replace(pack.place("lines.yaml", "lines", id), rule=id))
    for place, parameter in _parameters(pack):
        yield from _unit(pack, parameter.unit, False, place)


def _unit(pack: Pack, unit: str | None, money: bool, place: Place) -> Iterator[Problem]:
    try:
        parsed = Unit.parse(unit)
    except ValueError as error:
        yield Problem(f"{error}.", place)
        return
    if money and not parsed.has(pack.currency.code):
        yield Problem(
            f"The unit `{unit}` does not name the currency {pack.currency.code}.",
            place,
            "",
            f"Write {_in_currency(str(unit), pack.currency.code)}, for example.",
        )


def _in_currency(unit: str, currency: str) -> str:
    """The unit with the pack's currency in place of another, or a year's sum where it names none."""
    named = re.sub(r"\b[A-Z]{3}\b", currency, unit)
    return named if named != unit else f"{currency}/year"


def _parameters(pack: Pack) -> Iterator[tuple[Place, Parameter]]:
    """Every parameter, and where it is written."""
    for id, parameter in pack.parameters.items():
        yield pack.place("lines.yaml", "parameters", id), parameter
    for id, derived in pack.derived.items():
        for name, parameter in derived.parameters.items():
            yield pack.place("facts.yaml", "derived", id, "parameters", name), parameter
    for rule in pack.rules.values():
        for name, parameter in rule.spec.parameters.items():
            yield rule.place("parameters", name), parameter


def _core_facts(pack: Pack) -> Iterator[Problem]:
    """A fact that every country shares keeps its type and codes."""
    for table, columns in declared_columns(pack, pack.currency).items():
        try:
            table_named(table).extended(columns)
        except DataError as error:
            for problem in error.problems:
                where = pack.place("facts.yaml", "facts", str(problem.place.column))
                yield replace(problem, place=replace(where, rule=problem.place.column))


# --- editions and references -----------------------------------------------------------------------------------------


def _editions(pack: Pack) -> Iterator[Problem]:
    """Texts of one rule follow each other in time."""
    for rule in pack.rules.values():
        starts: dict[tuple[date, str, str], int] = {}
        for index, edition in enumerate(rule.spec.editions):
            general = edition.status in ("in_force", "ended")
            key = (edition.from_, "general" if general else edition.status, ",".join(edition.areas))
            if key in starts:
                why = "Nobody could say which of the two holds."
                yield Problem(
                    f"Two editions begin on {edition.from_}.", rule.place("editions", index), why, "Date one later."
                )
            starts[key] = index
        yield from _ends_of_nothing(rule)
        if isinstance(rule.spec, Standard):
            yield from _words_of_no_test(rule, rule.spec)
        if isinstance(rule.spec, Categories):
            yield from _category_ids(rule, rule.spec)


def _ends_of_nothing(rule: Rule) -> Iterator[Problem]:
    """Only what holds can end."""
    holds = False
    applied = [(index, edition) for index, edition in enumerate(rule.spec.editions) if edition.status != "announced"]
    for index, edition in sorted(applied, key=lambda numbered: numbered[1].from_):
        if edition.status == "ended" and not holds:
            why = "No text of it holds before that day."
            what = f"`{rule.id}` ends on {edition.from_}, and has not begun."
            yield Problem(what, rule.place("editions", index), why, "Date the end later, or take it out.")
        holds = edition.status != "ended"


def _words_of_no_test(rule: Rule, standard: Standard) -> Iterator[Problem]:
    """Words are for tests that there are."""
    for loc, said, tests in _words_of_tests(standard):
        for name in sorted(set(said) - tests):
            what = f"There are words for `{name}`, which is no test here."
            yield Problem(what, rule.place(*loc, name), "", f"Tests: {', '.join(sorted(tests)) or 'none'}.")


def _category_ids(rule: Rule, categories: Categories) -> Iterator[Problem]:
    for index, edition in enumerate(categories.editions):
        ids = [category.id for category in edition.categories]
        for id in {id for id in ids if ids.count(id) > 1}:
            yield Problem(f"The category `{id}` stands twice.", rule.place("editions", index), "", "Rename one.")


def _references(pack: Pack) -> Iterator[Problem]:
    """What is named by id elsewhere exists and is of the right kind."""
    standards = dict(pack.standards())
    for id in pack.about.headline:
        if id not in standards or pack.subject(id) != HOUSEHOLD:
            yield Problem(
                f"The headline names `{id}`, which is no standard of households.",
                pack.place("pack.yaml", "headline"),
                "",
                "Name a standard.",
            )
    for id, figure in pack.figures.items():
        if figure.by not in (NATIONAL, *pack.tiers):
            place = replace(pack.place("lines.yaml", "figures", id, "by"), rule=id)
            yield Problem(f"`{figure.by}` is no tier.", place, "", f"Write national, {', '.join(pack.tiers)}.")
    yield from _subjects(pack)
    for id, standard in standards.items():
        severity = standard.severity
        if severity is not None and (severity not in pack.rules or pack.rules[severity].loc[0] != "scores"):
            yield Problem(
                f"The severity names `{severity}`, which is no score.",
                pack.rules[id].place("severity"),
                "",
                "Name a score.",
            )


#: What may be proposed for an area.
_OF_AREAS = ("exit", "warning")


def _subjects(pack: Pack) -> Iterator[Problem]:
    """Rules and estimates are asked of households or of a tier, and propose what fits these."""
    known = f"Write {HOUSEHOLD}, {', '.join(pack.tiers)}."
    for id, standard in pack.standards():
        place, of_area = pack.rules[id].place("applies_to"), standard.applies_to in pack.tiers
        if standard.applies_to != HOUSEHOLD and not of_area:
            yield Problem(f"`{standard.applies_to}` is no tier.", place, "", known)
        elif standard.proposes and (standard.proposes in _OF_AREAS) < of_area:
            what = f"For an area nothing like `{standard.proposes}` is proposed."
            yield Problem(what, pack.rules[id].place("proposes"), "", f"Write {' or '.join(_OF_AREAS)}.")
        elif standard.proposes == "warning" and not of_area:
            fix = "Write alert, or say of which tier it is asked."
            yield Problem("A warning is for an area.", pack.rules[id].place("proposes"), "", fix)
        elif standard.severity and of_area:
            why = "A score is computed for households."
            yield Problem("A standard of areas has no severity.", pack.rules[id].place("severity"), why, "Take it out.")
    for id, estimate in pack.estimates.items():
        if estimate.applies_to not in pack.tiers:
            place = pack.place_of("estimates", id, "applies_to")
            yield Problem(f"`{estimate.applies_to}` is no tier.", place, "", f"Write {', '.join(pack.tiers)}.")


def _examples(pack: Pack) -> Iterator[Problem]:
    """Examples speak of facts and rules that exist."""
    for id, example in pack.examples.items():
        place = pack.place_of("examples", id)
        rows = [("household", example.household), ("dwelling", example.dwelling or {}), ("area", example.area)]
        rows += [("member", member) for member in example.members or []]
        rows += [(f"register:{name}", row) for name, found in example.registers.items() for row in found]
        for entity, row in rows:
            yield from _example_facts(pack, entity, row, place)
        if len(example.areas) > len(pack.tiers):
            yield Problem(
                "The example names more areas than there are tiers.", place, "", f"Tiers: {', '.join(pack.tiers)}."
            )
        if example.of not in (HOUSEHOLD, *pack.tiers):
            yield Problem(f"`{example.of}` is no tier.", place, "", f"Write {HOUSEHOLD}, {', '.join(pack.tiers)}.")
        if (example.standing == "listed") > (example.of in pack.tiers):
            yield Problem("A household is not `listed`.", place, "", "Write registered, or say of which tier it is.")
        wanted = [*example.expect.answers, *example.expect.numbers, *example.expect.categories]
        for name in wanted:
            if name.removesuffix("_probability") not in pack.rules and name not in pack.estimates:
                yield Problem(
                    f"The example expects an answer of `{name}`, which is no rule.", place, "", "Check the spelling."
                )


def _example_facts(pack: Pack, entity: str, row: Mapping[str, object], place: Place) -> Iterator[Problem]:
    beside = {"household": {"area"}, "member": {"keyless"}}.get(
        entity, {"member"} if entity.startswith("register:") else set()
    )
    for name in row:
        if entity == "area" and name in AREA_BUILT_IN[:2]:
            continue
        fact = pack.facts.get(name) or pack.derived.get(name)
        if name not in beside and (fact is None or fact.entity != entity):
            yield Problem(
                f"The example gives a {entity} the fact `{name}`, which it does not have.",
                place,
                "",
                "Check the spelling.",
            )


def _unreadable(pack: Pack) -> list[Problem]:
    """Every text that is not in the language."""
    problems = []
    for text, division, place in _texts_of(pack):
        try:
            parse(text, division=division)
        except LanguageError as error:
            problems.append(Problem(error.what, place, "", error.fix))
    return problems


def _texts_of(pack: Pack) -> Iterator[tuple[str, bool, Place]]:
    """Every condition and expression: the text, whether it may divide, where it stands."""
    for id, derived in pack.derived.items():
        yield derived.rule, False, replace(pack.place("facts.yaml", "derived", id, "rule"), rule=id)
    for id, figure in pack.figures.items():
        for key, text in (("value", figure.value), ("of", figure.of)):
            if text:
                yield text, key == "value", replace(pack.place("lines.yaml", "figures", id, key), rule=id)
    for id, line in pack.lines.items():
        for day, text in ((day, text) for day, text in line.formulas.items() if text is not None):
            yield text, False, replace(pack.place("lines.yaml", "lines", id, "formulas", str(day)), rule=id)
    for rule in pack.rules.values():
        for text, loc in texts_in(rule.spec):
            yield text, False, rule.place(*loc)


def _history(pack: Pack) -> Iterator[Problem]:
    """What is kept for the record of old decisions decides nothing any more."""
    old = {id for id, fact in pack.facts.items() if fact.history}
    for text, division, place in _texts_of(pack):
        for name in sorted(old & names(parse(text, division=division))):
            why = "It is read in old records, and is neither asked nor used."
            fix = "Use another fact, or take `history` out and say why it may be used."
            yield Problem(f"A rule names `{name}`, which is history.", place, why, fix)


# --- compiling -------------------------------------------------------------------------------------------------------


def _compiled(pack: Pack) -> list[Problem]:
    """What does not compile on some day on which a text begins."""
    problems: list[Problem] = []
    announced = any(e.status == "announced" for rule in pack.rules.values() for e in rule.spec.editions)
    for reading in (pack, _as_if_in_force(pack)) if announced else (pack,):
        for day in _days(reading):
            problems += _compiled_on(reading, day)
    return problems


def _compiled_on(pack: Pack, day: date) -> list[Problem]:
    layout = everything_asked(pack, day)
    try:
        facts = plan_facts(pack, layout, day, all_facts=True)
        members = MemberWorld(pack, layout, day)
        for id in (id for id, derived in pack.derived.items() if derived.entity == "member"):
            members.lookup_or_nothing(id, {})
    except FactError as error:
        place = replace(pack.place("facts.yaml", "derived", error.fact, "rule"), rule=error.fact)
        return [Problem(error.what, place, "", error.fix)]
    return [*_figures(pack, facts), *_lines(pack, facts, day), *_rules(pack, facts, day), *_areas(pack, facts, day)]


def _figures(pack: Pack, facts: FactsPlan) -> Iterator[Problem]:
    for id in pack.figures:
        try:
            figure_query(pack, id, facts)
        except LanguageError as error:
            yield Problem(error.what, replace(pack.place("lines.yaml", "figures", id, "value"), rule=id), "", error.fix)


def _lines(pack: Pack, facts: FactsPlan, day: date) -> Iterator[Problem]:
    for id, line in pack.lines.items():
        if line_holds(line, day):
            try:
                line_meaning(pack, facts, id, day, _sample(pack))
            except LanguageError as error:
                yield Problem(error.what, replace(pack.place("lines.yaml", "lines", id), rule=id), "", error.fix)


def _rules(pack: Pack, facts: FactsPlan, day: date) -> Iterator[Problem]:
    for error in rule_errors(pack, facts, day, _sample(pack)):
        yield Problem(error.what, error.rule.place(*error.loc), "", error.fix)


def _areas(pack: Pack, facts: FactsPlan, day: date) -> Iterator[Problem]:
    """What does not compile of the areas of any tier."""
    try:
        plans = plan_areas(pack, facts, day, all_facts=True)
    except FactError as error:
        place = replace(pack.place("facts.yaml", "derived", error.fact, "rule"), rule=error.fact)
        yield Problem(error.what, place, "", error.fix)
        return
    except EstimateError as error:
        yield Problem(error.what, pack.place_of("estimates", error.estimate), "", error.fix)
        return
    for plan in plans:
        for wrong in rule_errors(pack, plan, day, _sample(pack), of=plan.tier):
            yield Problem(wrong.what, wrong.rule.place(*wrong.loc), "", wrong.fix)


def _sample(pack: Pack) -> FigureValues:
    """Some value for each figure: which one does not matter for types and units."""
    return {id: {NATIONAL: Decimal(1000)} for id in pack.figures}


def _days(pack: Pack) -> list[date]:
    """Every day on which a text begins or ends, or a figure does; a pack without rules is checked once."""
    editions = [edition for rule in pack.rules.values() for edition in rule.spec.editions]
    days = {edition.from_ for edition in editions if edition.status != "announced"}
    for series in _dated_series(pack):
        days |= {min(series), *(day for day, value in series.items() if value is None)}
    return sorted(days) or [date.max]


def _dated_series(pack: Pack) -> Iterator[Mapping[date, object]]:
    """The values of every parameter and line, and the formulas of lines."""
    yield from (parameter.values for _, parameter in _parameters(pack))
    yield from (line.values or line.formulas for line in pack.lines.values())


def _as_if_in_force(pack: Pack) -> Pack:
    """The pack as it will be when what is announced has come into force."""
    rules = {id: replace(rule, spec=_in_force(rule.spec)) for id, rule in pack.rules.items()}
    return replace(pack, rules=rules)


def _in_force(spec: RuleSpec) -> RuleSpec:
    editions = [
        edition.model_copy(update={"status": "in_force"}) if edition.status == "announced" else edition
        for edition in spec.editions
    ]
    return spec.model_copy(update={"editions": editions})
