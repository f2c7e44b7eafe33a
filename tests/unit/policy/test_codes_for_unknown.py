"""A code of the source that says that nobody knows: what becomes of it, and who may still name it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy.invented import fact, make_pack, score, standard, text, write_pack
from tuopin.policy import Pack, check_pack, read_pack
from tuopin.policy.columns import declared_columns
from tuopin.sweep import run_examples
from tuopin.terms import DataError

WATER = fact("code", values=["pass", "fail", "untested"], unknown=["untested"])


def pack_of(met: str, **more: Any) -> Pack:
    return make_pack(facts={"water": WATER}, standards={"clean": standard(met)}, **more)


def test_it_is_no_value_that_a_snapshot_can_store() -> None:
    pack = pack_of("water = 'pass'")
    assert check_pack(pack) == []
    (column,) = declared_columns(pack, pack.currency)["households"]
    assert (column.values, column.unknown) == (("pass", "fail"), ("untested",))


@pytest.mark.parametrize("met", ["water = 'untested'", "water in ('pass', 'untested')", "water <> 'untested'"])
def test_a_rule_that_names_it_is_told_to_ask_whether_nobody_knows(met: str) -> None:
    (problem,) = check_pack(pack_of(met))
    assert problem.what == "'untested' says that nobody knows, so it is read as unknown."
    assert problem.fix == "Write `is null`, or `is not null`."
    assert (problem.place.file, problem.place.line, problem.place.rule) == ("standards/rules.yaml", 2, "clean")


def test_a_score_gives_points_for_what_is_known_alone() -> None:
    points = {"pass": 3, "fail": 0}
    assert check_pack(pack_of("water = 'pass'", scores={"card": score({"fact": "water", "points": points})})) == []
    with_it = {"card": score({"fact": "water", "points": {**points, "untested": 1}})}
    (problem,) = check_pack(pack_of("water = 'pass'", scores=with_it))
    assert "untested" in problem.what


def test_an_example_that_gives_it_means_that_nobody_knows(tmp_path: Path) -> None:
    facts = {"water": WATER}
    entry = standard("clean", tests={"clean": "water = 'pass'"}, proposes="entry")
    folder = write_pack(tmp_path, facts=facts, standards={"entry": entry, "open": standard("water is null")})
    (folder / "examples").mkdir()
    visit = "[{kind: visit, rule: entry, reasons: [clean], unknown: [water]}]"
    (folder / "examples" / "water.yaml").write_text(
        "examples:\n  untested:\n    story: {en: '?'}\n    as_of: 2016-12-31\n    household: {water: untested}\n"
        f"    expect: {{answers: {{entry: cannot_tell, open: met}}, proposals: {visit}}}\n"
    )
    pack = read_pack(folder)
    assert check_pack(pack) == []
    assert [result.differences for result in run_examples(pack)] == [()]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({**WATER, "unknown": ["untestd"]}, "`unknown` names untestd, which is none of the values"),
        ({**WATER, "unknown": ["pass", "fail", "untested"]}, "every value is `unknown`"),
        ({**fact("integer"), "unknown": ["nine"]}, "`unknown` names nine, which is none of the values"),
    ],
)
def test_only_some_of_the_values_can_be_such(spec: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError) as refused:
        make_pack(facts={"water": {**spec, "question": text("?")}})
    (problem,) = refused.value.problems
    assert says in problem.what
    assert (problem.place.file, problem.place.line) == ("facts.yaml", 1)
