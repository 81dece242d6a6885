//! `POST /zkDecrypt`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

use super::zk_encrypt::{asked, named, recipient};

on_both! {
    /// Key, tag, AAD, nonce and id: one answer, whichever did not fit. Only the number in front says something of itself.
    fn whatever_does_not_open_is_one_answer(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1234567890", &[("a", "Selam")])).response();
        let bytes = from_base64url(named(&sealed)[0].1);
        let open = |id: &str, bytes: &[u8]| backend.ask_mosip("/zkDecrypt", asked(id, &[("a", &base64url(bytes))]));
        assert_eq!(named(&open("1234567890", &bytes).response()), [("a", "Selam")]);
        let mut answers = std::collections::BTreeSet::new();
        for bit in (32..bytes.len() * 8).step_by(7) {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            answers.insert(open("1234567890", &changed).refused_with(200, "KER-ZKC-004"));
        }
        for id in ["1234567891", "1234567890 ", "0"] {
            answers.insert(open(id, &bytes).refused_with(200, "KER-ZKC-004"));
        }
        // Another of the random keys, of which there are 20 and those that tests bring in.
        let mut other = bytes.clone();
        let another = i32::from(bytes[..4] == [0; 4]);
        other[..4].copy_from_slice(&another.to_be_bytes());
        answers.insert(open("1234567890", &other).refused_with(200, "KER-ZKC-004"));
        assert_eq!(answers, ["Data Encryption/Decryption Error.".to_owned()].into());
        for number in [1_000_000_i32, -1, i32::MAX, i32::MIN] {
            let mut unknown = bytes.clone();
            unknown[..4].copy_from_slice(&number.to_be_bytes());
            open("1234567890", &unknown).refused_with(200, "KER-ZKC-001");
        }
        for length in [1, 4, 16, 48] {
            open("1234567890", &bytes[..length]).refused_with(200, "ZK-DEC-001");
        }
        open("1234567890", &bytes[..49]).refused_with(200, "KER-ZKC-004");
        backend.ask_mosip("/zkDecrypt", asked("1", &[("a", "not base64!")])).refused_with(200, "KER-CRY-003");
        backend.ask_mosip("/zkDecrypt", json!({"id": "1"})).refused_with(200, "KER-ZKC-003");
    }

    /// One that does not open, and nothing of the others is answered.
    fn all_or_nothing(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1", &[("a", "one"), ("b", "two")])).response();
        let good = named(&sealed);
        let mut bad = from_base64url(good[1].1);
        *bad.last_mut().expect("bytes") ^= 1;
        let end = system.log_end();
        let answer = backend.ask_mosip("/zkDecrypt", asked("1", &[good[0], ("b", &base64url(bad))]));
        answer.refused_with(200, "KER-ZKC-004");
        system.events_of(end, &answer.request_id).is("crypto.decrypt", "refused", "not-opened");
        assert!(!answer.text().contains("one"));
    }
}
