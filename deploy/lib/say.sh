# shellcheck shell=bash
# What the person at the terminal reads.

say() { printf '%s\n' "$*"; }

# complain WHAT WHY LOG: one shape for every failure.
complain() {
  printf 'FAILED %s\n  why: %s\n  log: %s\n' "$1" "$2" "$3" >&2
}

# stage NAME FUNCTION: runs one step of the start and prints how long it took. Output of the step goes to its log; lines
# that begin with "  " are shown.
stage() {
  local name=$1 begun=$SECONDS log="$SEALKEEP_HOME/logs/quickstart.log"
  shift
  mkdir -p "$SEALKEEP_HOME/logs"
  printf '[%4d s] %s\n' "$SECONDS" "$name"
  printf '\n== %s\n' "$name" >>"$log"
  "$@" || {
    complain "$name" "$(tail -3 "$log" | tr '\n' ' ')" "$log"
    exit 1
  }
  printf '         %s: %d s\n' "$name" $((SECONDS - begun))
}

# quietly COMMAND…: for the log only.
quietly() { "$@" >>"$SEALKEEP_HOME/logs/quickstart.log" 2>&1; }
