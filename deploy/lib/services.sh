# shellcheck shell=bash disable=SC2154 # bin, tenant and identities come from the sibling files
# Starting, waiting for and stopping the processes. Their ids lie in run/, so that a step of the tour can restart one.

start_keymanager() {
  start_service keymanager "http://127.0.0.1:$(port km-ops)/livez" \
    "$bin/keymanager-svc" serve --config "$SEALKEEP_HOME/config/keymanager.toml"
}

start_issuer() {
  certify_issuer || return
  start_service issuer "https://127.0.0.1:$(port issuer)/.well-known/openid-configuration" \
    "$bin/dev-issuer" serve --config "$SEALKEEP_HOME/config/issuer.toml"
}

start_registry() {
  start_service registry "http://127.0.0.1:$(port registry-ops)/livez" \
    "$bin/registry-svc" serve --config "$SEALKEEP_HOME/config/registry.toml"
}

wait_until_ready() {
  wait_for keymanager "http://127.0.0.1:$(port km-ops)/readyz" &&
    wait_for registry "http://127.0.0.1:$(port registry-ops)/readyz"
}

# Last started, first stopped.
stop_services() {
  local name
  for name in registry issuer keymanager; do stop_service "$name"; done
}

# Stays until one of them ends by itself, which is a failure. Looks after the certificates that no service renews.
watch_services() {
  local name look=$((SECONDS + 3600))
  while :; do
    if ((SECONDS >= look)); then
      look=$((SECONDS + 3600))
      if ! { invite_certified && certify_issuer && certify_demo_identities; }; then
        say "certificates could not be renewed, see $SEALKEEP_HOME/logs/quickstart.log"
      fi
    fi
    for name in keymanager issuer registry; do
      if ! is_running "$name"; then
        complain "$name" "it ended by itself" "$SEALKEEP_HOME/logs/$name.log"
        return 1
      fi
    done
    sleep 1 &
    wait $! || true
  done
}

# start_service NAME URL COMMAND…: in the background, until URL answers.
start_service() {
  local name=$1 url=$2 log="$SEALKEEP_HOME/logs/$1.log"
  shift 2
  # In a session of its own, so that Ctrl-C reaches this script alone, which then stops them in order. SOFTHSM2_CONF is
  # how the software token's module finds its objects; others ignore it.
  SOFTHSM2_CONF="$SEALKEEP_HOME/token/softhsm2.conf" setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
  echo $! >"$SEALKEEP_HOME/run/$name.pid"
  wait_for "$name" "$url"
}

# wait_for NAME URL: until it answers 2xx, at most a minute, or until the process is gone.
wait_for() {
  local name=$1 url=$2 log="$SEALKEEP_HOME/logs/$1.log" tries
  for ((tries = 0; tries < 600; tries++)); do
    if curl -fsS --max-time 2 --cacert "$SEALKEEP_HOME/ca.pem" -o /dev/null "$url" 2>/dev/null; then return 0; fi
    if ! is_running "$name"; then
      complain "$name" "it ended while starting: $(tail -n 1 "$log")" "$log"
      complained=true
      return 1
    fi
    sleep 0.1
  done
  complain "$name" "$url did not answer within a minute" "$log"
  # shellcheck disable=SC2034 # say.sh then has nothing to add
  complained=true
  return 1
}

# Whether the noted process is there and is ours: a process id may have passed to somebody else.
is_running() {
  local file="$SEALKEEP_HOME/run/$1.pid"
  [[ -s $file && $(readlink "/proc/$(<"$file")/exe" 2>/dev/null) == "$bin/"* ]]
}

# SIGTERM, then up to 15 seconds to finish what is in flight.
stop_service() {
  local name=$1 file="$SEALKEEP_HOME/run/$1.pid" pid tries
  [[ -s $file ]] || return 0
  pid=$(<"$file")
  is_running "$name" && kill -TERM "$pid" 2>/dev/null
  for ((tries = 0; tries < 150; tries++)); do
    is_running "$name" || break
    sleep 0.1
  done
  if is_running "$name"; then
    echo "$name did not stop within 15 s: killed" >&2
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$file"
}
