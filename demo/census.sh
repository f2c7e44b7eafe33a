#!/usr/bin/env bash
# The first tour: from a census file to proposals, explanations and a report. Each command is shown before it runs.
#
#   demo/census.sh [FOLDER]     writes into FOLDER (default: build/tour), which is emptied first
#
# `tuopin` and `python` must be on the PATH; `make tour` sees to that.
set -euo pipefail
cd "$(dirname "$0")/.."

OUT="${1:-build/tour}"
AS_OF=2023-12-31

say() { printf '\n\n=== %s\n' "$*"; }

show() {
    printf '\n$ %s\n\n' "$*"
    "$@"
}

if [[ -e $OUT && ! -e $OUT/.tuopin-tour ]] && [[ -n $(ls -A "$OUT") ]]; then
    echo "$OUT holds something that is not an earlier tour. Name another folder: make tour TOUR_OUT=build/other" >&2
    exit 2
fi
rm -rf "$OUT"
mkdir -p "$OUT"
touch "$OUT/.tuopin-tour"

# The World Bank's synthetic census of an imaginary country comes inside a package that is never imported: take the file.
python -c '
import shutil, sys
from importlib.metadata import files
census = next(file for file in files("svy") if file.name == "hld_pop_wb_2023.parquet")
shutil.copyfile(census.locate(), sys.argv[1])
' "$OUT/hld_pop_wb_2023.parquet"

say "1. A census becomes a snapshot: their columns become our facts, as the mapping says"
show tuopin snapshot import "$OUT/hld_pop_wb_2023.parquet" --mapping wb_census_2023 --out "$OUT/snapshot"

say "2. The pack is checked: its rules, and every household for whom the right answer was worked out by hand"
show tuopin pack check template

say "3. The policy of $AS_OF is applied to every household: who is found, why, and what nobody can tell"
show tuopin sweep --pack template --snapshot "$OUT/snapshot" --as-of "$AS_OF" --out "$OUT/sweep"

say "4. Three households, in words: poor; near the line and deprived; and one of whom nobody can tell"
for household in 0006c81c503 058309abe79 0000e725938; do
    show tuopin explain --pack template --snapshot "$OUT/snapshot" --as-of "$AS_OF" --household "$household"
done

say "5. The report, for everybody: it names no household"
show tuopin report --sweep "$OUT/sweep" --pack template --snapshot "$OUT/snapshot" --out "$OUT/report.html"

say "6. The record: nobody can change a sweep unseen"
show tuopin ledger verify "$OUT/ledger.jsonl"
