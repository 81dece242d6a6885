//! `GET /v1/officer/rewrap`

use km_tests::on_both;

on_both! {
    fn it_counts_subject_keys_by_version_and_names_every_index(system: &System) {
        let status = system.officer("officer").get("/v1/officer/rewrap").good();
        let versions = status["key_encryption"].as_array().expect("versions");
        let current = versions.last().expect("a version");
        assert_eq!(current["state"], "active");
        assert!(versions.iter().all(|version| version["subject_keys"].is_u64()), "{status:#}");
        let index = status["index"].as_array().expect("indexes");
        let national = index.iter().find(|one| one["register"] == "individual" && one["field"] == "national_id");
        let national = national.expect("the index of national ids");
        assert_eq!(national["kind"], "exact");
        assert!(national["live"].as_array().is_some_and(|live| live.contains(&national["current"])), "{national:#}");
    }
}
