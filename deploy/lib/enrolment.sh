# shellcheck shell=bash disable=SC2154 # bin comes from build.sh
# Roots and keys, one-time tokens and first certificates, and the enrolled keys of the demo identities.

tenant=demo
identities=(backend caseworker officer second_officer auditor)

# Before anything serves: roots, keys, and the one-time tokens for first certificates. Run again, it makes only what is
# missing. The registry renews its certificate by itself, once it has one.
initialise_keymanager() {
  local root
  quietly keymanager init --tenant "$tenant" || return
  for root in ca evidence-root business-root; do
    cp "$SEALKEEP_HOME/keymanager/$root.pem" "$SEALKEEP_HOME/$root.pem" || return
  done
  invite registry registry "$SEALKEEP_HOME/registry" || return
  invite_certified
}

# The issuer and the demo identities have nobody who renews their certificates for them.
invite_certified() {
  local who
  invite issuer dev-issuer "$SEALKEEP_HOME/issuer" || return
  for who in "${identities[@]}"; do
    invite "$(kind_of "$who")" "$who" "$SEALKEEP_HOME/identities/$who" || return
  done
}

keymanager() {
  local command=$1
  shift
  SOFTHSM2_CONF="$SEALKEEP_HOME/token/softhsm2.conf" \
    "$bin/keymanager-svc" "$command" --config "$SEALKEEP_HOME/config/keymanager.toml" "$@"
}

# The officers' listener admits certificates of kind officer only.
kind_of() {
  case $1 in
    officer | second_officer | auditor) echo officer ;;
    *) echo client ;;
  esac
}

# invite KIND NAME FOLDER: a one-time token in FOLDER/invitation, unless there is a certificate that holds for a while yet.
invite() {
  local kind=$1 name=$2 folder=$3
  mkdir -p "$folder"
  has_certificate "$folder" && return
  quietly keymanager invite --tenant "$tenant" --kind "$kind" --name "$name" --out "$folder/invitation"
}

# For eight hours more, of the day that a certificate lives: quickstart may stay up for long.
has_certificate() {
  [[ -s $1/certificate.pem ]] && quietly openssl x509 -checkend 28800 -noout -in "$1/certificate.pem"
}

# ask_certificate KIND NAME FOLDER: a key made here, and a certificate for it in exchange for the one-time token, if there is one.
ask_certificate() {
  local kind=$1 name=$2 folder=$3 csr
  [[ -s $folder/invitation ]] || return 0
  make_key "$folder/key.pem" || return
  csr=$(openssl req -new -key "$folder/key.pem" -subj "/OU=$kind/CN=$name" -outform DER | base64 -w0) || return
  jq -n --rawfile token "$folder/invitation" --arg csr "$csr" '{token: ($token | rtrimstr("\n")), csr: $csr}' |
    curl -sS --fail-with-body --cacert "$SEALKEEP_HOME/ca.pem" -H 'content-type: application/json' --data-binary @- \
      "https://127.0.0.1:$(port rest)/v1/enrol" >"$folder/answer.json" 2>>"$SEALKEEP_HOME/logs/quickstart.log" || {
    cat "$folder/answer.json" >>"$SEALKEEP_HOME/logs/quickstart.log"
    return 1
  }
  jq -r '.chain[]' "$folder/answer.json" >"$folder/certificate.new" || return
  mv "$folder/certificate.new" "$folder/certificate.pem"
  rm -f "$folder/answer.json" "$folder/invitation"
}

# A P-256 key as PKCS#8 PEM, readable by its owner alone.
make_key() {
  [[ -s $1 ]] || (umask 077 && quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1")
}

certify_issuer() { ask_certificate issuer dev-issuer "$SEALKEEP_HOME/issuer"; }

certify_demo_identities() {
  local who
  for who in "${identities[@]}"; do
    ask_certificate "$(kind_of "$who")" "$who" "$SEALKEEP_HOME/identities/$who" || return
  done
}

# Every demo identity proves to the key manager, once, that it holds its key; a demo officer consents.
enrol_demo_identities() {
  local who waiting issuer new=()
  issuer=https://127.0.0.1:$(port issuer)
  for who in "${identities[@]}"; do
    # A principal is a name at an issuer, and the issuer's name holds its port.
    grep -qsxF "$issuer" "$SEALKEEP_HOME/identities/$who/enrolled" || new+=("$who")
  done
  ((${#new[@]})) || return 0
  write_endpoints "$SEALKEEP_HOME/.endpoints.json" || return # for the programs below only
  for who in "${new[@]}"; do
    make_key "$SEALKEEP_HOME/identities/$who/reader.pem" || return
    demo registryctl "$who" enrol >/dev/null || return
  done
  demo kmctl officer enrolments >"$SEALKEEP_HOME/run/enrolments.json" || return
  for waiting in $(jq -r '.enrolments[] | select(.state == "waiting") | .id' "$SEALKEEP_HOME/run/enrolments.json"); do
    # Nobody approves their own key, an officer neither.
    demo kmctl officer approve "$waiting" >/dev/null || demo kmctl second_officer approve "$waiting" >/dev/null || return
    note "a demo officer approved key ${waiting:0:12}…; in a deployment a person does that"
  done
  for who in "${new[@]}"; do echo "$issuer" >"$SEALKEEP_HOME/identities/$who/enrolled"; done
  rm -f "$SEALKEEP_HOME/.endpoints.json"
}

# demo PROGRAM WHO ARGUMENTS…: the answer on stdout; a refusal goes to the log too.
demo() {
  local program=$1 who=$2 answer status=0 log="$SEALKEEP_HOME/logs/quickstart.log"
  shift 2
  answer=$("$bin/$program" --endpoints "$SEALKEEP_HOME/.endpoints.json" --as "$who" --json "$@" 2>>"$log") || status=$?
  tee -a "$log" <<<"$answer"
  return "$status"
}
