"""Do the demo and the first tour walk through, from an empty folder to the report?"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest


def walked(
    repository: Path, script: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """A script, walked to its end or to where it stops."""
    command = ["bash", str(repository / "demo" / script), str(folder)]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def surroundings(compiled: Path, **more: str) -> dict[str, str]:
    """Where `tuopin` is on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "DEMO_SERVE": "0", "PYTHONPYCACHEPREFIX": str(compiled), **more}


def of_an_earlier_run(folder: Path, mark: str) -> Path:
    """A folder that an earlier run left."""
    folder.mkdir()
    for name in (mark, "of-an-earlier-run"):
        (folder / name).touch()
    return folder


def test_the_demo_lets_a_county_live_and_ends_with_a_report(repository: Path, tmp_path: Path, compiled: Path) -> None:
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    folder = of_an_earlier_run(tmp_path / "demo", ".tuopin-demo")
    small = surroundings(compiled, DEMO_HOUSEHOLDS="600", DEMO_YEARS="2013:2017")
    done = walked(repository, "campaign.sh", folder, small)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert not (folder / "of-an-earlier-run").exists()
    for said in (
        "The campaign, in persons",
        "left out, %",
        "sex of head",
        "disability",
        "poorest tenth",
        "Household H",
    ):
        assert said in done.stdout
    assert "Proved: computed again" in done.stdout
    assert (folder / "report.html").stat().st_size > 50_000
    assert (folder / "report.html").as_uri() in done.stdout
    assert (folder / "county" / "2013" / "manifest.json").is_file()


def test_the_first_tour_ends_with_a_report(repository: Path, tmp_path: Path, compiled: Path) -> None:
    try:
        files("svy")
    except PackageNotFoundError:
        pytest.skip("the package that carries the census is not installed (make setup installs it)")
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    folder = of_an_earlier_run(tmp_path / "tour", ".tuopin-tour")
    done = walked(repository, "census.sh", folder, surroundings(compiled))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert not (folder / "of-an-earlier-run").exists()
    assert "41.17 % of persons" in done.stdout
    assert done.stdout.count("\n$ tuopin explain ") == 3
    assert done.stdout.count("Proposed: ") == 3
    assert (folder / "report.html").stat().st_size > 50_000
    assert (folder / "report.html").as_uri() in done.stdout


@pytest.mark.parametrize("script", ["campaign.sh", "census.sh"])
def test_neither_empties_a_folder_of_somebody_else(repository: Path, tmp_path: Path, script: str) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = walked(repository, script, tmp_path, dict(os.environ))
    assert done.returncode == 2
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
