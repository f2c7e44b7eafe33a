"""With which words does a report speak, in each language? One file of `words/` each, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuopin.policy.yaml_text import load
from tuopin.terms import Problem, UsageError

WORDS = Path(__file__).parent / "words"
LANGUAGES = tuple(sorted(file.stem for file in WORDS.glob("*.yaml")))


@dataclass(frozen=True)
class Language:
    """A language of the page.

    Attributes:
        id: as a pack that speaks it writes it.
        words: sentences by key; `{…}` takes a name or a number.
    """

    id: str
    words: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """A sentence."""
        return self.words[key].format(**values)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number in the language's own marks; `-0` is never written."""
        return self.amount(f"{round(value, decimals) + 0:.{decimals}f}")

    def share(self, value: float, decimals: int = 1) -> str:
        """A share of 1 in percent."""
        return self.words["percent"].format(self.number(100 * value, decimals))

    def amount(self, text: str) -> str:
        """A number that is already text, such as `2124.2`, with its own decimals."""
        sign = "-" if text.startswith("-") else ""
        whole, _, decimals = text.removeprefix("-").partition(".")
        grouped = f"{int(whole):,}".replace(",", self.words["thousands"])
        return sign + grouped + (self.words["decimal"] + decimals if decimals else "")

    def listed(self, words: list[str]) -> str:
        """Words in a row."""
        return self.words["list_mark"].join(words)


def language(id: str) -> Language:
    """The words of a language, whichever script or region it names: zh is written as zh-Hans.

    Raises:
        UsageError: no report is written in it yet.
    """
    file = written_as(id)
    if file is None:
        raise UsageError(Problem(f"No report is written in `{id}` yet.", fix=f"Use one of: {', '.join(LANGUAGES)}."))
    return Language(id, load(WORDS / f"{file}.yaml").data)


def written_as(id: str) -> str | None:
    """Which of our languages a language is written as; None where there is none."""
    own = [known for known in LANGUAGES if known == id]
    return next(iter(own or [known for known in LANGUAGES if same_language(known, id)]), None)


def same_language(one: str, other: str) -> bool:
    """Whether two ids name the same language, in whatever script or region."""
    return one.split("-", 1)[0] == other.split("-", 1)[0]
