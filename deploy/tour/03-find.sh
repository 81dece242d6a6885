#!/usr/bin/env bash
# A caseworker finds a person by national id, typed in another script's digits too, and reads the record back.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "3. Find a person by national id and read the record back, as a caseworker, with a purpose"

id=$(person 5 national_id)
record=$(find_record "$id")
read_record "$record" display_name,birth_date,phones
for field in display_name birth_date; do
  [[ $(jq -r ".records[0].values.$field" "$scratch/open.json") == "$(person 5 "$field")" ]] || fail "$field is not what the CSV says"
done
evidence "found by the id of row 5: record $record, $(jq -r '.records[0].values.display_name' "$scratch/open.json"), log index $(jq .log_index "$scratch/open.json")"

arabic=$(python3 -c 'import sys; print(sys.argv[1].translate({48 + i: c for i, c in enumerate("٠١٢٣٤٥٦٧٨٩")}))' "$id")
[[ $(find_record "$arabic") == "$record" ]] || fail "the id typed in Arabic digits finds another record, or none"
holds "$arabic, typed in Arabic digits, finds the same record; name and birth date are what the CSV says"
