"""How does a report become a page that stands alone? Counts, pictures and words in one file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tuopin
from tuopin.interfaces.policy_of_a_day import in_language, policy_of_a_day
from tuopin.interfaces.report.charts import MET, NOT_MET, UNKNOWN, Bar, drawn, missing_extra, stacked_bars
from tuopin.interfaces.report.findings import Count, Findings, Missed, read_findings
from tuopin.interfaces.report.gate_tables import GateTables
from tuopin.interfaces.report.gates import gates_found
from tuopin.interfaces.report.record import Record
from tuopin.interfaces.report.small_cells import FEWEST, small
from tuopin.interfaces.report.tables import Shown, Tables
from tuopin.interfaces.report.wording import Language, language, same_language, written_as
from tuopin.policy import Pack, folders_of
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.terms import UsageError

TEMPLATE, STYLE = "page.html.jinja", "page.css"

MOST_ROWS = 400
"""Areas of a tier that a page still lists."""

MOST_BARS = 40
"""Areas of a tier that a picture still shows."""


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        size: bytes of the page.
        language: of the page.
        suppressed: figures that were not shown because they rest on too few households.
    """

    size: int
    language: str
    suppressed: int


def write_report(
    *,
    sweep: Path,
    pack: Pack,
    snapshot: Snapshot,
    out: Path | None,
    ledger: Path,
    language: str | None = None,
    memory_limit: str | None = None,
) -> Written:
    """Write the report of a sweep.

    The same sweep gives the same page, byte for byte.

    Args:
        sweep: the folder that the sweep wrote.
        pack: the pack it was made under.
        snapshot: the snapshot it was made on.
        out: the file to write, in place of what is there; None: write nothing.
        ledger: the file that recorded the sweep; it may be missing.
        language: one that the pack and the report speak; default: the first such, else English.
        memory_limit: for the engine, such as `4GB`.

    Raises:
        UsageError: the folder holds no sweep, or the language is not spoken.
        DataError: the sweep is not of this pack and snapshot, or it or the ledger was changed.
    """
    words = _spoken(language, pack)
    with (
        tempfile.TemporaryDirectory(prefix="tuopin-") as kept,
        open_engine(memory_limit=memory_limit, folders=[*folders_of(snapshot), sweep, Path(kept)]) as engine,
    ):
        root = Path(kept) if out is None else None
        findings = read_findings(sweep=sweep, pack=pack, snapshot=snapshot, engine=engine, facts_root=root)
        record = Record(sweep, findings.evaluation, findings.summary, ledger)
        record.refuse_another_content()
        findings.open()
        page = _Page(findings, record, words)
        text = _rendered(page.content()).encode()
    if out is not None:
        _put(out, text)
    return Written(len(text), words.id, page.tables.suppressed)


def _spoken(asked: str | None, pack: Pack) -> Language:
    if asked is None:
        return language(next((id for id in pack.about.languages if written_as(id)), "en"))
    return language(next((id for id in pack.about.languages if same_language(id, asked)), asked))


