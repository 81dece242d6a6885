//! `If-Match` and `If-None-Match`

use km_tests::on_both;
use km_tests::people::{draft, national_id};
use serde_json::json;

use crate::{RECORDS, jwe};

on_both! {
    fn a_put_says_what_it_builds_on(system: &System) {
        let sender = system.reader("backend");
        let person = draft(&national_id());
        let (path, body) = (format!("{RECORDS}/{}", person.record), json!({"jwe": jwe(system, &sender, &person)}));
        let client = system.registry("backend");
        client.put(&path, body.clone()).refused(428, "precondition-required");
        for (name, value) in [
            ("if-match", "1"),
            ("if-match", "*"),
            ("if-match", "\"0\""),
            ("if-match", "\"01\""),
            ("if-match", "\"-1\""),
            ("if-match", "\"99999999999\""),
            ("if-match", "W/\"1\""),
            ("if-match", "\"1\", \"2\""),
            ("if-match", "\"canary\""),
            ("if-none-match", "\"1\""),
            ("if-none-match", "canary"),
        ] {
            let refused = client.clone().with_header(name, value).put(&path, body.clone());
            assert_eq!(refused.status, 400, "{name}: {value}: {}", refused.text());
            assert!(!refused.text().contains("canary"));
        }
        let both = client.clone().with_header("if-match", "\"1\"").with_header("if-none-match", "*");
        assert_eq!(both.put(&path, body.clone()).status, 400);
        client.with_header("if-none-match", "*").put(&path, body).good();
    }
}
