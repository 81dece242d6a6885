#!/usr/bin/env bash
# Looks for every personal value of every imported person in all that the registry keeps.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/search.sh"
title "2. Search every imported value in the registry's database, write-ahead log and logs"

values_of "$work/people.csv" >"$scratch/values"
all=$(wc -l <"$scratch/values")
control=$(found_of "$scratch/values" "$work/people.csv" | wc -l)
((control == all)) || fail "the control found $control of $all values in the CSV: the search itself is blind"
evidence "control: the search finds $control of $all values in the CSV"

mapfile -t files < <(find "$home/registry" -type f \( -name '*.db*' -o -name '*.sqlite*' -o -name '*.log' -o -name '*.bak' \); \
  find "$home/logs" -type f -name 'registry.log*')
bytes=$(cat "${files[@]}" | wc -c)
((bytes > 100000)) || fail "only $bytes bytes to search: the database is not where it was looked for"
found_of "$scratch/values" "${files[@]}" >"$scratch/hits"
if [[ -s $scratch/hits ]]; then fail "$(wc -l <"$scratch/hits") values found, in: $(grep -l -a -F -f "$scratch/hits" "${files[@]}" | tr '\n' ' ')"; fi
holds "0 of $all values in ${#files[@]} files, $bytes bytes: $(printf '%s ' "${files[@]##*/}")"

evidence "one row as the database holds it:"
in_registry -line 'select * from records limit 1' | cut -c1-110 | sed 's/^/     /'
in_registry -line "select field, version, substr(hex(value), 1, 60) || '…' as value from sealed_fields limit 2" | cut -c1-110 | sed 's/^/     /'
