# shellcheck shell=bash disable=SC2154 # bin, tenant and identities come from the sibling files
# endpoints.json: what other programs need to call us. Written beside its place and renamed, so that nobody reads a part.

identities=(backend caseworker officer second_officer auditor)

write_endpoints() {
  local new="$SEALKEEP_HOME/.endpoints.new" described='{}' who folder
  for who in "${identities[@]}"; do
    folder=$SEALKEEP_HOME/identities/$who
    described=$(jq --arg who "$who" --arg secret "$SEALKEEP_HOME/secrets/$who" --arg folder "$folder" \
      --argjson certified "$([[ -s $folder/certificate.pem ]] && echo true || echo false)" \
      '.[$who] = {client_id: ($who | gsub("_"; "-")), secret_file: $secret, reader_key: ($folder + "/reader.pem")}
        + (if $certified then {certificate: ($folder + "/certificate.pem"), key: ($folder + "/key.pem")} else {} end)' \
      <<<"$described") || return
  done
  jq -n --argjson pid $$ --arg tenant "$tenant" --arg home "$SEALKEEP_HOME" --argjson identities "$described" \
    --arg rest "$(port rest)" --arg officer "$(port officer)" --arg grpc "$(port grpc)" \
    --arg registry "$(port registry)" --arg ops "$(port km-ops)" --arg issuer "$(port issuer)" '
    def url: "https://127.0.0.1:" + .;
    { pid: $pid, tenant: $tenant, register: "individual",
      rest: ($rest | url), officer: ($officer | url), grpc: ($grpc | url), registry: ($registry | url),
      ops: ("http://127.0.0.1:" + $ops),
      token: (($issuer | url) + "/token"), issuer: ($issuer | url),
      ca: ($home + "/ca.pem"),
      services: {registry: {certificate: ($home + "/registry/certificate.pem"), key: ($home + "/registry/key.pem")}},
      identities: $identities }' >"$new" || return
  chmod 600 "$new"
  mv "$new" "$SEALKEEP_HOME/endpoints.json"
}
