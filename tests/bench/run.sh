#!/usr/bin/env bash
# The benchmark: a table on the terminal and a JSON file. Never a timed test; nothing of it runs in tests/run.sh.
#
#   tests/bench/run.sh [JSON file, target/bench/timing.json if not given]
#
# timing: whether the time of a refusal tells why a ciphertext was refused (Welch's t); about a quarter of an hour.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/lib/packages.sh
source deploy/lib/packages.sh
need_cargo
need_for_building_and_running
install_missing_packages
json=${1:-target/bench/timing.json}
mkdir -p "$(dirname "$json")"
cargo build --release --locked -p km-bench -p softhsm-init
target/release/km-bench timing "$json"
echo "figures: $json"
