# shellcheck shell=bash
# System packages: what is needed, why, and installing what is missing with apt (only then).

missing_packages=()

# need PACKAGE PROOF WHY: PROOF is a command, or a path (globs allowed) that the package brings.
need() {
  local package=$1 proof=$2 why=$3
  if [[ $proof == */* ]]; then
    compgen -G "$proof" >/dev/null && return 0
  else
    command -v "$proof" >/dev/null && return 0
  fi
  printf '  missing: %-14s %s\n' "$package" "$why"
  missing_packages+=("$package")
}

# What both the quickstart and the tests need.
need_for_building_and_running() {
  need build-essential cc "compiles the C parts of ring, aws-lc and SQLite"
  need pkg-config pkg-config "finds libpq for the build"
  need libpq-dev '/usr/include/*/libpq-fe.h' "the PostgreSQL client library"
  need softhsm2 softhsm2-util "the software token that stands in for an HSM"
  need openssl openssl "checks signatures without our software"
  need curl curl "asks the services whether they are ready"
  need jq jq "reads JSON answers"
  need sqlite3 sqlite3 "shows the database rows as a thief would see them"
  need unzip unzip "opens the export bundle"
  need python3 python3 "makes the sample people and searches for their values"
}

# Installs what need() found missing, or names it and fails where it may not install.
install_missing_packages() {
  ((${#missing_packages[@]})) || return 0
  local asroot=()
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      asroot=(sudo -n)
    else
      echo "Not root, and no sudo without a password. Please install: ${missing_packages[*]}" >&2
      return 1
    fi
  fi
  if ! command -v apt-get >/dev/null; then
    echo "No apt here. Please install the equivalents of: ${missing_packages[*]}" >&2
    return 1
  fi
  echo "Installing: ${missing_packages[*]}"
  if [[ " ${missing_packages[*]} " == *" postgresql "* ]]; then
    # The tests start a server of their own: the package must not set up one for the system.
    "${asroot[@]}" mkdir -p /etc/postgresql-common/createcluster.d
    "${asroot[@]}" tee /etc/postgresql-common/createcluster.d/no-main-cluster.conf >/dev/null <<<"create_main_cluster = false"
  fi
  local log
  log=$(mktemp)
  if ! { "${asroot[@]}" apt-get update && "${asroot[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing_packages[@]}"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "apt could not install: ${missing_packages[*]} (whole log: $log)" >&2
    return 1
  fi
  rm -f "$log"
  missing_packages=()
}

# The toolchain is the one thing that a newcomer brings.
need_cargo() {
  command -v cargo >/dev/null || [[ ! -x $HOME/.cargo/bin/cargo ]] || PATH=$HOME/.cargo/bin:$PATH
  if ! command -v cargo >/dev/null; then
    echo "No Rust toolchain: install one from https://rustup.rs, then start again." >&2
    return 1
  fi
}
