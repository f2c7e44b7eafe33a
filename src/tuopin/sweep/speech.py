"""How is read aloud what was seen of a household or an area: a standard line by line, a fact, a number?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tuopin.policy import Pack
from tuopin.policy.seen import MembersSeen, Seen, StandardSeen, Test, Threshold
from tuopin.sweep.unit_words import unit_in_words
from tuopin.sweep.wording import LANGUAGES, Words, is_singular
from tuopin.terms import Problem, UsageError

MOST_MEMBERS = 12
"""Members whose answers are read aloud; `--json` lists all."""


@dataclass(frozen=True)
class Speech:
    """Sentences of a language.

    Attributes:
        language: of the sentences.
        words: the sentences, by key.
    """

    language: str
    words: Words

    def say(self, key: str, **values: object) -> str:
        """A sentence."""
        return self.words[key].format(**values)

    # --- places and standards ----------------------------------------------------------------------------------------

    def path(self, codes: Sequence[str], names: Sequence[str]) -> str:
        """Areas, one in the other; each with its name."""
        return " / ".join(map(self.place, codes, names))

    def place(self, code: str, name: str) -> str:
        """An area by its name and code."""
        return code if name == code else self.say("area", name=name, code=code)

    def opening(self, pack: Pack, assumptions: Sequence[Mapping[str, str]]) -> Iterator[str]:
        """What is to be known of the whole: that the pack speaks another language, and what was assumed."""
        if language_of_pack(pack, self.language) is None:
            yield self.say("pack_speaks", language=pack.about.languages[0])
        for assumed in assumptions:
            yield self.say("assumed", **assumed)

    def proposed(self, proposals: Sequence[Mapping[str, Any]], standards: Sequence[StandardSeen]) -> Iterator[str]:
        """What is proposed and why; the reasons in the pack's words."""
        if not proposals:
            yield self.say("nothing_proposed")
        tests = {standard.id: {test.id: named(test) for test in standard.parts} for standard in standards}
        for proposal in proposals:
            said = tests.get(proposal["rule"], {})
            reasons = self.say("list_mark").join(said.get(reason, reason) for reason in proposal["reasons"])
            asks = proposal.get("asks") or ""
            days = self.counted("one_day", "many_days", proposal["reply_days"] or 0)
            yield self.say(proposal["kind"], reasons=reasons, days=days, asks=asks)

    def answer(self, standard: StandardSeen) -> Iterator[str]:
        """A standard's answer and that of each of its tests, or that it is not asked here."""
        asked = standard.applies != "not_met"
        answer = self.say(standard.answer if asked else "not_asked_of")
        yield self.say("rule", question=standard.question, answer=answer, id=standard.id)
        if not asked:
            return
        for part in standard.parts:
            name = named(part) or standard.id
            yield "  " + self.say("part", id=name, answer=self.say(part.answer), condition=part.condition)

    def grounds(self, standard: StandardSeen, *, but: Collection[str] = ()) -> Iterator[str]:
        """The facts and thresholds under a standard; without those figures that were said already."""
        for fact in standard.facts:
            yield "  " + self.fact(fact)
            yield from ("    " + self._of_members(asked) for asked in fact.members)
        yield from ("  " + self.threshold(figure) for figure in standard.thresholds if figure.id not in but)

    def ending(self, standard: StandardSeen) -> Iterator[str]:
        """What would settle a standard, by which text it is, and what is announced."""
        for question in standard.settle:
            yield "  " + self.say("settle", question=question.question)
        yield "  " + self.say("source", source=standard.source.rstrip("."), since=standard.since)
        for day in standard.announced:
            yield "  " + self.say("announced", announced=day)

    # --- facts and figures -------------------------------------------------------------------------------------------

    def fact(self, fact: Seen) -> str:
        """A fact and its value."""
        return self.say("fact", label=self.sentence(self.label(fact)), value=self.value(fact))

    def threshold(self, figure: Threshold) -> str:
        """A figure of the law."""
        key = "threshold_unknown" if figure.value is None else "threshold"
        value = self._with_unit(figure.value, figure.value, figure.unit)
        return self.say(key, id=figure.id, value=value, source=figure.source.rstrip("."))

    def label(self, fact: Seen) -> str:
        """The pack's label of a fact, else ours: the pack has none for what is built in."""
        ours = self.words.get(f"{fact.fact}_asked")
        return ours if ours and fact.label == fact.fact else fact.label

    def sentence(self, label: str) -> str:
        """A label that a value can follow."""
        ended = label.rstrip().endswith(("?", "？", ":", "：", "．", "."))
        return label if ended else self.say("before_value", label=label)

    def value(self, fact: Seen) -> str:
        """The value of a fact, or the ends between which it lies."""
        if fact.fact in ("standing", "area_standing"):
            return self.say(str(fact.value))
        if fact.most is not None and (fact.value or fact.most):
            return self._with_unit(fact.value, fact.most or None, fact.unit)
        return self._known(fact.value, fact.shown, fact.unit)

    def between(self, low: str | bool | None, high: str | bool | None) -> str:
        """Two ends of a number, either of which may not be known."""
        if low is None:
            return self.say("at_most", high=short(high))
        if high is None:
            return self.say("at_least", low=short(low))
        return short(low) if low == high else self.say("between", low=short(low), high=short(high))

    def counted(self, one: str, many: str, count: int, **values: object) -> str:
        """So many of something, in the singular or plural of the language."""
        key = one if is_singular(self.language, count, count) else many
        return self.say(key, number=short(str(count)), **values)

    def _known(self, value: str | bool | None, shown: str | None, unit: str | None) -> str:
        if shown is not None:
            return shown
        if isinstance(value, bool):
            return self.say("true" if value else "false")
        return self.say("unknown") if value is None else self._with_unit(value, value, unit)

    def _with_unit(self, low: str | bool | None, high: str | bool | None, unit: str | None) -> str:
        """A number, or the ends between which it lies, and its unit in words."""
        if low is None and high is None:
            return short(None)
        number = self.between(low, high)
        if unit is None:
            return number
        one = low == high and is_singular(self.language, _whole(low), _whole(high))
        said = unit_in_words(unit, self.language, one=one)
        return number + ("" if self.language == "zh" and not said.isascii() else " ") + said

    def _of_members(self, asked: MembersSeen) -> str:
        """What each member answered, for the first few."""
        answers = [
            self.say("of_member", member=answer.member, value=self._known(answer.value, answer.shown, asked.unit))
            for answer in asked.answers
        ]
        if len(answers) > MOST_MEMBERS:
            answers[MOST_MEMBERS:] = [self.counted("one_more", "many_more", len(answers) - MOST_MEMBERS)]
        said = self.say("then").join(answers) or self.say("no_member_asked")
        return self.say("of_members", label=self.sentence(asked.label), answers=said)


