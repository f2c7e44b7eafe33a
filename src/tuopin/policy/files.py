"""What may stand in each file of a pack? One model a file; editors read them as JSON schema."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    field_validator,
    model_validator,
)

NUMBER_EXPECTED = "a number is expected here, without quotes"

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _plain_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        raise ValueError(  # noqa: TRY004 - pydantic gathers value errors
            NUMBER_EXPECTED
        )
    return Decimal(str(value)) if isinstance(value, float) else value


def _plain_date(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value
    if isinstance(value, date):
        return value
    raise ValueError("a date is expected here, written 2016-12-31")


def _dated(values: dict[date, object]) -> dict[date, object]:
    if not values:
        raise ValueError("at least one dated value is needed, such as 2016-01-01: 35")
    days = sorted(values)
    for day, before in zip(days, [None, *days], strict=False):
        if values[day] is None and (before is None or values[before] is None):
            raise ValueError(f"nothing holds before {day} that could end then")
    return values


Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})*$")]
Number = Annotated[Decimal, BeforeValidator(_plain_number)]
Share = Annotated[Number, Field(ge=0, le=1)]
Day = Annotated[date, BeforeValidator(_plain_date)]
Text = dict[Language, Annotated[str, StringConstraints(min_length=1)]]
Condition = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Source = Annotated[str, StringConstraints(min_length=3)]
Confidence = Literal["high", "medium", "low", "unverified"]
Status = Literal["in_force", "announced", "pilot", "ended"]


class PackPart(BaseModel):
    """Every part of a pack file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


# --- pack.yaml -------------------------------------------------------------------------------------------------------


class Country(PackPart):
    """The country: ISO 3166 code and its name."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    name: Text


class PackCurrency(PackPart):
    """ISO 4217 code and the decimals of its minor unit."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    exponent: Annotated[int, Field(ge=0, le=4)]
    name: Text | None = None


class Tier(PackPart):
    """A tier of government."""

    id: Id
    label: Text


class Labelled(PackPart):
    """A thing with a name."""

    label: Text
    source: Source | None = None


class PackFile(PackPart):
    """pack.yaml: whose policy this is."""

    id: Id
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    country: Country
    languages: Annotated[list[Language], Field(min_length=1)]
    currency: PackCurrency
    tiers: Annotated[list[Tier], Field(min_length=1)]
    authority: Text
    legal_basis: str
    retention_years: Annotated[int, Field(ge=0)]
    headline: list[Id] = []
    registers: dict[Id, Labelled] = {}
    sources: list[str] = []

    @field_validator("tiers", "languages")
    @classmethod
    def _nothing_stands_twice(cls, listed: list[Tier] | list[str]) -> list[Tier] | list[str]:
        names = [entry.id if isinstance(entry, Tier) else entry for entry in listed]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"`{name}` stands twice")
        return listed


# --- facts.yaml ------------------------------------------------------------------------------------------------------


class DatedValue(PackPart):
    """A value with more to say than a number: values of areas, how sure it is, a source of its own.

    The nearest area above a household gives its value.
    """

    default: Number | None = None
    areas: dict[str, Number] = {}
    confidence: Confidence | None = None
    source: Source | None = None

    @model_validator(mode="after")
    def _says_something(self) -> DatedValue:
        if self.default is None and not self.areas:
            raise ValueError("a default or at least one area is needed")
        return self


class Parameter(PackPart):
    """A dated figure of the law."""

    unit: str | None = None
    values: Annotated[dict[Day, Number | DatedValue | None], AfterValidator(_dated)]
    source: Source
    confidence: Confidence = "high"
    label: Text | None = None


class Assumption(PackPart):
    """What an unknown item of a roll-up counts as, and who said so."""

    value: StrictBool | Number
    source: Source


FactType = Literal["boolean", "integer", "decimal", "money", "code", "month", "date"]


