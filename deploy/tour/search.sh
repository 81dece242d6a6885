# shellcheck shell=bash
# The canary search: which of many values stand in files, byte for byte.

# values_of CSV: every personal value of four characters or more, one a line; each item of a list by itself. The two clear
# columns are not personal.
values_of() {
  python3 - "$1" <<'PYTHON'
import csv, sys
CLEAR = {"admin_code", "registration_status"}
values = set()
with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
    for row in csv.DictReader(file):
        for column, cell in row.items():
            if column not in CLEAR:
                values.update(value for value in cell.split("|") if len(value) >= 4)
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
  LC_ALL=C sort -u "$values" >"$left"
  while [[ -s $left ]]; do
    LC_ALL=C grep -a -o -h -F -f "$left" -- "$@" | LC_ALL=C sort -u >"$round" || true
    [[ -s $round ]] || break
    cat "$round"
    LC_ALL=C comm -23 "$left" "$round" >"$left.next"
    mv "$left.next" "$left"
  done
  rm -f "$left" "$round"
}
