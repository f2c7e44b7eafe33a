"""What is wrong between rows? Ids that stand twice, villages outside the tree, members of nobody, households of nobody.

A refused row of a household, its members, dwelling, leads or decisions refuses the household as a whole: a half-read
household would be judged on less than was said of it. A refused row of a foreign register stays in it with what could
be read of it, for leaving it out would turn "cannot tell" into "is not in the register". A refused decision on an area
is left out alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from tuopin.stages.intake.rejects import HIDDEN, Rejects
from tuopin.stages.intake.staging import Staged
from tuopin.tables import Area, Areas
from tuopin.tables.engines import Engine

OF_HOUSEHOLDS = ("members", "dwellings", "leads", "decisions")

_TWICE = """
SELECT t.file, t.row, t.household_id, CAST(NULL AS VARCHAR) AS value FROM {table} AS t
JOIN (SELECT {key} FROM {table} WHERE {known} GROUP BY {key} HAVING count(*) > 1) AS d ON {same}
"""
_NO_HOUSEHOLD = """
SELECT t.file, t.row, t.household_id, CAST(NULL AS VARCHAR) AS value FROM {table} AS t
LEFT JOIN households AS h ON t.household_id = h.household_id
WHERE t.household_id IS NOT NULL AND h.household_id IS NULL
"""
_NO_MEMBER = """
SELECT h.file, h.row, h.household_id, CAST(NULL AS VARCHAR) AS value FROM households AS h
LEFT JOIN (SELECT DISTINCT household_id FROM members) AS m ON m.household_id = h.household_id
WHERE h.household_id IS NOT NULL AND m.household_id IS NULL
"""
_NO_AREA = """
SELECT h.file, h.row, h.household_id, h.area_code AS value FROM households AS h
LEFT JOIN areas AS a ON a.area_code = h.area_code
WHERE h.area_code IS NOT NULL AND a.area_code IS NULL
"""
_DECIDED_NOWHERE = """
SELECT d.file, d.row, CAST(NULL AS VARCHAR) AS household_id, d.area_code AS value FROM area_decisions AS d
LEFT JOIN areas AS a ON a.area_code = d.area_code
WHERE d.area_code IS NOT NULL AND a.area_code IS NULL
"""
_CLOSED_AREA = """
SELECT h.file, h.row, h.household_id, h.area_code AS value, a.fix AS fix FROM households AS h
JOIN closed_areas AS a ON a.area_code = h.area_code
WHERE {which}
"""
_CONTRADICTION = "SELECT file, row, household_id, CAST(NULL AS VARCHAR) AS value FROM households WHERE {flag}"
_DRAGGED = """
SELECT h.file, h.row, h.household_id, CAST(NULL AS VARCHAR) AS value FROM households AS h
JOIN refused AS r ON r.household_id = h.household_id
LEFT JOIN told AS t ON t.file = h.file AND t.row = h.row
WHERE t.row IS NULL
"""


@dataclass(frozen=True)
class Check:
    """A question to all rows of a table; its query gives the rows that fail.

    Attributes:
        table: the table whose rows fail.
        column: the source column that messages name.
        reason: why a row that fails is refused.
        query: rows as (file, row, household_id, value), and if there is something to write instead (fix).
        secret: whether the column holds identifiers, which no message shows.
    """

    table: str
    column: str
    reason: str
    query: str
    secret: bool = False


def cross_check(
    engine: Engine, tables: dict[str, Staged], *, areas: Areas, as_of: date, folder: Path, rejects: Rejects
) -> int:
    """Look across rows, refuse those that fail, and name the households refused.

    The engine knows the staged tables as views by their names; afterwards `refused` is a view of the ids of refused
    households.

    Returns:
        How many households are refused.
    """
    engine.view("areas", pa.table({"area_code": pa.array(areas.codes, pa.string())}))
    engine.view("closed_areas", _closed(areas, as_of))
    found = [
        _run(engine, check, tables[check.table], number, folder, rejects)
        for number, check in enumerate(_checks(tables, as_of))
    ]
    count = _refuse(engine, tables, found, folder)
    households = [file for table, file in found if table == "households"]
    _tell_dragged(engine, tables["households"], households, folder, rejects)
    return count


def _checks(tables: dict[str, Staged], as_of: date) -> Iterator[Check]:
    said = tables["households"].columns
    yield from _twice(tables, "households", ("household_id",), "stands on another row too: each household has one id")
    yield Check("households", said["area_code"], "is not in the tree of areas", _NO_AREA)
    for reason, which in (("no longer holds", "a.ended"), ("does not hold yet", "NOT a.ended")):
        query = _CLOSED_AREA.format(which=which)
        yield Check("households", said["area_code"], f"is the code of an area that {reason} on {as_of}", query)
    for column in said:
        if column.startswith(CONTRADICTS):
            name = said[column.removeprefix(CONTRADICTS)]
            reason = "says something else here than another row of the same household"
            yield Check("households", name, reason, _CONTRADICTION.format(flag=quoted(column)))
    for table in OF_HOUSEHOLDS:
        if table in tables:
            reason = "belongs to a household that is not in the list of households"
            yield Check(table, tables[table].columns["household_id"], reason, _NO_HOUSEHOLD.format(table=table))
    if "members" in tables:
        yield Check("households", said["household_id"], "is of a household of which no member is listed", _NO_MEMBER)
        yield from _twice(
            tables, "members", ("household_id", "number"), "has the number of another member of the household"
        )
    yield from _twice(tables, "dwellings", ("household_id",), "is the household's second dwelling: it has one or none")
    if "area_decisions" in tables:
        column = tables["area_decisions"].columns["area_code"]
        yield Check("area_decisions", column, "is not in the tree of areas", _DECIDED_NOWHERE)


def _twice(tables: dict[str, Staged], table: str, key: Sequence[str], reason: str) -> Iterator[Check]:
    if table not in tables:
        return
    names = [quoted(column) for column in key]
    query = _TWICE.format(
        table=table,
        key=", ".join(names),
        known=" AND ".join(f"{name} IS NOT NULL" for name in names),
        same=" AND ".join(f"t.{name} = d.{name}" for name in names),
    )
    yield Check(table, tables[table].columns[key[-1]], reason, query, secret=table == "households")


CONTRADICTS = "contradicts:"


def grouped_by_household(columns: Sequence[str]) -> exp.Expr:
    """One row a household from `household_rows`, which has one a member; and whether a column differs between them."""
    picked = []
    for column in columns:
        name = quoted(column)
        differs = f"min({name}) <> max({name}) OR (count({name}) > 0 AND count({name}) < count(*))"
        picked.append(f"min({name}) AS {name}")
        picked.append(f"CASE WHEN {differs} THEN TRUE ELSE FALSE END AS {quoted(CONTRADICTS + column)}")
    return parsed(
        "SELECT household_id, min(file) AS file, min(row) AS row, min(CASE WHEN ok THEN 1 ELSE 0 END) = 1 AS ok, "
        + ", ".join(picked)
        + " FROM household_rows WHERE household_id IS NOT NULL GROUP BY household_id"
    )


def parsed(query: str) -> exp.Expr:
    """A query of the common subset as a tree; the engine quotes and writes it."""
    return sqlglot.parse_one(query)


def quoted(name: str) -> str:
    """A name as the common subset quotes it."""
    return '"' + name.replace('"', '""') + '"'


def _closed(areas: Areas, as_of: date) -> pa.Table:
    """The areas that do not hold on the day: whether they ended before it, and which code to write instead."""
    before: dict[str, list[str]] = {}
    for area in areas:
        if area.successor and area.holds(as_of):
            before.setdefault(area.successor, []).append(area.code)
    codes, ended, fixes = list[str](), list[bool](), list[str]()
    for area in areas:
        if not area.holds(as_of):
            codes.append(area.code)
            ended.append(area.valid_to is not None and area.valid_to <= as_of)
            fixes.append(_after(areas, area, as_of) if ended[-1] else _before(area, before.get(area.code, []), as_of))
    return pa.table(
        {
            "area_code": pa.array(codes, pa.string()),
            "ended": pa.array(ended, pa.bool_()),
            "fix": pa.array(fixes, pa.string()),
        }
    )


def _after(areas: Areas, area: Area, as_of: date) -> str:
    """The successor that holds on the day: the first one may have ended too."""
    while area.successor and not area.holds(as_of):
        area = areas.by_code[area.successor]
    return f"Write {area.code}, which took its place." if area.holds(as_of) else _ask(as_of)


def _before(area: Area, codes: Sequence[str], as_of: date) -> str:
    return f"Write {' or '.join(codes)}, until {area.code} holds on {area.valid_from}." if codes else _ask(as_of)


def _ask(as_of: date) -> str:
    return f"Find out which code holds there on {as_of}."


def _run(engine: Engine, check: Check, staged: Staged, number: int, folder: Path, rejects: Rejects) -> tuple[str, Path]:
    file = folder / f"check-{number}.parquet"
    if engine.write(parsed(f"SELECT * FROM ({check.query}) AS c ORDER BY file, row"), file):
        _tell(check, staged, file, rejects)
    return check.table, file


def _tell(check: Check, staged: Staged, file: Path, rejects: Rejects) -> None:
    for batch in pq.ParquetFile(file).iter_batches():
        rows = batch.to_pylist()
        for number, source in enumerate(staged.sources):
            of_source = [row for row in rows if row["file"] == number]
            rejects.add(
                table=check.table,
                file=source,
                rows=[row["row"] for row in of_source],
                column=check.column,
                values=[row["value"] or (HIDDEN if check.secret else "") for row in of_source],
                reason=check.reason,
                fixes=[row.get("fix") or "" for row in of_source],
            )


def _refuse(engine: Engine, tables: dict[str, Staged], found: list[tuple[str, Path]], folder: Path) -> int:
    """Make the view of refused households; returns how many of them are in the list of households."""
    parts = [
        f"SELECT household_id FROM {table} WHERE NOT ok" for table in ("households", *OF_HOUSEHOLDS) if table in tables
    ]
    for number, (_, file) in enumerate(found):
        engine.view(f"check_{number}", file)
        parts.append(f"SELECT household_id FROM check_{number}")
    file = folder / "refused.parquet"
    named = " UNION ".join(parts)
    engine.write(parsed(f"SELECT household_id FROM ({named}) AS f WHERE household_id IS NOT NULL"), file)
    engine.view("refused", file)
    missing = "SELECT count(*) FROM households WHERE household_id IS NULL"
    known = "SELECT count(*) FROM refused AS r WHERE r.household_id IN (SELECT household_id FROM households)"
    return int(engine.rows(known)[0][0]) + int(engine.rows(missing)[0][0])


def _tell_dragged(engine: Engine, households: Staged, checks: list[Path], folder: Path, rejects: Rejects) -> None:
    """Name the households that are refused for a row of another table only."""
    file = folder / "told.parquet"
    if checks:
        engine.view("checked", checks)
        engine.write(parsed("SELECT file, row FROM households WHERE NOT ok UNION SELECT file, row FROM checked"), file)
        engine.view("told", file)
    check = Check(
        "households", "", "is left out with a refused row of its members, dwelling, leads or decisions", _DRAGGED
    )
    _run(engine, check, households, -1, folder, rejects)
