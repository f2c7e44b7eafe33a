"""Does a past sweep still come out as the ledger has it? The same policy over the same snapshot, from the beginning.

Nothing that the first run stored is believed: every row of the snapshot is read and proved, facts are computed anew.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tuopin import __version__
from tuopin.policy import Pack
from tuopin.policy.joins import Progress, silent
from tuopin.sweep.ledger import Ledger
from tuopin.sweep.route import STAGES
from tuopin.sweep.run import run_sweep
from tuopin.tables import Snapshot
from tuopin.terms import Block, DataError, Place, Problem, UsageError

LAST = "last"
"""How the last block of a ledger is named."""

SHORT = 12
"""How many characters of a hash are enough to name a block."""

_NEEDED = frozenset(
    {"pack", "pack_version", "pack_hash", "snapshot", "snapshot_hash", "as_of", "stages", "proposals_hash"}
)


@dataclass(frozen=True)
class Compared:
    """One thing that was computed again.

    Attributes:
        what: `proposals` or `summary`.
        recorded: its hash in the ledger; None where an older version of the program recorded none.
        found: its hash now.
    """

    what: str
    recorded: str | None
    found: str

    @property
    def same(self) -> bool:
        """Whether it came out as recorded; what was not recorded proves nothing and denies nothing."""
        return self.recorded in (None, self.found)


@dataclass(frozen=True)
class Counted:
    """Proposals of one kind whose number differs.

    Attributes:
        stage: their stage.
        kind: their kind.
        recorded: how many the ledger has.
        found: how many there are now.
    """

    stage: str
    kind: str
    recorded: int
    found: int


@dataclass(frozen=True)
class Rerun:
    """A past sweep, computed again.

    Attributes:
        block: what the ledger has of it.
        compared: the hashes, recorded and found.
        counts: the kinds of proposals of which there are more or fewer.
        files: of the sweep's folder, the files that do not hold the rows or values found now, that are missing, or
            that no sweep wrote; None where no folder was named.
        program: the version of Tuopin that computed it again.
    """

    block: Block
    compared: tuple[Compared, ...]
    counts: tuple[Counted, ...]
    files: tuple[str, ...] | None
    program: str = __version__

    @property
    def proved(self) -> bool:
        """Whether everything came out the same."""
        return all(one.same for one in self.compared) and not self.files


def rerun_sweep(
    *,
    ledger: Path,
    block: str = LAST,
    pack: Pack,
    snapshot: Snapshot,
    sweep: Path | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    engine: str = "duckdb",
    master: str | None = None,
    progress: Progress = silent,
) -> Rerun:
    """Compute a past sweep again and compare.

    Args:
        ledger: the ledger's file.
        block: which of its blocks: its number, its hash (the first twelve characters are enough), or `last`.
        pack: the checked pack, as it was then.
        snapshot: the snapshot, as it was then.
        sweep: a folder that the sweep wrote: compare its answers, proposals and figures too.
        memory_limit: for the engine, such as `4GB`.
        threads: for the engine.
        engine: its name; it need not be the one of the first run.
        master: where Spark runs.
        progress: told (what, done, of how many).

    Raises:
        UsageError: there is no ledger, no such folder, or the block is not the record of a sweep.
        DataError: the ledger was changed or has no such block, the pack or the snapshot is not the one recorded, or
            the snapshot's rows are not those of its manifest.
    """
    recorded = _recorded_in(ledger, block)
    _refuse_others(recorded, pack, snapshot)
    if sweep is not None and not (sweep / "summary.json").is_file():
        raise UsageError(Problem("There is no sweep here.", Place(str(sweep)), fix="Name the folder that it wrote."))
    progress("snapshot", 0, 1)
    if problems := snapshot.check():
        raise DataError(problems)
    progress("snapshot", 1, 1)
    said = recorded.content
    with tempfile.TemporaryDirectory(prefix="tuopin-") as folder:
        again, facts = Path(folder) / "sweep", Path(folder) / "facts"
        run_sweep(
            pack=pack,
            snapshot=snapshot,
            as_of=date.fromisoformat(said["as_of"]),
            out=again,
            stages=said["stages"],
            memory_limit=memory_limit,
            threads=threads,
            engine=engine,
            master=master,
            facts_root=facts,
            progress=progress,
        )
        (found,) = Ledger(again.with_name("ledger.jsonl")).blocks()
        files = None if sweep is None else tuple(differing_files(sweep, again))
    hashes = [(what, said.get(f"{what}_hash"), found.content[f"{what}_hash"]) for what in ("proposals", "summary")]
    compared = tuple(Compared(*one) for one in hashes)
    return Rerun(recorded, compared, tuple(_differing_counts(said, found.content)), files)


def differing_files(sweep: Path, again: Path) -> Iterator[str]:
    """The files of two sweeps that differ by what they hold; how rows are ordered or stored makes no difference."""
    names = sorted(
        {str(file.relative_to(root)) for root in (sweep, again) for file in root.rglob("*") if file.is_file()}
    )
    for name in names:
        first, second = _held(sweep / name), _held(again / name)
        if first is None or second is None or not _equal(first, second):
            yield name


# --- which sweep -----------------------------------------------------------------------------------------------------


def _recorded_in(ledger: Path, named: str) -> Block:
    """The block of a sweep, in a ledger that nobody changed."""
    if not ledger.is_file():
        raise UsageError(Problem("There is no ledger here.", Place(str(ledger)), fix="Check the path."))
    Ledger(ledger).verify()
    blocks = Ledger(ledger).blocks()
    if not blocks:
        raise DataError(Problem("The ledger is empty.", Place(str(ledger)), fix="Name the ledger of the sweep."))
    block = _named(blocks, named)
    if block is None:
        fix = "`tuopin ledger verify` lists what is in it; the first block has the number 0."
        raise DataError(Problem(f"Block {named} is not in the ledger.", Place(str(ledger)), fix=fix))
    said = block.content
    if said.get("kind") != "sweep":
        what = f"Block {block.number} does not record a sweep, but: {said.get('kind')}."
        raise UsageError(Problem(what, Place(str(ledger), line=block.number + 1), fix="Name the block of a sweep."))
    if missing := sorted(_NEEDED - set(said)):
        what = f"Block {block.number} does not say enough to sweep again: it has no {', '.join(missing)}."
        raise DataError(Problem(what, Place(str(ledger), line=block.number + 1), fix="Name another block."))
    if unknown := sorted(set(said["stages"]) - set(STAGES)):
        what = f"Block {block.number} passed stages that this version of Tuopin does not have: {', '.join(unknown)}."
        fix = f"Use the version that wrote it: {said.get('program')}."
        raise DataError(Problem(what, Place(str(ledger), line=block.number + 1), fix=fix))
    return block


def _named(blocks: list[Block], named: str) -> Block | None:
    if named == LAST:
        return blocks[-1] if blocks else None
    if re.fullmatch(f"[0-9]{{1,{SHORT - 1}}}", named):
        return blocks[int(named)] if int(named) < len(blocks) else None
    found = [block for block in blocks if len(named) >= SHORT and block.hash.startswith(named)]
    return found[0] if len(found) == 1 else None


def _refuse_others(recorded: Block, pack: Pack, snapshot: Snapshot) -> None:
    """Refuse a pack or a snapshot that is not the recorded one: another would prove nothing."""
    said = recorded.content
    given = [
        ("pack", f"{said['pack']} {said['pack_version']}", f"{pack.name} {pack.about.version}", pack.content_hash),
        ("snapshot", said["snapshot"], snapshot.manifest.name, snapshot.manifest.content_hash),
    ]
    problems = []
    for what, name, other, content in given:
        if said[f"{what}_hash"] != content:
            why = f"Block {recorded.number} records {name} with the content {said[f'{what}_hash']}; "
            why += f"this is {other} with the content {content}."
            fix = f"Give the {what} as it was on the day of the sweep; without it nothing can be proved."
            problems.append(Problem(f"This {what} is not the one that was swept.", Place(), why, fix))
    if problems:
        raise DataError(problems)


# --- what differs ----------------------------------------------------------------------------------------------------


def _differing_counts(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Counted]:
    before, now = recorded.get("proposals", {}), found["proposals"]
    kinds = {(stage, kind) for counts in (before, now) for stage, by_kind in counts.items() for kind in by_kind}
    for stage, kind in sorted(kinds):
        counts = [said.get(stage, {}).get(kind, 0) for said in (before, now)]
        if counts[0] != counts[1]:
            yield Counted(stage, kind, *counts)


def _held(file: Path) -> Any:  # noqa: ANN401 - a table of rows, or a JSON value
    """What a file holds; None if it is not there or cannot be read."""
    try:
        if file.suffix == ".json":
            return json.loads(file.read_text(encoding="utf-8"))
        with pq.ParquetFile(file) as stored:
            rows = stored.read()
    except (OSError, ValueError, pa.ArrowException):
        return None
    by_name = pa.Table.from_arrays(rows.columns, names=rows.column_names)  # whether a column may be NULL is no content
    return by_name.sort_by(by_name.column_names[0])


def _equal(first: Any, second: Any) -> bool:  # noqa: ANN401 - as above
    return bool(
        first.equals(second) if isinstance(first, pa.Table) and isinstance(second, pa.Table) else first == second
    )
