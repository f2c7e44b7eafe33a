"""Who was found, who was left out, who was taken in by mistake? The accounts of a campaign, year by year, in persons.

Exclusion error: of the persons who truly belong in a book, the share that is not in it. Inclusion error: of the persons
in a book, the share that does not belong there. (Coady, Grosh and Hoddinott, Targeting of Transfers in Developing
Countries, World Bank, 2004, chapter 2: undercoverage and leakage.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tuopin.simulation.ids import household_numbers
from tuopin.sweep.judgement import BY_AGE, Judged

Flags = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]

POOREST = 0.10
IN_THE_REGISTER = ("registered", "returned")


@dataclass(frozen=True)
class GroupErrors:
    """The errors of one group of persons.

    Attributes:
        group: what divides persons, such as `sex of head`.
        value: the part of them, such as `female`; None: the country does not know it, so nothing is measured.
        belong: persons who truly belong in the book.
        exclusion: share of them that is not in it; None: nobody belongs.
        inclusion: share of those in it that do not belong; None: nobody is in it.
    """

    group: str
    value: str | None
    belong: int
    exclusion: float | None
    inclusion: float | None


@dataclass(frozen=True)
class Account:
    """A campaign at the end of a year, in persons unless it says otherwise.

    Attributes:
        year: the year.
        persons: in the country.
        poor_true: who are truly poor under the policy of the day.
        poor_unknown: of whom the policy cannot tell, as it asks what the country does not have; counted as not poor.
        poor_register: who stand in the register.
        households_register: the households they are of.
        watched: who are monitored.
        entered, exited, returned, monitored, cleared: decided within the year; households that are no more not counted.
        errors: by book (`register`, `watch`), first all persons, then group by group.
        causes: of the households in the register, how many have each main cause written down.
        warnings: areas beyond the red line, by rule.
    """

    year: int
    persons: int
    poor_true: int
    poor_unknown: int
    poor_register: int
    households_register: int
    watched: int
    entered: int
    exited: int
    returned: int
    monitored: int
    cleared: int
    errors: Mapping[str, list[GroupErrors]]
    causes: Mapping[str, int]
    warnings: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def account_of(
    judged: Judged,
    *,
    year: int,
    decisions: pa.Table,
    poor: str,
    at_risk: str | None,
    causes: Mapping[str, int],
    warnings: Mapping[str, int],
) -> Account:
    """The account of a year.

    Args:
        judged: everybody as they truly are, with their standings.
        year: the year that ends.
        decisions: all decisions until now.
        poor: the column that says who truly belongs in the register.
        at_risk: the column that says who should be watched; None: nobody is watched yet.
        causes: main causes written down.
        warnings: areas beyond the red line.
    """
    persons = judged.counts("persons")
    standing = judged.texts("standing")
    in_register, watched = np.isin(standing, IN_THE_REGISTER), standing == "monitored"
    truly = judged.flags(poor)
    errors = {"register": list(_errors(judged, truly, in_register))}
    if at_risk is not None:
        errors["watch"] = list(_errors(judged, judged.flags(at_risk) & ~in_register, watched))
    decided = _decided(judged, decisions, year, persons)
    return Account(
        year=year,
        persons=int(persons.sum()),
        poor_true=int(persons[truly].sum()),
        poor_unknown=int(persons[judged.unknown(poor)].sum()),
        poor_register=int(persons[in_register].sum()),
        households_register=int(in_register.sum()),
        watched=int(persons[watched].sum()),
        entered=decided["entry"],
        exited=decided["exit"],
        returned=decided["return"],
        monitored=decided["monitoring"],
        cleared=decided["clearing"],
        errors=errors,
        causes=causes,
        warnings=warnings,
    )


def _decided(judged: Judged, decisions: pa.Table, year: int, persons: Reals) -> dict[str, int]:
    """Persons on whom each decision fell within the year."""
    within = pc.equal(pc.year(decisions["decided_on"]), year)
    lately = decisions.filter(within)
    size = dict(zip(judged.numbers().tolist(), persons.tolist(), strict=True))
    found = dict.fromkeys(("entry", "exit", "return", "monitoring", "clearing"), 0.0)
    for number, kind in zip(
        household_numbers(lately["household_id"]).tolist(), lately["decision"].to_pylist(), strict=True
    ):
        if kind in found:
            found[kind] += size.get(number, 0.0)
    return {kind: int(count) for kind, count in found.items()}


def _errors(judged: Judged, truly: Flags, listed: Flags) -> Iterator[GroupErrors]:
    persons = judged.counts("persons")
    yield _error("all persons", "", persons, truly, listed)
    for group, column in judged.groups.items():
        if column is None:
            yield GroupErrors(group, None, 0, None, None)
            continue
        values = judged.texts(column)
        for value in sorted({value for value in values.tolist() if value is not None}):
            yield _error(group, value, persons * (values == value), truly, listed)
    for number, age in enumerate(BY_AGE):
        yield _error("age", age, judged.counts(f"age{number}"), truly, listed)
    poorest = _poorest(judged.counts("welfare"), persons)
    for value, part in (("poorest tenth", poorest), ("all others", ~poorest)):
        yield _error("welfare", value, persons * part, truly, listed)


def _error(group: str, value: str, persons: Reals, truly: Flags, listed: Flags) -> GroupErrors:
    belong, in_book = float(persons[truly].sum()), float(persons[listed].sum())
    left_out, not_theirs = float(persons[truly & ~listed].sum()), float(persons[listed & ~truly].sum())
    return GroupErrors(
        group,
        value,
        int(belong),
        left_out / belong if belong else None,
        not_theirs / in_book if in_book else None,
    )


def _poorest(welfare: Reals, persons: Reals) -> Flags:
    """The households of the poorest tenth of persons."""
    order = np.argsort(welfare, kind="stable")
    reached = np.cumsum(persons[order])
    poorest = np.zeros(len(welfare), bool)
    poorest[order] = reached <= POOREST * reached[-1]
    return poorest
