//! `POST /getCaCertificates`

use km_tests::on_both;
use serde_json::{Value, json};

use super::{
    all, fresh, master,
    pki::{AUTHORITY, Party, Wanted, trust, upload_partner},
};

on_both! {
    fn authorities_are_filtered_sorted_and_paged(system: &System) {
        let backend = system.mosip("backend");
        let name = fresh("LISTED");
        let roots: Vec<Party> = (0..3).map(|number| {
            let subject = format!("/C=ET/O=Example/OU={name}/CN={number}-{name}");
            let end = format!("20{}0101000000Z", 45 - number);
            Party::new(system, None, Wanted { subject: &subject, end: &end, extensions: AUTHORITY, ..Wanted::default() })
        }).collect();
        trust(&backend, "DEVICE", &roots.iter().collect::<Vec<_>>());
        let below = Party::new(system, Some(&roots[0]), Wanted { subject: &format!("/O=Example/OU={name}/CN=below"), extensions: AUTHORITY, ..Wanted::default() });
        trust(&backend, "DEVICE", &[&below]);
        trust(&backend, "MISP", &[&roots[1]]);
        let ask = |more: Value| {
            let mut request = json!({"issuedTo": name.to_lowercase(), "partnerDomain": "device", "pageSize": 100});
            request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            backend.ask_mosip("/getCaCertificates", request).response()
        };
        let names = |answer: &Value| -> Vec<String> {
            let listed = answer["allPartnerCertificates"].as_array().expect("a list");
            listed.iter().map(|one| one["issuedTo"].as_str().expect("a name").split(',').next().expect("a part")[3..].replace(&format!("-{name}"), "")).collect()
        };
        let usual = ask(json!({}));
        assert_eq!(names(&usual), ["0", "1", "2", "below"]);
        assert_eq!((&usual["totalRecords"], &usual["totalPages"], &usual["pageNumber"]), (&json!(4), &json!(1), &json!(1)));
        let first = &usual["allPartnerCertificates"][0];
        assert_eq!(first["issuedTo"], format!("CN=0-{name},OU={name},O=Example,C=ET"));
        assert_eq!((&first["issuedBy"], &first["caCertificateType"], &first["status"], &first["partnerDomain"]), (&first["issuedTo"], &json!("ROOT"), &json!(true), &json!("DEVICE")));
        assert_eq!(first["validTillDate"], "2045-01-01T00:00:00.000Z");
        let thumbprint = roots[0].openssl("x509 -noout -fingerprint -sha1 -in cert.pem").trim().rsplit('=').next().expect("a digest").replace(':', "").to_lowercase();
        assert_eq!(first["certThumbprint"], thumbprint);
        assert_eq!(usual["allPartnerCertificates"][3]["issuedBy"], first["issuedTo"]);
        assert_eq!(names(&ask(json!({"sortOrder": "DESC"}))), ["below", "2", "1", "0"]);
        assert_eq!(names(&ask(json!({"sortByFieldName": "certNotAfter", "caCertificateType": "root"}))), ["2", "1", "0"]);
        assert_eq!(names(&ask(json!({"caCertificateType": "INTERMEDIATE"}))), ["below"]);
        assert_eq!(names(&ask(json!({"partnerDomain": "MISP"}))), ["1"]);
        assert_eq!(names(&ask(json!({"partnerDomain": null}))).len(), 5);
        assert_eq!(names(&ask(json!({"certId": first["certId"]}))), ["0"]);
        assert_eq!(names(&ask(json!({"issuedBy": format!("0-{name}")}))), ["0", "below"]);
        assert_eq!(names(&ask(json!({"expiringWithinDate": "2043-06-01T00:00:00.000Z"}))), ["2"]);
        assert_eq!(names(&ask(json!({"validTillDate": "2044-06-01T00:00:00.000Z"}))), ["1", "2"]);
        let page = ask(json!({"pageSize": 3, "pageNumber": 2}));
        assert_eq!((names(&page), &page["totalRecords"], &page["totalPages"]), (vec!["below".to_owned()], &json!(4), &json!(2)));
        assert_eq!(names(&ask(json!({"pageNumber": 99}))), Vec::<String>::new());
        assert_eq!(ask(json!({"pageSize": 0}))["pageSize"], 10);
        assert_eq!(names(&ask(json!({"pageNumber": -1}))).len(), 4);
    }

    fn our_own_are_left_out_on_demand(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "AUTH", &[&root]);
        upload_partner(&backend, "AUTH", &root.partner(system).pem()).response();
        let own = all(&backend, "PMS", "").len();
        assert!(own > 0);
        let count = |without: bool| {
            let asked = json!({"partnerDomain": "AUTH", "excludeMosipCA": without, "issuedTo": "(PMS)"});
            backend.ask_mosip("/getCaCertificates", asked).response()["totalRecords"].as_u64().expect("a count")
        };
        assert!(count(false) > 0 && count(true) == 0);
    }

    fn what_cannot_be_asked_has_its_code(system: &System) {
        let backend = system.mosip("backend");
        for (request, code) in [
            (json!({"caCertificateType": "LEAF"}), "KER-PCM-018"),
            (json!({"partnerDomain": "NOWHERE"}), "KER-PCM-011"),
            (json!({"sortByFieldName": "certData"}), "KER-KMS-005"),
            (json!({"validFromDate": "yesterday"}), "KER-KMS-005"),
            (json!({"pageSize": "many"}), "KER-KMS-005"),
        ] {
            backend.ask_mosip("/getCaCertificates", request).refused_with(200, code);
        }
    }
}