def language_to_speak(pack: Pack, asked: str | None) -> str:
    """The language of the sentences: the one asked for, else the first of the pack's that there are sentences in.

    Raises:
        UsageError: there are no sentences in it.
    """
    if asked is not None and _spoken(asked) not in LANGUAGES:
        fix = f"Choose one of: {', '.join(LANGUAGES)}."
        raise UsageError(Problem(f"There is no explanation in `{asked}`.", fix=fix))
    if asked is not None:
        return _spoken(asked)
    return next((known for known in map(_spoken, pack.about.languages) if known in LANGUAGES), "en")


def language_of_pack(pack: Pack, spoken: str) -> str | None:
    """The pack's own language that is spoken as this one."""
    return next((written for written in pack.about.languages if _spoken(written) == spoken), None)


def plain_proposal(pack: Pack, row: Mapping[str, Any], written: str) -> dict[str, Any]:
    """A proposal as plain values, its reasons and unknown facts as lists, with the question of the pack."""
    standard = dict(pack.standards())[row["rule"]]
    asks = {"asks": standard.asks[written]} if standard.asks else {}
    lists = {key: [item for item in (row[key] or "").split(",") if item] for key in ("reasons", "unknown")}
    return {**row, **lists, **asks}


def named(test: Test) -> str:
    """A test in the pack's words, its id in brackets; without words its id alone."""
    return f"{test.says} [{test.id}]" if test.says else test.id


def short(number: str | bool | None) -> str:
    """A number without needless zeros, thousands parted by a narrow space."""
    try:
        value = Decimal(str(number)).normalize()
    except ArithmeticError:
        return str(number)
    return f"{value:,f}".replace(",", "\u202f")


def _whole(number: str | bool | None) -> Decimal:
    """A number that may be text, to ask whether it takes the singular; two of what is no number."""
    try:
        return Decimal(str(number))
    except ArithmeticError:
        return Decimal(2)


def _spoken(language: str) -> str:
    """The language without its script or region: zh-Hans is zh."""
    return language.split("-", 1)[0]
