//! The clock wrong by an hour either way, and certificates that end while serving.

use std::time::Duration;

use km_client::{OpenQuery, OpenRequest, Statement};
use km_domain::RecordId;
use km_test_support::{TestFolder, wait_until};
use km_tests::clock::Clock;
use km_tests::identities::DEMO;
use km_tests::people::{Reader, definition, draft, national_id};
use km_tests::records::{REGISTER, fields, register};
use km_tests::{Answer, Database, Options, System, now};
use serde_json::{Value, json};

use super::callers::Callers;
use super::{RECOVERY, options};

const HOUR: i64 = 60 * 60;

/// Sends a signed request to open a record; the same request may be sent again.
fn send(system: &System, token: &str, record: RecordId, request: &OpenRequest) -> Answer {
    let path = format!("/v1/registers/individual/records/{record}/open");
    system.registry_anyone().with_token(token).post(&path, json!({"request": request.jws}))
}

fn request(reader: &Reader, record: RecordId, off: i64) -> OpenRequest {
    let query = OpenQuery {
        register: register(),
        records: vec![record],
        fields: fields(&["display_name"]),
        statement: Statement::of("service-delivery"),
        history: false,
    };
    let at = km_domain::Timestamp::from_seconds(now().seconds() + off);
    OpenRequest::new(&reader.key, &reader.tenant, query, at).expect("a request")
}

#[test]
fn an_hour_ahead_and_back_lets_nothing_in_twice() {
    let folder = TestFolder::new("clock");
    let clock = Clock::over(&folder);
    let options = Options { environment: clock.environment(), token_seconds: 4 * HOUR as u32, ..options() };
    let system = System::start(Database::Sqlite, options);
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    let (sender, reader) = (system.reader("backend"), system.reader("caseworker"));
    let (long, record) = (system.token("caseworker"), stored(&system, &sender));
    let short = system.forged_token("caseworker", &json!({}), &json!({"exp": now().seconds() + HOUR / 2}));
    let used = request(&reader, record, 0);
    assert_eq!(send(&system, &long, record, &used).status, 200);
    assert_eq!(send(&system, &short, record, &request(&reader, record, 0)).status, 200);
    send(&system, &long, record, &used).refused(409, "replayed");
    let newest = || newest_log_time(&system);
    let before = newest();
    // 1. An hour ahead: what has expired by this clock is refused, what has not is taken.
    clock.set(HOUR);
    assert_eq!(send(&system, &long, record, &request(&reader, record, HOUR)).status, 200);
    send(&system, &short, record, &request(&reader, record, HOUR)).refused(401, "token-invalid");
    send(&system, &long, record, &used).refused(403, "request-expired");
    assert_eq!(callers.use_key().status, 200);
    let ahead = newest();
    assert!(ahead >= before + HOUR, "the log's time does not follow the clock: {before} {ahead}");
    // 2. Back again: the request that was used is not forgotten, and the log's time stands still.
    clock.set(0);
    send(&system, &long, record, &used).refused(409, "replayed");
    assert_eq!(send(&system, &long, record, &request(&reader, record, 0)).status, 200);
    assert_eq!(send(&system, &short, record, &request(&reader, record, 0)).status, 200);
    send(&system, &long, record, &request(&reader, record, HOUR)).refused(403, "request-expired");
    callers.is_well();
    assert!(newest() >= ahead, "the log's time fell");
    // An issuer's new key is fetched although the last time was in what is the future now.
    clock.set(HOUR);
    unknown_key(&system);
    clock.set(0);
    unknown_key(&system);
    // 3. An hour behind: tokens are not valid yet, and nothing that was used is new again.
    clock.set(-HOUR);
    let early = system.registry_anyone().with_token(system.fresh_token("caseworker")).get("/v1/registers/individual");
    early.refused(401, "token-invalid");
    let told = wait_until(RECOVERY, || send(&system, &long, record, &used).status != 200);
    assert!(told && !send(&system, &long, record, &used).text().contains("answer"));
    let begun = std::time::Instant::now();
    super::callers::lives(&system);
    assert!(begun.elapsed() < RECOVERY);
    // 4. Right again.
    clock.set(0);
    callers.is_well();
    send(&system, &long, record, &used).refused(409, "replayed");
    assert!(newest() >= ahead);
    callers.reckon();
}

