# shellcheck shell=bash
# What the person at the terminal reads.

say() { printf '%s\n' "$*"; }

# complain WHAT WHY LOG: one shape for every failure.
complain() {
  printf 'FAILED %s\n  why: %s\n  log: %s\n' "$1" "$2" "$3" >&2
}

# elapsed SINCE: the time since then (nanoseconds of `date +%s%N`), in seconds with a tenth.
elapsed() {
  local tenths=$((($(date +%s%N) - $1) / 100000000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# stage NAME COMMAND…: one stage of the start, with the time since the start and the time that it took. What it has to say stands
# between, indented; the rest goes to the log.
stage() {
  local name=$1 begun log="$SEALKEEP_HOME/logs/quickstart.log" size
  shift
  begun=$(date +%s%N)
  printf '[%4d s] %s\n' "$SECONDS" "$name"
  printf '== %s: %s\n' "$(date -u +%FT%TZ)" "$name" >>"$log"
  size=$(stat -c %s "$log")
  complained=false
  "$@" || {
    $complained || complain "$name" "$(tail -c "+$((size + 1))" "$log" | grep -v '^$' | tail -3 | tr '\n' ' ')" "$log"
    exit 1
  }
  printf '         %s\n' "$(elapsed "$begun")"
}

# note TEXT: a line of a stage.
note() { printf '         %s\n' "$*"; }

# quietly COMMAND…: for the log only.
quietly() { "$@" >>"$SEALKEEP_HOME/logs/quickstart.log" 2>&1; }
