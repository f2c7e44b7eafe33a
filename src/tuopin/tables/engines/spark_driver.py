"""Where does Spark run? Under one driver in this process: quiet, in a private folder, on loopback unless told else.

A driver costs seconds to start, so it stays for the next engine. A process has one at a time, which is Spark's own
rule: an engine that is opened beside another shares its driver and so its limits.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from py4j.java_gateway import JVMView
from pyspark import SparkConf, SparkContext, java_gateway
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from tuopin.tables.engines.limits import bytes_of
from tuopin.terms import Place, Problem, UsageError

OLDEST_JAVA = 17
LEAST_MIB = 476
"""Spark keeps 300 MiB for itself and refuses a heap below one and a half times that."""

_SETTINGS = {
    "spark.app.name": "tuopin",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # An overflow is an error and no NULL; "names" are quoted as everywhere; a day is a day in every time zone.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "false",
    # No text of a query names a file, and no catalogue of other people's tables is there to be named.
    "spark.sql.runSQLOnFiles": "false",
    "spark.sql.catalogImplementation": "in-memory",
    # What leaves Spark goes through this process, in batches of Arrow.
    "spark.driver.maxResultSize": "0",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
_ON_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
#: Java's second compiler makes faster code, later. Spark writes new code for every query of every part, so it never
#: gets there: a sweep of a million households took 170 CPU seconds with it and 105 without.
_FIRST_COMPILER = "-XX:TieredStopAtLevel=1"
_LOCAL = re.compile(r"local(?:\[(\*|[1-9][0-9]*)\])?")
_CLUSTER = re.compile(r"spark://.+|k8s://.+|yarn|local-cluster\[.+\]")


@dataclass(frozen=True)
class Wanted:
    """What an engine asks of its driver.

    Attributes:
        master: where Spark runs; `local[2]` is this process with two threads.
        cores: of a cluster, how many; None: all.
        memory: of the driver, and of each worker's share, in MiB; None: whatever runs, or a quarter of the machine's.
        spill: a folder for what does not fit into memory; None: the system's temporary folder.
    """

    master: str
    cores: int | None
    memory: int | None
    spill: Path | None

    @property
    def local(self) -> bool:
        """Whether Spark runs in this process alone."""
        return _LOCAL.fullmatch(self.master) is not None


def wanted(*, master: str | None, memory_limit: str | None, threads: int | None, spill: Path | None) -> Wanted:
    """Read the limits as Spark understands them.

    Raises:
        UsageError: a limit makes no sense, or is below what Spark needs.
    """
    if threads is not None and threads < 1:
        fix = "Write memory like 4GB or 800MiB, and threads as a number from 1."
        raise UsageError(Problem("The engine cannot be opened with these limits.", Place(), "It has no thread.", fix))
    memory = None if memory_limit is None else bytes_of(memory_limit) // 2**20
    if memory is not None and memory < LEAST_MIB:
        what, why = "The memory limit is too small for Spark.", f"It needs {LEAST_MIB} MiB for itself."
        raise UsageError(Problem(what, Place(), why, "Give it 1GB or more, or use DuckDB."))
    master = master or "local"
    if _CLUSTER.fullmatch(master):
        return Wanted(master, threads, memory, spill)
    local = _LOCAL.fullmatch(master)
    if local is None:
        fix = "Write it like spark://host:7077, k8s://host:6443, yarn, or local[4] for this machine."
        raise UsageError(Problem(f"`{master}` is no master of Spark.", Place(), fix=fix))
    return Wanted(f"local[{threads or local[1] or '*'}]", None, memory, spill)


@dataclass
class Driver:
    """A running Spark, for one engine or several.

    Attributes:
        asked: what it was started for.
        context: Spark's own handle of it.
        first: the session that all others are made from.
        folder: what it puts aside on this machine; removed when it stops.
        users: how many engines use it now.
        lost: whether it was seen to have ended.
    """

    asked: Wanted
    context: SparkContext
    first: SparkSession
    folder: tempfile.TemporaryDirectory[str]
    users: int = 0
    lost: bool = False

    @property
    def jvm(self) -> JVMView:
        """The way to what Spark shows to Java only."""
        return self.context._gateway.jvm  # type: ignore[union-attr]  # noqa: SLF001 - that is the way

    def session(self) -> SparkSession:
        """A session with no names in it, for one engine."""
        return self.first.newSession()

    def serves(self, asked: Wanted) -> bool:
        """Whether it is what somebody asks for."""
        same = (self.asked.master, self.asked.cores) == (asked.master, asked.cores)
        memory = asked.memory is None or asked.memory == self.asked.memory
        return same and memory and self.asked.spill == asked.spill and not _is_gone()

    def give_back(self) -> None:
        """Say that an engine is closed. What was put aside in a folder that somebody named goes with the last one."""
        self.users -= 1
        if _HERE.driver is self and not self.users and (self.asked.spill is not None or _is_gone()):
            stop()

    def said(self) -> str:
        """What Spark wrote into its log."""
        return _HERE.java.said() if _HERE.java else ""


def borrow(asked: Wanted) -> Driver:
    """The driver of this process, started if need be.

    Raises:
        UsageError: there is no Java, Spark does not start, or another engine of this process uses another master.
    """
    running = _HERE.driver
    if running is not None and running.users and not _is_gone():
        if running.asked.master != asked.master:
            what, why = "Spark runs in this process already, elsewhere.", f"It uses {running.asked.master}."
            raise UsageError(Problem(what, Place(), why, "Close that engine first."))
    elif running is None or not running.serves(asked):
        stop(java=_HERE.java is not None and not _HERE.java.serves(asked))
        running = _HERE.driver = _started(asked)
    running.users += 1
    return running


def stop(*, java: bool = False) -> None:
    """Stop the driver; and Java too, if asked or if it is gone."""
    java = java or _is_gone()
    driver, _HERE.driver = _HERE.driver, None
    if driver is not None:
        try:
            driver.context.stop()
            # Spark remembers where it puts things aside, and would make that folder anew.
            getattr(getattr(driver.jvm.org.apache.spark.util, "Utils$"), "MODULE$").clearLocalRootDirs()
        except Exception:  # noqa: BLE001 - whatever py4j raises of a Java that ends: what is gone cannot be stopped
            java = True
        driver.folder.cleanup()
    if _HERE.java is not None and java:
        old, _HERE.java = _HERE.java, None
        old.stop()


def _is_gone() -> bool:
    """Whether Java has ended, as it does when its memory is not enough."""
    lost = _HERE.driver is not None and _HERE.driver.lost
    return lost or (_HERE.java is not None and _HERE.java.gateway.proc.poll() is not None)


# --- Java ------------------------------------------------------------------------------------------------------------


@dataclass
class _Java:
    """The machine that Spark runs on: one process, with its memory and its folder for good."""

    asked: Wanted
    gateway: Any  # py4j has no types
    folder: Path

    def serves(self, asked: Wanted) -> bool:
        """Whether a driver can be started in it: memory is settled for good, and so is a cluster."""
        memory = asked.memory is None or asked.memory == self.asked.memory
        place = (self.asked.local and asked.local) or self.asked.master == asked.master
        return memory and place and not _is_gone()

    def said(self) -> str:
        """Its log."""
        with suppress(OSError):
            return _log(self.folder).read_text("utf-8", errors="replace")
        return ""

    def stop(self) -> None:
        """End it, and take away what it left."""
        with suppress(Exception):
            self.gateway.shutdown()
        with suppress(OSError):
            self.gateway.proc.stdin.close()
        try:
            self.gateway.proc.wait(10)
        except subprocess.TimeoutExpired:
            self.gateway.proc.kill()
            self.gateway.proc.wait()
        _forget_context()
        SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - Spark has no other way to begin anew
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class _Here:
    """What of Spark this process has."""

    java: _Java | None = None
    driver: Driver | None = None


_HERE = _Here()


@atexit.register
def _leave() -> None:
    stop(java=True)


def _forget_context() -> None:
    SparkContext._active_spark_context = None  # noqa: SLF001 - Spark has no other way to begin anew


def _log(folder: Path) -> Path:
    return folder / "log"


def _started(asked: Wanted) -> Driver:
    if SparkContext._active_spark_context is not None:  # noqa: SLF001 - asking for one would start it
        what = "A Spark that is not ours runs in this process already."
        raise UsageError(Problem(what, Place(), "A process can have one.", "Stop it, or use another process."))
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True  # it would print queries, with what they name
    logging.getLogger("py4j").setLevel(logging.CRITICAL)  # it would print a trace for whoever stops a sweep
    logging.getLogger().addFilter(_not_of_a_stop)
    folder = tempfile.TemporaryDirectory(prefix="tuopin-", dir=asked.spill)
    try:
        conf = _conf(asked, folder.name)
        java = _HERE.java = _HERE.java or _java(asked, conf)
        with _plain_start(), _own_way_to_stop():
            context = SparkContext(conf=conf, gateway=java.gateway)
            context.setLogLevel("OFF" if asked.local else "WARN")
            return Driver(replace(asked, memory=java.asked.memory), context, SparkSession(context), folder)
    except BaseException:
        half, _HERE.java = _HERE.java, None
        if half is not None:  # what stands of the driver goes with it
            half.stop()
        folder.cleanup()
        raise


def _not_of_a_stop(told: logging.LogRecord) -> bool:
    """What py4j tells everybody when a person stops a sweep is left out."""
    return not (told.module == "java_gateway" and str(told.msg).startswith("KeyboardInterrupt"))


def _conf(asked: Wanted, folder: str) -> SparkConf:
    settings = {
        **_SETTINGS,
        "spark.master": asked.master,
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": folder,
    }
    if asked.local:
        settings |= _ON_LOOPBACK
        settings["spark.sql.shuffle.partitions"] = str(_threads(asked))
    if asked.cores:
        settings["spark.cores.max"] = str(asked.cores)
    conf = SparkConf()
    for name, value in settings.items():
        conf.set(name, value)
    return conf


def _threads(asked: Wanted) -> int:
    said = asked.master.removeprefix("local[").removesuffix("]")
    return (os.cpu_count() or 1) if said == "*" else int(said)


def _java(asked: Wanted, conf: SparkConf) -> _Java:
    _refuse_old_java()
    asked = replace(asked, memory=asked.memory or _usual_memory())
    folder = Path(tempfile.mkdtemp(prefix="tuopin-java-"))
    conf.set("spark.driver.memory", f"{asked.memory}m")
    if not asked.local:
        conf.set("spark.executor.memory", f"{asked.memory}m")
    options = ["-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData", f"-XX:ErrorFile={folder}/crash"]
    options += [f"-Djava.io.tmpdir={folder}", *([_FIRST_COMPILER] if asked.local else [])]
    conf.set("spark.driver.extraJavaOptions", " ".join(f'"{option}"' for option in options))
    try:
        with _log(folder).open("wb") as log, _own_address(asked), _plain_start(folder):
            heard = {"stdout": log, "stderr": log} if asked.local else {"stdout": log}  # a cluster's warnings are shown
            with _ended_if_broken_off():
                gateway = java_gateway.launch_gateway(conf, heard)  # type: ignore[no-untyped-call]
                # Whatever becomes of this process, Java ends after it and then takes its folder away.
                jvm = gateway.jvm
                jvm.org.apache.spark.util.ShutdownHookManager.registerShutdownDeleteDir(jvm.java.io.File(str(folder)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _Java(asked, gateway, folder)


@contextmanager
def _own_way_to_stop() -> Iterator[None]:
    """Leave it to whoever runs us what Ctrl-C does: Spark would take it over for good."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


