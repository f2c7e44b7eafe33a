"""What does a snapshot hold for a policy to read: which columns, how complete, in which areas and currency?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlglot import exp

from tuopin.policy import sql
from tuopin.policy.meaning import Number, Truth
from tuopin.policy.pack import Pack
from tuopin.policy.sql import Sql
from tuopin.policy.territories import territorial_codes
from tuopin.tables import Snapshot
from tuopin.terms import Currency


@dataclass(frozen=True)
class Territory:
    """The tree of areas, as far as rules need it.

    Attributes:
        tiers: ids of the tiers, the highest first.
        tier_of: the tier of every area code.
        present: the codes that can occur among the households at hand; None: all.
    """

    tiers: tuple[str, ...]
    tier_of: Mapping[str, str] = field(default_factory=dict)
    present: frozenset[str] | None = None

    def within(self, codes: Iterable[str]) -> Territory:
        """The same tree, for households of some areas only: other areas' values need not be written out."""
        return replace(self, present=frozenset(codes))

    def column(self, tier: str) -> Sql:
        """The column with a household's area of that tier."""
        return sql.column(tier_column(tier))

    def is_asked_in(self, tree: Sql) -> bool:
        """Whether an expression depends on the area in which a household lies."""
        columns = {tier_column(tier) for tier in self.tiers}
        return any(column.name in columns for column in tree.find_all(exp.Column))

    def inside(self, codes: Iterable[str]) -> Sql:
        """Whether a household lies in one of the areas."""
        wanted = [code for code in codes if code in self.tier_of and (self.present is None or code in self.present)]
        by_tier = [
            sql.one_of(self.column(tier), [sql.text(code) for code in sorted(wanted) if self.tier_of[code] == tier])
            for tier in self.tiers
            if any(self.tier_of[code] == tier for code in wanted)
        ]
        return sql.either(by_tier)

    def nearest_first(self, codes: Iterable[str]) -> list[str]:
        """Codes ordered from the lowest tier up, so that the nearest area's value is found first."""
        known = [code for code in codes if code in self.tier_of and (self.present is None or code in self.present)]
        return sorted(known, key=lambda code: (-self.tiers.index(self.tier_of[code]), code))


@dataclass(frozen=True)
class Layout:
    """The shape of one snapshot.

    Attributes:
        as_of: the day that the snapshot describes.
        currency: the currency of its sums.
        survey: weighted; it gives estimates, never cases.
        tables: for each table its columns with the count of unknown values in each.
        covered: for each register, the codes of the areas it covers on that day.
        territory: the tree of areas.
    """

    as_of: date
    currency: Currency
    tables: Mapping[str, Mapping[str, int]]
    territory: Territory
    survey: bool = False
    covered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the snapshot holds a table, or a column of it."""
        return table in self.tables and (column is None or column in self.tables[table])

    def complete(self, table: str, column: str) -> bool:
        """Whether nothing in a column is unknown."""
        return self.has(table, column) and self.tables[table][column] == 0


def tier_column(tier: str) -> str:
    """The name of the column that holds a household's area of a tier."""
    return f"tier_{tier}"


def covers_column(register: str) -> str:
    """The name of the column that says whether a register covers an area."""
    return f"covers_{register}"


def table_of(entity: str) -> str:
    """The snapshot's table that holds the facts of an entity: `member` → `members`, `register:cars` → `cars`."""
    if entity.startswith("register:"):
        return entity.removeprefix("register:")
    return f"{entity}s"


def layout_of(snapshot: Snapshot) -> Layout:
    """The layout of a snapshot on disk."""
    manifest = snapshot.manifest
    tables = {
        name.removeprefix("register:"): {column.name: column.unknown for column in entry.columns}
        for name, entry in manifest.tables.items()
    }
    covered: dict[str, tuple[str, ...]] = {}
    for entry in manifest.coverage:
        if entry.since <= manifest.as_of and (entry.until is None or manifest.as_of < entry.until):
            covered[entry.register_] = (*covered.get(entry.register_, ()), *entry.areas)
    territory = Territory(tuple(manifest.tiers), snapshot.areas().tier_of)
    return Layout(manifest.as_of, manifest.money, tables, territory, manifest.kind == "survey", covered)


def everything_asked(pack: Pack, as_of: date) -> Layout:
    """A snapshot in which every fact of the pack was asked and some answers are missing: what a check needs."""
    tables: dict[str, dict[str, int]] = {
        "households": {"household_no": 0, "household_id": 0, "area_code": 0},
        "members": {"household_no": 0, "member_no": 0, "person_key": 1},
        "dwellings": {"household_no": 0},
        "areas": {"area_code": 0},
        "leads": {},
        "decisions": {},
        "area_decisions": {},
        **{register: {"person_key": 0} for register in pack.about.registers},
    }
    for id, fact in pack.facts.items():
        tables.setdefault(table_of(fact.entity), {})[id] = 1
    codes = territorial_codes(pack)
    territory = Territory(pack.tiers, dict.fromkeys(codes, pack.tiers[0]))
    return Layout(as_of, pack.currency, tables, territory)


def by_area(territory: Territory, values: Mapping[str, Number], default: Number) -> Number:
    """One number that takes each area's own value, the nearest area's first.

    All numbers are constants of one unit and scale, or unknown.
    """
    codes = territory.nearest_first(values)
    if not codes:
        return default
    numbers = [values[code] for code in codes]
    low = _cases(territory, codes, [n.low for n in numbers], default.low)
    high = (
        low
        if default.exact and all(n.exact for n in numbers)
        else _cases(territory, codes, [n.high for n in numbers], default.high)
    )
    everywhere = [*numbers, default]
    known = [n for n in everywhere if n.constant is not None or n.least is not None]
    return Number(
        low,
        high,
        default.scale,
        default.unit,
        default.real,
        least=min((n.least for n in known if n.least is not None), default=None),
        most=max((n.most for n in known if n.most is not None), default=None),
        reach=max(n.reach or 0 for n in everywhere),
        certain=all(n.certain for n in everywhere),
        asked=any(n.asked for n in everywhere),
        grounded=False,
    )


def _cases(territory: Territory, codes: list[str], values: list[Sql], default: Sql) -> Sql:
    cases = [
        (sql.compare("=", territory.column(territory.tier_of[code]), sql.text(code)), value)
        for code, value in zip(codes, values, strict=True)
    ]
    return sql.choose(cases, otherwise=default)


def truth_by_area(territory: Territory, pilots: list[tuple[list[str], Truth]], general: Truth | None) -> Truth:
    """One truth that follows a pilot's text in its areas, and the general text elsewhere."""
    cases = [(territory.inside(codes), meaning.sql) for codes, meaning in pilots]
    rest = general.sql if general else sql.truth(False)  # outside a pilot nothing is asked
    meanings = [meaning for _, meaning in pilots] + ([general] if general else [])
    certain = all(meaning.certain for meaning in meanings)
    asked, grounded = all(meaning.asked for meaning in meanings), any(meaning.grounded for meaning in meanings)
    return Truth(sql.choose(cases, otherwise=rest), certain, asked, grounded)
