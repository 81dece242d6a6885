#!/usr/bin/env bash
# Looks at the sources without running them: format, clippy with warnings denied, shell scripts, licences and bans of dependencies.
#
#   tests/lint.sh
#
# Its last line is "N passed, N failed"; exit status 0 means that nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/lib/packages.sh
source deploy/lib/packages.sh
# shellcheck source=tests/steps.sh
source tests/steps.sh

case ${1-} in
  '') ;;
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "unknown option $1" >&2; exit 2 ;;
esac

packages() {
  need_for_building_and_running
  need shellcheck shellcheck "lints the scripts"
  install_missing_packages
}

format() {
  local manifest
  cargo fmt --all --check || return
  for manifest in tests/tokens/*/Cargo.toml; do cargo fmt --manifest-path "$manifest" --check || return; done
}

shell_lint() {
  git ls-files -z --cached --others --exclude-standard '*.sh' .ci/run | xargs -0 -r shellcheck -x
}

# cargo-deny from its source, unoptimised: a minute and a quarter on two cores, and it only reads manifests.
install_cargo_deny() {
  if command -v cargo-deny >/dev/null || [[ -x target/tools/bin/cargo-deny ]]; then return 0; fi
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 cargo install cargo-deny --version 0.20.2 --locked --debug \
    --root target/tools --target-dir target/tools/build || return
  rm -rf target/tools/build
}

# What the tests' tokens bring is not part of the product, so OpenSSL is not banned there; the licences must fit all the same.
deny() {
  local manifest PATH=$PATH:$PWD/target/tools/bin
  cargo-deny --locked check licenses bans sources || return
  for manifest in tests/tokens/*/Cargo.toml; do
    cargo-deny --locked --config .deny.toml --manifest-path "$manifest" check licenses sources || return
  done
}

# Advisories need a copy of the RustSec database, which is not fetched here.
advisories() {
  if compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs/*" >/dev/null; then
    step "advisories" env PATH="$PATH:$PWD/target/tools/bin" cargo-deny --offline --locked check advisories
  else
    echo "advisories: skipped, no RustSec database on this machine"
    table+=("$(printf '%-28s %6d s  %s' advisories 0 skipped)")
  fi
}

need_cargo
step "packages" packages
step "format" format
step "clippy" cargo clippy --release --locked --workspace --all-targets -- -D warnings
step "scripts" shell_lint
step "cargo-deny installed" install_cargo_deny
step "licences bans sources" deny
advisories
report
