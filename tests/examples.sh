#!/usr/bin/env bash
# Runs every example of deploy/examples against a running quickstart.
#
#   tests/examples.sh [path to endpoints.json]
#
# Their libraries are installed into a temporary folder, which is removed at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=/dev/null
source deploy/lib/packages.sh
endpoints=$(realpath "${1:-${SEALKEEP_ENDPOINTS:-.sealkeep/endpoints.json}}")
examples=deploy/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# step NAME COMMAND…: how long it took; a failure shows what it said and ends the run.
step() {
  local name=$1 begun=$SECONDS status
  shift
  # Not as a condition: there a failing line inside the step would not end it.
  set +e
  (set -e; "$@") >"$work/said" 2>&1
  status=$?
  set -e
  if ((status != 0)); then
    printf 'FAILED %s\n' "$name"
    cat "$work/said"
    exit 1
  fi
  printf 'ok     %-62s %3d s\n' "$name" $((SECONDS - begun))
}

install_packages() {
  need curl curl "asks the services"
  need jq jq "reads JSON answers"
  need jose jose "JOSE for the shell example"
  need nodejs node "runs the Node example"
  need npm npm "installs the Node example's library"
  python3 -c 'import ensurepip, venv' 2>/dev/null ||
    need python3-venv ./no-such-file "a private folder for the Python example's library"
  install_missing_packages
}

install_python() {
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$examples/python/requirements.txt"
}

install_node() {
  cp -r "$examples/node" "$work/node"
  npm install --prefix "$work/node" --no-audit --no-fund --loglevel error
  npm install --prefix "$work/newman" --no-audit --no-fund --loglevel error newman@6
}

run_shell() { "$examples/curl/sealkeep-example.sh" "$1"; }
run_python() { "$work/venv/bin/python" "$examples/python/sealkeep_example.py" "$1"; }
run_node() { node "$work/node/sealkeep-example.js" "$1"; }

# reaches_the_end RUN: it says all seven things.
reaches_the_end() {
  "$@" "$endpoints" | tee "$work/lines"
  local word
  for word in token keys encrypt sign seal find open; do
    grep -q "^${word}[:,]" "$work/lines" || { echo "it does not say $word"; return 1; }
  done
}

# The same installation, but the root that was handed over beforehand is another one of the same name.
make_foreign_root() {
  local name
  name=$(openssl x509 -in "$(dirname "$endpoints")/business-root.pem" -noout -subject -nameopt compat | sed 's/^subject= *//')
  mkdir "$work/foreign"
  cp "$endpoints" "$work/foreign/endpoints.json"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$name" -days 2 \
    -keyout "$work/foreign/root.key" -out "$work/foreign/business-root.pem"
}

# refuses_foreign_keys RUN: it must end before it seals anything, for the stated reason.
refuses_foreign_keys() {
  local status=0
  "$@" "$work/foreign/endpoints.json" >"$work/lines" 2>&1 || status=$?
  cat "$work/lines"
  ((status != 0)) && grep -q "pinned root" "$work/lines" && ! grep -q "^keys:\|^seal:" "$work/lines"
}

run_openspp() {
  PYTHONDONTWRITEBYTECODE=1 "$work/venv/bin/python" "$examples/openspp/sealkeep_provider.py" --endpoints "$endpoints" \
    --wrapped-keys "$work/wrapped-keys.sqlite" "$@"
}

# refused COMMAND…: it must not succeed, and must say that it was refused.
refused() {
  local status=0
  "$@" 2>"$work/why" || status=$?
  cat "$work/why"
  ((status == 1)) && grep -q '^refused: ' "$work/why"
}

# A value from before a rotation opens; one that was altered does not, nor one in another place.
openspp_keeps_its_values() {
  local first second letter=A
  first=$(printf 'ID-1' | run_openspp encrypt pii_national_id --aad res.partner,1)
  [[ $(run_openspp rotate pii_national_id) == 2 ]]
  second=$(printf 'ID-2' | run_openspp encrypt pii_national_id --aad res.partner,2)
  [[ $(run_openspp decrypt pii_national_id --aad res.partner,1 <<<"$first") == ID-1 ]]
  [[ $(run_openspp decrypt pii_national_id --aad res.partner,2 <<<"$second") == ID-2 ]]
  refused run_openspp decrypt pii_national_id --aad res.partner,2 <<<"$first"
  [[ ${first:30:1} != A ]] || letter=B
  refused run_openspp decrypt pii_national_id --aad res.partner,1 <<<"${first:0:30}$letter${first:31}"
  [[ $(run_openspp rewrap) == 2 && $(run_openspp versions pii_national_id) == "1 2" ]]
}

# Every operation of both documents is in the collection once, and the token request.
check_collection() {
  python3 "$examples/api-client-import/make_collection.py" "$endpoints" "$work/collection"
  local ca service documents=()
  ca=$(jq -r .ca "$endpoints")
  for service in rest registry; do
    curl -sS --fail --cacert "$ca" "$(jq -r ".$service" "$endpoints")/openapi.json" -o "$work/$service.json"
    documents+=("$work/$service.json")
  done
  jq -r '.paths | to_entries[] | .key as $path | .value | keys[] | select(IN("get", "post", "put", "delete", "patch"))
    | ascii_upcase + " " + $path' "${documents[@]}" | sort >"$work/operations"
  jq -r '.item[1:][].item[].name' "$work/collection/sealkeep.postman_collection.json" | sort >"$work/requests"
  [[ -s $work/operations ]] && diff "$work/operations" "$work/requests"
  [[ $(stat -c %a "$work/collection/sealkeep.postman_environment.json") == 600 ]]
}

# An API client without a window imports it and sends what needs no preparation.
run_collection() {
  local name chosen=()
  for name in "Fetch a token first" "GET /.well-known/jwks.json" "GET /v1/keys" "GET /v1/keys/{id}" \
    "POST /v1/keys/{id}/encrypt" "POST /v1/keys/{id}/decrypt" "POST /v1/keys/{id}/rewrap" "POST /v1/keys/{id}/sign" \
    "POST /v1/keys/{id}/verify" "POST /v1/datakeys" "POST /v1/datakeys/unwrap" "POST /v1/random" "GET /v1/log/checkpoint" \
    "GET /v1/registers" "GET /v1/registers/{register}" "GET /v1/registers/{register}/records" "GET /v1/status"; do
    chosen+=(--folder "$name")
  done
  "$work/newman/node_modules/.bin/newman" run "$work/collection/sealkeep.postman_collection.json" --color off \
    --environment "$work/collection/sealkeep.postman_environment.json" --ssl-extra-ca-certs "$(jq -r .ca "$endpoints")" \
    "${chosen[@]}" | tee "$work/newman.txt"
  (($(grep -c '✓' "$work/newman.txt") == ${#chosen[@]} / 2))
}

[[ -r $endpoints ]] || { echo "no endpoints.json at $endpoints: start deploy/quickstart.sh first" >&2; exit 3; }
step "system packages" install_packages
step "python: jwcrypto, cryptography from PyPI" install_python
step "node: jose and newman from npm" install_node
step "an officer makes the examples' keys" "$examples/make-keys.sh" "$endpoints"
make_foreign_root 2>"$work/said" || { cat "$work/said"; exit 1; }
for one in shell python node; do
  step "$one: token, keys, encrypt, sign, seal, find, open" reaches_the_end "run_$one"
  step "$one: keys under a foreign root are refused" refuses_foreign_keys "run_$one"
done
step "openspp: encrypt, rotate, decrypt, refuse" openspp_keeps_its_values
step "api client import: every operation once" check_collection
step "api client import: newman sends it" run_collection
