"""What is a country's policy, as its pack states it?

A pack is a folder of YAML. Reading it checks the shape of every file and gathers all problems before it refuses;
`check.py` then asks whether the rules fit together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tuopin.policy.files import (
    HOUSEHOLD,
    NUMBER_EXPECTED,
    Categories,
    Derived,
    Estimate,
    Example,
    ExamplesFile,
    Fact,
    FactsFile,
    Figure,
    Line,
    LinesFile,
    PackFile,
    Parameter,
    Score,
    Standard,
    StandardsFile,
)
from tuopin.policy.yaml_text import Loaded, Loc, load
from tuopin.terms import Currency, DataError, Place, Problem, UsageError

Model = TypeVar("Model", bound=BaseModel)
RuleSpec = Standard | Score | Categories


@dataclass(frozen=True)
class Rule:
    """A standard, score or ordered list of categories, and where it is written.

    Attributes:
        id: its id, unique in the pack.
        stage: the stage that its file names.
        spec: its text.
        source: the file it stands in.
        loc: its path in that file.
    """

    id: str
    stage: str
    spec: RuleSpec
    source: Loaded = field(repr=False, compare=False)
    loc: Loc = ()

    def place(self, *deeper: str | int) -> Place:
        """Where the rule, or a part of it, is written."""
        return self.source.place((*self.loc, *deeper), rule=self.id)


@dataclass(frozen=True)
class Pack:
    """A country's policy as data.

    Attributes:
        name: how messages call it: its id.
        folder: where it was read.
        about: pack.yaml.
        facts: what is asked, by id.
        derived: what is computed from it.
        parameters: figures that several rules share (lines.yaml).
        figures: numbers that depend on everybody.
        lines: poverty lines.
        rules: standards, scores and categories of all files.
        estimates: shares of areas that are known from samples, of all files.
        examples: households with their expected outcome.
        files: the files read, by their name in the pack.
    """

    name: str
    folder: Path
    about: PackFile
    facts: Mapping[str, Fact]
    derived: Mapping[str, Derived]
    parameters: Mapping[str, Parameter]
    figures: Mapping[str, Figure]
    lines: Mapping[str, Line]
    rules: Mapping[str, Rule]
    estimates: Mapping[str, Estimate]
    examples: Mapping[str, Example]
    files: Mapping[str, Loaded] = field(repr=False)

    @property
    def currency(self) -> Currency:
        """The currency that the pack's sums are in."""
        return Currency(self.about.currency.code, self.about.currency.exponent)

    @property
    def tiers(self) -> tuple[str, ...]:
        """Ids of the tiers of government, the highest first."""
        return tuple(tier.id for tier in self.about.tiers)

    @cached_property
    def content_hash(self) -> str:
        """sha256 over what the policy says: comments, layout and examples do not count."""
        policy = {name: loaded for name, loaded in self.files.items() if not name.startswith("examples/")}
        said = repr(sorted((name, _frozen(loaded.data)) for name, loaded in policy.items()))
        return hashlib.sha256(said.encode()).hexdigest()

    def standards(self) -> Iterator[tuple[str, Standard]]:
        """Every standard, in the order of the files."""
        for rule in self.rules.values():
            if isinstance(rule.spec, Standard):
                yield rule.id, rule.spec

    def subject(self, rule: str) -> str:
        """Of whom a rule is asked: `household`, or the id of a tier."""
        spec = self.rules[rule].spec
        return spec.applies_to if isinstance(spec, Standard) else HOUSEHOLD

    def place_of(self, key: str, id: str, *deeper: str | int) -> Place:
        """Where something that has a key of its own in some file is written, such as an example."""
        for loaded in self.files.values():
            if (key, id) in loaded.lines:
                return loaded.place((key, id, *deeper), rule=id)
        return Place(rule=id)

    def place(self, file: str, *loc: str | int) -> Place:
        """Where something stands in a file of the pack."""
        return self.files[file].place(loc)


