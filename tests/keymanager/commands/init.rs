//! `init`

use std::collections::BTreeMap;

use km_tests::{Options, System, on_each};
use serde_json::Value;

/// What must stay as it is: public files, keys and the tables behind them.
fn state(system: &System) -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    for name in ["ca.pem", "evidence-root.pem", "business-root.pem", "checkpoint.pem"] {
        state.insert(name.to_owned(), std::fs::read_to_string(system.public(name)).expect("a public file"));
    }
    for (tenant, who) in [("demo", "operator"), ("other", "other-auditor")] {
        state.insert(tenant.to_owned(), system.rest(who).get("/v1/keys").good().to_string());
    }
    for table in ["key", "key_version", "tenant"] {
        let order = if table == "tenant" {
            "name"
        } else if table == "key" {
            "tenant, id"
        } else {
            "tenant, key_id, version"
        };
        state.insert(table.to_owned(), system.rows.sql(&format!("SELECT * FROM {table} ORDER BY {order}")));
    }
    state
}

on_each! {
    fn run_again_it_changes_nothing(database: Database) {
        let system = System::start(database, Options::default());
        let before = state(&system);
        for tenant in ["demo", "other"] {
            let ran = system.key_manager(&["init", "--tenant", tenant]).good();
            assert!(ran.output.contains("nothing was missing"), "{}", ran.told());
        }
        system.key_manager(&["init"]).good();
        assert_eq!(state(&system), before);
    }

    /// Everything that the issue of the first version names is there, each where it belongs.
    fn it_makes_roots_in_the_token_and_wraps_the_rest(database: Database) {
        let system = System::start(database, Options::default());
        let list = system.rest("operator").get("/v1/keys").good();
        let keys = list["keys"].as_array().expect("keys");
        let has = |purpose: &str| keys.iter().filter(|key| key["purpose"] == purpose).count();
        // One ingest key for each of the two accepted algorithms.
        for (purpose, count) in [("key-encryption", 1), ("ingest", 2), ("answer", 1)] {
            assert_eq!(has(purpose), count, "{purpose}");
        }
        assert!(has("index") > 5, "an index key for each index of each register");
        let installation = system.rows.sql("SELECT id || ' ' || residence FROM key JOIN key_version ON key.tenant = key_version.tenant AND key.id = key_version.key_id WHERE key.tenant = 'system' ORDER BY 1");
        for root in ["data-root resident", "key-root resident"] {
            assert!(installation.contains(root), "{installation}");
        }
        // No private or secret key lies in the database in clear: what is wrapped has a blob, what is resident has none.
        let wrong = "SELECT count(*) FROM key_version WHERE (residence = 'resident') = (length(blob) > 0)";
        assert_eq!(system.rows.sql(wrong), "0");
        let ready = system.readiness().expect("an answer").1;
        assert_eq!(ready["components"]["keys"]["state"], Value::from("up"), "{ready:#}");
    }
}
