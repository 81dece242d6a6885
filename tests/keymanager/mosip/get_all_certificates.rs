//! `GET /getAllCertificates`

use km_tests::mosip::enveloped;
use km_tests::on_both;
use serde_json::{Value, json};

use super::{all, current, fresh};

on_both! {
    /// C10: with and without a reference id, and never null for an application that is known.
    fn every_certificate_is_listed_oldest_first(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        assert_eq!(all(&backend, "REGISTRATION", &reference), Vec::<Value>::new());
        assert_eq!(all(&backend, "NOWHERE", ""), Vec::<Value>::new());
        let first = current(&backend, "REGISTRATION", &reference);
        backend.put("/revokeKey", enveloped(json!({"applicationId": "REGISTRATION", "referenceId": reference}))).response();
        let second = current(&backend, "REGISTRATION", &reference);
        let listed = all(&backend, "REGISTRATION", &reference);
        assert_eq!(listed.iter().map(|one| &one["certificateData"]).collect::<Vec<_>>(), [&first["certificate"], &second["certificate"]]);
        for one in &listed {
            let mut members: Vec<&String> = one.as_object().expect("an entry").keys().collect();
            members.sort();
            assert_eq!(members, ["certificateData", "expiryAt", "issuedAt", "keyId"]);
            assert_eq!(one["keyId"].as_str().map(str::len), Some(43));
        }
        // Two keys of one day have two ids.
        assert_ne!(listed[0]["keyId"], listed[1]["keyId"]);
        // The key that was revoked ended before its certificate.
        assert!(listed[0]["expiryAt"].as_str() < first["expiryAt"].as_str());
        assert_eq!(listed[1]["expiryAt"].as_str().map(|text| &text[..19]), second["expiryAt"].as_str().map(|text| &text[..19]));
    }

    fn without_a_reference_id_the_master_key_is_meant(system: &System) {
        let backend = system.mosip("backend");
        let listed = backend.get("/getAllCertificates?applicationId=ID_REPO").response()["allCertificates"].clone();
        assert_eq!(listed.as_array().map(Vec::len), Some(1));
        assert_eq!(listed[0]["certificateData"], current(&backend, "ID_REPO", "")["certificate"]);
        // The first key of a day has the id that every installation would give it.
        let day = listed[0]["issuedAt"].as_str().expect("a time");
        let name = format!("ID_REPO__{}-{}-{}", &day[5..7], &day[8..10], &day[..4]);
        assert_eq!(listed[0]["keyId"], key_id(system, &name));
        // KERNEL and SIGN are a key of their own.
        let kernel = all(&backend, "KERNEL", "SIGN");
        assert_eq!(kernel.len(), 1);
        assert_eq!(all(&backend, "KERNEL", ""), Vec::<Value>::new());
    }
}

/// The key id of a text, by openssl: base64url of the SHA-256 of the SHA-1.
fn key_id(system: &km_tests::System, text: &str) -> String {
    let input = super::file(system, text);
    let out = input.with_extension("sha1");
    let digest = |algorithm: &str, from: &std::path::Path, to: &std::path::Path| {
        km_tests::openssl::openssl(&format!("dgst -{algorithm} -binary -out {}", to.display()), &[from]).good();
    };
    digest("sha1", &input, &out);
    let twice = input.with_extension("sha256");
    digest("sha256", &out, &twice);
    km_tests::base64url(std::fs::read(twice).expect("a digest"))
}
