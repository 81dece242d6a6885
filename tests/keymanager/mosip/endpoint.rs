//! Role lists and tenants.

use km_tests::{Options, System, on_both, on_each};
use serde_json::json;

/// Every endpoint and the end of its role property.
const ENDPOINTS: &[(&str, &str, &str)] = &[
    ("POST", "/generateMasterKey/CERTIFICATE", "postgeneratemasterkeyobjecttype"),
    ("GET", "/getCertificate?applicationId=OPENG2P", "getgetcertificate"),
    ("GET", "/getAllCertificates?applicationId=OPENG2P", "getgetcertificate"),
    ("GET", "/getCertificateChain?applicationId=OPENG2P", "getcertificatechain"),
    ("POST", "/generateCSR", "postgeneratecsr"),
    ("POST", "/uploadCertificate", "postuploadcertificate"),
    ("POST", "/uploadOtherDomainCertificate", "postuploadotherdomaincertificate"),
    ("POST", "/generateSymmetricKey", "postgeneratesymmetrickey"),
    ("PUT", "/revokeKey", "putrevokekey"),
    ("POST", "/generateECSignKey/CERTIFICATE", "getgetcertificate"),
    ("POST", "/encrypt", "postencrypt"),
    ("POST", "/decrypt", "postdecrypt"),
    ("POST", "/encryptWithPin", "postencryptwithpin"),
    ("POST", "/decryptWithPin", "postdecryptwithpin"),
    ("POST", "/jwtEncrypt", "postjwtencrypt"),
    ("POST", "/jwtDecrypt", "postjwtdecrypt"),
    ("POST", "/generateArgon2Hash", "postgenerateargon2hash"),
    ("POST", "/sign", "postsign"),
    ("POST", "/validate", "postvalidate"),
    ("POST", "/pdf/sign", "postpdfsign"),
    ("POST", "/jwtSign", "postjwtsign"),
    ("POST", "/jwtVerify", "postjwtverify"),
    ("POST", "/jwsSign", "postjwssign"),
    ("POST", "/signV2", "postsignv2"),
    ("POST", "/signRawData", "postsignrawdata"),
    ("POST", "/jwtSign/v2", "postjwtsign"),
    ("POST", "/jwsSign/v2", "postjwssign"),
    ("POST", "/jwtVerify/v2", "postjwtverify"),
    ("POST", "/coseSign1", "postcosesign1"),
    ("POST", "/coseVerify1", "postcoseverify1"),
    ("POST", "/cwtSign", "postcwtsign"),
    ("POST", "/cwtVerify", "postcwtverify"),
    ("POST", "/uploadCACertificate", "postuploadcacertificate"),
    ("POST", "/uploadPartnerCertificate", "postuploadpartnercertificate"),
    ("GET", "/getPartnerCertificate/none", "getgetpartnercertificatepartnercertid"),
    ("GET", "/getPartnerSignedCertificate/none", "getgetpartnersignedcertificatepartnercertid"),
    ("POST", "/verifyCertificateTrust", "postverifycertificatetrust"),
    ("POST", "/getCaCertificates", "postgetcacertificates"),
    ("GET", "/getCACertificateTrustPath/none", "getcacertificatetrustpath"),
    ("GET", "/tokenid/%20/none", "getuinpartnercode"),
    ("POST", "/zkEncrypt", "postzkencrypt"),
    ("POST", "/zkDecrypt", "postzkdecrypt"),
    ("POST", "/zkReEncryptRandomKey", "postzkreencryptrandomkey"),
    ("GET", "/getZKTempCertificate", "getzktempcertificate"),
    ("POST", "/migrateZKKeys", "postmigratezkkeys"),
    ("POST", "/migrateBaseKey", "postmigratebasekey"),
    ("POST", "/cssign", "postcssign"),
    ("POST", "/csverifysign", "postcsverifysign"),
    ("POST", "/tpmencrypt", "posttpmencrypt"),
    ("POST", "/tpmdecrypt", "posttpmdecrypt"),
    ("POST", "/tpmsigning/publickey", "posttpmsigningpublickey"),
    ("POST", "/tpmencryption/publickey", "posttpmencryptionpublickey"),
    ("POST", "/license/generate", "postlicensegenerate"),
    ("POST", "/license/permission", "postlicensepermission"),
    ("GET", "/license/permission", "getlicensepermission"),
];

/// The status of a call without any member.
fn status(system: &System, token: &str, method: &str, path: &str) -> (u16, String) {
    let client = system.mosip_anyone().with_token(token);
    let body = json!({"request": {}}).to_string().into_bytes();
    let answer = client.send(method, path, Some("application/json"), body);
    let code = answer.body["errors"][0]["errorCode"].as_str().unwrap_or_default().to_owned();
    (answer.status, code)
}

