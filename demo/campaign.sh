#!/usr/bin/env bash
# The demo: an invented county of 20,000 households lives through China's campaign, 2013 to 2026. Each command is shown
# before it runs.
#
#   demo/campaign.sh [FOLDER]     writes into FOLDER (default: build/demo), which is emptied first
#
# `tuopin` must be on the PATH; `make demo` sees to that. DEMO_SERVE=0 ends with the report; so far every demo ends there,
# because the offices that would be served do not stand yet. DEMO_HOUSEHOLDS and DEMO_YEARS make it smaller.
set -euo pipefail
cd "$(dirname "$0")/.."

OUT="${1:-build/demo}"
HOUSEHOLDS="${DEMO_HOUSEHOLDS:-20000}"
YEARS="${DEMO_YEARS:-2013:2026}"
LAST="${YEARS#*:}"

say() { printf '\n\n=== %s\n' "$*"; }

show() {
    printf '\n$ %s\n\n' "$*"
    "$@"
}

if [[ -e $OUT && ! -e $OUT/.tuopin-demo ]] && [[ -n $(ls -A "$OUT") ]]; then
    echo "$OUT holds something that is not an earlier demo. Name another folder: make demo DEMO_OUT=build/other" >&2
    exit 2
fi
rm -rf "$OUT"
mkdir -p "$OUT"
touch "$OUT/.tuopin-demo"

say "1. The policy: every household of the pack whose right answer was worked out by hand"
show tuopin pack check china

say "2. The campaign: what was proposed, decided and true, who was left out, and what became of three households"
show tuopin simulate --pack china --households "$HOUSEHOLDS" --seed 7 --years "$YEARS" --out "$OUT/county"

say "3. The proof: the last sweep computed again, without the truth, gives the same proposals"
mv "$OUT/county/truth" "$OUT/truth"
show tuopin rerun --pack china --snapshot "$OUT/county/$LAST" --ledger "$OUT/county/ledger.jsonl"
mv "$OUT/truth" "$OUT/county/truth"

say "4. The report of the last sweep, for everybody: it names no household"
show tuopin report --pack china --snapshot "$OUT/county/$LAST" --sweep "$OUT/county/sweeps/$LAST" \
    --ledger "$OUT/county/ledger.jsonl" --out "$OUT/report.html"

say "What next"
cat <<END
- Open the report, and beside it what happened without a campaign:
    .venv/bin/tuopin simulate --pack china --households $HOUSEHOLDS --seed 7 --years $YEARS --nobody-acts --out $OUT/alone
- Ask what the rules see of a household (the numbers of three stand above) or, with --area, of a village or county:
    .venv/bin/tuopin explain --pack china --snapshot $OUT/county/$LAST --as-of $LAST-12-31 --household NUMBER
- Change the policy and let the same county live again:
    docs/how-to/try-a-policy-where-the-truth-is-known.md
END
