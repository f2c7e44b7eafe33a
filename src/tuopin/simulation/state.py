"""What is true of every household at the end of a year? Columns of whole numbers, a part of the country at a time.

A part holds whole counties, and nothing that happens to a household reaches beyond its county: so a part lives alone,
and the same country comes out however it is cut. Money is in whole yuan of the day. What can be drawn again is not
kept: a talent or the colour of a village's water is a hash of its owner, and only what history made is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_type_hints

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NOBODY = -1
HOUSEHOLDS_A_COUNTY = 1_000_000
PERSONS_A_COUNTY = 100_000_000
_COUNTIES = b"tuopin.counties"


# How each column is stored; in memory whole numbers have 64 bits, so that nothing overflows on the way.
_Wide = Annotated[Ints, np.int64]
_Yuan = Annotated[Ints, np.int32]
_Year = Annotated[Ints, np.int16]
_Code = Annotated[Ints, np.int8]
_Flag = Annotated[Flags, np.bool_]


@dataclass
class Columns:
    """Columns of one length; every one of them must be given."""

    @classmethod
    def names(cls) -> list[str]:
        """The columns, in the order in which they are stored."""
        return [column.name for column in fields(cls)]

    @classmethod
    def blank(cls, rows: int, **given: npt.NDArray[Any]) -> Self:
        """Rows of zeros and "no", but for the columns given."""
        zeros = {name: np.zeros(rows, bool if kept is np.bool_ else np.int64) for name, kept in _stored(cls).items()}
        return cls(**(zeros | {name: values.astype(zeros[name].dtype) for name, values in given.items()}))

    def __len__(self) -> int:
        return len(getattr(self, self.names()[0]))

    def take(self, rows: Ints | Flags) -> Self:
        """These rows, in this order."""
        return type(self)(**{name: getattr(self, name)[rows] for name in self.names()})

    def copied(self) -> Self:
        """The same rows in columns of their own."""
        return type(self)(**{name: getattr(self, name).copy() for name in self.names()})

    def followed_by(self, other: Self) -> Self:
        """These rows and then the other's."""
        return type(self)(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.names()}
        )

    def to_arrow(self) -> pa.Table:
        """The columns as they are stored, each in the least bytes that hold it."""
        return pa.table({name: getattr(self, name).astype(kept) for name, kept in _stored(type(self)).items()})

    @classmethod
    def from_arrow(cls, rows: pa.Table) -> Self:
        """The columns of a stored table."""
        columns = {name: rows.column(name).to_numpy() for name in cls.names()}
        return cls(**{name: each if each.dtype == bool else each.astype(np.int64) for name, each in columns.items()})


def _stored(columns: type[Columns]) -> Mapping[str, type[np.generic]]:
    """The type in which each column is stored."""
    hints = get_type_hints(columns, include_extras=True)
    return {name: get_args(hints[name])[1] for name in columns.names()}


@dataclass
class Households(Columns):
    """The households of a part, in the order of villages and numbers.

    Attributes:
        number: for ever its own: county · 1,000,000 + a count.
        origin: the household that it split off from; -1 for none.
        founded: the year in which it began.
        village: index of its village in the territory.
        head: number of the person who heads it.
        land: cultivated land, tenths of a mu.
        grade: of its dwelling, 0 (a) to 3 (d).
        works: year in which works on the dwelling were finished; 0 for never.
        piped: year in which water works reached it; 0 for never.
        relocation: as in `codes.RELOCATION`.
        moved: year in which it moved to a new home; 0 for never.
        debt: what it owes for that home, yuan.
        displaced: year in which a disaster took its home and it has not come back; 0 for never.
        dead_owner: year of death of a member whose vehicle is still in the books; 0 for none.
        dibao: whether it receives the subsistence allowance.
        hardship: whether it receives extreme-hardship support.
        first_cause: what made it poor, or would first, at the founding; -1 for a household founded later.
        wage to other: income by source in the last twelve months, yuan; `operating` before `costs`.
        prior: net income of the twelve months before these, yuan.
        out_of_pocket: own share of medical costs, yuan.
        school: own share of school costs, yuan.
        loss: what a disaster destroyed, yuan.
        job_lost to accident: what happened in the last twelve months.
        got_*: the last year in which it received this measure; 0 for never.
    """

    number: _Wide
    origin: _Wide
    founded: _Year
    village: _Yuan
    head: _Wide
    land: _Yuan
    grade: _Code
    works: _Year
    piped: _Year
    relocation: _Code
    moved: _Year
    debt: _Yuan
    displaced: _Year
    dead_owner: _Year
    dibao: _Flag
    hardship: _Flag
    first_cause: _Code
    wage: _Yuan
    operating: _Yuan
    costs: _Yuan
    from_property: _Yuan
    dibao_income: _Yuan
    hardship_income: _Yuan
    pension: _Yuan
    ecological: _Yuan
    asset: _Yuan
    other: _Yuan
    prior: _Yuan
    out_of_pocket: _Yuan
    school: _Yuan
    loss: _Yuan
    job_lost: _Flag
    disaster_hit: _Flag
    project_failed: _Flag
    accident: _Flag
    got_industry: _Year
    got_job: _Year
    got_training: _Year
    got_micro_loan: _Year
    got_relocation: _Year
    got_education_aid: _Year
    got_medical_aid: _Year
    got_dibao: _Year
    got_public_post: _Year
    got_housing_works: _Year
    got_water_works: _Year
    got_insurance_subsidy: _Year

    @property
    def net(self) -> Ints:
        """Net income of the last twelve months, yuan."""
        received = (self.wage, self.from_property, self.dibao_income, self.hardship_income, self.pension)
        given = (self.ecological, self.asset, self.other)
        result: Ints = self.operating - self.costs + sum(received) + sum(given)
        return result


