#!/usr/bin/env bash
# The key that protects the register is rotated while a loop reads and writes.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "6. Rotate the key that protects the register while a loop reads and writes"

old=$(find_person "$(person 6 national_id)")
as officer kmctl rewrap >"$scratch/before.json"
kek=$(jq -r .key "$scratch/before.json")
version=$(jq -r '.versions | keys | map(tonumber) | max' "$scratch/before.json")
counts() { jq -r '.versions | to_entries | sort_by(.key | tonumber) | map("version \(.key): \(.value)") | join(", ")' "$1"; }
evidence "subject keys under each version of $kek before: $(counts "$scratch/before.json")"

# Reads the old record and writes a new one, over and over, until told to stop.
loop() {
  local reads=0 writes=0 failures=0 number=0
  while [[ ! -e $scratch/stop ]]; do
    number=$((number + 1))
    if name_of "$old" >/dev/null; then reads=$((reads + 1)); else failures=$((failures + 1)); fi
    jq -n --arg name "Περιστροφή $number" '{display_name: $name, registration_status: "registered"}' >"$scratch/new.json"
    if as backend registryctl create "$scratch/new.json" >"$scratch/created.json"; then
      writes=$((writes + 1))
    else
      failures=$((failures + 1))
    fi
  done
  echo "$reads $writes $failures" >"$scratch/loop"
}
put_right() { touch "$scratch/stop"; wait; }
loop &
sleep 1
as officer kmctl key rotate "$kek" >"$scratch/rotated.json"
new=$(jq .version "$scratch/rotated.json")
((new == version + 1)) || fail "the rotation made version $new after version $version"
for ((tries = 0; tries < 120; tries++)); do
  as officer kmctl rewrap >"$scratch/after.json"
  [[ $(jq .left "$scratch/after.json") == 0 ]] && break
  sleep 0.5
done
sleep 1
put_right
read -r reads writes failures <"$scratch/loop"
evidence "and after:  $(counts "$scratch/after.json"); meanwhile $reads reads and $writes writes, failures $failures"
[[ $(jq .left "$scratch/after.json") == 0 ]] || fail "$(jq .left "$scratch/after.json") subject keys are still on an old version"
((failures == 0)) || fail "$failures of $((reads + writes + failures)) calls failed during the rotation"
((reads > 1 && writes > 1)) || fail "the loop did too little: $reads reads, $writes writes"
[[ $(name_of "$old") == "$(person 6 display_name)" ]] || fail "the record from before does not open"
[[ $(name_of "$(jq -r .record "$scratch/created.json")") == "Περιστροφή "* ]] || fail "the record made meanwhile does not open"
holds "failures 0; the record from before and one made meanwhile open; 0 subject keys left on the old version"
