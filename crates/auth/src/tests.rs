use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_crypto::{PublicKey, SoftwareKey};
use km_domain::{KeyAlgorithm, Role, SignatureAlgorithm, Timestamp};
use serde_json::{Value, json};

use crate::{AuthError, DocumentError, IssuerConfig, Issuers, TenantSource};

const ISSUER: &str = "https://id.example/realms/a";
const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// An issuer with one P-256 key, and those who trust it.
struct World {
    key: SoftwareKey,
    issuers: Issuers,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut IssuerConfig)) -> Self {
        let tenant = TenantSource::Fixed("demo".parse().unwrap());
        let mut config = IssuerConfig::new(ISSUER, "sealkeep", tenant);
        change(&mut config);
        let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
        let issuers = Issuers::new(vec![config]);
        issuers.set_keys(ISSUER, jwks(&key, "1").as_bytes()).unwrap();
        Self { key, issuers }
    }

    /// Header and claims as given, signed.
    fn sign(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", base64(header.as_bytes()), base64(claims.as_bytes()));
        let signature = self.key.sign(SignatureAlgorithm::Es256, input.as_bytes()).unwrap();
        format!("{input}.{}", base64(&signature))
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.sign(HEADER, &claims.to_string())
    }

    fn judge(&self, token: &str) -> Result<Arc<km_domain::Principal>, AuthError> {
        self.issuers.verify(token, NOW)
    }
}

const HEADER: &str = r#"{"alg":"ES256","kid":"1","typ":"JWT"}"#;

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "amina", "aud": ["other", "sealkeep"], "iat": NOW.seconds(), "acr": "2",
        "exp": NOW.seconds() + 300, "auth_time": NOW.seconds() - 5, "realm_access": { "roles": ["sealkeep-officer", "x"] } })
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn jwks(key: &SoftwareKey, id: &str) -> String {
    let PublicKey::P256(point) = key.public() else { panic!("a P-256 key") };
    let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": id, "use": "sig" }] }).to_string()
}

#[test]
fn a_token_becomes_a_principal_once() {
    let world = World::new();
    let token = world.token(|_| {});
    let principal = world.judge(&token).unwrap();
    assert_eq!((principal.subject.as_str(), principal.tenant.as_str()), ("amina", "demo"));
    assert_eq!(principal.roles.iter().copied().collect::<Vec<_>>(), [Role::Officer]);
    assert_eq!(principal.acr.as_deref(), Some("2"));
    assert_eq!(principal.authenticated_at, Some(Timestamp::from_seconds(NOW.seconds() - 5)));
    assert!(Arc::ptr_eq(&principal, &world.judge(&token).unwrap()));
    // The memory ends with the token, leeway included.
    let at = |seconds| world.issuers.verify(&token, NOW.plus(Duration::from_secs(seconds)));
    assert!(at(329).is_ok());
    assert_eq!(at(330), Err(AuthError::Expired));
    world.issuers.forget(ISSUER, "amina");
    assert_eq!(world.issuers.remembered(), 0);
}

#[test]
fn times_are_held_against_the_given_clock() {
    let world = World::new();
    let now = NOW.seconds();
    assert_eq!(world.judge(&world.token(|c| c["exp"] = json!(now - 31))), Err(AuthError::Expired));
    assert!(world.judge(&world.token(|c| c["exp"] = json!(now - 29))).is_ok());
    assert_eq!(world.judge(&world.token(|c| c["nbf"] = json!(now + 31))), Err(AuthError::NotYetValid));
    assert_eq!(world.judge(&world.token(|c| c["iat"] = json!(now + 31))), Err(AuthError::NotYetValid));
    for bad in [json!("never"), json!(-1), json!(1e300), json!([now])] {
        assert!(world.judge(&world.token(|c| c["exp"] = bad)).is_err());
    }
}

