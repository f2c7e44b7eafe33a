"""Who decides and who helps in an invented country? The model of a pack's `campaign.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from tuopin.policy.files import HOUSEHOLD, Day, Id, PackPart
from tuopin.policy.pack import Pack, shaped
from tuopin.policy.yaml_text import Loc, load
from tuopin.simulation import MEASURES
from tuopin.simulation.codes import CAUSES
from tuopin.terms import DataError, Place, Problem, UsageError

FILE = "campaign.yaml"
Month = Annotated[int, Field(ge=1, le=12)]
Year = Annotated[int, Field(ge=1900, le=2100)]
Chance = Annotated[float, Field(ge=0, le=1)]


class _Said(PackPart):
    """Every group says where its figures come from."""

    source: str | None = None
    assumed: str | None = None

    @model_validator(mode="after")
    def _has_a_reason(self) -> Self:
        if not (self.source or self.assumed):
            raise ValueError("say where the figures come from: `source`, or `assumed` with the reason")
        return self


class Officials(_Said):
    """How stand-ins decide.

    Attributes:
        first_month: of the next year, in which the first decisions fall.
        last_month: in which the last fall.
        visits_made: share of the visits asked for that are made within the year.
        sees_wrong: a visitor's honest error.
        overlooked: share of proposals that nobody gets to within the year.
        slips: share of proposals decided the other way by mistake.
        captured: share of villages in which a few decide for themselves.
        favoured: share of the other households there that enter all the same in a year.
        favoured_until: the last year of sweeps after which that happens.
    """

    first_month: Month
    last_month: Month
    visits_made: Chance
    sees_wrong: Chance
    overlooked: Chance
    slips: Chance
    captured: Chance
    favoured: Chance
    favoured_until: Year

    @model_validator(mode="after")
    def _months_in_order(self) -> Self:
        if self.first_month > self.last_month:
            raise ValueError("`first_month` comes after `last_month`")
        return self


class Listing(PackPart):
    """Since when the areas of which a fact says so are listed."""

    fact: Id
    on: Day


class Lists(_Said):
    """Which villages and counties count as poor, by tier.

    Attributes:
        exit_month: in which, of the year after the sweep, areas leave whose exit was proposed.
        village: the list of villages.
        county: the list of counties.
    """

    exit_month: Month
    village: Listing | None = None
    county: Listing | None = None

    @property
    def by_tier(self) -> dict[str, Listing]:
        """The lists there are."""
        return {tier: listing for tier in ("village", "county") if (listing := getattr(self, tier)) is not None}


class HelpPlan(_Said):
    """Who is helped with what.

    Attributes:
        reached: share of the households in the register, or watched, that help reaches, from each year on.
        after_exit_until: the last year in which those who left the register are helped like those in it.
        most_measures: a household receives no more in a year.
        by_cause: measures for each cause, the most important first.
        without_cause: measures where nobody wrote a cause down.
        by_guarantee: the measure for each standard that is not met.
    """

    reached: dict[Year, Chance]
    after_exit_until: Year
    most_measures: Annotated[int, Field(ge=1)]
    by_cause: dict[Id, list[Id]]
    without_cause: list[Id]
    by_guarantee: dict[Id, Id]

    @model_validator(mode="after")
    def _measures_exist(self) -> Self:
        named = [*self.without_cause, *self.by_guarantee.values(), *(m for ms in self.by_cause.values() for m in ms)]
        if unknown := sorted(set(named) - set(MEASURES)):
            raise ValueError(f"there is no measure {', '.join(unknown)}; write some of {', '.join(MEASURES)}")
        return self

    def reaches(self, year: int) -> float:
        """The share that help reaches in a year; nobody before the first."""
        begun = [start for start in self.reached if start <= year]
        return float(self.reached[max(begun)]) if begun else 0.0


class CampaignFile(PackPart):
    """campaign.yaml.

    Attributes:
        poor: the standard that says, asked of the truth, who belongs in the register.
        at_risk: the one that says who should be watched.
        watched_from: the first year in which that is counted.
        welfare: the fact that, by head, says who is among the poorest tenth.
    """

    poor: Id
    at_risk: Id
    watched_from: Year
    welfare: Id
    officials: Officials
    lists: Lists
    help: HelpPlan


def read_campaign(pack: Pack) -> CampaignFile:
    """The campaign of a pack.

    Raises:
        UsageError: the pack has none.
        DataError: its file cannot be read, or names what the pack does not have.
    """
    path = pack.folder / FILE
    if not path.is_file():
        what, why = f"The pack `{pack.name}` has no {FILE}.", "Nobody would decide or help in its invented country."
        raise UsageError(Problem(what, Place(file=str(path)), why, "Use a pack that has one, such as china."))
    loaded = load(path, name=FILE)
    found, problems = shaped(loaded, CampaignFile)
    if found is None:
        raise DataError(problems)
    if mistakes := [Problem(what, loaded.place(loc), "", fix) for what, fix, loc in _mistakes(found, pack)]:
        raise DataError(mistakes)
    return found


def _mistakes(campaign: CampaignFile, pack: Pack) -> Iterator[tuple[str, str, Loc]]:
    """What is named that the pack does not have, or has as something else; what to do, and where it is named."""
    standards = dict(pack.standards())
    named: list[tuple[str, Loc]] = [(campaign.poor, ("poor",)), (campaign.at_risk, ("at_risk",))]
    named += [(id, ("help", "by_guarantee", id)) for id in campaign.help.by_guarantee]
    for id, loc in named:
        if id not in standards:
            yield f"The pack has no `{id}`.", "Name one of its standards.", loc
        elif standards[id].applies_to != HOUSEHOLD:
            yield f"`{id}` is asked of a {standards[id].applies_to}.", "Name a standard of households.", loc
    facts = {**pack.facts, **pack.derived}
    welfare = facts.get(campaign.welfare)
    if welfare is None:
        yield f"The pack has no `{campaign.welfare}`.", "Name one of its facts.", ("welfare",)
    elif welfare.entity != HOUSEHOLD or welfare.type != "money":
        yield f"`{campaign.welfare}` is no amount of money of a household.", "Name its income.", ("welfare",)
    for tier, listing in campaign.lists.by_tier.items():
        spec = pack.facts.get(listing.fact)
        if spec is None:
            yield f"The pack has no `{listing.fact}`.", "Name one of its facts.", ("lists", tier, "fact")
        elif spec.entity != "area" or spec.type != "boolean":
            yield f"`{listing.fact}` is no yes or no of an area.", "Name such a fact.", ("lists", tier, "fact")
    for cause in campaign.help.by_cause:
        if cause not in CAUSES:
            fix = f"Write one of: {', '.join(CAUSES)}."
            yield f"There is no cause `{cause}` in the invented country.", fix, ("help", "by_cause", cause)
