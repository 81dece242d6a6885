//! Members as the dialect's own server reads them.

use km_tests::mosip::{TIME, enveloped, to_decrypt, to_encrypt};
use km_tests::{Answer, Client, System, base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::upload_certificate::by_another_authority;
use super::upload_other_domain_certificate::partner;
use super::{current, fresh, master};

/// A request that has a body.
struct Row<'a> {
    path: &'static str,
    /// The members that must be there; made for each call, where a call changes something.
    required: Box<dyn Fn() -> Value + 'a>,
    /// Members that may be left out or null, each with a value that does no harm; null: only null is tried.
    optional: Value,
}

impl Row<'_> {
    fn send(&self, client: &Client, request: Value) -> Answer {
        let method = if self.path == "/revokeKey" { "PUT" } else { "POST" };
        client.send(method, self.path, Some("application/json"), enveloped(request).to_string().into_bytes())
    }

    #[track_caller]
    fn is_taken(&self, client: &Client, more: &Value, what: &str) {
        let mut request = (self.required)();
        request.as_object_mut().expect("a request").extend(more.as_object().expect("members").clone());
        let answer = self.send(client, request);
        answer.is_envelope();
        let is_good = answer.status == 200 && answer.body["errors"].is_null() && answer.body["response"].is_object();
        assert!(is_good, "{} {what}: {}", self.path, answer.text());
    }
}