/// A token of a key that the services do not know yet is soon accepted.
#[track_caller]
fn unknown_key(system: &System) {
    let kid = |token: &str| km_tests::forged::read(token).0["kid"].clone();
    let before = kid(&system.fresh_token("backend"));
    system.signal("issuer", "HUP");
    let mut token = String::new();
    let rotated = wait_until(RECOVERY, || {
        token = system.fresh_token("backend");
        kid(&token) != before
    });
    assert!(rotated, "the issuer has no new key");
    // Sooner than the job that fetches the keys every minute.
    let taken = wait_until(Duration::from_secs(20), || {
        let get = |client: km_tests::Client, path| client.with_token(&token).get(path).status;
        get(system.anyone(), "/v1/keys") == 200 && get(system.registry_anyone(), "/v1/registers/individual") == 200
    });
    assert!(taken, "a new key is not fetched");
}

fn stored(system: &System, sender: &Reader) -> RecordId {
    let (keys, definition, person) = (system.service_keys(&sender.tenant), definition(REGISTER), draft(&national_id()));
    let sealed = sender.sealer(&keys, &definition).seal(&person, now()).expect("a sealed record");
    let registry = system.registry("backend").with_header("if-none-match", "*");
    registry.put(&format!("/v1/registers/individual/records/{}", person.record), json!({"jwe": sealed.jwe})).good();
    person.record
}

/// In seconds.
fn newest_log_time(system: &System) -> i64 {
    let time = system.rows.sql("SELECT log_time FROM log_head");
    time.parse::<i64>().expect("microseconds") / 1_000_000
}

#[test]
fn certificates_that_end_while_serving() {
    // The shortest life that is allowed.
    const LIFE: u32 = 30;
    let system = System::start(Database::Sqlite, Options { lifetime: LIFE, ..options() });
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    // 1. The key manager sleeps for longer than certificates live: its own ends, and the registry cannot renew.
    system.signal("keymanager", "STOP");
    let part = |said: Option<(u16, Value)>, name: &str| {
        said.map(|(status, said)| (status, said["components"][name]["state"].as_str().unwrap_or_default().to_owned()))
    };
    let down = Some((503, "down".to_owned()));
    let ended = wait_until(Duration::from_secs(u64::from(LIFE) * 3), || {
        part(system.registry_readiness(), "certificate") == down
    });
    assert!(ended, "{:#?}", system.registry_readiness());
    system.signal("keymanager", "CONT");
    // 2. It renews its own as soon as it wakes.
    let anyone = system.anyone();
    let is_open = || anyone.try_send("GET", "/.well-known/jwks.json", None, Vec::new()).is_ok();
    assert!(wait_until(RECOVERY, is_open), "the key manager's certificate has ended");
    system.wait_until_ready();
    assert!(wait_until(RECOVERY, || callers.use_key().status == 200));
    // 3. The registry's ended: it says what it needs, and takes it when it comes, without a restart.
    let (_, said) = system.registry_readiness().expect("an answer");
    let text = said["components"]["certificate"]["text"].as_str().unwrap_or_default().to_owned();
    assert!(text.contains("one-time token"), "{said:#}");
    let invitation = system.folder().join("registry/invitation");
    system.invite(DEMO, "registry", "registry", &invitation);
    let well = wait_until(RECOVERY, || system.registry_readiness().is_some_and(|(status, _)| status == 200));
    assert!(well, "{:#?}", system.registry_readiness());
    assert!(!invitation.exists(), "a one-time token lies about");
    callers.is_well();
    system.key_manager(&["verify-audit"]).good();
}