class Quantity(PackPart):
    """What asked and derived facts share: type, unit, scale, bounds."""

    entity: Annotated[str, StringConstraints(pattern=r"^(household|member|dwelling|area|register:[a-z][a-z0-9_]*)$")]
    type: FactType
    unit: str | None = None
    scale: Annotated[int, Field(ge=0, le=6)] = 0
    min: Number | None = None
    max: Number | None = None
    values: dict[str, Text] = {}
    source: Source | None = None
    note: str | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The values that can be stored."""
        return tuple(self.values)

    @model_validator(mode="after")
    def _type_and_scale_agree(self) -> Quantity:
        if self.type == "decimal" and not self.scale:
            raise ValueError("a decimal fact needs its scale, such as scale: 2")
        if self.type != "decimal" and self.scale:
            raise ValueError("only a decimal fact has a scale")
        if self.type == "money" and not self.unit:
            raise ValueError("a money fact needs its unit, such as unit: XTS/year")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is larger than max")
        return self


class Fact(Quantity):
    """Something that is asked or observed."""

    question: Text
    sensitivity: Literal["public", "personal", "sensitive"] = "personal"
    maps_to: str | None = None
    history: StrictBool = False
    unknown: list[str] = []

    @model_validator(mode="after")
    def _a_code_lists_its_values(self) -> Fact:
        if (self.type == "code") != bool(self.values):
            raise ValueError("a code fact lists its values, and only a code fact does")
        if strange := [code for code in self.unknown if code not in self.values]:
            raise ValueError(f"`unknown` names {', '.join(strange)}, which is none of the values")
        if self.unknown and not self.codes:
            raise ValueError("every value is `unknown`; nothing could be known of it")
        return self

    @property
    def codes(self) -> tuple[str, ...]:
        """The values that say something: without those that mean that nobody knows."""
        return tuple(code for code in self.values if code not in self.unknown)


class Derived(Quantity):
    """Something that is computed from facts."""

    label: Text
    rule: Condition
    given: bool = False
    assume: Assumption | None = None
    parameters: dict[Id, Parameter] = {}


class FactsFile(PackPart):
    """facts.yaml: what is asked, and what is computed from it."""

    facts: dict[Id, Fact]
    derived: dict[Id, Derived] = {}


# --- lines.yaml ------------------------------------------------------------------------------------------------------


class Figure(PackPart):
    """A number that depends on everybody, such as a median."""

    label: Text
    statistic: Literal["median", "mean", "count", "sum"]
    value: Condition
    of: Condition | None = None
    weight: Literal["persons", "households"] = "persons"
    by: Id = "national"
    quantile_rule: Literal["laeken"] = "laeken"
    source: Source


class Line(PackPart):
    """A poverty line: never one scalar."""

    label: Text
    concept: Literal["consumption", "income", "expenditure"]
    basis: Literal["person", "adult_equivalent", "household"]
    period: Literal["year", "quarter", "month", "day"]
    unit: str
    prices: str
    territory: str
    use: Annotated[list[Literal["statistics", "eligibility"]], Field(min_length=1)]
    source: Source
    confidence: Confidence = "high"
    ppp_round: str | None = None
    values: dict[Day, Number | DatedValue | None] = {}
    formulas: dict[Day, Condition | None] = {}

    @model_validator(mode="after")
    def _values_or_formulas(self) -> Line:
        if bool(self.values) == bool(self.formulas):
            raise ValueError("a line has either dated values or dated formulas")
        _dated({**self.values, **self.formulas})
        return self


class LinesFile(PackPart):
    """lines.yaml: the poverty lines and the figures they are made of."""

    parameters: dict[Id, Parameter] = {}
    figures: dict[Id, Figure] = {}
    lines: dict[Id, Line]


# --- standards/*.yaml ------------------------------------------------------------------------------------------------


class DatedEdition(PackPart):
    """From when a text holds; it ends where the next begins, or on the day of an edition that says `ended`."""

    from_: Day = Field(alias="from")
    status: Status = "in_force"
    areas: list[str] = []
    source: Source | None = None

    @model_validator(mode="after")
    def _a_pilot_names_its_areas(self) -> DatedEdition:
        if (self.status == "pilot") != bool(self.areas):
            raise ValueError("a pilot edition names its areas, and only a pilot does")
        return self

    def _says_what_holds(self, key: str, *, beside: bool = False) -> None:
        """A text has its main key, and an end has nothing: from its day on nothing holds.

        Raises:
            ValueError: the key is missing, or an end says something.
        """
        said = bool(getattr(self, key))
        if self.status == "ended" and (said or beside):
            raise ValueError("an edition with `status: ended` says nothing else; take the rest out")
        if self.status != "ended" and not said:
            raise ValueError(f"`{key}` is missing; add it, or write `status: ended`")


class StandardEdition(DatedEdition):
    """One text of a standard."""

    applies_if: Condition | None = None
    tests: dict[Id, Condition] = {}
    says: dict[Id, Text] = {}
    met: Condition = ""

    @model_validator(mode="after")
    def _a_text_or_an_end(self) -> StandardEdition:
        self._says_what_holds("met", beside=bool(self.tests or self.says or self.applies_if))
        return self


Proposes = Literal["entry", "return", "exit", "question", "alert", "monitoring", "clearing", "warning"]


HOUSEHOLD = "household"


class Standard(PackPart):
    """A policy rule: met, not met or cannot tell. It is asked of households, or of the areas of a tier."""

    question: Text
    applies_to: Id = HOUSEHOLD
    applies_if: Condition | None = None
    source: Source
    proposes: Proposes | None = None
    asks: Text | None = None
    reply_days: Annotated[int, Field(ge=1)] | None = None
    severity: Id | None = None
    parameters: dict[Id, Parameter] = {}
    says: dict[Id, Text] = {}
    editions: Annotated[list[StandardEdition], Field(min_length=1)]

    @model_validator(mode="after")
    def _a_question_can_be_answered(self) -> Standard:
        if (self.proposes == "question") != (self.asks is not None and self.reply_days is not None):
            raise ValueError(
                "a cross-check that proposes a question says what it asks and how many days there are to reply"
            )
        return self

    def asked_if(self, edition: StandardEdition) -> Condition | None:
        """Of whom an edition is asked: by its own condition, else by that for all editions; None: of everybody."""
        return edition.applies_if or self.applies_if

    def in_words(self, test: str, edition: StandardEdition) -> Text | None:
        """What a test of an edition says to a reader: the edition's own words, else those for all editions."""
        return edition.says.get(test) or self.says.get(test)


