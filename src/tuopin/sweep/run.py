"""What happens in one sweep? Facts, figures, rules, proposals, part by part; then a summary and a ledger line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from tuopin import __version__
from tuopin.policy import Evaluation, Pack, folders_of, refuse_misfit
from tuopin.policy.evaluation import figure_row
from tuopin.policy.facts_plan import COMPILER_VERSION
from tuopin.policy.joins import Progress, silent
from tuopin.sweep.areas import count_of_areas, write_areas
from tuopin.sweep.ledger import Ledger, summary_hash
from tuopin.sweep.looks import count_looks, write_looks
from tuopin.sweep.parts import Writing, write_parts
from tuopin.sweep.proposed import Proposed
from tuopin.sweep.route import INTAKE, STAGES, proposing
from tuopin.sweep.summary import count, summarised
from tuopin.sweep.unfinished import call_hash, settle, unfinished
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.tables.manifest import SCHEMA_VERSION
from tuopin.tables.placing import folders_above
from tuopin.terms import Place, Problem, UsageError

STEPS: Sequence[Callable[[Writing], None]] = (write_parts, write_areas, write_looks)
"""What is written before the summary is, in the order in which its proposals are sealed. A further step joins here."""


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Attributes:
        summary: counts and shares as plain values (see docs/reference/sweep.md).
        out: the folder with answers/, proposals/, figures.json and summary.json; None after a dry run.
        block: the hash of the ledger's new line; None after a dry run.
        kept: how many parts were there already, because this very sweep was killed before.
    """

    summary: dict[str, Any]
    out: Path | None = None
    block: str | None = None
    kept: int = 0


def run_sweep(
    *,
    pack: Pack,
    snapshot: Snapshot,
    as_of: date,
    out: Path | None,
    ledger: Path | None = None,
    stages: Collection[str] = STAGES,
    memory_limit: str | None = None,
    threads: int | None = None,
    engine: str = "duckdb",
    master: str | None = None,
    dry_run: bool = False,
    replace: bool = False,
    facts_root: Path | None = None,
    progress: Progress = silent,
) -> SweepResult:
    """Evaluate a policy over a whole snapshot. A sweep that was killed goes on with the parts that are missing.

    Args:
        pack: a checked pack.
        snapshot: an opened snapshot.
        as_of: the policy's day; facts stay as at the snapshot's own day.
        out: the folder to write; it must not exist unless `replace`. It appears whole or not at all.
        ledger: the ledger's file; default `ledger.jsonl` beside `out`.
        stages: the stages to pass.
        memory_limit: for the engine, such as `4GB`.
        threads: for the engine.
        engine: its name.
        master: where Spark runs, such as `spark://host:7077`; None: on this machine.
        dry_run: count everything, write nothing (facts that are not stored yet are kept for the time of the run only).
        replace: put the new folder in place of an old sweep.
        facts_root: compute all facts anew and keep them there; None: use and store those beside the snapshot.
        progress: told (what, done, of how many).

    Raises:
        UsageError: `out` exists or lies in the snapshot, another run is writing it, or no rule of the pack is in force
            on the day.
        DataError: the pack does not fit the snapshot, or the ledger is broken.
    """
    refuse_misfit(pack, snapshot, as_of)
    opened_with = partial(open_engine, engine, memory_limit=memory_limit, threads=threads, master=master)
    if dry_run or out is None:
        with (
            tempfile.TemporaryDirectory(prefix="tuopin-") as kept,
            opened_with(folders=[*folders_of(snapshot), Path(kept)]) as opened,
        ):
            root = Path(kept) if dry_run else None
            return SweepResult(_counted(Evaluation(pack, snapshot, as_of, opened, progress, root), stages))
    ledger = ledger or out.parent / "ledger.jsonl"
    call = _call(pack, snapshot, as_of, stages, engine)
    if (block := settle(out, call, ledger)) is not None:
        summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        return SweepResult(summary, out, block.hash, len(snapshot.manifest.parts))
    _refuse_place(out, ledger, snapshot, replace=replace)
    Ledger(ledger).refuse_unwritable()
    own_facts = [] if facts_root is None else [facts_root]
    with (
        folders_above(out),
        unfinished(out, call) as work,
        opened_with(spill=work.spill, folders=[*folders_of(snapshot), work.folder, *own_facts]) as opened,
    ):
        anew = facts_root is not None
        evaluation = Evaluation(pack, snapshot, as_of, opened, progress, facts_root, anew=anew)
        return _write(Writing(evaluation, stages, work, Proposed()), out, ledger, replace=replace)


