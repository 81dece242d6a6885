# shellcheck shell=bash
# A PostgreSQL server of the test run's own: temporary directory, Unix socket, no TCP, no system service.

# Called as "postgres_start || …" too, where set -e does not hold: hence each "|| return".
postgres_dir=

# initdb and the server refuse root: run them as an unprivileged user then.
as_postgres() {
  if ((EUID == 0)); then
    local user=nobody
    id postgres >/dev/null 2>&1 && user=postgres
    (cd / && runuser -u "$user" -- "$@")
  else
    "$@"
  fi
}

# postgres_start [FSYNC]: off unless the argument says on.
postgres_start() {
  local bin fsync=${1:-off}
  bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1)
  [[ -n $bin ]] || { echo "no PostgreSQL server under /usr/lib/postgresql" >&2; return 1; }
  postgres_bin=$bin
  # A socket's path may have 107 characters, so not below the work tree.
  postgres_dir=$(mktemp -d /tmp/sealkeep-pg.XXXXXX) || return
  ((EUID != 0)) || chown "$(as_postgres id -u)" "$postgres_dir" || return
  as_postgres "$bin/initdb" -D "$postgres_dir/data" -U sealkeep -A trust -E UTF8 --locale=C --no-sync || return
  as_postgres "$bin/pg_ctl" -D "$postgres_dir/data" -l "$postgres_dir/log" -w \
    -o "-c listen_addresses= -c unix_socket_directories=$postgres_dir -c max_connections=200 -c fsync=$fsync" start || return
  export SEALKEEP_TEST_POSTGRES="postgres://sealkeep@/?host=$postgres_dir"
  export PATH=$PATH:$bin
}

# postgres_restart FOLDER HOW: of a server that postgres_start started, from another shell; how: fast, or immediate as in a crash.
postgres_restart() {
  local bin
  bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1)
  as_postgres "$bin/pg_ctl" -D "$1/data" -l "$1/log" -m "$2" -w restart
}

postgres_stop() {
  [[ -n $postgres_dir ]] || return 0
  as_postgres "$postgres_bin/pg_ctl" -D "$postgres_dir/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$postgres_dir"
  postgres_dir=
}
