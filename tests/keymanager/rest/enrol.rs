//! `POST /v1/enrol`

use km_tests::identities::DEMO;
use km_tests::openssl::{make_key, openssl, request};
use km_tests::{System, base64url, on_both};
use serde_json::json;

/// A one-time token and a request for a certificate.
fn asked(system: &System, name: &str) -> (String, String) {
    let folder = system.folder().join(km_tests::call::request_id());
    std::fs::create_dir(&folder).expect("a folder");
    system.invite(DEMO, "client", name, &folder.join("invitation"));
    make_key(&folder.join("key.pem"));
    let token = std::fs::read_to_string(folder.join("invitation")).expect("a one-time token");
    (token.trim().to_owned(), base64url(request(&folder.join("key.pem"))))
}

on_both! {
    fn a_one_time_token_buys_one_certificate_of_its_own_name(system: &System) {
        let (token, csr) = asked(system, "only-once");
        let issued = system.anyone().post("/v1/enrol", json!({"token": token, "csr": csr})).good();
        let file = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
        std::fs::write(&file, issued["chain"][0].as_str().expect("a certificate")).expect("a file");
        let shown = openssl("x509 -noout -text -in", &[&file]).good().output;
        assert!(shown.contains("URI:spiffe://sealkeep/demo/client/only-once"), "{shown}");
        assert!(shown.contains("TLS Web Client Authentication") && !shown.contains("TLS Web Server"), "{shown}");
        assert!(!shown.contains("CN = any"), "nothing of the request but its key is taken: {shown}");
        openssl("verify -no-CApath -no-CAstore -CAfile", &[&system.public("ca.pem"), &file]).good();
        openssl("verify -no-CApath -no-CAstore -CAfile", &[&system.public("evidence-root.pem"), &file]).bad();
        let root = std::fs::read_to_string(system.public("ca.pem")).expect("the root");
        assert_eq!(issued["root"], root);

        let end = system.log_end();
        system.anyone().post("/v1/enrol", json!({"token": token, "csr": csr})).refused(401, "token-invalid");
        let events = system.events_from("auditor", end);
        let refused = events.iter().filter(|event| event["kind"] == "certificate.issued");
        assert!(refused.clone().any(|event| event["outcome"] == "refused" && event["reason"] == "token-invalid"));
    }

    fn two_who_come_at_once_with_one_token_get_one_certificate(system: &System) {
        let (token, csr) = asked(system, "race");
        let body = json!({"token": token, "csr": csr});
        let answers: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..6).map(|_| scope.spawn(|| system.anyone().post("/v1/enrol", body.clone()))).collect();
            callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
        });
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1, "{answers:#?}");
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            answer.refused(401, "token-invalid");
        }
    }

    fn a_bad_request_does_not_use_the_token_up(system: &System) {
        let (token, csr) = asked(system, "patient");
        let mut other_signature = km_tests::from_base64url(&csr);
        *other_signature.last_mut().expect("bytes") ^= 1;
        for bad in [String::new(), base64url("no request"), base64url(other_signature)] {
            let refused = system.anyone().post("/v1/enrol", json!({"token": token, "csr": bad}));
            assert_eq!(refused.refused(400, "invalid-request").body["field"], "csr");
        }
        for bad in ["", "AAAA", &token[1..]] {
            system.anyone().post("/v1/enrol", json!({"token": bad, "csr": csr})).refused(401, "token-invalid");
        }
        system.anyone().post("/v1/enrol", json!({"token": token, "csr": csr})).good();
    }
}
