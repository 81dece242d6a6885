#!/usr/bin/env bash
# The soak: a whole system under mixed load, with rotations, token loss, database restarts and kills at random.
#
#   tests/soak/run.sh [--postgres] [--kryoptic] [--seed NUMBER] [MINUTES]     30 minutes unless told otherwise
#
# At its end every record that was ever acknowledged opens with its last values, every erased one does not, the log verifies,
# memory and file handles are where they were. It prints its seed, what happened, and exit status 0 if all of that holds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/postgres.sh
source tests/postgres.sh

postgres=false minutes=30 options=()
while (($#)); do
  case $1 in
    --postgres) postgres=true; options+=(--postgres) ;;
    --kryoptic) options+=(--kryoptic) ;;
    --seed) options+=(--seed "$2"); shift ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    [0-9]*) minutes=$1 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift
done

logs=target/test-logs
mkdir -p "$logs"
echo "building; the log is $logs/soak-build.log"
cargo build --release --locked --workspace --bins >"$logs/soak-build.log" 2>&1 || { tail -40 "$logs/soak-build.log" >&2; exit 1; }
tests/tokens/build.sh >>"$logs/soak-build.log" 2>&1 || { tail -40 "$logs/soak-build.log" >&2; exit 1; }

trap postgres_stop EXIT
trap 'exit 130' INT TERM
if $postgres; then postgres_start off >"$logs/soak-postgres.log" 2>&1; fi
# Not exec: the server is stopped afterwards.
target/release/km-soak --minutes "$minutes" "${options[@]}"
