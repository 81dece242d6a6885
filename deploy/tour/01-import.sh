#!/usr/bin/env bash
# Imports the sample people from a CSV; every person is signed and encrypted in registryctl before anything leaves it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "1. Import 1,000 people from a CSV, encrypted on the client"

echo $(($(run_number) + 1)) >"$work/run"
as auditor kmctl log checkpoint >"$work/checkpoint-before.json"
[[ -s $work/people.csv ]] || python3 "$here/make-people.py" --count 1000 >"$work/people.csv"
before=$(in_registry 'select count(*) from records')

begun=$(date +%s%N)
"$bin/registryctl" --endpoints "$endpoints" --as backend --json import "$register" "$work/people.csv" \
  --position "$work/people.position" >"$scratch/import.json" 2> >(tee -a "$log" >&2)
took=$((($(date +%s%N) - begun) / 1000000))

jq -r '"created \(.created), already there \(.exists), refused \(.refused)"' "$scratch/import.json" >"$scratch/sums"
[[ $(jq .refused "$scratch/import.json") == 0 ]] || fail "rows were refused: $(jq -c '.problems[0]' "$scratch/import.json")"
after=$(in_registry 'select count(*) from records')
((after >= 1000)) || fail "the registry holds $after records"
((after - before == $(jq .created "$scratch/import.json"))) || fail "rows in the database and the import's sum differ"
holds "$(<"$scratch/sums") in $took ms; the registry's table has $after rows"
