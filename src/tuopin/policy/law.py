"""What is a figure of the law on a day, here: a parameter that rules share, or a poverty line?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from tuopin.policy.arithmetic import refuse_bare_sum
from tuopin.policy.columns import parameter_meaning
from tuopin.policy.compiler import compile_number
from tuopin.policy.dated import figures_on, nothing_holds, parameter_on
from tuopin.policy.files import Parameter
from tuopin.policy.language import Call, LanguageError, parse
from tuopin.policy.layout import Layout
from tuopin.policy.meaning import Meaning, Number
from tuopin.policy.pack import Pack
from tuopin.policy.units import Unit
from tuopin.terms import value_at

FigureOf = Callable[[str], Number]
"""The value of a figure that depends on everybody, by its id."""


def parameter_number(pack: Pack, layout: Layout, name: str, parameter: Parameter, day: date) -> Number:
    """A parameter on a day, as a number in its unit.

    Raises:
        LanguageError: it has no value on that day.
    """
    on_day = parameter_on(parameter, day)
    if on_day is None:
        raise nothing_holds(f"`{name}`", parameter.values, day)
    return parameter_meaning(pack, layout, on_day, parameter.unit)


def line_number(pack: Pack, layout: Layout, id: str, day: date, figure: FigureOf) -> Number:
    """A line on a day, as a number in its unit: dated values, or a formula over parameters and figures.

    Args:
        pack: the pack.
        layout: the shape of the snapshot, or of one part of it.
        id: the line.
        day: the policy's day.
        figure: gives the figures that its formula names.

    Raises:
        LanguageError: the line has no value or formula on that day, or its formula does not give its unit.
    """
    line = pack.lines[id]
    if line.values:
        on_day = figures_on(line.values, day)
        if on_day is None:
            raise nothing_holds(f"The line `{id}`", line.values, day)
        return parameter_meaning(pack, layout, on_day, line.unit)
    formula = value_at(line.formulas, day)
    if formula is None:
        raise nothing_holds(f"The line `{id}`", line.formulas, day)
    value = compile_number(parse(formula), _FormulaWorld(pack, layout, day, figure))
    refuse_bare_sum(value, Unit.parse(line.unit))
    if value.unit is not None and value.unit != Unit.parse(line.unit):
        raise LanguageError(
            f"The line `{id}` is declared in `{line.unit}`, but its formula gives `{value.unit}`.",
            "Change one of them.",
        )
    return replace(value, unit=Unit.parse(line.unit))


def known_beforehand(pack: Pack, layout: Layout, name: str, day: date) -> Number | None:
    """A shared parameter or a line, for a fact to be computed with; None if the name is neither.

    Raises:
        LanguageError: it has no value on that day, or rests on a figure: that is counted from the facts themselves.
    """
    if name in pack.parameters:
        return parameter_number(pack, layout, name, pack.parameters[name], day)
    if name not in pack.lines:
        return None

    def no_figure(figure: str) -> Number:
        raise LanguageError(
            f"The line `{name}` rests on the figure `{figure}`, which is counted from the facts themselves.",
            "Compare with it in a standard, or name a line or parameter with dated values.",
        )

    return line_number(pack, layout, name, day, no_figure)


class _FormulaWorld:
    """What names mean in the formula of a line: figures and shared parameters."""

    def __init__(self, pack: Pack, layout: Layout, day: date, figure: FigureOf) -> None:
        self.pack, self.layout, self.day, self.figure = pack, layout, day, figure
        self.as_of = layout.as_of

    def lookup(self, name: str) -> Meaning:
        """A figure or a shared parameter."""
        if name in self.pack.parameters:
            return parameter_number(self.pack, self.layout, name, self.pack.parameters[name], self.day)
        if name in self.pack.figures:
            return self.figure(name)
        raise LanguageError(f"There is no figure or parameter `{name}` in lines.yaml.", "Check the spelling.")

    def roll_up(self, call: Call) -> Meaning:
        """Refuse: a line is about a territory."""
        raise LanguageError(f"`{call.function}` stands in the formula of a line.", "Make it a figure in lines.yaml.")
