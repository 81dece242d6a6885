#!/usr/bin/env bash
# A signature made in the token, checked by us and by openssl with nothing but the public key.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "5. Sign a message, verify it with our API and with stock openssl"

if ! as officer kmctl key show tour-sign >"$scratch/key.json"; then
  as officer kmctl key create tour-sign --purpose sign --algorithm P-256 --allow sealkeep-backend >>"$log"
  evidence "an officer made the P-256 key tour-sign in the token; backends may use it"
fi
message=$scratch/message
printf 'Payment list of %s, 1,000 people\n' "$(date -u +%F)" >"$message"
as backend kmctl sign tour-sign "$message" --der --out "$scratch/signature" >"$scratch/signed.json"

as backend kmctl verify-message tour-sign "$message" --signature-file "$scratch/signature" --algorithm ES256 --der >"$scratch/valid.json" ||
  fail "our own API does not verify it: $(<"$scratch/valid.json")"
evidence "our API: $(jq -c . "$scratch/valid.json"), $(jq -r '"by key version \(.kid), \(.algorithm)"' "$scratch/signed.json")"

as backend kmctl key public tour-sign | jq -r .pem >"$scratch/public.pem"
evidence "openssl dgst -sha256 -verify public.pem -signature signature message:"
openssl dgst -sha256 -verify "$scratch/public.pem" -signature "$scratch/signature" "$message" >"$scratch/openssl" 2>&1 ||
  fail "openssl: $(<"$scratch/openssl")"
shown <"$scratch/openssl"
printf '!' >>"$message"
if openssl dgst -sha256 -verify "$scratch/public.pem" -signature "$scratch/signature" "$message" >>"$log" 2>&1; then
  fail "openssl accepts the message with a byte more"
fi
if as backend kmctl verify-message tour-sign "$message" --signature-file "$scratch/signature" --algorithm ES256 --der >>"$log"; then
  fail "our API accepts the message with a byte more"
fi
holds "our API and openssl both verify the signature; with one byte more both refuse"
