"""`tuopin snapshot`: how does somebody's survey or register become a snapshot, and is it whole?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from importlib.resources import files as files_of
from pathlib import Path
from typing import Annotated, Any

import typer

from tuopin.interfaces.cli.options import AsJson, DryRun, MemoryLimit, Replace, day
from tuopin.interfaces.cli.progress import progress_shown
from tuopin.interfaces.cli.refusals import SHOWN, in_words
from tuopin.interfaces.cli.screen import Screen, answer
from tuopin.stages.intake.importing import Imported, RowsRefused, import_snapshot
from tuopin.stages.intake.rejects import TOLD, counted, refused_rows
from tuopin.tables import Manifest, RejectedEntry, Snapshot
from tuopin.terms import Place, Problem, UsageError

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a snapshot.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    snapshot = typer.Typer(help="Make a snapshot of a register or survey, prove it, look at it.")
    snapshot.command("import")(import_)
    snapshot.command("check")(check)
    snapshot.command("show")(show)
    app.add_typer(snapshot, name="snapshot")


# --- import ----------------------------------------------------------------------------------------------------------


def import_(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, Parquet, Arrow, Stata or SPSS files.")],
    mapping: Annotated[
        str,
        typer.Option(
            "--mapping",
            metavar="MAPPING",
            help="The file that says which column is which fact, or the id of one that comes with a pack.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write.")],
    accept_rejects: Annotated[
        bool,
        typer.Option("--accept-rejects", help="Leave out households with refused rows instead of refusing everything."),
    ] = False,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help="The secret key that turns identifiers into pseudonyms."),
    ] = None,
    known_at: Annotated[
        date | None,
        typer.Option("--known-at", metavar="DATE", parser=day, help="When these facts were known; default: today."),
    ] = None,
    memory_limit: MemoryLimit = None,
    replace: Replace = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Read files through a mapping into a snapshot: the facts of every household on one day.

    Every refused row is reported with its column, value and reason. Names and identifiers do not enter. The folder
    appears whole or not at all.
    """
    try:
        with progress_shown(quiet=as_json) as progress:
            imported = import_snapshot(
                files=files,
                mapping=_mapping_file(mapping),
                out=out,
                known_at=known_at or date.today(),
                accept_rejects=accept_rejects,
                key=None if key_file is None else _key(key_file),
                overwrite=replace,
                dry_run=dry_run,
                memory_limit=memory_limit,
                progress=lambda what, rows: progress(what, rows, 0),
            )
    except RowsRefused as refused:
        if as_json:
            raise
        sys.stderr.write("\n".join(_rows_refused(refused)) + "\n")
        return refused.exit_code
    answer(_import_document(imported), as_json=as_json, show=lambda screen: _show_import(screen, imported))
    return 0


def _rows_refused(refused: RowsRefused) -> Iterator[str]:
    """The first refusals, how many more there are, and last what came of them: that must be seen however many."""
    *told, outcome = refused.problems
    for problem in told[:SHOWN]:
        yield from in_words([problem])
    if refused.refusals > SHOWN:
        lists = "lists all" if refused.refusals <= TOLD else f"lists the first {TOLD:,} and counts the rest"
        yield f"{counted(refused.refusals - SHOWN, 'more problem')}, not shown; --json {lists}."
    yield from in_words([outcome])


def _mapping_file(name: str) -> Path:
    """A mapping file, or the one of that id that comes with a pack."""
    shipped = Path(str(files_of("tuopin"))) / "packs"
    if name.isidentifier() and not Path(name).exists():
        return next(iter(sorted(shipped.glob(f"*/mappings/{name}.yaml"))), Path(name))
    return Path(name)


def _key(file: Path) -> bytes:
    """The key in a file; blanks and line ends around it do not count."""
    try:
        return file.read_bytes().strip()
    except OSError as error:
        what = f"The key file cannot be read: {error.strerror}."
        raise UsageError(Problem(what, Place(file=str(file)), fix="Check the path and your rights.")) from None


def _import_document(imported: Imported) -> dict[str, Any]:
    manifest = imported.manifest
    return {
        "out": imported.path,
        "snapshot": manifest.name,
        "kind": manifest.kind,
        "as_of": manifest.as_of,
        "content_hash": manifest.content_hash,
        "tables": {name: table.rows for name, table in manifest.tables.items()},
        "rejected": manifest.rejected.model_dump(),
        "rejects_file": imported.rejects_file,
        "rejects": [asdict(reject) for reject in imported.rejects],
    }


