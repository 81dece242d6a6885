# shellcheck shell=bash disable=SC2154 # bin, tenant and identities come from the sibling files
# The state folder: token, secrets, ports and configuration files. Nothing that is there is made again.

prepare_state() {
  mkdir -p "$SEALKEEP_HOME"/{config,ports,secrets,identities,keymanager,registry,issuer}
  "$bin/softhsm-init" --dir "$SEALKEEP_HOME/token" --label sealkeep --json >"$SEALKEEP_HOME/run/token.json" \
    2>>"$SEALKEEP_HOME/logs/quickstart.log" || return
  local serial module pin_file name
  { read -r serial && read -r module && read -r pin_file; } < <(jq -r '.serial, .module, .pin_file' "$SEALKEEP_HOME/run/token.json") || return
  note "token $serial in $SEALKEEP_HOME/token"
  for name in "${identities[@]}"; do
    [[ -s $SEALKEEP_HOME/secrets/$name ]] || openssl rand -hex 24 | tr -d '\n' >"$SEALKEEP_HOME/secrets/$name"
  done
  choose_ports rest officer grpc mosip km-ops registry registry-ops issuer || return
  for name in keymanager registry issuer; do render_config "$name" "$module" "$pin_file" || return; done
}

# choose_ports NAME…: a free port for each at the first start, kept for the next ones unless another program has taken it
# meanwhile. Below 32768, where the kernel takes no ports for outgoing connections.
choose_ports() {
  quietly python3 - "$SEALKEEP_HOME/ports" "$@" <<'PYTHON'
import pathlib, random, socket, sys
folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
taken = {path.name: int(path.read_text()) for path in folder.iterdir()}
for name in names:
    others = {port for other, port in taken.items() if other != name}
    for port in [taken.get(name)] + random.sample(range(20000, 32768), 1000):
        if port is None or port in others:
            continue
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken[name] = port
        (folder / name).write_text(str(port))
        break
    else:
        sys.exit(f"no free port for {name}")
PYTHON
}

port() { printf '%s' "$(<"$SEALKEEP_HOME/ports/$1")"; }

# render_config NAME MODULE PIN_FILE: deploy/config/NAME.toml with the paths and ports of this state folder.
render_config() {
  local text name
  text=$(<"deploy/config/$1.toml")
  text=${text//@HOME@/$SEALKEEP_HOME}
  text=${text//@DEPLOY@/$PWD/deploy}
  text=${text//@MODULE@/$2}
  text=${text//@PIN_FILE@/$3}
  for name in "$SEALKEEP_HOME"/ports/*; do
    text=${text//@PORT:${name##*/}@/$(<"$name")}
  done
  if [[ $text == *@*@* && $text =~ @[A-Z_]+(:[a-z-]+)?@ ]]; then
    quietly echo "deploy/config/$1.toml: nothing fills ${BASH_REMATCH[0]}"
    return 1
  fi
  printf '%s\n' "$text" >"$SEALKEEP_HOME/config/$1.toml"
}
