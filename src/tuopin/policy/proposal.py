"""How is a proposal written, so that a person can decide on it: for whom, by which rule, why, and what nobody knows?"""

from __future__ import annotations

import hashlib

from sqlglot import exp

from tuopin.policy import arithmetic, sql
from tuopin.policy.dated import in_force
from tuopin.policy.files import HOUSEHOLD, Standard
from tuopin.policy.meaning import Number, Truth, never_asked
from tuopin.policy.rules_plan import RulesPlan
from tuopin.policy.sql import Sql
from tuopin.terms import Answer


def proposals(
    rules: RulesPlan, rule: str, *, stage: str, kind: str, when: Answer, also: Sql | None = None
) -> exp.Select:
    """Households, or areas, for which a rule gives an answer, as proposals, from the table `evaluated`.

    Args:
        rules: the compiled rules.
        rule: the standard that proposes.
        stage: the stage that asks.
        kind: what is proposed (see tables.schema.PROPOSALS).
        when: the answer of the rule that calls for the proposal.
        also: a further condition.

    Returns:
        A query with the columns of PROPOSALS. `reasons` are the parts of the rule that gave this answer; `unknown` the
        facts that nobody knows and that a part which cannot tell would need.
    """
    standard = rules.standards[rule]
    column = Truth(sql.column(rule))
    low, high = _severity(standard)
    reasons = [rule] if kind == "question" else []
    columns: dict[str, Sql] = {
        "proposal_id": _key(rules, rule, stage, kind),
        "household_id": sql.column("household_id") if rules.of == HOUSEHOLD else sql.unknown("varchar"),
        "area_code": sql.column("area_code"),
        "stage": sql.text(stage),
        "kind": sql.text(kind),
        "rule": sql.text(rule),
        "edition": edition_of(rules, rule),
        "reasons": sql.text(reasons[0]) if reasons else _reasons(rules, rule, when),
        "unknown": _unknown(rules, rule) if when is Answer.CANNOT_TELL else sql.text(""),
        "severity_low": low,
        "severity_high": high,
        "reply_days": sql.cast(sql.integer(standard.reply_days), "bigint")
        if standard.reply_days
        else sql.unknown("bigint"),
    }
    return sql.select(columns, sql.table("evaluated"), [gives(column, when), *([also] if also is not None else [])])


def or_visits(rules: RulesPlan, rule: str, *, stage: str, kind: str) -> list[exp.Select]:
    """What a rule proposes where it is met, and a visit where nobody can tell."""
    return [
        proposals(rules, rule, stage=stage, kind=kind, when=Answer.MET),
        proposals(rules, rule, stage=stage, kind="visit", when=Answer.CANNOT_TELL),
    ]


def edition_of(rules: RulesPlan, rule: str) -> Sql:
    """The day from which the text holds that decided, which is a pilot's in the pilot's areas."""
    held = in_force(rules.rules[rule].rule.spec.editions, rules.day)
    territory = rules.facts.layout.territory
    pilots = [(territory.inside(edition.areas), sql.text(str(edition.from_))) for edition in held.pilots]
    general = sql.text(str(held.general.from_)) if held.general else sql.unknown("varchar")
    return sql.choose(pilots, otherwise=general) if pilots else general


def gives(truth: Truth, answer: Answer) -> Sql:
    """Whether a truth gives an answer: a condition that holds, and otherwise does not hold or is unknown."""
    if answer is Answer.CANNOT_TELL:
        return sql.is_unknown(truth.sql)
    return truth.sql if answer is Answer.MET else sql.deny(truth.sql)


def reason_parts(rules: RulesPlan, rule: str) -> dict[str, Truth]:
    """The parts that give a rule's reasons: its named tests, else the standards that it names, else itself."""
    compiled = rules.rules[rule]
    if compiled.tests:
        return dict(compiled.tests)
    named = {id: Truth(sql.column(id)) for id in compiled.rests_on if id in rules.standards}
    return named or {rule: Truth(sql.column(rule))}


def _reasons(rules: RulesPlan, rule: str, when: Answer) -> Sql:
    return sql.joined_text(
        sql.choose([(gives(part, when), sql.text(id))]) for id, part in reason_parts(rules, rule).items()
    )


def _unknown(rules: RulesPlan, rule: str) -> Sql:
    """Facts that are unknown and that an undecided rule reads, on a path of undecided rules up to this one."""
    needed: dict[str, list[Sql]] = {}
    for id, undecided in undecided_paths(rules, rule).items():
        for fact in rules.rules[id].reads:
            needed.setdefault(fact, []).append(undecided)
    parts = [
        sql.choose([(sql.both([fact_unknown(rules, fact), sql.either(undecided)]), sql.text(fact))])
        for fact, undecided in sorted(needed.items())
    ]
    return sql.joined_text(parts)


def undecided_paths(rules: RulesPlan, rule: str) -> dict[str, Sql]:
    """For a rule and each that it rests on: whether it cannot tell and leaves something undecided on the way up.

    A fact that only a decided rule reads would settle nothing.
    """
    paths = {rule: cannot_tell(rules, rule)}
    for id in sorted(rules.under(rule), key=lambda id: -rules.rules[id].layer):
        above = [paths[parent] for parent in paths if id in rules.rules[parent].rests_on]
        if id != rule and above:
            paths[id] = sql.both([cannot_tell(rules, id), sql.either(above)])
    return paths


def cannot_tell(rules: RulesPlan, id: str) -> Sql:
    """Whether a rule is undecided: unknown, or known only between bounds."""
    meaning = rules.rules[id].meaning
    return arithmetic.is_unknown(meaning) if isinstance(meaning, Number) else sql.is_unknown(meaning.sql)


def fact_unknown(rules: RulesPlan, fact: str) -> Sql:
    """Whether a stored fact is not known exactly."""
    meaning = rules.facts.meanings[fact]
    if never_asked(meaning):
        return sql.truth(True)
    return arithmetic.is_unknown(meaning) if isinstance(meaning, Number) else sql.is_unknown(meaning.sql)


def _severity(standard: Standard) -> tuple[Sql, Sql]:
    if standard.severity is None:
        return sql.unknown("bigint"), sql.unknown("bigint")
    return sql.column(f"{standard.severity}_low"), sql.column(f"{standard.severity}_high")


def _key(rules: RulesPlan, rule: str, stage: str, kind: str) -> Sql:
    """The same subject, rules and facts give the same key: changed facts make a new proposal."""
    closure = rules.under(rule)
    editions = ";".join(f"{id}@{','.join(str(day) for day in rules.editions(id))}" for id in sorted(closure))
    facts = sorted({fact for id in closure for fact in rules.rules[id].reads})
    seen = [sql.as_text(column) for fact in facts for column in _columns(rules, fact)]
    head = sql.text(hashlib.sha256(f"{stage};{kind};{rule};{editions}".encode()).hexdigest()[:16])
    subject = sql.column("household_id" if rules.of == HOUSEHOLD else "area_code")
    return sql.digest(sql.joined_text([subject, head, *seen], between="|"))


def _columns(rules: RulesPlan, fact: str) -> list[Sql]:
    meaning = rules.facts.meanings[fact]
    if never_asked(meaning):
        return []
    if not isinstance(meaning, Number):
        return [meaning.sql]
    if meaning.real:  # engines write doubles differently, so a share is taken in whole billionths
        billionths = [sql.cast(sql.compute("*", b, sql.integer(10**9)), "bigint") for b in (meaning.low, meaning.high)]
        return billionths[:1] if meaning.exact else billionths
    return [meaning.low] if meaning.exact else [meaning.low, meaning.high]
