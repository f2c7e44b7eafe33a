"""Which tables stand in a report, and which of their figures may be shown?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuopin.interfaces.policy_of_a_day import PolicyOfADay, in_language
from tuopin.interfaces.proposals import ProposalCount
from tuopin.interfaces.report.findings import AreaCount, Count, Findings
from tuopin.interfaces.report.small_cells import hidden_rows, small
from tuopin.interfaces.report.wording import Language
from tuopin.policy.dated import in_force
from tuopin.policy.files import Categories
from tuopin.sweep.route import INTAKE
from tuopin.sweep.unit_words import unit_in_words

MOST_REASONS = 15
_FOUR = ("met", "not_met", "unknown", "not_asked")


@dataclass(frozen=True)
class Table:
    """A table of a page.

    Attributes:
        caption: what it shows.
        headings: of the columns.
        rows: of text; the first cell names the row.
        numbers: positions of the columns that hold numbers.
    """

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Shown:
    """Areas, and which of them may not be shown.

    Attributes:
        areas: the rows.
        hidden: positions of the rows of which nothing is shown.
        unknown_hidden: positions of those of which it is not shown how many cannot be told.
    """

    areas: Sequence[AreaCount]
    hidden: frozenset[int]
    unknown_hidden: frozenset[int]


class Tables:
    """Makes the tables of one report.

    Attributes:
        findings: the counts.
        policy: what held on the day.
        language: of the page.
        suppressed: how many figures or rows were hidden so far.
    """

    def __init__(self, findings: Findings, policy: PolicyOfADay, language: Language) -> None:
        """Start with nothing hidden."""
        self.findings, self.policy, self.language = findings, policy, language
        self.suppressed = 0
        self._say, self._number, self._share = language.say, language.number, language.share
        self._says = {rule.id: rule.says for rule in policy.rules}

    # --- poverty -----------------------------------------------------------------------------------------------------

    def poverty(self) -> Table:
        """The share of persons below each line of the headline."""
        say = self._say
        tests = self.findings.tests
        asked = [id for id in self.findings.evaluation.pack.about.headline if id in tests]
        rows = [[self._says[id], *self._poverty_of(id, tests[id])] for id in asked]
        headings = [say("test"), say("lowest"), say("highest"), say("poor_households_heading")]
        return Table(say("poverty_caption"), headings, rows, frozenset({1, 2, 3}))

    def _poverty_of(self, id: str, count: Count) -> list[str]:
        if id in self.findings.unanswerable or count.share is None:
            return [self._say("not_asked_here"), "", ""]
        if self.too_few(count):
            return [self._hidden() for _ in range(3)]
        low, high = count.share
        at_most = self._hidden() if small(count.households["unknown"]) else self._share(high, 2)
        return [self._share(low, 2), at_most, self._number(count.weight["met"])]

    # --- areas -------------------------------------------------------------------------------------------------------

    def shown_areas(self, tier: int) -> Shown:
        """The areas of a tier, and which of them may not be shown."""
        areas = self.findings.tier(tier, self.language.id)
        hidden = hidden_rows(
            areas,
            counts=lambda area: _households(area.count),
            total_of=lambda area: area.parent,
            size=lambda area: area.count.households["met"],
        )
        unknown_hidden = hidden_rows(
            areas,
            counts=lambda area: [area.count.households["unknown"]],
            total_of=lambda area: area.parent,
            size=lambda area: area.count.households["unknown"],
        )
        return Shown(areas, frozenset(hidden), frozenset(unknown_hidden))

    def areas(self, shown: Shown, tier: str) -> Table:
        """The poor by area of a tier; one share where everybody can be told, else the lowest and the highest."""
        say = self._say
        sure = not any(area.count.households["unknown"] for area in shown.areas)
        ends = [say("share_heading")] if sure else [say("unknown_heading"), say("lowest"), say("highest")]
        headings = [say("area"), say("persons_heading"), say("poor_heading"), *ends]
        rows = []
        for number, area in enumerate(shown.areas):
            figures = self._area(area.count, sure=sure)
            if number in shown.hidden:
                figures = [self._hidden() for _ in figures]
            elif number in shown.unknown_hidden:
                figures = [*figures[:2], self._hidden(), figures[3], self._hidden()]
            rows.append([self._area_name(area), *figures])
        numbers = frozenset(range(1, len(headings)))
        return Table(say("areas_caption", tier=tier), [capital(word) for word in headings], rows, numbers)

    def _area(self, count: Count, *, sure: bool) -> list[str]:
        shares = ["", ""] if count.share is None else [self._share(share) for share in count.share]
        told = [self._number(count.persons[key]) for key in ("all", "met")]
        return [*told, shares[0]] if sure else [*told, self._number(count.persons["unknown"]), *shares]

    def _area_name(self, area: AreaCount) -> str:
        if not area.code:
            return self._say("no_area")
        return area.name if area.name == area.code else self._say("area_named", name=area.name, code=area.code)

    # --- tests -------------------------------------------------------------------------------------------------------

    def tests(self) -> Table:
        """The answers of each test."""
        say = self._say
        rows = [[self._says[id], id, *self._test(id, count)] for id, count in self.findings.tests.items()]
        headings = [
            say("test"),
            say("rule"),
            say("met"),
            say("not_met"),
            say("cannot_tell"),
            say("cannot_tell_share"),
            say("not_asked"),
        ]
        return Table(say("tests_caption"), [capital(word) for word in headings], rows, frozenset({2, 3, 4, 5, 6}))

    def _test(self, id: str, count: Count) -> list[str]:
        """Four groups that add up to all: where one is small, the next smallest would tell it."""
        hidden = self.hidden_answers(id)
        groups = _in_four(count.weight, self.findings.not_asked[id][1])
        cells = {name: self._hidden() if name in hidden else self._number(groups[name]) for name in _FOUR}
        share = groups["unknown"] / count.weight["all"] if count.weight["all"] else 0.0
        in_percent = self._hidden() if "unknown" in hidden else self._share(share)
        return [cells["met"], cells["not_met"], cells["unknown"], in_percent, cells["not_asked"]]

    def hidden_answers(self, id: str) -> set[str]:
        """The groups of a test's answers that are not shown; nor may anything be from which they can be worked out."""
        counts = _in_four(self.findings.tests[id].households, self.findings.not_asked[id][0])
        hidden = hidden_rows(
            _FOUR, counts=lambda name: [counts[name]], total_of=lambda _: 0, size=lambda name: counts[name]
        )
        return {_FOUR[number] for number in hidden}

    # --- proposals ---------------------------------------------------------------------------------------------------

    def proposals(self) -> Table:
        """Proposals for households, by stage and kind."""
        say, counts = self._say, self.findings.proposals_by_kind
        kinds = sorted(counts)
        hidden = self._hidden_kinds()
        rows = [
            [
                say(f"stage_{kind[0]}"),
                say(f"kind_{kind[1]}"),
                self._hidden() if kind in hidden else self._number(counts[kind]),
            ]
            for kind in kinds
        ]
        headings = [say("stage"), say("kind"), say("households_heading")]
        return Table(say("proposals_caption"), headings, rows, frozenset({2}))

    def _hidden_kinds(self) -> set[tuple[str, str]]:
        """The stages and kinds of which it is not shown how many households they are proposed for."""
        counts = self.findings.proposals_by_kind
        kinds = sorted(counts)
        hidden = hidden_rows(kinds, counts=lambda kind: [counts[kind]], total_of=lambda _: 0, size=counts.__getitem__)
        return {kinds[number] for number in hidden}

    def reasons(self) -> tuple[Table, str]:
        """Proposals by rule and reasons, and a sentence on those that are too rare for a line of their own."""
        say, found = self._say, self.findings.proposals
        hidden = hidden_rows(
            found,
            counts=lambda proposal: [proposal.households],
            total_of=lambda proposal: (proposal.stage, proposal.kind),
            size=lambda proposal: proposal.households,
        )
        kinds = self._hidden_kinds()
        hidden |= {number for number, proposal in enumerate(found) if (proposal.stage, proposal.kind) in kinds}
        frequent = [proposal for number, proposal in enumerate(found) if number not in hidden][:MOST_REASONS]
        rest = [proposal for proposal in found if proposal not in frequent]
        rows = [
            [say(f"kind_{p.kind}"), p.rule, self.language.listed(self._in_words(p)), self._number(p.households)]
            for p in frequent
        ]
        headings = [say("kind"), say("rule"), say("reasons"), say("households_heading")]
        more = say(
            "more_reasons", count=self._number(len(rest)), households=self.count(sum(p.households for p in rest))
        )
        return Table(say("reasons_caption"), headings, rows, frozenset({3})), more if rest else ""

    def _in_words(self, proposal: ProposalCount) -> list[str]:
        """The reasons in the pack's words, each with its id in brackets; without words its id alone.

        An application is refused because of what does not hold, and a visit made because of what nobody can tell.
        """
        looks = {rule: self._say(f"look_{rule}") for rule in proposal.reasons if proposal.stage == INTAKE}
        said = {**self._says, **looks, **self._words_of_tests(proposal.rule)}
        named = [f"{said[reason]} [{reason}]" if reason in said else reason for reason in proposal.reasons]
        manner = {"refusal": "reason_not", "visit": "reason_unknown"}.get(proposal.kind)
        return [self._say(manner, reason=reason) for reason in named] if manner else named

    def _words_of_tests(self, rule: str) -> dict[str, str]:
        """What the tests of a standard say; the general text's words come before a pilot's."""
        evaluation = self.findings.evaluation
        standard = dict(evaluation.pack.standards()).get(rule)
        if standard is None:  # a look of intake, which is no rule of the pack
            return {}
        editions = in_force(standard.editions, evaluation.day).editions
        words = {name: standard.in_words(name, edition) for edition in editions for name in edition.tests}
        return {name: in_language(text, self.language.id) for name, text in words.items() if text}

    def categories(self) -> list[Table]:
        """Households by group, one table a list of categories."""
        rules = self.findings.evaluation.rules_plan.rules
        return [self._groups(id, c.rule.spec) for id, c in rules.items() if isinstance(c.rule.spec, Categories)]

    def _groups(self, id: str, spec: Categories) -> Table:
        editions = reversed(in_force(spec.editions, self.findings.evaluation.day).editions)
        labels = {
            group.id: in_language(group.label, self.language.id) for text in editions for group in text.categories
        }
        order = list(labels)
        found = sorted(self.findings.categories(id), key=lambda g: (order.index(g.first), order.index(g.last)))
        hidden = hidden_rows(
            found, counts=lambda group: [group.households], total_of=lambda _: 0, size=lambda group: group.households
        )
        rows = [
            [
                self._group(labels[group.first], labels[group.last]),
                self._hidden() if number in hidden else self._number(group.weight),
            ]
            for number, group in enumerate(found)
        ]
        label = in_language(spec.label, self.language.id)
        headings = [self._say("group"), self._say("households_heading")]
        return Table(self._say("categories_caption", label=label), headings, rows, frozenset({1}))

    def _group(self, first: str, last: str) -> str:
        return first if first == last else self._say("group_between", first=first, last=last)

    # --- what was not asked, what was assumed ------------------------------------------------------------------------

    def never_asked(self) -> Table:
        """The questions of the pack of which this snapshot holds no answer."""
        say = self._say
        rows = [
            [in_language(fact.question, self.language.id), id, self._whom(fact.entity)]
            for id, fact in self.findings.never_asked.items()
        ]
        return Table(say("never_facts_caption"), [say("question"), say("fact"), say("of_whom")], rows)

    def assumptions(self) -> Table:
        """Facts that were not asked quite as the pack asks them."""
        rows = [[assumed["fact"], assumed["reason"]] for assumed in self.findings.summary["assumptions"]]
        return Table(self._say("assumptions_caption"), [self._say("fact"), self._say("why")], rows)

    # --- policy ------------------------------------------------------------------------------------------------------

    def lines(self) -> Table:
        """The poverty lines in force, each with its source."""
        say = self._say
        rows = [
            [
                line.label,
                self._line_value(line.id, line.value, line.areas, line.formula),
                unit_in_words(line.unit, self.language.id),
                line.since or "",
                line.source,
            ]
            for line in self.policy.lines
            if line.since  # others do not hold yet
        ]
        headings = [say("line"), say("value"), say("unit"), say("since"), say("source")]
        return Table(say("lines_caption", as_of=self.policy.day), headings, rows)

    def _line_value(self, id: str, value: str | None, areas: Mapping[str, str], formula: str | None) -> str:
        computed = self.findings.summary["lines"].get(id)
        own = [f"{code}: {self.language.amount(other)}" for code, other in areas.items()]
        if formula is not None:
            return (
                f"{self.language.amount(computed)} = {formula}" if computed else f"{formula} ({self._say('by_area')})"
            )
        return "; ".join([*([self.language.amount(value)] if value else []), *own])

    def figures(self) -> Table:
        """Figures that depend on everybody: their value, and how many households they rest on."""
        say, figures = self._say, self.findings.evaluation.pack.figures
        rows = [
            [
                in_language(figures[id].label, self.language.id),
                say("national") if area == "national" else area,
                *self._figure(*found),
            ]
            for id, areas in self._figures_found()
            for area, found in areas.items()
        ]
        headings = [say("figure"), say("area"), say("value"), say("rests_on"), say("left_out")]
        return Table(say("figures_caption"), headings, rows, frozenset({2, 3, 4}))

    def _figures_found(self) -> Iterable[tuple[str, dict[str, tuple[str | None, int, int]]]]:
        found = self.findings.evaluation.figures
        for id, areas in found.items():
            yield (
                id,
                {
                    area: (None if r.value is None else f"{r.value:f}", r.counted, r.left_out)
                    for area, r in areas.items()
                },
            )

    def _figure(self, value: str | None, counted: int, left_out: int) -> list[str]:
        if small(counted):
            return [self._hidden()] * 3
        known = self._say("unknown") if value is None else self.language.amount(_without_needless_zeros(value))
        return [known, self._number(counted), self.count(left_out)]

    def editions(self) -> Table:
        """The texts in force, and what is announced."""
        say = self._say
        rows = [
            [
                rule.says,
                rule.id,
                self._whom(self.findings.evaluation.pack.subject(rule.id)),
                rule.since or "",
                say(f"kind_{rule.proposes}") if rule.proposes else "",
                self.language.listed(rule.announced),
                rule.source,
            ]
            for rule in self.policy.in_force
        ]
        names = ("test", "rule", "of_whom", "since", "proposes", "announced", "source")
        headings = [say(name) for name in names]
        return Table(say("editions_caption", as_of=self.policy.day), headings, rows)

    def _whom(self, entity: str) -> str:
        """Of whom something is asked: households, members, …, the areas of a tier, or another office's register."""
        about, language = self.findings.evaluation.pack.about, self.language.id
        named = {tier.id: tier.label for tier in about.tiers}
        named |= {f"register:{id}": register.label for id, register in about.registers.items()}
        return in_language(named[entity], language) if entity in named else self._say(f"of_{entity}")

    # --- small cells -------------------------------------------------------------------------------------------------

    def too_few(self, count: Count) -> bool:
        """Whether a figure on the met or the not met would rest on too few households."""
        return small(*_households(count))

    def count(self, households: int) -> str:
        """A count of households, where it may be shown."""
        return self._hidden() if small(households) else self._number(households)

    def _hidden(self) -> str:
        self.suppressed += 1
        return self._say("hidden")


def _households(count: Count) -> list[int]:
    """The counts of households that a row on poverty shows, or lets somebody work out."""
    held: dict[str, Any] = dict(count.households)
    return [held["all"], held["met"], held["all"] - held["met"] - held["unknown"]]


def _in_four(counts: Mapping[str, float], not_asked: float) -> dict[str, Any]:
    """Households by answer, those apart who are not asked."""
    asked = counts["all"] - not_asked
    not_met = asked - counts["met"] - counts["unknown"]
    return {"met": counts["met"], "not_met": not_met, "unknown": counts["unknown"], "not_asked": not_asked}


def _without_needless_zeros(value: str) -> str:
    return value.rstrip("0").rstrip(".") if "." in value else value


def capital(word: str) -> str:
    """A word with its first letter large."""
    return word[:1].upper() + word[1:]