def _show_import(screen: Screen, imported: Imported) -> None:
    manifest = imported.manifest
    rows = [(name, table.rows, len(table.columns)) for name, table in manifest.tables.items()]
    screen.table(f"{manifest.name}: a {manifest.kind} as on {manifest.as_of}", ["table", "rows", "columns"], rows)
    if manifest.rejected.rows:
        refused = [
            (r.table, r.file, r.row, r.column, r.value, f"{r.reason}. {r.fix}" if r.fix else r.reason)
            for r in imported.rejects[:SHOWN]
        ]
        screen.table("Refused rows", ["table", "file", "row", "column", "value", "reason"], refused)
        screen.line(_left_out(manifest.rejected, imported.refusals, imported.rejects_file))
    screen.table("Assumed", ["fact", "why"], [(assumed.fact, assumed.reason) for assumed in manifest.assumptions])
    screen.line(
        "Dry run: nothing was written."
        if imported.path is None
        else f"Written to {imported.path}; content {manifest.content_hash}"
    )


def _left_out(rejected: RejectedEntry, refusals: int, file: Path | None) -> str:
    were = f"{counted(rejected.households, 'household')} {'was' if rejected.households == 1 else 'were'} left out"
    said = f"{refused_rows(rejected.rows, refusals)}; {were} because of that."
    return said + (f" All refused rows are listed in {file}." if file else "")


# --- check -----------------------------------------------------------------------------------------------------------


def check(*, folder: Folder, as_json: AsJson = False) -> int:
    """Read every row of a snapshot and prove it against its manifest: nothing changed, missing or added."""
    snapshot = Snapshot.open(folder)
    problems = snapshot.check()
    document = {
        "snapshot": snapshot.manifest.name,
        "content_hash": snapshot.manifest.content_hash,
        "problems": [problem.to_dict() for problem in problems],
    }
    whole = [f"The snapshot is whole and unchanged: content {snapshot.manifest.content_hash}"]
    answer(document, as_json=as_json, show=lambda screen: screen.lines(in_words(problems) or whole))
    return 1 if problems else 0


# --- show ------------------------------------------------------------------------------------------------------------


def show(*, folder: Folder, as_json: AsJson = False) -> None:
    """Say what a snapshot holds: its day, its tables, how much of each column is unknown, what was assumed."""
    manifest = Snapshot.open(folder).manifest
    answer(
        manifest.model_dump(mode="json", by_alias=True), as_json=as_json, show=lambda screen: _show(screen, manifest)
    )


def _show(screen: Screen, manifest: Manifest) -> None:
    screen.pairs(_about(manifest))
    screen.table(
        "Tables",
        ["table", "rows", "columns"],
        [(name, table.rows, len(table.columns)) for name, table in manifest.tables.items()],
    )
    screen.table("Columns", ["table", "column", "type", "unit", "unknown", "share"], _columns(manifest))
    coverage = [
        (entry.register_, ", ".join(entry.areas), entry.since, entry.until or "") for entry in manifest.coverage
    ]
    screen.table("Registers that know everybody", ["register", "areas", "since", "until"], coverage)
    screen.table("Assumed", ["fact", "why"], [(assumed.fact, assumed.reason) for assumed in manifest.assumptions])
    screen.table("Sources", ["file", "SHA-256"], [(source.file, source.sha256) for source in manifest.sources])


def _about(manifest: Manifest) -> list[tuple[str, object]]:
    identifiers = manifest.identifiers
    named = (
        "by the source's own ids"
        if identifiers.household == "kept"
        else f"by pseudonyms under key {identifiers.key_id}"
    )
    return [
        ("name", manifest.name),
        (
            "kind",
            "register: it holds cases"
            if manifest.kind == "register"
            else "survey: weighted, it gives estimates, never cases",
        ),
        ("source", manifest.source),
        ("country", manifest.country),
        ("facts of pack", manifest.pack),
        ("true on", manifest.as_of),
        ("known on", manifest.known_at),
        ("currency", manifest.currency.code),
        ("tiers", " > ".join(manifest.tiers)),
        ("households named", named),
        ("refused", _refused(manifest.rejected)),
        ("parts", len(manifest.parts)),
        ("content", manifest.content_hash),
    ]


def _refused(rejected: RejectedEntry) -> str:
    return f"{counted(rejected.rows, 'row')}, and with them {counted(rejected.households, 'household')}"


def _columns(manifest: Manifest) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for name, table in manifest.tables.items():
        for column in table.columns:
            share = f"{100 * column.unknown / table.rows:.1f} %" if table.rows else ""
            rows.append((name, column.name, column.type, column.unit or "", column.unknown, share))
    return rows
