"""What does a sweep say of one household, in words: what is proposed, and why?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tuopin.policy import Evaluation, Pack, folders_of, refuse_misfit
from tuopin.policy.explain import explain
from tuopin.policy.seen import CategorySeen, HouseholdSeen, ItemSeen, MembersSeen, ScoreSeen, Seen, StandardSeen, Test
from tuopin.sweep.route import proposed
from tuopin.sweep.wording import LANGUAGES, is_singular
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.terms import Problem, UsageError

MOST_MEMBERS = 12
"""Members whose answers are read aloud; `--json` lists all."""


@dataclass(frozen=True)
class Explanation:
    """One household, explained.

    Attributes:
        seen: every test, score and category, with the facts and thresholds it saw.
        proposals: what a sweep proposes for the household; empty for a survey.
        pack: the policy.
        language: of the words.
        survey: the snapshot gives estimates, never cases.
    """

    seen: HouseholdSeen
    proposals: list[dict[str, Any]]
    pack: Pack
    language: str
    survey: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.seen.to_dict(), "proposals": self.proposals, "language": self.language}

    def lines(self) -> list[str]:
        """The explanation as plain lines, most important first; two spaces indent what belongs to the line above."""
        return list(self._lines())

    def _say(self, key: str, **values: object) -> str:
        return LANGUAGES[self.language][key].format(**values)

    def _named(self, code: str, name: str) -> str:
        return code if name == code else self._say("area", name=name, code=code)

    def _lines(self) -> Iterator[str]:
        seen = self.seen
        area = " / ".join(map(self._named, seen.area, seen.area_names))
        yield self._say(
            "heading",
            household=seen.household,
            area=area,
            pack=seen.pack,
            as_of=seen.as_of,
            facts_as_of=seen.facts_as_of,
        )
        yield self._say("standing", standing=self._say(seen.standing))
        if _of_pack(self.pack, self.language) is None:
            yield self._say("pack_speaks", language=self.pack.about.languages[0])
        for assumed in seen.assumptions:
            yield self._say("assumed", **assumed)
        yield ""
        yield from self._proposed()
        for standard in seen.standards:
            yield ""
            yield from self._standard(standard)
        yield ""
        for score in seen.scores:
            yield from self._score(score)
        yield from (self._category(category) for category in seen.categories)

    def _proposed(self) -> Iterator[str]:
        if self.survey:
            yield self._say("survey")
        elif not self.proposals:
            yield self._say("nothing_proposed")
        for proposal in self.proposals:
            said = {test.id: _named(test) for test in self._tests_of(proposal["rule"])}
            reasons = ", ".join(said.get(reason, reason) for reason in proposal["reasons"])
            asks = proposal.get("asks") or ""
            days = self._counted("one_day", "many_days", proposal["reply_days"] or 0)
            yield self._say(proposal["kind"], reasons=reasons, days=days, asks=asks)

    def _tests_of(self, rule: str) -> Iterator[Test]:
        yield from (test for standard in self.seen.standards if standard.id == rule for test in standard.parts)

    def _standard(self, standard: StandardSeen) -> Iterator[str]:
        yield self._say("rule", question=standard.question, answer=self._say(standard.answer), id=standard.id)
        if standard.applies == "not_met":
            yield "  " + self._say("not_asked_of")
            return
        for part in standard.parts:
            yield "  " + self._say(
                "part", id=_named(part) or standard.id, answer=self._say(part.answer), condition=part.condition
            )
        for fact in standard.facts:
            yield "  " + self._say("fact", label=self._sentence(self._label(fact)), value=self._value(fact))
            yield from ("    " + self._of_members(asked) for asked in fact.members)
        for figure in standard.thresholds:
            key = "threshold_unknown" if figure.value is None else "threshold"
            value = _with_unit(_short(figure.value), figure.unit)
            yield "  " + self._say(key, id=figure.id, value=value, source=figure.source.rstrip("."))
        for question in standard.settle:
            yield "  " + self._say("settle", question=question.question)
        yield "  " + self._say("source", source=standard.source.rstrip("."), since=standard.since)
        for day in standard.announced:
            yield "  " + self._say("announced", announced=day)

    def _label(self, fact: Seen) -> str:
        """The pack's label of a fact, else ours: the pack has none for what is built in."""
        ours = LANGUAGES[self.language].get(f"{fact.fact}_asked")
        return ours if ours and fact.label == fact.fact else fact.label

    def _sentence(self, label: str) -> str:
        ended = label.rstrip().endswith(("?", "？", ":", "：", "．", "."))
        return label if ended else self._say("before_value", label=label)

    def _value(self, fact: Seen) -> str:
        if fact.fact == "standing":
            return self._say(str(fact.value))
        if fact.most is not None and (fact.value or fact.most):
            return _with_unit(self._between(fact.value, fact.most or None), fact.unit)
        return self._known(fact.value, fact.shown, fact.unit)

    def _known(self, value: str | bool | None, shown: str | None, unit: str | None) -> str:
        if shown is not None:
            return shown
        if isinstance(value, bool):
            return self._say("true" if value else "false")
        return self._say("unknown") if value is None else _with_unit(_short(value), unit)

    def _of_members(self, asked: MembersSeen) -> str:
        """What each member answered, for the first few."""
        answers = [
            self._say("of_member", member=answer.member, value=self._known(answer.value, answer.shown, asked.unit))
            for answer in asked.answers
        ]
        if len(answers) > MOST_MEMBERS:
            answers[MOST_MEMBERS:] = [self._counted("one_more", "many_more", len(answers) - MOST_MEMBERS)]
        said = self._say("then").join(answers) or self._say("no_member_asked")
        return self._say("of_members", label=self._sentence(asked.label), answers=said)

    def _between(self, low: str | bool | None, high: str | None) -> str:
        if low is None:
            return self._say("at_most", high=_short(high))
        if high is None:
            return self._say("at_least", low=_short(low))
        return _short(low) if low == high else self._say("between", low=_short(low), high=_short(high))

    def _score(self, score: ScoreSeen) -> Iterator[str]:
        if score.probability_low is None and score.probability_high is None:
            yield self._say("score", label=score.label, value=self._between(score.low, score.high))
        else:
            chance = self._between(_percent(score.probability_low), _percent(score.probability_high))
            yield self._say("chance", label=score.label, points=self._points(score.low, score.high), chance=chance)
        given = [item for item in score.items if item.low == item.high]
        yield from ("  " + self._item("item", item) for item in given if Decimal(item.low or 0))
        yield from ("  " + self._item("item_unknown", item) for item in score.items if item not in given)

    def _item(self, key: str, item: ItemSeen) -> str:
        return self._say(key, points=self._points(item.low, item.high), item=item.item)

    def _points(self, low: str | None, high: str | None) -> str:
        one = is_singular(self.language, Decimal(low or 0), Decimal(high or 0))
        return self._say("one_point" if one else "many_points", number=self._between(low, high))

    def _counted(self, one: str, many: str, count: int) -> str:
        return self._say(one if is_singular(self.language, count, count) else many, number=count)

    def _category(self, category: CategorySeen) -> str:
        value = category.first_label
        if category.first != category.last:
            value = self._say("range", first=category.first_label, last=category.last_label)
        return self._say("category", label=category.label, value=value)


