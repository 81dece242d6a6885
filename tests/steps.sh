# shellcheck shell=bash
# Steps that are timed and logged, and the table of them at the end.

logs=target/test-logs
mkdir -p "$logs"
passed=0 failed=0 table=()

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

# The table, the sum, and whether nothing failed.
report() {
  printf '\n%-28s %8s\n' step time
  printf '%s\n' "${table[@]}"
  printf '%-28s %6d s\n\n' total $SECONDS
  printf '%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}
