"""Which areas does a pack treat in a way of their own?"""

from __future__ import annotations

from tuopin.policy.files import DatedValue, Parameter, Standard
from tuopin.policy.pack import Pack


def territorial_codes(pack: Pack) -> set[str]:
    """The codes of areas with a figure of their own, or a pilot."""
    parameters: list[Parameter] = [*pack.parameters.values()]
    for derived in pack.derived.values():
        parameters += derived.parameters.values()
    for rule in pack.rules.values():
        parameters += rule.spec.parameters.values()
    figures = [value for parameter in parameters for value in parameter.values.values()]
    figures += [value for line in pack.lines.values() for value in line.values.values()]
    codes = {code for figure in figures if isinstance(figure, DatedValue) for code in figure.areas}
    standards = [rule.spec for rule in pack.rules.values() if isinstance(rule.spec, Standard)]
    return codes | {code for standard in standards for edition in standard.editions for code in edition.areas}
