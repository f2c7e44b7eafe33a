"""What is asked of Spark alone: Java and its package are missed in plain words, and a cluster answers as we do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
import pytest

from benchmarks.register import PACK_FOLDER, generate_register
from tuopin.sweep import Ledger
from tuopin.tables.engines import open_engine
from tuopin.terms import UsageError

OPENED = """
from tuopin.tables.engines import open_engine
from tuopin.terms import UsageError
try:
    open_engine("spark", memory_limit="500MB")
except UsageError as error:
    print(error)
"""


def said_on_opening(**environment: str) -> str:
    """What is said to somebody who opens Spark in a process of their own."""
    own = {name: value for name, value in os.environ.items() if name not in ("JAVA_HOME", "JDK_JAVA_OPTIONS")}
    found = subprocess.run(
        [sys.executable, "-c", OPENED], env=own | environment, capture_output=True, text=True, check=True
    )
    assert found.stderr == ""
    return found.stdout


def test_without_java_it_is_said_what_to_install(tmp_path: Path) -> None:
    assert "needs Java 17" in said_on_opening(PATH=str(tmp_path))
    assert f"JAVA_HOME names {tmp_path}" in said_on_opening(JAVA_HOME=str(tmp_path))


def test_an_old_java_is_refused_by_its_number(tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    assert f"{java} is Java 11." in said_on_opening(PATH=f"{tmp_path}:/usr/bin:/bin")


def test_a_java_that_does_not_start_spark_is_quoted() -> None:
    broken = said_on_opening(PATH=os.environ["PATH"], JDK_JAVA_OPTIONS="-XX:+NoSuchOption")
    assert broken.startswith("Spark does not start. ")
    assert "NoSuchOption" in broken


def test_without_its_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("spark_engine", "spark_driver"):
        monkeypatch.delitem(sys.modules, f"tuopin.tables.engines.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(UsageError, match=r"tuopin\[spark\]"):
        open_engine("spark")


def test_nobody_who_uses_duckdb_imports_it() -> None:
    code = "import sys, tuopin.sweep, tuopin.tables.engines as e; e.open_engine(); print('pyspark' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"memory_limit": "300MB"}, "too small for Spark"),
        ({"master": "the big machine"}, "no master of Spark"),
        ({"master": "local[0]"}, "no master of Spark"),
    ],
)
def test_what_spark_cannot_be_given_is_refused_at_once(asked: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_engine("spark", **asked)  # type: ignore[arg-type]


def test_only_a_distributed_engine_has_a_master() -> None:
    with pytest.raises(UsageError, match="master"):
        open_engine("duckdb", master="local[2]")


def test_two_engines_of_a_process_share_one_master() -> None:
    with open_engine("spark", threads=2), pytest.raises(UsageError, match=r"uses local\[2\]"):
        open_engine("spark", threads=1)


def test_no_query_calls_java() -> None:
    with open_engine("spark") as engine:
        for function in ("java_method", "reflect", "try_reflect"):
            with pytest.raises(Exception, match=function):
                engine.rows(f"SELECT {function}('java.lang.System', 'getProperty', 'user.home')")


def test_a_file_that_spark_would_pass_over_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".hidden.parquet"
    pq.write_table(pa.table({"x": [1]}), file)
    with open_engine("spark") as engine, pytest.raises(UsageError, match="begins with a dot"):
        engine.view("t", file)


def test_a_sweep_is_called_for_on_the_command_line(tmp_path: Path) -> None:
    snapshot = generate_register(households=50, build=tmp_path)
    words = ["sweep", "--pack", str(PACK_FOLDER), "--snapshot", str(snapshot), "--as-of", "2016-12-31"]
    words += ["--out", str(tmp_path / "sweep"), "--engine", "spark", "--master", "local[2]", "--json"]
    found = subprocess.run(
        [Path(sys.executable).with_name("tuopin"), *words], capture_output=True, text=True, check=True
    )
    assert found.stderr == ""
    assert json.loads(found.stdout)["summary"]["households"] == 50
    (block,) = Ledger(tmp_path / "ledger.jsonl").blocks()
    assert block.content["engine"] == "spark"


@pytest.mark.parametrize("moment", ["tuopin-java-*/log", "**/blockmgr-*"], ids=["as it starts", "at work"])
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "Ctrl-C"])
def test_whoever_stops_a_sweep_finds_nothing_left(tmp_path: Path, moment: str, sent: signal.Signals, code: int) -> None:
    put_aside, out = tmp_path / "aside", tmp_path / "out" / "sweep"
    put_aside.mkdir()
    out.parent.mkdir()
    snapshot = generate_register(households=50, build=tmp_path)
    words = [
        "sweep",
        "--pack",
        str(PACK_FOLDER),
        "--snapshot",
        str(snapshot),
        "--as-of",
        "2016-12-31",
        "--out",
        str(out),
    ]
    call = [str(Path(sys.executable).with_name("tuopin")), *words, "--engine", "spark", "--memory-limit", "500MB"]
    # A user's Java: what a test adds to it, Java would print.
    own = {name: value for name, value in os.environ.items() if name != "JDK_JAVA_OPTIONS"} | {"TMPDIR": str(put_aside)}
    with subprocess.Popen(call, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as sweep:
        until(lambda: any(any(folder.glob(moment)) for folder in (put_aside, out.parent)), "the sweep did not start")
        sweep.send_signal(sent)
        _, said = sweep.communicate()
    assert (sweep.returncode, said) == (code, "Stopped. Nothing was left half-written.\n")
    # Java ends after the command, and takes its own things away.
    until(lambda: not [*put_aside.iterdir(), *out.parent.iterdir()], "something was left")
    until(lambda: not running_with(put_aside), "Java was left running")


STOPPED_AT_BIRTH = """
import os, signal, subprocess
def stop(told, _):
    raise KeyboardInterrupt
