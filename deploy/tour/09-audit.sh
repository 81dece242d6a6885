#!/usr/bin/env bash
# The audit trail of everything above, and the proof that it is whole.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "9. Print the audit trail of all that, verify its chain and checkpoint"

from=$(tour_began_at)
as auditor kmctl log events --from "$from" --all >"$scratch/events.json"
evidence "$(grouped "$(jq '.events | length' "$scratch/events.json")") events since the tour began; so many of each kind, with outcome and reason or purpose:"
jq -r '[.events[] | {kind, outcome, reason: (.reason // .purpose // ""), count: (.count // 1)}]
  | group_by([.kind, .outcome, .reason]) | sort_by(-length)[]
  | "\(length)|\(.[0].kind)|\(.[0].outcome)|\(.[0].reason)|\(map(.count) | add)"' "$scratch/events.json" |
  awk -F '|' '{ printf "%4d  %-22s %-8s %-18s %s\n", $1, $2, $3, $4, ($5 > $1 ? $5 " items" : "") }' | shown
evidence "the last three:"
jq -r '.events[-3:][] | "\(.index)  \(.log_time)  \(.kind)  \(.outcome)  \(.reason // "-")  \(.actor.name // "-")"' "$scratch/events.json" | shown

as auditor kmctl log verify --from "$work/checkpoint-before.json" >"$scratch/verified.json" ||
  fail "the log does not verify: $(<"$scratch/verified.json")"
evidence "kmctl log verify: $(jq -r '"\(.size) events, root \(.root[0:16])…, checkpoint signed up to the evidence root; the log extends the checkpoint of \(.from) events from before the tour"' "$scratch/verified.json")"

SOFTHSM2_CONF=$home/token/softhsm2.conf "$bin/keymanager-svc" verify-audit --config "$home/config/keymanager.toml" \
  >"$scratch/audit" 2>>"$log" || fail "keymanager-svc verify-audit refuses its own log: $(tail -1 "$log")"
evidence "keymanager-svc verify-audit: $(<"$scratch/audit")"
holds "every event is in its place, the checkpoint is signed and true, and nothing from before the tour was changed"
