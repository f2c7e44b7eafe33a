"""Does a report speak every language whole, and write numbers as its readers do?"""

from __future__ import annotations

import re

import pytest

from tuopin.interfaces.report.wording import LANGUAGES, language
from tuopin.stages.intake.proposals import LOOKS
from tuopin.sweep.route import STAGES
from tuopin.tables.schema import PROPOSED
from tuopin.terms import UsageError


@pytest.mark.parametrize("id", LANGUAGES)
def test_every_language_has_the_same_sentences_with_the_same_gaps(id: str) -> None:
    english, other = language("en").words, language(id).words
    assert list(other) == list(english)
    assert {key: gaps(text) for key, text in other.items()} == {key: gaps(text) for key, text in english.items()}


def gaps(text: str) -> list[str]:
    """The names that a sentence takes."""
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize("id", LANGUAGES)
def test_everything_that_a_stage_may_propose_has_a_name(id: str) -> None:
    words = language(id).words
    named = {f"kind_{kind}" for kind in PROPOSED} | {f"stage_{stage}" for stage in STAGES}
    assert named <= set(words)


@pytest.mark.parametrize("id", LANGUAGES)
def test_everything_that_intake_looks_at_again_has_words(id: str) -> None:
    rules = {rule for look in LOOKS for rule in re.findall(r"'([a-z_]{8,})'", look.query)}
    assert len(rules) == 5
    assert {f"look_{rule}" for rule in rules} <= set(language(id).words)


def test_a_language_may_be_named_without_its_script() -> None:
    assert language("zh").words == language("zh-Hans").words
    assert language("fr-CA").words == language("fr").words
    with pytest.raises(UsageError, match="tlh"):
        language("tlh")


def test_chinese_writes_numbers_as_its_readers_do() -> None:
    assert language("zh-Hans").number(1234567.891, 2) == "1,234,567.89"
    assert language("zh-Hans").share(0.41174) == "41.2%"


def test_numbers_are_written_with_the_marks_of_the_language() -> None:
    assert language("en").number(1234567.891, 2) == "1,234,567.89"
    assert language("fr").number(1234567.891, 2) == "1\u202f234\u202f567,89"
    assert language("en").share(0.41174) == "41.2\u00a0%"
    assert language("fr").share(0.41174, 2) == "41,17\u00a0%"


def test_a_number_keeps_its_sign_and_nought_has_none() -> None:
    assert language("en").amount("-0.50") == "-0.50"
    assert language("en").amount("-1234") == "-1,234"
    assert language("en").number(-0.01, 1) == "0.0"


def test_a_language_that_nobody_wrote_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="No report is written in `xx` yet"):
        language("xx")
