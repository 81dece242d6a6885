#!/usr/bin/env bash
# Runs every test: installs what they need, builds, lints, tests on SQLite and on a PostgreSQL of its own, tries the quickstart.
#
#   tests/run.sh            everything
#   tests/run.sh --quick    without the quickstart, its tour and the examples
#
# Whatever it starts it stops. Its last line is "N passed, N failed"; exit status 0 means that nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/lib/packages.sh
source deploy/lib/packages.sh
# shellcheck source=tests/postgres.sh
source tests/postgres.sh

quick=false
for option in "$@"; do
  case $option in
    --quick) quick=true ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $option" >&2; exit 2 ;;
  esac
done

logs=target/test-logs
mkdir -p "$logs"
passed=0 failed=0 table=()

trap postgres_stop EXIT
trap 'exit 130' INT TERM

# step NAME COMMAND…: runs it, times it, keeps its output, shows the end of it when it fails.
step() {
  local name=$1 log="$logs/${1// /-}.log" begun=$SECONDS state=ok counted
  shift
  printf '%s ...\n' "$name"
  if "$@" >"$log" 2>&1; then :; else state=FAILED; fi
  counted=$(count_tests "$log")
  if [[ $counted == "0 0" ]]; then
    if [[ $state == ok ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  else
    passed=$((passed + ${counted% *}))
    failed=$((failed + ${counted#* }))
    # A test program that died or did not build counts too.
    if [[ $state == FAILED && ${counted#* } == 0 ]]; then failed=$((failed + 1)); fi
  fi
  if [[ $state == FAILED ]]; then
    grep -E '^(error|test .* FAILED|---- )' "$log" | head -40 || true
    tail -40 "$log"
    echo "$name FAILED (whole log: $log)"
  fi
  table+=("$(printf '%-28s %6d s  %s' "$name" $((SECONDS - begun)) "$state")")
}

# Sums the result lines of cargo test.
count_tests() {
  awk '/^test result:/ { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i } }
       END { printf "%d %d", p, f }' "$1"
}

packages() {
  need_for_building_and_running
  need postgresql '/usr/lib/postgresql/*/bin/initdb' "the second database under the same tests"
  need locales /usr/share/i18n/locales/tr_TR "the Turkish locale, in which i and I are not a pair"
  need shellcheck shellcheck "lints the scripts"
  need libssl-dev '/usr/include/openssl/ssl.h' "OpenSSL for the second token, tests/tokens/kryoptic"
  need libclang-dev '/usr/lib/llvm-*/lib/libclang.so' "reads OpenSSL's headers for it"
  python3 -c 'import ensurepip, venv' 2>/dev/null ||
    need python3-venv ./no-such-file "a private folder for the Python packages that read what the MOSIP dialect writes"
  need faketime '/usr/lib/*/faketime/libfaketime.so.1' "sets the clock of one process wrong"
  install_missing_packages
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

format() {
  local manifest
  cargo fmt --all --check || return
  for manifest in tests/tokens/*/Cargo.toml; do cargo fmt --manifest-path "$manifest" --check || return; done
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

build_tests() {
  cargo test --release --locked --workspace --tests --no-run
}

tests() {
  cargo test --release --locked --workspace --no-fail-fast --tests
}

# Once more where text and time differ: quarter-hour offset, dotless i. Asked for by --lib and --bins, packages without unit tests
# would be compiled for them all the same: hence the exceptions.
tests_elsewhere() {
  mkdir -p target/locale
  [[ -d target/locale/tr_TR.UTF-8 ]] || localedef -i tr_TR -f UTF-8 target/locale/tr_TR.UTF-8 || return
  LOCPATH=$PWD/target/locale TZ=Asia/Kathmandu LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 \
    cargo test --release --locked --workspace --no-fail-fast --lib --bins \
    --exclude keymanager-svc --exclude km-keystore --exclude km-proto --exclude km-storage
}

need_cargo
step "packages" packages
step "format" format
step "build" cargo build --release --locked --workspace --bins
step "clippy" cargo clippy --release --locked --workspace --all-targets -- -D warnings
step "scripts" shell_lint
step "cargo-deny installed" install_cargo_deny
step "licences bans sources" deny
advisories
step "build of the tests" build_tests
step "tokens for the tests" tests/tokens/build.sh
step "postgres started" postgres_start
step "tests" tests
step "tests in tr_TR, Kathmandu" tests_elsewhere
$quick || step "quickstart twice, examples" tests/quickstart.sh

printf '\n%-28s %8s\n' step time
printf '%s\n' "${table[@]}"
printf '%-28s %6d s\n\n' total $SECONDS
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