#[test]
fn every_claim_that_must_be_there_must_be_there() {
    let world = World::new();
    for claim in ["iss", "sub", "aud", "exp"] {
        let token = world.token(|claims| drop(claims.as_object_mut().unwrap().remove(claim)));
        assert!(matches!(world.judge(&token), Err(AuthError::Refused(_))), "{claim}");
    }
    let wrong = world.token(|c| c["aud"] = json!("someone-else"));
    assert_eq!(world.judge(&wrong), Err(AuthError::WrongAudience));
    let foreign = world.token(|c| c["iss"] = json!("https://evil.example"));
    assert_eq!(world.judge(&foreign), Err(AuthError::UnknownIssuer));
    let refresh = world.token(|c| c["typ"] = json!("Refresh"));
    assert!(matches!(world.judge(&refresh), Err(AuthError::Refused(_))));
    for subject in [json!(""), json!("a b"), json!("é"), json!("x".repeat(256)), json!(7)] {
        assert!(world.judge(&world.token(|c| c["sub"] = subject)).is_err());
    }
    // Twice the same claim: which one was checked?
    let twice = format!("{{\"aud\":\"sealkeep\",{}", &claims().to_string()[1..]);
    assert_eq!(world.judge(&world.sign(HEADER, &twice)), Err(AuthError::Malformed));
}

#[test]
fn roles_come_from_the_configured_claim_only() {
    let world = World::new();
    let without = world.judge(&world.token(|c| drop(c.as_object_mut().unwrap().remove("realm_access")))).unwrap();
    assert!(without.roles.is_empty());
    let elsewhere = world.judge(&world.token(|c| {
        c["roles"] = json!(["sealkeep-officer"]);
        c["realm_access"] = json!({});
    }));
    assert!(elsewhere.unwrap().roles.is_empty());
    let wrong_shape = world.token(|c| c["realm_access"] = json!({ "roles": "sealkeep-officer" }));
    assert_eq!(world.judge(&wrong_shape), Err(AuthError::Malformed));
    let dotted = World::with(|config| config.role_claim = "https://a.example/roles".to_owned());
    let principal = dotted.judge(&dotted.token(|c| c["https://a.example/roles"] = json!(["sealkeep-auditor"])));
    assert!(principal.unwrap().has(Role::Auditor));
}

#[test]
fn the_tenant_is_the_issuers_word() {
    let world = World::with(|config| config.tenant = TenantSource::Claim("tenant".to_owned()));
    assert_eq!(world.judge(&world.token(|c| c["tenant"] = json!("north"))).unwrap().tenant.as_str(), "north");
    assert_eq!(world.judge(&world.token(|_| {})), Err(AuthError::NoTenant));
    assert_eq!(world.judge(&world.token(|c| c["tenant"] = json!("../north"))), Err(AuthError::NoTenant));
}

