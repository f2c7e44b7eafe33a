"""What do other offices hold? Books of vehicles, companies, the payroll and property, each with gaps and stale rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tuopin.simulation import codes
from tuopin.simulation.belongings import Belonging, owners
from tuopin.simulation.draws import Draws
from tuopin.simulation.facts import Fact, Truth
from tuopin.simulation.observation import Books, keys
from tuopin.simulation.state import Flags, Ints, Reals
from tuopin.simulation.territory import Territory

Rows = dict[str, Fact]


def covered(territory: Territory, register: str, year: int) -> Flags:
    """The counties whose books a register opens in a year."""
    share = territory.calibration.registers.covers[register].share(year - territory.calibration.founded)
    return Draws(territory.seed).happens(np.arange(territory.counties), f"books of {register}", share)


def books_of(truth: Truth, register: str) -> tuple[Ints, Rows]:
    """The rows of a register for a part: the person keys, and the facts of each row."""
    persons, facts = {
        "vehicles": _vehicles, "companies": _companies, "payroll": _payroll, "property": _property,
    }[register](truth)  # fmt: skip
    now = truth.now
    # A row of somebody whom our registry never met looks like one that it knows, under a key of nobody.
    copied = np.flatnonzero(now.always.happens(persons, f"stranger in {register}", now.calibration.registers.strangers))
    everybody = np.concatenate([persons, -2 - persons[copied]])
    rows = np.concatenate([np.arange(len(persons)), copied])
    return keys(everybody, now.territory.seed), {name: fact.take(rows) for name, fact in facts.items()}


def leads_of(truth: Truth, books: Books) -> tuple[Ints, Fact, npt.NDArray[np.datetime64]]:
    """Who was brought up in a year: rows of households, in their order and that of the days, with kind and day."""
    now, discovery = truth.now, truth.now.calibration.discovery
    number, need = now.part.households.number, truth.hard_up**2
    event = (
        now.part.households.disaster_hit
        | now.part.households.job_lost
        | (now.part.households.out_of_pocket > discovery.costly)
        | now.part.some(now.part.members.dropped)
    )
    chances: Sequence[Reals] = (
        np.where(books.registered, 0.0, np.maximum(discovery.applies * need, discovery.false_alarm)),
        np.maximum(discovery.visited * need, discovery.false_alarm),
        np.where(event, discovery.department, discovery.false_alarm),
        np.maximum(discovery.hotline * need, discovery.false_alarm / 4),
    )
    found = [
        now.draws.happens(number, f"lead {kind}", chance) for kind, chance in zip(codes.LEADS, chances, strict=True)
    ]
    kind, row = np.nonzero(np.stack(found))
    day = now.draws.uniform(number[row] * 4 + kind, "day of the lead") * 364
    order = np.lexsort((kind, day, row))
    first = np.datetime64(f"{now.year}-01-01", "D")
    return row[order], Fact(kind[order], codes.LEADS), first + day[order].astype("timedelta64[D]")


# --- The books -------------------------------------------------------------------------------------------------------


def _vehicles(truth: Truth) -> tuple[Ints, Rows]:
    """Vehicles of living owners, and of dead ones under the name of who now answers for the household."""
    now, registers = truth.now, truth.now.calibration.registers
    households = now.part.households
    living = _in_the_books(truth, "vehicle", "vehicles")
    stale = (households.dead_owner > 0) & (now.year - households.dead_owner < registers.owner_kept)
    stale &= covered(now.territory, "vehicles", now.year)[now.territory.county[households.village]]
    heirs = households.head[stale]
    persons = np.concatenate([living, heirs])
    deceased = np.arange(len(persons)) >= len(living)
    age = np.floor(14 * now.always.uniform(persons, "vehicle age") ** 1.5) + np.where(deceased, 5, 0)
    kind = now.always.chosen(persons, "vehicle kind", registers.vehicle_kinds)
    return persons, {
        "vehicle_kind": Fact(kind, codes.VEHICLES, unknown=_unknown(truth, persons, "vehicle kind")),
        "vehicle_age": Fact(age.astype(np.int64), unknown=_unknown(truth, persons, "vehicle age")),
        "owner_deceased": Fact(deceased, unknown=_unknown(truth, persons, "owner deceased")),
    }


def _companies(truth: Truth) -> tuple[Ints, Rows]:
    persons = _in_the_books(truth, "company", "companies")
    role = truth.now.always.chosen(persons, "company role", truth.now.calibration.registers.company_roles)
    closed = truth.now.always.happens(persons, "company closed", truth.now.calibration.registers.closed_kept)
    return persons, {
        "company_role": Fact(role, codes.ROLES, unknown=_unknown(truth, persons, "company role")),
        "company_active": Fact(~closed, unknown=_unknown(truth, persons, "company active")),
    }


def _payroll(truth: Truth) -> tuple[Ints, Rows]:
    persons = _in_the_books(truth, "payroll", "payroll")
    kind = truth.now.always.chosen(persons, "payroll kind", truth.now.calibration.registers.posts)
    return persons, {"payroll_kind": Fact(kind, codes.POSTS, unknown=_unknown(truth, persons, "payroll kind"))}


def _property(truth: Truth) -> tuple[Ints, Rows]:
    persons = _in_the_books(truth, "property", "property")
    kind = truth.now.always.chosen(persons, "property kind", truth.now.calibration.registers.premises)
    return persons, {"property_kind": Fact(kind, codes.PREMISES, unknown=_unknown(truth, persons, "property kind"))}


def _in_the_books(truth: Truth, what: Belonging, register: str) -> Ints:
    """The persons whom a register lists: those who have it, in counties whose books are open."""
    now = truth.now
    open_ = covered(now.territory, register, now.year)[now.territory.county[now.part.households.village]]
    listed = owners(now.part, now.territory, what, now.year) & open_[now.part.rows]
    result: Ints = now.part.members.number[listed]
    return result


def _unknown(truth: Truth, persons: Ints, what: str) -> Flags:
    return truth.now.always.happens(persons, f"{what} unknown", truth.now.calibration.answers.unknown["member"])
