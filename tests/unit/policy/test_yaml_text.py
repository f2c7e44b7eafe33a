"""Does a file say what a reader sees, and does a refusal name the line?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuopin.policy.yaml_text import MAX_BYTES, MAX_DEPTH, Loaded, load, loads
from tuopin.terms import DataError, Problem


def refused(text: str | bytes) -> Problem:
    """The one problem of a text."""
    with pytest.raises(DataError) as caught:
        loads(text, name="pack.yaml")
    (problem,) = caught.value.problems
    assert problem.place.file == "pack.yaml"
    return problem


# --- plain values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-7", -7), ("+7", 7), ("0", 0), ("-0", 0), ("1.50", Decimal("1.50")), (".5", Decimal("0.5")),
        ("5.", Decimal(5)), ("-1e3", Decimal(-1000)),
        ("2124.2", Decimal("2124.2")), ("0.1", Decimal("0.1")), ("12345678901234567890", 12345678901234567890),
        ("true", True), ("false", False),
        ("null", None), ("~", None), ("", None), ("word", "word"), ("two words", "two words"), ("'1'", "1"),
        ('"true"', "true"), ("'null'", "null"), ("'yes'", "yes"), ("'007'", "007"),
        ("007", "007"), ("-007", "-007"), ("0777", "0777"), ("0o17", "0o17"), ("0x1F", "0x1F"), ("0b11", "0b11"),
        ("1_000", "1_000"), ("1:30", "1:30"), ("190:20:30", "190:20:30"),
        ("2014-01-01", "2014-01-01"), ("2014-1-1", "2014-1-1"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"), ("1.2.3", "1.2.3"), ("1e", "1e"),
        ("1e4000", "1e4000"), ("e5", "e5"), ("٣", "٣"), ("１", "１"),
        ("XTS/year", "XTS/year"), ("=", "="), ("[]", []), ("{}", {}), ("[1, 'a', [true]]", [1, "a", [True]]),
        ("|\n  a\n  b", "a\nb\n"), (">-\n  a\n  b", "a b"),
        ("north", "north"), ("NO2", "NO2"), ("onward", "onward"), ("y", "y"), ("n", "n"),
    ],
)  # fmt: skip
def test_a_value_is_what_it_looks_like(text: str, value: object) -> None:
    (found,) = loads(f"key: {text}\n", name="pack.yaml").data.values()
    assert found == value
    assert type(found) is type(value)


def test_an_empty_file_says_nothing() -> None:
    assert [loads(text, name="pack.yaml").data for text in ("", "# a comment\n", "---\n", b"\xef\xbb\xbf")] == [
        None
    ] * 4


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    loaded = loads(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", name="pack.yaml")
    assert loaded.data == {"a": 1, "b": 2}
    assert loaded.place(("b",)).line == 2


# --- what is refused, and on which line ------------------------------------------------------------------------------

REFUSED = [
    ("a: 1\nb: 2\na: 3\n", "stands twice", 3),
    ("a:\n  b: 1\n  c: 2\n  b: 3\n", "stands twice", 4),
    ("a: {b: 1, b: 2}\n", "stands twice", 1),
    ("a: 1\n'a': 2\n", "stands twice", 2),
    ("1: a\n'1': b\n", "stands twice", 2),
    *[(f"a: 1\nb: {word}\n", f"`{word}` is neither", 2) for word in ("yes", "no", "on", "off", "Yes", "NO", "On", "OFF",
    "True", "FALSE")],
    ("a: 1\nb: [x, yes]\n", "neither", 2),
    ("a: &x 1\nb: 2\n", "Anchors", 1),
    ("a: 1\nb: *x\n", "Anchors|unreadable|undefined", 2),
    ("a: 1\nb: &x {c: 1}\n", "Anchors", 2),
    ("a: 1\nb: &x [1]\n", "Anchors", 2),
    ("a: 1\n&x b: 2\n", "Anchors", 2),
    ("a: 1\nb: !!str 2\n", "tags", 2),
    ("a: 1\nb: !!python/object/apply:os.system ['ls']\n", "tags", 2),
    ("a: 1\nb: !secret 2\n", "tags", 2),
    ("a: 1\nb: ! 2\n", "tags", 2),
    ("a: 1\n!!str b: 2\n", "tags", 2),
    ("a: !!binary aGVsbG8=\n", "tags", 1),
    ("a: !!set {b, c}\n", "tags", 1),
    ("a: 1\n<<: {b: 2}\n", "Merge", 2),
    ("a: 1\nb:\n  <<: 2\n", "Merge", 3),
    *[(f"a: 1\nb: {word}\n", "is not a number", 2) for word in (".nan", ".NaN", ".NAN", ".inf", "-.inf", "+.inf",
    ".Inf", "-.INF")],
    ("a: 1\n---\nb: 2\n", "second document", 2),
    ("a: 1\n...\n---\nb: 2\n", "second document", 3),
    ("a: 1\n--- \n", "second document", 2),
    ("a: 1\n? [b, c]\n: 2\n", "A key must be a single word", 2),
    ("a: 1\n{b: 1}: 2\n", "A key must be a single word", 2),
    ("a: 1\n b: 2\n", "not readable", 2),
    ("a: 1\nb: 'open\n", "not readable", None),
    ("a: 1\nb: [1, 2\n", "not readable", None),
    ("a: 1\n\tb: 2\n", "not readable", 2),
    ("a: b: c\n", "not readable", 1),
    ("a: 1\nb: @x\n", "not readable", 2),
    ("a: 1\nb: `x`\n", "not readable", 2),
    ("a: %x\n", "not readable", 1),
    ("a: 1\nb: \x07\n", "not readable", None),
    ("a: 1\nb: \x00\n", "not readable", None),
    ("a: 1\nb: 9" + "9" * 5000 + "\n", "number|digits|large", 2),
    ("%YAML 1.1\n---\na: yes\n", "neither|directive", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "line"), REFUSED, ids=[repr(text[:30]) for text, _, _ in REFUSED])
def test_what_is_not_strict_is_refused_on_its_line(text: str, what: str, line: int | None) -> None:
    problem = refused(text)
    assert re.search(what, problem.what), str(problem)
    assert line is None or problem.place.line == line
    assert problem.fix


def test_the_first_mistake_is_named_where_it_stands_in_a_long_file() -> None:
    text = "".join(f"k{n}:\n  v: {n}\n" for n in range(500)) + "k7:\n  v: 1\n"
    assert refused(text).place.line == 1001


@pytest.mark.parametrize(
    ("raw", "line"),
    [("a: 1\nb: é\n".encode("latin-1"), 2), ("a: 1\n".encode("utf-16"), 1), (b"a: 1\nb: 2\nc: \xff\n", 3),
    (b"a: \xc3\x28\n", 1), ("a: 人\n".encode("gb18030"), 1), (b"\xed\xa0\x80: 1\n", 1)]
)  # fmt: skip
def test_a_file_that_is_not_utf_8_is_refused_on_its_line(raw: bytes, line: int) -> None:
    problem = refused(raw)
    assert "UTF-8" in problem.what
    assert problem.place.line == line


def test_nesting_ends_somewhere() -> None:
    assert loads("[" * MAX_DEPTH + "]" * MAX_DEPTH, name="pack.yaml").data is not None
    for deep in (
        "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
        "[" * 100_000,
        "{a: " * 5_000,
        "".join(f"{' ' * n}k:\n" for n in range(2_000)),
    ):
        assert refused(deep).what


def test_aliases_cannot_be_multiplied_without_end() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    assert "Anchors" in refused(bomb).what


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    with file.open("wb") as out:
        out.truncate(MAX_BYTES + 1)
    with pytest.raises(DataError, match="too large"):
        load(file)


@pytest.mark.parametrize("name", ["missing.yaml", "folder"])
def test_a_file_that_cannot_be_read_is_a_problem_and_no_crash(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="cannot be read") as caught:
        load(tmp_path / name, name=name)
    assert caught.value.problems[0].place.file == name


# --- lines -----------------------------------------------------------------------------------------------------------

TEXT = """\
# a comment
id: one

