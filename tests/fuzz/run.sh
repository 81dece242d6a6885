#!/usr/bin/env bash
# Runs every fuzz target for some seconds, one after the other; stops at the first that fails.
#
#   tests/fuzz/run.sh [seconds per target, 10 if not given] [target…]
#
# A stable toolchain is enough: RUSTC_BOOTSTRAP lets it pass the flags that libFuzzer needs. There is no sanitizer: our
# parsers have no unsafe code, so what can go wrong is a panic, an overflow, or too much time or memory, and all of those
# are seen without one. What a run finds of interest stays under target/fuzz and is where the next one begins.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds=${1:-10}
shift || true
root=$(cd ../.. && pwd)
tools=$root/target/tools
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/fuzz} RUSTC_BOOTSTRAP=1 PATH=$tools/bin:$PATH
corpora=$CARGO_TARGET_DIR/corpora

if ! command -v cargo-fuzz >/dev/null; then
  echo "installing cargo-fuzz into $tools"
  cargo install cargo-fuzz --version 0.13.2 --locked --debug --quiet --root "$tools" --target-dir "$tools/build"
fi

# seed TARGET NAME: the first input of a target, from stdin. Nothing of it is kept in git.
seed() {
  mkdir -p "$corpora/$1"
  cat >"$corpora/$1/seed-$2"
}

make_seeds() {
  local work point b64='base64 -w0'
  work=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$work'" RETURN
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /O=seed/CN=seed -days 3650 \
    -addext subjectAltName=DNS:localhost,URI:spiffe://sealkeep/demo/registry/seed -addext extendedKeyUsage=clientAuth \
    -addext keyUsage=digitalSignature -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
  openssl x509 -in "$work/certificate.pem" -outform DER | seed x509_certificate der
  seed x509_certificate pem <"$work/certificate.pem"
  openssl req -new -key "$work/key.pem" -subj /O=seed/CN=seed -outform DER | seed x509_request der
  : >"$work/index"
  echo 01 >"$work/number"
  # A list that webpki reads names its issuer's key and has a number.
  printf '[ca]\ndefault_ca=seed\n[seed]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ncrl_extensions=issuer\n%s\n' \
    "$work/index" "$work/number" $'[issuer]\nauthorityKeyIdentifier=keyid' >"$work/ca.cnf"
  openssl ca -config "$work/ca.cnf" -gencrl -crldays 3650 -keyfile "$work/key.pem" -cert "$work/certificate.pem" \
    -out "$work/crl.pem" 2>/dev/null
  seed x509_crl pem <"$work/crl.pem"
  openssl crl -in "$work/crl.pem" -outform DER | seed x509_crl der
  printf 'sums' | openssl cms -sign -binary -outform DER -signer "$work/certificate.pem" -inkey "$work/key.pem" \
    -md sha256 -nosmimecap | seed cms der
  (cd "$work" && printf '{"schema":"1"}' >manifest.json && sha256sum manifest.json >SHA256SUMS &&
    python3 -c 'import zipfile; z = zipfile.ZipFile("bundle.zip", "w"); [z.write(n) for n in ("manifest.json", "SHA256SUMS")]')
  seed evidence_bundle zip <"$work/bundle.zip"

  seed register_definition individual <"$root/deploy/registers/individual.json"
  seed register_definition household <"$root/deploy/registers/household.json"
  printf '{"a":[1,2.5e3,null,true,{"b":"\\u00e9"}]}' | seed json object
  printf '{"text":"a","number":7,"items":[{"one":3},{"two":{"flag":true}}]}' | seed service_json object
  printf '{"display_name":"Seed","birth_date":"1990","phones":["0911000000"],"coordinates":%s,"sex":"F"}' \
    '{"latitude":1,"longitude":2}' | seed personal_record fields
  printf '\0031990-02-28' | seed personal_value date
  printf '{"alg":"ES256","kid":"k","typ":"t"}' | $b64 | tr -d = >"$work/header"
  printf '%s.e30.%s' "$(<"$work/header")" "$(head -c 64 /dev/zero | tr '\0' A | $b64 | tr -d =)" | seed jws compact
  point=$(head -c 32 /dev/zero | tr '\0' B | $b64 | tr -d =)
  printf '{"kty":"EC","crv":"P-256","x":"%s","y":"%s","kid":"k","use":"enc"}' "$point" "$point" >"$work/jwk"
  seed jwk key <"$work/jwk"
  printf '{"keys":[%s]}' "$(<"$work/jwk")" | seed jwk set
  printf '{"alg":"ECDH-ES","enc":"A256GCM","kid":"k","epk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}' "$point" "$point" |
    $b64 | tr -d = >"$work/header"
  printf '%s..QUFBQUFBQUFBQUFB.QQ.QUFBQUFBQUFBQUFBQUFBQQ' "$(<"$work/header")" | seed jwe compact
  printf '\x83\x4a\xa2\x01\x03\x04\x45seed1\xa1\x05\x4cAAAAAAAAAAAA\x51AAAAAAAAAAAAAAAAA' | seed cose sealed
  printf '\0%0288d#KEY_SPLITTER#%048d' 0 0 | seed mosip payload
  printf '\001%080d' 0 | seed mosip layouts
  { printf '\002' && openssl crl2pkcs7 -nocrl -certfile "$work/certificate.pem" -outform DER; } | seed mosip bundle
  printf '\005\xd2\x84\x43\xa1\x01\x26\xa1\x04\x41k\x41p\x41s' | seed mosip cose
  printf '\0062025-12-23T10:15:30.123Z' | seed mosip time
  printf '\006%s.e30.QQ' "$(printf '{"alg":"RS256","b64":false,"crit":["b64"]}' | $b64 | tr -d =)" | seed mosip jws
  printf '\001\000\003pii\000\000\000\007AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' | seed ciphertext direct
  printf 'example.com/log\n7\nQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\n' >"$work/checkpoint"
  seed audit_checkpoint text <"$work/checkpoint"
  seed pdf table <"$root/tests/fixtures/pdf/table.pdf"
  seed pdf stream <"$root/tests/fixtures/pdf/stream.pdf"
  printf '{"actor":{"kind":"unknown","name":""},"count":1,"development":false,"index":0,"kind":"record.opened","log_time":"%s"%s' \
    '2026-01-01T00:00:00Z' ',"outcome":"done","salt":"abababababababababababababababab","time":"2026-01-01T00:00:00Z","v":1}' |
    seed audit_event opened
  { cat "$work/checkpoint"; printf '\n\xe2\x80\x94 example.com/log QUFBQUJCQkI=\n'; } | seed audit_note text
}

make_seeds
targets=("$@")
((${#targets[@]})) || mapfile -t targets < <(cargo fuzz list --fuzz-dir .)
cargo fuzz build --fuzz-dir . --sanitizer none
for target in "${targets[@]}"; do
  mkdir -p "$corpora/$target"
  if ! cargo fuzz run --fuzz-dir . --sanitizer none "$target" "$corpora/$target" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 >"$corpora/$target.log" 2>&1; then
    tail -n 40 "$corpora/$target.log"
    echo "FAILED $target; the input lies in tests/fuzz/artifacts/$target"
    exit 1
  fi
  printf 'ok  %-22s %s inputs tried\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$corpora/$target.log")"
done
