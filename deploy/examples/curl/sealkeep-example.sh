#!/usr/bin/env bash
# A backend talks to Sealkeep with curl, jq, openssl and jose (https://github.com/latchset/jose, apt package "jose").
#
#   sealkeep-example.sh [path to endpoints.json]
#
# Without an argument the path comes from SEALKEEP_ENDPOINTS. The person who is registered here is synthetic.
set -euo pipefail
umask 077
endpoints=${1:-${SEALKEEP_ENDPOINTS:?path to endpoints.json}}
root=$(dirname "$endpoints")/business-root.pem
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

where() { jq -er "$1" "$endpoints"; }
tenant=$(where .tenant)
register=$(where .register)
rest=$(where .rest)
records=$(where .registry)/v1/registers/$register/records
client_id=$(where .identities.backend.client_id)

fail() { echo "NOT PROVEN: $*" >&2; exit 1; }

# call METHOD URL [CURL OPTION…]: JSON in and out, with the token once there is one. A refusal ends the program with the
# problem that it says. Token and secrets are read from files: a command line is visible to every user of the machine.
call() {
  local method=$1 url=$2 authorisation=()
  shift 2
  [[ ! -e $work/authorisation ]] || authorisation=(-H "@$work/authorisation")
  curl -sS --fail-with-body --cacert "$(where .ca)" -X "$method" "${authorisation[@]}" "$@" "$url" || {
    echo " ($method $url)" >&2
    return 1
  }
}
send() { call "$1" "$2" -H 'content-type: application/json' --data-binary @- "${@:3}"; }

# base64url without padding, as every binary member of the API.
b64() { jose b64 enc -I-; }
from_b64() { jose b64 dec -i-; }
header_of() { cut -d. -f1 <<<"$1" | tr -d '\n' | from_b64; }
nonce() { openssl rand 16 | b64; }

# --- 1. An access token for this backend: OAuth 2.0 client credentials. -----------------------------------------------
token=$(call POST "$(where .token)" -d grant_type=client_credentials --data-urlencode "client_id=$client_id" \
  --data-urlencode "client_secret@$(where .identities.backend.secret_file)" | jq -er .access_token)
printf 'authorization: Bearer %s\n' "$token" >"$work/authorisation"
echo "token: good for the roles of $client_id"

# --- 2. The key manager's public keys. Those that matter must have a certificate up to the pinned root. ---------------
call GET "$rest/.well-known/jwks.json?tenant=$tenant" >"$work/jwks.json"

