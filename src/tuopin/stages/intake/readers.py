"""Who reads this file? CSV, Parquet, Arrow, Stata and SPSS, told apart by the ending of the name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tuopin.stages.intake.arrow_file import open_arrow, open_parquet
from tuopin.stages.intake.labelled_file import open_spss, open_stata
from tuopin.stages.intake.mapping import TextFormat
from tuopin.stages.intake.source import Source
from tuopin.stages.intake.text_file import open_text
from tuopin.terms import DataError, Place, Problem, UsageError

_KINDS: tuple[tuple[tuple[str, ...], Callable[[Path, TextFormat], Source]], ...] = (
    ((".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt"), open_text),
    ((".parquet",), open_parquet),
    ((".arrow", ".feather", ".arrows"), open_arrow),
    ((".dta",), open_stata),
    ((".sav", ".zsav", ".por"), open_spss),
)


def open_source(path: Path, form: TextFormat) -> Source:
    """Open a file by the ending of its name.

    Raises:
        UsageError: no such file, or a kind of file that is not read.
        DataError: the file is damaged, or not written as declared.
    """
    if not path.is_file():
        raise UsageError(Problem("There is no such file.", Place(file=str(path)), fix="Check the path."))
    name = path.name.lower()
    for endings, opener in _KINDS:
        if name.endswith(endings):
            source = opener(path, form)
            _refuse_doubled(source)
            return source
    known = ", ".join(ending for endings, _ in _KINDS for ending in endings)
    raise UsageError(
        Problem("This kind of file is not read.", Place(file=str(path)), f"Its name must end in one of: {known}.")
    )


def _refuse_doubled(source: Source) -> None:
    for name, times in Counter(source.columns).items():
        if times > 1:
            what = f"Column {name} stands twice in the header." if name else "A column of the header has no name."
            why = "Nobody can tell which of them is meant."
            raise DataError(
                Problem(what, Place(file=str(source.path), column=name or None), why, "Name each column once.")
            )