@contextmanager
def _ended_if_broken_off() -> Iterator[None]:
    """Have what Spark's launcher starts end with a launch that fails or is stopped; the launcher leaves it running."""
    started: list[subprocess.Popen[bytes]] = []

    def watched(*words: Any, **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as the launcher calls it
        with _stops_put_off():
            started.append(subprocess.Popen(*words, **options))  # noqa: S603 - the launcher's own words
        return started[-1]

    vars(java_gateway)["Popen"] = watched
    try:
        yield
    except BaseException:
        for process in started:
            process.kill()
            process.communicate()
        raise
    finally:
        vars(java_gateway)["Popen"] = subprocess.Popen


@contextmanager
def _stops_put_off() -> Iterator[None]:
    """Let whoever stops us wait until a process that is being started is known: nobody else could end it.

    Java that loses its launcher while it starts does not end by itself.
    """
    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield
        return
    stops = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = {told: handler for told in stops if callable(handler := signal.getsignal(told))}
    came: list[int] = []
    for told in handlers:
        signal.signal(told, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for told, handler in handlers.items():
            signal.signal(told, handler)
    for number in came[:1]:
        signal.raise_signal(number)


def _usual_memory() -> int:
    """A quarter of the machine's memory, which is Java's own choice; Spark would take 1 GiB of any machine."""
    return max(1024, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**22)


@contextmanager
def _own_address(asked: Wanted) -> Iterator[None]:
    """Have Java call itself by the loopback address, whatever the machine's name resolves to."""
    name, before = "SPARK_LOCAL_IP", os.environ.get("SPARK_LOCAL_IP")
    if asked.local:
        os.environ[name] = "127.0.0.1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


def _refuse_old_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    fix = "Install it (on Debian: apt-get install openjdk-17-jre-headless), or use DuckDB."
    if java is None:
        why = f"JAVA_HOME names {home}." if home else "There is none on the PATH."
        raise UsageError(Problem(f"Spark needs Java {OLDEST_JAVA} or newer.", Place(), why, fix))
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    found = re.search(r'version "(\d+)', said)
    if found and int(found[1]) < OLDEST_JAVA:
        why = f"{java} is Java {found[1]}."
        raise UsageError(Problem(f"Spark needs Java {OLDEST_JAVA} or newer.", Place(), why, fix))


@contextmanager
def _plain_start(folder: Path | None = None) -> Iterator[None]:
    """Say in plain words that Spark does not start, with what it said of the reason."""
    try:
        yield
    except Exception as error:  # whatever py4j, Spark or the cluster may raise
        logged = _log(folder).read_text("utf-8", errors="replace").splitlines() if folder else []
        # Of an error in Java the first line tells where in Python, the second what.
        said = (
            [line for line in logged if not line.startswith(_NO_REASON)] or str(error).splitlines()[1:] or [str(error)]
        )
        why = " ".join(line.strip().lstrip(": ").removesuffix(".") + "." for line in said[:2] if line.strip())
        fix = "Look at the master's address, at the memory limit, and whether the cluster answers."
        raise UsageError(Problem("Spark does not start.", Place(), why, fix)) from error


_NO_REASON = ("NOTE:", "WARNING:", "Picked up")
