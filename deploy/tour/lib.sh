# shellcheck shell=bash
# What every step of the tour uses: the two commands as one of the demo identities, evidence, failure.
set -Eeuo pipefail

home=${SEALKEEP_HOME:?the tour runs inside deploy/quickstart.sh}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "$here/../.." && pwd -P)/target/release
endpoints=$home/endpoints.json
work=$home/tour
umask 077
mkdir -p "$work"
scratch=$(mktemp -d "$work/step.XXXXXX")
log=$home/logs/tour.log
# shellcheck disable=SC2034 # for the steps
people=$work/people.csv

# What a step has to put right, however it ends.
put_right() { :; }
trap 'put_right; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# The terminal, also where a command's own output goes to the log.
exec 3>&1

# A step says what it does first; then evidence, line by line; then it holds, or says why not.
title() {
  step="$1"
  printf '\n%s\n' "$1"
  printf '\n== %s: %s\n' "$(date -u +%FT%TZ)" "$1" >>"$log"
}
evidence() { printf '   %s\n' "$*"; }
shown() { sed 's/^/     /'; }
holds() { printf '   ✓ %s\n' "$*"; }
fail() {
  printf '   FAILED: %s\n   why: %s\n   log: %s (of the services: %s)\n' "$step" "$*" "$log" "$home/logs/" >&3
  exit 1
}

# A command that ends with an error fails the step, unless the step looks at its status. In a subshell the error goes up first.
unexpected() {
  local status=$? command=${1%%$'\n'*}
  ((BASH_SUBSHELL == 0)) || exit "$status"
  fail "\"${command:0:70}\" ended with status $status: $(tail -n 1 "$log")"
}
trap 'unexpected "$BASH_COMMAND"' ERR

# as WHO registryctl|kmctl ARGUMENTS…: the command under a demo identity. JSON on stdout, a refusal goes to the log too.
as() {
  local who=$1 program=$2 answer=$scratch/answer.$BASHPID status=0
  shift 2
  "$bin/$program" --endpoints "$endpoints" --as "$who" --json "$@" >"$answer" 2>>"$log" || status=$?
  if ((status)); then printf '%s %s as %s, status %s: %s\n' "$program" "$1" "$who" "$status" "$(<"$answer")" >>"$log"; fi
  cat "$answer"
  return "$status"
}

# refused WHAT CODE -- COMMAND…: the command must be refused (exit status 1) for this reason, which is shown.
refused() {
  local what=$1 expected=$2 answer=$scratch/refused.json status=0 code
  shift 3
  "$@" >"$answer" || status=$?
  ((status == 1)) || fail "$what: expected a refusal, got exit status $status"
  code=$(jq -r '[.. | objects | .code? // empty] | first // "no code"' "$answer")
  [[ $code == "$expected" ]] || fail "$what: refused as $code, expected $expected"
  # "code: title (detail)": the detail says it best.
  evidence "$what: refused, $code$(jq -r --arg code "$code" '[.. | objects | .detail? // empty] | first // "" | ltrimstr($code + ": ")
    | (capture("^[^(]+ \\((?<detail>.+)\\)$").detail // .) | if . == "" then . else ": " + . end' "$answer")"
}

# person N COLUMN: one cell of the N-th sample person, counted from 0; rows that break a rule are counted too.
person() {
  python3 -c 'import csv, sys; print(list(csv.DictReader(open(sys.argv[1], encoding="utf-8")))[int(sys.argv[2])][sys.argv[3]])' \
    "$people" "$1" "$2"
}

# find_person NATIONAL_ID [FIELDS]: found and opened by a caseworker, into $scratch/found.json; prints the record's id. The id to look
# for goes in by standard input: a command line is visible to every user of the machine.
find_person() {
  printf '%s' "$1" | as caseworker registryctl find --field national_id --fields "${2:-display_name}" \
    --purpose eligibility --case TOUR-1 >"$scratch/found.json"
  jq -er '.records | if length == 1 then .[0].record else error("\(length) records") end' "$scratch/found.json" 2>>"$log"
}

# open_record RECORD FIELDS: opened by a caseworker.
open_record() {
  as caseworker registryctl open "$1" --fields "$2" --purpose eligibility --case TOUR-1
}

# name_of RECORD: what a caseworker reads as the name.
name_of() { open_record "$1" display_name >"$scratch/name.json" && jq -er '.records[0].values.display_name' "$scratch/name.json"; }

# A number that counts the runs on this state, so that each run erases another person.
run_number() { cat "$work/run" 2>/dev/null || echo 0; }

# Where the log stood when the tour began.
tour_began_at() { jq .size "$work/checkpoint-before.json"; }

# The registry's own database, as a thief would find it.
in_registry() { sqlite3 -cmd '.timeout 5000' "$home/registry/registry.db" "$@"; }

# 12345 as 12,345.
grouped() { local n=$1; while [[ $n =~ ^([0-9]+)([0-9]{3}.*)$ ]]; do n=${BASH_REMATCH[1]},${BASH_REMATCH[2]}; done; printf '%s' "$n"; }
