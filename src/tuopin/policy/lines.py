"""What is a poverty line on a day, for a household here: a dated value, or a formula over figures?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tuopin.policy.columns import same_scale
from tuopin.policy.facts_plan import PlannedFacts
from tuopin.policy.figures import figure_value
from tuopin.policy.files import Line
from tuopin.policy.language import LanguageError, names, parse
from tuopin.policy.law import line_number
from tuopin.policy.layout import Layout, by_area
from tuopin.policy.meaning import Number, nothing_known, number
from tuopin.policy.pack import Pack
from tuopin.policy.units import Unit
from tuopin.terms import value_at

#: Values of the figures by id and area code; `national` is the code of the whole country.
FigureValues = Mapping[str, Mapping[str, Decimal | None]]

NATIONAL = "national"


def line_holds(line: Line, day: date) -> bool:
    """Whether a line has a value or formula on a day: it has begun, and has not ended."""
    return value_at(line.values or line.formulas, day) is not None


def line_meaning(
    pack: Pack, facts: PlannedFacts, id: str, day: date, figures: FigureValues, layout: Layout | None = None
) -> Number:
    """A line on a day, as a number in its unit: dated values, or a formula over figures and parameters.

    Args:
        pack: the pack.
        facts: the plan of the facts that figures are made of.
        id: the line.
        day: the policy's day.
        figures: the values of the figures.
        layout: the shape of one part of the snapshot; default: of the whole.

    Raises:
        LanguageError: the line has no value or formula on that day, or its formula does not give its unit.
    """
    layout = layout or facts.layout
    return line_number(pack, layout, id, day, lambda name: _figure(pack, facts, layout, name, day, figures))


def figure_unit(pack: Pack, id: str, facts: PlannedFacts) -> Unit:
    """The unit that a figure's own text gives (a median has the unit of what it is a median of)."""
    if pack.figures[id].statistic == "count":
        return Unit.parse("person" if pack.figures[id].weight == "persons" else "household")
    return figure_value(pack, id, facts).unit or Unit()


def _figure(pack: Pack, facts: PlannedFacts, layout: Layout, name: str, day: date, figures: FigureValues) -> Number:
    """A figure where a household lives: national, or of its area."""
    of = pack.figures[name]
    for fact in names(parse(of.value, division=True)) | names(parse(of.of or "true")):
        if fact in facts.without_value:
            missing = facts.without_value[fact]
            what = f"The figure `{name}` rests on `{fact}`, which nobody has on {day}: {missing.what}"
            raise LanguageError(what, missing.fix)
    unit = figure_unit(pack, name, facts)
    values = figures.get(name, {})
    known = {code: number(value, unit) for code, value in values.items() if value is not None}
    if NATIONAL in known:
        return known[NATIONAL]
    nowhere = nothing_known(unit, asked=bool(known))
    scale = max((n.scale for n in known.values()), default=0)
    return by_area(
        layout.territory, {code: same_scale(n, scale) for code, n in known.items()}, replace(nowhere, scale=scale)
    )
