#!/usr/bin/env bash
# The key that protects the register is rotated while a loop reads and writes.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "6. Rotate the key that protects the register while a loop reads and writes"

old=$(find_record "$(person 6 national_id)")
before=$(as officer kmctl rewrap)
kek=$(jq -r .key <<<"$before")
evidence "before: $(jq -c .versions <<<"$before") subject keys by version of $kek"

# Reads the old record and writes a new one, over and over, until told to stop.
loop() {
  local reads=0 writes=0 failures=0 number=0
  while [[ ! -e $scratch/stop ]]; do
    number=$((number + 1))
    if as caseworker registryctl open "$register" "$old" --fields display_name --purpose eligibility --case TOUR-1 >/dev/null; then
      reads=$((reads + 1))
    else
      failures=$((failures + 1))
    fi
    jq -n --arg name "Περιστροφή $number" '{display_name: $name}' >"$scratch/new.json"
    if as backend registryctl create "$register" "$scratch/new.json" >"$scratch/created.json"; then
      writes=$((writes + 1))
    else
      failures=$((failures + 1))
    fi
  done
  echo "$reads $writes $failures" >"$scratch/loop"
}
loop &
looping=$!
sleep 1
as officer kmctl key rotate "$kek" >>"$log"
for ((tries = 0; tries < 120; tries++)); do
  after=$(as officer kmctl rewrap)
  [[ $(jq .left <<<"$after") == 0 ]] && break
  sleep 0.5
done
sleep 1
touch "$scratch/stop"
wait $looping
read -r reads writes failures <"$scratch/loop"
[[ $(jq .left <<<"$after") == 0 ]] || fail "$(jq .left <<<"$after") subject keys are still on an old version"
((failures == 0)) || fail "$failures of $((reads + writes + failures)) calls failed during the rotation"
((reads > 0 && writes > 0)) || fail "the loop did nothing"
evidence "after: $(jq -c .versions <<<"$after"); during it $reads reads and $writes writes, failures $failures"
read_record "$old" display_name
[[ $(jq -r '.records[0].values.display_name' "$scratch/open.json") == "$(person 6 display_name)" ]] || fail "the old record does not open"
read_record "$(jq -r .record "$scratch/created.json")" display_name
holds "the record from before and the one made during the rotation open; 0 left on the old version"
