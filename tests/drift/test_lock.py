"""Does the lock pin everything we depend on, by hash, and ask no index by name?"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Collection
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("runtime.txt", "dev.txt", "demo-data.txt")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pins(file: Path) -> dict[str, list[Requirement]]:
    """The pinned requirements of a lock by name; a name may have a pin for each range of Python."""
    found: dict[str, list[Requirement]] = {}
    for entry in entries(file):
        requirement = Requirement(entry.split(" \\", 1)[0].split(" --hash", 1)[0])
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def entries(file: Path) -> list[str]:
    """The entries of a lock, each with its continuation lines, without comments."""
    lines = [
        line for line in file.read_text("utf-8").splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    return re.sub(r"\\\n\s*", "\\\\ ", "\n".join(lines)).splitlines()


def project(repository: Path) -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))


LEFT_TO_USERS = {"runtime.txt": {"spark"}}
"""Extras that a lock leaves out: Spark is larger than all the rest, and the demo does not need it."""


def wanted(repository: Path, *groups: str, without: Collection[str] = ()) -> list[Requirement]:
    """The direct dependencies with all extras but those left out, and these groups."""
    settings = project(repository)
    extras = settings["project"]["optional-dependencies"]
    lists = [settings["project"]["dependencies"], *(extras[extra] for extra in extras if extra not in without)]
    lists += [settings["dependency-groups"][group] for group in groups]
    return [Requirement(text) for texts in lists for text in texts]


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_is_one_version_with_hashes(repository: Path, name: str) -> None:
    for entry in entries(repository / "requirements" / name):
        assert re.match(r"[A-Za-z0-9._-]+==[^ ]+ ", entry), f"not pinned, or not a package: {entry[:80]}"
        assert HASH.search(entry), f"no hash: {entry[:80]}"


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_names_no_index_and_no_address(repository: Path, name: str) -> None:
    text = (repository / "requirements" / name).read_text("utf-8")
    assert not re.search(r"https?://|file:|^\s*-(?!-hash=)", text, re.MULTILINE)


@pytest.mark.parametrize(("name", "groups"), [("runtime.txt", ["build"]), ("dev.txt", ["build", "dev"])])
def test_every_direct_dependency_is_pinned_within_its_range(repository: Path, name: str, groups: list[str]) -> None:
    locked = pins(repository / "requirements" / name)
    for requirement in wanted(repository, *groups, without=LEFT_TO_USERS.get(name, ())):
        found = locked.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement.name} is not in {name}: run `make lock`"
        for pin in found:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version), f"{pin} is outside {requirement}: run `make lock`"


def test_users_and_developers_get_the_same_versions(repository: Path) -> None:
    runtime, dev = (pins(repository / "requirements" / name) for name in ("runtime.txt", "dev.txt"))
    versions = {name: {pin.specifier for pin in found} for name, found in runtime.items()}
    assert versions == {name: {pin.specifier for pin in dev.get(name, [])} for name in runtime}


def test_a_user_of_the_library_gets_no_tool_of_ours(repository: Path) -> None:
    tools = {canonicalize_name(Requirement(text).name) for text in project(repository)["dependency-groups"]["dev"]}
    assert not tools & set(pins(repository / "requirements" / "runtime.txt"))
    assert not tools & {canonicalize_name(requirement.name) for requirement in wanted(repository)}


def test_what_a_lock_leaves_to_users_is_not_in_it(repository: Path) -> None:
    extras = project(repository)["project"]["optional-dependencies"]
    for name, left_out in LEFT_TO_USERS.items():
        locked = pins(repository / "requirements" / name)
        assert not {canonicalize_name(Requirement(text).name) for extra in left_out for text in extras[extra]} & set(
            locked
        )


def test_the_build_uses_what_the_lock_pins(repository: Path) -> None:
    settings = project(repository)
    assert set(settings["build-system"]["requires"]) <= set(settings["dependency-groups"]["build"])


def test_everything_that_the_package_imports_is_declared(repository: Path) -> None:
    declared = {canonicalize_name(requirement.name) for requirement in wanted(repository)}
    declared |= {canonicalize_name(half) for half in ("pydantic-core", "py4j")}  # pydantic's and pyspark's other halves
    carriers = packages_distributions()
    for module in sorted((repository / "src").rglob("*.py")):
        for name in imported(module) - sys.stdlib_module_names - {"tuopin"}:
            carried_by = {canonicalize_name(carrier) for carrier in carriers.get(name, [])}
            assert carried_by & declared, (
                f"{module.relative_to(repository)} imports {name}: declare it in pyproject.toml"
            )


def imported(module: Path) -> set[str]:
    """The first words of what a module imports."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}
