# shellcheck shell=bash
# The canary search: which of many values stand in files, byte for byte.

# values_of CSV: every personal value of four characters or more, one a line. Clear columns are not personal.
values_of() {
  python3 - "$1" <<'PYTHON'
import csv, sys
CLEAR = {"household", "admin_code", "registration_status"}
values = set()
with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
    for row in csv.DictReader(file):
        values.update(v for column, v in row.items() if column not in CLEAR and len(v) >= 4)
print("\n".join(sorted(values)))
PYTHON
}

# found_of VALUES FILE…: those of the values that stand in the files. grep reports matches that do not overlap, so what was
# not found is looked for again until a round finds nothing new.
found_of() {
  local values=$1 left round
  shift
  left=$(mktemp)
  round=$(mktemp)
  cp "$values" "$left"
  while [[ -s $left ]]; do
    LC_ALL=C grep -a -o -h -F -f "$left" -- "$@" | LC_ALL=C sort -u >"$round" || true
    [[ -s $round ]] || break
    cat "$round"
    LC_ALL=C sort -u "$left" | LC_ALL=C comm -23 - "$round" >"$left.next"
    mv "$left.next" "$left"
  done
  rm -f "$left" "$round"
}
