"""How soon does an analyst see who moves? `python -m benchmarks.what_if` compares the China pack with three changes.

The changes: the line of entries and exits raised by a tenth, one guarantee dropped (clothing), one trigger of
monitoring doubled (own share of treatment). Each is compared over one snapshot, by county and by settlement, with facts
stored, as a whole process: start, imports, reading and checking both packs, the scan, the table.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tuopin.policy import pack_folder

DAY = "2020-12-31"
_NUMBER = re.compile(r"((?:\d{4}-\d{2}-\d{2}|default): )(\d+(?:\.\d+)?)")


def line_up(folder: Path) -> None:
    """The line of entries and exits, a tenth higher on every day."""
    _change(
        folder / "lines.yaml", "exit_line", lambda block: _NUMBER.sub(lambda m: m[1] + f"{float(m[2]) * 1.1:g}", block)
    )


def guarantee_dropped(folder: Path) -> None:
    """Clothing is no guarantee any more."""
    file = folder / "standards" / "identification.yaml"
    text = file.read_text("utf-8")
    changed = text.replace("food_open or clothing_open or ", "food_open or ")
    assert changed != text
    file.write_text(changed, encoding="utf-8")


def trigger_doubled(folder: Path) -> None:
    """A watched household's own share of treatment counts from twice the sum."""
    _change(
        folder / "standards" / "monitoring.yaml",
        "oop_other",
        lambda b: _NUMBER.sub(lambda m: m[1] + f"{float(m[2]) * 2:g}", b),
    )


CHANGES: Mapping[str, Callable[[Path], None]] = {
    "line raised by a tenth": line_up,
    "one guarantee dropped": guarantee_dropped,
    "one trigger doubled": trigger_doubled,
}


def _change(file: Path, key: str, change: Callable[[str], str]) -> None:
    """Change the block of one key."""
    text = file.read_text("utf-8")
    found = re.search(rf"^( +){key}:\n(?:\1 +.*\n|\s*\n)+", text, re.MULTILINE)
    assert found is not None, key
    changed = change(found[0])
    assert changed != found[0], key
    file.write_text(text.replace(found[0], changed, 1), encoding="utf-8")


def main() -> int:
    """Compare, print what it took, and end with 1 where a comparison took longer than the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshot", type=Path, required=True, help="of a million households (benchmarks.world)")
    parser.add_argument("--bar", type=float, default=5.0, help="seconds")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="tuopin-") as kept:
        for name, change in CHANGES.items():
            changed = Path(shutil.copytree(pack_folder("china"), Path(kept) / name.replace(" ", "_")))
            change(changed)
            results += [
                {"change": name, "by": by, **_compared(changed, given.snapshot, by)} for by in ("county", "settlement")
            ]
    if given.json:
        print(json.dumps(results, indent=1))
    else:
        for result in results:
            print(
                f"{result['change']:25} by {result['by']:11} {result['wall']:5.1f} s {result['cpu']:5.1f} CPU s  "
                f"{result['moves']:,} households move, in {result['groups']:,} groups"
            )
    return int(any(result["wall"] > given.bar for result in results))


def _compared(changed: Path, snapshot: Path, by: str) -> dict[str, Any]:
    """One comparison in a process of its own; the first one of a snapshot also stores its facts, and is done again."""
    for _ in range(2):
        before, begun = _children(), time.perf_counter()
        command = ["pack", "diff", str(pack_folder("china")), str(changed), "--snapshot", str(snapshot)]
        done = subprocess.run(
            [Path(sys.executable).with_name("tuopin"), *command, "--as-of", DAY, "--by", by, "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        wall, cpu = time.perf_counter() - begun, _children() - before
    moves = json.loads(done.stdout)["moves"]
    return {
        "wall": round(wall, 2),
        "cpu": round(cpu, 2),
        "moves": sum(move["households"] for move in moves),
        "groups": len({move["group"] for move in moves}),
    }


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
