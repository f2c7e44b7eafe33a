"""What does the China pack say, how surely? `python -m docs.generate.china_pack` renews the tables of its page.

The page says in prose what no table can, and marks the place of each table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from tuopin.policy import Pack, Standard, read_pack
from tuopin.policy.files import DatedValue, Estimate, Line, Parameter, StandardEdition

HERE = Path(__file__).parent
PAGE = HERE.parent / "reference" / "china-pack.md"

_TABLE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Row = tuple[str, ...]


def renewed(page: str, pack: Pack) -> str:
    """The page with its tables made anew.

    Raises:
        ValueError: a table has no place on the page, or a place has no table.
    """
    made: dict[str, Callable[[Pack], Iterator[Row]]] = {"lines": _lines, "standards": _standards, "figures": _figures}
    places = {name for _, name, _ in _TABLE.findall(page)}
    if places != set(made):
        raise ValueError(f"the tables and the page differ: {', '.join(sorted(places ^ set(made)))}")

    def table(marked: re.Match[str]) -> str:
        heading, *rows = made[marked[2]](pack)
        lines = [_row(heading), "|" + "---|" * len(heading), *map(_row, rows)]
        return f"{marked[1]}\n" + "\n".join(lines) + f"\n\n{marked[3]}"

    return _TABLE.sub(table, page)


def figures(pack: Pack) -> Iterator[tuple[str, str, Parameter]]:
    """Every dated figure of a pack: where it stands, its id, and itself."""
    for id, parameter in pack.parameters.items():
        yield "lines.yaml", id, parameter
    for of, derived in pack.derived.items():
        for id, parameter in derived.parameters.items():
            yield of, id, parameter
    for of, rule in pack.rules.items():
        for id, parameter in rule.spec.parameters.items():
            yield of, id, parameter
    for of, estimate in pack.estimates.items():
        yield of, "confidence", estimate.confidence


def _lines(pack: Pack) -> Iterator[Row]:
    yield "line", "used for", "values from each date on", "sure", "source"
    for id, line in pack.lines.items():
        yield f"`{id}`", ", ".join(line.use), _line_values(line), line.confidence, _prose(line.source)


def _line_values(line: Line) -> str:
    if line.values:
        return _values(line.values)
    return "<br>".join(f"{day}: `{formula}`" if formula else f"{day}: ended" for day, formula in line.formulas.items())


def _standards(pack: Pack) -> Iterator[Row]:
    yield "standard", "of a", "asks", "zh-Hans", "proposes", "texts from"
    for id, rule in pack.rules.items():
        if isinstance(standard := rule.spec, Standard):
            yield (
                f"`{id}`",
                standard.applies_to,
                standard.question["en"],
                standard.question["zh-Hans"],
                standard.proposes or "",
                "<br>".join(f"{edition.from_}{_ended(edition)}" for edition in standard.editions),
            )
    for id, estimate in pack.estimates.items():
        yield f"`{id}`", estimate.applies_to, *_named(estimate), "", "<br>".join(map(str, estimate.decides))


def _ended(edition: StandardEdition) -> str:
    return " ended" if edition.status == "ended" else ""


def _named(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.label['en']} (from a sample)", estimate.label["zh-Hans"]


def _figures(pack: Pack) -> Iterator[Row]:
    yield "figure", "stands in", "values from each date on", "unit", "sure", "source"
    for of, id, parameter in figures(pack):
        yield (
            f"`{id}`",
            f"`{of}`",
            _values(parameter.values),
            parameter.unit or "",
            parameter.confidence,
            _prose(parameter.source),
        )


def _values(dated: Mapping[date, Decimal | DatedValue | None]) -> str:
    return "<br>".join(f"{day}: {_value(value)}" for day, value in dated.items())


def _value(value: Decimal | DatedValue | None) -> str:
    if value is None:
        return "ended"
    if isinstance(value, DatedValue):
        places = [f"{code} {one:,}" for code, one in value.areas.items()]
        shown = "; ".join([*([f"{value.default:,}"] if value.default is not None else []), *places])
        said = [said for said in (value.confidence, _prose(value.source or "")) if said]
        return f"{shown} ({': '.join(said)})" if said else shown
    return f"{value:,}"


def _prose(text: str) -> str:
    return " ".join(text.split())


def _row(cells: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Renew the page."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), read_pack("china")), encoding="utf-8")


if __name__ == "__main__":
    main()
