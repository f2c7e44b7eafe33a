"""Do the pages on the condition language and on unknowns say what the compiler says? Every table on them is tried."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.pages import marked_table, read
from tests.unit.policy.invented import (
    Household,
    Register,
    derived,
    evaluated,
    fact,
    groups,
    make_pack,
    score,
    standard,
    write_register,
)  # fmt: skip
from tuopin.policy import Evaluation, check_pack, sql
from tuopin.policy.arithmetic import compare
from tuopin.policy.language import REGISTER_TEST, ROLLUPS, SCALARS
from tuopin.policy.meaning import Number, number
from tuopin.policy.units import Unit
from tuopin.tables.engines import Engine, open_engine

LANGUAGE, UNKNOWNS = "reference/language.md", "explanation/unknowns.md"
TRUTH = {"yes": True, "no": False, "unknown": None}
ANSWER = {True: "met", False: "not met", None: "cannot tell"}

FACTS = {
    "income": fact("money", unit="XTS/year", min=0, max=1_000_000), "pension": fact("money", unit="XTS/month"),
    "rooms": fact("integer", unit="room", min=0, max=60), "size": fact("integer", unit="person", min=1, max=60),
    "debt": fact("integer"), "lit": fact("boolean"), "roof": fact("code", values=["thatch", "metal"]), "moved": fact("month"),
    "age": fact("integer", "member", unit="year", min=0, max=120), "ill": fact("boolean", "member"),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(threads=1) as opened:
        opened.view("one_row", pa.table({"x": [1]}))
        yield opened


@pytest.mark.parametrize("page", [LANGUAGE, UNKNOWNS])
def test_and_or_not_are_as_the_tables_say(engine: Engine, page: str) -> None:
    rows = marked_table(page, "logic")
    texts = [heading for heading in rows[0] if heading not in ("a", "b")]
    pack = make_pack(
        facts={"a": fact("boolean"), "b": fact("boolean")},
        standards={f"t{n}": standard(t) for n, t in enumerate(texts)},
    )
    found = evaluated(
        engine, pack, Register([Household({"a": TRUTH[r["a"]], "b": TRUTH[r["b"]]}) for r in rows], members=False)
    )
    assert [{t: ANSWER[row[f"t{n}"]] for n, t in enumerate(texts)} for row in found] == [
        {t: r[t] for t in texts} for r in rows
    ]


def test_roll_ups_of_conditions_are_as_the_table_says(engine: Engine) -> None:
    rows = marked_table(UNKNOWNS, "members")
    pack = make_pack(
        facts={"ill": fact("boolean", "member")},
        derived={
            "some": derived("any_of(ill)"), "each": derived("all_of(ill)"),
            "n": derived("count_if(ill)", "integer", unit="person"), "share": derived("share_of(ill)", "decimal", scale=2),
        },
        standards={"t": standard("some or each or n >= 0 or share >= 0")},
    )  # fmt: skip
    for row in rows:
        members = [] if row["`ill` of each member"] == "nobody" else row["`ill` of each member"].split(", ")
        facts = stored_facts(engine, pack, Register([Household({}, [{"ill": TRUTH[m]} for m in members])]))
        assert ANSWER[facts["some"]] == row["any_of(ill)"], row
        assert ANSWER[facts["each"]] == row["all_of(ill)"], row
        assert span(facts, "n") == row["count_if(ill)"], row
        assert span(facts, "share") == row["share_of(ill)"], row


def test_sums_are_as_the_table_says(engine: Engine) -> None:
    rows = marked_table(UNKNOWNS, "sums")
    texts = [heading for heading in rows[0] if " >= " in heading]
    pack = make_pack(
        facts={"wage": fact("integer", "member", min=0, max=100)},
        derived={"wages": derived("sum_of(wage)", "integer")},
        standards={f"t{n}": standard(t.replace("sum_of(wage)", "wages")) for n, t in enumerate(texts)},
    )
    for row in rows:
        wages = [None if w == "unknown" else int(w) for w in row["`wage` of each member"].split(", ")]
        register = Register([Household({}, [{"wage": wage} for wage in wages])])
        (answers,) = evaluated(engine, pack, register)
        assert [ANSWER[answers[f"t{n}"]] for n in range(len(texts))] == [row[t] for t in texts], row
        assert span(stored_facts(engine, pack, register), "wages") == row["sum_of(wage)"], row


def test_scores_and_categories_are_as_the_table_says(engine: Engine) -> None:
    light, child = "light_missing", "child_at_home"
    pack = make_pack(
        facts={light: fact("boolean"), child: fact("boolean")},
        scores={"s": score({"when": light, "points": 3}, {"when": child, "points": 2})},
        standards={"cut": standard("s >= 2")},
        categories={"g": groups(("worst", light), ("middle", child), otherwise="rest")},
    )
    for row in marked_table(UNKNOWNS, "scores"):
        given = {light: TRUTH[row["`light_missing` (3 points)"]], child: TRUTH[row["`child_at_home` (2 points)"]]}
        (answers,) = evaluated(engine, pack, Register([Household(given)], members=False))
        assert between(answers["s_low"], answers["s_high"]) == row["score"], row
        assert ANSWER[answers["cut"]] == row["score >= 2"], row
        assert between(answers["g_first"], answers["g_last"]) == row["category"], row


def test_numbers_between_two_ends_compare_as_the_table_says(engine: Engine) -> None:
    for row in marked_table(LANGUAGE, "spans"):
        low, high = (sql.integer(int(end)) for end in row["span"].split(" to "))
        ends = Number(low, high, unit=Unit(), least=0, most=100, reach=100)
        for text in ("span < 10", "span >= 10", "span = 10"):
            _, word, ten = text.split()
            truth = compare(word, ends, number(Decimal(ten), Unit()))
            ((found,),) = engine.rows(sql.select({"found": truth.sql}, sql.table("one_row")))
            assert ANSWER[found] == row[text], (row["span"], text)


@pytest.mark.parametrize("row", marked_table(LANGUAGE, "refused"), ids=lambda row: row["written"])
def test_what_is_refused_is_refused_in_these_words(row: Mapping[str, str]) -> None:
    problems = check_pack(make_pack(facts=FACTS, standards={"t": standard(row["written"])}))
    assert problems, "it is let in"
    plain = (text.replace("`", "") for text in (problems[0].what, problems[0].fix))
    for said, promised in zip(plain, (row["refused with"], row["instead"]), strict=True):
        assert promised.replace("`", "") in said


def test_every_function_is_described() -> None:
    page = read(LANGUAGE)
    for function in (*ROLLUPS, *SCALARS, REGISTER_TEST):
        assert re.search(rf"`{function}\(", page), function


def stored_facts(engine: Engine, pack: Any, register: Register) -> dict[str, Any]:
    """The facts of the one household of a register, ends of numbers with two of them apart."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = write_register(Path(folder) / "snapshot", pack, register)
        Evaluation(pack, snapshot, register.as_of, engine).show_facts(0)
        return dict(engine.arrow("SELECT * FROM facts").to_pylist()[0])


def span(facts: Mapping[str, Any], name: str) -> str:
    """A number as the pages show it."""
    if name in facts:
        return between(facts[name], facts[name])
    return between(facts[f"{name}__low"], facts[f"{name}__high"])


def between(low: Any, high: Any) -> str:
    if low is None:
        return "unknown"
    shown = [f"{end:g}" if isinstance(end, float) else str(end) for end in (low, high)]
    return shown[0] if shown[0] == shown[1] else " to ".join(shown)
