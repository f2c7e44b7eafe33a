"""What do shares look like? Bars as Vega-Lite specifications, drawn to SVG here; the page asks nobody for anything.

Each bar has its words above it and its figure beside it: it reads on a phone, in print, and without colours.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tuopin.terms import Problem, UsageError

WIDTH = 400
LETTERS, LINES = 46, 3
"""How many letters of a label stand on one line above its bar, and on how many lines; a wide letter counts twice."""

BAR, LINE_HEIGHT, GAP = 14, 17, 14
INK, MET, NOT_MET, UNKNOWN, MARK = "#0b0c0c", "#12436d", "#d5dde3", "#f4a259", "#6b2d5c"

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: the words above it.
        parts: shares between 0 and 1, from the left, with the name of each.
        figure: what is written at its end.
    """

    label: str
    parts: Sequence[tuple[str, float]]
    figure: str


def stacked_bars(
    bars: Sequence[Bar], *, colours: dict[str, str], most: float = 1.0, mark: float | None = None
) -> dict[str, Any]:
    """A Vega-Lite specification of bars, one below the other in the order given.

    Args:
        bars: the bars.
        colours: colour of each part by name, in the order of the legend.
        most: the share at the right edge.
        mark: a share at which a vertical line stands, such as the country's.
    """
    parts: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    figures: list[dict[str, Any]] = []
    y = 0
    for bar in bars:
        lines = _lines(bar.label)
        words += [{"y": y + LINE_HEIGHT * number, "text": line} for number, line in enumerate(lines)]
        figures.append({"y": y, "text": bar.figure})
        y += LINE_HEIGHT * len(lines)
        starts = itertools.accumulate((share for _, share in bar.parts), initial=0.0)
        parts += [
            {"part": name, "from": start, "to": start + share, "y": y, "y2": y + BAR}
            for (name, share), start in zip(bar.parts, starts, strict=False)
            if share > 0
        ]
        y += BAR + GAP
    layers = [
        {
            "data": {"values": parts},
            "mark": {"type": "rect", "stroke": INK, "strokeWidth": 0.5},
            "encoding": _shares(most, colours),
        },
        {"data": {"values": words}, "mark": _text("left"), "encoding": _at(0)},
        {"data": {"values": figures}, "mark": {**_text("right"), "fontWeight": "bold"}, "encoding": _at(WIDTH)},
    ]
    if mark is not None:
        rule = {"type": "rule", "strokeDash": [4, 3], "color": MARK, "strokeWidth": 1.5}
        layers.append({"data": {"values": [{"at": mark}]}, "mark": rule, "encoding": {"x": _share("at", most)}})
    return {
        "$schema": _SCHEMA,
        "width": WIDTH,
        "height": y,
        "padding": 2,
        "background": "transparent",
        "config": {"font": _FONT, "view": {"stroke": None}},
        "layer": layers,
    }


def _lines(label: str) -> list[str]:
    """A label broken into lines: between words or, in scripts without spaces, between any two letters."""
    pieces = [piece for word in label.split() for piece in _pieces(word)]
    lines = [""]
    for piece, after_space in pieces:
        longer = f"{lines[-1]} {piece}" if after_space and lines[-1] else lines[-1] + piece
        if lines[-1] and _width(longer) > LETTERS and piece not in _NEVER_FIRST:
            lines.append(piece)
        else:
            lines[-1] = longer
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1] + " …"]
    return lines


def _pieces(word: str) -> Iterator[tuple[str, bool]]:
    """The pieces between which a word may be broken, each with whether a space stands before it."""
    first = True
    for wide, letters in itertools.groupby(word, _is_wide):
        for piece in letters if wide else ["".join(letters)]:
            yield piece, first
            first = False


def _width(text: str) -> int:
    return sum(2 if _is_wide(letter) else 1 for letter in text)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


#: Marks that close something: no line begins with one.
_NEVER_FIRST = frozenset("，。；：？！、）〕”》")


def _shares(most: float, colours: dict[str, str]) -> dict[str, Any]:
    return {
        "x": _share("from", most),
        "x2": {"field": "to"},
        "y": _pixel("y"),
        "y2": {"field": "y2"},
        "color": _colours(colours),
    }


def _share(field: str, most: float) -> dict[str, Any]:
    scale = {"domain": [0, most], "nice": False, "zero": True}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _pixel(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _text(align: str) -> dict[str, Any]:
    return {"type": "text", "align": align, "baseline": "top", "fontSize": 13, "color": INK}


def _at(x: int) -> dict[str, Any]:
    return {"x": {"value": x}, "y": _pixel("y"), "text": {"field": "text"}}


def drawn(specification: dict[str, Any], *, name: str, title: str) -> str:
    """The SVG of a specification, to stand inside a page.

    Args:
        specification: of Vega-Lite.
        name: tells its ids from those of other pictures on the page.
        title: what the picture shows, for those who do not see it; the figures stand in a table beside it.

    Raises:
        UsageError: the drawing program is not installed.
    """
    try:
        import vl_convert  # noqa: PLC0415 - an extra: only the report needs it
    except ModuleNotFoundError:
        raise UsageError(missing_extra("vl-convert-python")) from None
    svg = vl_convert.vegalite_to_svg(specification, show_warnings=False)
    return _accessible(_ids_of_its_own(svg, name), title)


def missing_extra(package: str) -> Problem:
    """What to say where the report's own packages are not installed."""
    return Problem(
        f"The report needs the package {package}.", fix="Install Tuopin with its extra: pip install 'tuopin[viz]'."
    )


def _colours(colours: dict[str, str]) -> dict[str, Any]:
    scale = {"domain": list(colours), "range": list(colours.values())}
    symbol = {
        "symbolStrokeColor": INK,
        "symbolStrokeWidth": 0.5,
        "symbolType": "square",
        "labelFontSize": 13,
        "labelColor": INK,
    }
    legend = {"orient": "top", "title": None, "columns": 3, **symbol}
    return {"field": "part", "type": "nominal", "scale": scale, "legend": legend if len(colours) > 1 else None}


def _ids_of_its_own(svg: str, name: str) -> str:
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)


def _accessible(svg: str, title: str) -> str:
    """One picture with one name; its size follows the page."""
    opening = re.match(r"<svg[^>]*>", svg)
    assert opening is not None
    box = re.search(r'viewBox="[^"]*"', opening[0])
    assert box is not None
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box[0]} role="img" aria-label="{_escaped(title)}">'
    inside = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", svg[opening.end() :])
    return head + inside


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
