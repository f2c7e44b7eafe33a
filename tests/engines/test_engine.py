"""Does every engine run our queries in the same way, stay in its folders and tell its troubles in plain words?"""

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from tuopin.tables.engines import Engine, open_engine
from tuopin.terms import DataError, TuopinError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "villages" / "part-00000.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"code": ["b", "a", None], "people": [2, 1, None]}), path)
    return path


def test_a_view_over_files_is_queried_by_name(engine: Engine, file: Path) -> None:
    engine.view("villages", [file, file])
    assert engine.rows("SELECT count(*), count(people), CAST(sum(people) AS BIGINT) FROM villages") == [(6, 4, 6)]


def test_a_view_may_be_given_other_rows(engine: Engine, file: Path) -> None:
    engine.view("villages", file)
    engine.view("villages", pa.table({"people": [7]}))
    assert engine.rows("SELECT people FROM villages") == [(7,)]
    engine.view("villages", file)
    assert engine.rows("SELECT count(*) FROM villages") == [(3,)]


def test_parameters_are_bound_not_pasted(engine: Engine, file: Path) -> None:
    engine.view("villages", file)
    assert engine.rows("SELECT people FROM villages WHERE code = ?", ["b"]) == [(2,)]
    assert engine.rows("SELECT people FROM villages WHERE code = ?", ["b' OR '1' = '1"]) == []


def test_a_tree_is_quoted_and_written_by_the_engine(engine: Engine) -> None:
    engine.view("order", pa.table({"group": [3, 1]}))
    tree = exp.select(exp.column("group")).from_("order").order_by(exp.column("group"))
    assert engine.rows(tree) == [(1,), (3,)]


def test_results_come_as_arrow_whole_or_in_batches(engine: Engine) -> None:
    engine.view("t", pa.table({"x": list(range(10_000))}))
    assert engine.arrow("SELECT x FROM t ORDER BY x DESC").column("x")[0].as_py() == 9_999
    batches = list(engine.batches("SELECT x FROM t ORDER BY x", rows=4_096))
    assert len(batches) > 1
    assert [x for batch in batches for x in batch.column("x").to_pylist()] == list(range(10_000))


def test_a_query_may_have_a_name_and_its_rows_may_be_kept_at_hand(engine: Engine) -> None:
    engine.view("t", pa.table({"x": [1, 2]}))
    engine.define("doubled", "SELECT x * 2 AS y FROM t")
    engine.table("kept", "SELECT y FROM doubled")
    engine.view("t", pa.table({"x": [5]}))
    assert engine.rows("SELECT y FROM doubled") == [(10,)]
    assert engine.rows("SELECT y FROM kept ORDER BY y") == [(2,), (4,)]


def test_a_name_is_one_thing_at_a_time_whatever_it_was_before(engine: Engine, tmp_path: Path) -> None:
    engine.write("SELECT 1 AS x", tmp_path / "one.parquet")
    ways = {
        1: lambda: engine.view("t", tmp_path / "one.parquet"),
        2: lambda: engine.view("t", pa.table({"x": [2]})),
        3: lambda: engine.define("t", "SELECT 3 AS x"),
        4: lambda: engine.table("t", "SELECT 4 AS x"),
    }
    for first, second in itertools.product(ways, repeat=2):
        for way in (first, second):
            ways[way]()
            assert engine.rows("SELECT x FROM t") == [(way,)], f"{first} then {second}"


def test_a_query_is_written_to_parquet_in_its_order(engine: Engine, tmp_path: Path) -> None:
    engine.view("t", pa.table({"x": [3, 1, 2]}))
    assert engine.write("SELECT x FROM t ORDER BY x", tmp_path / "out.parquet") == 3
    assert pq.read_table(tmp_path / "out.parquet").column("x").to_pylist() == [1, 2, 3]


def test_unknown_is_kept_through_three_valued_logic(engine: Engine) -> None:
    assert engine.rows("SELECT NULL AND FALSE, NULL OR TRUE, NULL AND TRUE, NULL = 1") == [(False, True, None, None)]


def test_an_overflow_is_an_error_in_plain_words(engine: Engine) -> None:
    with pytest.raises(DataError, match="too large"):
        engine.rows("SELECT CAST(9223372036854775807 AS BIGINT) + CAST(1 AS BIGINT)")


@pytest.mark.parametrize("rubbish", [b"", b"hello", b"PAR1" + bytes(200)])
def test_a_damaged_file_is_named(engine: Engine, tmp_path: Path, rubbish: bytes) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(rubbish)
    with pytest.raises(DataError, match=r"bad\.parquet"):
        engine.view("bad", bad)


def test_a_cut_off_file_is_named(engine: Engine, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match="damaged"):
        engine.view("villages", file)


def test_a_missing_file_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing"):
        engine.view("none", tmp_path / "none.parquet")


def test_our_own_mistake_in_sql_is_not_hidden(engine: Engine) -> None:
    with pytest.raises(Exception, match="nosuch") as caught:
        engine.rows("SELECT 1 FROM nosuch")
    assert not isinstance(caught.value, TuopinError)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('{elsewhere}')",
        "SELECT * FROM read_text('{elsewhere}')",
        "SELECT * FROM '{elsewhere}'",
        "COPY (SELECT 1) TO '{elsewhere}'",
        "ATTACH '{elsewhere}.db'",
        "INSTALL httpfs",
    ],
)
def test_no_query_leaves_the_folders_it_was_given(tmp_path: Path, file: Path, query: str) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("secret\n1\n")
    with open_engine(folders=[file.parent], spill=tmp_path) as engine:
        engine.view("villages", file)
        assert engine.rows("SELECT count(*) FROM villages") == [(3,)]
        with pytest.raises(DataError, match="outside the folders"):
            engine.rows(query.format(elsewhere=elsewhere))
    assert elsewhere.read_text() == "secret\n1\n"


def test_settings_are_locked(engine: Engine) -> None:
    with pytest.raises(Exception, match="locked"):
        engine.rows("SET threads = 64")


def test_python_variables_are_no_tables(engine: Engine) -> None:
    secret = pa.table({"x": [1]})
    with pytest.raises(Exception, match="secret"):
        engine.rows("SELECT x FROM secret")
    assert secret.num_rows == 1


def test_too_little_memory_is_an_error_in_plain_words(tmp_path: Path) -> None:
    with (
        open_engine(memory_limit="10MB", threads=1, spill=tmp_path) as engine,
        pytest.raises(UsageError, match="memory"),
    ):
        engine.rows("SELECT list(x ORDER BY x % 1000)[1] FROM range(20000000) t(x)")


def test_spilled_files_are_gone_when_it_closes(tmp_path: Path) -> None:
    with open_engine(spill=tmp_path) as engine:
        assert engine.rows("SELECT 1") == [(1,)]
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("limits", [{"memory_limit": "lots"}, {"threads": 0}])
def test_limits_that_make_no_sense_are_refused(tmp_path: Path, limits: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"limits|amount of memory"):
        open_engine(spill=tmp_path, **limits)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="abacus"):
        open_engine("abacus")
