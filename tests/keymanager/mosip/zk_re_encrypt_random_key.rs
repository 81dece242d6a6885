//! `POST /zkReEncryptRandomKey?encryptedKey=`

use base64::{Engine, engine::general_purpose::STANDARD};
use km_tests::{Answer, Client, base64url, from_base64url, on_both};

use super::zk_encrypt::{asked, recipient};

fn re_encrypt(client: &Client, encrypted: &str) -> Answer {
    client.send("POST", &format!("/zkReEncryptRandomKey?encryptedKey={encrypted}"), None, Vec::new())
}

on_both! {
    fn a_random_key_is_wrapped_for_the_recipients_own_store(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1", &[("a", "b")])).response();
        let encrypted = sealed["encryptedRandomKey"].as_str().expect("a text").to_owned();
        let end = system.log_end();
        let answer = re_encrypt(&backend, &encrypted);
        let request_id = answer.request_id.clone();
        let wrapped = answer.response()["encryptedKey"].as_str().expect("a text").to_owned();
        // AES Key Wrap of 32 bytes, in the standard alphabet; it fits into MOSIP's column of 64 characters.
        assert_eq!((wrapped.len(), STANDARD.decode(&wrapped).expect("base64").len()), (56, 40));
        let event = system.events_of(end, &request_id).is("crypto.rewrap", "done", "").clone();
        assert_eq!(event["object"], "IDA/PUBLIC_KEY");
        // The same key, wrapped by the same key, and it is not the one with which another call sealed.
        assert_eq!(re_encrypt(&backend, &encrypted).response()["encryptedKey"], wrapped.as_str());
        // Among parts for others; and as a form.
        let joined = format!("{}.{encrypted}.{}", base64url([7; 288]), base64url([8; 288]));
        assert_eq!(re_encrypt(&backend, &joined).response()["encryptedKey"], wrapped.as_str());
        let form = format!("encryptedKey={joined}").into_bytes();
        let answer = backend.send("POST", "/zkReEncryptRandomKey", Some("application/x-www-form-urlencoded"), form);
        assert_eq!(answer.response()["encryptedKey"], wrapped.as_str());
    }

    fn what_is_for_nobody_here_is_refused(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1", &[("a", "b")])).response();
        let part = from_base64url(sealed["encryptedRandomKey"].as_str().expect("a text"));
        for bad in ["", "%20", "AAAA", "x!", ".", &base64url([7; 288]), &base64url(&part[..287])] {
            re_encrypt(&backend, bad).refused_with(200, "KER-ZKC-006");
        }
        let mut changed = part.clone();
        changed[200] ^= 1;
        re_encrypt(&backend, &base64url(&changed)).refused_with(200, "KER-ZKC-001");
        let answer = backend.send("POST", "/zkReEncryptRandomKey", None, Vec::new());
        assert_eq!(answer.refused_with(200, "KER-KMS-005"), "Required request parameter 'encryptedKey' is not present");
        let twice = format!("a&encryptedKey={}", base64url(&part));
        re_encrypt(&backend, &twice).refused_with(200, "KER-KMS-005");
    }

    /// Encrypted to a key of ours that is no recipient's: whoever may use that key has other calls for it.
    fn only_recipients_keys_open(system: &System) {
        let backend = system.mosip("backend");
        let certificate = crate::mosip::current(&backend, "OPENG2P", "ENCRYPT")["certificate"].clone();
        let part = [crate::mosip::thumbprint(system, &certificate), crate::mosip::oaep_to(system, &certificate, &[5; 32])].concat();
        re_encrypt(&backend, &base64url(part)).refused_with(200, "KER-ZKC-006");
        let certificate = serde_json::json!(recipient(&backend));
        let part = |key: &[u8]| [crate::mosip::thumbprint(system, &certificate), crate::mosip::oaep_to(system, &certificate, key)].concat();
        re_encrypt(&backend, &base64url(part(&[5; 32]))).response();
        // No AES-256 key.
        re_encrypt(&backend, &base64url(part(&[5; 16]))).refused_with(200, "KER-ZKC-001");
    }
}
