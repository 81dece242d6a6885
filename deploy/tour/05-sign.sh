#!/usr/bin/env bash
# A signature made in the token, checked by us and by openssl with nothing but the public key.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "5. Sign a message, verify it with our API and with stock openssl"

if ! as officer kmctl key show tour-sign >"$scratch/key.json"; then
  as officer kmctl key create tour-sign --purpose sign --algorithm RS256 --allow sealkeep-backend >"$scratch/key.json"
fi
printf 'Payment list of %s, 1,000 people' "$(date -u +%F)" >"$scratch/message"
as backend kmctl sign tour-sign "$scratch/message" >"$scratch/signed.json"
signature=$(jq -r .signature "$scratch/signed.json")

[[ $(as backend kmctl verify-message tour-sign "$scratch/message" --signature "$signature" | jq .valid) == true ]] ||
  fail "our own API does not verify it"
evidence "our API: valid, key version $(jq -r .kid "$scratch/signed.json"), $(jq -r .algorithm "$scratch/signed.json")"

as backend kmctl key public tour-sign | jq -r .pem >"$scratch/public.pem"
base64url_decode() { python3 -c 'import base64, sys; t = sys.argv[1]; sys.stdout.buffer.write(base64.urlsafe_b64decode(t + "=" * (-len(t) % 4)))' "$1"; }
base64url_decode "$signature" >"$scratch/signature"
openssl dgst -sha256 -verify "$scratch/public.pem" -signature "$scratch/signature" "$scratch/message" >"$scratch/openssl" 2>&1 ||
  fail "openssl: $(<"$scratch/openssl")"
printf '!' >>"$scratch/message"
if openssl dgst -sha256 -verify "$scratch/public.pem" -signature "$scratch/signature" "$scratch/message" >/dev/null 2>&1; then
  fail "openssl accepts the message with a byte more"
fi
holds "openssl dgst: $(<"$scratch/openssl"); with one byte more it refuses"