@dataclass
class Members(Columns):
    """The persons of a part, household by household, in the order of their numbers within it.

    Attributes:
        number: for ever its own: county · 100,000,000 + a count.
        household: number of the household.
        no: the member's number within it, from 1.
        born: months since the year 0.
        sex: 0 female, 1 male.
        partner: number of the living partner; -1 for none.
        mother: number of the mother; -1 where nobody knows.
        father: number of the father; -1 where nobody knows.
        education: what was finished, as in `codes.EDUCATION`.
        dropped: whether a child left compulsory school early.
        health: as in `codes.HEALTH`.
        skilled: whether the person has a trade.
        wage: earned in the last twelve months and brought home, yuan.
        months: months of work away from the township.
        place: where the work was, as in `codes.PLACE`.
    """

    number: _Wide
    household: _Wide
    no: _Year
    born: _Yuan
    sex: _Code
    partner: _Wide
    mother: _Wide
    father: _Wide
    education: _Code
    dropped: _Flag
    health: _Code
    skilled: _Flag
    wage: _Yuan
    months: _Code
    place: _Code

    def age(self, year: int) -> Ints:
        """Age on the last day of a year."""
        result: Ints = year - self.born // 12
        return result


@dataclass
class Counters:
    """The next free numbers of each county of a part, so that no number is ever given twice."""

    household: dict[int, int]
    person: dict[int, int]

    def copied(self) -> Counters:
        """The same numbers in counters of their own."""
        return Counters(dict(self.household), dict(self.person))

    def households(self, counties: Ints) -> Ints:
        """A new household number for each row, in the order of the rows."""
        return _numbered(self.household, counties, HOUSEHOLDS_A_COUNTY)

    def persons(self, counties: Ints) -> Ints:
        """A new person number for each row, in the order of the rows."""
        return _numbered(self.person, counties, PERSONS_A_COUNTY)


@dataclass
class Part:
    """A part of the country at the end of a year."""

    households: Households
    members: Members
    counters: Counters

    @cached_property
    def rows(self) -> Ints:
        """For each member the row of the household."""
        return Lookup(self.households.number).rows(self.members.household)

    @cached_property
    def sizes(self) -> Ints:
        """Members of each household."""
        return np.bincount(self.rows, minlength=len(self.households))

    def total(self, values: npt.NDArray[Any]) -> Ints:
        """The sum of a whole number over the members of each household."""
        return np.rint(np.bincount(self.rows, weights=values, minlength=len(self.households))).astype(np.int64)

    def some(self, flags: Flags) -> Flags:
        """Whether a member of the household has it."""
        result: Flags = np.bincount(self.rows[flags], minlength=len(self.households)) > 0
        return result

    def settled(self) -> Part:
        """The same part in order, without households that have nobody left."""
        inhabited = np.isin(self.households.number, self.members.household)
        households = self.households.take(inhabited)
        households = households.take(np.lexsort((households.number, households.village)))
        place = Lookup(households.number).rows(self.members.household)
        return Part(households, self.members.take(np.lexsort((self.members.no, place))), self.counters)


class Lookup:
    """Finds the row of a number."""

    def __init__(self, numbers: Ints) -> None:
        """Look among these numbers, each of which stands once."""
        self._order = np.argsort(numbers, kind="stable")
        self._sorted = numbers[self._order]

    def rows(self, wanted: Ints) -> Ints:
        """The row of each wanted number; -1 where it is not there."""
        if not len(self._sorted):
            return np.full(len(wanted), NOBODY)
        at = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        result: Ints = np.where(self._sorted[at] == wanted, self._order[at], NOBODY)
        return result


def write_part(part: Part, *, folder: Path, no: int) -> None:
    """Write a part of the truth."""
    said = {_COUNTIES: json.dumps([part.counters.household, part.counters.person]).encode()}
    for name, rows in (("households", part.households), ("members", part.members)):
        table = rows.to_arrow().replace_schema_metadata(said)
        pq.write_table(table, _file(folder, name, no), compression="zstd", compression_level=1, use_dictionary=False)


def read_part(*, folder: Path, no: int) -> Part:
    """Read a part of the truth."""
    households, members = (pq.read_table(_file(folder, name, no)) for name in ("households", "members"))
    household, person = json.loads(households.schema.metadata[_COUNTIES])
    counters = Counters(*({int(county): next_ for county, next_ in each.items()} for each in (household, person)))
    return Part(Households.from_arrow(households), Members.from_arrow(members), counters)


def counted(*, folder: Path, no: int) -> Mapping[str, int]:
    """How many households and members a part has, without reading a row."""
    return {name: pq.read_metadata(_file(folder, name, no)).num_rows for name in ("households", "members")}


def _file(folder: Path, name: str, no: int) -> Path:
    return folder / name / f"part-{no:05d}.parquet"


def _numbered(following: dict[int, int], counties: Ints, span: int) -> Ints:
    numbers = np.zeros(len(counties), np.int64)
    for county in np.unique(counties):
        mine = np.flatnonzero(counties == county)
        first = following.setdefault(int(county), 0)
        numbers[mine] = county * span + first + np.arange(len(mine))
        following[int(county)] = first + len(mine)
    return numbers
