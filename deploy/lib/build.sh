# shellcheck shell=bash
# One release build of every program. The same profile and target folder serve the tests.

# shellcheck disable=SC2034 # used by the other parts
bin=$PWD/target/release

build_release() {
  need_cargo || return
  # On a terminal cargo draws its progress there; elsewhere its many lines are for the log.
  if [[ -t 2 ]]; then
    cargo build --release --locked --workspace --bins
  else
    quietly cargo build --release --locked --workspace --bins
  fi
}

install_what_is_missing() {
  need_for_building_and_running
  install_missing_packages
}
