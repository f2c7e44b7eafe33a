"""How does a survey or a register become a snapshot? Read, look across rows, and write all of it or nothing."""

from __future__ import annotations

import fnmatch
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from tuopin.policy import Pack, read_pack
from tuopin.stages.intake.agreement import Agreement, FactPlan, agree
from tuopin.stages.intake.convert import Form
from tuopin.stages.intake.crosschecks import cross_check, grouped_by_household, parsed, quoted
from tuopin.stages.intake.mapping import AreaLevels, Coverage, ReadMapping, read_mapping
from tuopin.stages.intake.pseudonyms import Pseudonyms
from tuopin.stages.intake.readers import open_source
from tuopin.stages.intake.recipe import Recipe, Recipes, open_pseudonyms
from tuopin.stages.intake.rejects import Reject, Rejects, refused_rows
from tuopin.stages.intake.source import Source
from tuopin.stages.intake.staging import Progress, Staged, stage
from tuopin.stages.intake.tree import Tree, level_keys, tree_from_levels, tree_from_rows
from tuopin.stages.intake.writing import TableWriting
from tuopin.tables import (
    Areas,
    AssumptionEntry,
    CoverageEntry,
    CurrencyEntry,
    Heading,
    IdentifierEntry,
    Manifest,
    RejectedEntry,
    SnapshotWriter,
    SourceEntry,
)
from tuopin.tables.engines import Engine, open_engine
from tuopin.tables.manifest import FILE as MANIFEST
from tuopin.tables.verification import coverage_problems
from tuopin.terms import DataError, Place, Problem, UsageError


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        path: the snapshot's folder; None where nothing was to be kept.
        manifest: what the snapshot says of itself.
        rejects: the first thousand refusals of a row.
        rejects_file: all of them, beside the snapshot; None where none was refused.
        refusals: how many there are; a row may be refused for several reasons.
    """

    path: Path | None
    manifest: Manifest
    rejects: tuple[Reject, ...]
    rejects_file: Path | None
    refusals: int


class RowsRefused(DataError):
    """Rows were refused and nothing was written.

    Attributes:
        problems: the first thousand refusals, how many more there are of each kind, and last what came of them.
        refusals: how many there are.
    """

    def __init__(self, rejects: Rejects) -> None:
        """Tell what was refused."""
        self.refusals = rejects.count
        what = f"{refused_rows(rejects.rows, rejects.count)}; nothing was written."
        fix = (
            "Mend the rows or the mapping. Or add --accept-rejects: the households of these rows are left out and "
            "counted, and all refused rows are listed beside the snapshot."
        )
        super().__init__([*rejects.problems(), Problem(what, fix=fix)])


def import_snapshot(
    *,
    files: Sequence[Path],
    mapping: Path,
    out: Path,
    known_at: date,
    accept_rejects: bool = False,
    key: bytes | None = None,
    overwrite: bool = False,
    dry_run: bool = False,
    memory_limit: str | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Make a snapshot from files, as a mapping says.

    Args:
        files: the sources; the mapping calls them by their place in this list, or by a pattern of their name.
        mapping: the mapping file.
        out: the folder to make.
        known_at: the day on which the office had the data.
        accept_rejects: leave out households with a refused row, instead of refusing everything. All refused rows are
            then listed in `<out>.rejects.csv`, and their number stands in the manifest.
        key: the secret under which identifiers are hashed, at least 16 bytes; needed only where the mapping asks for
            pseudonyms. It is not stored.
        overwrite: replace a snapshot that is already at `out`.
        dry_run: check everything and keep nothing.
        memory_limit: of the engine, such as `2GB`.
        progress: told what is being done and how many rows of it are.

    Raises:
        UsageError: a file, key or limit is missing or wrong.
        DataError: the mapping, a source or a row is wrong. Nothing is left behind.
    """
    _refuse_existing(Path(out), overwrite=overwrite)
    read = read_mapping(Path(mapping))
    pack = _pack(read)
    agreement = agree(read, pack)
    pseudonyms = open_pseudonyms(read.model, key)
    recipes = list(Recipes(mapping=read, agreement=agreement, pseudonyms=pseudonyms).all())
    chosen = _chosen(recipes, [Path(file) for file in files])
    with SnapshotWriter(target=out, overwrite=overwrite) as writer:
        scratch = writer.scratch()
        with open_engine(memory_limit=memory_limit, spill=scratch, folders=[writer.folder]) as engine:
            work = _Import(read, agreement, writer, engine, progress or (lambda _what, _rows: None))
            refused = work.read(recipes, chosen)
            if work.rejects and not accept_rejects:
                raise RowsRefused(work.rejects)
            _refuse_coverage(read, work.areas)
            work.write()
        heading = _heading(read, pack, agreement, pseudonyms, work, refused, known_at, [*files, mapping])
        if dry_run:
            return Imported(None, writer.manifest(heading), tuple(work.rejects.first), None, work.rejects.count)
        rejects_file = _beside(out, work.rejects)
        snapshot = writer.finish(heading)
    return Imported(snapshot.path, snapshot.manifest, tuple(work.rejects.first), rejects_file, work.rejects.count)


