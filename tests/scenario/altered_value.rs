//! Step 8: One byte of one sealed value is altered in the database by hand: whichever field is asked, the record is
//! refused.

use km_tests::on_both;

use crate::{name_of, open, record_of, town};

on_both! {
    fn an_altered_byte_refuses_the_record_until_it_is_put_right(system: &System) {
        let town = town::of(system);
        let record = record_of(system, town.national_id(8));
        let rows = &system.registry_rows;
        let value = format!("FROM sealed_fields WHERE record = '{record}' AND field = 'display_name'");
        let hex = rows.sql(&match rows.is_sqlite() {
            true => format!("SELECT hex(value) {value}"),
            false => format!("SELECT encode(value, 'hex') {value}"),
        });
        let good: Vec<u8> =
            (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()).collect();
        assert!(good.len() > 30, "{hex}");
        let put = |bytes: &[u8]| {
            let bytes = rows.bytes(bytes);
            rows.sql(&format!(
                "UPDATE sealed_fields SET value = {bytes} WHERE record = '{record}' AND field = 'display_name'"
            ));
        };
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut altered = good.clone();
            altered[at] ^= 1;
            put(&altered);
            for field in ["display_name", "birth_date"] {
                open(system, "caseworker", &record, field).refused("record-altered");
            }
        }
        put(&good);
        assert_eq!(name_of(system, &record), town.person(8)["display_name"]);
    }
}
