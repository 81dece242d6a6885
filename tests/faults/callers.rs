//! Callers who go on while something is broken, and what they were told: whatever was acknowledged must be there
//! afterwards, nothing may be half done, and nobody may be kept waiting.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use km_client::{Draft, ServiceKeys, Statement};
use km_domain::RecordId;
use km_test_support::wait_until;
use km_tests::people::{Reader, definition, draft, national_id};
use km_tests::records::{REGISTER, fields, register, values};
use km_tests::{Answer, Client, System, now, wait};
use serde_json::{Value, json};

use super::{RECOVERY, longest_wait};

const RECORDS: &str = "/v1/registers/individual/records";

/// A system with callers of both services, each of whom has called once.
pub struct Callers<'a> {
    pub system: &'a System,
    key: String,
    backend: Client,
    registry: Client,
    reading: Client,
    sender: Reader,
    reader: Reader,
    keys: ServiceKeys,
    pub kept: Kept,
    begun: u64,
}

/// What callers were told, for the reckoning in the end.
#[derive(Default)]
pub struct Kept {
    /// Names of requests that were answered with a result.
    uses: Mutex<Vec<String>>,
    stored: Mutex<Vec<RecordId>>,
    /// Records of which a caller was told that they were not stored, or was told nothing.
    unsure: Mutex<Vec<RecordId>>,
    wrong: Mutex<Vec<String>>,
    refused: Mutex<Vec<Answer>>,
}

impl<'a> Callers<'a> {
    pub fn of(system: &'a System) -> Self {
        let [sender, reader] = ["backend", "caseworker"].map(|who| system.reader(who));
        let key = system.key("mac", "HMAC-SHA-256");
        let callers = Self {
            system,
            key,
            backend: system.rest("backend"),
            registry: system.registry("backend"),
            reading: system.registry("caseworker"),
            keys: system.service_keys(&sender.tenant),
            sender,
            reader,
            kept: Kept::default(),
            begun: system.log_end(),
        };
        assert_eq!(callers.use_key().status, 200);
        assert_eq!(callers.store().status, 201);
        assert_eq!(callers.open_first().status, 200);
        callers
    }

    /// Uses a key, which needs token and log.
    pub fn use_key(&self) -> Answer {
        let answer = self.timed("mac", &self.backend, "POST", &format!("/v1/keys/{}/mac", self.key), {
            json!({"message": "bWVzc2FnZQ"})
        });
        if answer.status == 200 {
            push(&self.kept.uses, answer.request_id.clone());
        }
        answer
    }

    /// Stores a new person, which needs both databases.
    pub fn store(&self) -> Answer {
        let person = draft(&national_id());
        push(&self.kept.unsure, person.record);
        let answer = self.put(&person);
        if answer.status == 201 {
            self.kept.unsure.lock().expect("records").retain(|record| *record != person.record);
            push(&self.kept.stored, person.record);
        }
        answer
    }

    fn put(&self, person: &Draft) -> Answer {
        let definition = definition(REGISTER);
        let sealed = self.sender.sealer(&self.keys, &definition).seal(person, now()).expect("a sealed record");
        let registry = self.registry.clone().with_header("if-none-match", "*");
        let path = format!("{RECORDS}/{}", person.record);
        self.timed("put", &registry, "PUT", &path, json!({"jwe": sealed.jwe}))
    }

    /// Opens the first record that was stored.
    pub fn open_first(&self) -> Answer {
        let record = *self.kept.stored.lock().expect("records").first().expect("a record");
        let request = self.system.open_request(&self.reader, &[record], &["national_id"]);
        let path = format!("{RECORDS}/{record}/open");
        self.timed("open", &self.reading, "POST", &path, json!({"request": request.jws}))
    }

    /// Public keys, to encrypt to and to verify with: they need neither token nor database.
    pub fn public_keys(&self) -> Answer {
        let begun = Instant::now();
        let answer = self.system.anyone().get("/.well-known/jwks.json?tenant=demo");
        assert!(begun.elapsed() < longest_wait(), "public keys took {:.1?}", begun.elapsed());
        answer
    }

