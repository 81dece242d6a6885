# shellcheck shell=bash disable=SC2154 # bin, tenant and identities come from the sibling files
# The state folder: token, secrets, ports and configuration files. Nothing that is there is made again.

prepare_state() {
  umask 077
  mkdir -p "$SEALKEEP_HOME"/{config,logs,run,ports,secrets,identities,keymanager,registry,issuer}
  "$bin/softhsm-init" --dir "$SEALKEEP_HOME/token" --label sealkeep --json >"$SEALKEEP_HOME/run/token.json" || return
  say "         token $(jq -r .serial "$SEALKEEP_HOME/run/token.json") in $SEALKEEP_HOME/token"
  local name
  for name in "${identities[@]}"; do
    [[ -s $SEALKEEP_HOME/secrets/$name ]] || openssl rand -hex 24 | tr -d '\n' >"$SEALKEEP_HOME/secrets/$name"
  done
  for name in rest officer grpc km-ops registry registry-ops issuer; do choose_port "$name" || return; done
  for name in keymanager registry issuer; do render_config "$name" || return; done
}

# choose_port NAME: a free port at the first start, kept for the next ones unless another program has taken it meanwhile.
choose_port() {
  local kept="$SEALKEEP_HOME/ports/$1"
  python3 - "$kept" <<'PYTHON'
import pathlib, socket, sys
kept = pathlib.Path(sys.argv[1])
for port in ([int(kept.read_text())] if kept.exists() else []) + [0]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        kept.write_text(str(listener.getsockname()[1]))
        break
PYTHON
}

port() { printf '%s' "$(<"$SEALKEEP_HOME/ports/$1")"; }

# render_config NAME: deploy/config/NAME.toml with the paths and ports of this state folder.
render_config() {
  local text name
  text=$(<"deploy/config/$1.toml")
  text=${text//@HOME@/$SEALKEEP_HOME}
  text=${text//@DEPLOY@/$PWD/deploy}
  text=${text//@MODULE@/$(jq -r .module "$SEALKEEP_HOME/run/token.json")}
  text=${text//@PIN_FILE@/$(jq -r .pin_file "$SEALKEEP_HOME/run/token.json")}
  for name in "$SEALKEEP_HOME"/ports/*; do
    text=${text//@PORT:${name##*/}@/$(<"$name")}
  done
  if [[ $text == *@*@* && $text =~ @[A-Z_]+(:[a-z-]+)?@ ]]; then
    echo "deploy/config/$1.toml: nothing fills ${BASH_REMATCH[0]}" >&2
    return 1
  fi
  printf '%s\n' "$text" >"$SEALKEEP_HOME/config/$1.toml"
}
