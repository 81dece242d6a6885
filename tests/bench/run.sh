#!/usr/bin/env bash
# The benchmark: each row beside its ceiling, measured in the same run. A table on the terminal, as Markdown and as JSON. Never a
# timed test; nothing of it runs in tests/run.sh.
#
#   tests/bench/run.sh                        every row (about half an hour)
#   tests/bench/run.sh --rows NAME,NAME       these rows: encrypt-sqlite encrypt-postgres sign-es256 sign-es256-batch decrypt-rsa
#                                             sign-rs256 seal seal-singly open import rewrap mosip-encrypt mosip-decrypt
#                                             mosip-jwtsign mosip-jwtverify start
#   tests/bench/run.sh --repeats 1 --seconds 2 --people 5000 --keys 1000
#                                             shorter: rounds (5), seconds of one measurement (5), people of import and rewrap
#                                             (100,000), keys of the start (10,000)
#   tests/bench/run.sh --out FOLDER           where table.md and figures.json go (target/bench)
#   tests/bench/run.sh timing                 another thing: whether the time of a refusal tells why a ciphertext was refused
#                                             (Welch's t); about a quarter of an hour
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/lib/packages.sh
source deploy/lib/packages.sh
# shellcheck source=tests/postgres.sh
source tests/postgres.sh

out=target/bench options=() timing=false
while (($#)); do
  case $1 in
    timing) timing=true ;;
    --rows | --repeats | --seconds | --people | --keys) options+=("$1" "${2:?"$1 needs a value"}"); shift ;;
    --out) out=${2:?"--out needs a folder"}; shift ;;
    -h | --help) sed -n '2,16s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift
done

need_cargo
need_for_building_and_running
need postgresql '/usr/lib/postgresql/*/bin/initdb' "the second database"
need wrk wrk "makes the load"
install_missing_packages
mkdir -p "$out"

if $timing; then
  cargo build --release --locked -p km-bench -p softhsm-init
  target/release/km-bench timing "$out/timing.json"
  echo "figures: $out/timing.json"
  exit
fi

cargo build --release --locked --workspace --bins
trap postgres_stop EXIT
trap 'exit 130' INT TERM
# Figures without fsync would be none.
postgres_start on >"$out/postgres.log" 2>&1 || { tail "$out/postgres.log" >&2; exit 1; }
target/release/km-bench run "${options[@]}" --json "$out/figures.json" --markdown "$out/table.md"
echo "table: $out/table.md, figures: $out/figures.json"