    fn timed(&self, what: &str, client: &Client, method: &str, path: &str, body: Value) -> Answer {
        let (begun, json) = (Instant::now(), Some("application/json"));
        let answer = client.send(method, path, json, body.to_string().into_bytes());
        let took = begun.elapsed();
        let is_fine = match answer.status {
            200 | 201 => true,
            503 => answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0),
            _ => false,
        };
        // A request to the registry may meet two slow parts, one after the other.
        let longest = if what == "mac" { longest_wait() } else { longest_wait() + Duration::from_secs(3) };
        if !is_fine || took > longest {
            push(&self.kept.wrong, format!("{what} after {took:.1?}: {} {}", answer.status, answer.text()));
        }
        if answer.status == 503 {
            push(&self.kept.refused, answer.clone());
        }
        answer
    }

    /// Runs `meanwhile` while callers of both services go on without a pause.
    pub fn while_calling<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let calls: [fn(&Self) -> Answer; 3] = [Self::use_key, Self::store, Self::open_first];
            let callers = calls.map(|call| {
                let over = &over;
                scope.spawn(move || {
                    while !over.load(Ordering::Acquire) {
                        // As Retry-After asks, only sooner.
                        if call(self).status == 503 {
                            std::thread::sleep(Duration::from_millis(50));
                        }
                    }
                })
            });
            let _ends = Ends(&over);
            let outcome = meanwhile();
            over.store(true, Ordering::Release);
            callers.into_iter().for_each(|caller| caller.join().expect("a caller"));
            outcome
        })
    }

    /// What refused answers said in their details.
    pub fn details(&self) -> BTreeSet<String> {
        let refused = self.kept.refused.lock().expect("answers");
        refused.iter().map(|answer| answer.body["detail"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Forgets what refused answers said.
    pub fn forget_refusals(&self) {
        self.kept.refused.lock().expect("answers").clear();
    }

    /// Everything works again, by itself.
    #[track_caller]
    pub fn is_well(&self) {
        let system = self.system;
        let well = wait_until(RECOVERY, || {
            let ready = |said: Option<(u16, Value)>| said.is_some_and(|(status, _)| status == 200);
            ready(system.readiness())
                && ready(system.registry_readiness())
                && self.use_key().status == 200
                && self.store().status == 201
                && self.open_first().status == 200
        });
        let said = (system.readiness(), system.registry_readiness(), self.details());
        assert!(well, "{said:#?}");
    }

    /// Nobody was told anything else than a result or 503, or kept waiting; all that was acknowledged is there; what was not is
    /// there or not, but never half; the log holds.
    #[track_caller]
    pub fn reckon(&self) {
        let wrong = self.kept.wrong.lock().expect("faults");
        assert!(wrong.is_empty(), "{} wrong answers, the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
        let system = self.system;
        let logged: BTreeSet<String> = system
            .events_from("auditor", self.begun)
            .iter()
            .filter(|event| event["kind"] == "crypto.mac" && event["outcome"] == "done")
            .filter_map(|event| event["request_id"].as_str().map(str::to_owned))
            .collect();
        let uses = self.kept.uses.lock().expect("uses");
        let lost: Vec<_> = uses.iter().filter(|id| !logged.contains(*id)).collect();
        assert!(lost.is_empty(), "{} of {} uses are not in the log: {lost:?}", lost.len(), uses.len());
        let stored = self.kept.stored.lock().expect("records");
        for part in stored.chunks(500) {
            for (record, outcome) in self.read(part) {
                assert_eq!(outcome, Ok(()), "{record} was acknowledged");
            }
        }
        self.nothing_half_done();
        println!("{} uses of a key and {} records were acknowledged and are there", uses.len(), stored.len());
        system.key_manager(&["verify-audit"]).good();
    }

    /// Of what was not acknowledged, both sides know the same.
    #[track_caller]
    fn nothing_half_done(&self) {
        let (registry, keys) = (&self.system.registry_rows, &self.system.rows);
        let left = || registry.sql("SELECT state, count(*) FROM seal_intents WHERE state <> 'asked' GROUP BY state");
        assert!(wait_until(RECOVERY, || left().is_empty()), "seals are left: {}", left());
        for record in self.kept.unsure.lock().expect("records").iter() {
            let known = "SELECT count(*) FROM records WHERE record = ";
            let is_here = registry.sql(&format!("{known}'{record}'")) == "1";
            let subject = "SELECT count(*) FROM subject WHERE record = ";
            let has_key = keys.sql(&format!("{subject}{}", keys.bytes(record.as_bytes()))) == "1";
            // A seal that is still under way is given up by the registry after two minutes.
            let asked = registry.sql(&format!("SELECT count(*) FROM seal_intents WHERE record = '{record}'")) == "1";
            assert!(is_here == has_key || (asked && !is_here), "{record}: row {is_here}, key {has_key}");
            if is_here {
                assert_eq!(self.read(&[*record])[0].1, Ok(()), "{record}");
            }
        }
    }

    fn read(&self, records: &[RecordId]) -> Vec<(RecordId, Result<(), String>)> {
        let query = km_client::OpenQuery {
            register: register(),
            records: records.to_vec(),
            fields: fields(&["national_id"]),
            statement: Statement::of("service-delivery"),
            history: false,
        };
        let opened = wait(self.system.session("caseworker").open_records(query)).expect("an answer");
        opened.records.into_iter().map(|one| (one.record, values(one.outcome).map(drop))).collect()
    }
}

/// The parts that a service says are down, each with its sentence.
pub fn down(said: &Option<(u16, Value)>) -> Vec<String> {
    let Some((_, document)) = said else { return Vec::new() };
    let parts = document["components"].as_object().into_iter().flatten();
    parts.filter(|(_, report)| report["state"] == "down").map(|(name, report)| format!("{name}: {report}")).collect()
}

/// Whether a service says that it lives, and at once.
#[track_caller]
pub fn lives(system: &System) {
    let begun = Instant::now();
    system.ops("/livez");
    assert!(begun.elapsed() < longest_wait(), "/livez took {:.1?}", begun.elapsed());
}

fn push<T>(list: &Mutex<Vec<T>>, one: T) {
    list.lock().expect("a list").push(one);
}

/// Tells the callers to end, however the test ends.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
