//! Step 2: No value of an imported person is in anything that the registry keeps.

use std::collections::BTreeSet;

use km_tests::{Search, on_both};

use crate::town;

/// Columns that the register's definition lets stand in clear.
const CLEAR: [&str; 2] = ["admin_code", "registration_status"];

on_both! {
    fn every_value_is_in_the_file_and_none_at_the_registry(system: &System) {
        let town = town::of(system);
        let cells = town.rows.iter().flatten().filter(|(column, _)| !CLEAR.contains(&column.as_str()));
        let values: BTreeSet<&str> =
            cells.flat_map(|(_, cell)| cell.split('|')).filter(|value| value.chars().count() >= 4).collect();
        assert!(values.len() > 800, "only {} values", values.len());
        let search = Search::plain(values.iter().copied());
        assert_eq!(search.found_in_file(&town.file), values, "the search is blind");
        let mut files = system.registry_rows.files();
        let record = crate::record_of(system, town.national_id(0));
        assert!(
            !Search::plain([record.as_str()]).found_in_files(&files).is_empty(),
            "these are not the registry's files"
        );
        files.extend(system.log_files("registry"));
        let found = search.found_in_files(&files);
        assert!(found.is_empty(), "{} values: {:?}", found.len(), found.iter().take(5).collect::<Vec<_>>());
    }
}
