//! `POST /tpmdecrypt`

use km_tests::{Client, base64url, from_base64url, on_both};
use serde_json::json;

use super::master;

/// The key to which clients encrypt, as the service tells it.
#[track_caller]
fn public_key(client: &Client) -> String {
    let answer = client.ask_mosip("/tpmencryption/publickey", json!({"serverProfile": "any"})).response();
    answer["publicKey"].as_str().expect("a key").to_owned()
}

#[track_caller]
fn sealed(client: &Client, key: &str, text: &str) -> String {
    let answer = client.ask_mosip("/tpmencrypt", json!({"value": base64url(text), "publicKey": key})).response();
    answer["value"].as_str().expect("a value").to_owned()
}

on_both! {
    fn what_is_encrypted_to_the_services_key_opens(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "RESIDENT");
        let key = public_key(&backend);
        let value = sealed(&backend, &key, "Selam");
        let open = |value: &str, key: &str| backend.ask_mosip("/tpmdecrypt", json!({"value": value, "publicKey": key}));
        let end = system.log_end();
        let answer = open(&value, &key);
        let request_id = answer.request_id.clone();
        assert_eq!(answer.response()["value"], base64url("Selam"));
        let event = system.events_of(end, &request_id).is("crypto.decrypt", "done", "").clone();
        assert_eq!(event["object"], "RESIDENT/CLIENT_CRYPTO");
        // The key is a hint: MOSIP never looks at it.
        assert_eq!(open(&value, "AAAA").response()["value"], base64url("Selam"));
        // Any changed bit, and no word about which part it was in.
        let bytes = from_base64url(&value);
        for bit in (0..bytes.len() * 8).step_by(61) {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&base64url(changed), &key).refused_with(200, "KER-CC-004"), "Failed crypto operation");
        }
        for length in [1, 255, 256, 299] {
            open(&base64url(&bytes[..length]), &key).refused_with(200, "KER-CC-004");
        }
        // For somebody else.
        let (other, _) = km_tests::openssl::self_signed(system.folder(), km_tests::openssl::RSA, "other");
        let other = base64url(crate::mosip::cs_verify_sign::public_half(&other));
        open(&sealed(&backend, &other, "Selam"), &other).refused_with(200, "KER-CC-004");
    }

    /// The key ends, and the next one is another; both open their own.
    fn former_keys_open_on(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "RESIDENT");
        let before = public_key(&backend);
        let value = sealed(&backend, &before, "before");
        let names = json!({"applicationId": "RESIDENT", "referenceId": "CLIENT_CRYPTO", "disableAutoGen": false});
        backend.put("/revokeKey", km_tests::mosip::enveloped(names)).response();
        let after = public_key(&backend);
        for key in [&before, &after] {
            let answer = backend.ask_mosip("/tpmdecrypt", json!({"value": value, "publicKey": key}));
            assert_eq!(answer.response()["value"], base64url("before"));
        }
        let value = sealed(&backend, &after, "after");
        let answer = backend.ask_mosip("/tpmdecrypt", json!({"value": value, "publicKey": before}));
        assert_eq!(answer.response()["value"], base64url("after"));
    }
}
