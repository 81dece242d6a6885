#!/usr/bin/env bash
# Erases one person, then puts the registry's backup of before the erasure back.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
for part in say services state; do
  # shellcheck source=/dev/null
  source "$here/../lib/$part.sh"
done
title "7. Erase one person, restore the registry's earlier backup: that person stays closed, a neighbour opens"

victim=$((999 - $(run_number) % 900))
record=$(find_person "$(person $victim national_id)")
neighbour=$(find_person "$(person 7 national_id)")
backup=$work/registry-before-erasure.db
rm -f "$backup"
"$bin/registry-svc" backup --config "$home/config/registry.toml" --to "$backup" >>"$log" 2>&1
evidence "a backup of the registry, made while it serves: $(grouped "$(stat -c %s "$backup")") bytes"

as backend registryctl erase "$record" --yes --purpose erasure-request --case TOUR-7 >"$scratch/erased.json"
rows=$(in_registry "select count(*) from sealed_fields where record = '$record'")
((rows == 0)) || fail "$rows sealed values of the erased person are still in the database"
evidence "record $record is erased: its key destroyed, its rows removed. The signed certificate of erasure, verified offline:"
jq -r .certificate "$scratch/erased.json" >"$scratch/erasure.jws"
"$bin/kmctl" verify "$scratch/erasure.jws" --root "$home/evidence-root.pem" | shown || fail "the certificate of erasure does not verify"

{
  stop_service registry
  "$bin/registry-svc" restore --config "$home/config/registry.toml" --from "$backup"
  start_registry
  wait_until_ready
} >>"$log" 2>&1
rows=$(in_registry "select count(*) from sealed_fields where record = '$record'")
((rows > 0)) || fail "the restored database does not hold the erased person's sealed values: nothing would be shown"
evidence "the registry was stopped, its backup restored: the database holds $rows sealed values of the erased person again"

refused "to open the erased person" record-erased -- open_record "$record" display_name
[[ $(name_of "$neighbour") == "$(person 7 display_name)" ]] || fail "the neighbour does not open"
holds "the erased person stays closed; the neighbour opens: $(person 7 display_name)"
