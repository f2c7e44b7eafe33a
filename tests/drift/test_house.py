"""Do the rooms keep to their floors, and does every file say what it is for?"""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CLOCK_IN_SQL = re.compile(
    r"\b(?:current_date|current_timestamp|current_time|localtimestamp|get_current_timestamp|now\(\)|today\(\))",
    re.IGNORECASE,
)


def modules(repository: Path) -> list[Path]:
    """Every Python file of the package."""
    return sorted((repository / "src" / "tuopin").rglob("*.py"))


def contracts(repository: Path) -> configparser.ConfigParser:
    """The import contracts."""
    parser = configparser.ConfigParser()
    parser.read(repository / ".importlinter", encoding="utf-8")
    return parser


def test_the_import_contracts_hold(repository: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_stage_is_held_apart_from_the_others(repository: Path) -> None:
    folder = repository / "src" / "tuopin" / "stages"
    stages = {path.stem for path in folder.iterdir() if not path.name.startswith("_")}
    apart = contracts(repository)["importlinter:contract:stages"]["modules"].split()
    assert {f"tuopin.stages.{stage}" for stage in stages} == set(apart)


def test_every_file_opens_with_a_docstring(repository: Path) -> None:
    silent = [path for path in modules(repository) if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == [], "say the question that the file answers"


def test_below_the_interfaces_no_query_reads_the_clock(repository: Path) -> None:
    edge = repository / "src" / "tuopin" / "interfaces"
    found = [
        f"{path.name}: {constant}"
        for path in modules(repository)
        if edge not in path.parents
        for constant in text_constants(path)
        if CLOCK_IN_SQL.search(constant)
    ]
    assert found == [], "bind as_of into the query"


def text_constants(path: Path) -> list[str]:
    """The texts of a file that are not docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    ]


def test_every_relative_link_of_the_front_pages_leads_somewhere(repository: Path) -> None:
    for page in sorted(repository.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (repository / target).exists(), f"{page.name} leads to {target}"


@pytest.fixture(scope="session")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The package as a user installs it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_carries_the_packs_whole(repository: Path, wheel: zipfile.ZipFile) -> None:
    source = repository / "src"
    packs = [path for path in (source / "tuopin" / "packs").rglob("*") if path.is_file()]
    assert packs
    assert {str(path.relative_to(source)) for path in packs} <= set(wheel.namelist())


def test_the_wheel_carries_licence_and_command(wheel: zipfile.ZipFile) -> None:
    names = {name.split(".dist-info/")[-1]: name for name in wheel.namelist()}
    assert "licenses/LICENSE" in names
    assert "tuopin = tuopin.interfaces.cli:main" in wheel.read(names["entry_points.txt"]).decode()
