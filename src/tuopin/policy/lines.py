"""What is a poverty line on a day, for a household here: a dated value, or a formula over figures?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tuopin.policy.arithmetic import refuse_bare_sum
from tuopin.policy.columns import parameter_meaning, same_scale
from tuopin.policy.compiler import compile_number
from tuopin.policy.dated import figures_on, nothing_holds, parameter_on
from tuopin.policy.facts_plan import PlannedFacts
from tuopin.policy.figures import figure_value
from tuopin.policy.files import Line
from tuopin.policy.language import Call, LanguageError, parse
from tuopin.policy.layout import Layout, by_area
from tuopin.policy.meaning import Meaning, Number, nothing_known, number
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
    line, layout = pack.lines[id], layout or facts.layout
    if line.values:
        on_day = figures_on(line.values, day)
        if on_day is None:
            raise nothing_holds(f"The line `{id}`", line.values, day)
        return parameter_meaning(pack, layout, on_day, line.unit)
    formula = value_at(line.formulas, day)
    if formula is None:
        raise nothing_holds(f"The line `{id}`", line.formulas, day)
    value = compile_number(parse(formula), _LineWorld(pack, facts, layout, day, figures))
    refuse_bare_sum(value, Unit.parse(line.unit))
    if value.unit is not None and value.unit != Unit.parse(line.unit):
        raise LanguageError(
            f"The line `{id}` is declared in `{line.unit}`, but its formula gives `{value.unit}`.",
            "Change one of them.",
        )
    return replace(value, unit=Unit.parse(line.unit))


class _LineWorld:
    """What names mean in the formula of a line: figures and shared parameters."""

    def __init__(self, pack: Pack, facts: PlannedFacts, layout: Layout, day: date, figures: FigureValues) -> None:
        self.pack, self.facts, self.layout, self.day, self.figures = pack, facts, layout, day, figures
        self.as_of = layout.as_of

    def lookup(self, name: str) -> Meaning:
        """A figure or a shared parameter."""
        if name in self.pack.parameters:
            parameter = self.pack.parameters[name]
            on_day = parameter_on(parameter, self.day)
            if on_day is None:
                raise nothing_holds(f"`{name}`", parameter.values, self.day)
            return parameter_meaning(self.pack, self.layout, on_day, parameter.unit)
        if name in self.pack.figures:
            return self._figure(name)
        raise LanguageError(f"There is no figure or parameter `{name}` in lines.yaml.", "Check the spelling.")

    def roll_up(self, call: Call) -> Meaning:
        """Refuse: a line is about a territory."""
        raise LanguageError(f"`{call.function}` stands in the formula of a line.", "Make it a figure in lines.yaml.")

    def _figure(self, name: str) -> Number:
        unit = figure_unit(self.pack, name, self.facts)
        values = self.figures.get(name, {})
        known = {code: number(value, unit) for code, value in values.items() if value is not None}
        if NATIONAL in known:
            return known[NATIONAL]
        nowhere = nothing_known(unit, asked=bool(known))
        scale = max((n.scale for n in known.values()), default=0)
        return by_area(
            self.layout.territory,
            {code: same_scale(n, scale) for code, n in known.items()},
            replace(nowhere, scale=scale),
        )


def figure_unit(pack: Pack, id: str, facts: PlannedFacts) -> Unit:
    """The unit that a figure's own text gives (a median has the unit of what it is a median of)."""
    if pack.figures[id].statistic == "count":
        return Unit.parse("person" if pack.figures[id].weight == "persons" else "household")
    return figure_value(pack, id, facts).unit or Unit()
