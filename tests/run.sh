#!/usr/bin/env bash
# Runs every test: installs what they need, builds, tests on SQLite and on a PostgreSQL of its own, tries the quickstart.
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
# shellcheck source=tests/steps.sh
source tests/steps.sh

quick=false
for option in "$@"; do
  case $option in
    --quick) quick=true ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $option" >&2; exit 2 ;;
  esac
done

trap postgres_stop EXIT
trap 'exit 130' INT TERM

packages() {
  need_for_building_and_running
  need postgresql '/usr/lib/postgresql/*/bin/initdb' "the second database under the same tests"
  need locales /usr/share/i18n/locales/tr_TR "the Turkish locale, in which i and I are not a pair"
  need libssl-dev '/usr/include/openssl/ssl.h' "OpenSSL for the second token, tests/tokens/kryoptic"
  need libclang-dev '/usr/lib/llvm-*/lib/libclang.so' "reads OpenSSL's headers for it"
  python3 -c 'import ensurepip, venv' 2>/dev/null ||
    need python3-venv ./no-such-file "a private folder for the Python packages that read what the MOSIP dialect writes"
  need faketime '/usr/lib/*/faketime/libfaketime.so.1' "sets the clock of one process wrong"
  install_missing_packages
}

build_tests() {
  cargo test --release --locked --workspace --tests --no-run
}

# Most tests wait for processes more than they work: three times as many at a time as there are cores.
tests() {
  RUST_TEST_THREADS=$(($(nproc) * 3)) cargo test --release --locked --workspace --no-fail-fast --tests
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

# Other programs' reading of what we write; a test that is told of these Pythons fails without their packages.
export SEALKEEP_TEST_PYTHONS=$PWD/target/pythons
python_packages() {
  local list folder
  for list in tests/fixtures/*/requirements.txt; do
    folder=$SEALKEEP_TEST_PYTHONS/$(basename "$(dirname "$list")")
    python3 -m venv "$folder" || return
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list" || return
  done
}

need_cargo
step "packages" packages
# They come over the network while the processors build.
python_packages >target/test-logs/pip.log 2>&1 &
python_packages_come=$!
step "build" cargo build --release --locked --workspace --bins
step "build of the tests" build_tests
step "tokens for the tests" tests/tokens/build.sh
step "Python packages" wait "$python_packages_come"
step "postgres started" postgres_start
step "tests" tests
step "tests in tr_TR, Kathmandu" tests_elsewhere
$quick || step "quickstart twice, examples" tests/quickstart.sh

report
