//! Step 5: A message is signed in the token; our API and stock openssl verify it.

use std::path::Path;

use km_tests::on_both;
use km_tests::openssl::openssl;
use km_tests::program::run;
use km_tests::system::new_key_id;
use serde_json::json;

fn path(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

on_both! {
    fn a_signature_verifies_here_and_with_openssl_and_not_with_a_byte_more(system: &System) {
        let key = new_key_id();
        let policy = ["--purpose", "sign", "--algorithm", "P-256", "--allow", "sealkeep-backend"];
        run(system.kmctl("officer").args(["key", "create", &key]).args(policy)).good();
        let file = |name: &str| system.folder().join(format!("{key}-{name}"));
        let (message, signature, public) = (file("message"), file("signature"), file("public.pem"));
        std::fs::write(&message, "Payment list, 1,000 people\n").expect("a file");
        let sign = ["sign", &key, path(&message), "--der", "--out", path(&signature)];
        let signed = run(system.kmctl("backend").args(sign)).good().json();
        assert_eq!((&signed["kid"], &signed["algorithm"]), (&json!(format!("{key}.1")), &json!("ES256")));
        let shown = run(system.kmctl("backend").args(["key", "public", &key])).good().json();
        std::fs::write(&public, shown["pem"].as_str().expect("PEM")).expect("a file");

        let ours = || {
            let verify = [
                "verify-message",
                &key,
                path(&message),
                "--signature-file",
                path(&signature),
                "--algorithm",
                "ES256",
                "--der",
            ];
            run(system.kmctl("backend").args(verify))
        };
        let stock = || openssl("dgst -sha256 -verify", &[&public, Path::new("-signature"), &signature, &message]);
        assert_eq!(ours().good().json()["valid"], json!(true));
        stock().good();
        std::fs::write(&message, "Payment list, 1,000 people\n!").expect("a file");
        let refused = ours();
        assert_eq!((refused.code, &refused.json()["valid"]), (Some(1), &json!(false)));
        stock().bad();
        // Not everybody may have it sign.
        run(system.kmctl("auditor").args(["sign", &key, path(&message)])).refused("role-missing");
    }
}
