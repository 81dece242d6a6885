//! `POST /jwtVerify`

use km_tests::mosip::enveloped;
use km_tests::openssl::{P256, body_of, self_signed, sign_es256};
use km_tests::{Client, Options, System, base64url, on_both, on_each};
use serde_json::{Value, json};

use super::{
    all, fresh, master,
    pki::{Party, Wanted, trust, upload_authority, upload_partner},
};

const PAYLOAD: &str = r#"{"amount":7}"#;

#[track_caller]
fn signed(client: &Client, application: &str, attached: bool, certificate: bool) -> String {
    let request = json!({"dataToSign": base64url(PAYLOAD), "applicationId": application, "referenceId": "", "includePayload": attached, "includeCertificate": certificate});
    client.ask_mosip("/jwtSign", request).response()["jwtSignedData"].as_str().expect("a JWS").to_owned()
}

/// As OpenG2P's FastAPI services ask.
fn asked(jws: &str, actual: Option<&str>, application: &str, reference: &str) -> Value {
    json!({"jwtSignatureData": jws, "actualData": actual.map(base64url), "applicationId": application, "referenceId": reference, "certificateData": "", "validateTrust": false, "domain": "AUTH"})
}

/// A key on P-256 and a certificate by itself for it, PEM.
fn stranger(system: &System) -> (std::path::PathBuf, String) {
    self_signed(system.folder(), P256, "stranger")
}

/// A JWS by that key, with its certificate in the header.
fn forged(key: &std::path::Path, header: Value) -> String {
    let signed = format!("{}.{}", base64url(header.to_string()), base64url(PAYLOAD));
    format!("{signed}.{}", base64url(sign_es256(key, signed.as_bytes())))
}

