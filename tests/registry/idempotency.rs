//! `Idempotency-Key`: the same request again gets the same answer, another request under the same key gets none.

use km_tests::people::{draft, national_id};
use km_tests::{on_both, on_each};
use serde_json::json;

use crate::{RECORDS, jwe};

on_both! {
    fn a_repeated_request_is_answered_as_before_and_done_once(system: &System) {
        let sender = system.reader("backend");
        let (first, other) = (draft(&national_id()), draft(&national_id()));
        let key = km_tests::call::request_id();
        let client = system.registry("backend").with_header("if-none-match", "*").with_header("idempotency-key", &key);
        let body = json!({"jwe": jwe(system, &sender, &first)});
        let path = format!("{RECORDS}/{}", first.record);
        let answer = client.put(&path, body.clone());
        assert_eq!(answer.status, 201, "{}", answer.text());
        let again = client.put(&path, body.clone());
        assert_eq!((again.status, &again.body, again.header("etag")), (201, &answer.body, "\"1\""));
        let another = json!({"jwe": jwe(system, &sender, &other)});
        client.put(&format!("{RECORDS}/{}", other.record), another.clone()).refused(422, "idempotency-key-reused");
        // Another caller's key of the same name is another key.
        let theirs =
            system.registry("second-backend").with_header("if-none-match", "*").with_header("idempotency-key", &key);
        let answer = theirs.put(&format!("{RECORDS}/{}", other.record), another);
        assert_ne!(answer.code(), "idempotency-key-reused", "{}", answer.text());
        // A key must be plain.
        for bad in ["", "a b", &"a".repeat(129)] {
            let refused = system
                .registry("backend")
                .with_header("if-none-match", "*")
                .with_header("idempotency-key", bad)
                .put(&path, body.clone());
            assert_eq!(refused.status, 400, "{bad:?}: {}", refused.text());
        }
    }
}

on_each! {
    fn an_answer_is_remembered_across_a_restart(database: Database) {
        let system = crate::turn(database);
        let sender = system.reader("backend");
        let person = draft(&national_id());
        let body = json!({"jwe": jwe(&system, &sender, &person)});
        let key = km_tests::call::request_id();
        let send = || {
            let client =
                system.registry("backend").with_header("if-none-match", "*").with_header("idempotency-key", &key);
            client.put(&format!("{RECORDS}/{}", person.record), body.clone())
        };
        let answer = send();
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(system.stop("registry"), Some(Some(0)));
        system.start_registry();
        let again = send();
        assert_eq!((again.status, &again.body), (201, &answer.body), "{}", again.text());
    }
}
