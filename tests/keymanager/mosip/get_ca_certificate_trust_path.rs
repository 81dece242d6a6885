//! `GET /getCACertificateTrustPath/{caCertId}`

use base64::Engine;
use km_tests::on_both;
use serde_json::json;

use super::{
    fresh,
    pki::{Party, trust, unbundled},
};

on_both! {
    fn the_path_up_to_the_root_is_given(system: &System) {
        let backend = system.mosip("backend");
        let name = fresh("CA");
        let [root, below] = Party::authorities(system, &name);
        trust(&backend, "MISP", &[&root, &below]);
        let listed = backend.ask_mosip("/getCaCertificates", json!({"issuedTo": format!("issuing-{name}")})).response();
        let id = listed["allPartnerCertificates"][0]["certId"].as_str().expect("an id").to_owned();
        let answer = backend.get(&format!("/getCACertificateTrustPath/{id}")).response();
        let text = answer["p7bFile"].as_str().expect("a text");
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        assert!(text.starts_with("-----BEGIN PKCS7-----\n") && text.trim_end().ends_with("-----END PKCS7-----"));
        let der = base64::engine::general_purpose::STANDARD.decode(body).expect("base64");
        assert_eq!(unbundled(system, &der), [below.pem(), root.pem()]);
    }

    fn an_id_that_nobody_has_is_refused(system: &System) {
        let backend = system.mosip("backend");
        backend.get("/getCACertificateTrustPath/0190f0f0-0000-7000-8000-000000000000").refused_with(200, "KER-PMS-019");
        backend.get("/getCACertificateTrustPath/%20").refused_with(200, "KER-PCM-010");
    }
}
