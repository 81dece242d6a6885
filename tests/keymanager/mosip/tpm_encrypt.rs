//! `POST /tpmencrypt`

use km_tests::openssl::{P256, RSA, self_signed};
use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

use super::{
    OAEP,
    cs_verify_sign::{as_a_tpm_writes_it, public_half},
    oaep_open,
};

on_both! {
    /// The key of each message is opened by stock openssl in the way that each kind of machine does; and in no other way.
    fn each_kind_of_machine_opens_in_its_own_way(system: &System) {
        let backend = system.mosip("backend");
        let (key, _) = self_signed(system.folder(), RSA, "client");
        let spki = public_half(&key);
        let tpm = as_a_tpm_writes_it(&spki);
        let android = "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha1";
        let of_tpm = format!("{OAEP} -pkeyopt rsa_oaep_label:00");
        for (public, kind, options) in [
            (&spki, json!(null), OAEP),
            (&spki, json!("LOCAL"), OAEP),
            (&spki, json!("ANDROID"), android),
            (&tpm, json!("TPM"), &of_tpm),
            (&tpm, json!("ANDROID"), &of_tpm),
        ] {
            let request = json!({"value": base64url("Selam"), "publicKey": base64url(public), "clientType": kind});
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..3 {
                let sealed = backend.ask_mosip("/tpmencrypt", request.clone()).response();
                let bytes = from_base64url(sealed["value"].as_str().expect("a value"));
                // Wrapped key, nonce, AAD, ciphertext, tag.
                assert_eq!(bytes.len(), 256 + 12 + 32 + 5 + 16);
                let content_key = oaep_open(&key, &bytes[..256], options);
                assert_eq!(content_key.len(), 32, "{kind}");
                seen.insert(content_key);
                seen.insert(bytes[256..].to_vec());
            }
            assert_eq!(seen.len(), 6, "{kind}: each message has a key and a nonce of its own");
        }
    }

    fn other_keys_are_refused(system: &System) {
        let backend = system.mosip("backend");
        for kind in [P256, "rsa:3072"] {
            let (key, _) = self_signed(system.folder(), kind, "client");
            let request = json!({"value": "AAAA", "publicKey": base64url(public_half(&key))});
            backend.ask_mosip("/tpmencrypt", request).refused_with(200, "KER-CC-004");
        }
        let (key, _) = self_signed(system.folder(), RSA, "client");
        let request = json!({"value": "AAAA", "publicKey": base64url(public_half(&key)), "clientType": "TPM"});
        backend.ask_mosip("/tpmencrypt", request).refused_with(200, "KER-CC-004");
        let answer = backend.ask_mosip("/tpmencrypt", json!({"value": "AAAA"}));
        assert_eq!(answer.refused_with(200, "KER-KMS-005"), "request.publicKey should not be null or empty");
    }
}
