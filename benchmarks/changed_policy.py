"""What if the policy changed? A copy of the measured pack with other figures and points; the facts stay the same."""

from __future__ import annotations

import shutil
from pathlib import Path

#: What the law says, and what it might say: a higher line, a shorter way to water, other points, another rule of entry.
CHANGES = {
    "lines.yaml": {
        "2016-01-01: {default: 650.0,": "2016-01-01: {default: 715.0,",
    },
    "standards/identification.yaml": {
        "2014-01-01: 20, 2018-01-01: 15": "2014-01-01: 15, 2018-01-01: 10",
        "{when: income_poor, points: 4}": "{when: income_poor, points: 5}",
        "met: poor or unsafe_home or bare_childhood": "met: poor or unsafe_home",
    },
}


def write_changed_pack(*, pack: Path, target: Path) -> Path:
    """This will copy a pack and change it.

    Raises:
        ValueError: the pack no longer holds a text that was to be changed.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(pack, target)
    for name, changes in CHANGES.items():
        file = target / name
        text = file.read_text(encoding="utf-8")
        for old, new in changes.items():
            if old not in text:
                raise ValueError(f"{name} no longer says `{old}`; change benchmarks/changed_policy.py with it.")
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    return target
