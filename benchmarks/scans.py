"""What would it cost only to read? Decodes columns of Parquet and does nothing with them: the floor of any sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

#: The columns of the snapshot that the rules of the benchmark's pack read.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "households/*.parquet": (
        "household_no", "household_id", "area_code", "farm_income", "food_months", "warm_clothing",
    ),
    "members/*.parquet": (
        "household_no", "person_key", "age", "wg_seeing", "wg_hearing", "wg_walking", "wg_remembering", "wg_self_care",
        "wg_communicating", "insured", "enrolled", "able_to_work", "wage_income", "transfer_income",
    ),
    "dwellings/*.parquet": (
        "household_no", "housing_grade", "roof", "water_litres", "water_quality", "water_piped", "water_minutes",
    ),
    "registers/vehicles.parquet": ("person_key", "vehicle_kind", "vehicle_value", "bought_year"),
    "registers/companies.parquet": ("person_key", "company_role", "company_capital", "company_active"),
    "registers/payroll.parquet": ("person_key", "payroll_grade", "monthly_pay"),
}  # fmt: skip


def scan_snapshot(snapshot: Path) -> None:
    """This will decode every value of the needed columns, one query a table, whatever the parts."""
    with duckdb.connect() as engine:
        for pattern, columns in NEEDED.items():
            _decode(engine, [snapshot / pattern], columns)


def scan_snapshot_by_part(snapshot: Path) -> None:
    """This will decode the same columns part by part, as a sweep in chunks must."""
    with duckdb.connect() as engine:
        for pattern, columns in NEEDED.items():
            for file in sorted(snapshot.glob(pattern)):
                _decode(engine, [file], columns)


def scan_what_a_policy_reads(snapshot: Path, pack: str, day: date) -> None:
    """This will decode part by part the columns of any snapshot that the facts of a policy are made of."""
    from tuopin.policy import Evaluation, folders_of, read_pack  # noqa: PLC0415 - the other scans need no policy
    from tuopin.policy.facts_plan import facts_under  # noqa: PLC0415 - as above
    from tuopin.policy.layout import table_of  # noqa: PLC0415 - as above
    from tuopin.tables import Snapshot  # noqa: PLC0415 - as above
    from tuopin.tables.engines import open_engine  # noqa: PLC0415 - as above

    held, policy = Snapshot.open(snapshot), read_pack(pack)
    with open_engine(threads=1, folders=folders_of(held)) as opened:
        plan = Evaluation(policy, held, day, opened).facts_plan
    leaves = {leaf for fact in plan.meanings for leaf in facts_under(policy, fact, plan.layout)}
    specs = {**policy.facts, **policy.derived}
    tables = {leaf: table_of(specs[leaf].entity) for leaf in leaves if leaf in specs}
    with duckdb.connect() as engine:
        for table in held.manifest.tables:
            there = {column.name for column in held.columns(table)}
            keys = {"household_no", "household_id", "area_code", "person_key"} & there
            columns = sorted(
                keys | {leaf for leaf, of in tables.items() if of == table.removeprefix("register:")} & there
            )
            for file in held.files(table) if columns else ():
                _decode(engine, [file], columns)


def scan_facts(facts: Path) -> None:
    """This will decode every column of the stored facts."""
    files = sorted(facts.rglob("part-*.parquet"))
    with duckdb.connect() as engine:
        columns = [name for (name, *_) in engine.execute(f"DESCRIBE FROM read_parquet('{files[0]}')").fetchall()]
        _decode(engine, files, columns)


def _decode(engine: duckdb.DuckDBPyConnection, files: Iterable[Path], columns: Iterable[str]) -> None:
    listed = ", ".join(f"'{file}'" for file in files)
    types = {name: type_ for name, type_, *_ in engine.execute(f"DESCRIBE FROM read_parquet([{listed}])").fetchall()}
    totals = ", ".join(_total(column, types[column]) for column in columns)
    engine.execute(f"SELECT {totals} FROM read_parquet([{listed}])").fetchall()


def _total(column: str, type_: str) -> str:
    """An aggregate that cannot be answered from the file's own statistics, and costs next to nothing."""
    if type_ in ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DOUBLE"):
        return f"sum({column} % 7)" if column == "person_key" else f"sum({column})"
    return f"max(strlen({column}))" if type_ == "VARCHAR" else f"count({column})"
