#!/usr/bin/env bash
# Whoever can write to the database changes one byte of a sealed value.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
title "8. Alter one sealed value in the database by hand"

record=$(find_person "$(person 8 national_id)")
where="record = '$record' and field = 'display_name'"
before=$(in_registry "select hex(value) from sealed_fields where $where")
[[ -n $before ]] || fail "the database holds no display_name of $record"
last=${before: -2}
altered=${before::-2}$(printf '%02X' $((0x$last ^ 1)))
put_right() { in_registry "update sealed_fields set value = x'$before' where $where"; }
in_registry "update sealed_fields set value = x'$altered' where $where"
[[ $(in_registry "select hex(value) from sealed_fields where $where") == "$altered" ]] || fail "the value was not altered"
evidence "sqlite3: the last byte of the sealed display_name of $record was $last and is ${altered: -2} now"
refused "to open the record" record-altered -- open_record "$record" display_name
refused "to open another field of it" record-altered -- open_record "$record" birth_date
put_right
[[ $(name_of "$record") == "$(person 8 display_name)" ]] || fail "put back, it does not open"
holds "refused while altered, whichever field is asked; put back, it opens again"
