#!/usr/bin/env bash
# Makes the three keys that the examples use, as an officer: only officers make keys. Run again, it changes nothing.
#
#   make-keys.sh [path to endpoints.json]
set -euo pipefail
umask 077
endpoints=${1:-${SEALKEEP_ENDPOINTS:?path to endpoints.json}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
where() { jq -er "$1" "$endpoints"; }

# The officers' listener wants a client certificate and a token. Secrets are read from files, never from a command line.
curl -sS --fail-with-body --cacert "$(where .ca)" "$(where .token)" -d grant_type=client_credentials \
  --data-urlencode "client_id=$(where .identities.officer.client_id)" \
  --data-urlencode "client_secret@$(where .identities.officer.secret_file)" |
  jq -er '"authorization: Bearer " + .access_token' >"$work/authorisation"

make_key() {
  local status
  status=$(jq -nc --arg id "$1" --arg purpose "$2" --arg algorithm "$3" \
    '{$id, $purpose, $algorithm, allow: ["sealkeep-backend"]}' |
    curl -sS -o "$work/answer" -w '%{http_code}' --cacert "$(where .ca)" -H "@$work/authorisation" \
      --cert "$(where .identities.officer.certificate)" --key "$(where .identities.officer.key)" \
      -H 'content-type: application/json' --data-binary @- "$(where .officer)/v1/officer/keys")
  case $status in
    201) echo "$1: made" ;;
    409) echo "$1: was there" ;;
    *) echo "$1: status $status: $(<"$work/answer")" >&2; return 1 ;;
  esac
}
make_key example-aes encrypt AES-256
make_key example-sign sign P-256
# Data keys of OpenSPP are wrapped under it.
make_key openspp encrypt AES-256
