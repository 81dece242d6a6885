//! What a registry can do to its own rows.

use km_domain::RecordId;
use km_tests::people::{draft, national_id, new_id};
use km_tests::{System, on_both};

use super::{a_year_later, holder, is_alerted, read};
use crate::put;

/// The stored value of a record's field, as SQL.
fn stored(record: RecordId, field: &str) -> String {
    format!("(SELECT value FROM sealed_fields WHERE record = '{record}' AND field = '{field}')")
}

/// Puts another value into a record's field.
fn replace(system: &System, record: RecordId, field: &str, value: &str) {
    let of = format!("record = '{record}' AND field = '{field}'");
    system.registry_rows.sql(&format!("UPDATE sealed_fields SET value = {value} WHERE {of}"));
}

on_both! {
    fn values_swapped_between_people_or_fields_are_refused(system: &System) {
        let [(one, _), (two, _), (three, _)] = [(); 3].map(|()| holder(system));
        replace(system, one, "family_name", &stored(two, "family_name"));
        is_alerted(system, "another person's name", one, "record-altered");
        replace(system, three, "family_name", &stored(three, "given_name"));
        is_alerted(system, "another field", three, "record-altered");
        assert!(read(system, two, &["family_name"]).0.is_ok());
    }

    fn values_of_another_tenant_are_refused(system: &System) {
        let (record, _) = holder(system);
        let theirs = system.seal(&system.reader("other-backend"), &draft(&national_id()));
        for sealed in &theirs.seal.fields {
            replace(system, record, &sealed.field, &system.registry_rows.bytes(&sealed.value));
        }
        is_alerted(system, "another tenant's values", record, "record-altered");
        // The other tenant's record as a whole, under its own id.
        let (mine, _) = holder(system);
        copy(system, mine, theirs.record);
        for sealed in &theirs.seal.fields {
            replace(system, theirs.record, &sealed.field, &system.registry_rows.bytes(&sealed.value));
        }
        let end = system.log_end();
        let (outcome, id) = read(system, theirs.record, &["national_id"]);
        assert_eq!(outcome, Err("record-unknown".to_owned()));
        system.events_of(end, &id).is("record.opened", "refused", "record-unknown");
    }

    fn a_value_or_a_clear_attribute_that_was_altered_is_refused(system: &System) {
        let rows = &system.registry_rows;
        let [(one, _), (two, _)] = [(); 2].map(|()| holder(system));
        let zeros = rows.bytes(&[0; 60]);
        replace(system, one, "birth_date", &zeros);
        is_alerted(system, "a field that was not even asked for", one, "record-altered");
        for table in ["records", "record_versions"] {
            rows.sql(&format!("UPDATE {table} SET clear = replace(clear, '19', '20') WHERE record = '{two}'"));
        }
        is_alerted(system, "a clear attribute", two, "record-altered");
    }

    fn a_field_that_was_dropped_is_missed(system: &System) {
        let (record, _) = holder(system);
        let of = format!("record = '{record}' AND field = 'birth_date'");
        system.registry_rows.sql(&format!("DELETE FROM sealed_fields WHERE {of}"));
        is_alerted(system, "a field dropped", record, "record-altered");
    }

    fn last_years_bank_account_is_refused_alone_and_with_its_whole_year(system: &System) {
        let rows = &system.registry_rows;
        let sender = system.reader("backend");
        let [(one, id_one), (two, id_two)] = [(); 2].map(|()| holder(system));
        for (record, id) in [(one, &id_one), (two, &id_two)] {
            put(system, &sender, &a_year_later(record, id)).good();
            assert_eq!(read(system, record, &["bank_account"]).0.expect("values")["bank_account"], "NEWACCOUNT0002");
        }
        let account = format!("record = '{one}' AND field = 'bank_account' AND version");
        let old = format!("(SELECT value FROM sealed_fields WHERE {account} = 1)");
        rows.sql(&format!("UPDATE sealed_fields SET value = {old} WHERE {account} = 2"));
        is_alerted(system, "last year's bank account", one, "record-altered");
        rows.sql(&format!("DELETE FROM sealed_fields WHERE record = '{two}' AND version = 2"));
        rows.sql(&format!("DELETE FROM record_versions WHERE record = '{two}' AND version = 2"));
        rows.sql(&format!("UPDATE records SET version = 1 WHERE record = '{two}'"));
        is_alerted(system, "the whole of last year", two, "stale-version");
    }

    fn another_record_under_this_id_is_refused(system: &System) {
        let [(one, _), (two, _)] = [(); 2].map(|()| holder(system));
        system.registry_rows.sql(&format!("DELETE FROM sealed_fields WHERE record = '{one}'"));
        copy_values(system, two, one);
        is_alerted(system, "another record under this id", one, "record-altered");
    }

    fn a_record_that_was_never_sealed_opens_for_nobody(system: &System) {
        let ((model, _), invented) = (holder(system), new_id());
        copy(system, model, invented);
        let end = system.log_end();
        let (outcome, id) = read(system, invented, &["national_id"]);
        assert_eq!(outcome, Err("record-unknown".to_owned()));
        system.events_of(end, &id).is("record.opened", "refused", "record-unknown");
        assert!(read(system, model, &["national_id"]).0.is_ok());
    }
}

/// Invents a record after the model of another.
pub(super) fn copy(system: &System, model: RecordId, invented: RecordId) {
    let rows = &system.registry_rows;
    let like = |table: &str, columns: &str| {
        rows.sql(&format!(
            "INSERT INTO {table} (register, record, {columns}) \
             SELECT register, '{invented}', {columns} FROM {table} WHERE record = '{model}'"
        ));
    };
    like("records", "version, schema_version, clear, created, updated");
    like("record_versions", "version, schema_version, clear, sealed_at");
    copy_values(system, model, invented);
}

fn copy_values(system: &System, from: RecordId, to: RecordId) {
    system.registry_rows.sql(&format!(
        "INSERT INTO sealed_fields (register, record, version, field, value) \
         SELECT register, '{to}', version, field, value FROM sealed_fields WHERE record = '{from}'"
    ));
}
