"""How does a person, or a script, speak to Tuopin from a terminal? `main` is the command `tuopin`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.disable()  # nothing is thrown away while modules load, and looking for it costs a tenth of a short command
    from tuopin.interfaces.cli.run import run  # noqa: PLC0415 - after the line above

    sys.exit(run(sys.argv[1:]))
