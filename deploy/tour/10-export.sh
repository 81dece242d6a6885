#!/usr/bin/env bash
# The trail as a signed bundle, verified with openssl and sha256sum alone, then with kmctl; then with one byte changed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "10. Export the trail as a signed bundle and verify it without our software"

bundle=$work/trail.zip
evidence_root=$home/evidence-root.pem
rm -f "$bundle"
as auditor kmctl export --from "$(tour_began_at)" --purpose audit --case TOUR-10 --out "$bundle" >"$scratch/export.json"
evidence "$bundle: events $(jq .from "$scratch/export.json") to $(($(jq .to "$scratch/export.json") - 1)), $(grouped "$(stat -c %s "$bundle")") bytes"

# The two commands of the bundle's own README.txt.
stock() (
  cd "$1" || exit
  openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \
    -CAfile "$evidence_root" -no-CApath -no-CAstore -out /dev/null && sha256sum -c --strict SHA256SUMS
)
unzip -q "$bundle" -d "$scratch/bundle"
stock "$scratch/bundle" >"$scratch/stock" 2>&1 || fail "stock tools refuse it: $(tail -1 "$scratch/stock")"
evidence "openssl cms -verify: $(grep -i 'verification successful' "$scratch/stock"); sha256sum -c: $(grep -c ': OK$' "$scratch/stock") files OK"
"$bin/kmctl" --json verify "$bundle" --root "$evidence_root" >"$scratch/verify.json" 2>>"$log" ||
  fail "kmctl verify refuses it: $(<"$scratch/verify.json")"
"$bin/kmctl" verify "$bundle" --root "$evidence_root" >"$scratch/verify.txt"
evidence "kmctl verify:"
shown <"$scratch/verify.txt"

# One byte of one event, and the sums recomputed as a forger would.
events=$(find "$scratch/bundle" -name '*.jsonl' -print -quit)
sed -i '0,/done/s//dome/' "$events"
(cd "$scratch/bundle" && awk '{ print $2 }' SHA256SUMS | sed 's/^\*//' | xargs sha256sum >"$scratch/sums" && cp "$scratch/sums" SHA256SUMS)
(cd "$scratch/bundle" && sha256sum -c --strict SHA256SUMS >>"$log" 2>&1) || fail "the recomputed sums do not fit: the forgery is no good"
evidence "now one byte of ${events##*/} is changed and the sums are recomputed, so that sha256sum alone would agree:"
if stock "$scratch/bundle" >"$scratch/stock" 2>&1; then fail "openssl accepts the altered bundle"; fi
grep -iE 'failure|error' "$scratch/stock" | head -2 | shown
if "$bin/kmctl" verify "$scratch/bundle" --root "$evidence_root" >"$scratch/verify.txt" 2>>"$log"; then
  fail "kmctl verify accepts the altered bundle"
fi
grep -E 'REFUSED|NOT' "$scratch/verify.txt" | shown
holds "the bundle verifies with stock tools alone and with kmctl; the altered one is refused by both"
