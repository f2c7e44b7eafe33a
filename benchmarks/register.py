"""What does a nation's register look like when it is only invented?

This writes a snapshot of any size for the measurements: households in villages, counties and provinces, their
members and dwellings, and three foreign registers that know some of the members. Nobody in it exists. Every value is
drawn from a hash of (seed, household, member, purpose), so the same seed and the same version of the engine give the
same register, whatever the number of cores. The unknowns are honest ones: one or two in a hundred of most answers were
never given, one member in a hundred has no key, and each foreign register leaves some areas out.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.manifest import complete_snapshot
from tuopin.policy.pack import read_pack

SEED = 2016
AS_OF = date(2016, 12, 31)
KNOWN_AT = date(2017, 1, 31)
HOUSEHOLDS_A_PART = 250_000
BUILD_FOLDER = Path("build/bench")
PACK_FOLDER = Path(__file__).parent / "pack"
FORMAT = 3  # Raise it when the invented rows change, so that old folders are not taken for new ones.


@dataclass(frozen=True)
class Size:
    """How many areas a register of this many households has; 10 million have 31, 2,800 and 128,000."""

    households: int

    @property
    def villages(self) -> int:
        """About 78 households each."""
        return max(24, round(self.households * 0.0128))

    @property
    def counties(self) -> int:
        """About 46 villages each."""
        return max(12, round(self.households * 0.00028))

    @property
    def provinces(self) -> int:
        """At most 31."""
        return min(31, max(4, self.counties // 3))

    @property
    def parts(self) -> int:
        """Files a table, each of whole villages."""
        return max(1, round(self.households / HOUSEHOLDS_A_PART))


# The tree: every village's first household and number of households, and the codes of the areas above it. Villages
# differ in size by up to a third either way, and still the households add up.
_TREE = """
CREATE TEMP TABLE village AS
WITH edge AS (
    SELECT v, CASE WHEN v IN (0, $villages) THEN v * $households // $villages
                   ELSE v * $households // $villages
                        + (hash(v, $seed, 1) % 1000)::BIGINT * $households // $villages // 3000 END AS first
    FROM range($villages::BIGINT + 1) t(v)
), sized AS (
    SELECT v, first, lead(first) OVER (ORDER BY v) - first AS households FROM edge
), placed AS (
    SELECT *, v * $counties // $villages AS county FROM sized WHERE v < $villages
)
SELECT v, first, households, county,
       (hash(v, $seed, 2) % 1024)::INTEGER AS remote,
       printf('%02d', 1 + county * $provinces // $counties) AS province_code,
       printf('%02d%04d', 1 + county * $provinces // $counties, county) AS county_code,
       printf('%02d%04d%06d', 1 + county * $provinces // $counties, county, v) AS area_code,
       least(first // $part, $parts - 1)::INTEGER AS part
FROM placed
"""

_AREAS = """
SELECT area_code, parent_code, tier, name,
       DATE '2000-01-01' AS valid_from, NULL::DATE AS valid_to, NULL::VARCHAR AS successor_code
FROM (
    SELECT DISTINCT province_code AS area_code, NULL AS parent_code, 'province' AS tier,
           'Province ' || province_code AS name FROM village
    UNION ALL
    SELECT DISTINCT county_code, province_code, 'county', 'County ' || county_code FROM village
    UNION ALL
    SELECT area_code, county_code, 'village', 'Village ' || area_code FROM village
)
ORDER BY area_code
"""

# One row a household with its draws: `a`, `b`, `c` are 64 random bits each, read ten at a time.
_DRAWS = """
CREATE OR REPLACE TEMP TABLE drawn AS
SELECT first + offset_in_village AS household_no, area_code, remote,
       hash(first + offset_in_village, $seed, 3) AS a,
       hash(first + offset_in_village, $seed, 4) AS b,
       ((hash(first + offset_in_village, $seed, 5) & 1023)::INTEGER + 1024 - remote) // 2 AS wealth
FROM (SELECT *, unnest(range(households)) AS offset_in_village FROM village WHERE part = $part_no)
ORDER BY household_no
"""

_HOUSEHOLDS = """
SELECT household_no,
       printf('H%09d', household_no) AS household_id,
       area_code,
       CASE WHEN (a & 1023) < 700 THEN 'rural' ELSE 'urban' END AS settlement,
       CASE WHEN (a >> 10 & 1023) < 15 THEN NULL
            ELSE 100 * round(exp(5.5 + wealth / 330.0) * ((a >> 20 & 1023)::BIGINT - 120) / 300)::BIGINT
       END AS farm_income,
       CASE WHEN (a >> 30 & 1023) < 12 THEN NULL
            WHEN (a >> 40 & 1023) < 90 - wealth // 14 THEN 5 + (b & 7)::BIGINT
            ELSE 12 END AS food_months,
       CASE WHEN (b >> 10 & 1023) < 12 THEN NULL
            ELSE (b >> 20 & 1023) >= 60 - wealth // 18 END AS warm_clothing,
       CASE WHEN (b >> 30 & 1023) < 20 THEN NULL
            WHEN (b >> 30 & 1023) < 200 THEN 100 * (b >> 40 & 16383)::BIGINT
            ELSE 0 END AS debt
FROM drawn ORDER BY household_no
"""

_DWELLINGS = """
SELECT household_no,
       CASE WHEN (d & 1023) < 12 THEN NULL
            WHEN (d >> 10 & 1023) < 60 - wealth // 18 THEN 'd'
            WHEN (d >> 10 & 1023) < 160 - wealth // 8 THEN 'c'
            WHEN (d >> 10 & 1023) < 600 THEN 'b' ELSE 'a' END AS housing_grade,
       CASE (d >> 20 & 1023)::INTEGER // 128 WHEN 0 THEN 'thatch' WHEN 1 THEN 'earth' WHEN 2 THEN 'wood'
            ELSE 'tile' END AS roof,
       CASE WHEN (d >> 30 & 1023) < 15 THEN NULL ELSE 300 + (d >> 40 & 1023)::BIGINT END AS water_litres,
       CASE WHEN (d >> 50 & 1023) < 15 THEN NULL
            WHEN (d >> 50 & 1023) < 45 THEN 'fail' ELSE 'pass' END AS water_quality,
       CASE WHEN (e & 1023) < 10 THEN NULL ELSE (e & 1023) < 600 + wealth // 3 END AS water_piped,
       CASE WHEN (e >> 10 & 1023) < 15 THEN NULL
            ELSE (e >> 20 & 1023)::BIGINT * (1024 + remote) // 65536 END AS water_minutes
FROM (
    SELECT household_no, wealth, remote, hash(household_no, $seed, 6) AS d, hash(household_no, $seed, 7) AS e
    FROM drawn
)
WHERE e >> 40 & 255 <> 0
ORDER BY household_no
"""

_MEMBERS = """
SELECT household_no, member_no,
       CASE WHEN (p & 1023) < 10 THEN NULL ELSE person_key END AS person_key,
       CASE WHEN p >> 10 & 1 = 0 THEN 'female' ELSE 'male' END AS sex,
       CASE WHEN (p >> 11 & 1023) < 10 THEN NULL ELSE years END AS age,
       CASE member_no WHEN 1 THEN 'head' WHEN 2 THEN 'spouse' ELSE 'other' END AS relation,
       @difficulties@,
       CASE WHEN (p >> 21 & 1023) < 10 THEN NULL ELSE (p >> 31 & 1023) < 40 + years END AS chronic_illness,
       CASE WHEN (p >> 41 & 1023) < 10 THEN NULL ELSE (p >> 51 & 1023) >= 12 END AS insured,
       CASE WHEN years NOT BETWEEN 4 AND 24 THEN false
            WHEN (q & 1023) < 12 THEN NULL
            WHEN years BETWEEN 6 AND 15 THEN (q >> 10 & 1023) >= 18
            ELSE (q >> 10 & 1023) >= 600 END AS enrolled,
       CASE WHEN (q >> 20 & 1023) < 12 THEN NULL
            WHEN years NOT BETWEEN 16 AND 64 THEN years > 64 AND (q >> 30 & 1023) < 250
            ELSE (q >> 30 & 1023) < 920 END AS able_to_work,
       CASE WHEN (q >> 40 & 1023) < 15 THEN NULL
            WHEN years BETWEEN 18 AND 64 AND (q >> 50 & 1023) < 620
            THEN 100 * round(exp(7.3 + wealth / 500.0) * (128 + (q >> 54 & 1023)::BIGINT) / 400)::BIGINT
            ELSE 0 END AS wage_income,
       CASE WHEN (p >> 54 & 1023) < 12 THEN NULL
            WHEN years > 64 THEN 12 * 100 * (60 + (q >> 5 & 63)::BIGINT)
            WHEN (q >> 13 & 15) = 0 THEN 100 * (q >> 17 & 511)::BIGINT
            ELSE 0 END AS transfer_income
FROM (
    SELECT *, hash(household_no, member_no, $seed, 12) AS w,
           hash(household_no, member_no, $seed, 9) AS p, hash(household_no, member_no, $seed, 10) AS q,
           (hash(household_no, member_no, $seed, 11) >> 1)::BIGINT AS person_key,
           CASE WHEN member_no <= 2 THEN 22 + (r & 63)::BIGINT
                WHEN r >> 6 & 15 < 10 THEN (r >> 10 & 1023)::BIGINT * 18 // 1024
                WHEN r >> 6 & 15 < 14 THEN 18 + (r >> 10 & 31)::BIGINT
                ELSE 60 + (r >> 10 & 31)::BIGINT END AS years
    FROM (
        SELECT household_no, wealth, member_no, hash(household_no, member_no, $seed, 8) AS r
        FROM (
            SELECT household_no, wealth, unnest(range(1, size + 1))::INTEGER AS member_no
            FROM (
                SELECT household_no, wealth,
                       CASE WHEN s < 82 THEN 1 WHEN s < 276 THEN 2 WHEN s < 522 THEN 3 WHEN s < 768 THEN 4
                            WHEN s < 911 THEN 5 WHEN s < 983 THEN 6 WHEN s < 1014 THEN 7 ELSE 8 END AS size
                FROM (SELECT household_no, wealth, b >> 54 & 1023 AS s FROM drawn)
            )
        )
    )
)
ORDER BY household_no, member_no
"""

_DIFFICULTY = """CASE WHEN (w >> {bit} & 1023) < 3 THEN NULL
            WHEN (w >> {bit} & 1023) < 4 + years // 32 THEN 'cannot_do'
            WHEN (w >> {bit} & 1023) < 5 + years // 10 THEN 'a_lot'
            WHEN (w >> {bit} & 1023) < 60 + years THEN 'some' ELSE 'none' END AS wg_{name}"""
_DIFFICULTIES = ("seeing", "hearing", "walking", "remembering", "self_care", "communicating")


@dataclass(frozen=True)
class Foreign:
    """A register of another office: how many persons it knows (of a thousand), what it says of them, and where."""

    name: str
    per_thousand: int
    salt: int
    columns: str
    uncovered: str  # which of the areas it leaves out, as a condition over `village`


FOREIGN = (
    Foreign(
        "vehicles",
        56,
        20,
        """CASE r & 15 WHEN 0 THEN NULL WHEN 1 THEN 'tractor' WHEN 2 THEN 'truck'
           ELSE CASE WHEN r & 64 = 0 THEN 'motorcycle' ELSE 'car' END END AS vehicle_kind,
           CASE WHEN r >> 10 & 127 = 0 THEN NULL ELSE 100 * (500 + (r >> 17 & 65535)::BIGINT) END AS vehicle_value,
           CASE WHEN r >> 35 & 127 = 0 THEN NULL
                ELSE 1998 + (r >> 42 & 15)::BIGINT + (r >> 46 & 3)::BIGINT END AS bought_year""",
        "province_code IN (SELECT max(province_code) FROM village UNION ALL SELECT '09')",
    ),
    Foreign(
        "companies",
        20,
        21,
        """CASE r & 7 WHEN 0 THEN 'owner' WHEN 1 THEN 'director' WHEN 2 THEN 'shareholder'
           ELSE 'sole_trader' END AS company_role,
           CASE WHEN r >> 10 & 63 = 0 THEN NULL ELSE 100 * (r >> 16 & 1048575)::BIGINT END AS company_capital,
           CASE WHEN r >> 40 & 63 = 0 THEN NULL ELSE r >> 46 & 3 <> 0 END AS company_active""",
        "county_code IN (SELECT DISTINCT county_code FROM village WHERE province_code = '01' AND county % 2 = 0)",
    ),
    Foreign(
        "payroll",
        20,
        22,
        """CASE r & 31 WHEN 0 THEN NULL WHEN 1 THEN 'official' WHEN 2 THEN 'manager' ELSE 'staff' END AS payroll_grade,
           CASE WHEN r >> 10 & 127 = 0 THEN NULL ELSE 100 * (50 + (r >> 17 & 2047)::BIGINT) END AS monthly_pay""",
        "province_code = '02'",
    ),
)

# Persons the register knows, a few of them twice; where it is not meant to reach, it still knows one in sixteen. One
# row in twenty is of somebody whom our own register never met.
_FOREIGN = """
SELECT person_key, {columns}
FROM (
    SELECT person_key, hash(person_key, copy, $seed, {salt} + 100) AS r
    FROM (
        SELECT person_key, household_no, unnest(range(CASE WHEN draw % 16 = 0 THEN 2 ELSE 1 END)) AS copy
        FROM (
            SELECT person_key, household_no, hash(person_key, $seed, {salt}) AS draw
            FROM read_parquet('{members}')
            WHERE person_key IS NOT NULL AND hash(person_key, $seed, {salt}) % 1000 < {per_thousand}
        )
        UNION ALL
        SELECT (hash(i, $seed, {salt} + 200) >> 1)::BIGINT, -1, 0
        FROM range($households::BIGINT * {per_thousand} * 355 // 100 // 20000) t(i)
    ) AS known
    LEFT JOIN left_out ON known.household_no BETWEEN left_out.first AND left_out.last
    WHERE left_out.first IS NULL OR hash(person_key, $seed, {salt} + 300) % 16 = 0
)
ORDER BY ALL
"""

# The areas a register covers, each as high in the tree as it can be.
_COVERED = """
WITH counties AS (SELECT county_code, province_code, bool_or({uncovered}) AS left_out FROM village GROUP BY ALL),
     provinces AS (SELECT province_code, bool_or(left_out) AS left_out FROM counties GROUP BY ALL)
SELECT province_code FROM provinces WHERE NOT left_out
UNION ALL
SELECT county_code FROM counties JOIN provinces USING (province_code) WHERE provinces.left_out AND NOT counties.left_out
ORDER BY 1
"""


def generate_register(*, households: int, build: Path = BUILD_FOLDER, seed: int = SEED) -> Path:
    """This will return the folder of an invented register, writing it unless it is there.

    Args:
        households: how many; 2,000 for a smoke test, 1 and 10 million for the measurements.
        build: the folder for everything that benchmarks write; it stays out of git.
        seed: another seed is another nation.

    Returns:
        The snapshot folder, `BUILD/<households>-<seed>-<format>/snapshot`; complete, because it is renamed at the end.
    """
    snapshot = register_folder(households=households, build=build, seed=seed)
    if snapshot.exists():
        return snapshot
    unfinished = snapshot.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for folder in ("households", "members", "dwellings", "registers"):
        (unfinished / folder).mkdir(parents=True)
    covered = _write_tables(unfinished, size=Size(households), seed=seed)
    complete_snapshot(
        unfinished,
        pack=read_pack(PACK_FOLDER),
        name=f"invented-{households}-{seed}",
        as_of=AS_OF,
        known_at=KNOWN_AT,
        registers=covered,
    )
    unfinished.rename(snapshot)
    return snapshot


def register_folder(*, households: int, build: Path = BUILD_FOLDER, seed: int = SEED) -> Path:
    """Where the snapshot of an invented register lies, or will lie."""
    return build / f"{households}-{seed}-{FORMAT}" / "snapshot"


def _write_tables(folder: Path, *, size: Size, seed: int) -> dict[str, list[str]]:
    """Write every table; return the areas that each foreign register covers."""
    engine = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "spill")})
    figures = {
        "seed": seed,
        "households": size.households,
        "villages": size.villages,
        "counties": size.counties,
        "provinces": size.provinces,
        "parts": size.parts,
        "part": HOUSEHOLDS_A_PART,
    }

    def run(query: str, **more: int) -> None:
        for name, value in sorted({**figures, **more}.items(), reverse=True):  # $part_no and $parts before $part
            query = query.replace(f"${name}", str(value))
        engine.execute(query)

    def write(query: str, file: Path, **more: int) -> None:
        run(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)", **more)

    run(_TREE)
    write(_AREAS, folder / "areas.parquet")
    difficulties = ", ".join(_DIFFICULTY.format(bit=10 * i, name=name) for i, name in enumerate(_DIFFICULTIES))
    tables = {
        "households": _HOUSEHOLDS,
        "dwellings": _DWELLINGS,
        "members": _MEMBERS.replace("@difficulties@", difficulties),
    }
    for part_no in range(size.parts):
        run(_DRAWS, part_no=part_no)
        for name, query in tables.items():
            write(query, folder / name / f"part-{part_no:05d}.parquet")
    covered = {}
    for register in FOREIGN:
        covered[register.name] = [
            code for (code,) in engine.execute(_COVERED.format(uncovered=register.uncovered)).fetchall()
        ]
        run(
            "CREATE OR REPLACE TEMP TABLE left_out AS SELECT min(first) AS first, max(first + households) - 1 AS last "
            f"FROM village WHERE {register.uncovered} GROUP BY county"
        )
        write(
            _FOREIGN.format(
                columns=register.columns,
                salt=register.salt,
                per_thousand=register.per_thousand,
                members=folder / "members" / "*.parquet",
            ),
            folder / "registers" / f"{register.name}.parquet",
        )
    engine.close()
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return covered
