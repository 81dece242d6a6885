#!/usr/bin/env bash
# Whoever can write to the database changes one byte of a sealed value.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "8. Alter one sealed value in the database by hand"

record=$(find_record "$(person 8 national_id)")
where="record = '$record' and field = 'bank_account'"
where="record = '$record' and field = 'display_name'"
before=$(in_registry "select hex(value) from sealed_fields where $where")
last=${before: -2}
altered=${before::-2}$(printf '%02X' $((0x$last ^ 1)))
put_back() { in_registry "update sealed_fields set value = x'$before' where $where"; rm -rf "$scratch"; }
trap put_back EXIT
in_registry "update sealed_fields set value = x'$altered' where $where"
evidence "display_name of $record: last byte $last is now ${altered: -2}"
refused "open it" altered -- as caseworker registryctl open "$register" "$record" \
  --fields display_name --purpose eligibility --case TOUR-1
put_back
mkdir -p "$scratch"
read_record "$record" display_name
holds "refused while altered; put back, it opens again"
