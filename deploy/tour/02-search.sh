#!/usr/bin/env bash
# Looks for every personal value of every imported person in all that the registry keeps.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/search.sh"
title "2. Search every imported value in the registry's database, write-ahead log and logs"

values_of "$people" >"$scratch/values"
all=$(wc -l <"$scratch/values")
control=$(found_of "$scratch/values" "$people" | wc -l)
((all > 5000)) || fail "only $all values to search for"
((control == all)) || fail "the control found $control of $all values in the CSV: the search itself is blind"
evidence "control: the same search finds $(grouped "$control") of $(grouped "$all") values in the CSV"

mapfile -t files < <(find "$home/registry" "$home/logs" -type f \( -path '*/registry/*' -o -name 'registry.log*' \))
[[ " ${files[*]} " == *"/registry.db "* && " ${files[*]} " == *"/registry.db-wal "* && " ${files[*]} " == *"/registry.log "* ]] ||
  fail "database, write-ahead log or log are not where they were looked for: ${files[*]}"
bytes=$(cat "${files[@]}" | wc -c)
((bytes > 1000000)) || fail "only $bytes bytes to search"
found_of "$scratch/values" "${files[@]}" >"$scratch/hits"
if [[ -s $scratch/hits ]]; then
  fail "$(wc -l <"$scratch/hits") values found, in: $(grep -l -a -F -f "$scratch/hits" "${files[@]}" | tr '\n' ' ')"
fi
for name in registry.db registry.db-wal registry.log; do
  for file in "${files[@]}"; do [[ ${file##*/} != "$name" ]] || evidence "searched: $file, $(grouped "$(stat -c %s "$file")") bytes"; done
done

evidence "one row as the database holds it:"
in_registry -line 'select record, version, clear, created from records limit 1' | sed 's/^ *//' | cut -c1-150 | shown
record=$(in_registry 'select record from records limit 1')
in_registry "select field || ': ' || length(value) || ' bytes, …' || lower(substr(hex(value), -72)) from sealed_fields
  where record = '$record' and field in ('display_name', 'national_id', 'birth_date')" | shown
in_registry "select 'index term of ' || field || ': ' || lower(hex(term)) from index_terms
  join index_keys on index_keys.id = index_key where record = '$record' and field = 'national_id'" | shown
holds "0 of $(grouped "$all") values in ${#files[@]} files, $(grouped "$bytes") bytes"
