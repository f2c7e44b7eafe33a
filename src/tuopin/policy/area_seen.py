"""What was seen of one area: each standard with its counts and its samples, and what keeps a count open?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tuopin.policy.seen import Seen, StandardSeen


@dataclass(frozen=True)
class GateSeen:
    """An estimate held against a figure of the law.

    Attributes:
        standard: the standard in which it is.
        test: the named test; empty where the standard has none.
        reading: the reading that is compared: point, lower or upper.
        word: one of = <> < <= > >=, with the estimate on the left.
        figure: the parameter or line; empty where the text has a bare number.
        value: the figure for this area, in natural units; None where it cannot be told.
        source: the law or publication.
        answer: whether the comparison holds: met, not_met or cannot_tell.
    """

    standard: str
    test: str
    reading: str
    word: str
    figure: str
    value: str | None
    source: str
    answer: str


Missing = Literal["counts_unknown", "nobody_looked_at", "nobody_there", "more_found_than_looked_at"]
"""Why there is no estimate."""


@dataclass(frozen=True)
class EstimateSeen:
    """A share found in a sample of an area's people, or counts that such shares are extrapolated to.

    Attributes:
        id: its id.
        label: its name.
        point: the share; the lowest possible, where a count is not known exactly; None where there is no estimate.
        lower: the lower end of its exact interval.
        upper: the upper end.
        most: by reading, the highest possible, where only bounds are known (then the readings are the lowest).
        confidence: of each end, such as 0.95.
        decides: the reading that the policy compares: point, lower or upper.
        counts: the facts that it is made of: found, of, among; or known, among.
        extrapolated: of a combination, the shares that it carries over.
        missing: why there is no estimate; None where there is one.
        gates: where it is held against a figure of the law.
        source: the law or publication.
    """

    id: str
    label: str
    point: float | None
    lower: float | None
    upper: float | None
    most: dict[str, float] | None
    confidence: str
    decides: str
    counts: list[Seen]
    extrapolated: list[str]
    missing: Missing | None
    gates: list[GateSeen]
    source: str

    def reading(self, name: str) -> tuple[float, float] | None:
        """What a reading is at least and at most; None where there is no estimate."""
        least: float | None = getattr(self, name)
        return None if least is None else (least, self.most[name] if self.most else least)


@dataclass(frozen=True)
class AskedBelow:
    """A question to households, and how many of them have not answered it; None where nobody was asked at all."""

    fact: str
    of: str
    question: str
    households: int | None


@dataclass(frozen=True)
class OpenCount:
    """A fact of an area that is not known exactly, and would be if some households answered.

    Attributes:
        seen: the fact with its ends.
        households: how many households keep it open.
        questions: what to ask them; those that most of them have not answered come first.
    """

    seen: Seen
    households: int
    questions: list[AskedBelow]


@dataclass(frozen=True)
class AreaStandardSeen(StandardSeen):
    """A standard and its answer for one area; `settle` holds the questions about the area itself.

    Attributes:
        estimates: the samples that it rests on.
        open: where it cannot tell, the counts that keep it open.
    """

    estimates: list[EstimateSeen] = field(default_factory=list)
    open: list[OpenCount] = field(default_factory=list)


@dataclass(frozen=True)
class AreaSeen:
    """Everything the policy says of one area.

    Attributes:
        area: its code.
        name: its name.
        tier: its tier.
        tier_label: what the tier is called.
        above: the codes of the areas above it, the highest first.
        above_names: their names.
        facts_as_of: the day of the facts.
        as_of: the day of the policy.
        pack: the policy and its version.
        standing: none, listed or exited.
        standing_since: the day of the decision; None where there was none.
        standards: the standards of its tier.
        assumptions: what was assumed for the whole snapshot.
    """

    area: str
    name: str
    tier: str
    tier_label: str
    above: list[str]
    above_names: list[str]
    facts_as_of: str
    as_of: str
    pack: str
    standing: str
    standing_since: str | None
    standards: list[AreaStandardSeen]
    assumptions: list[dict[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
