//! `POST /generateCSR`

use km_tests::on_both;
use km_tests::openssl::openssl;
use serde_json::{Value, json};

use super::{current, file, fresh, x509};

on_both! {
    fn a_request_is_for_the_current_key(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let made = backend.ask_mosip("/generateCSR", json!({"applicationId": "REGISTRATION", "referenceId": reference})).response();
        assert_eq!(made["certificate"], Value::Null);
        let now = current(&backend, "REGISTRATION", &reference);
        assert_eq!((&made["issuedAt"], &made["expiryAt"]), (&now["issuedAt"], &now["expiryAt"]));
        let request = file(system, made["certSignRequest"].as_str().expect("PEM"));
        let said = openssl("req -noout -verify -subject -in", &[&request]).good();
        // The configured name, without the key's behind it.
        assert!(said.output.contains("CN = Sealkeep, O = Sealkeep\n"), "{}", said.told());
        let key = openssl("req -noout -pubkey -in", &[&request]).good().output;
        assert_eq!(key.trim(), x509(system, &now["certificate"], "-pubkey"));
        for master in [json!({"applicationId": "OPENG2P", "referenceId": ""}), json!({"applicationId": "OPENG2P", "referenceId": null})] {
            backend.ask_mosip("/generateCSR", master).response();
        }
    }

    fn some_keys_ask_for_nothing(system: &System) {
        let backend = system.mosip("backend");
        backend.ask_mosip("/generateCSR", json!({"applicationId": "KERNEL", "referenceId": "IDENTITY_CACHE"})).refused_with(200, "KER-KMS-022");
        backend.ask_mosip("/generateCSR", json!({"applicationId": "COMPLIANCE_TOOLKIT", "referenceId": ""})).refused_with(200, "KER-KMS-012");
        backend.ask_mosip("/generateCSR", json!({"applicationId": "", "referenceId": ""})).refused_with(200, "KER-KMS-005");
    }
}
