"""What does a sweep say of one household, in words: what is proposed, and why?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tuopin.policy import Evaluation, Pack, folders_of, refuse_misfit
from tuopin.policy.explain import explain
from tuopin.policy.seen import CategorySeen, HouseholdSeen, ItemSeen, ScoreSeen
from tuopin.sweep.route import proposed
from tuopin.sweep.speech import Speech, language_of_pack, language_to_speak, plain_proposal
from tuopin.sweep.wording import LANGUAGES, is_singular
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine


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

    @property
    def _speech(self) -> Speech:
        return Speech(self.language, LANGUAGES[self.language])

    def _lines(self) -> Iterator[str]:
        seen, speech = self.seen, self._speech
        yield speech.say(
            "heading",
            household=seen.household,
            area=speech.path(seen.area, seen.area_names),
            pack=seen.pack,
            as_of=seen.as_of,
            facts_as_of=seen.facts_as_of,
        )
        yield speech.say("standing", standing=speech.say(seen.standing))
        yield from speech.opening(self.pack, seen.assumptions)
        yield ""
        yield from [speech.say("survey")] if self.survey else speech.proposed(self.proposals, seen.standards)
        for standard in seen.standards:
            yield ""
            yield from speech.answer(standard)
            if standard.applies != "not_met":
                yield from speech.grounds(standard)
                yield from speech.ending(standard)
        yield ""
        for score in seen.scores:
            yield from self._score(score)
        yield from (self._category(category) for category in seen.categories)

    def _score(self, score: ScoreSeen) -> Iterator[str]:
        if score.probability_low is None and score.probability_high is None:
            yield self._speech.say("score", label=score.label, value=self._speech.between(score.low, score.high))
        else:
            chance = self._speech.between(_percent(score.probability_low), _percent(score.probability_high))
            yield self._speech.say(
                "chance", label=score.label, points=self._points(score.low, score.high), chance=chance
            )
        given = [item for item in score.items if item.low == item.high]
        yield from ("  " + self._item("item", item) for item in given if Decimal(item.low or 0))
        yield from ("  " + self._item("item_unknown", item) for item in score.items if item not in given)

    def _item(self, key: str, item: ItemSeen) -> str:
        return self._speech.say(key, points=self._points(item.low, item.high), item=item.item)

    def _points(self, low: str | None, high: str | None) -> str:
        one = is_singular(self.language, Decimal(low or 0), Decimal(high or 0))
        return self._speech.say("one_point" if one else "many_points", number=self._speech.between(low, high))

    def _category(self, category: CategorySeen) -> str:
        value = category.first_label
        if category.first != category.last:
            value = self._speech.say("range", first=category.first_label, last=category.last_label)
        return self._speech.say("category", label=category.label, value=value)


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
    spoken = language_to_speak(pack, language)
    written = language_of_pack(pack, spoken) or pack.about.languages[0]
    refuse_misfit(pack, snapshot, as_of or snapshot.manifest.as_of)
    with open_engine(threads=1, folders=folders_of(snapshot)) as engine:
        evaluation = Evaluation(pack, snapshot, as_of or snapshot.manifest.as_of, engine)
        seen = explain(evaluation, household_id, written)
        survey = evaluation.layout.survey
        rows = [] if survey else proposed(engine, evaluation.rules_plan)
        proposals = [plain_proposal(pack, row, written) for row in rows]
    return Explanation(seen, proposals, pack, spoken, survey)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"
