"""Which tables show the gates of areas: how many pass, which areas matter, what their samples say against the law?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tuopin.interfaces.report.gates import AreaShown, StandardCount, TierFound
from tuopin.interfaces.report.tables import Table, capital
from tuopin.interfaces.report.wording import Language
from tuopin.policy.area_facts import READINGS
from tuopin.policy.area_seen import AreaStandardSeen, EstimateSeen, GateSeen
from tuopin.policy.seen import Seen
from tuopin.sweep.area_explanation import decimals, limits_of

OPEN_AREAS = 3
"""So many areas show their samples at once; of more, each opens by itself."""


class GateTables:
    """Makes the tables of one tier.

    Attributes:
        found: what the sweep said of the tier.
        language: of the page.
        label: what the tier is called.
        suppressed: how many figures were hidden so far.
    """

    def __init__(self, found: TierFound, language: Language, label: str, says: dict[str, str]) -> None:
        """Start with nothing hidden; `says` are the questions of the standards."""
        self.found, self.language, self.label, self._says = found, language, label, says
        self.suppressed = 0
        self._say = language.say

    def content(self) -> dict[str, Any]:
        """What the template shows of the tier."""
        found, number, say = self.found, self.language.number, self._say
        samples = [{"name": self._name(area), "table": self._samples(area)} for area in self._sampled()]
        return {
            "label": self.label,
            "lead": self._lead(),
            "answers": self._answers(),
            "gates": [table for standard in found.standards if (table := self._gates(standard)).rows],
            "more": say("gates_more", count=number(found.others)) if found.others else "",
            "samples": samples,
            "open": len(samples) <= OPEN_AREAS,
        }

    def _lead(self) -> str:
        found, number = self.found, self.language.number
        if found.listed is None or found.exited is None:
            return self._say("gates_areas", count=number(found.areas))
        return self._say(
            "gates_standings",
            count=number(found.areas),
            listed=number(found.listed),
            exited=number(found.exited),
        )

    # --- how many ----------------------------------------------------------------------------------------------------

    def _answers(self) -> Table:
        """How many areas pass each standard."""
        say, number = self._say, self.language.number
        rows = [
            [self._says[s.id], s.id, *map(number, (s.met, s.not_met, s.cannot_tell, s.not_asked))]
            for s in self.found.standards
        ]
        names = ("test", "rule", "met", "not_met", "cannot_tell", "not_asked")
        headings = [capital(say(name)) for name in names]
        return Table(say("gates_answers_caption", tier=self.label), headings, rows, frozenset({2, 3, 4, 5}))

    # --- which areas -------------------------------------------------------------------------------------------------

    def _gates(self, standard: StandardCount) -> Table:
        """The areas that matter for a standard, with the answer of each of its tests."""
        say = self._say
        shown = [(area, seen) for area in self.found.shown for seen in self._matters(area, standard.id)]
        tests = [part for _, seen in shown[:1] for part in seen.parts]
        rows = [
            [
                self._name(area),
                *(say(part.answer) for part in seen.parts),
                say(f"for_area_{area.proposals[standard.id]}") if standard.id in area.proposals else "",
            ]
            for area, seen in shown
        ]
        headings = [say("area"), *(part.says or part.id or say("answer") for part in tests), say("proposed")]
        return Table(self._says[standard.id], [capital(word) for word in headings], rows)

    @staticmethod
    def _matters(area: AreaShown, standard: str) -> Iterator[AreaStandardSeen]:
        """A standard that is asked of the area; of a warning, one that is proposed or cannot be told."""
        for seen in area.seen.standards:
            asked = seen.id == standard and seen.applies != "not_met"
            if asked and (seen.proposes != "warning" or seen.answer != "not_met"):
                yield seen

    def _name(self, area: AreaShown) -> str:
        seen = area.seen
        return seen.area if seen.name == seen.area else self._say("area_named", name=seen.name, code=seen.area)

    # --- samples -----------------------------------------------------------------------------------------------------

    def _sampled(self) -> list[AreaShown]:
        """The areas of which something was estimated or should have been."""
        return [area for area in self.found.shown if any(seen.estimates for seen in self._asked(area))]

    @staticmethod
    def _asked(area: AreaShown) -> list[AreaStandardSeen]:
        return [seen for seen in area.seen.standards if seen.applies != "not_met"]

    def _samples(self, area: AreaShown) -> Table:
        """What the samples of one area say, each held against its limit."""
        say = self._say
        estimates = {e.id: e for seen in self._asked(area) for e in seen.estimates}
        rows = [row for estimate in estimates.values() for row in self._rows(area, estimate)]
        names = ("gate", "counts", "share_found", "lower_end", "upper_end", "limit", "decides", "passed")
        caption = say("gates_samples_caption", area=self._name(area), tier=self.label)
        return Table(caption, [capital(say(name)) for name in names], rows, frozenset({2, 3, 4}))

    def _rows(self, area: AreaShown, estimate: EstimateSeen) -> Iterator[list[str]]:
        """A row for each limit that an estimate is held against; one without a limit where there is none."""
        asked = {seen.id for seen in self._asked(area)}
        gates = [gate for gate in estimate.gates if gate.standard in asked]
        named = [estimate.label, *self._figures(area, estimate)]
        if not gates:
            yield [*named, "", self._say(f"decides_{estimate.decides}"), ""]
        for gate in gates:
            yield [*named, self._limit(gate), self._say(f"decides_{gate.reading}"), self._say(gate.answer)]

    def _figures(self, area: AreaShown, estimate: EstimateSeen) -> list[str]:
        """The counts, the share found and its ends; nothing of them where they rest on too few households."""
        if estimate.id in area.hidden:
            self.suppressed += 1
            return [self._say("hidden")] * 4
        counts = self._counts(estimate)
        if estimate.point is None:
            return [counts, self._say("cannot_tell"), "", ""]
        return [counts, *(self._reading(estimate, reading) for reading in READINGS)]

    def _reading(self, estimate: EstimateSeen, name: str) -> str:
        least, most = estimate.reading(name) or (0.0, 0.0)
        low, high = (self._share(share, limits_of(estimate)) for share in (least, most))
        return low if low == high else self._say("range", low=low, high=high)

    def _counts(self, estimate: EstimateSeen) -> str:
        """Found of looked at, or known; and how many there are."""
        values = [self._between(count) for count in estimate.counts]
        if estimate.extrapolated:
            known, among = values
            return self._say("counts_known", known=known, among=among)
        found, of, among = values
        return self._say("counts_found", found=found, of=of, among=among)

    def _between(self, count: Seen) -> str:
        if count.most is None:
            return self._number(count.value)
        if count.value is None and not count.most:
            return self._say("unknown_count")
        if count.value is None:
            return self._say("range", low="?", high=self._number(count.most))
        return self._say("range", low=self._number(count.value), high=self._number(count.most))

    def _number(self, value: str | bool | None) -> str:
        return self._say("unknown_count") if value in (None, "") else self.language.amount(str(value))

    def _limit(self, gate: GateSeen) -> str:
        if gate.value is None:
            return self._say("cannot_tell")
        hundredths = (100 * Decimal(gate.value)).normalize()
        value = self.language.words["percent"].format(self.language.amount(f"{hundredths:f}"))
        return self._say(_WORDS[gate.word], value=value)

    def _share(self, share: float, limits: Sequence[float]) -> str:
        return self.language.share(share, decimals(share, beside=limits))


#: The words of a limit by the comparison that the law writes.
_WORDS = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least", "=": "exactly", "<>": "other_than"}
