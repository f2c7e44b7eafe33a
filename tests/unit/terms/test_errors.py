"""Does an error tell a tired official what, where, why and what next?"""

from tuopin.terms import DataError, Place, Problem, TuopinError, UsageError


def test_a_place_names_what_is_known() -> None:
    assert str(Place()) == ""
    assert str(Place("lines.yaml", 12, rule="national")) == "lines.yaml:12, rule national"
    assert (
        str(Place("census.csv", table="members", row=7, column="age")) == "census.csv, table members, row 7, column age"
    )


def test_the_first_row_and_line_are_not_taken_for_nothing() -> None:
    assert str(Place(row=0)) == "row 0"
    assert str(Place(line=3)) == ""  # a line without its file says nothing


def test_a_problem_reads_from_place_to_next_step() -> None:
    problem = Problem("The line has no source.", Place("lines.yaml", 4), "Nobody could check it.", "Write source: …")
    assert str(problem) == "lines.yaml:4: The line has no source. Nobody could check it. Next: Write source: …"


def test_a_problem_without_a_place_begins_with_what() -> None:
    assert str(Problem("No snapshot was named.")) == "No snapshot was named."


def test_a_problem_is_plain_values_for_json() -> None:
    assert Problem("x", Place("a.yaml", 1)).to_dict() == {
        "what": "x",
        "place": {"file": "a.yaml", "line": 1, "table": None, "row": None, "column": None, "rule": None},
        "why": "",
        "fix": "",
    }


def test_an_error_carries_one_problem_or_many() -> None:
    one, two = Problem("One."), Problem("Two.")
    assert TuopinError(one).problems == [one]
    assert str(DataError(problem for problem in (one, two))) == "One.\nTwo."


def test_exit_codes_tell_findings_usage_and_data_apart() -> None:
    assert (TuopinError.exit_code, UsageError.exit_code, DataError.exit_code) == (1, 2, 3)
