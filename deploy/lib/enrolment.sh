# shellcheck shell=bash disable=SC2154 # bin, tenant and identities come from the sibling files
# Roots and keys, one-time tokens and first certificates, and the enrolled keys of the demo identities.

tenant=demo

# Before anything serves: roots, keys, and the one-time tokens for first certificates. Run again, it makes only what is
# missing.
initialise_keymanager() {
  local root who
  quietly keymanager init --tenant "$tenant" || return
  for root in ca evidence-root business-root; do
    cp "$SEALKEEP_HOME/keymanager/$root.pem" "$SEALKEEP_HOME/$root.pem" || return
  done
  invite registry registry "$SEALKEEP_HOME/registry" || return
  invite issuer dev-issuer "$SEALKEEP_HOME/issuer" || return
  for who in officer second_officer; do
    invite officer "$who" "$SEALKEEP_HOME/identities/$who" || return
  done
}

keymanager() {
  local command=$1
  shift
  SOFTHSM2_CONF="$SEALKEEP_HOME/token/softhsm2.conf" \
    "$bin/keymanager-svc" "$command" --config "$SEALKEEP_HOME/config/keymanager.toml" "$@"
}

# invite KIND NAME FOLDER: a one-time token in FOLDER/invitation, unless a certificate is there that still holds an hour.
invite() {
  local kind=$1 name=$2 folder=$3
  mkdir -p "$folder"
  has_certificate "$folder" && return 0
  quietly keymanager invite --tenant "$tenant" --kind "$kind" --name "$name" --out "$folder/invitation"
}

has_certificate() {
  [[ -s $1/certificate.pem ]] && openssl x509 -checkend 3600 -noout -in "$1/certificate.pem" >/dev/null
}

# ask_certificate KIND NAME FOLDER: a key made here, and a certificate for it in exchange for the one-time token.
ask_certificate() {
  local kind=$1 name=$2 folder=$3 csr
  has_certificate "$folder" && return 0
  make_key "$folder/key.pem" || return
  csr=$(openssl req -new -key "$folder/key.pem" -subj "/OU=$kind/CN=$name" -outform DER | base64 -w0) || return
  jq -n --rawfile token "$folder/invitation" --arg csr "$csr" '{token: ($token | rtrimstr("\n")), csr: $csr}' |
    curl -fsS --cacert "$SEALKEEP_HOME/ca.pem" -H 'content-type: application/json' --data-binary @- \
      "https://127.0.0.1:$(port rest)/v1/enrol" >"$folder/answer.json" || return
  jq -r '.chain[]' "$folder/answer.json" >"$folder/certificate.pem" || return
  rm -f "$folder/answer.json" "$folder/invitation"
}

# A P-256 key as PKCS#8 PEM, readable by its owner alone.
make_key() {
  [[ -s $1 ]] || (umask 077 && openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1")
}

# Every demo identity proves to the key manager that it holds its key; the demo officer consents.
enrol_demo_identities() {
  local who waiting
  for who in officer second_officer; do
    ask_certificate officer "$who" "$SEALKEEP_HOME/identities/$who" || return
  done
  for who in "${identities[@]}"; do
    mkdir -p "$SEALKEEP_HOME/identities/$who"
    make_key "$SEALKEEP_HOME/identities/$who/reader.pem" || return
  done
  write_endpoints || return # the programs below read it
  for who in "${identities[@]}"; do
    quietly "$bin/registryctl" --endpoints "$SEALKEEP_HOME/endpoints.json" --as "$who" --json enrol || return
  done
  for waiting in $(demo_officer enrolments | jq -r '.enrolments[] | select(.state == "waiting") | .id'); do
    demo_officer approve "$waiting" >/dev/null || return
    say "         the demo officer approved key ${waiting:0:12}…; in a deployment a person does that"
  done
  rm -f "$SEALKEEP_HOME/endpoints.json"
}

demo_officer() {
  "$bin/kmctl" --endpoints "$SEALKEEP_HOME/endpoints.json" --as officer --json "$@" 2>>"$SEALKEEP_HOME/logs/quickstart.log"
}
