"""What does intake say of a whole snapshot? It knows no policy, so it is kept beside the facts for every sweep."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tuopin.policy import Evaluation
from tuopin.policy.evaluation import facts_beside, readable
from tuopin.sweep.parts import Writing
from tuopin.sweep.proposed import INTAKE_FILE, Proposed, in_order
from tuopin.sweep.route import INTAKE, intake_query
from tuopin.tables.manifest import SCHEMA_VERSION
from tuopin.tables.placing import placed_whole

LOOKED = "looked"
"""The name of intake's proposals in the engine."""


def write_looks(writing: Writing) -> None:
    """Write what intake proposes, if it is one of the stages."""
    if INTAKE not in writing.stages:
        return
    _show_looks(writing.evaluation)
    with writing.work.placing(f"proposals/{INTAKE_FILE}") as file:
        writing.proposed.write(writing.evaluation.engine, in_order(LOOKED), file)


def count_looks(evaluation: Evaluation, proposed: Proposed) -> None:
    """Count what intake proposes."""
    _show_looks(evaluation)
    for stage, kind, many in evaluation.engine.rows(_BY_KIND):
        proposed.add(stage, kind, many)


_BY_KIND = f"SELECT stage, kind, COUNT(*) FROM {LOOKED} GROUP BY stage, kind ORDER BY stage, kind"


def _show_looks(evaluation: Evaluation) -> None:
    evaluation.engine.view(LOOKED, _intake_file(evaluation))


def _intake_file(evaluation: Evaluation) -> Path:
    """What intake proposes depends on the snapshot alone: it is kept beside the facts, where a dry run finds it."""
    query = intake_query(evaluation.engine, evaluation.snapshot)
    said = f"{SCHEMA_VERSION}\n{evaluation.snapshot.manifest.content_hash}\n{query}"
    name = f"intake-{hashlib.sha256(said.encode()).hexdigest()[:24]}.parquet"
    stored, file = facts_beside(evaluation.snapshot) / name, evaluation.kept_in / name
    if not evaluation.anew and readable(stored):
        return stored
    if not readable(file):
        evaluation.progress("intake", 0, 1)
        with placed_whole(file) as unfinished:
            evaluation.engine.write(query, unfinished)
    return file
