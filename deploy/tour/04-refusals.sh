#!/usr/bin/env bash
# Three ways to read without the right to: refused, with the reason, and in the audit trail.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "4. The same without the right: another role, the registry alone, a stolen token"

record=$(find_record "$(person 5 national_id)")
from=$(as auditor kmctl log checkpoint | jq .size)

refused "an auditor's token" forbidden -- \
  as auditor registryctl open "$register" "$record" --fields bank_account --purpose audit --case TOUR-1

# The registry's certificate with no token: an empty gRPC message, as anyone holding that certificate could send.
printf '\0\0\0\0\0' | curl -sS --http2 --cacert "$(jq -r .ca "$endpoints")" \
  --cert "$(jq -r .services.registry.certificate "$endpoints")" --key "$(jq -r .services.registry.key "$endpoints")" \
  -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- -D "$scratch/headers" -o /dev/null \
  "$(jq -r .grpc "$endpoints")/sealkeep.keymanager.v1.Records/OpenRecord" 2>>"$log"
tr -d '\r' <"$scratch/headers" >>"$log"
status=$(tr -d '\r' <"$scratch/headers" | awk 'tolower($1) == "grpc-status:" { print $2 }')
[[ $status == 16 || $status == 7 ]] || fail "the registry's certificate alone: gRPC status ${status:-none}, expected 16 (unauthenticated)"
evidence "the registry's certificate alone: refused, gRPC status $status ($(tr -d '\r' <"$scratch/headers" | sed -n 's/^grpc-message: //Ip'))"

# The thief has the caseworker's token, not the caseworker's key.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/thief.pem" 2>>"$log"
chmod 600 "$scratch/thief.pem"
refused "a stolen caseworker token with a key of the thief's" unknown-key forbidden -- \
  as caseworker registryctl --reader-key "$scratch/thief.pem" open "$register" "$record" \
  --fields bank_account --purpose eligibility --case TOUR-1

as auditor kmctl log events --from "$from" >"$scratch/events.json"
refusals=$(jq '[.events[] | select(.outcome == "refused")] | length' "$scratch/events.json")
((refusals >= 3)) || fail "only $refusals refusals in the audit trail, expected 3"
holds "all three are in the audit trail: $(jq -r '[.events[] | select(.outcome == "refused") | "\(.index) \(.kind) \(.reason)"] | join("; ")' "$scratch/events.json")"
