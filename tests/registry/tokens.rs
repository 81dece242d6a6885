//! Tokens: only those of the issuer, for us, for now.

use km_tests::{now, on_both};
use serde_json::json;

use crate::RECORDS;

on_both! {
    fn a_token_that_is_none_is_refused(system: &System) {
        let at = now().seconds();
        let forged = |header, claims| system.forged_token("caseworker", &header, &claims);
        let with = |token: String| system.registry_anyone().with_token(token).get(RECORDS);
        with(forged(json!({}), json!({}))).good();
        for token in [
            "AAAA".to_owned(),
            forged(json!({}), json!({"iat": at - 4000, "exp": at - 31})),
            forged(json!({}), json!({"aud": "another-service"})),
            forged(json!({}), json!({"iss": "https://issuer.invalid"})),
            forged(json!({}), json!({"tenant": null})),
            forged(json!({"alg": "none"}), json!({})),
            forged(json!({"typ": "logout+jwt"}), json!({})),
        ] {
            let refused = with(token.clone()).refused(401, "token-invalid");
            assert!(!refused.text().contains(&token));
        }
    }
}