class Item(PackPart):
    """Points for a condition, or for each value of a code."""

    when: Condition | None = None
    fact: Id | None = None
    points: Number | dict[str, Number]

    @model_validator(mode="after")
    def _one_way_of_giving_points(self) -> Item:
        if (self.when is None) == (self.fact is None) or (self.fact is None) == isinstance(self.points, dict):
            raise ValueError("write either `when` with one number of points, or `fact` with points for each value")
        return self


class ScoreEdition(DatedEdition):
    """One text of a score."""

    items: list[Item] = []
    probability: dict[int, Share] = {}

    @model_validator(mode="after")
    def _items_or_an_end(self) -> ScoreEdition:
        self._says_what_holds("items", beside=bool(self.probability))
        return self


class Score(PackPart):
    """Points added up; under unknowns a lowest and a highest possible sum."""

    label: Text
    source: Source
    parameters: dict[Id, Parameter] = {}
    editions: Annotated[list[ScoreEdition], Field(min_length=1)]


class Category(PackPart):
    """One group of an ordered list."""

    id: Id
    label: Text
    when: Condition | None = None
    otherwise: Literal[True] | None = None
    review_months: Annotated[int, Field(ge=1)] | None = None
    measures: list[Id] = []

    @model_validator(mode="after")
    def _when_or_otherwise(self) -> Category:
        if (self.when is None) == (self.otherwise is None):
            raise ValueError("write `when: <condition>`, or `otherwise: true` for the last")
        return self


class CategoriesEdition(DatedEdition):
    """One text of an ordered list of categories."""

    categories: Annotated[list[Category], Field(min_length=2)] = []

    @model_validator(mode="after")
    def _only_the_last_is_otherwise(self) -> CategoriesEdition:
        self._says_what_holds("categories")
        if self.status == "ended":
            return self
        if any(category.otherwise for category in self.categories[:-1]) or not self.categories[-1].otherwise:
            raise ValueError("the last category, and only the last, says `otherwise: true`")
        return self


