# shellcheck shell=bash disable=SC2154 # bin, tenant and identities come from the sibling files
# endpoints.json: what other programs need to call us. Written beside its place and renamed, so that nobody reads a part.

# write_endpoints FILE
write_endpoints() {
  local file=$1
  jq -n --argjson pid $$ --arg tenant "$tenant" --arg home "$SEALKEEP_HOME" \
    --arg mosip "$(port mosip)" --arg rest "$(port rest)" --arg officer "$(port officer)" --arg grpc "$(port grpc)" \
    --arg registry "$(port registry)" --arg ops "$(port km-ops)" --arg issuer "$(port issuer)" '
    def url: "https://127.0.0.1:" + .;
    def identity: . as $who | ($home + "/identities/" + $who) as $folder
      | {client_id: ($who | gsub("_"; "-")), secret_file: ($home + "/secrets/" + $who),
         certificate: ($folder + "/certificate.pem"), key: ($folder + "/key.pem"), reader_key: ($folder + "/reader.pem")};
    { pid: $pid, tenant: $tenant, register: "individual",
      mosip: (($mosip | url) + "/v1/keymanager"), rest: ($rest | url), officer: ($officer | url), grpc: ($grpc | url), registry: ($registry | url),
      ops: ("http://127.0.0.1:" + $ops),
      token: (($issuer | url) + "/token"), issuer: ($issuer | url),
      ca: ($home + "/ca.pem"),
      services: {registry: {certificate: ($home + "/registry/certificate.pem"), key: ($home + "/registry/key.pem")}},
      identities: ($ARGS.positional | map({key: ., value: identity}) | from_entries) }' \
    --args "${identities[@]}" >"$file.new" || return
  chmod 600 "$file.new"
  mv "$file.new" "$file"
}