def _pack(read: ReadMapping) -> Pack:
    """The pack of a mapping: a folder beside the mapping file, or one that comes with Tuopin."""
    beside = read.path.parent / read.model.pack
    try:
        return read_pack(beside if (beside / "pack.yaml").is_file() else read.model.pack)
    except UsageError as error:
        place = read.loaded.place(("pack",))
        raise DataError(
            [Problem(problem.what, place, problem.why, problem.fix) for problem in error.problems]
        ) from None


def _refuse_existing(out: Path, *, overwrite: bool) -> None:
    """Refuse what lies at the target before anything is read."""
    if out.exists() and not overwrite:
        why, fix = "A snapshot is never changed.", "Choose another folder."
        if (out / MANIFEST).is_file():
            fix = "Choose another folder, or put the new snapshot in place of this one with --replace."
        raise UsageError(Problem("There is something at the target already.", Place(file=str(out)), why, fix))


def _chosen(recipes: Sequence[Recipe], files: Sequence[Path]) -> dict[str, list[Path]]:
    """The files that each table is read from.

    Raises:
        UsageError: some are not given, or not there.
    """
    chosen = {recipe.table: _files(recipe, files) for recipe in recipes}
    problems = [_not_given(recipe, files) for recipe in recipes if not chosen[recipe.table]]
    for file in dict.fromkeys(files):
        if not file.is_file():
            readers = [recipe for recipe in recipes if file in chosen[recipe.table]]
            why = " ".join(f"{_key_of(recipe)} ({recipe.place}) reads it." for recipe in readers)
            problems.append(Problem("There is no such file.", Place(file=str(file)), why, "Check the path."))
    if problems:
        raise UsageError(problems)
    return chosen


def _files(recipe: Recipe, files: Sequence[Path]) -> list[Path]:
    if isinstance(recipe.file, int):
        return list(files[recipe.file - 1 : recipe.file])
    return [file for file in files if fnmatch.fnmatch(file.name, recipe.file)]


def _not_given(recipe: Recipe, files: Sequence[Path]) -> Problem:
    given = f"Given: {', '.join(map(str, files))}."
    if isinstance(recipe.file, int):
        are = "1 file is" if len(files) == 1 else f"{len(files)} files are"
        what = f"{_key_of(recipe)} asks for file {recipe.file}, and {are} given."
        return Problem(what, recipe.place, given, "Give the files in the order that the mapping counts them.")
    what = f"{_key_of(recipe)} asks for {recipe.file}, and no file of that name is given."
    return Problem(what, recipe.place, given, "Give the file too.")


def _key_of(recipe: Recipe) -> str:
    """The key of the mapping that names the table's file."""
    return f"`{recipe.table.replace(':', 's: ')}: file`"


def _beside(out: Path, rejects: Rejects) -> Path | None:
    """Put the list of refused rows beside the snapshot."""
    if not rejects:
        return None
    file = out.with_name(f"{out.name}.rejects.csv")
    shutil.move(rejects.file, file)
    return file


def _refuse_empty(staged: Staged) -> None:
    """Nobody would be in the snapshot, or everybody would be refused for one file that did not arrive."""
    if staged.table in ("areas", "households", "members") and not staged.rows:
        place = Place(file=", ".join(staged.sources), table=staged.table)
        why = "It names its columns, and nothing stands below them."
        raise DataError(Problem("The file has no rows.", place, why, "Get the file again from where it came."))


@contextmanager
def _named(files: Sequence[Path]) -> Iterator[None]:
    """Name the file in what is wrong with the tree that was read from it."""
    try:
        yield
    except DataError as error:
        names = ", ".join(file.name for file in files)
        raise DataError([replace(found, place=replace(found.place, file=names)) for found in error.problems]) from None


def _refuse_coverage(read: ReadMapping, areas: Areas) -> None:
    """Refuse a coverage that cannot be, at the line that states it."""
    registers = read.model.registers
    problems = [
        replace(found, place=read.loaded.place(("registers", name, "coverage", number)))
        for name, register in registers.items()
        for number, entry in enumerate(register.coverage)
        for found in coverage_problems([_covered(name, entry, areas)], areas, registers=registers)
    ]
    if problems:
        raise DataError(problems)


