#!/usr/bin/env bash
# Imports the sample people from a CSV; every person is signed and encrypted in registryctl before anything leaves it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "1. Import 1,000 people from a CSV, encrypted on the client"

echo $(($(run_number) + 1)) >"$work/run"
as auditor kmctl log checkpoint >"$work/checkpoint-before.json"
[[ -s $people ]] || python3 "$here/../examples/people/make_people.py" --count 1000 --bad 3 --out "$people"
evidence "$people: synthetic people, names in eight scripts; $(stat -c %s "$people") bytes"
before=$(in_registry 'select count(*) from records')

# Straight to the terminal, if there is one: it draws a progress bar. Exit status 1: rows were refused, as they have to be.
status=0
begun=$(date +%s%N)
[[ -t 2 ]] || exec 2>>"$log"
"$bin/registryctl" --endpoints "$endpoints" --as backend --json import "$people" --batch 100 >"$scratch/import.json" || status=$?
took=$((($(date +%s%N) - begun) / 1000000))
cat "$scratch/import.json" >>"$log"
((status == 1)) || fail "registryctl import ended with status $status: $(<"$scratch/import.json")"

read -r created exists refused_rows < <(jq -r '"\(.created) \(.exists) \(.refused)"' "$scratch/import.json")
after=$(in_registry 'select count(*) from records')
((created + exists == 1000)) ||
  fail "$created created and $exists there before, of 1000; refused first: $(jq -c '.problems[0]' "$scratch/import.json")"
((after - before == created)) || fail "the database has $((after - before)) rows more, the import says $created"
((refused_rows == 3)) || fail "the file has 3 rows that break a rule, $refused_rows were refused"
evidence "3 rows break a rule on purpose; each is named by row, field and rule, and the rest goes on:"
jq -r '.problems[] | "row \(.row): \(.field): \(.rule)"' "$scratch/import.json" | shown
holds "$(grouped "$created") people created, $(grouped "$exists") were there before, in $took ms; the registry's table has $(grouped "$after") rows"
