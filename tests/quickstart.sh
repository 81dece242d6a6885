#!/usr/bin/env bash
# Tries deploy/quickstart.sh as a new user would: a fresh start with the tour, a second start on the same state that stays up,
# every example against it, Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SEALKEEP_HOME=$(mktemp -d /tmp/sealkeep-quickstart.XXXXXX)
export SEALKEEP_HOME
running=
leave() {
  [[ -z $running ]] || kill -INT "$running" 2>/dev/null || true
  wait
  rm -rf "$SEALKEEP_HOME"
}
trap leave EXIT
trap 'exit 130' INT TERM

fail() {
  echo "FAILED $1"
  exit 1
}

echo "== a fresh start"
deploy/quickstart.sh --tour | tee "$SEALKEEP_HOME/first.txt"
[[ ! -e $SEALKEEP_HOME/endpoints.json ]] || fail "endpoints.json is there after the end"

echo "== a second start on the same state"
# In a session of its own and with Ctrl-C heard, as on a terminal: a shell starts what is in the background deaf to it.
setsid env --default-signal=INT deploy/quickstart.sh >"$SEALKEEP_HOME/second.txt" 2>&1 &
running=$!
until grep -q 'Ctrl-C stops them' "$SEALKEEP_HOME/second.txt"; do
  kill -0 "$running" 2>/dev/null || { cat "$SEALKEEP_HOME/second.txt"; fail "the second start ended"; }
  sleep 0.2
done
cat "$SEALKEEP_HOME/second.txt"
awk '/^Ready .* after the build/ { found = $2 < 10 } END { exit !found }' "$SEALKEEP_HOME/second.txt" ||
  fail "the second start took 10 s or more"
grep -q ' 0 people created, 1,000 were there before' "$SEALKEEP_HOME/second.txt" || fail "the second start imported people twice"

echo "== the examples"
tests/examples.sh "$SEALKEEP_HOME/endpoints.json"

echo "== Ctrl-C"
kill -INT "$running"
status=0
wait "$running" || status=$?
running=
((status == 0)) || fail "Ctrl-C ended with $status"
[[ ! -e $SEALKEEP_HOME/endpoints.json ]] || fail "endpoints.json is there after Ctrl-C"
! pgrep -f "$SEALKEEP_HOME/config" >/dev/null || fail "a service is still running"
echo "ok"
