# shellcheck shell=bash
# What every step of the tour uses: the two commands as one of the demo identities, evidence, failure.
set -Eeuo pipefail

home=${SEALKEEP_HOME:?the tour runs inside deploy/quickstart.sh}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "$here/../.." && pwd)/target/release
endpoints=$home/endpoints.json
work=$home/tour
mkdir -p "$work"
scratch=$(mktemp -d "$work/step.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
log=$home/logs/tour.log
register=$(jq -r .register "$endpoints")

# The terminal, also where a command's own output goes to the log.
exec 3>&1

# A step says what it does first; then evidence, line by line; then it holds, or says why not.
title() {
  step="$1"
  printf '\n%s\n' "$1"
  printf '\n== %s\n' "$1" >>"$log"
}
evidence() { printf '   %s\n' "$*"; }
holds() { printf '   ✓ %s\n' "$*"; }
fail() {
  printf '   FAILED: %s\n   why: %s\n   log: %s (services: %s)\n' "$step" "$*" "$log" "$home/logs/" >&3
  exit 1
}

# A command that ends with an error fails the step, unless the step looks at its status. In a subshell the error goes up first.
unexpected() {
  local status=$?
  ((BASH_SUBSHELL == 0)) || exit "$status"
  fail "${1:0:60}… ended with status $status: $(tail -n 1 "$log")"
}
trap 'unexpected "${BASH_COMMAND%%[$'"'"'\n'"'"'|]*}"' ERR

# as WHO registryctl|kmctl ARGUMENTS…: the command under a demo identity, JSON on stdout, messages to the log.
as() {
  local who=$1 program=$2
  shift 2
  "$bin/$program" --endpoints "$endpoints" --as "$who" --json "$@" 2>>"$log"
}

# refused WHAT CODE… -- COMMAND…: the command must be refused (exit status 1) for one of these reasons, which is shown.
refused() {
  local what=$1 codes=() answer=$scratch/refused.json status=0 code
  shift
  while [[ $1 != -- ]]; do codes+=("$1"); shift; done
  shift
  "$@" >"$answer" || status=$?
  cat "$answer" >>"$log"
  ((status == 1)) || fail "$what: expected a refusal, got exit status $status"
  code=$(jq -r '[.. | objects | .code? // empty] | first // "no code"' "$answer")
  [[ " ${codes[*]} " == *" $code "* ]] || fail "$what: refused as $code, expected ${codes[*]}"
  evidence "$what: refused, $code ($(jq -r '[.. | objects | .detail? // empty] | first // ""' "$answer"))"
}

# person N COLUMN: one cell of the N-th sample person.
person() {
  python3 -c 'import csv, sys; print(list(csv.DictReader(open(sys.argv[1], encoding="utf-8")))[int(sys.argv[2])][sys.argv[3]])' \
    "$work/people.csv" "$1" "$2"
}

# find_record NATIONAL_ID: its record id, as a caseworker.
find_record() {
  as caseworker registryctl find "$register" national_id "$1" --purpose eligibility --case TOUR-1 >"$scratch/find.json"
  jq -er '.records[0].record' "$scratch/find.json"
}

# read_record RECORD FIELDS: opened by a caseworker, into $scratch/open.json.
read_record() {
  as caseworker registryctl open "$register" "$1" --fields "$2" --purpose eligibility --case TOUR-1 >"$scratch/open.json"
}

# A number that counts the runs on this state, so that each run erases another person.
run_number() { cat "$work/run" 2>/dev/null || echo 0; }

# The registry's own database, as a thief would find it.
registry_db=$home/registry/registry.db
in_registry() { sqlite3 -cmd '.timeout 5000' "$registry_db" "$@"; }
