//! `POST /decrypt`

use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::{Client, base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::{fresh, master};

#[track_caller]
fn encrypted(client: &Client, application: &str, reference: &str, text: &str) -> String {
    let answer = client.ask_mosip("/encrypt", to_encrypt(application, reference, text)).response();
    answer["data"].as_str().expect("data").to_owned()
}

#[track_caller]
fn opens_as(client: &Client, application: &str, reference: &str, data: &str, text: &str) {
    let answer = client.ask_mosip("/decrypt", to_decrypt(application, reference, data)).response();
    assert_eq!(answer, json!({"data": base64url(text)}));
}

/// The key ends, and the next call makes another.
#[track_caller]
fn rotate(client: &Client, application: &str, reference: &str) {
    let names = json!({"applicationId": application, "referenceId": reference, "disableAutoGen": false});
    let answer = client.put("/revokeKey", km_tests::mosip::enveloped(names)).response();
    assert_eq!(answer["status"], "Key Revoked");
}

on_both! {
    /// C6: twice rotated on one day, and everything still opens. The reference id need not be the one of then.
    fn older_keys_open_what_was_encrypted_to_them(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let mut made = Vec::new();
        for round in 0..3 {
            made.push(encrypted(&backend, "OPENG2P", &reference, &format!("round {round}")));
            if round < 2 {
                rotate(&backend, "OPENG2P", &reference);
            }
        }
        let thumbprints: std::collections::BTreeSet<Vec<u8>> = made.iter().map(|data| from_base64url(data)[6..38].to_vec()).collect();
        assert_eq!(thumbprints.len(), 3, "each round had a key of its own");
        for (round, data) in made.iter().enumerate() {
            opens_as(&backend, "OPENG2P", &reference, data, &format!("round {round}"));
            opens_as(&backend, "OPENG2P", "", data, &format!("round {round}"));
        }
    }

    fn only_the_keys_own_application_opens(system: &System) {
        let backend = system.mosip("backend");
        let data = encrypted(&backend, "REGISTRATION", "ENCRYPT", "Selam");
        backend.ask_mosip("/decrypt", to_decrypt("OPENG2P", "ENCRYPT", &data)).refused_with(200, "KER-KMS-024");
        let mut other = from_base64url(&data);
        other[6] ^= 1;
        backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", &base64url(&other))).refused_with(200, "KER-KMS-025");
    }

    /// C11: who may not decrypt for an application is told so before anything is looked up.
    fn the_applications_list_decides(system: &System) {
        let (backend, listed) = (system.mosip("backend"), system.mosip("openg2p"));
        master(&listed, "RESTRICTED");
        let data = encrypted(&listed, "RESTRICTED", "ENCRYPT", "Selam");
        opens_as(&listed, "RESTRICTED", "ENCRYPT", &data, "Selam");
        let end = system.log_end();
        let answer = backend.ask_mosip("/decrypt", to_decrypt("RESTRICTED", "ENCRYPT", &data));
        let forbidden = answer.refused_with(200, "KER-CRY-012");
        system.events_of(end, &answer.request_id).is("crypto.decrypt", "refused", "mosip-decrypt-denied");
        for (application, data) in [("NOWHERE", data.as_str()), ("CLOSED", &data), ("RESTRICTED", "AAAA")] {
            let answer = backend.ask_mosip("/decrypt", to_decrypt(application, "ENCRYPT", data));
            assert_eq!(answer.refused_with(200, "KER-CRY-012"), forbidden, "{application}");
        }
    }

    /// Key, padding, tag, salt and AAD: one code and one text, whichever did not fit.
    fn whatever_does_not_open_is_one_answer(system: &System) {
        let backend = system.mosip("backend");
        let mut request = to_encrypt("REGISTRATION", "ENCRYPT", "Selam");
        request["salt"] = json!("AAECAwQFBgcICQoLDA0ODw");
        request["aad"] = json!("bXktYWFk");
        let data = backend.ask_mosip("/encrypt", request).response()["data"].as_str().expect("data").to_owned();
        let bytes = from_base64url(&data);
        let asked = |bytes: &[u8], salt: &str, aad: &str| {
            let mut request = to_decrypt("REGISTRATION", "ENCRYPT", &base64url(bytes));
            request["salt"] = json!(salt);
            request["aad"] = json!(aad);
            backend.ask_mosip("/decrypt", request)
        };
        let (salt, aad) = ("AAECAwQFBgcICQoLDA0ODw", "bXktYWFk");
        assert_eq!(asked(&bytes, salt, aad).response()["data"], base64url("Selam"));
        let mut answers = std::collections::BTreeSet::new();
        for at in [32, 160, 287, 302, bytes.len() - 17, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            answers.insert(asked(&changed, salt, aad).refused_with(200, "KER-FSE-004"));
        }
        answers.insert(asked(&bytes, "AAECAwQFBgcICQoLDA0ODg", aad).refused_with(200, "KER-FSE-004"));
        answers.insert(asked(&bytes, salt, "bXktYWFl").refused_with(200, "KER-FSE-004"));
        answers.insert(asked(&bytes[..bytes.len() - 1], salt, aad).refused_with(200, "KER-FSE-004"));
        assert_eq!(answers.len(), 1, "{answers:?}");
    }

    /// In every layout, every part: header, thumbprint, wrapped key, splitter, IV, ciphertext, tag.
    fn no_bit_may_be_changed_in_any_layout(system: &System) {
        let backend = system.mosip("backend");
        let given = [json!({}), json!({"aad": "bXktYWFk"}), json!({"salt": "AAECAwQFBgcICQoLDA0ODw", "aad": "bXktYWFk"}), json!({"salt": "AAEC"})];
        for members in given {
            let asked = |mut request: Value| {
                request.as_object_mut().expect("a request").extend(members.as_object().expect("members").clone());
                request
            };
            let sealed = backend.ask_mosip("/encrypt", asked(to_encrypt("REGISTRATION", "ENCRYPT", "Selam"))).response();
            let bytes = from_base64url(sealed["data"].as_str().expect("data"));
            // Each of the first bytes and each of the last, and one bit of every fourteenth byte between.
            let bits = bytes.len() * 8;
            for bit in (0..64).chain((64..bits - 64).step_by(13 * 8 + 1)).chain((bits - 64..bits).step_by(3)) {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                let answer = backend.ask_mosip("/decrypt", asked(to_decrypt("REGISTRATION", "ENCRYPT", &base64url(&changed))));
                assert_eq!((answer.status, &answer.body["response"]), (200, &Value::Null), "bit {bit} of {members}");
                let code = answer.body["errors"][0]["errorCode"].as_str().expect("a code");
                assert!(["KER-FSE-004", "KER-KMS-025", "KER-CRY-003", "KER-KMS-003"].contains(&code), "bit {bit} of {members}: {code}");
            }
        }
    }

    fn what_is_no_ciphertext_is_told_so(system: &System) {
        let backend = system.mosip("backend");
        for data in ["AAAA", &base64url([7; 400])] {
            let answer = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", data));
            assert_eq!(answer.refused_with(200, "KER-CRY-003"), "data sent to decrypt is without key splitter or invalid");
        }
        let answer = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", "not base64!"));
        assert_eq!(answer.refused_with(200, "KER-CRY-003"), " input data is not base64 encoded");
        // From before thumbprints were written, for a name that has no key.
        let old = [&[1; 256][..], b"#KEY_SPLITTER#", &[0; 64]].concat();
        backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", &fresh("REF"), &base64url(&old))).refused_with(200, "KER-KMS-003");
        backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", &base64url(&old))).refused_with(200, "KER-FSE-004");
    }

    /// Data from before thumbprints were written: the same without the first 32 bytes.
    fn data_without_a_thumbprint_opens(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let mut request = to_encrypt("OPENG2P", &reference, "old data");
        request["aad"] = json!("bXktYWFk");
        let data = backend.ask_mosip("/encrypt", request).response()["data"].as_str().expect("data").to_owned();
        rotate(&backend, "OPENG2P", &reference);
        encrypted(&backend, "OPENG2P", &reference, "new data");
        let mut old = to_decrypt("OPENG2P", &reference, &base64url(&from_base64url(&data)[32..]));
        old["aad"] = json!("bXktYWFk");
        assert_eq!(backend.ask_mosip("/decrypt", old).response()["data"], base64url("old data"));
    }

    fn the_event_names_the_key_and_no_data(system: &System) {
        let backend = system.mosip("backend");
        let data = encrypted(&backend, "REGISTRATION", "ENCRYPT", "Selam");
        let end = system.log_end();
        let answer = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", &data));
        let found = system.events_of(end, &answer.request_id);
        let event: &Value = found.is("crypto.decrypt", "done", "");
        assert_eq!(event["object"], "REGISTRATION/ENCRYPT");
        assert_eq!(event["key_version"], 1);
        assert!(event["switches"].is_null() && event["actor"]["name"].as_str().is_some_and(|name| name.ends_with("#backend")));
    }
}