def pack_folder(name: str | Path) -> Path:
    """The folder of a pack: a path on disk, or the id of one that comes with Tuopin.

    Raises:
        UsageError: there is no such pack.
    """
    path = Path(name)
    if (path / "pack.yaml").is_file():
        return path
    shipped = Path(str(files("tuopin"))) / "packs"
    if str(name).isidentifier() and (shipped / str(name) / "pack.yaml").is_file():
        return shipped / str(name)
    known = ", ".join(sorted(folder.parent.name for folder in shipped.glob("*/pack.yaml")))
    raise UsageError(
        Problem(
            f"There is no pack `{name}`.",
            why="It is neither a folder with a pack.yaml nor a pack that comes with Tuopin.",
            fix=f"Give the path of a pack's folder, or one of: {known}.",
        )
    )


def read_pack(name: str | Path, *, examples: bool = True) -> Pack:
    """Read a pack and check the shape of its files.

    Args:
        name: a folder, or the id of a pack that comes with Tuopin.
        examples: read the examples too; a policy is applied without them, sooner.

    Raises:
        UsageError: there is no such pack.
        DataError: with every problem found, each with file and line.
    """
    folder = pack_folder(name)
    reading = _Reading(folder)
    about = reading.one("pack.yaml", PackFile)
    facts = reading.one("facts.yaml", FactsFile)
    lines = reading.one("lines.yaml", LinesFile)
    standards = reading.many("standards", StandardsFile)
    households = reading.many("examples", ExamplesFile) if examples else {}
    reading.finish()
    assert about is not None
    assert facts is not None
    assert lines is not None
    return Pack(
        name=about.id,
        folder=folder,
        about=about,
        facts=facts.facts,
        derived=facts.derived,
        parameters=lines.parameters,
        figures=lines.figures,
        lines=lines.lines,
        rules=reading.rules(standards),
        estimates=reading.merged({file: model.estimates for file, model in standards.items()}, "estimates"),
        examples=reading.merged({file: model.examples for file, model in households.items()}, "examples"),
        files=reading.files,
    )


class _Reading:
    """Gathers files and problems, so that an official sees them all at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, Loaded] = {}
        self.problems: list[Problem] = []

    def one(self, file: str, model: type[Model]) -> Model | None:
        """Read one file into its model; on problems keep them and return None."""
        try:
            loaded = load(self.folder / file, name=file)
        except DataError as error:
            self.problems += error.problems
            return None
        self.files[file] = loaded
        found, problems = shaped(loaded, model)
        self.problems += problems
        return found

    def many(self, folder: str, model: type[Model]) -> dict[str, Model]:
        """Read all files of a folder, by name."""
        read = {}
        for path in sorted((self.folder / folder).glob("*.yaml")):
            file = f"{folder}/{path.name}"
            if (found := self.one(file, model)) is not None:
                read[file] = found
        return read

    def finish(self) -> None:
        """Refuse the pack if anything was wrong."""
        if self.problems:
            raise DataError(self.problems)

    def rules(self, standards: Mapping[str, StandardsFile]) -> dict[str, Rule]:
        """Every rule of every file."""
        rules: dict[str, Rule] = {}
        for file, model in standards.items():
            for kind in ("standards", "scores", "categories"):
                for id, spec in getattr(model, kind).items():
                    rule = Rule(id, model.stage, spec, self.files[file], (kind, id))
                    if id in rules:
                        self._twice(rule.place(), id, rules[id].place())
                    rules[id] = rule
        self.finish()
        return rules

    def merged(self, parts: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, Any]:
        """The entries of several files in one; an id may stand in one file only."""
        merged: dict[str, Any] = {}
        seen: dict[str, Place] = {}
        for file, entries in parts.items():
            for id, entry in entries.items():
                place = self.files[file].place((key, id), rule=id)
                if id in seen:
                    self._twice(place, id, seen[id])
                merged[id], seen[id] = entry, place
        self.finish()
        return merged

    def _twice(self, place: Place, id: str, other: Place) -> None:
        self.problems.append(
            Problem(
                f"`{id}` is defined a second time.",
                place,
                f"It stands already in {other.file}:{other.line}.",
                "Rename one.",
            )
        )


def shaped(loaded: Loaded, model: type[Model]) -> tuple[Model | None, list[Problem]]:
    """Fit a file's values into its model; on misfit, None and the problems with their lines."""
    if not isinstance(loaded.data, dict):
        return None, [
            Problem("The file does not hold `key: value` lines.", loaded.place(), "", "Start from the template pack.")
        ]
    try:
        return model.model_validate(loaded.data), []
    except ValidationError as error:
        return None, [_problem(loaded, detail) for detail in _one_per_place(error.errors(include_url=False))]


