#!/usr/bin/env bash
# A caseworker finds a person by national id, typed in another script's digits too, and reads the record back.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "3. Find a person by national id and read the record back, as a caseworker, with a purpose"

id=$(person 5 national_id)
record=$(find_person "$id" display_name,birth_date,phones)
cp "$scratch/found.json" "$scratch/read.json"
for field in display_name birth_date; do
  [[ $(jq -r ".records[0].values.$field" "$scratch/read.json") == "$(person 5 "$field")" ]] || fail "$field is not what the CSV says"
done
evidence "found by $id, the id of the sixth person of the CSV, for purpose eligibility, case TOUR-1: record $record"
jq -r '.records[0].values | to_entries[] | "\(.key): \(.value | if type == "array" then join(" | ") else . end)"' "$scratch/read.json" | shown
evidence "the answer was encrypted to the caseworker's key, signed by the key manager, and stands in the log at index $(jq .log_index "$scratch/read.json")"

# As somebody else writes it: ASCII digits first, then Arabic ones.
arabic=$(python3 -c 'import sys, unicodedata as u
digits = "".join(str(u.digit(c)) for c in sys.argv[1] if c.isdigit())
print(digits.translate({48 + i: c for i, c in enumerate("٠١٢٣٤٥٦٧٨٩")}))' "$id")
[[ $(find_person "$arabic") == "$record" ]] || fail "the id typed in Arabic digits finds another record, or none"
holds "name and birth date are what the CSV says; the id typed in Arabic digits, $arabic, finds the same record"
