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


def test_many_rows_are_written_in_their_order_into_one_file(engine: Engine, tmp_path: Path) -> None:
    """So many that an engine sorts them in pieces."""
    shuffled = [number * 7_919 % 400_009 for number in range(400_009)]
    pq.write_table(pa.table({"x": shuffled}), tmp_path / "in.parquet", row_group_size=50_000)
    engine.view("t", tmp_path / "in.parquet")
    query = exp.select("x", exp.alias_(exp.column("x") * 2, "y")).from_("t").order_by("x")
    assert engine.write(query, tmp_path / "out.parquet", row_group=100_000) == 400_009
    written = pq.ParquetFile(tmp_path / "out.parquet")
    assert written.read().column("x").to_pylist() == list(range(400_009))
    assert written.metadata.row_group(0).num_rows <= 122_880
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]


def test_a_file_that_is_written_anew_is_read_anew(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    for turn in (1, 2):
        pq.write_table(pa.table({"x": [turn] * turn}), file)
        engine.view("t", file)
        engine.table(f"kept_{turn}", "SELECT x FROM t")
    assert engine.rows("SELECT x FROM t") == engine.rows("SELECT x FROM kept_2") == [(2,), (2,)]
    assert engine.rows("SELECT x FROM kept_1") == [(1,)]


def test_a_folder_may_have_any_name(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "it's a {county}, #7 %20 人" / "part=1.parquet"
    file.parent.mkdir()
    assert engine.write("SELECT 1 AS x", file) == 1
    engine.view("t", file)
    assert engine.arrow("SELECT * FROM t").to_pylist() == [{"x": 1}]


def test_rows_that_are_read_twice_may_be_kept_for_the_query(engine: Engine, tmp_path: Path) -> None:
    engine.view("t", pa.table({"x": [3, 1, 2]}))
    rows = exp.select("x").from_("t").where(exp.column("x") > 1)
    tree = exp.select("a.x").from_("kept AS a").join("kept AS b", on="a.x = b.x")
    query = tree.with_("kept", as_=rows, materialized=True).order_by("x")
    assert engine.rows(query) == engine.rows(engine.text(query)) == [(2,), (3,)]
    assert engine.write(query, tmp_path / "out.parquet") == 2
    engine.define("defined", query)
    assert engine.rows("SELECT count(*) FROM defined") == [(2,)]
    with pytest.raises(Exception, match="kept"):
        engine.rows("SELECT x FROM kept")


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


LEAVING = {
    "duckdb": [
        "SELECT * FROM read_csv('{elsewhere}')",
        "SELECT * FROM read_text('{elsewhere}')",
        "SELECT * FROM '{elsewhere}'",
        "COPY (SELECT 1) TO '{elsewhere}'",
        "ATTACH '{elsewhere}.db'",
        "INSTALL httpfs",
    ],
    "spark": [
        "SELECT * FROM csv.`{elsewhere}`",
        "WITH a AS (SELECT * FROM text.`{elsewhere}`) SELECT * FROM a",
        "INSERT OVERWRITE DIRECTORY '{elsewhere}' USING csv SELECT 1",
        "CREATE TEMPORARY VIEW v USING csv OPTIONS (path '{elsewhere}')",
        "CREATE TABLE t USING csv LOCATION '{elsewhere}' AS SELECT 1",
        "FROM villages INSERT OVERWRITE DIRECTORY '{elsewhere}' USING csv SELECT *",
        "ADD JAR '{elsewhere}'",
        "SET spark.sql.runSQLOnFiles = true",
    ],
}


@pytest.mark.parametrize(("name", "query"), [(name, query) for name, queries in LEAVING.items() for query in queries])
def test_no_query_leaves_the_folders_it_was_given(tmp_path: Path, file: Path, name: str, query: str) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("secret\n1\n")
    with open_engine(name, folders=[file.parent]) as engine:
        engine.view("villages", file)
        assert engine.rows("SELECT count(*) FROM villages") == [(3,)]
        with pytest.raises(DataError, match="outside the folders"):
            engine.rows(query.format(elsewhere=elsewhere))
    assert elsewhere.read_text() == "secret\n1\n"


def test_nothing_outside_the_folders_is_shown_or_written(tmp_path: Path, file: Path, engine_name: str) -> None:
    stranger = tmp_path / "stranger.parquet"
    stranger.write_bytes(file.read_bytes())
    (file.parent / "link.parquet").symlink_to(stranger)
    with open_engine(engine_name, folders=[file.parent]) as engine:
        for way_out in (stranger, file.parent / ".." / "stranger.parquet"):
            with pytest.raises(DataError, match="outside the folders"):
                engine.view("stranger", [file, way_out])
            with pytest.raises(DataError, match="outside the folders"):
                engine.write("SELECT 1 AS x", way_out)
    assert stranger.read_bytes() == file.read_bytes()


def test_settings_are_locked(engine: Engine) -> None:
    setting = {"duckdb": "SET threads = 64", "spark": "SET spark.sql.ansi.enabled = false"}[engine.name]
    with pytest.raises(Exception, match="locked"):
        engine.rows(setting)


def test_python_variables_are_no_tables(engine: Engine) -> None:
    secret = pa.table({"x": [1]})
    with pytest.raises(Exception, match="secret"):
        engine.rows("SELECT x FROM secret")
    assert secret.num_rows == 1


def test_names_of_one_engine_are_unknown_to_another(engine_name: str) -> None:
    with open_engine(engine_name, threads=2) as one, open_engine(engine_name, threads=2) as other:
        one.view("shown", pa.table({"x": [1]}))
        one.define("defined", "SELECT x FROM shown")
        one.table("kept", "SELECT x FROM shown")
        for name in ("shown", "defined", "kept"):
            with pytest.raises(Exception, match=name):
                other.rows(f"SELECT x FROM {name}")
        other.view("shown", pa.table({"x": [2]}))
        assert one.rows("SELECT x FROM defined") == [(1,)]


#: More than an engine can hold at a time in so little memory.
TOO_MUCH = {
    "duckdb": ("10MB", "SELECT list(x ORDER BY x % 1000)[1] FROM range(20000000) t(x)"),
    "spark": ("500MB", "SELECT length(repeat('x', 900000000))"),
}


def test_too_little_memory_is_an_error_in_plain_words(engine_name: str) -> None:
    limit, query = TOO_MUCH[engine_name]
    with open_engine(engine_name, memory_limit=limit, threads=1) as engine, pytest.raises(UsageError, match="memory"):
        engine.rows(query)
    with open_engine(engine_name, memory_limit=limit, threads=1) as engine:
        assert engine.rows("SELECT 1") == [(1,)]


def test_spilled_files_are_gone_when_it_closes(engine_name: str, tmp_path: Path) -> None:
    with open_engine(engine_name, spill=tmp_path) as engine:
        assert engine.rows("SELECT 1") == [(1,)]
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("limits", [{"memory_limit": "lots"}, {"threads": 0}])
def test_limits_that_make_no_sense_are_refused(engine_name: str, tmp_path: Path, limits: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"limits|amount of memory"):
        open_engine(engine_name, spill=tmp_path, **limits)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="abacus"):
        open_engine("abacus")
