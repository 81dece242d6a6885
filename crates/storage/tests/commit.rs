//! The one way to write, on both databases: rows and events together or not at all, nobody answered before that.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use km_audit::{Actor, Event, EventKind, Frontier, LoggedEvent, Outcome, proof, tree::leaf_hash};
use km_database::Database;
use km_domain::{FixedClock, RecordId, TenantId, Timestamp};
use km_storage::{
    Committer, IdempotencyRow, Patience, Storage, StorageError, SubjectId, SubjectRow, TombstoneRow, Unrecorded,
    VersionRow, Write,
};
use km_test_support::TestDatabase;

struct Bench {
    storage: Storage,
    committer: Committer,
    clock: Arc<FixedClock>,
    _database: TestDatabase,
}

fn benches() -> [Bench; 2] {
    TestDatabase::both().map(|database| {
        let opened = Database::open(database.url(), None, 2).unwrap();
        km_storage::migrations().run(&opened).unwrap();
        let storage = Storage::new(opened);
        let clock = Arc::new(FixedClock::at(Timestamp::from_seconds(1_000)));
        let committer = Committer::start(storage.clone(), clock.clone(), "one".into()).unwrap();
        Bench { storage, committer, clock, _database: database }
    })
}

fn event(kind: EventKind) -> Event {
    Event::new(kind, Timestamp::from_seconds(1_000), Actor::system("test"), [7; 16])
}

fn tenant() -> TenantId {
    "demo".parse().unwrap()
}

fn size(bench: &Bench) -> u64 {
    bench.storage.head().unwrap().size()
}

#[test]
fn an_outcome_comes_with_its_place_in_the_log() {
    for bench in benches() {
        let first = bench.committer.record(Unrecorded::new("a", event(EventKind::Random))).unwrap();
        let second = bench.committer.record(Unrecorded::new("b", event(EventKind::Random))).unwrap();
        assert_eq!((first.outcome, first.placed.unwrap().log_index), ("a", 0));
        assert_eq!((second.outcome, second.placed.unwrap().log_index), ("b", 1));
        let leaves = bench.storage.leaves(0, 10).unwrap();
        assert_eq!(LoggedEvent::from_leaf(&leaves[1].1).unwrap().index, 1);
    }
}

#[test]
fn a_conflict_undoes_the_rows_and_records_the_refusal_instead() {
    for bench in benches() {
        let add = || Write::insert_tenant(&tenant(), Timestamp::from_seconds(1));
        bench.committer.record(Unrecorded::new((), event(EventKind::TenantCreated)).with(add())).unwrap();
        let other = Write::insert_tenant(&"other".parse().unwrap(), Timestamp::from_seconds(1));
        let refused = bench.committer.record(
            Unrecorded::new((), event(EventKind::TenantCreated))
                .with(other)
                .with(add())
                .or_on_conflict(event(EventKind::AccessRefused)),
        );
        assert!(matches!(refused, Err(StorageError::Conflict("tenant-exists"))));
        assert_eq!(bench.storage.tenants().unwrap(), vec![tenant()], "the row before the conflict is gone too");
        let leaves = bench.storage.leaves(0, 10).unwrap();
        let kinds: Vec<_> = leaves.iter().map(|(_, leaf)| LoggedEvent::from_leaf(leaf).unwrap().event.kind).collect();
        assert_eq!(kinds, [EventKind::TenantCreated, EventKind::AccessRefused]);
    }
}

#[test]
fn an_operation_checked_before_a_change_of_keys_is_not_recorded() {
    for bench in benches() {
        let before = bench.storage.head().unwrap().epoch;
        bench.committer.record(Unrecorded::new((), event(EventKind::KeyRotateOutcome)).changing_state()).unwrap();
        let stale = bench.committer.record(Unrecorded::new((), event(EventKind::Encrypt)).checked_at(before));
        assert!(matches!(stale, Err(StorageError::Stale)));
        assert_eq!(size(&bench), 1);
        let again = Unrecorded::new((), event(EventKind::Encrypt)).checked_at(before + 1);
        assert!(bench.committer.record(again).is_ok());
    }
}

