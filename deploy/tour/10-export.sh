#!/usr/bin/env bash
# The trail as a signed bundle, verified with openssl and sha256sum alone, then with kmctl; then with one byte changed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "10. Export the trail as a signed bundle and verify it without our software"

from=$(jq .size "$work/checkpoint-before.json")
bundle=$work/trail.zip
evidence_root=$home/evidence-root.pem
rm -f "$bundle"
as auditor kmctl export --from "$from" --purpose audit --case TOUR-10 --out "$bundle" >"$scratch/export.json"
evidence "bundle of events $from to $(jq .to "$scratch/export.json"): $(stat -c %s "$bundle") bytes"

# The two commands of the bundle's own README.txt.
stock() (
  cd "$1" || exit
  openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \
    -CAfile "$evidence_root" -no-CApath -no-CAstore -out /dev/null && sha256sum -c --strict SHA256SUMS
)
unzip -q "$bundle" -d "$scratch/bundle"
stock "$scratch/bundle" >"$scratch/stock" 2>&1 || fail "stock tools refuse it: $(tail -1 "$scratch/stock")"
evidence "openssl cms -verify and sha256sum -c: $(grep -c ': OK$' "$scratch/stock") files OK"
"$bin/kmctl" --json verify "$bundle" --root "$evidence_root" >"$scratch/verify.json" 2>>"$log" ||
  fail "kmctl verify refuses it: $(cat "$scratch/verify.json")"
evidence "kmctl verify: $(jq -c . "$scratch/verify.json" | cut -c1-160)"

# One byte of one event, and the sums recomputed as a forger would.
events=$(find "$scratch/bundle" -name '*.jsonl' -print -quit)
sed -i '0,/done/s//dome/' "$events"
(cd "$scratch/bundle" && awk '{ print $2 }' SHA256SUMS | sed 's/^\*//' | xargs sha256sum >"$scratch/sums" && cp "$scratch/sums" SHA256SUMS)
if stock "$scratch/bundle" >>"$log" 2>&1; then fail "openssl accepts the altered bundle"; fi
(cd "$scratch/bundle" && zip -q -0 -r "$scratch/altered.zip" .)
if "$bin/kmctl" --json verify "$scratch/altered.zip" --root "$evidence_root" >"$scratch/verify.json" 2>>"$log"; then
  fail "kmctl verify accepts the altered bundle"
fi
holds "with one byte changed and the sums recomputed both refuse: $(jq -c . "$scratch/verify.json" | cut -c1-120)"
