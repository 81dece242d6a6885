#!/usr/bin/env bash
# The audit trail of everything above, and the proof that it is whole.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "9. Print the audit trail of all that, verify its chain and checkpoint"

from=$(jq .size "$work/checkpoint-before.json")
as auditor kmctl log events --from "$from" --all >"$scratch/events.json"
jq -r '.events[] | "\(.kind) \(.outcome) \(.actor.kind // "-") \(.purpose // "-")"' "$scratch/events.json" |
  sort | uniq -c | sort -rn | head -25 | sed 's/^/  /'
evidence "the last three events:"
jq -r '.events[-3:][] | "     \(.index) \(.log_time) \(.kind) \(.outcome) \(.reason // "")"' "$scratch/events.json"

as auditor kmctl log verify --from "$work/checkpoint-before.json" >"$scratch/verified.json" ||
  fail "the log does not verify: $(cat "$scratch/verified.json")"
holds "$(jq -r '"log of \(.size) events, root \(.root[0:16])…, signed checkpoint valid, extends the one from before the tour (\(.from) events)"' "$scratch/verified.json")"
