//! `PUT /revokeKey`

use km_tests::mosip::enveloped;
use km_tests::on_both;
use serde_json::{Value, json};

use super::{all, current, fresh};

on_both! {
    /// Twice on one day, which MOSIP cannot.
    fn a_revoked_key_is_followed_by_another(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let names = json!({"applicationId": "OPENG2P", "referenceId": reference, "disableAutoGen": true});
        let mut seen = vec![current(&backend, "OPENG2P", &reference)["certificate"].clone()];
        for _ in 0..2 {
            let end = system.log_end();
            let answer = backend.put("/revokeKey", enveloped(names.clone()));
            let id = answer.request_id.clone();
            assert_eq!(answer.response()["status"], "Key Revoked");
            system.events_of(end, &id).is("key.deactivated", "done", "");
            seen.push(current(&backend, "OPENG2P", &reference)["certificate"].clone());
        }
        let distinct: std::collections::BTreeSet<String> = seen.iter().map(Value::to_string).collect();
        assert_eq!((distinct.len(), all(&backend, "OPENG2P", &reference).len()), (3, 3));
        let states = system.rows.sql(&format!("SELECT v.state FROM key_version v JOIN mosip_alias a ON a.key_id = v.key_id AND a.version = v.version WHERE a.reference = '{reference}' ORDER BY v.version"));
        assert_eq!(states, "deactivated\ndeactivated\nactive");
    }

    fn some_keys_are_not_revoked(system: &System) {
        let backend = system.mosip("backend");
        let revoke = |application: &str, reference: &str| backend.put("/revokeKey", enveloped(json!({"applicationId": application, "referenceId": reference})));
        revoke("KERNEL", "SIGN").refused_with(200, "KER-KMS-021");
        revoke("OPENG2P", "").refused_with(200, "KER-KMS-005");
        revoke("OPENG2P", &fresh("NONE")).refused_with(200, "KER-KMS-003");
        revoke("NOWHERE", "X").refused_with(200, "KER-KMS-003");
    }
}
