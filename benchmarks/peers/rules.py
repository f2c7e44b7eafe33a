"""The rules of `pack/` in the manner of OpenFisca and PolicyEngine: read inputs from Parquet, set them, calculate.

Run by `run.py` in an environment of its own that has one of the two (both are AGPL: nothing of ours imports them):

    python rules.py PACKAGE persons FOLDER    PACKAGE is openfisca_core or policyengine_core; a snapshot's members are
                                              persons, and the rules roll them up: the way both are made to be used
    python rules.py PACKAGE facts FILE…       given the facts of households that our sweep stored

It prints CPU seconds from the first byte of input to the last answer (imports not counted), and how many are poor among
households of whom everything is known: neither has an unknown, so elsewhere nothing can be compared.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

YEAR = "2016"
INCOMES = (
    *("wage_income", "operating_income", "property_income", "dibao_income", "extreme_hardship_income"),
    *("pension_income", "ecological_income", "asset_income", "other_transfers"),
)
TRUTHS = ("food_enough", "protein_regular", "seasonal_clothes", "warm_bedding")
DWELLING = ("works_done", "water_piped", "water_litres", "water_minutes", "dwelling_grade")
PERSON = ("age", "in_school", "basic_insurance")


class Modules:
    """The parts of a package that rules are written with."""

    def __init__(self, package: str) -> None:
        """Import them; this is not counted."""
        parts = ("entities", "variables", "periods", "taxbenefitsystems", "simulations")
        self.entities, self.variables, self.periods, self.taxbenefitsystems, self.simulations = (
            import_module(f"{package}.{part}") for part in parts
        )


def system(of: Any, *, persons: bool) -> Any:
    """The rules as a tax and benefit system: with persons, or with households alone."""
    build = of.entities.build_entity
    if persons:
        person = build(key="person", plural="persons", label="A person", is_person=True)
        roles = [{"key": "member", "plural": "members", "label": "A member"}]
        household = build(key="household", plural="households", label="A household", roles=roles)
    else:
        person = household = build(key="household", plural="households", label="A household", is_person=True)
    made = of.taxbenefitsystems.TaxBenefitSystem([person, household] if persons else [household])

    def add(name: str, kind: type, entity: Any = household, formula: Any = None) -> None:
        body = {"value_type": kind, "entity": entity, "definition_period": of.periods.YEAR, "label": name}
        made.add_variable(type(name, (of.variables.Variable,), body | ({"formula": formula} if formula else {})))

    for name in (*INCOMES, "production_costs") if persons else ("net_income",):
        add(name, float)
    for name in (*TRUTHS, "works_done", "water_piped", "bad_grade"):
        add(name, bool)
    for name in (
        "household_size",
        "water_litres",
        "water_minutes",
        *(() if persons else ("out_of_school", "uninsured")),
    ):
        add(name, int)
    if persons:
        add("age", int, person)
        add("in_school", bool, person)
        add("basic_insurance", bool, person)
        add("net_income", float, formula=lambda h, y: sum(h(i, y) for i in INCOMES) - h("production_costs", y))
        add("out_of_school", int, formula=_out_of_school)
        add("uninsured", int, formula=lambda h, y: h.sum(np.logical_not(h.members("basic_insurance", y))))
    add("below_line", bool, formula=lambda h, y: h("net_income", y) < 2736 * 100 * h("household_size", y))
    add("hungry", bool, formula=lambda h, y: np.logical_not(h("food_enough", y) * h("protein_regular", y)))
    add("cold", bool, formula=lambda h, y: np.logical_not(h("seasonal_clothes", y) * h("warm_bedding", y)))
    add("unschooled", bool, formula=lambda h, y: h("out_of_school", y) > 0)
    add("unprotected", bool, formula=lambda h, y: h("uninsured", y) > 0)
    add("badly_housed", bool, formula=lambda h, y: h("bad_grade", y) * np.logical_not(h("works_done", y)))
    add("thirsty", bool, formula=_thirsty)
    parts = ("hungry", "cold", "unschooled", "unprotected", "badly_housed", "thirsty")
    add("deprived", bool, formula=lambda h, y: sum(h(part, y) for part in parts) > 0)
    add("poor", bool, formula=lambda h, y: h("below_line", y) + h("deprived", y))
    return made


def _out_of_school(household: Any, year: Any) -> Any:
    age, in_school = household.members("age", year), household.members("in_school", year)
    return household.sum((age >= 6) * (age <= 15) * np.logical_not(in_school))


def _thirsty(household: Any, year: Any) -> Any:
    near = household("water_piped", year) + (household("water_minutes", year) <= 20)
    return (household("water_litres", year) < 20) + np.logical_not(near)


class Inputs:
    """Columns as arrays; what nobody knows becomes 0, and is remembered."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.arrays: dict[str, Any] = {}
        self.known: Any = True
        self.persons: Any = None

    def take(self, table: Any, names: Sequence[str], row: tuple[Any, int] | None = None) -> None:
        """Take columns; `row` puts those of dwellings beside their households."""
        for name in names:
            column = table[name].combine_chunks()
            known = column.is_valid().to_numpy(zero_copy_only=False)
            values = _bad(column) if name == "dwelling_grade" else _plain(column)
            if row is not None:
                values, known = _placed(values, row), _placed(known, row)
            self.arrays["bad_grade" if name == "dwelling_grade" else name] = values
            self.known &= known