/// Every endpoint with a body: 1, 5 to 12, 21 and 22.
fn rows<'a>(system: &'a System, backend: &'a Client) -> Vec<Row<'a>> {
    let subject = json!({"force": false, "commonName": "A name", "organizationUnit": "U", "organization": "O", "location": "L", "state": "S", "country": "ET"});
    let with_reference = |mut members: Value, reference: &str| {
        members["referenceId"] = json!(reference);
        members
    };
    let application = |name: &'static str| Box::new(move || json!({"applicationId": name}));
    let fresh_key = || {
        let reference = fresh("REF");
        (current(backend, "OPENG2P", &reference)["certificate"].clone(), reference)
    };
    let sealed =
        backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response()["data"].clone();
    let signed =
        backend.ask_mosip("/jwtSign", json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includePayload": true}));
    let signed = signed.response()["jwtSignedData"].clone();
    let row = |path, required: Box<dyn Fn() -> Value + 'a>, optional| Row { path, required, optional };
    vec![
        row("/generateMasterKey/CERTIFICATE", application("TESTS"), with_reference(subject.clone(), "")),
        row("/generateMasterKey/csr", application("TESTS"), with_reference(subject.clone(), "")),
        row("/generateCSR", application("OPENG2P"), with_reference(subject.clone(), "ENCRYPT")),
        row(
            "/uploadCertificate",
            Box::new(move || {
                let (ours, reference) = fresh_key();
                json!({"applicationId": "OPENG2P", "referenceId": reference, "certificateData": by_another_authority(system, &ours, 300)})
            }),
            json!({}),
        ),
        row(
            "/uploadOtherDomainCertificate",
            Box::new(
                move || json!({"applicationId": "PARTNER", "referenceId": fresh("P"), "certificateData": partner(system)}),
            ),
            json!({}),
        ),
        row(
            "/generateSymmetricKey",
            Box::new(move || json!({"applicationId": "KERNEL", "referenceId": fresh("SYM")})),
            json!({"force": false}),
        ),
        row(
            "/revokeKey",
            Box::new(move || json!({"applicationId": "OPENG2P", "referenceId": fresh_key().1})),
            json!({"disableAutoGen": true}),
        ),
        row(
            "/generateECSignKey/CERTIFICATE",
            Box::new(|| json!({"applicationId": "REGISTRY", "referenceId": "EC_SECP256R1_SIGN"})),
            subject,
        ),
        row(
            "/encrypt",
            Box::new(|| to_encrypt("REGISTRATION", "ENCRYPT", "Selam")),
            json!({"salt": "AAAAAAAA", "aad": "BBBB", "prependThumbprint": true}),
        ),
        row(
            "/decrypt",
            Box::new(move || json!({"applicationId": "REGISTRATION", "timeStamp": TIME, "data": sealed})),
            json!({"referenceId": "ENCRYPT", "salt": null, "aad": null, "prependThumbprint": false}),
        ),
        row(
            "/jwtSign",
            Box::new(|| json!({"dataToSign": "e30", "applicationId": "OPENG2P"})),
            json!({"referenceId": "", "includePayload": true, "includeCertificate": true, "includeCertHash": true, "certificateUrl": "https://example.org/c"}),
        ),
        row(
            "/jwtVerify",
            Box::new(move || json!({"jwtSignatureData": signed, "applicationId": "OPENG2P"})),
            json!({"referenceId": "", "actualData": "e30", "certificateData": "", "validateTrust": false, "domain": "AUTH", "asOf": null}),
        ),
    ]
}

/// What no version of the dialect knows.
fn unknown() -> Value {
    json!({"unknown": {"deep": [[null, {"a": 1}]]}, "applicationID": 7, "": "", ("x".repeat(200)): true})
}

on_both! {
    fn truth_values_come_in_several_forms(system: &System) {
        let backend = system.mosip("backend");
        let sign = |include: Value| {
            let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includePayload": include});
            backend.ask_mosip("/jwtSign", request).response()["jwtSignedData"].as_str().expect("a JWS").to_owned()
        };
        for yes in [json!(true), json!("true"), json!(" TRUE ")] {
            assert!(!sign(yes).contains(".."));
        }
        for no in [json!(false), json!("false"), json!(""), json!(null)] {
            assert!(sign(no).contains(".."));
        }
        let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includePayload": "maybe"});
        backend.ask_mosip("/jwtSign", request).refused_with(200, "KER-KMS-005");
    }

    fn texts_may_be_numbers_and_escaped(system: &System) {
        let backend = system.mosip("backend");
        let mut request = to_encrypt("REGISTRATION", "ENCRYPT", "");
        request["data"] = json!(12345678);
        let data = backend.ask_mosip("/encrypt", request).response()["data"].clone();
        let back = km_tests::mosip::to_decrypt("REGISTRATION", "ENCRYPT", data.as_str().expect("data"));
        assert_eq!(backend.ask_mosip("/decrypt", back).response()["data"], "12345678");
        let body = r#"{"request":{"applicationId":"REGISTRAT\u0049ON","referenceId":"ENCRYPT","timeStamp":"2026-11-22T09:30:00.000Z","data":"U2Vs\u0059W0\u003d"}}"#;
        backend.send("POST", "/encrypt", Some("application/json"), body.as_bytes().to_vec()).response();
    }

    /// Null and absent are the same for every optional member of every endpoint, one by one and all together.
    fn optional_members_may_be_absent_or_null(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "TESTS");
        for row in rows(system, &backend) {
            let optional = row.optional.as_object().expect("members").clone();
            row.is_taken(&backend, &json!({}), "none");
            let all: Value = optional.keys().map(|name| (name.clone(), Value::Null)).collect::<serde_json::Map<_, _>>().into();
            row.is_taken(&backend, &all, "all null");
            row.is_taken(&backend, &row.optional, "all given");
            for name in optional.keys() {
                let mut one = row.optional.clone();
                one[name] = Value::Null;
                row.is_taken(&backend, &one, name);
            }
        }
    }

    fn members_that_nobody_knows_are_passed_over(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "TESTS");
        for row in rows(system, &backend) {
            row.is_taken(&backend, &unknown(), "unknown members");
        }
        for path in ["/getCertificate", "/getAllCertificates", "/getCertificateChain"] {
            for query in ["applicationId=OPENG2P", "applicationId=OPENG2P&referenceId=", "unknown=1&applicationId=OPENG2P&referenceID=X&x"] {
                backend.get(&format!("{path}?{query}")).response();
            }
            for query in ["", "?", "?applicationId=", "?referenceId=ENCRYPT", "?applicationID=OPENG2P"] {
                backend.get(&format!("{path}{query}")).refused_with(200, "KER-KMS-005");
            }
        }
    }

    /// What must be there and is not: refused in the envelope, never a fault of the server.
    fn required_members_that_are_null_are_refused(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "TESTS");
        for row in rows(system, &backend) {
            let good = (row.required)();
            for name in good.as_object().expect("members").keys() {
                let (mut null, mut absent) = (good.clone(), good.clone());
                null[name] = Value::Null;
                absent.as_object_mut().expect("members").remove(name);
                let [null, absent] = [null, absent].map(|request| row.send(&backend, request));
                assert_eq!((null.status, &null.body["errors"]), (200, &absent.body["errors"]), "{} {name}", row.path);
                // A reference is not always demanded; without one a master key is meant, to which neither of these is done.
                let code = match (row.path, name.as_str()) {
                    ("/encrypt", "referenceId") => "KER-CRY-011",
                    ("/generateECSignKey/CERTIFICATE", "referenceId") => "KER-KMS-030",
                    ("/uploadCertificate", "referenceId") => "KER-KMS-014",
                    _ => "KER-KMS-005",
                };
                null.refused_with(200, code);
            }
        }
    }

    /// One byte string, four spellings: which one a client writes does not matter, and what is signed are the bytes.
    fn base64_of_either_alphabet_with_and_without_padding(system: &System) {
        const SPELLINGS: [&str; 4] = ["-_-_-w", "-_-_-w==", "+/+/+w", "+/+/+w=="];
        let backend = system.mosip("backend");
        let bytes = from_base64url(SPELLINGS[0]);
        for text in SPELLINGS {
            let sign = json!({"dataToSign": text, "applicationId": "OPENG2P", "includePayload": true});
            let jws = backend.ask_mosip("/jwtSign", sign).response()["jwtSignedData"].as_str().expect("a JWS").to_owned();
            assert_eq!(from_base64url(jws.split('.').nth(1).expect("a payload")), bytes, "{text}");
        }
        // Of a length and with letters that make all four differ.
        let sealed = loop {
            let data = backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response()["data"].clone();
            let text = data.as_str().expect("data").to_owned();
            if text.contains('-') && text.contains('_') && !text.len().is_multiple_of(4) {
                break text;
            }
        };
        let padding = "=".repeat(4 - sealed.len() % 4);
        let standard = sealed.replace('-', "+").replace('_', "/");
        for text in [sealed.clone(), sealed.clone() + &padding, standard.clone(), standard + &padding] {
            let opened = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", &text)).response();
            assert_eq!(opened["data"], base64url("Selam"));
        }
        for text in ["AAAA=", "AA=A", "A", "AA AA", "AA\nAA", "ÄÄ=="] {
            let sign = json!({"dataToSign": text, "applicationId": "OPENG2P"});
            let answer = backend.ask_mosip("/jwtSign", sign);
            assert_eq!((answer.status, &answer.body["response"]), (200, &Value::Null), "{text}");
            answer.refused_with(200, "KER-CRY-003");
        }
    }

    /// Two members of one name: which one would be meant, no two readers agree about.
    fn a_member_twice_is_refused(system: &System) {
        let backend = system.mosip("backend");
        let body = r#"{"request":{"applicationId":"REGISTRATION","applicationId":"OPENG2P","referenceId":"ENCRYPT","timeStamp":"2026-11-22T09:30:00.000Z","data":"AAAA"}}"#;
        backend.send("POST", "/encrypt", Some("application/json"), body.as_bytes().to_vec()).refused_with(200, "KER-KMS-005");
        let body = r#"{"request":{"applicationId":"REGISTRATION"},"request":{"applicationId":"OPENG2P"}}"#;
        backend.send("POST", "/encrypt", Some("application/json"), body.as_bytes().to_vec()).refused_with(200, "KER-KMS-005");
    }
}