class Categories(PackPart):
    """Ordered categories: the first that holds."""

    label: Text
    source: Source
    parameters: dict[Id, Parameter] = {}
    editions: Annotated[list[CategoriesEdition], Field(min_length=1)]


Deciding = Literal["point", "lower", "upper"]


class Estimate(PackPart):
    """A share of an area's people that is known from a sample, or counts that such shares are extrapolated to.

    A share: of those looked at (`of`), so many were `found`, and there are so many `among` whom they were looked for.
    A combination: those `known` and, for each share `extrapolated`, so many among whom it was found; over `among`.
    """

    label: Text
    applies_to: Id
    source: Source
    found: Id | None = None
    of: Id | None = None
    known: Id | None = None
    extrapolated: list[Id] = []
    among: Id
    confidence: Parameter
    decides: Annotated[dict[Day, Deciding], AfterValidator(_dated)]

    @property
    def counts(self) -> list[str]:
        """The facts of an area that it is made of."""
        return [id for id in (self.found, self.of, self.known, self.among) if id is not None]

    @model_validator(mode="after")
    def _a_share_or_a_combination(self) -> Estimate:
        share = self.found is not None and self.of is not None
        combined = self.known is not None and bool(self.extrapolated)
        if share == combined or (self.found is None) != (self.of is None):
            raise ValueError("write either `found` and `of` (a share), or `known` and `extrapolated` (a combination)")
        for value in self.confidence.values.values():
            if not isinstance(value, Decimal | int) or not 0 < value < 1:
                raise ValueError("the confidence is one number between 0 and 1, such as 0.95")
        if min(self.confidence.values) > min(self.decides):
            raise ValueError("the confidence begins after something is estimated; date its first value earlier")
        return self


class StandardsFile(PackPart):
    """standards/*.yaml: the rules of one stage."""

    stage: Literal["identification", "exits", "monitoring", "none"]
    standards: dict[Id, Standard] = {}
    scores: dict[Id, Score] = {}
    categories: dict[Id, Categories] = {}
    estimates: dict[Id, Estimate] = {}


# --- examples/*.yaml -------------------------------------------------------------------------------------------------

Value = StrictBool | Number | str | None


class ExpectedProposal(PackPart):
    """What a sweep should propose, and why."""

    kind: Proposes | Literal["visit", "refusal"]
    rule: Id | None = None
    reasons: list[Id] = []
    unknown: list[Id] = []


class Expected(PackPart):
    """The outcome worked out by hand."""

    answers: dict[Id, Literal["met", "not_met", "cannot_tell"]] = {}
    numbers: dict[Id, Number | Annotated[list[Number | None], Field(min_length=2, max_length=2)]] = {}
    categories: dict[Id, Id | Annotated[list[Id], Field(min_length=2, max_length=2)]] = {}
    proposals: list[ExpectedProposal]


class Example(PackPart):
    """A household, or an area of a tier (`of`), in words that a villager knows, and what the policy must say of it.

    `areas` are the codes of the areas it lives in, the highest tier first; `area` are facts of them. A short way for
    one area of the highest tier is `area:` among the household's facts. Of an area itself, `area` holds its facts,
    those too that a sweep would compute from its households.
    """

    story: Text
    as_of: Day
    of: Id = HOUSEHOLD
    household: dict[str, Value] = {}
    members: list[dict[str, Value]] | None = None
    dwelling: dict[str, Value] | None = None
    registers: dict[Id, list[dict[str, Value]]] = {}
    covered: list[Id] = []
    standing: Literal["none", "registered", "exited", "returned", "monitored", "cleared", "listed"] = "none"
    standing_since: Day | None = None
    ever_registered: StrictBool | None = None
    applied: bool = False
    reported: bool = False
    areas: list[str] = []
    area: dict[str, Value] = {}
    figures: dict[Id, Number] = {}
    expect: Expected


class ExamplesFile(PackPart):
    """examples/*.yaml: households with their expected outcome and reason."""

    examples: dict[Id, Example]
