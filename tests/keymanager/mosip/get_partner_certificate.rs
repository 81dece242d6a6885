//! `GET /getPartnerCertificate/{partnerCertId}`

use km_tests::on_both;

use super::{
    fresh, master,
    pki::{Party, trust, unbundled, upload_partner},
};

on_both! {
    fn what_was_issued_is_read_again(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "AUTH", &[&root]);
        let uploaded = upload_partner(&backend, "AUTH", &root.partner(system).pem()).response();
        let bundle = km_tests::from_base64url(uploaded["signedCertificateData"].as_str().expect("a bundle"));
        let id = uploaded["certificateId"].as_str().expect("an id");
        let answer = backend.get(&format!("/getPartnerCertificate/{id}")).response();
        assert_eq!(answer["certificateData"], unbundled(system, &bundle)[0]);
        assert_eq!(answer["timestamp"].as_str().map(str::len), Some(26));
    }

    fn an_id_that_nobody_has_is_refused(system: &System) {
        let backend = system.mosip("backend");
        for path in ["/getPartnerCertificate", "/getPartnerSignedCertificate"] {
            backend.get(&format!("{path}/0190f0f0-0000-7000-8000-000000000000")).refused_with(200, "KER-PCM-012");
            backend.get(&format!("{path}/%20")).refused_with(200, "KER-PCM-010");
            backend.get(&format!("{path}/{}", "x".repeat(37))).refused_with(200, "KER-PCM-010");
        }
    }
}
