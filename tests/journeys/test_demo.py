"""Does the first tour walk through, from the census to the report?"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest


def walked(repository: Path, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The tour, walked to its end or to where it stops."""
    command = ["bash", str(repository / "demo" / "run.sh"), str(folder)]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_the_first_tour_ends_with_a_report(repository: Path, tmp_path: Path, compiled: Path) -> None:
    try:
        files("svy")
    except PackageNotFoundError:
        pytest.skip("the package that carries the census is not installed (make setup installs it)")
    pytest.importorskip("vl_convert", reason="the extra `viz` is not installed")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "DEMO_SERVE": "0", "PYTHONPYCACHEPREFIX": str(compiled)}
    (tmp_path / "demo").mkdir()
    for name in (".tuopin-demo", "of-an-earlier-tour"):
        (tmp_path / "demo" / name).touch()
    done = walked(repository, tmp_path / "demo", environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert not (tmp_path / "demo" / "of-an-earlier-tour").exists()
    assert "41.17 % of persons" in done.stdout
    assert done.stdout.count("\n$ tuopin explain ") == 3
    assert done.stdout.count("Proposed: ") == 3
    assert (tmp_path / "demo" / "report.html").stat().st_size > 50_000
    assert (tmp_path / "demo" / "report.html").as_uri() in done.stdout


def test_the_tour_empties_no_folder_of_somebody_else(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = walked(repository, tmp_path, dict(os.environ))
    assert done.returncode == 2
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