#[test]
fn many_at_once_each_get_a_place_of_their_own_and_the_tree_holds() {
    for bench in benches() {
        const COUNT: usize = 700;
        let (sender, receiver) = mpsc::channel();
        for _ in 0..COUNT {
            let sender = sender.clone();
            bench.committer.submit(Unrecorded::new((), event(EventKind::Sign)), None, move |done| {
                sender.send(done.unwrap().placed.unwrap().log_index).unwrap();
            });
        }
        let mut places: Vec<u64> =
            (0..COUNT).map(|_| receiver.recv_timeout(Duration::from_secs(60)).unwrap()).collect();
        places.sort_unstable();
        assert_eq!(places, (0..COUNT as u64).collect::<Vec<_>>());
        let mut tree = Frontier::new();
        for (_, leaf) in bench.storage.leaves(0, 1000).unwrap() {
            tree.push(leaf_hash(&leaf));
        }
        let head = bench.storage.head().unwrap();
        assert_eq!(head.frontier, tree);
        let root = proof::root(head.size(), &mut bench.storage.nodes()).unwrap();
        assert_eq!(root, tree.root(), "the stored tiles give the same root");
    }
}

#[test]
fn an_announced_operation_that_never_comes_holds_up_nobody() {
    for bench in benches() {
        let coming = bench.committer.announce();
        for _ in 0..3 {
            assert!(bench.committer.record(Unrecorded::new((), event(EventKind::Sign))).is_ok());
        }
        bench.committer.close();
        drop(coming);
        assert_eq!(size(&bench), 3);
    }
}

#[test]
fn log_time_never_falls() {
    for bench in benches() {
        let first = bench.committer.record(Unrecorded::new((), event(EventKind::Random))).unwrap();
        bench.clock.advance(Duration::from_secs(5));
        let second = bench.committer.record(Unrecorded::new((), event(EventKind::Random))).unwrap();
        assert!(second.placed.unwrap().log_time > first.placed.unwrap().log_time);
        let slow = Arc::new(FixedClock::at(Timestamp::from_seconds(10)));
        let other = Committer::start(bench.storage.clone(), slow, "other".into()).unwrap();
        let third = other.record(Unrecorded::new((), event(EventKind::Random))).unwrap();
        assert_eq!(third.placed.unwrap().log_time, second.placed.unwrap().log_time);
    }
}

#[test]
fn a_nonce_serves_once() {
    for bench in benches() {
        let (now, later) = (Timestamp::from_seconds(1_000), Timestamp::from_seconds(2_000));
        let using =
            || Unrecorded::new((), event(EventKind::RecordOpened)).with(Write::use_nonce("a#b", "n1", later, now));
        bench.committer.record(using()).unwrap();
        assert!(matches!(bench.committer.record(using()), Err(StorageError::Conflict("replayed"))));
        let somebody_else = Write::use_nonce("c#d", "n1", later, now);
        assert!(
            bench.committer.record(Unrecorded::new((), event(EventKind::RecordOpened)).with(somebody_else)).is_ok()
        );
    }
}

fn answer(key: &str, expires: i64) -> IdempotencyRow {
    IdempotencyRow {
        principal: "demo a#b".into(),
        key: key.into(),
        body_digest: vec![1; 32],
        status: 201,
        answer: b"{}".to_vec(),
        expires: Timestamp::from_seconds(expires).micros(),
    }
}

#[test]
fn an_answer_is_kept_with_its_change_and_the_second_changes_nothing() {
    for bench in benches() {
        let now = |seconds| Timestamp::from_seconds(seconds);
        let make = |tenant: &str, at: i64| {
            let outcome: Result<(), ()> = Ok(());
            let write = Write::insert_tenant(&tenant.parse().unwrap(), now(at));
            let operation = Unrecorded::new(outcome, event(EventKind::TenantCreated)).with(write);
            operation.keeping(|()| answer("k", at + 100), now(at))
        };
        bench.committer.record(make("one", 1_000)).unwrap().outcome.unwrap();
        // On another replica as well as on this one.
        let replica = Committer::start(bench.storage.clone(), bench.clock.clone(), "other".into()).unwrap();
        let second = replica.record(make("two", 1_050));
        assert!(matches!(second, Err(StorageError::Conflict("idempotency-key-in-use"))));
        assert_eq!(bench.storage.tenants().unwrap(), vec!["one".parse().unwrap()]);
        let leaves = bench.storage.leaves(0, 10).unwrap();
        let refusal = LoggedEvent::from_leaf(&leaves[1].1).unwrap().event;
        assert_eq!((refusal.outcome, refusal.reason.as_deref()), (Outcome::Refused, Some("idempotency-key-in-use")));
        let kept = |at| bench.storage.kept_answer("demo a#b", "k", now(at)).unwrap();
        assert_eq!((kept(1_099), kept(1_100)), (Some(answer("k", 1_100)), None));
        // Expired, the key may be used anew; a refusal keeps nothing.
        let refused: Unrecorded<Result<(), ()>> = Unrecorded::new(Err(()), event(EventKind::TenantCreated));
        bench.committer.record(refused.keeping(|()| answer("k", 1_200), now(1_100))).unwrap().outcome.unwrap_err();
        assert_eq!(kept(1_100), None);
        bench.committer.record(make("two", 1_100)).unwrap().outcome.unwrap();
        assert_eq!(kept(1_150), Some(answer("k", 1_200)));
    }
}

