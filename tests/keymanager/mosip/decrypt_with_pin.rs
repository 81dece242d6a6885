//! `POST /decryptWithPin`

use km_tests::{Options, System, base64url, from_base64url, on_both, on_each};
use serde_json::json;

/// The specification's vector, of 100,000 iterations, and of 10.
const VECTOR: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKivPV6udGyqV_aQuEZy5XvgmXj0zQA4";
const SHORT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKisvhLVcjV4exBJxNfwfx_qTQQRM-6E";

on_both! {
    fn what_was_sealed_and_the_published_vector_open(system: &System) {
        let backend = system.mosip("backend");
        let opened = |data: &str, pin: &str| backend.ask_mosip("/decryptWithPin", json!({"data": data, "userPin": pin}));
        assert_eq!(opened(VECTOR, "1234").response(), json!({"data": "hello"}));
        let text = "Selam \u{1f600} \"x\" \\ 0";
        let sealed = backend.ask_mosip("/encryptWithPin", json!({"data": text, "userPin": "pässwörd"})).response();
        let sealed = sealed["data"].as_str().expect("data");
        assert_eq!(opened(sealed, "pässwörd").response(), json!({"data": text}));
    }

    /// One text for a wrong PIN, another number of iterations, a changed bit, and what is no text.
    fn all_else_is_refused_alike(system: &System) {
        let backend = system.mosip("backend");
        let opened = |data: &str, pin: &str| backend.ask_mosip("/decryptWithPin", json!({"data": data, "userPin": pin}));
        let end = system.log_end();
        let answer = opened(VECTOR, "1235");
        let text = answer.refused_with(200, "KER-FSE-004");
        system.events_of(end, &answer.request_id).is("crypto.decrypt", "refused", "not-opened");
        assert_eq!(opened(SHORT, "1234").refused_with(200, "KER-FSE-004"), text);
        for at in [0, 32, 44, 60] {
            let mut changed = from_base64url(VECTOR);
            changed[at] ^= 1;
            assert_eq!(opened(&base64url(changed), "1234").refused_with(200, "KER-FSE-004"), text);
        }
        opened("AAAA", "1234").refused_with(200, "KER-CRY-003");
        opened("no base64!", "1234").refused_with(200, "KER-CRY-003");
    }

    /// A PIN costs much to try: such calls have one turn, and the others go on.
    fn other_calls_go_on_meanwhile(system: &System) {
        let backend = system.mosip("backend");
        std::thread::scope(|scope| {
            let many: Vec<_> = (0..6).map(|_| {
                let client = backend.clone();
                scope.spawn(move || client.ask_mosip("/decryptWithPin", json!({"data": VECTOR, "userPin": "1234"})).status)
            }).collect();
            backend.ask_mosip("/encrypt", km_tests::mosip::to_encrypt("OPENG2P", "ENCRYPT", "Selam")).response();
            for one in many {
                assert!([200, 503].contains(&one.join().expect("an answer")));
            }
        });
    }
}

on_each! {
    fn the_configured_number_of_iterations_counts(database: Database) {
        let system = System::start(database, Options { mosip: Some("pin_iterations = 10".into()), ..Options::default() });
        let answer = system.mosip("backend").ask_mosip("/decryptWithPin", json!({"data": SHORT, "userPin": "1234"}));
        assert_eq!(answer.response(), json!({"data": "hello"}));
    }
}
