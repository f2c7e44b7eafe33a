"""Does the page on errors list every exit code, and every key of a problem?"""

from __future__ import annotations

import re
import signal
from dataclasses import fields

from tests.pages import read, tables
from tuopin.interfaces.cli.refusals import SHOWN
from tuopin.interfaces.cli.run import INTERNAL, OUTPUT_CLOSED, STOPPED
from tuopin.terms import DataError, Place, Problem, UsageError

PAGE = "reference/errors-and-exit-codes.md"


def test_every_exit_code_is_described() -> None:
    codes = {row["code"] for row in tables(PAGE)[0]}
    ours = {0, 1, UsageError.exit_code, DataError.exit_code, INTERNAL, STOPPED, OUTPUT_CLOSED, 128 + signal.SIGTERM}
    assert codes == {str(code) for code in ours}


def test_every_key_of_a_problem_is_described() -> None:
    keys = {row["key"] for row in tables(PAGE)[1]}
    assert keys == {f.name for f in fields(Problem)} - {"place"} | {f"place.{f.name}" for f in fields(Place)}


def test_the_number_of_problems_that_are_printed_is_right() -> None:
    assert re.search(rf"At most {SHOWN} problems are printed", read(PAGE))
