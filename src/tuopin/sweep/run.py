"""What happens in one sweep? Facts, figures, rules, proposals, part by part; then a summary and a ledger line."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlglot import exp

from tuopin import __version__
from tuopin.policy import EVALUATED, FACTS, Evaluation, Pack, folders_of, refuse_misfit, sql
from tuopin.policy.evaluation import figure_row, readable
from tuopin.policy.facts_plan import STRUCTURE, same
from tuopin.policy.joins import Progress, silent
from tuopin.sweep.ledger import Ledger
from tuopin.sweep.proposed import Proposed, in_order
from tuopin.sweep.route import INTAKE, STAGES, Proposing, intake_query, proposing
from tuopin.sweep.summary import count, summarised
from tuopin.tables import Snapshot
from tuopin.tables.engines import open_engine
from tuopin.tables.manifest import SCHEMA_VERSION
from tuopin.tables.placing import folders_above, placed_whole, usual_mask
from tuopin.terms import Place, Problem, UsageError


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Attributes:
        summary: counts and shares as plain values (see docs/reference/sweep.md).
        out: the folder with answers/, proposals/, figures.json and summary.json; None after a dry run.
        block: the hash of the ledger's new line; None after a dry run.
    """

    summary: dict[str, Any]
    out: Path | None = None
    block: str | None = None


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
    progress: Progress = silent,
) -> SweepResult:
    """Evaluate a policy over a whole snapshot.

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
        progress: told (what, done, of how many).

    Raises:
        UsageError: `out` exists or lies in the snapshot, or no rule of the pack is in force on the day.
        DataError: the pack does not fit the snapshot, or the ledger is broken.
    """
    refuse_misfit(pack, snapshot, as_of)
    if out is not None and not dry_run:
        ledger = ledger or out.parent / "ledger.jsonl"
        _refuse_place(out, ledger, snapshot, replace=replace)
        Ledger(ledger).refuse_unwritable()
    with (
        tempfile.TemporaryDirectory(prefix="tuopin-") as kept,
        open_engine(
            engine,
            memory_limit=memory_limit,
            threads=threads,
            master=master,
            folders=[*folders_of(snapshot), Path(kept), *([out.parent] if out is not None else [])],
        ) as opened,
    ):
        evaluation = Evaluation(pack, snapshot, as_of, opened, progress, facts_root=Path(kept) if dry_run else None)
        if dry_run or out is None or ledger is None:
            return SweepResult(_counted(evaluation, stages))
        return _write(evaluation, stages, out, ledger, replace)


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
        evaluation.engine.view("looked", _intake_file(evaluation))
        for stage, kind, many in evaluation.engine.rows(_BY_KIND):
            proposed.add(stage, kind, many)
    return summarised(evaluation, tally, proposed.kinds)


_BY_KIND = "SELECT stage, kind, COUNT(*) FROM looked GROUP BY stage, kind ORDER BY stage, kind"


def _write(evaluation: Evaluation, stages: Collection[str], out: Path, ledger: Path, replace: bool) -> SweepResult:
    with folders_above(out), tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as near:
        unfinished, old = Path(near) / "new", Path(near) / "old"
        unfinished.mkdir()
        proposed = _run_parts(evaluation, stages, unfinished)
        tally, _ = count(evaluation, {})
        summary = summarised(evaluation, tally, proposed.kinds)
        _write_json(unfinished / "summary.json", summary)
        _write_json(unfinished / "figures.json", _figures(evaluation))
        unfinished.chmod(0o777 & ~usual_mask())
        if replace and out.exists():
            out.rename(old)
        try:
            unfinished.rename(out)
            block = Ledger(ledger).append(_entry(evaluation, stages, summary, proposed.content_hash()))
        except BaseException:  # no sweep stands that the ledger does not know, and the old one stands again
            shutil.rmtree(out, ignore_errors=True)
            if old.exists():
                old.rename(out)
            raise
    return SweepResult(summary, out, block.hash)


