#!/usr/bin/env bash
# Builds Sealkeep, starts both services on a software token and SQLite, runs the tour, and stays up until Ctrl-C.
#
#   deploy/quickstart.sh           stay in the foreground after the tour
#   deploy/quickstart.sh --tour    end after the tour; exit status 0 only if every step held
#
# All state lies in .sealkeep/ (SEALKEEP_HOME moves it). Run again, it goes on with what is there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

tour_only=false
for option in "$@"; do
  case $option in
    --tour) tour_only=true ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $option" >&2; exit 2 ;;
  esac
done

SEALKEEP_HOME=${SEALKEEP_HOME:-$root/.sealkeep}
(umask 077 && mkdir -p "$SEALKEEP_HOME"/{run,logs})
SEALKEEP_HOME=$(cd "$SEALKEEP_HOME" && pwd -P)
export SEALKEEP_HOME
cd "$root"
for part in say packages build state services enrolment endpoints; do
  # shellcheck source=/dev/null
  source "deploy/lib/$part.sh"
done

exec 9>"$SEALKEEP_HOME/run/lock"
if ! flock -n 9; then
  echo "another quickstart runs on $SEALKEEP_HOME" >&2
  exit 1
fi

tour=
ended=130 # exit status after Ctrl-C; once everything is up it is the ordinary way to end
stop_everything() {
  trap '' INT TERM
  rm -f "$SEALKEEP_HOME"/{endpoints.json,.endpoints.json}
  if [[ -n $tour ]] && kill -TERM -- "-$tour" 2>/dev/null; then wait "$tour" || true; fi
  stop_services
}
trap stop_everything EXIT

# After a run that could not end in order.
clear_away() {
  rm -f "$SEALKEEP_HOME"/{endpoints.json,.endpoints.json}
  stop_services
}

trap 'exit "$ended"' INT TERM

say "Sealkeep on $SEALKEEP_HOME"
stage "what an earlier run left" clear_away
stage "system packages" install_what_is_missing
stage "release build" build_release
umask 077
begun_services=$(date +%s%N)
stage "state folder and token" prepare_state
stage "keys, roots and invitations" initialise_keymanager
stage "keymanager-svc" start_keymanager
stage "development issuer" start_issuer
stage "registry-svc" start_registry
stage "certificates of the demo identities" certify_demo_identities
stage "enrolled keys of the demo identities" enrol_demo_identities
stage "everything ready" wait_until_ready
stage "endpoints.json" write_endpoints "$SEALKEEP_HOME/endpoints.json"
say "Ready $(elapsed "$begun_services") after the build: $SEALKEEP_HOME/endpoints.json"

# In a session of its own, so that Ctrl-C reaches this script first, which then ends the tour and the services in order.
tour_status=0
setsid deploy/tour/run.sh &
tour=$!
wait "$tour" || tour_status=$?
tour=
if $tour_only; then exit "$tour_status"; fi

say ""
say "Both services stay up; Ctrl-C stops them. What to try:"
for line in \
  "https://127.0.0.1:$(port rest)/docs in a browser: the API, to try out (root certificate: $SEALKEEP_HOME/ca.pem)" \
  "target/release/registryctl --endpoints $SEALKEEP_HOME/endpoints.json --as caseworker list" \
  "target/release/kmctl --endpoints $SEALKEEP_HOME/endpoints.json --as auditor log events"; do say "  $line"; done
ended=0
watch_services