#[test]
fn a_version_remembers_the_event_of_its_birth() {
    for bench in benches() {
        let record =
            |write| bench.committer.record(Unrecorded::new((), event(EventKind::KeyCreateOutcome)).with(write));
        bench.committer.record(Unrecorded::new((), event(EventKind::KeyCreateIntent))).unwrap();
        record(Write::insert_key_version(kek())).unwrap();
        record(Write::update_key_version(VersionRow { state: "deactivated".into(), ..kek() }, "active")).unwrap();
        let row = bench.storage.key_versions().unwrap().remove(0);
        assert_eq!((row.born_at, row.log_index, row.state.as_str()), (1, 2, "deactivated"));
    }
}

fn subject(version: i64) -> (SubjectId, SubjectRow) {
    let record = RecordId::from_bytes([9; 16]);
    let id = SubjectId { tenant: tenant(), register: "individual".parse().unwrap(), record };
    let row = SubjectRow {
        tenant: "demo".into(),
        register: "individual".into(),
        record: record.as_bytes().to_vec(),
        handle: vec![1; 16],
        kek_version: 1,
        wrapped: vec![2; 40],
        version,
        digest: vec![u8::try_from(version).unwrap(); 32],
        confirmed: 0,
        previous: if version == 1 { Vec::new() } else { vec![u8::try_from(version - 1).unwrap(); 32] },
        updated: 0,
    };
    (id, row)
}

fn kek() -> VersionRow {
    VersionRow {
        tenant: "demo".into(),
        key_id: "kek".into(),
        version: 1,
        state: "active".into(),
        residence: "wrapped".into(),
        object: Vec::new(),
        mechanism: "aes-key-wrap:AES-256".into(),
        blob: Vec::new(),
        public_key: Vec::new(),
        certificates: Vec::new(),
        created: 0,
        activated: 0,
        deactivated: None,
        born_at: 0,
        log_index: 0,
        integrity: Vec::new(),
    }
}

fn found(bench: &Bench, id: &SubjectId) -> HashMap<RecordId, SubjectRow> {
    bench.storage.subjects(&id.tenant, &id.register, &[id.record]).unwrap()
}

#[test]
fn a_seal_under_a_key_that_was_rotated_away_does_not_come_in() {
    for bench in benches() {
        let (id, row) = subject(1);
        let sealing =
            Unrecorded::new((), event(EventKind::RecordSealed)).with(Write::insert_subjects(vec![row], "kek"));
        let refused = bench.committer.record(sealing);
        assert!(matches!(refused, Err(StorageError::Conflict("key-encryption-key-not-active"))));
        assert!(found(&bench, &id).is_empty());
    }
}

