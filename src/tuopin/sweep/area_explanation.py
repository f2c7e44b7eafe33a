"""What does a sweep say of one area, in words: its gates, what its samples show, what is proposed, and why?"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tuopin.policy import AreaEvaluation, AreaFactsPlan, Evaluation, Pack, folders_of, refuse_misfit
from tuopin.policy.area_facts import READINGS
from tuopin.policy.area_seen import AreaSeen, AreaStandardSeen, AskedBelow, EstimateSeen, GateSeen, OpenCount
from tuopin.policy.explain_area import explain_area as explain
from tuopin.sweep.area_wording import LANGUAGES
from tuopin.sweep.estimates import careful_confidence, estimating_on
from tuopin.sweep.route import proposed
from tuopin.sweep.speech import Speech, language_of_pack, language_to_speak, plain_proposal, short
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.terms import Place, Problem, UsageError

MOST_QUESTIONS = 5
"""Questions to households that are read aloud for one count; `--json` lists all."""


MOST_DIGITS = 8


@dataclass(frozen=True)
class AreaExplanation:
    """One area, explained.

    Attributes:
        seen: every standard of its tier, with the counts, samples and thresholds it saw.
        proposals: what a sweep proposes for the area.
        pack: the policy.
        language: of the words.
    """

    seen: AreaSeen
    proposals: list[dict[str, Any]]
    pack: Pack
    language: str

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
            "heading" if seen.above else "heading_top",
            tier=seen.tier_label,
            area=speech.place(seen.area, seen.name),
            above=speech.path(seen.above, seen.above_names),
            pack=seen.pack,
            as_of=seen.as_of,
            facts_as_of=seen.facts_as_of,
        )
        standing = "standing" if seen.standing_since is None else "standing_since"
        yield speech.say(standing, standing=speech.say(seen.standing), since=seen.standing_since)
        yield from speech.opening(self.pack, seen.assumptions)
        yield ""
        yield from speech.proposed(self.proposals, seen.standards)
        for standard in seen.standards:
            yield ""
            yield from speech.answer(standard)
            if standard.applies != "not_met":
                yield from self._grounds(standard)

    def _grounds(self, standard: AreaStandardSeen) -> Iterator[str]:
        speech = self._speech
        gates = [gate for estimate in standard.estimates for gate in estimate.gates]
        yield from speech.grounds(standard, but={gate.figure for gate in gates})
        for estimate in standard.estimates:
            yield from self._estimate(estimate, standard)
        for count in standard.open:
            yield from self._open(count)
        yield from speech.ending(standard)

    # --- samples -----------------------------------------------------------------------------------------------------

    def _estimate(self, estimate: EstimateSeen, standard: AreaStandardSeen) -> Iterator[str]:
        speech = self._speech
        if estimate.point is None:
            why = speech.say(estimate.missing or "counts_unknown")
            yield "  " + speech.say("no_estimate", label=estimate.label, why=why)
        else:
            yield "  " + speech.say(
                "estimate",
                label=estimate.label,
                **{reading: self._reading(estimate, reading) for reading in READINGS},
                confidence=self._percent(float(estimate.confidence)),
                decides=speech.say(estimate.decides),
            )
        yield from ("    " + speech.fact(count) for count in estimate.counts)
        if estimate.extrapolated:
            labels = {one.id: one.label for one in standard.estimates}
            shares = speech.say("list_mark").join(labels[id] for id in estimate.extrapolated)
            careful = careful_confidence(float(estimate.confidence), len(estimate.extrapolated))
            yield "    " + speech.say("carries_over", shares=shares, careful=self._percent(careful))
        own = [gate for gate in estimate.gates if gate.standard == standard.id]
        yield from ("    " + self._gate(gate) for gate in own)

    def _gate(self, gate: GateSeen) -> str:
        speech, source = self._speech, gate.source.rstrip(".")
        if gate.value is None:
            return speech.say("gate_unknown", figure=gate.figure, source=source)
        value = self._percent(float(gate.value))
        said = {"word": speech.say(gate.word), "value": value, "answer": speech.say(gate.answer)}
        if not gate.figure:
            return speech.say("gate_bare", **said)
        return speech.say("gate", figure=gate.figure, source=source, **said)

    def _reading(self, estimate: EstimateSeen, name: str) -> str:
        """A share in hundredths, told apart from the limits that the estimate is held against; its ends, if it has two.

        Of a bound that does not decide, the end that holds in any case is enough.
        """
        limits = limits_of(estimate)
        low, high = (self._percent(share, limits) for share in estimate.reading(name) or (0.0, 0.0))
        if low == high or (name == "lower" and estimate.decides != name):
            return low
        if name == "upper" and estimate.decides != name:
            return high
        return self._speech.say("between", low=low, high=high)

    def _percent(self, share: float, limits: Collection[float] = ()) -> str:
        return self._speech.say("percent", share=hundredths(share, beside=limits))

    # --- what would settle it ----------------------------------------------------------------------------------------

    def _open(self, count: OpenCount) -> Iterator[str]:
        speech = self._speech
        label, value = speech.sentence(speech.label(count.seen)), speech.value(count.seen)
        if all(question.households is None for question in count.questions):
            yield "  " + speech.say("never_counted", label=label, value=value)
        else:
            yield "  " + speech.counted("one_keeps_open", "many_keep_open", count.households, label=label, value=value)
        asked = count.questions[:MOST_QUESTIONS]
        yield from ("    " + self._question(question) for question in asked)
        if more := len(count.questions) - len(asked):
            yield "    " + speech.counted("one_more_question", "more_questions", more)

    def _question(self, asked: AskedBelow) -> str:
        speech = self._speech
        question = speech.words.get(f"{asked.fact}_asked", asked.question)
        if asked.households is None:
            return speech.say("nobody_asked", question=question)
        return speech.counted("one_to_ask", "many_to_ask", asked.households, question=question)


def explain_area(
    *, pack: Pack, snapshot: Snapshot, area: str, as_of: date | None = None, language: str | None = None
) -> AreaExplanation:
    """Explain what the policy says of one area; only the households that live in it are added up.

    Args:
        pack: a checked pack.
        snapshot: an opened snapshot, of a register.
        area: the area's code in it.
        as_of: the policy's day; default: the snapshot's own.
        language: of the sentences, as for a household.

    Raises:
        UsageError: there is no such area on the day, its tier is asked nothing, the snapshot is a survey, or there are
            no sentences in the language.
        DataError: the pack does not fit the snapshot.
    """
    day = as_of or snapshot.manifest.as_of
    spoken = language_to_speak(pack, language)
    written = language_of_pack(pack, spoken) or pack.about.languages[0]
    refuse_misfit(pack, snapshot, day)
    _refuse_unknown(snapshot, area)
    with (
        tempfile.TemporaryDirectory(prefix="tuopin-") as kept,
        open_engine(threads=1, folders=[*folders_of(snapshot), Path(kept)]) as engine,
    ):
        evaluation = Evaluation(pack, snapshot, day, engine, facts_root=Path(kept))
        areas = AreaEvaluation(evaluation, estimating_on(day), within=area)
        plan = _plan(areas, area)
        areas.add_up()
        rules = areas.evaluate(plan)
        rows = proposed(engine, rules)
        seen = explain(areas, plan, rules, area, written)
    return AreaExplanation(seen, [plain_proposal(pack, row, written) for row in rows], pack, spoken)


def _refuse_unknown(snapshot: Snapshot, code: str) -> None:
    """Refuse a code that no area has, or has no longer."""
    place, day = Place(file=str(snapshot.path), table="areas"), snapshot.manifest.as_of
    area = snapshot.areas().by_code.get(code)
    if area is None:
        fix = "Check the code; areas.parquet in the snapshot lists all of them."
        raise UsageError(Problem(f"There is no area with the code {code} in the snapshot.", place, fix=fix))
    if not area.holds(day):
        why = "A sweep leaves it out."
        fix = f"Ask for {area.successor}, which took its place." if area.successor else "Ask for another."
        raise UsageError(Problem(f"The code {code} is not in use on {day}.", place, why, fix))


def _plan(areas: AreaEvaluation, code: str) -> AreaFactsPlan:
    """The plan of the area's tier.

    Raises:
        UsageError: nothing is asked of it.
    """
    evaluation = areas.evaluation
    if evaluation.layout.survey:
        why = "It gives estimates for the country, never cases."
        fix = "Give the snapshot of a register."
        raise UsageError(Problem("Of a survey no area is asked anything.", why=why, fix=fix))
    tier = evaluation.layout.territory.tier_of[code]
    plan = next((plan for plan in areas.plans if plan.tier == tier), None)
    if plan is None:
        asked = ", ".join(plan.tier for plan in areas.plans)
        fix = f"It asks something of: {asked}." if asked else "It asks nothing of any area on this day."
        what = f"The policy asks nothing of an area of the tier {tier} on {evaluation.day}."
        raise UsageError(Problem(what, fix=fix))
    return plan


def limits_of(estimate: EstimateSeen) -> list[float]:
    """The figures that an estimate is held against."""
    return [float(gate.value) for gate in estimate.gates if gate.value is not None]


def hundredths(share: float, *, beside: Collection[float] = ()) -> str:
    """A share in hundredths, with two decimals, or with as many as tell it from a limit beside it."""
    return short(_rounded(share, decimals(share, beside=beside)))


def decimals(share: float, *, beside: Collection[float] = ()) -> int:
    """How many decimals of a hundredth tell a share from the limits beside it; two where none is near."""
    digits = 2
    while digits < MOST_DIGITS and any(
        limit != share and _rounded(limit, digits) == _rounded(share, digits) for limit in beside
    ):
        digits += 1
    return digits


def _rounded(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f}"
