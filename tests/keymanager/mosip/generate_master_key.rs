//! `POST /generateMasterKey/{objectType}`

use km_tests::on_both;
use km_tests::openssl::openssl;
use serde_json::{Value, json};

use super::{all, current, file, is_signed_by, x509};

on_both! {
    fn a_master_key_is_made_once_and_anew_when_forced(system: &System) {
        let backend = system.mosip("backend");
        let order = |more: Value| {
            let mut request = json!({"applicationId": "RESTRICTED", "referenceId": "", "commonName": "Ministry", "country": "ET"});
            request.as_object_mut().expect("a request").extend(more.as_object().expect("members").clone());
            backend.ask_mosip("/generateMasterKey/certificate", request)
        };
        let first = order(json!({})).response();
        assert_eq!(first["certSignRequest"], Value::Null);
        for force in [json!({"force": false}), json!({"force": null}), json!({"referenceId": null}), json!({})] {
            assert_eq!(order(force).response()["certificate"], first["certificate"]);
        }
        let count = all(&backend, "RESTRICTED", "").len();
        let end = system.log_end();
        let answer = order(json!({"force": true}));
        let id = answer.request_id.clone();
        let second = answer.response();
        assert_ne!(second["certificate"], first["certificate"]);
        assert_eq!(current(&backend, "RESTRICTED", "")["certificate"], second["certificate"]);
        assert_eq!(all(&backend, "RESTRICTED", "").len(), count + 1);
        let kinds: Vec<Value> = system.events_of(end, &id).0.iter().map(|event| event["kind"].clone()).collect();
        assert_eq!(kinds, ["key.rotate.intent", "key.rotate.outcome", "certificate.read"]);
        let root = current(&backend, "ROOT", "")["certificate"].clone();
        assert!(is_signed_by(system, &second["certificate"], &[&root]));
    }

    fn a_request_is_for_the_same_key_and_by_it(system: &System) {
        let backend = system.mosip("backend");
        let names = json!({"applicationId": "REGISTRY", "referenceId": "", "commonName": "Registry", "organizationUnit": "IT", "organization": "Ministry", "location": "Addis Ababa", "state": "AA", "country": "ET"});
        let made = backend.ask_mosip("/generateMasterKey/CSR", names).response();
        assert_eq!(made["certificate"], Value::Null);
        let request = file(system, made["certSignRequest"].as_str().expect("PEM"));
        let said = openssl("req -noout -verify -subject -in", &[&request]).good();
        assert!(said.output.contains("CN = Registry, OU = IT, O = Ministry, L = Addis Ababa, ST = AA, C = ET"), "{}", said.told());
        let key = openssl("req -noout -pubkey -in", &[&request]).good().output;
        assert_eq!(key.trim(), x509(system, &current(&backend, "REGISTRY", "")["certificate"], "-pubkey"));
    }

    fn what_is_no_master_key_is_refused_before_anything_is_made(system: &System) {
        let backend = system.mosip("backend");
        let order = |path: &str, application: &str, reference: &str| {
            backend.ask_mosip(&format!("/generateMasterKey/{path}"), json!({"applicationId": application, "referenceId": reference}))
        };
        for (application, reference, code) in [
            ("TESTS", "ENCRYPT", "KER-KMS-010"), ("TESTS", "SIGN", "KER-KMS-010"), ("TESTS", "EC_SECP256R1_SIGN", "KER-KMS-010"),
            ("NOWHERE", "", "KER-KMS-002"), ("INACTIVE", "", "KER-KMS-002"), ("", "", "KER-KMS-005"),
        ] {
            order("CERTIFICATE", application, reference).refused_with(200, code);
        }
        let message = order("KEY", "DIGITAL_CARD", "").refused_with(200, "KER-KMS-005");
        assert_eq!(message, "Invalid request Allowed values are CSR/CERTIFICATE.");
        assert_eq!(all(&backend, "DIGITAL_CARD", "").len(), 0);
        for (member, value) in [("commonName", "x".repeat(65)), ("country", "ETH".to_owned()), ("state", "a\nb".to_owned())] {
            let request = json!({"applicationId": "DIGITAL_CARD", "referenceId": "", member: value});
            backend.ask_mosip("/generateMasterKey/CERTIFICATE", request).refused_with(200, "KER-KMS-005");
        }
        assert_eq!(all(&backend, "DIGITAL_CARD", "").len(), 0);
    }
}
