#!/usr/bin/env bash
# Builds Sealkeep, starts both services on a software token and SQLite, runs the tour, and stays up until Ctrl-C.
#
#   deploy/quickstart.sh           stay in the foreground after the tour
#   deploy/quickstart.sh --tour    end after the tour; exit status 0 only if every step held
#
# All state lies in .sealkeep/ (SEALKEEP_HOME moves it). Run again, it goes on with what is there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
for part in say packages build state services enrolment endpoints; do
  # shellcheck source=/dev/null
  source "deploy/lib/$part.sh"
done

tour_only=false
for option in "$@"; do
  case $option in
    --tour) tour_only=true ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $option" >&2; exit 2 ;;
  esac
done

export SEALKEEP_HOME=${SEALKEEP_HOME:-$root/.sealkeep}
mkdir -p "$SEALKEEP_HOME/run"
SEALKEEP_HOME=$(cd "$SEALKEEP_HOME" && pwd)
exec 9>"$SEALKEEP_HOME/run/lock"
if ! flock -n 9; then
  echo "another quickstart runs on $SEALKEEP_HOME" >&2
  exit 1
fi

stop_everything() {
  trap '' INT TERM
  rm -f "$SEALKEEP_HOME/endpoints.json"
  stop_services
}
trap stop_everything EXIT
trap 'exit 130' INT TERM

stage "system packages" install_what_is_missing
stage "build" build_release
begun_services=$SECONDS
stage "state folder and token" prepare_state
stage "keys and roots" initialise_keymanager
stage "keymanager-svc" start_keymanager
stage "development issuer" start_issuer
stage "registry-svc" start_registry
stage "demo identities" enrol_demo_identities
stage "everything ready" wait_until_ready
stage "endpoints.json" write_endpoints
say "Ready after $((SECONDS - begun_services)) s (build not counted). Endpoints: $SEALKEEP_HOME/endpoints.json"

tour_status=0
deploy/tour/run.sh || tour_status=$?
if $tour_only; then exit "$tour_status"; fi

say "Both services stay up. Ctrl-C stops them."
watch_services