def _one_per_place(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Pydantic tries every member of a union; one message a place is enough."""
    first: dict[Loc, ErrorDetails] = {}
    for detail in details:
        place = tuple(detail["loc"][:4]) if len(detail["loc"]) > 4 else tuple(detail["loc"])
        if place not in first or _wants_a_number_for_lines(first[place]):
            first[place] = detail
    return list(first.values())


def _wants_a_number_for_lines(detail: ErrorDetails) -> bool:
    """Whether it asks for a number where somebody wrote `key: value` lines: another says what is wrong in them."""
    return isinstance(detail["input"], dict) and NUMBER_EXPECTED in detail["msg"]


def _problem(loaded: Loaded, detail: ErrorDetails) -> Problem:
    loc = _existing(loaded, detail["loc"])
    path = ".".join(str(step) for step in loc) or "the file"
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    match detail["type"]:
        case "missing":
            return Problem(f"`{last}` is missing in {path}.", loaded.place(loc), "", f"Add `{last}:`.")
        case "extra_forbidden":
            what = f"`{last}` is not a key that is known here ({path})."
            return Problem(what, loaded.place(loc), "", "Check the spelling.")
        case "string_pattern_mismatch":
            what = f"{path}: `{detail['input']}` is not written as it must be."
            return Problem(what, loaded.place(loc), "", _how_to_write(str(detail["ctx"]["pattern"])))
    return Problem(f"{path}: {_in_plain_words(detail)}.", loaded.place(loc), "", "")


#: What each pattern of files.py asks for.
_WRITTEN = {
    "a-z0-9_": "Ids are snake_case: small letters, digits and _, at most 60.",
    "[A-Z]{2}": "A country's code is two capitals, such as XT.",
    "[A-Z]{3}": "A currency's code is three capitals, such as XTS.",
    "[0-9]+\\.": "A version is three numbers, such as 1.0.0.",
    "[a-z]{2,3}": "A language is a code such as en or zh-Hans.",
    "household|member": "Write household, member, dwelling, area or register:<name>.",
}


def _how_to_write(pattern: str) -> str:
    return next(
        (said for piece, said in _WRITTEN.items() if piece in pattern), "See the reference of the pack's files."
    )


def _in_plain_words(detail: ErrorDetails) -> str:
    """What a value should have been, for somebody who does not know the program's types."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "dict_type" | "model_type" if "values" in detail["loc"]:
            return "figures are dated; write values: {2016-01-01: 35}"
        case "dict_type" | "model_type":
            return "`key: value` lines are expected here"
        case "too_short" | "string_too_short" | "string_type" if not detail["input"]:
            return "something must stand here"
        case "string_type":
            return "a text is expected here"
        case "list_type":
            return "a list is expected here"
        case "bool_type" | "bool_parsing":
            return "write true or false"
        case "int_type" | "int_parsing" | "int_from_float":
            return "a whole number is expected here"
        case "greater_than_equal":
            return f"it must be at least {context['ge']}"
        case "less_than_equal":
            return f"it must be at most {context['le']}"
        case "literal_error":
            return f"write one of: {context['expected']}"
        case "string_too_long" | "too_long":
            return "it is too long; name its parts and put them together"
        case kind if kind.startswith("date"):
            return "there is no such day; write 2016-12-31"
    return detail["msg"].removeprefix("Value error, ")


def _existing(loaded: Loaded, loc: tuple[str | int, ...]) -> Loc:
    """The part of pydantic's path that is a path of the file (it also names union members and key checks)."""
    path: Loc = ()
    for step in loc:
        if (*path, step) in loaded.lines:
            path = (*path, step)
    return path


def _frozen(data: object) -> object:
    if isinstance(data, dict):
        return tuple((key, _frozen(value)) for key, value in data.items())
    if isinstance(data, list):
        return tuple(_frozen(value) for value in data)
    return str(data) if not isinstance(data, bool) else data
