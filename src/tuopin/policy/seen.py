"""What was seen of one household: each test with its facts, thresholds and questions, each score and group?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class MemberAnswer:
    """What one member answered.

    Attributes:
        member: its number in the household.
        value: as of a fact; None where nobody knows.
        shown: the value in words of the language.
    """

    member: int
    value: str | bool | None
    shown: str | None


@dataclass(frozen=True)
class MembersSeen:
    """An asked fact of members that a fact is rolled up from.

    Attributes:
        fact: its id.
        label: its question.
        unit: of a number.
        answers: by the members' numbers; none where no member was asked.
    """

    fact: str
    label: str
    unit: str | None
    answers: list[MemberAnswer]


@dataclass(frozen=True)
class Seen:
    """A fact as the rules saw it.

    Attributes:
        fact: its id.
        label: its question or label.
        value: yes/no, a number (text, in natural units), a code, or None where nobody knows.
        most: the highest possible value, where only bounds are known (then `value` is the lowest).
        unit: of a number.
        shown: the value in words of the language.
        members: what each member answered, where the fact is rolled up from members.
    """

    fact: str
    label: str
    value: str | bool | None
    most: str | None
    unit: str | None
    shown: str | None
    members: list[MembersSeen]


@dataclass(frozen=True)
class Threshold:
    """A figure of the law that a test compares with.

    Attributes:
        id: the parameter or line.
        value: in natural units, for this household's area; None where it cannot be told.
        unit: its unit.
        source: the law or publication.
    """

    id: str
    value: str | None
    unit: str | None
    source: str


@dataclass(frozen=True)
class Question:
    """A question whose answer would settle what cannot be told."""

    fact: str
    of: str
    question: str


@dataclass(frozen=True)
class Test:
    """A named part of a standard, or its whole condition; `says` is what it says in words, where the pack has some."""

    id: str
    condition: str
    answer: str
    says: str | None = None


@dataclass(frozen=True)
class StandardSeen:
    """A standard and its answer for one household."""

    id: str
    question: str
    answer: str
    applies: str | None
    stage: str
    proposes: str | None
    since: str
    source: str
    parts: list[Test]
    facts: list[Seen]
    thresholds: list[Threshold]
    rests_on: list[str]
    settle: list[Question]
    announced: list[str]


@dataclass(frozen=True)
class ItemSeen:
    """An item of a score, and the fewest and most points that it can give this household."""

    item: str
    low: str | None
    high: str | None


@dataclass(frozen=True)
class ScoreSeen:
    """A score: its lowest and highest possible sum, item by item, and probabilities if it has a table."""

    id: str
    label: str
    low: str | None
    high: str | None
    probability_low: float | None
    probability_high: float | None
    items: list[ItemSeen]
    source: str
    rests_on: list[str]


@dataclass(frozen=True)
class CategorySeen:
    """A list of categories: the first and last group that is possible."""

    id: str
    label: str
    first: str
    first_label: str
    last: str
    last_label: str
    source: str


@dataclass(frozen=True)
class HouseholdSeen:
    """Everything the policy says of one household; `area` holds codes from the top down, `area_names` their names."""

    household: str
    area: list[str]
    area_names: list[str]
    facts_as_of: str
    as_of: str
    pack: str
    standing: str
    standards: list[StandardSeen]
    scores: list[ScoreSeen]
    categories: list[CategorySeen]
    assumptions: list[dict[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