#[test]
fn a_withdrawn_version_gives_way_to_the_one_before() {
    for bench in benches() {
        let (id, first) = subject(1);
        let record = |write| bench.committer.record(Unrecorded::new((), event(EventKind::RecordSealed)).with(write));
        record(Write::insert_key_version(kek())).unwrap();
        record(Write::insert_subjects(vec![first], "kek")).unwrap();
        record(Write::confirm_subject(&id, 1)).unwrap();
        record(Write::advance_subject(subject(2).1)).unwrap();
        assert_eq!(found(&bench, &id)[&id.record].version, 2);
        assert!(matches!(
            record(Write::advance_subject(subject(2).1)),
            Err(StorageError::Conflict("version-conflict"))
        ));
        record(Write::withdraw_subject(&id, 2)).unwrap();
        let row = found(&bench, &id).remove(&id.record).unwrap();
        assert_eq!((row.version, row.digest), (1, vec![1; 32]));
        record(Write::withdraw_subject(&id, 1)).unwrap();
        assert_eq!(found(&bench, &id)[&id.record].version, 1, "a confirmed seal stays");

        let grave = TombstoneRow {
            tenant: "demo".into(),
            register: "individual".into(),
            record: id.record.as_bytes().to_vec(),
            erased: 5,
            certificate: "signed".into(),
        };
        record(Write::erase_subject(grave)).unwrap();
        assert!(found(&bench, &id).is_empty());
        let back = record(Write::insert_subjects(vec![subject(1).1], "kek"));
        assert!(matches!(back, Err(StorageError::Conflict("record-erased"))), "the id is not used again");
    }
}

#[test]
fn an_intent_stays_open_until_its_outcome_is_in_the_log() {
    for bench in benches() {
        let mut open = Vec::new();
        for _ in 0..3 {
            let intent = event(EventKind::KeyCreateIntent);
            let placed = bench.committer.record(Unrecorded::new((), intent)).unwrap().placed;
            open.push(placed.unwrap().log_index);
        }
        let mut outcome = event(EventKind::KeyCreateOutcome);
        outcome.intent = Some(open[1]);
        bench.committer.record(Unrecorded::new((), outcome)).unwrap();
        let found = |instance: &str, before: i64, limit| {
            let intents = bench.storage.open_intents(instance, Timestamp::from_seconds(before), limit).unwrap();
            intents.iter().map(|intent| intent.index).collect::<Vec<_>>()
        };
        assert_eq!(found("one", 0, 10), [open[0], open[2]]);
        assert_eq!(found("one", 0, 1), [open[0]]);
        // Another replica leaves them alone while they may still be under way.
        assert_eq!(found("other", 1_000, 10), Vec::<u64>::new());
        assert_eq!(found("other", 1_001, 10), [open[0], open[2]]);
    }
}

fn adding(name: &str) -> Unrecorded<()> {
    let tenant = Write::insert_tenant(&name.parse().unwrap(), Timestamp::from_seconds(1));
    let mut outcome = event(EventKind::KeyCreateOutcome);
    outcome.intent = Some(0);
    Unrecorded::new((), outcome).with(tenant)
}

fn hand_in(bench: &Bench, work: Unrecorded<()>, patience: Patience) -> Result<(), StorageError> {
    let (sender, receiver) = mpsc::channel();
    bench.committer.submit(work, Some(patience), move |done| sender.send(done.map(drop)).unwrap());
    receiver.recv_timeout(Duration::from_secs(60)).unwrap()
}

#[test]
fn a_change_that_comes_too_late_is_not_made_and_its_intent_is_closed() {
    for bench in benches() {
        bench.committer.record(Unrecorded::new((), event(EventKind::KeyCreateIntent))).unwrap();
        let now = Instant::now();
        let hour = Duration::from_secs(3600);
        // Its turn came too late: the rest of the group is not held up by it.
        let late = hand_in(&bench, adding("late"), Patience { begin: now, commit: now + hour });
        assert!(matches!(late, Err(StorageError::Unrecorded { .. })), "{late:?}");
        let leaves = bench.storage.leaves(0, 10).unwrap();
        let (_, leaf) = leaves.last().unwrap();
        let outcome = LoggedEvent::from_leaf(leaf).unwrap().event;
        assert_eq!((outcome.outcome, outcome.reason.as_deref()), (Outcome::Failed, Some("interrupted")));
        // The transaction took too long: nothing of it is kept.
        let slow = hand_in(&bench, adding("slow"), Patience { begin: now + hour, commit: now });
        assert!(matches!(slow, Err(StorageError::Unrecorded { .. })), "{slow:?}");
        assert_eq!(size(&bench), leaves.len() as u64);
        hand_in(&bench, adding("good"), Patience::until(now + hour, hour)).unwrap();
        assert_eq!(bench.storage.tenants().unwrap(), vec!["good".parse().unwrap()]);
    }
}