on_both! {
    fn every_endpoint_wants_one_of_its_roles(system: &System) {
        let with = |roles: &[&str]| system.forged_token("nobody", &json!({}), &json!({"realm_access": {"roles": roles}}));
        let most = ["ZONAL_ADMIN", "GLOBAL_ADMIN", "INDIVIDUAL", "ID_AUTHENTICATION", "TEST", "REGISTRATION_ADMIN", "REGISTRATION_SUPERVISOR", "REGISTRATION_OFFICER", "REGISTRATION_PROCESSOR", "PRE_REGISTRATION_ADMIN", "RESIDENT", "KEYMANAGER_ADMIN"];
        for (method, path, suffix) in ENDPOINTS {
            let more: &[&str] = match *suffix {
                "postpdfsign" => &["PRINT_PARTNER", "CREDENTIAL_REQUEST"],
                "postjwssign" | "postsignv2" | "postsignrawdata" | "postcosesign1" | "postcoseverify1" | "postcwtsign" | "postcwtverify" => &["CREDENTIAL_ISSUANCE"],
                _ => &[],
            };
            for role in ["PRINT_PARTNER", "CREDENTIAL_REQUEST", "CREDENTIAL_ISSUANCE"] {
                let expected = if more.contains(&role) { 200 } else { 403 };
                assert_eq!(status(system, &with(&[role]), method, path).0, expected, "{path} {role}");
            }
            let partners = ["PMS_ADMIN", "PMS_USER", "PARTNER_ADMIN"];
            let members: &[&str] = match *suffix {
                "postuploadcacertificate" => &["ZONAL_ADMIN", "GLOBAL_ADMIN", "PMS_ADMIN", "KEYMANAGER_ADMIN"],
                "postuploadpartnercertificate" | "getgetpartnercertificatepartnercertid" | "postverifycertificatetrust" => &["ZONAL_ADMIN", "GLOBAL_ADMIN", "PMS_ADMIN", "PMS_USER", "KEYMANAGER_ADMIN"],
                "getgetpartnersignedcertificatepartnercertid" => &["PMS_ADMIN", "PMS_USER", "PARTNER_ADMIN", "KEYMANAGER_ADMIN"],
                "postgetcacertificates" | "getcacertificatetrustpath" => &["PARTNER_ADMIN", "KEYMANAGER_ADMIN"],
                "getuinpartnercode" => &["ZONAL_ADMIN", "GLOBAL_ADMIN", "ID_AUTHENTICATION", "RESIDENT", "KEYMANAGER_ADMIN"],
                "getzktempcertificate" | "postmigratezkkeys" | "postmigratebasekey" => &["KEY_MIGRATION_ADMIN", "KEYMANAGER_ADMIN"],
                // Without a list of its own in MOSIP: only OpenG2P's role opens it.
                "postjwtencrypt" | "postjwtdecrypt" => &["KEYMANAGER_ADMIN"],
                _ => &most,
            };
            for role in most.iter().chain(&partners).copied().filter(|role| !members.contains(role)) {
                assert_eq!(status(system, &with(&[role]), method, path).0, 403, "{path} {role}");
            }
            for role in members.iter().copied() {
                assert_eq!(status(system, &with(&[role, "offline_access"]), method, path).0, 200, "{path} {role}");
            }
            for roles in [&[][..], &["sealkeep-backend", "sealkeep-officer"], &["keymanager_admin"], &["ROLE_KEYMANAGER_ADMIN"]] {
                assert_eq!(status(system, &with(roles), method, path), (403, "KER-ATH-403".into()), "{path} {roles:?}");
            }
        }
    }

    fn a_refusal_for_lack_of_a_role_is_recorded(system: &System) {
        let end = system.log_end();
        let answer = system.mosip("caseworker").get("/getCertificate?applicationId=OPENG2P");
        assert_eq!(answer.refused_with(403, "KER-ATH-403"), "Forbidden");
        let event = system.events_of(end, &answer.request_id).is("access.refused", "refused", "role-missing").clone();
        assert!(event["actor"]["name"].as_str().is_some_and(|name| name.ends_with("#caseworker")));
    }

    /// The dialect serves one tenant; another's token, whatever its roles, opens nothing.
    fn another_tenants_token_is_refused(system: &System) {
        for (method, path, _) in ENDPOINTS {
            assert_eq!(status(system, &system.token("other-backend"), method, path), (403, "KER-ATH-403".into()), "{path}");
        }
    }

    /// Our own roles and the dialect's open one face each.
    fn the_dialects_role_opens_no_other_door(system: &System) {
        system.rest("openg2p").get("/v1/keys").refused(403, "role-missing");
        system.mosip("second-backend").get("/getCertificate?applicationId=OPENG2P").refused_with(403, "KER-ATH-403");
        // Keys of the dialect are not for our own calls, nor for an officer's rotation.
        let keys = system.rest("backend").get("/v1/keys").good();
        let own: Vec<_> = keys["keys"].as_array().expect("keys").iter().filter(|key| key["purpose"].as_str().is_some_and(|purpose| purpose.starts_with("mosip-"))).collect();
        assert!(own.len() > 5, "{keys}");
        let id = own[0]["id"].as_str().expect("an id");
        system.rest("backend").post(&format!("/v1/keys/{id}/sign"), json!({"message": "AAAA"})).refused(404, "key-not-found");
        system.officer("officer").post(&format!("/v1/officer/keys/{id}/rotate"), json!({})).refused(422, "key-not-rotatable");
    }
}

on_each! {
    fn a_configured_list_stands_for_the_dialects(database: Database) {
        let mosip = "roles = { getgetcertificate = [\"READER\"], putrevokekey = [] }".to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let with = |role: &str| system.forged_token("nobody", &json!({}), &json!({"realm_access": {"roles": [role]}}));
        for (method, path, suffix) in ENDPOINTS {
            let expected = match *suffix {
                "getgetcertificate" => [200, 403],
                "putrevokekey" => [403, 403],
                _ => [403, 200],
            };
            let found = ["READER", "KEYMANAGER_ADMIN"].map(|role| status(&system, &with(role), method, path).0);
            assert_eq!(found, expected, "{path}");
        }
    }
}