class _Page:
    """Gathers what the template shows; every figure is already text."""

    def __init__(self, findings: Findings, record: Record, words: Language) -> None:
        self.findings, self.record, self.words, self.say = findings, record, words, words.say
        evaluation = findings.evaluation
        self.policy = policy_of_a_day(evaluation.pack, day=evaluation.day, language=words.id)
        self.tables = Tables(findings, self.policy, words)
        self.says = {rule.id: rule.says for rule in self.policy.rules}
        self.survey = evaluation.layout.survey
        self.gates = gates_found(evaluation, findings.sweep, words.id)
        record.refuse_changed(findings.tally, self.gates)

    def content(self) -> dict[str, Any]:
        summary, tables = self.findings.summary, self.tables
        reasons, more = tables.reasons()
        return {
            "lang": self.words.id,
            "say": self.say,
            "title": self.say("title", snapshot=summary["snapshot"], as_of=summary["as_of"]),
            "lead": self.say(
                "survey_lead" if self.survey else "lead", pack=summary["pack"], snapshot=summary["snapshot"]
            ),
            "privacy": self.say("privacy", fewest=FEWEST),
            "hidden_note": self.say("hidden_note", most=FEWEST - 1),
            "keys": list(self._keys()),
            "poverty": tables.poverty() if self.findings.headline else None,
            "headline_note": self.say("headline_note", test=self.says.get(self.findings.headline or "", "")),
            "areas": self._areas(),
            "tests": {"table": tables.tests(), "chart": self._tests_chart()},
            "gates": self._gates(),
            "proposals": {"table": tables.proposals(), "reasons": reasons, "more": more, "survey": self.survey},
            "categories": tables.categories(),
            "narrower": list(self._narrower()),
            "never": {
                "tests": [self.says[id] for id in self.findings.unanswerable],
                "facts": tables.never_asked(),
            },
            "never_summary": self.say("never_facts", count=self.words.number(len(self.findings.never_asked))),
            "assumptions": tables.assumptions(),
            "about": list(self._about()),
            "lines": tables.lines(),
            "figures": tables.figures(),
            "editions": tables.editions(),
            "ledger": self._ledger(),
            "software": self.say("software", version=tuopin.__version__),
        }

    def _keys(self) -> Iterator[tuple[str, str]]:
        """The figures at the top: each with its words."""
        summary, number = self.findings.summary, self.words.number
        yield number(summary["households"]), self.say("households_asked" if self.survey else "households")
        yield number(summary["members"]), self.say("persons_asked" if self.survey else "persons")
        if self.findings.headline is not None and (share := self._headline_share()) is not None:
            key = "poor_persons" if share[0] == share[1] else "poor_persons_range"
            yield self._between(*share), self.say(key)
        if not self.survey:
            kinds = self.findings.proposals_by_kind
            visits = sum(many for (_, kind), many in kinds.items() if kind == "visit")
            yield self.tables.count(sum(kinds.values())), self.say("proposals_made")
            yield self.tables.count(visits), self.say("visits")
            if of_areas := sum(tier.proposed for tier in self.gates):
                yield number(of_areas), self.say("proposals_of_areas")

    def _headline_share(self) -> tuple[float, float] | None:
        """The share of the poor at least and at most; None where it rests on too few households."""
        assert self.findings.headline is not None
        count = self.findings.tests[self.findings.headline]
        return None if self.tables.too_few(count) else count.share

    def _between(self, low: float, high: float) -> str:
        one, other = self.words.share(low), self.words.share(high)
        return one if one == other else self.say("range", low=one, high=other)

    # --- pictures ----------------------------------------------------------------------------------------------------

    def _areas(self) -> dict[str, Any] | None:
        """The poor by area, the highest tier first; a tier in which nobody lives is left out."""
        if self.findings.headline is None:
            return None
        share = self._headline_share()
        tiers = range(len(self.findings.evaluation.layout.territory.tiers))
        shown = {number: self.tables.shown_areas(number) for number in tiers}
        parts = [
            self._tier(number, areas, share) for number, areas in shown.items() if any(a.code for a in areas.areas)
        ]
        lead = self.say("areas_lead", test=self.says[self.findings.headline])
        mark = self.say("areas_mark", share=self._between(*share)) if share else ""
        return {"lead": lead, "mark": mark, "tiers": parts}

    def _tier(self, number: int, shown: Shown, country: tuple[float, float] | None) -> dict[str, Any]:
        label = self._tier_label(number)
        count = self.words.number(len(shown.areas))
        listed = len(shown.areas) <= MOST_ROWS
        drawn_too = number == 0 and len(shown.areas) <= MOST_BARS and country is not None
        return {
            "label": label,
            "open": number == 0,
            "summary": self.say("show_table", tier=label, count=count),
            "table": self.tables.areas(shown, label) if listed else None,
            "too_many": self.say("too_many_areas", tier=label, count=count),
            "chart": self._areas_chart(shown, label, country[0]) if drawn_too and country else None,
        }

    def _gates(self) -> list[dict[str, Any]]:
        """The tiers of which the policy asks something, each with its tables."""
        shown = []
        for found in self.gates:
            tables = GateTables(found, self.words, self._label_of(found.tier), self.says)
            shown.append(tables.content())
            self.tables.suppressed += tables.suppressed
        return shown

    def _tier_label(self, number: int) -> str:
        return self._label_of(self.findings.evaluation.layout.territory.tiers[number])

    def _label_of(self, id: str) -> str:
        labels = {tier.id: in_language(tier.label, self.words.id) for tier in self.findings.evaluation.pack.about.tiers}
        return labels.get(id, id)

    def _areas_chart(self, shown: Shown, tier: str, country: float) -> str | None:
        poor, unknown = self.say("legend_poor"), self.say("legend_unknown")
        found = [
            (area, _share(area.count, sure=number in shown.unknown_hidden))
            for number, area in enumerate(shown.areas)
            if number not in shown.hidden and area.count.share
        ]
        if not found:
            return None
        in_order = sorted(found, key=lambda item: (-item[1][0], item[0].code))
        bars = [
            Bar(area.name or self.say("no_area"), [(poor, low), (unknown, high - low)], self._between(low, high))
            for area, (low, high) in in_order
        ]
        most = max(high for _, (_, high) in found)
        colours = {poor: MET, unknown: UNKNOWN} if any(bar.parts[1][1] for bar in bars) else {poor: MET}
        specification = stacked_bars(bars, colours=colours, most=max(most, country) * 1.02 or 1.0, mark=country)
        return drawn(specification, name="areas", title=self.say("areas_alt", tier=tier))

    def _tests_chart(self) -> str:
        words = {"met": "met", "not_met": "not_met_or_not_asked", "unknown": "cannot_tell"}
        names = {part: self.say(word) for part, word in words.items()}
        bars = []
        for id, count in self.findings.tests.items():
            if self.tables.hidden_answers(id) or not count.weight["all"]:
                bars.append(Bar(self.says[id], [], self.say("hidden")))
                continue
            met, unknown = (count.weight[key] / count.weight["all"] for key in ("met", "unknown"))
            parts = [(names["met"], met), (names["not_met"], max(0.0, 1 - met - unknown)), (names["unknown"], unknown)]
            bars.append(Bar(self.says[id], parts, self.words.share(unknown)))
        colours = {names["met"]: MET, names["not_met"]: NOT_MET, names["unknown"]: UNKNOWN}
        return drawn(stacked_bars(bars, colours=colours), name="tests", title=self.say("tests_alt"))

    # --- sentences ---------------------------------------------------------------------------------------------------

    def _narrower(self) -> Iterator[str]:
        if self.findings.headline is None:
            return
        rural = self.findings.missed_by_rural_only
        yield self.say("rural_unasked") if rural is None else self._missed("rural_only", rural)
        if (places := self.findings.missed_by_poor_areas_only) is not None:
            tier, missed = places
            label = self._tier_label(self.findings.evaluation.layout.territory.tiers.index(tier))
            yield self._missed("poor_areas_only", missed, tier=label)

    def _missed(self, key: str, missed: Missed, **more: str) -> str:
        number = self.words.number
        if missed.areas:
            more |= {"count": number(missed.areas[0]), "all": number(missed.areas[1])}
        if small(missed.households) or missed.share is None:
            hidden = self.say("hidden")
            return self.say(key, share=hidden, missed=hidden, poor=number(missed.poor), **more)
        return self.say(
            key, share=self.words.share(missed.share), missed=number(missed.missed), poor=number(missed.poor), **more
        )

    def _about(self) -> Iterator[tuple[str, str]]:
        manifest, summary, number = self.findings.evaluation.snapshot.manifest, self.findings.summary, self.words.number
        yield self.say("the_pack"), f"{summary['pack']}, {self.policy.country}"
        yield self.say("the_authority"), self.policy.authority
        yield self.say("the_law"), self.policy.legal_basis
        yield self.say("the_day"), summary["as_of"]
        yield self.say("the_snapshot"), self.say(f"kind_of_{manifest.kind}", name=manifest.name)
        yield self.say("the_source"), manifest.source
        yield self.say("the_facts"), str(manifest.as_of)
        yield self.say("the_known"), str(manifest.known_at)
        refused = manifest.rejected
        yield (
            self.say("the_refused"),
            self.say("refused", rows=number(refused.rows), households=number(refused.households)),
        )
        yield self.say("pack_hash"), self.findings.evaluation.pack.content_hash
        yield self.say("snapshot_hash"), manifest.content_hash

    def _ledger(self) -> dict[str, Any]:
        block, blocks, number = self.record.block, self.record.blocks, self.words.number
        if not self.record.ledger.is_file():
            return {"says": self.say("ledger_absent"), "pairs": []}
        if block is None:
            return {"says": self.say("ledger_missing"), "pairs": []}
        says = self.say("ledger_found", number=number(block.number), count=number(len(blocks)))
        pairs = [
            (self.say("block"), block.hash),
            (self.say("previous"), block.previous),
            (self.say("proposals_hash"), str(block.content.get("proposals_hash", ""))),
        ]
        return {"says": says, "pairs": pairs}


def _share(count: Count, *, sure: bool) -> tuple[float, float]:
    """The share at least and at most; the same twice where the highest is not to be shown."""
    low, high = count.share or (0.0, 0.0)
    return (low, low) if sure else (low, high)


def _rendered(content: Mapping[str, Any]) -> str:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - an extra
        from markupsafe import Markup  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError(missing_extra("jinja2")) from None
    here = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = Markup((here / STYLE).read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return environment.get_template(TEMPLATE).render(content, style=style, picture=Markup)


def _put(out: Path, text: bytes) -> None:
    """Write the whole page or nothing."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(out)
    finally:
        Path(unfinished).unlink(missing_ok=True)