def _run_parts(evaluation: Evaluation, stages: Collection[str], folder: Path) -> Proposed:
    """Write every part's answers and proposals."""
    proposals = None if evaluation.layout.survey else proposing(evaluation.rules_plan, stages)
    (folder / "answers").mkdir()
    (folder / "proposals").mkdir()
    engine, proposed = evaluation.engine, Proposed()
    query = engine.text(_of_the_concerned(proposals)) if proposals else ""
    for part in evaluation.parts:
        evaluation.progress("rules", part, len(evaluation.parts))
        evaluation.show_facts(part)
        answers = folder / "answers" / f"part-{part:05d}.parquet"
        if engine.write(_answers(evaluation, part), answers) != evaluation.snapshot.manifest.parts[part].households:
            raise evaluation.changed_since(part)
        if query:
            engine.view("answers", answers)
            proposed.write(engine, query, folder / "proposals" / f"part-{part:05d}.parquet")
    evaluation.progress("rules", len(evaluation.parts), len(evaluation.parts))
    if INTAKE in stages:
        engine.view("looked", _intake_file(evaluation))
        proposed.write(engine, in_order("looked"), folder / "proposals" / "intake.parquet")
    return proposed


def _answers(evaluation: Evaluation, part: int) -> exp.Select:
    """What is written of every household: its names, its weight in a survey, every rule's answer."""
    rules = evaluation.rules_of(part)
    weight = ["weight"] if evaluation.layout.survey else []
    columns = {name: sql.column(name, "h") for name in STRUCTURE}
    columns |= {name: sql.column(name, "a") for name in (*weight, *rules.columns())}
    answered = sql.select(columns, rules.query(FACTS).subquery("a", copy=False))
    return answered.join(sql.table("households", "h"), on=same("household_no", "a", "h"), copy=False)


def _of_the_concerned(proposals: Proposing) -> exp.Select:
    """The proposals; only households of whom something is proposed are looked at, by what was written of them."""
    facts = sql.select({name: sql.column(name) for name in ("household_no", *proposals.read)}, sql.table(FACTS))
    columns = {name: sql.column(name, "f") for name in proposals.read}
    evaluated = sql.select(columns, sql.table("answers", "a")).select("a.*", copy=False)
    evaluated = evaluated.join(facts.subquery("f", copy=False), on=same("household_no", "a", "f"), copy=False)
    evaluated = evaluated.where(proposals.anything, copy=False)
    return in_order(proposals.query).with_(EVALUATED, as_=evaluated, materialized=True, copy=False)


def _intake_file(evaluation: Evaluation) -> Path:
    """What intake proposes depends on the snapshot alone, so it is kept beside the facts."""
    query = intake_query(evaluation.engine, evaluation.snapshot)
    said = f"{SCHEMA_VERSION}\n{evaluation.snapshot.manifest.content_hash}\n{query}"
    file = evaluation.kept_in / f"intake-{hashlib.sha256(said.encode()).hexdigest()[:24]}.parquet"
    if not readable(file):
        evaluation.progress("intake", 0, 1)
        with placed_whole(file) as unfinished:
            evaluation.engine.write(query, unfinished)
    return file


def _figures(evaluation: Evaluation) -> dict[str, dict[str, list[str | int | None]]]:
    return {
        id: {area: figure_row(result) for area, result in areas.items()} for id, areas in evaluation.figures.items()
    }


def _entry(
    evaluation: Evaluation, stages: Collection[str], summary: Mapping[str, Any], proposals: str
) -> dict[str, Any]:
    manifest = evaluation.snapshot.manifest
    return {
        "kind": "sweep",
        "pack": evaluation.pack.name,
        "pack_version": evaluation.pack.about.version,
        "pack_hash": evaluation.pack.content_hash,
        "snapshot": manifest.name,
        "snapshot_hash": manifest.content_hash,
        "as_of": str(evaluation.day),
        "stages": sorted(stages),
        "engine": evaluation.engine.name,
        "program": __version__,
        "households": summary["households"],
        "proposals": summary["proposals"],
        "proposals_hash": proposals,
        "summary_hash": summary_hash(summary),
    }


def summary_hash(summary: Mapping[str, Any]) -> str:
    """What a ledger keeps of a summary: the SHA-256 of its canonical JSON."""
    said = json.dumps(summary, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


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
