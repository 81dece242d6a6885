//! The issuer through its front door.

use std::{path::PathBuf, sync::Arc, time::Duration};

use actix_web::{
    App,
    body::to_bytes,
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_crypto::{PublicKey, digest};
use km_domain::{FixedClock, SignatureAlgorithm, Timestamp};
use serde_json::Value;

use crate::{accounts::Accounts, issuer::Issuer, secrets, settings::Settings, signing::SigningKeys, totp};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const SETTINGS: &str = r#"
state = "state"
[[clients]]
client_id = "backend"
secret_file = "backend.secret"
roles = ["sealkeep-backend"]
tenant = "demo"
acr = "1"
[[clients]]
client_id = "kmctl"
redirect_uris = ["http://127.0.0.1/callback"]
[[people]]
username = "amina"
password_file = "amina.password"
totp_secret_file = "amina.totp"
roles = ["sealkeep-officer"]
tenant = "demo"
"#;

struct World {
    folder: PathBuf,
    issuer: Arc<Issuer>,
}

impl World {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("dev-issuer-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("state")).unwrap();
        let settings = km_service::config::parse::<Settings>(SETTINGS).unwrap().resolved(&folder.join("i.toml"));
        let accounts = Accounts::open(&settings).map_err(|_| "accounts").unwrap();
        let keys = SigningKeys::open(folder.join("state/keys.pem")).unwrap();
        let clock = Arc::new(FixedClock::at(NOW));
        let issuer = Issuer::new("https://127.0.0.1:1".to_owned(), &settings, accounts, keys, clock);
        Self { folder, issuer: Arc::new(issuer) }
    }

    fn secret(&self, file: &str) -> String {
        secrets::read(&self.folder.join(file)).unwrap().expose().to_owned()
    }

    fn code(&self) -> String {
        let secret = secrets::totp_secret(&secrets::read(&self.folder.join("amina.totp")).unwrap()).unwrap();
        totp::code(secret.expose(), totp::step(NOW))
    }

    async fn send(&self, request: TestRequest) -> (StatusCode, Option<String>, String) {
        let app = init_service(App::new().configure(|routes| super::routes(routes, &self.issuer))).await;
        let answer = call_service(&app, request.to_request()).await;
        let status = answer.status();
        let location = answer.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let body = to_bytes(answer.into_body()).await.unwrap();
        (status, location, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn token(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let (status, _, body) = self.send(TestRequest::post().uri("/token").set_form(form)).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Verifies with the published key set; header and claims.
    fn open(&self, token: &str) -> (Value, Value) {
        let (input, signature) = token.rsplit_once('.').unwrap();
        let (head, claims) = input.split_once('.').unwrap();
        let part = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        let head = part(head);
        let set = self.issuer.keys.jwks();
        let key = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == head["kid"]).unwrap();
        let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let key = PublicKey::P256([&[4][..], &coordinate("x"), &coordinate("y")].concat());
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        key.verify(SignatureAlgorithm::Es256, input.as_bytes(), &signature).unwrap();
        (head, part(claims))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[actix_web::test]
async fn a_backend_gets_a_token_for_its_secret_only() {
    let world = World::new("backend");
    let secret = world.secret("backend.secret");
    let form = [("client_id", "backend"), ("client_secret", secret.as_str()), ("grant_type", "client_credentials")];
    let (status, answer) = world.token(&form).await;
    assert_eq!((status, &answer["expires_in"], &answer["token_type"]), (StatusCode::OK, &300.into(), &"Bearer".into()));
    let (head, claims) = world.open(answer["access_token"].as_str().unwrap());
    assert_eq!((&head["alg"], &head["typ"]), (&"ES256".into(), &"at+jwt".into()));
    assert_eq!(claims["sub"], "backend");
    assert_eq!(claims["tenant"], "demo");
    assert_eq!(claims["realm_access"]["roles"][0], "sealkeep-backend");
    assert_eq!(claims["aud"][0], "sealkeep");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);

    let refused = |form: Vec<(&'static str, String)>| {
        let world = &world;
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let (status, answer) = world.token(&form).await;
            (status, answer["error"].as_str().unwrap().to_owned())
        }
    };
    let grant = || ("grant_type", "client_credentials".to_owned());
    let id = |id: &str| ("client_id", id.to_owned());
    let wrong = ("client_secret", "wrong".to_owned());
    let unauthorized = (StatusCode::UNAUTHORIZED, "invalid_client".to_owned());
    assert_eq!(refused(vec![grant(), id("backend"), wrong.clone()]).await, unauthorized);
    assert_eq!(refused(vec![grant(), id("nobody"), wrong.clone()]).await, unauthorized);
    assert_eq!(refused(vec![grant(), id("backend")]).await, unauthorized);
    assert_eq!(refused(vec![grant(), id("kmctl")]).await, unauthorized);
    let repeated = vec![grant(), grant(), id("backend"), wrong.clone()];
    assert_eq!(refused(repeated).await, (StatusCode::BAD_REQUEST, "invalid_request".to_owned()));
    let password = vec![("grant_type", "password".to_owned()), id("backend"), wrong];
    assert_eq!(refused(password).await, (StatusCode::BAD_REQUEST, "unsupported_grant_type".to_owned()));
}

#[actix_web::test]
async fn basic_authentication_is_the_same() {
    let world = World::new("basic");
    let pair = format!("backend:{}", world.secret("backend.secret"));
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let request = || TestRequest::post().uri("/token").insert_header(("Authorization", basic.clone()));
    let (status, ..) = world.send(request().set_form([("grant_type", "client_credentials")])).await;
    assert_eq!(status, StatusCode::OK);
    let both = [("grant_type", "client_credentials"), ("client_id", "backend"), ("client_secret", "x")];
    let (status, ..) = world.send(request().set_form(both)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn login_members() -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", "kmctl".to_owned()),
        ("redirect_uri", "http://127.0.0.1:5000/callback".to_owned()),
        ("code_challenge", URL_SAFE_NO_PAD.encode(digest::sha256(VERIFIER.as_bytes()))),
        ("code_challenge_method", "S256".to_owned()),
        ("state", "a&b".to_owned()),
        ("scope", "openid".to_owned()),
        ("acr_values", "2".to_owned()),
    ]
}

async fn log_in(world: &World, otp: &str) -> (StatusCode, Option<String>, String) {
    let mut form = login_members();
    form.push(("username", "amina".to_owned()));
    form.push(("password", world.secret("amina.password")));
    form.push(("otp", otp.to_owned()));
    world.send(TestRequest::post().uri("/authorize").set_form(form)).await
}

#[actix_web::test]
async fn a_person_logs_in_with_two_factors_and_the_code_is_used_once() {
    let world = World::new("person");
    let (status, location, _) = log_in(&world, &world.code()).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let location = location.unwrap();
    assert!(location.starts_with("http://127.0.0.1:5000/callback?code="), "{location}");
    assert!(location.contains("&state=a%26b&iss=https%3A%2F%2F127.0.0.1%3A1"), "{location}");
    let code = location.split(['=', '&']).nth(1).unwrap();
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", "kmctl"),
        ("code", code),
        ("redirect_uri", "http://127.0.0.1:5000/callback"),
        ("code_verifier", VERIFIER),
    ];
    let (status, answer) = world.token(&redeem).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, claims) = world.open(answer["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["acr"], &claims["azp"]), (&"amina".into(), &"2".into(), &"kmctl".into()));
    assert_eq!(claims["auth_time"], NOW.seconds());
    let (_, id_claims) = world.open(answer["id_token"].as_str().unwrap());
    assert_eq!(id_claims["aud"], "kmctl");
    assert_eq!(world.token(&redeem).await.1["error"], "invalid_grant");
}

#[actix_web::test]
async fn a_code_without_its_verifier_is_worth_nothing() {
    let world = World::new("verifier");
    let (_, location, _) = log_in(&world, &world.code()).await;
    let location = location.unwrap();
    let code = location.split(['=', '&']).nth(1).unwrap();
    let other = "a".repeat(43);
    let redeem = |verifier| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", "kmctl"),
            ("code", code),
            ("redirect_uri", "http://127.0.0.1:5000/callback"),
            ("code_verifier", verifier),
        ]
    };
    assert_eq!(world.token(&redeem(&other)).await.1["error"], "invalid_grant");
    // And the attempt used it up.
    assert_eq!(world.token(&redeem(VERIFIER)).await.1["error"], "invalid_grant");
}

#[actix_web::test]
async fn one_factor_is_not_two() {
    let world = World::new("factors");
    let (status, location, body) = log_in(&world, "").await;
    assert_eq!((status, location), (StatusCode::OK, None));
    assert!(body.contains("needs a one-time password"));
    let (_, location, body) = log_in(&world, "000000").await;
    assert_eq!(location, None);
    assert!(body.contains("is wrong"));
    let code = world.code();
    assert!(log_in(&world, &code).await.1.is_some());
    assert!(log_in(&world, &code).await.1.is_none(), "the same code twice");
}

#[actix_web::test]
async fn a_login_that_may_not_begin_does_not() {
    let world = World::new("begin");
    let begin = |change: &[(&str, &str)]| {
        let mut query = login_members();
        for (name, value) in change {
            for member in &mut query {
                if member.0 == *name {
                    member.1 = (*value).to_owned();
                }
            }
        }
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", super::authorize::percent_encoded(value))).collect();
        TestRequest::get().uri(&format!("/authorize?{}", query.join("&")))
    };
    let (status, _, page) = world.send(begin(&[("state", "\"><script>")])).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("&quot;&gt;&lt;script&gt;") && !page.contains("<script>"));
    for change in [("client_id", "nobody"), ("redirect_uri", "http://evil.example/callback")] {
        let (status, location, _) = world.send(begin(&[change])).await;
        assert_eq!((status, location), (StatusCode::BAD_REQUEST, None), "{change:?}");
    }
    for change in [("code_challenge_method", "plain"), ("response_type", "token")] {
        let (status, location, _) = world.send(begin(&[change])).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(location.unwrap().starts_with("http://127.0.0.1:5000/callback?error="));
    }
    let foreign = TestRequest::post().uri("/authorize").insert_header(("Origin", "https://127.0.0.1:11"));
    let mut form = login_members();
    form.extend([("username", "amina".to_owned()), ("password", "x".to_owned())]);
    assert_eq!(world.send(foreign.set_form(form)).await.0, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn discovery_names_this_issuer() {
    let world = World::new("discovery");
    let (_, _, body) = world.send(TestRequest::get().uri("/.well-known/openid-configuration")).await;
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["issuer"], "https://127.0.0.1:1");
    assert_eq!(document["token_endpoint"], "https://127.0.0.1:1/token");
    let (status, _, body) = world.send(TestRequest::get().uri("/jwks")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!body.contains("\"d\""));
    assert_eq!(world.issuer.lifetime, Duration::from_secs(300));
}