on_both! {
    fn what_was_signed_verifies_and_nothing_else(system: &System) {
        let backend = system.mosip("backend");
        for with_certificate in [false, true] {
            let jws = signed(&backend, "OPENG2P", true, with_certificate);
            let answer = backend.ask_mosip("/jwtVerify", asked(&jws, None, "OPENG2P", "")).response();
            assert_eq!(answer, json!({"signatureValid": true, "message": "Validation Successful", "trustValid": "TRUST_NOT_VERIFIED"}));
            // Odoo sends four members.
            let four = json!({"jwtSignatureData": jws, "applicationId": "OPENG2P", "referenceId": "", "validateTrust": false});
            assert_eq!(backend.ask_mosip("/jwtVerify", four).response()["signatureValid"], true);
            // The actual data stands for whatever is in the middle.
            assert_eq!(backend.ask_mosip("/jwtVerify", asked(&jws, Some(PAYLOAD), "OPENG2P", "")).response()["signatureValid"], true);
            assert_eq!(backend.ask_mosip("/jwtVerify", asked(&jws, Some("{}"), "OPENG2P", "")).response()["signatureValid"], false);
            let detached = signed(&backend, "OPENG2P", false, with_certificate);
            assert_eq!(backend.ask_mosip("/jwtVerify", asked(&detached, Some(PAYLOAD), "OPENG2P", "")).response()["signatureValid"], true);
            let wrong = backend.ask_mosip("/jwtVerify", asked(&detached, None, "OPENG2P", "")).response();
            assert_eq!(wrong, json!({"signatureValid": false, "message": "Validation Failed", "trustValid": "TRUST_NOT_VERIFIED"}));
        }
        let jws = signed(&backend, "OPENG2P", true, false);
        // Another application's key.
        assert_eq!(backend.ask_mosip("/jwtVerify", asked(&jws, None, "ID_REPO", "")).response()["signatureValid"], false);
        for position in [jws.find('.').expect("a dot") + 3, jws.rfind('.').expect("a dot") + 3] {
            let mut changed = jws.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("text");
            assert_eq!(backend.ask_mosip("/jwtVerify", asked(&changed, None, "OPENG2P", "")).response()["signatureValid"], false);
        }
    }

    /// C9: whoever names an application has it verified by that application's keys, whatever certificate the token brings.
    fn a_forged_certificate_in_the_token_convinces_nobody(system: &System) {
        let backend = system.mosip("backend");
        let (key, pem) = stranger(system);
        let kid = all(&backend, "OPENG2P", "")[0]["keyId"].clone();
        for header in [json!({"alg": "ES256", "x5c": [body_of(&pem)]}), json!({"alg": "ES256", "x5c": [body_of(&pem)], "kid": kid}), json!({"alg": "ES256"})] {
            let jws = forged(&key, header);
            for (application, reference) in [("OPENG2P", ""), ("ID_REPO", ""), ("KERNEL", "SIGN"), ("REGISTRATION", "ENCRYPT")] {
                let answer = backend.ask_mosip("/jwtVerify", asked(&jws, None, application, reference)).response();
                assert_eq!(answer["signatureValid"], false, "{application} {reference}");
            }
        }
        // Nor does a token that nobody was named for: its certificate leads to no trusted root.
        let jws = forged(&key, json!({"alg": "ES256", "x5c": [body_of(&pem)]}));
        for (trust, domain, said) in [(false, "AUTH", "TRUST_NOT_VERIFIED"), (true, "", "TRUST_NOT_VERIFIED_NO_DOMAIN"), (true, "AUTH", "TRUST_CERT_PATH_NOT_VALID")] {
            let request = json!({"jwtSignatureData": jws, "applicationId": "", "referenceId": "", "validateTrust": trust, "domain": domain});
            let answer = backend.ask_mosip("/jwtVerify", request).response();
            assert_eq!(answer, json!({"signatureValid": false, "message": "Validation Failed", "trustValid": said}));
        }
    }

    fn a_certificate_that_the_caller_sends_decides_where_no_application_is_named(system: &System) {
        let backend = system.mosip("backend");
        let (key, pem) = stranger(system);
        let jws = forged(&key, json!({"alg": "ES256"}));
        let with = |pem: &str| backend.ask_mosip("/jwtVerify", json!({"jwtSignatureData": jws, "applicationId": "", "certificateData": pem, "validateTrust": false}));
        assert_eq!(with(&pem).response()["signatureValid"], true);
        assert_eq!(with(&stranger(system).1).response()["signatureValid"], false);
        for bad in ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            with(bad).refused_with(200, "KER-JWS-107");
        }
        // With an application, that decides.
        let mut both = asked(&jws, None, "OPENG2P", "");
        both["certificateData"] = json!(pem);
        assert_eq!(backend.ask_mosip("/jwtVerify", both).response()["signatureValid"], false);
    }

    /// A partner's certificate, stored once, verifies what the partner signs.
    fn a_partners_signature_verifies_by_its_stored_certificate(system: &System) {
        let (backend, partner) = (system.mosip("backend"), fresh("PARTNER_"));
        let (key, pem) = stranger(system);
        let upload = json!({"applicationId": "PARTNER", "referenceId": partner, "certificateData": pem});
        assert_eq!(backend.ask_mosip("/uploadOtherDomainCertificate", upload).response()["status"], "Upload Success");
        let jws = forged(&key, json!({"alg": "ES256"}));
        let detached = {
            let parts: Vec<&str> = jws.split('.').collect();
            format!("{}..{}", parts[0], parts[2])
        };
        assert_eq!(backend.ask_mosip("/jwtVerify", asked(&detached, Some(PAYLOAD), "PARTNER", &partner)).response()["signatureValid"], true);
        assert_eq!(backend.ask_mosip("/jwtVerify", asked(&detached, Some("{}"), "PARTNER", &partner)).response()["signatureValid"], false);
        backend.ask_mosip("/jwtVerify", asked(&detached, Some(PAYLOAD), "PARTNER", &fresh("NOBODY"))).refused_with(200, "KER-KMS-012");
        // Whoever stole the key goes on signing: once it is replaced or revoked here, nothing of it verifies.
        let verify = |jws: &str| backend.ask_mosip("/jwtVerify", asked(jws, Some(PAYLOAD), "PARTNER", &partner));
        let (newer_key, newer) = stranger(system);
        let upload = json!({"applicationId": "PARTNER", "referenceId": partner, "certificateData": newer});
        backend.ask_mosip("/uploadOtherDomainCertificate", upload).response();
        assert_eq!(verify(&detached).response()["signatureValid"], false);
        let kid = crate::mosip::all(&backend, "PARTNER", &partner).iter().map(|one| one["keyId"].clone()).collect::<Vec<_>>();
        for kid in kid {
            assert_eq!(verify(&forged(&key, json!({"alg": "ES256", "kid": kid}))).response()["signatureValid"], false);
        }
        let newer_jws = forged(&newer_key, json!({"alg": "ES256"}));
        assert_eq!(verify(&newer_jws).response()["signatureValid"], true);
        let names = json!({"applicationId": "PARTNER", "referenceId": partner, "disableAutoGen": true});
        assert_eq!(backend.put("/revokeKey", km_tests::mosip::enveloped(names)).response()["status"], "Key Revoked");
        let text = verify(&newer_jws).text().to_owned();
        assert!(text.contains("errorCode") && !text.contains("signatureValid\":true"), "{text}");
    }

    /// After a rotation the token's `kid` finds the key that made it.
    fn older_signatures_verify_by_their_key_id(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "TESTS");
        let old = signed(&backend, "TESTS", true, false);
        backend.ask_mosip("/generateMasterKey/CERTIFICATE", json!({"applicationId": "TESTS", "force": true})).response();
        let new = signed(&backend, "TESTS", true, false);
        for jws in [&old, &new] {
            assert_eq!(backend.ask_mosip("/jwtVerify", asked(jws, None, "TESTS", "")).response()["signatureValid"], true);
        }
    }

    /// A certificate is judged at the moment that is asked for.
    fn as_of_a_moment(system: &System) {
        let backend = system.mosip("backend");
        let jws = signed(&backend, "OPENG2P", true, false);
        let at = |time: &str| {
            let mut request = asked(&jws, None, "OPENG2P", "");
            request["asOf"] = json!(time);
            backend.ask_mosip("/jwtVerify", request)
        };
        at("2020-01-01T00:00:00.000Z").refused_with(200, "KER-JWS-107");
        at("2050-01-01T00:00:00").refused_with(200, "KER-JWS-107");
        at("yesterday").refused_with(200, "KER-KMS-005");
        let now = km_tests::now().plus(std::time::Duration::from_secs(86_400)).to_string();
        assert_eq!(at(&now).response()["signatureValid"], true);
    }

    /// A certificate in the token is believed if it leads to a root of the domain that was asked for, and only then.
    fn a_certificate_in_the_token_is_believed_below_a_root_of_the_domain(system: &System) {
        let backend = system.mosip("backend");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        let partner = Party::new(system, Some(&below), Wanted::default());
        let (key, chain) = (partner.path("key.pem"), [body_of(&partner.pem()), body_of(&below.pem())]);
        let verify = |jws: &str, trust: bool, domain: &str| {
            let answer = backend.ask_mosip("/jwtVerify", json!({"jwtSignatureData": jws, "validateTrust": trust, "domain": domain})).response();
            (answer["signatureValid"].as_bool().expect("a truth value"), answer["trustValid"].as_str().expect("a word").to_owned())
        };
        let no_path = (false, "TRUST_CERT_PATH_NOT_VALID".to_owned());
        let jws = forged(&key, json!({"alg": "ES256", "x5c": chain}));
        assert_eq!(verify(&jws, true, "AUTH"), no_path);
        trust(&backend, "AUTH", &[&root]);
        // The one in between came with the token.
        assert_eq!(verify(&jws, true, "auth"), (true, "TRUST_CERT_PATH_VALID".into()));
        assert_eq!(verify(&jws, true, "DEVICE"), no_path);
        assert_eq!(verify(&jws, true, "NOWHERE"), no_path);
        assert_eq!(verify(&jws, true, ""), (false, "TRUST_NOT_VERIFIED_NO_DOMAIN".into()));
        assert_eq!(verify(&jws, false, "AUTH"), (false, "TRUST_NOT_VERIFIED".into()));
        let alone = forged(&key, json!({"alg": "ES256", "x5c": [chain[0]]}));
        assert_eq!(verify(&alone, true, "AUTH"), no_path);
        trust(&backend, "AUTH", &[&below]);
        assert_eq!(verify(&alone, true, "AUTH"), (true, "TRUST_CERT_PATH_VALID".into()));
        // Another's signature under a trusted certificate; a stranger's certificate before a trusted one.
        let (stolen, pem) = stranger(system);
        assert_eq!(verify(&forged(&stolen, json!({"alg": "ES256", "x5c": chain})), true, "AUTH"), (false, "TRUST_CERT_PATH_VALID".into()));
        let mixed = forged(&stolen, json!({"alg": "ES256", "x5c": [body_of(&pem), chain[0], chain[1], body_of(&root.pem())]}));
        assert_eq!(verify(&mixed, true, "AUTH"), no_path);
        // With an application, that one's keys decide, whatever the domain says.
        let mut named = asked(&jws, None, "OPENG2P", "");
        named["validateTrust"] = json!(true);
        assert_eq!(backend.ask_mosip("/jwtVerify", named).response()["signatureValid"], false);
        // A certificate that the caller sends along is judged by the same store.
        let plain = forged(&key, json!({"alg": "ES256"}));
        let sent = |trust: bool, domain: &str| {
            let answer = backend.ask_mosip("/jwtVerify", json!({"jwtSignatureData": plain, "certificateData": partner.pem(), "validateTrust": trust, "domain": domain})).response();
            (answer["signatureValid"].as_bool().expect("a truth value"), answer["trustValid"].as_str().expect("a word").to_owned())
        };
        assert_eq!(sent(false, "DEVICE"), (true, "TRUST_NOT_VERIFIED".into()));
        assert_eq!(sent(true, "AUTH"), (true, "TRUST_CERT_PATH_VALID".into()));
        assert_eq!(sent(true, "DEVICE"), no_path);
        assert_eq!(sent(true, ""), (true, "TRUST_NOT_VERIFIED_NO_DOMAIN".into()));
        // What is revoked is not believed any more; before it was, it is.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let before = km_tests::now().to_string();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        below.revoke(&partner, "superseded");
        upload_authority(&backend, "AUTH", &below.list()).response();
        assert_eq!(verify(&jws, true, "AUTH"), no_path);
        let then = json!({"jwtSignatureData": jws, "validateTrust": true, "domain": "AUTH", "asOf": before});
        assert_eq!(backend.ask_mosip("/jwtVerify", then).response()["signatureValid"], true);
    }

    /// What we issue for a partner verifies in its domain; our own signatures do too.
    fn certificates_of_ours_lead_to_our_root_in_the_domain(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "MISP", &[&root]);
        let partner = Party::new(system, Some(&root), Wanted::default());
        let uploaded = upload_partner(&backend, "MISP", &partner.pem()).response();
        let id = uploaded["certificateId"].as_str().expect("an id");
        let ours = backend.get(&format!("/getPartnerCertificate/{id}")).response()["certificateData"].as_str().expect("PEM").to_owned();
        let jws = forged(&partner.path("key.pem"), json!({"alg": "ES256", "x5c": [body_of(&ours)]}));
        let own = signed(&backend, "OPENG2P", true, true);
        for jws in [&jws, &own] {
            let answer = backend.ask_mosip("/jwtVerify", json!({"jwtSignatureData": jws, "validateTrust": true, "domain": "MISP"})).response();
            assert_eq!(answer, json!({"signatureValid": true, "message": "Validation Successful", "trustValid": "TRUST_CERT_PATH_VALID"}));
        }
    }

    fn what_is_no_jws_has_its_codes(system: &System) {
        let backend = system.mosip("backend");
        let header = |value: Value| base64url(value.to_string());
        for (jws, code) in [
            ("no dots".to_owned(), "KER-JWS-105"),
            (format!("{}.e30", header(json!({"alg": "RS256"}))), "KER-JWS-105"),
            ("***.e30.AAAA".to_owned(), "KER-JWS-106"),
            (format!("{}.e30.AAAA", base64url("no json")), "KER-JWS-106"),
            (format!("{}.e30.AAAA", header(json!({"alg": "RS256", "x5c": "AAAA"}))), "KER-JWS-106"),
            (format!("{}.e30.AAAA", header(json!({"alg": "none"}))), "KER-JWS-105"),
            (format!("{}.e30.AAAA", header(json!({"alg": "HS256"}))), "KER-JWS-105"),
        ] {
            backend.ask_mosip("/jwtVerify", asked(&jws, None, "OPENG2P", "")).refused_with(200, code);
        }
        backend.ask_mosip("/jwtVerify", asked("", None, "OPENG2P", "")).refused_with(200, "KER-KMS-005");
        // C12: nobody named.
        let jws = signed(&backend, "OPENG2P", true, false);
        assert!(backend.ask_mosip("/jwtVerify", asked(&jws, None, "", "")).refused_with(200, "KER-KMS-005").contains("applicationId"));
        backend.ask_mosip("/jwtVerify", asked(&jws, None, "NOWHERE", "")).refused_with(200, "KER-KMS-012");
    }

    fn the_event_says_what_came_of_it(system: &System) {
        let backend = system.mosip("backend");
        let jws = signed(&backend, "OPENG2P", true, false);
        for (application, valid) in [("OPENG2P", 1), ("ID_REPO", 0)] {
            let end = system.log_end();
            let answer = backend.ask_mosip("/jwtVerify", asked(&jws, None, application, ""));
            let event = system.events_of(end, &answer.request_id).is("crypto.verify", "done", "").clone();
            assert_eq!(event["figures"]["valid"], valid);
            assert_eq!(event["object"], format!("{application}/"));
        }
    }
}

on_each! {
    /// The switch that brings MOSIP's way back: a caller who names nobody has KERNEL and SIGN.
    fn with_the_switch_a_blank_application_is_kernel_sign(database: Database) {
        let mosip = "blank_application_is_kernel_sign = true".to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let backend = system.mosip("backend");
        let answer = backend.post("/jwtSign", enveloped(json!({"dataToSign": "e30", "includePayload": true})));
        let jws = answer.response()["jwtSignedData"].as_str().expect("a JWS").to_owned();
        for (application, reference) in [("", ""), ("KERNEL", "SIGN")] {
            assert_eq!(backend.ask_mosip("/jwtVerify", asked(&jws, None, application, reference)).response()["signatureValid"], true);
        }
        assert_eq!(backend.ask_mosip("/jwtVerify", asked(&jws, None, "OPENG2P", "")).response()["signatureValid"], false);
        let events = system.events_from("auditor", 0);
        let sign = events.iter().find(|event| event["kind"] == "crypto.sign").expect("an event");
        assert_eq!(sign["switches"], json!(["mosip.blank_application_is_kernel_sign"]));
    }
}
