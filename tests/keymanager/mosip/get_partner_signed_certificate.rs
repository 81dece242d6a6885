//! `GET /getPartnerSignedCertificate/{partnerCertId}`

use km_tests::on_both;
use serde_json::json;

use super::{
    fresh, master,
    pki::{Party, trust, upload_partner},
};

on_both! {
    fn both_certificates_are_read(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(system, &fresh("CA"));
        for domain in ["AUTH", "FTM"] {
            trust(&backend, domain, &[&root]);
            let partner = root.partner(system);
            let uploaded = upload_partner(&backend, domain, &partner.pem()).response();
            let id = uploaded["certificateId"].as_str().expect("an id");
            let answer = backend.get(&format!("/getPartnerSignedCertificate/{id}")).response();
            assert_eq!(answer["caSignedCertificateData"], json!(partner.pem()));
            let issued = &backend.get(&format!("/getPartnerCertificate/{id}")).response()["certificateData"];
            assert_eq!(&answer["mosipSignedCertificateData"], issued);
            assert_eq!(*issued == json!(partner.pem()), domain == "FTM");
        }
    }
}