def explain_household(
    *, pack: Pack, snapshot: Snapshot, household_id: str, as_of: date | None = None, language: str | None = None
) -> Explanation:
    """Explain what the policy says of one household.

    Args:
        pack: a checked pack.
        snapshot: an opened snapshot.
        household_id: the household's id in it.
        as_of: the policy's day; default: the snapshot's own.
        language: of the sentences (see wording.LANGUAGES; zh-Hans is spoken as zh); default: the first of the pack's
            that is one of these. Where the pack has no text in it, its own words stay in its first language.

    Raises:
        UsageError: there is no such household, no sentences in the language, or no rule of the pack is in force on the
            day.
        DataError: the pack does not fit the snapshot.
    """
    spoken = _language(pack, language)
    written = _of_pack(pack, spoken) or pack.about.languages[0]
    refuse_misfit(pack, snapshot, as_of or snapshot.manifest.as_of)
    with open_engine(threads=1, folders=folders_of(snapshot)) as engine:
        evaluation = Evaluation(pack, snapshot, as_of or snapshot.manifest.as_of, engine)
        seen = explain(evaluation, household_id, written)
        survey = evaluation.layout.survey
        proposals = [] if survey else [_plain(pack, row, written) for row in proposed(engine, evaluation.rules_plan)]
    return Explanation(seen, proposals, pack, spoken, survey)


def _language(pack: Pack, language: str | None) -> str:
    if language is not None and _spoken(language) not in LANGUAGES:
        fix = f"Choose one of: {', '.join(LANGUAGES)}."
        raise UsageError(Problem(f"There is no explanation in `{language}`.", fix=fix))
    if language is not None:
        return _spoken(language)
    return next((known for known in map(_spoken, pack.about.languages) if known in LANGUAGES), "en")


def _spoken(language: str) -> str:
    """The language without its script or region: zh-Hans is zh."""
    return language.split("-", 1)[0]


def _of_pack(pack: Pack, language: str) -> str | None:
    """The pack's own language that is spoken as this one."""
    return next((written for written in pack.about.languages if _spoken(written) == language), None)


def _plain(pack: Pack, row: dict[str, Any], written: str) -> dict[str, Any]:
    standard = dict(pack.standards())[row["rule"]]
    asks = {"asks": standard.asks[written]} if standard.asks else {}
    lists = {key: [item for item in (row[key] or "").split(",") if item] for key in ("reasons", "unknown")}
    return {**row, **lists, **asks}


def _named(test: Test) -> str:
    """A test in the pack's words, its id in brackets; without words its id alone."""
    return f"{test.says} [{test.id}]" if test.says else test.id


def _short(number: str | bool | None) -> str:
    """A number without needless zeros, thousands parted by a narrow space."""
    try:
        value = Decimal(str(number)).normalize()
    except ArithmeticError:
        return str(number)
    return f"{value:,f}".replace(",", "\u202f")


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"


def _with_unit(number: str, unit: str | None) -> str:
    return f"{number} {unit}" if unit else number
