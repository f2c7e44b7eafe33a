"""Does a picture stand alone, and can those read it who do not see it?"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tuopin.interfaces.report.charts import MET, UNKNOWN, Bar, drawn, stacked_bars

pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")

COLOURS = {"met": MET, "cannot tell": UNKNOWN}


def picture(*bars: Bar, name: str = "one") -> str:
    """A drawn picture."""
    return drawn(stacked_bars(bars, colours=COLOURS, mark=0.4), name=name, title='Who is "poor" & where')


def test_it_is_one_well_formed_picture_with_a_name() -> None:
    root = ET.fromstring(picture(Bar("A question?", [("met", 0.3), ("cannot tell", 0.2)], "20 %")))  # noqa: S314 - ours
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'Who is "poor" & where'
    assert root.get("width") is None, "the page sets its size"


def test_words_from_a_pack_are_text_and_never_markup() -> None:
    svg = picture(Bar("<script>x</script> & co", [("met", 1.0)], "<b>"))
    assert "<script" not in svg
    assert "<b>" not in svg
    assert "&lt;script&gt;" in svg


def test_it_asks_nobody_for_anything() -> None:
    svg = picture(Bar("A question?", [("met", 0.3)], "0 %"))
    addresses = set(re.findall(r"https?://[^\"' <>]+", svg))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_two_pictures_of_a_page_share_no_id() -> None:
    bars = Bar("A question?", [("met", 0.3)], "0 %")
    first, second = (set(re.findall(r'\bid="([^"]+)"', picture(bars, name=name))) for name in ("one", "two"))
    assert not first & second


def test_the_same_bars_give_the_same_picture() -> None:
    bar = Bar("A question?", [("met", 0.3), ("cannot tell", 0.2)], "20 %")
    assert picture(bar) == picture(bar)


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("义务教育是否有保障（6至15周岁孩子都在校就读，或送教上门除外）？", ["义务教育是否有保障（6至15周岁孩子都在校就读，", "或送教上门除外）？"]),
        ("人" * 24, ["人" * 23, "人"]),
        ("人" * 23 + "。", ["人" * 23 + "。"]),  # no line begins with a full stop
        ("a" * 60, ["a" * 60]),
        ("新 Poverty 线", ["新 Poverty 线"]),
        ("人" * 23 + "线" * 23 + "户" * 23 + "村", ["人" * 23, "线" * 23, "户" * 23 + " …"]),
    ],
)  # fmt: skip
def test_a_question_without_spaces_is_broken_where_it_is_too_wide(label: str, lines: list[str]) -> None:
    specification = stacked_bars([Bar(label, [("met", 1.0)], "0%")], colours=COLOURS)
    assert [row["text"] for row in specification["layer"][1]["data"]["values"]] == lines


def test_a_long_question_is_broken_into_lines() -> None:
    question = "Does the household spend so much on food that little is left for anything else at all?"
    specification = stacked_bars([Bar(question, [("met", 1.0)], "0 %")], colours=COLOURS)
    lines = [row["text"] for row in specification["layer"][1]["data"]["values"]]
    assert len(lines) == 2
    assert " ".join(lines) == question