signal.signal(signal.SIGTERM, stop)
class Struck(subprocess.Popen):
    def __init__(self, words, **options):
        super().__init__(words, **options)
        if "spark-submit" in words[0]:
            print(self.pid, flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
            [None for _ in range(100)]  # the signal is handled in here
subprocess.Popen = Struck
from tuopin.tables.engines import open_engine
try:
    open_engine("spark", memory_limit="500MB")
except KeyboardInterrupt:
    print("stopped")
"""


def test_a_stop_in_the_moment_in_which_java_is_born_leaves_no_java(tmp_path: Path) -> None:
    own = os.environ | {"TMPDIR": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", STOPPED_AT_BIRTH], env=own, capture_output=True, text=True, check=True
    ).stdout.split()
    assert found[1] == "stopped"
    assert not Path("/proc", found[0]).exists()
    assert list(tmp_path.iterdir()) == []


# --- a cluster, on this machine --------------------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A master and a worker of Spark's own kind, in processes of their own, on loopback."""
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    master, here = f"spark://127.0.0.1:{port}", ["--host", "127.0.0.1", "--webui-port", "0"]
    share = ["--cores", "1", "--memory", "1g", "--work-dir", str(tmp_path / "work")]
    offices = {"master.Master": ["--port", str(port), *here], "worker.Worker": [*share, *here, master]}
    with ExitStack() as closing:
        for office, words in offices.items():
            log = closing.enter_context((tmp_path / f"{office}.log").open("wb"))
            call = [spark_class, f"org.apache.spark.deploy.{office}", *words]
            running = closing.enter_context(subprocess.Popen(call, stdout=log, stderr=log))
            closing.callback(running.terminate)
            until(lambda: answers(port), "the master of the cluster did not start")
        yield master


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def running_with(path: Path) -> list[str]:
    """The processes that were called with a path."""
    found = []
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            if os.fsencode(path) in words.read_bytes():
                found.append(words.parent.name)
    return found


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_a_cluster_answers_proposes_and_counts_as_duckdb_does(cluster: str, tmp_path: Path, repository: Path) -> None:
    words = ["--households", "400", "--build", str(tmp_path / "bench"), "--memory-limit", "500MB", "--master", cluster]
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.engines_agree", *words],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "400 households" in found.stdout
    assert "Rows that differ: answers 0, proposals 0, areas 0, figures 0, summary 0." in found.stdout
    assert any((tmp_path / "work").iterdir()), "the worker was given nothing to do"
