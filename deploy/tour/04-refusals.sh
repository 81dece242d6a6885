#!/usr/bin/env bash
# Three ways to read without the right to: refused, with the reason, and in the audit trail.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "4. The same without the right: another role, the registry alone, a stolen token"

record=$(find_person "$(person 5 national_id)")
from=$(as auditor kmctl log checkpoint | jq .size)

refused "an auditor's token" role-missing -- \
  as auditor registryctl open "$record" --fields bank_account --purpose audit --case TOUR-4

# The registry's certificate with no token: an empty gRPC message, as anyone who holds that certificate could send.
printf '\0\0\0\0\0' | curl -sS --http2 --max-time 10 --cacert "$(jq -r .ca "$endpoints")" \
  --cert "$(jq -r .services.registry.certificate "$endpoints")" --key "$(jq -r .services.registry.key "$endpoints")" \
  -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- -D "$scratch/headers" -o "$scratch/message" \
  "$(jq -r .grpc "$endpoints")/sealkeep.keymanager.v1.Records/OpenRecord" 2>>"$log"
tr -d '\r' <"$scratch/headers" | tee -a "$log" >"$scratch/lines"
header() { awk -v name="$1:" 'tolower($1) == name { sub(/^[^ ]* /, ""); print; exit }' "$scratch/lines"; }
[[ $(header grpc-status) == 16 && $(header sealkeep-code) == token-missing ]] ||
  fail "the registry's certificate alone: gRPC status $(header grpc-status), $(header sealkeep-code), expected 16, token-missing"
message=$(header grpc-message)
evidence "the registry's certificate alone: refused, token-missing: $(printf '%b' "${message//%/\\x}")"

# The thief has the caseworker's token, not the caseworker's key.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/thief.pem" 2>>"$log"
refused "a caseworker's stolen token, with a key of the thief's" key-not-enrolled -- \
  as caseworker registryctl --reader-key "$scratch/thief.pem" open "$record" \
  --fields bank_account --purpose eligibility --case TOUR-4

as auditor kmctl log events --from "$from" --all >"$scratch/events.json"
for reason in role-missing token-missing key-not-enrolled; do
  jq -e --arg reason "$reason" 'any(.events[]; .outcome == "refused" and .reason == $reason)' "$scratch/events.json" >/dev/null ||
    fail "no refusal with the reason $reason in the audit trail since event $from"
done
evidence "in the audit trail:"
jq -r '.events[] | select(.outcome == "refused")
  | "\(.index)  \(.log_time)  \(.kind)  \(.reason)  \(.actor.name // .actor.subject // .actor.service // "-")"' "$scratch/events.json" | shown
holds "all three are refused, say why, and are in the audit trail"
