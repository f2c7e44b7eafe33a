"""Does a pack fit a snapshot, so that shillings are not read as cents and codes keep their meaning?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from tuopin.policy.columns import declared_columns
from tuopin.policy.dated import in_force
from tuopin.policy.pack import Pack
from tuopin.tables import Column, Snapshot
from tuopin.terms import DataError, Place, Problem, UsageError

_TIERS = "Name the same tiers in the pack and in the mapping, from the top down."
_FIX = "Import the register again under this pack, or correct the fact."


def refuse_misfit(pack: Pack, snapshot: Snapshot, day: date) -> None:
    """Go on only where the pack can be applied to the snapshot on that day.

    Raises:
        UsageError: no rule of the pack is in force on the day.
        DataError: a column of the snapshot does not mean what the pack says, or it has other tiers.
    """
    if not any(in_force(rule.spec.editions, day).anything for rule in pack.rules.values()):
        first = min((edition.from_ for rule in pack.rules.values() for edition in rule.spec.editions), default=None)
        fix = f"Its first text begins on {first}." if first else "Write a standard first."
        raise UsageError(Problem(f"No rule of the pack `{pack.name}` is in force on {day}.", fix=fix))
    if problems := misfits(pack, snapshot):
        raise DataError(problems)


def misfits(pack: Pack, snapshot: Snapshot) -> list[Problem]:
    """Where a snapshot and a pack disagree; none if the pack can be swept over it."""
    manifest = snapshot.manifest
    problems = list(_tiers(pack, snapshot))
    if not manifest.rows("households"):
        fix = "Make the snapshot again from a source that has some."
        problems.append(Problem("The snapshot has no household.", Place(file=str(snapshot.path)), fix=fix))
    for table, declared in declared_columns(pack, manifest.money).items():
        stored = {column.name: column for column in snapshot.columns(table)}
        for column in declared:
            if column.name in stored:
                unit = (column.unit or "").replace(pack.currency.code, manifest.money.code) or None
                problems += _disagreements(pack, table, stored[column.name], replace(column, unit=unit))
    return problems


def _tiers(pack: Pack, snapshot: Snapshot) -> Iterator[Problem]:
    order = [tier for tier in pack.tiers if tier in snapshot.manifest.tiers]
    if list(snapshot.manifest.tiers) != order:
        what = f"The snapshot has the tiers {', '.join(snapshot.manifest.tiers)}, the pack {', '.join(pack.tiers)}."
        yield Problem(what, pack.place("pack.yaml", "tiers"), "Figures by area would not be found.", _TIERS)


def _disagreements(pack: Pack, table: str, stored: Column, declared: Column) -> Iterator[Problem]:
    key = "facts" if declared.name in pack.facts else "derived"
    place = pack.place("facts.yaml", key, declared.name)
    where = Place(place.file, place.line, table, None, declared.name, declared.name)
    for word, was, now in (
        ("type", stored.type, declared.type),
        ("scale", stored.scale, declared.scale),
        ("unit", stored.unit, declared.unit),
    ):
        if was != now:
            what = f"The {word} of `{declared.name}` is {was} in the snapshot and {now} in the pack."
            yield Problem(what, where, "Its values would be misread.", _FIX)
    if lost := sorted(set(stored.values) - set(declared.values)):
        what = f"`{declared.name}` has values in the snapshot that the pack does not know: {', '.join(lost)}."
        yield Problem(what, where, "No rule would see them.", _FIX)
