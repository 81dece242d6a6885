#!/usr/bin/env bash
# Erases one person, then puts the registry's backup of before the erasure back.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/../lib/say.sh"
source "$here/../lib/services.sh"
source "$here/../lib/state.sh"
title "7. Erase one person, restore the registry's earlier backup: that person stays closed, a neighbour opens"

victim=$((999 - $(run_number)))
record=$(find_record "$(person $victim national_id)")
neighbour=$(find_record "$(person 7 national_id)")
backup=$work/registry-before-erasure.db
rm -f "$backup"
"$bin/registry-svc" backup --config "$home/config/registry.toml" --to "$backup" >>"$log" 2>&1
evidence "backup of the registry while it serves: $(stat -c %s "$backup") bytes"

as caseworker registryctl erase "$register" "$record" --purpose erasure-request --case TOUR-7 >"$scratch/erased.json"
evidence "erased record $record, certificate of erasure: $(jq -r '.certificate | tostring | .[0:60]' "$scratch/erased.json")…"

stop_service registry
"$bin/registry-svc" restore --config "$home/config/registry.toml" --from "$backup" >>"$log" 2>&1
start_registry >>"$log" 2>&1
rows=$(in_registry "select count(*) from sealed_fields where record = '$record'")
((rows > 0)) || fail "the restored database does not hold the erased person's sealed values: nothing was shown"
evidence "after the restore the database holds $rows sealed values of the erased person again"

refused "open the erased person" erased -- as caseworker registryctl open "$register" "$record" \
  --fields display_name --purpose eligibility --case TOUR-1
read_record "$neighbour" display_name
[[ $(jq -r '.records[0].values.display_name' "$scratch/open.json") == "$(person 7 display_name)" ]] || fail "the neighbour does not open"
holds "the erased person stays closed, the neighbour opens"