def _call(pack: Pack, snapshot: Snapshot, as_of: date, stages: Collection[str], engine: str) -> str:
    """Which sweep it is: all that its rows depend on."""
    contents = [pack.content_hash, snapshot.manifest.content_hash]
    return call_hash([*contents, as_of, sorted(stages), engine, __version__, COMPILER_VERSION, SCHEMA_VERSION])


def _counted(evaluation: Evaluation, stages: Collection[str]) -> dict[str, Any]:
    """The summary alone, by one scan of the facts of all parts."""
    evaluation.store_facts()
    proposals = None if evaluation.layout.survey else proposing(evaluation.rules_plan, stages)
    tally, kinds = count(evaluation, proposals.counts if proposals else {})
    proposed = Proposed()
    for (stage, kind), many in kinds.items():
        if many:
            proposed.add(stage, kind, many)
    if INTAKE in stages:
        count_looks(evaluation, proposed)
    areas = count_of_areas(evaluation, stages, proposed)
    return summarised(evaluation, tally, proposed.kinds, areas)


def _write(writing: Writing, out: Path, ledger: Path, *, replace: bool) -> SweepResult:
    for step in STEPS:
        step(writing)
    evaluation, folder = writing.evaluation, writing.work.sweep
    tally, _ = count(evaluation, {})
    summary = summarised(evaluation, tally, writing.proposed.kinds, writing.areas)
    _write_json(folder / "summary.json", summary)
    _write_json(folder / "figures.json", _figures(evaluation))
    block = writing.work.place(out, ledger, _entry(writing, summary), replace=replace)
    return SweepResult(summary, out, block.hash, writing.work.kept)


def _figures(evaluation: Evaluation) -> dict[str, dict[str, list[str | int | None]]]:
    return {
        id: {area: figure_row(result) for area, result in areas.items()} for id, areas in evaluation.figures.items()
    }


def _entry(writing: Writing, summary: Mapping[str, Any]) -> dict[str, Any]:
    evaluation = writing.evaluation
    manifest = evaluation.snapshot.manifest
    return {
        "kind": "sweep",
        "pack": evaluation.pack.name,
        "pack_version": evaluation.pack.about.version,
        "pack_hash": evaluation.pack.content_hash,
        "snapshot": manifest.name,
        "snapshot_hash": manifest.content_hash,
        "as_of": str(evaluation.day),
        "stages": sorted(writing.stages),
        "engine": evaluation.engine.name,
        "program": __version__,
        "households": summary["households"],
        "proposals": summary["proposals"],
        "proposals_hash": writing.proposed.content_hash(),
        "summary_hash": summary_hash(summary),
    }


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _refuse_place(out: Path, ledger: Path, snapshot: Snapshot, *, replace: bool) -> None:
    above = next(parent for parent in (*out.parents, Path.cwd()) if parent.exists())
    if not above.is_dir():
        why = "The sweep's folder cannot lie below it."
        raise UsageError(Problem("A file stands where a folder is needed.", Place(str(above)), why, "Choose another."))
    if out.resolve().is_relative_to(snapshot.path.resolve()):
        why = "A snapshot is never added to: its check would fail for ever."
        raise UsageError(Problem("The folder to write lies in the snapshot.", Place(str(out)), why, "Choose another."))
    for folder, why in (
        (out, "Replacing the sweep would delete it."),
        (snapshot.path, "A snapshot is never added to."),
    ):
        if ledger.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                Problem("The ledger lies in a folder of data.", Place(str(ledger)), why, "Choose another.")
            )
    if out.exists() and not (replace and (out / "summary.json").is_file()):
        fix = "Choose another folder, or replace a folder that holds a sweep with --replace."
        why = "A sweep never writes over something."
        raise UsageError(Problem("The folder to write exists already.", Place(str(out)), why, fix))