pem_of() { printf -- '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' "$(fold -w 64)"; }
point_in() { openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform DER | tail -c 64 | b64; }
point_of() { { jq -j .x <<<"$1" | from_b64; jq -j .y <<<"$1" | from_b64; } | b64; }
name_in() { openssl x509 -in "$1" -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= //p'; }

# is_certified KEY: x5c leads from this very key, under its own name, to the root; each certificate valid today.
is_certified() {
  local key=$1 count at
  count=$(jq '.x5c // [] | length' <<<"$key")
  ((count > 0)) || return 1
  jq -r '.x5c[0]' <<<"$key" | pem_of >"$work/leaf.pem"
  : >"$work/others.pem"
  for ((at = 1; at < count; at++)); do jq -r ".x5c[$at]" <<<"$key" | pem_of >>"$work/others.pem"; done
  openssl verify -no-CApath -no-CAstore -CAfile "$root" -untrusted "$work/others.pem" "$work/leaf.pem" \
    >/dev/null 2>&1 || return
  [[ $(name_in "$work/leaf.pem") == "$(jq -r .kid <<<"$key")" && $(point_in "$work/leaf.pem") == "$(point_of "$key")" ]]
}

# certified PURPOSE: the certified P-256 keys of this tenant for this purpose, the newest version first. The name in the
# certificate counts, not what the set says: another certified key must not pass for the answer key.
certified() {
  local key
  jq -c --arg tenant "$tenant" --arg purpose "$1" '.keys
    | map(select(.tenant == $tenant and .purpose == $purpose and .crv == "P-256" and (.kid | sub("\\.[0-9]+$"; "")) == $purpose))
    | sort_by(.kid | split(".") | last | tonumber) | reverse[]' "$work/jwks.json" |
    while read -r key; do if is_certified "$key"; then printf '%s\n' "$key"; fi; done
}
certified ingest | head -n 1 >"$work/ingest.jwk"
[[ -s $work/ingest.jwk ]] || fail "no ingest key leads to the pinned root"
certified answer >"$work/answers"
ingest=$(jq -r .kid "$work/ingest.jwk")
echo "keys: ingest key $ingest leads to the pinned root"

# --- JOSE: sign with our enrolled key, seal to the ingest key, believe only certified answer keys. --------------------

# Our key as a JWK. An EC private key in DER has the private number at byte 7, and ends with the point (RFC 5915).
der() { openssl ec -in "$(where .identities.backend.reader_key)" -outform DER 2>/dev/null; }
jq -n --arg d "$(der | head -c 39 | tail -c 32 | b64)" --arg x "$(der | tail -c 64 | head -c 32 | b64)" \
  --arg y "$(der | tail -c 32 | b64)" '{kty: "EC", crv: "P-256", $d, $x, $y}' >"$work/reader.jwk"
reader=$(jose jwk thp -i "$work/reader.jwk")

# sign TYP: a JWS around the JSON on stdin.
sign() {
  jose jws sig -I- -k "$work/reader.jwk" -c -o- \
    -s "$(jq -nc --arg kid "$reader" --arg typ "$1" '{protected: {alg: "ES256", $kid, $typ}}')"
}
# seal HEADER: a JWE around stdin.
seal() {
  jose jwe enc -I- -k "$work/ingest.jwk" -c -o- \
    -i "$(jq -nc --arg kid "$ingest" --argjson more "$1" '{protected: ({alg: "ECDH-ES", enc: "A256GCM", $kid} + $more)}')"
}
# believe TYP: the payload of the JWS on stdin, signed by a certified answer key.
believe() {
  local compact header
  compact=$(cat)
  header=$(header_of "$compact")
  [[ $(jq -r '.alg + " " + .typ' <<<"$header") == "ES256 $1" ]] || fail "it is not a $1"
  jq -c --argjson header "$header" 'select(.kid == $header.kid)' "$work/answers" | head -n 1 >"$work/answer.jwk"
  [[ -s $work/answer.jwk ]] || fail "it is signed by a key that is not certified"
  printf '%s' "$compact" | jose jws ver -i- -k "$work/answer.jwk" -O- || fail "its signature does not verify"
}
# request TYP NONCE MEMBERS: a signed request: what is wanted, why, and for how long it is good.
request() {
  jq -nc --arg tenant "$tenant" --arg register "$register" --argjson members "$3" --arg nonce "$2" \
    --argjson now "$(date +%s)" '{$tenant, $register} + $members
      + {purpose: "service-delivery", case: "EX-2026/1", $nonce, iat: $now, exp: ($now + 120)}' |
    sign "$1" | jq -Rc '{request: .}'
}
# A UUIDv7: 48 bits of milliseconds, then chance.
new_record_id() {
  local time chance
  time=$(printf '%012x' "$(date +%s%3N)")
  chance=$(openssl rand -hex 9)
  echo "${time:0:8}-${time:8:4}-7${chance:0:3}-8${chance:3:3}-${chance:6:12}"
}

# 3. Encrypt and decrypt under an AES key that never leaves the token (deploy/examples/make-keys.sh made it).
context=$(printf 'invoice 17' | b64)
sealed=$(printf 'a message' | b64 | jq -Rc --arg context "$context" '{plaintext: ., $context}' |
  send POST "$rest/v1/keys/example-aes/encrypt")
opened=$(jq -c --arg context "$context" '{ciphertext, $context}' <<<"$sealed" |
  send POST "$rest/v1/keys/example-aes/decrypt" | jq -j .plaintext | from_b64)
[[ $opened == "a message" ]] || fail "decrypt gives back something else"
echo "encrypt, decrypt: under version $(jq .version <<<"$sealed")"

# 4. Sign; verify over the API, and here with nothing but the public key, which takes a JWS.
header=$(printf '{"alg":"ES256"}' | b64)
payload=$(printf 'a payment list' | b64)
message=$(printf '%s.%s' "$header" "$payload" | b64)
signing=$rest/v1/keys/example-sign
signed=$(jq -nc --arg message "$message" '{$message, algorithm: "ES256"}' | send POST "$signing/sign")
verify() { jq -c --arg message "$1" '{$message, signature, kid}' <<<"$signed" | send POST "$signing/verify" | jq .valid; }
[[ $(verify "$message") == true ]] || fail "the API does not verify its own signature"
[[ $(verify "$payload") == false ]] || fail "the API takes the signature of another message"
jq -c --arg kid "$(jq -r .kid <<<"$signed")" '.keys[] | select(.kid == $kid)' "$work/jwks.json" >"$work/signer.jwk"
printf '%s.%s.%s' "$header" "$payload" "$(jq -r .signature <<<"$signed")" |
  jose jws ver -i- -k "$work/signer.jwk" -O- >/dev/null || fail "jose does not verify the signature"
echo "sign, verify: by $(jq -r .kid <<<"$signed") over the API and here"

# 5. Seal a record: signed by us, encrypted to the ingest key. The registry in between can read nothing of it.
record=$(new_record_id)
number=$(nonce)
functional_id=SYNSH$(openssl rand -hex 6 | tr a-f A-F)
fields=$(jq -nc --arg id "$functional_id" '{functional_id: $id, display_name: "Synthetic Person (curl)",
  birth_date: "1990-02-28", registration_status: "registered"}')
about=$(jq -nc --arg register "$register" --arg record "$record" '{$register, $record}')
jq -nc --arg tenant "$tenant" --argjson about "$about" --arg nonce "$number" --argjson fields "$fields" \
  --argjson now "$(date +%s)" '{$tenant, base_version: 0, schema: 1, iat: $now, $nonce, $fields} + $about' |
  sign sealkeep-record+jws |
  seal "$(jq -c '{typ: "sealkeep-record+jwe", cty: "JWT"} + .' <<<"$about")" |
  jq -Rc '{jwe: .}' |
  send PUT "$records/$record" -H 'if-none-match: *' >"$work/stored"
jq -j .receipt "$work/stored" | believe sealkeep-receipt+jws >"$work/receipt"
jq -e --arg nonce "$number" --arg record "$record" '.nonce == $nonce and .records == [{$record, version: 1}]' \
  "$work/receipt" >/dev/null || fail "the receipt is for something else"
echo "seal: record $record stored, receipt checked"

# 6. Find it by its id, which travels encrypted too.
query=$(jq -nc --arg value "$functional_id" '{field: "functional_id", $value}' |
  seal "$(jq -nc --arg register "$register" '{typ: "sealkeep-query+jwe", $register}')")
found=$(request sealkeep-find+jws "$(nonce)" "$(jq -nc --arg query "$query" '{$query}')" | send POST "$records/find")
jq -e --arg record "$record" '.records == [{$record, version: 1}]' <<<"$found" >/dev/null || fail "find names something else"
echo "find: one record"

# 7. Open two fields. The answer is encrypted to our key and signed by the key manager.
number=$(nonce)
wanted=$(jq -nc --arg record "$record" '{records: [$record], fields: ["display_name", "birth_date"]}')
answer=$(request sealkeep-open+jws "$number" "$wanted" | send POST "$records/$record/open" | jq -er .answer)
[[ $(header_of "$answer" | jq -r '.typ + " " + .alg + " " + .enc') == "sealkeep-answer+jwe ECDH-ES A256GCM" ]] ||
  fail "the envelope holds no answer"
printf '%s' "$answer" | jose jwe dec -i- -k "$work/reader.jwk" -O- | believe sealkeep-answer+jws >"$work/said"
jq -e --arg nonce "$number" --arg tenant "$tenant" --argjson about "$about" --argjson fields "$fields" '
  .request_nonce == $nonce and .tenant == $tenant and .register == $about.register
  and [.records[].record] == [$about.record]
  and .records[0].values == ($fields | {display_name, birth_date})' "$work/said" >/dev/null ||
  fail "the answer is to another request, or the values are not what was sealed"
jq -r '"open: \(.records[0].values | .display_name + " " + .birth_date) — log index \(.log_index)"' "$work/said"
