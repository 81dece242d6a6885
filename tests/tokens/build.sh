#!/usr/bin/env bash
# Builds the PKCS#11 modules that the tests load: every workspace beside this script, into target/tokens.
#
#   tests/tokens/build.sh
#
# They are kept out of the product's lock file: one links OpenSSL, and they may say unsafe. tests/run.sh calls this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for manifest in */Cargo.toml; do
  cargo build --release --locked --manifest-path "$manifest" --target-dir ../../target/tokens
done
