#!/usr/bin/env bash
# The first tour: from a census file to an explained proposal and a report. Each command is shown before it runs.
# Usage: demo/run.sh [FOLDER]   with `tuopin` and `python` on the PATH (`make demo` sees to that).
set -euo pipefail
cd "$(dirname "$0")/.."

OUT="${1:-build/demo}"
AS_OF=2023-12-31

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

# The World Bank's synthetic census of an imaginary country, where the wheel that carries it was unpacked.
CENSUS="$(python -c '
from importlib.metadata import files
print(next(f.locate() for f in files("svy") if f.name == "hld_pop_wb_2023.parquet"))
')"

rm -rf "$OUT"
mkdir -p "$OUT"
cp "$CENSUS" "$OUT/census.parquet"

show tuopin snapshot import "$OUT/census.parquet" --mapping wb_census_2023 --out "$OUT/snapshot"
show tuopin sweep --pack template --snapshot "$OUT/snapshot" --as-of "$AS_OF" --out "$OUT/sweep"