deep:
  list:
    - first
    -
      key: value
    - [a,
       b]
  text: >
    folded
    over lines
last: {inline: 1, other: 2}
"""


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        (("id",), 2), (("deep",), 4), (("deep", "list"), 5), (("deep", "list", 0), 6), (("deep", "list", 1, "key"), 8),
        (("deep", "list", 2), 9),
        (("deep", "list", 2, 1), 10), (("deep", "text"), 11), (("last",), 14), (("last", "other"), 14),
        (("deep", "list", 7), 5), (("nowhere", "at", "all"), 2),
    ],
)  # fmt: skip
def test_every_value_knows_its_line_and_what_is_missing_stands_at_its_parent(
    loc: tuple[str | int, ...], line: int
) -> None:
    place = loads(TEXT, name="pack.yaml").place(loc, rule="rule")
    assert (place.file, place.rule) == ("pack.yaml", "rule")
    assert place.line == line


PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**15), 10**15),
        st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abcdef", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=100)
@given(PLAIN)
def test_what_is_written_as_json_is_read_back_with_a_line_for_everything(value: object) -> None:
    loaded = loads(json.dumps({"top": value}, indent=1, ensure_ascii=False), name="pack.yaml")
    assert loaded.data == {"top": value}
    assert set(loaded.lines) >= set(locs(loaded, loaded.data))


def locs(loaded: Loaded, data: object, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield loc
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from locs(loaded, value, (*loc, key))


@settings(max_examples=200)
@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                [
                    "a",
                    ": ",
                    "- ",
                    "\n",
                    "  ",
                    "[",
                    "]",
                    "{",
                    "}",
                    ",",
                    "#",
                    "&x ",
                    "*x",
                    "!!str ",
                    "|",
                    ">",
                    "'",
                    '"',
                    "?",
                    "yes",
                    "1",
                    ".nan",
                    "---",
                    "...",
                    "\t",
                    "%",
                    "<<",
                    "é",
                    "\x85",
                    "\u2028",
                ]
            ),
            max_size=20,
        ).map("".join),
    )
)
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    for problem in problems_of(text):
        assert problem.place.file == "pack.yaml"
        assert problem.place.line is None or problem.place.line >= 1


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(raw: bytes) -> None:
    assert len(problems_of(raw)) <= 1


def problems_of(text: str | bytes) -> list[Problem]:
    """What is wrong with a text; nothing where it can be read."""
    try:
        loads(text, name="pack.yaml")
    except DataError as error:
        return error.problems
    return []


def test_a_file_without_an_end_is_refused_before_it_is_held() -> None:
    with pytest.raises(DataError, match="It has more than 4 MB"):
        load(Path("/dev/zero"))