class _Import:
    """One import at work in the writer's private folder."""

    def __init__(
        self, read: ReadMapping, agreement: Agreement, writer: SnapshotWriter, engine: Engine, progress: Progress
    ) -> None:
        self._model = read.model
        self._agreement = agreement
        self._writer = writer
        self._engine = engine
        self._progress = progress
        self._scratch = writer.scratch()
        self._staged: dict[str, Staged] = {}
        self.rejects = Rejects(self._scratch / "rejects.csv")

    def read(self, recipes: Sequence[Recipe], files: dict[str, list[Path]]) -> int:
        """Stage every table and look across rows; returns how many households are refused."""
        for recipe in recipes:
            sources = [open_source(file, recipe.text) for file in files[recipe.table]]
            staged = self._stage(recipe, sources)
            _refuse_empty(staged)
            if recipe.table == "areas":
                self.tree = self._tree_from_file(staged)
            else:
                self._staged[recipe.table] = staged
                self._engine.view(recipe.table, staged.file)
        with _named(files.get("areas") or files["households"]):
            if isinstance(self._model.areas, AreaLevels):
                self.tree = self._tree_from_rows(self._model.areas)
            self.areas = Areas(rows=self.tree.rows, tiers=self._agreement.tiers)
            if problems := self.areas.problems():
                raise DataError(problems)
        if self._model.households.one_row_per == "person":
            self._group_by_household()
        self._progress("looking across rows", 0)
        return cross_check(
            self._engine,
            self._staged,
            areas=self.areas,
            as_of=self._model.as_of,
            folder=self._scratch,
            rejects=self.rejects,
        )

    def write(self) -> None:
        """Write every table."""
        writing = TableWriting(
            engine=self._engine,
            writer=self._writer,
            staged=self._staged,
            tables=self._agreement.tables,
            progress=self._progress,
        )
        in_order = self._model.members is not None and self._model.members.order is not None
        writing.write(self.tree, tiers=self._agreement.tiers, members_in_order=in_order)

    def _stage(self, recipe: Recipe, sources: list[Source]) -> Staged:
        return stage(
            table=recipe.table,
            sources=sources,
            columns=recipe.columns,
            form=Form(recipe.text.decimal, recipe.text.unknown),
            folder=self._scratch,
            rejects=self.rejects,
            progress=self._progress,
        )

    def _tree_from_file(self, staged: Staged) -> Tree:
        if self.rejects:
            raise RowsRefused(self.rejects)
        facts = [plan.column for plan in self._agreement.facts["areas"]]
        return tree_from_rows(pq.ParquetFile(staged.file).read(), facts)

    def _tree_from_rows(self, levels: AreaLevels) -> Tree:
        names = [f"level_name_{number}" for number, level in enumerate(levels.levels) if level.name]
        picked = ", ".join(quoted(name) for name in [*level_keys(levels), *names])
        known = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in level_keys(levels))
        query = f"SELECT DISTINCT {picked} FROM households WHERE {known} ORDER BY {picked}"
        paths: Iterator[dict[str, str | None]] = iter(self._engine.arrow(parsed(query)).to_pylist())
        return tree_from_levels(levels, paths)

    def _group_by_household(self) -> None:
        rows = self._staged["households"]
        self._engine.view("household_rows", rows.file)
        file = self._scratch / "households.grouped.parquet"
        columns = [name for name in rows.columns if name != "household_id"]
        count = self._engine.write(grouped_by_household(columns), file)
        self._engine.view("households", file)
        have = {name: rows.columns.get(name, "") for name in pq.ParquetFile(file).schema_arrow.names}
        self._staged["households"] = Staged("households", file, have, rows.sources, count)


def _heading(
    read: ReadMapping,
    pack: Pack,
    agreement: Agreement,
    pseudonyms: Pseudonyms | None,
    work: _Import,
    refused: int,
    known_at: date,
    files: Sequence[Path],
) -> Heading:
    model = read.model
    return Heading(
        name=model.mapping,
        kind=model.kind,
        country=model.country,
        pack=pack.name,
        as_of=model.as_of,
        known_at=known_at,
        currency=CurrencyEntry(code=model.currency.code, exponent=model.currency.exponent),
        tiers=agreement.tiers,
        source=model.source,
        coverage=tuple(_coverage(read, work.areas)),
        assumptions=tuple(_assumptions(read, agreement)),
        identifiers=IdentifierEntry(
            household=model.households.id.as_, key_id=pseudonyms.key_id if pseudonyms else None
        ),
        sources=tuple(SourceEntry(file=Path(file).name, sha256=_sha256(Path(file))) for file in files),
        rejected=RejectedEntry(rows=work.rejects.rows, households=refused),
    )


def _coverage(read: ReadMapping, areas: Areas) -> Iterator[CoverageEntry]:
    for name, register in read.model.registers.items():
        for entry in register.coverage:
            yield _covered(name, entry, areas)


def _covered(register: str, entry: Coverage, areas: Areas) -> CoverageEntry:
    everywhere = tuple(area.code for area in areas if area.parent is None)
    covered = everywhere if entry.areas == "all" else entry.areas
    return CoverageEntry(register_=register, areas=covered, since=entry.since, until=entry.until)


def _assumptions(read: ReadMapping, agreement: Agreement) -> Iterator[AssumptionEntry]:
    weight = read.model.households.weight
    if weight is not None and weight.assume:
        yield AssumptionEntry(fact="weight", reason=weight.assume)
    plans: list[FactPlan] = [plan for facts in agreement.facts.values() for plan in facts]
    for plan in plans:
        if plan.how.assume:
            yield AssumptionEntry(fact=plan.column.name, reason=plan.how.assume)
        if plan.how.if_empty:
            yield AssumptionEntry(fact=plan.column.name, reason=plan.how.if_empty.reason)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
