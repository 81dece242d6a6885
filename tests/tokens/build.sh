#!/usr/bin/env bash
# Builds the PKCS#11 modules of the tests, each a workspace of its own, into target/tokens.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for module in faulty; do
  cargo build --release --locked --manifest-path "$module/Cargo.toml" --target-dir ../../target/tokens
done