def _plain(column: Any) -> Any:
    return column.fill_null(False if str(column.type) == "bool" else 0).to_numpy(zero_copy_only=False)


def _bad(column: Any) -> Any:
    """Whether a grade is C or D."""
    grades = column.dictionary_encode()
    bad = np.isin(np.array([*grades.dictionary.to_pylist(), ""], dtype=object), ["c", "d"])
    return bad[grades.indices.fill_null(len(bad) - 1).to_numpy(zero_copy_only=False)]


def _placed(values: Any, row: tuple[Any, int]) -> Any:
    """Values at their households; 0 where a household has none."""
    found = np.zeros(row[1], values.dtype)
    found[row[0]] = values
    return found


def from_persons(folder: Path) -> Inputs:
    """The households, members and dwellings of a snapshot."""
    inputs = Inputs()
    parts = {name: sorted((folder / name).glob("*.parquet")) for name in ("households", "members", "dwellings")}
    households = pq.ParquetDataset(parts["households"]).read(columns=[*INCOMES, "production_costs", *TRUTHS])
    inputs.take(households, [*INCOMES, "production_costs", *TRUTHS])
    dwellings = pq.ParquetDataset(parts["dwellings"]).read(columns=["household_no", *DWELLING])
    inputs.take(dwellings, DWELLING, (dwellings["household_no"].to_numpy(), households.num_rows))
    members = pq.ParquetDataset(parts["members"]).read(columns=["household_no", *PERSON])
    inputs.persons = members["household_no"].to_numpy()
    valid = {}
    for name in PERSON:
        column = members[name].combine_chunks()
        valid[name] = column.is_valid().to_numpy(zero_copy_only=False)
        inputs.arrays[name] = _plain(column)
    inputs.known &= ~_of_somebody_unknown(inputs, valid, households.num_rows)
    inputs.arrays["household_size"] = np.bincount(inputs.persons, minlength=households.num_rows)
    return inputs


def _of_somebody_unknown(inputs: Inputs, valid: dict[str, Any], households: int) -> Any:
    """Households with a member of whom it cannot be told whether a rule counts them."""
    age, in_school = inputs.arrays["age"], inputs.arrays["in_school"]
    of_age = ~valid["age"] | ((age >= 6) & (age <= 15))
    doubtful = ~valid["basic_insurance"] | (of_age & ~in_school & ~(valid["age"] & valid["in_school"]))
    unknown = np.zeros(households, bool)
    unknown[inputs.persons[doubtful]] = True
    return unknown


def from_facts(files: Sequence[str]) -> Inputs:
    """The stored facts of households; a count with two ends is unknown where they differ."""
    inputs, names = Inputs(), pq.read_schema(files[0]).names
    table = pq.ParquetDataset(files).read()
    plain = ["net_income", "household_size", *TRUTHS, *DWELLING]
    inputs.take(table, [name for name in plain if name in names])
    for name in ("out_of_school", "uninsured"):
        low, high = (table[f"{name}__{end}"].to_numpy() for end in ("low", "high"))
        inputs.arrays[name] = low
        inputs.known &= low == high
    return inputs


def simulated(of: Any, rules: Any, inputs: Inputs) -> Any:
    """A simulation with all inputs set."""
    builder, many = of.simulations.SimulationBuilder(), len(inputs.known)
    if inputs.persons is None:
        simulation = builder.build_default_simulation(rules, many)
    else:
        builder.create_entities(rules)
        builder.declare_person_entity("person", np.arange(len(inputs.persons)))
        households = builder.declare_entity("household", np.arange(many))
        builder.join_with_persons(households, inputs.persons, roles=np.repeat("member", len(inputs.persons)))
        simulation = builder.build(rules)
    for name, values in inputs.arrays.items():
        simulation.set_input(name, YEAR, values)
    return simulation


def main() -> None:
    """Read, build, calculate, and print what it took."""
    package, kind, *where = sys.argv[1:]
    of = Modules(package)
    rules = system(of, persons=kind == "persons")
    begun = time.process_time()
    inputs = from_persons(Path(where[0])) if kind == "persons" else from_facts(where)
    read = time.process_time()
    simulation = simulated(of, rules, inputs)
    built = time.process_time()
    answers = simulation.calculate("poor", YEAR)
    ended = time.process_time()
    said = {"read": read - begun, "build": built - read, "compute": ended - built, "all": ended - begun}
    counts = {"known": int(inputs.known.sum()), "poor": int((answers.astype(bool) & inputs.known).sum())}
    print(json.dumps({**said, "households": len(answers), **counts}))


main()