#[test]
fn algorithms_are_pinned() {
    let world = World::new();
    let body = base64(claims().to_string().as_bytes());
    let refused = |token: &str| {
        assert!(matches!(world.judge(token), Err(AuthError::Refused(_))), "{token}");
    };
    // None, with and without a signature.
    let none = base64(br#"{"alg":"none","kid":"1"}"#);
    refused(&format!("{none}.{body}."));
    refused(&format!("{none}.{body}.AAAA"));
    // The public key as an HMAC secret (RFC 8725, section 2.1).
    let hs256 = base64(br#"{"alg":"HS256","kid":"1"}"#);
    let input = format!("{hs256}.{body}");
    let mac = km_crypto::digest::hmac_sha256(&world.key.public().to_spki_der(), input.as_bytes());
    refused(&format!("{input}.{}", base64(&mac)));
    // An algorithm that we know, from an issuer that does not use it.
    refused(&world.sign(r#"{"alg":"ES384","kid":"1"}"#, &claims().to_string()));
    // A key of another kind than the algorithm asks for.
    let rs256 = world.sign(r#"{"alg":"RS256","kid":"1"}"#, &claims().to_string());
    assert_eq!(world.judge(&rs256), Err(AuthError::UnknownKey { issuer: ISSUER.to_owned() }));
}

#[test]
fn a_header_that_asks_for_more_is_refused() {
    let world = World::new();
    let claims = claims().to_string();
    for header in [
        r#"{"alg":"ES256","kid":"1","crit":["x"],"x":1}"#,
        r#"{"alg":"ES256","kid":"1","crit":[]}"#,
        r#"{"alg":"ES256","kid":"1","b64":false}"#,
        r#"{"alg":"ES256","kid":"1","zip":"DEF"}"#,
        r#"{"alg":"ES256","kid":"1","typ":"sealkeep-open+jws"}"#,
        r#"{"alg":"ES256","kid":"1","typ":"dpop+jwt"}"#,
    ] {
        assert!(matches!(world.judge(&world.sign(header, &claims)), Err(AuthError::Refused(_))), "{header}");
    }
    let twice = r#"{"alg":"ES256","alg":"none","kid":"1"}"#;
    assert_eq!(world.judge(&world.sign(twice, &claims)), Err(AuthError::Malformed));
    // A key that the token brings along is not looked at.
    let mallory = World::new();
    let brought = format!(r#"{{"alg":"ES256","kid":"1","jwk":{}}}"#, key_of(&mallory.key));
    assert_eq!(world.judge(&mallory.sign(&brought, &claims)), Err(AuthError::BadSignature));
}

fn key_of(key: &SoftwareKey) -> Value {
    serde_json::from_str::<Value>(&jwks(key, "1")).unwrap()["keys"][0].clone()
}

#[test]
fn what_was_changed_is_refused() {
    let world = World::new();
    let token = world.token(|_| {});
    let (head, signature) = token.rsplit_once('.').unwrap();
    let header = head.split('.').next().unwrap();
    let promoted = claims().to_string().replace("amina", "admin");
    let swapped = format!("{header}.{}.{signature}", base64(promoted.as_bytes()));
    assert_eq!(world.judge(&swapped), Err(AuthError::BadSignature));
    assert_eq!(world.judge(&format!("{head}.")), Err(AuthError::BadSignature));
    for bad in ["", "a", "a.b", "a.b.c", "a.b.c.d", &format!("{token}."), &format!("{token}=")] {
        assert!(world.judge(bad).is_err(), "{bad}");
    }
    assert_eq!(world.issuers.remembered(), 0);
}

#[test]
fn a_key_that_is_taken_back_takes_its_tokens_along() {
    let world = World::new();
    let token = world.token(|_| {});
    world.judge(&token).unwrap();
    let next = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    world.issuers.set_keys(ISSUER, jwks(&next, "2").as_bytes()).unwrap();
    assert_eq!(world.judge(&token), Err(AuthError::UnknownKey { issuer: ISSUER.to_owned() }));
    // A broken document changes nothing.
    assert_eq!(world.issuers.set_keys(ISSUER, b"{\"keys\":[]}"), Err(DocumentError::NoKeys));
    assert_eq!(world.issuers.set_keys("https://other.example", b"{}"), Err(DocumentError::UnknownIssuer));
    let renewed = World { key: next, issuers: world.issuers };
    let token = renewed.sign(r#"{"alg":"ES256","kid":"2"}"#, &claims().to_string());
    assert!(renewed.judge(&token).is_ok());
}

#[test]
fn keys_are_fetched_by_one_and_not_too_often() {
    let world = World::new();
    assert!(world.issuers.needs_refresh(ISSUER, NOW));
    assert!(!world.issuers.needs_refresh(ISSUER, NOW));
    assert!(!world.issuers.needs_refresh(ISSUER, NOW.plus(Duration::from_secs(9))));
    assert!(world.issuers.needs_refresh(ISSUER, NOW.plus(Duration::from_secs(10))));
    assert!(!world.issuers.needs_refresh("https://other.example", NOW));
}

#[test]
fn the_memory_is_bounded() {
    let world = World::new();
    let most = 2 * crate::verified::HALF;
    for index in 0..most + 100 {
        let entry = crate::verified::Entry {
            principal: Arc::new(km_domain::Principal {
                tenant: "demo".parse().unwrap(),
                issuer: ISSUER.to_owned(),
                subject: index.to_string(),
                username: None,
                role_names: Default::default(),
                roles: Default::default(),
                acr: None,
                authenticated_at: None,
                expires: NOW,
            }),
            heard: Default::default(),
            until: NOW,
            keys: 1,
        };
        world.issuers.remember(km_crypto::digest::sha256(&index.to_be_bytes()), entry);
    }
    assert!(world.issuers.remembered() <= most);
}
