use std::{collections::BTreeSet, sync::Arc};

use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt};
use diesel_migrations::MigrationHarness;
use km_database::{Database, Db};
use km_domain::Timestamp;
use km_test_support::TestDatabase;

use super::{
    MIGRATIONS, Place, Store, StoreError, erasures, idempotency, intents, pages, records,
    rows::{SealedField, Term, Uniqueness},
    seals::{self, NewSeal, Stored},
    terms,
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ALICE: &str = "018f0000-0000-7000-8000-000000000001";
const BOB: &str = "018f0000-0000-7000-8000-000000000002";

/// A migrated database of either engine.
struct Scratch {
    database: Arc<Database>,
    _files: TestDatabase,
}

impl Scratch {
    fn new(files: TestDatabase) -> Self {
        let database = Arc::new(Database::open(files.url(), None, 2).unwrap());
        assert_eq!(MIGRATIONS.run(&database).unwrap(), 2);
        assert_eq!(MIGRATIONS.run(&database).unwrap(), 0, "a second run has nothing to do");
        MIGRATIONS.check(&database).unwrap();
        Self { database, _files: files }
    }

    fn write<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, StoreError>) -> Result<T, StoreError> {
        km_database::write(self.database.writer().unwrap().db().unwrap(), work)
    }

    fn read<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, StoreError>) -> T {
        work(&mut self.database.reader().unwrap()).unwrap()
    }

    fn store(&self, seal: &NewSeal) -> Stored {
        let (place, pair) = (place(), [(seal.record.clone(), seal.version)]);
        self.write(|db| intents::ask(db, &place, &pair, "one", NOW)).unwrap();
        self.write(|db| seals::store(db, &place, std::slice::from_ref(seal), NOW)).unwrap().remove(0)
    }

    fn outstanding(&self) -> (Vec<String>, Vec<String>) {
        let names = |rows: Vec<intents::IntentRow>| rows.into_iter().map(|row| row.record).collect();
        let outstanding = self.read(|db| intents::outstanding(db, "demo", NOW, 100));
        (names(outstanding.stored), names(outstanding.dropped))
    }
}

/// Every test runs on SQLite and on PostgreSQL.
fn on_both(test: impl Fn(&Scratch)) {
    TestDatabase::both().into_iter().for_each(|files| test(&Scratch::new(files)));
}

fn place() -> Place {
    Place { tenant: "demo".parse().unwrap(), register: "individual".parse().unwrap() }
}

fn term(field: &str, term: &[u8], uniqueness: Uniqueness) -> Term {
    Term { field: field.into(), kind: "exact".into(), key_version: 1, term: term.to_vec(), uniqueness }
}

fn seal(record: &str, version: i32, terms: Vec<Term>) -> NewSeal {
    NewSeal {
        record: record.into(),
        version,
        schema_version: 1,
        clear: format!(r#"{{"area":"A-{version}","adult":true,"members":{version}}}"#),
        fields: vec![SealedField { field: "name".into(), value: vec![version.try_into().unwrap(); 40] }],
        terms,
    }
}

fn created() -> Stored {
    Stored::Created { duplicates: vec![] }
}

#[test]
fn a_record_is_created_updated_and_its_versions_kept() {
    on_both(|scratch| {
        assert_eq!(scratch.store(&seal(ALICE, 1, vec![])), created());
        assert_eq!(scratch.store(&seal(ALICE, 2, vec![])), Stored::Updated { duplicates: vec![] });
        let sealed = scratch.read(|db| records::sealed(db, &place(), &[ALICE.into(), BOB.into()]));
        assert_eq!(sealed.len(), 1);
        assert_eq!((sealed[0].version, sealed[0].fields[0].value[0]), (2, 2));
        assert_eq!(count(scratch, "sealed_fields"), 2, "the first version is kept");
        assert_eq!(scratch.outstanding(), (vec![ALICE.into(), ALICE.into()], vec![]));
    });
}

#[test]
fn a_seal_on_another_base_is_dropped_and_left_to_withdraw() {
    on_both(|scratch| {
        assert_eq!(scratch.store(&seal(ALICE, 2, vec![])), Stored::Stale);
        assert_eq!(scratch.store(&seal(ALICE, 1, vec![])), created());
        assert_eq!(scratch.store(&seal(ALICE, 3, vec![])), Stored::Stale);
        let (stored, dropped) = scratch.outstanding();
        assert_eq!((stored.len(), dropped.len()), (1, 2));
        assert_eq!(count(scratch, "sealed_fields"), 1, "a refused seal leaves nothing");
    });
}

#[test]
fn a_unique_term_is_refused_once_it_is_taken() {
    on_both(|scratch| {
        let id = |value: &[u8]| vec![term("national_id", value, Uniqueness::Refuse)];
        assert_eq!(scratch.store(&seal(ALICE, 1, id(b"one"))), created());
        assert_eq!(scratch.store(&seal(BOB, 1, id(b"one"))), Stored::Taken { field: "national_id".into() });
        assert_eq!(count(scratch, "records"), 1, "the refused record left nothing");
        assert_eq!(scratch.store(&seal(ALICE, 2, id(b"two"))), Stored::Updated { duplicates: vec![] });
        assert_eq!(scratch.store(&seal(BOB, 1, id(b"one"))), created(), "the old value is free again");
    });
}

#[test]
fn what_one_record_of_a_call_is_refused_takes_nothing_from_the_others() {
    on_both(|scratch| {
        let id =
            |record, version, value: &[u8]| seal(record, version, vec![term("national_id", value, Uniqueness::Refuse)]);
        let taken = || Stored::Taken { field: "national_id".into() };
        let store = |seals: &[NewSeal]| scratch.write(|db| seals::store(db, &place(), seals, NOW)).unwrap();
        assert_eq!(
            store(&[id(ALICE, 1, b"one"), id(BOB, 1, b"one")]),
            [created(), taken()],
            "the same value in one call"
        );
        assert_eq!(count(scratch, "records"), 1);
        let updated = || Stored::Updated { duplicates: vec![] };
        assert_eq!(
            store(&[id(BOB, 1, b"one"), id(ALICE, 2, b"two")]),
            [taken(), updated()],
            "still taken when it was asked"
        );
        assert_eq!(
            store(&[id(ALICE, 3, b"three"), id(BOB, 1, b"two")]),
            [updated(), created()],
            "given up in the same call"
        );
        assert_eq!(store(&[id(ALICE, 3, b"four"), id(BOB, 2, b"five")]), [Stored::Stale, updated()]);
        assert_eq!(count(scratch, "index_terms"), 2);
    });
}

#[test]
fn a_warning_counts_the_records_of_the_same_call() {
    on_both(|scratch| {
        let phone = |record| seal(record, 1, vec![term("phone", b"p", Uniqueness::Warn)]);
        let stored = scratch.write(|db| seals::store(db, &place(), &[phone(ALICE), phone(BOB)], NOW)).unwrap();
        assert_eq!(stored, [created(), Stored::Created { duplicates: vec!["phone".into()] }]);
    });
}

/// More rows than one statement takes, and a rest.
#[test]
fn many_records_are_stored_with_all_that_is_theirs() {
    on_both(|scratch| {
        let record = |number: usize| format!("018f0000-0000-7000-8000-{number:012}");
        let fields = |number: usize| {
            (0..7).map(move |field| SealedField { field: format!("f{field}"), value: vec![number as u8, field] })
        };
        let one = |number| NewSeal {
            fields: fields(number).collect(),
            ..seal(&record(number), 1, vec![term("id", &[number as u8], Uniqueness::Refuse)])
        };
        let seals: Vec<NewSeal> = (0..150).map(one).collect();
        let stored = scratch.write(|db| seals::store(db, &place(), &seals, NOW)).unwrap();
        assert!(stored.len() == 150 && stored.iter().all(|stored| *stored == created()));
        let ids: Vec<String> = (0..150).map(record).collect();
        let sealed = scratch.read(|db| records::sealed(db, &place(), &ids));
        for (number, version) in sealed.iter().enumerate() {
            assert_eq!(version.fields, fields(number).collect::<Vec<_>>());
            let found =
                scratch.read(|db| terms::lookup(db, &place(), &[term("id", &[number as u8], Uniqueness::No)], 10));
            assert_eq!(found, [(record(number), 1)]);
        }
        assert_eq!(sealed.len(), 150);
    });
}

#[test]
fn the_database_itself_refuses_a_second_unique_term() {
    on_both(|scratch| {
        scratch.store(&seal(ALICE, 1, vec![term("national_id", b"one", Uniqueness::Refuse)]));
        scratch.store(&seal(BOB, 1, vec![]));
        let one = if scratch.database.is_sqlite() { "x'6f6e65'" } else { r"'\x6f6e65'" };
        let insert =
            format!("INSERT INTO index_terms SELECT index_key, {one}, register, '{BOB}', 'refuse' FROM index_terms");
        assert!(scratch.write(|db| Ok(db.batch_execute(&insert)?)).is_err());
    });
}

#[test]
fn a_warning_names_the_field_and_stores() {
    on_both(|scratch| {
        let phone = || vec![term("phone", b"p", Uniqueness::Warn), term("phone", b"p", Uniqueness::Warn)];
        assert_eq!(scratch.store(&seal(ALICE, 1, phone())), created());
        assert_eq!(scratch.store(&seal(BOB, 1, phone())), Stored::Created { duplicates: vec!["phone".into()] });
        let found = scratch.read(|db| terms::lookup(db, &place(), &phone(), 10));
        assert_eq!(found, [(ALICE.to_owned(), 1), (BOB.to_owned(), 1)]);
    });
}

#[test]
fn erasure_leaves_a_tombstone_only() {
    on_both(|scratch| {
        scratch.store(&seal(ALICE, 1, vec![term("phone", b"p", Uniqueness::No)]));
        scratch.store(&seal(BOB, 1, vec![term("phone", b"p", Uniqueness::No)]));
        scratch.write(|db| erasures::erase(db, &place(), ALICE, Some("certificate"), NOW)).unwrap();
        for (table, left) in [("sealed_fields", 1), ("record_versions", 1), ("index_terms", 1), ("records", 2)] {
            assert_eq!(count(scratch, table), left, "{table}");
        }
        let row = scratch.read(|db| records::current(db, &place(), &[ALICE.into()])).remove(ALICE).unwrap();
        assert_eq!((row.clear.as_str(), row.certificate.as_deref()), ("{}", Some("certificate")));
        let later = Timestamp::from_seconds(1_800_000_001);
        scratch.write(|db| erasures::erase(db, &place(), ALICE, None, later)).unwrap();
        assert_eq!(scratch.read(|db| records::current(db, &place(), &[ALICE.into()])).remove(ALICE).unwrap(), row);
        assert!(scratch.read(|db| records::sealed(db, &place(), &[ALICE.into()])).is_empty());
        assert_eq!(scratch.store(&seal(ALICE, 1, vec![])), Stored::Erased);
        assert_eq!(scratch.store(&seal(ALICE, 2, vec![])), Stored::Erased);
    });
}

#[test]
fn tenants_do_not_see_each_other() {
    on_both(|scratch| {
        scratch.store(&seal(ALICE, 1, vec![term("phone", b"p", Uniqueness::Refuse)]));
        let other = Place { tenant: "other".parse().unwrap(), ..place() };
        assert!(scratch.read(|db| records::current(db, &other, &[ALICE.into()])).is_empty());
        let terms = [term("phone", b"p", Uniqueness::No)];
        assert!(scratch.read(|db| terms::lookup(db, &other, &terms, 10)).is_empty());
        assert!(scratch.read(|db| pages::page(db, &other, "", 10, &[])).is_empty());
        let stored = scratch.write(|db| seals::store(db, &other, &[seal(ALICE, 1, terms.to_vec())], NOW)).unwrap();
        assert_eq!(stored, [created()]);
    });
}

#[test]
fn pages_follow_each_other_and_filters_hold() {
    on_both(|scratch| {
        scratch.store(&seal(ALICE, 1, vec![]));
        scratch.store(&seal(BOB, 1, vec![]));
        scratch.store(&seal(BOB, 2, vec![]));
        let ids = |after: &str, filters: &[(&str, serde_json::Value)]| -> Vec<String> {
            let filters: Vec<_> = filters
                .iter()
                .map(|(name, value)| pages::Filter { name: name.parse().unwrap(), value: value.clone() })
                .collect();
            let rows = scratch.read(|db| pages::page(db, &place(), after, 1, &filters));
            rows.into_iter().map(|row| row.record).collect()
        };
        assert_eq!(ids("", &[]), [ALICE]);
        assert_eq!(ids(ALICE, &[]), [BOB]);
        assert!(ids(BOB, &[]).is_empty());
        assert_eq!(ids("", &[("area", "A-2".into()), ("members", 2.into()), ("adult", true.into())]), [BOB]);
        assert!(ids("", &[("members", "2".into()), ("area", "A-2".into())]).is_empty(), "a text is not a number");
        assert!(ids("", &[("absent", 1.into())]).is_empty());
    });
}

#[test]
fn intents_are_busy_while_asked_and_given_up_by_age() {
    on_both(|scratch| {
        let pair = [(ALICE.to_owned(), 1)];
        assert!(scratch.read(|db| intents::under_way(db, &place(), &pair)).is_empty());
        scratch.write(|db| intents::ask(db, &place(), &pair, "one", NOW)).unwrap();
        assert_eq!(scratch.read(|db| intents::under_way(db, &place(), &pair)), BTreeSet::from(pair.clone()));
        let later = NOW.plus(std::time::Duration::from_secs(1));
        assert_eq!(scratch.write(|db| intents::give_up(db, Some("two"), later)).unwrap(), 0);
        assert_eq!(scratch.write(|db| intents::give_up(db, Some("one"), NOW)).unwrap(), 0, "not older than now");
        assert_eq!(scratch.write(|db| intents::give_up(db, Some("one"), later)).unwrap(), 1);
        assert_eq!(scratch.outstanding(), (vec![], vec![ALICE.into()]));
        let told = scratch.read(|db| intents::outstanding(db, "demo", NOW, 10));
        scratch.write(|db| intents::ask(db, &place(), &pair, "two", NOW)).unwrap();
        scratch.write(|db| intents::settled(db, &told)).unwrap();
        assert_eq!(count(scratch, "seal_intents"), 1, "asked for again meanwhile, so it stays");
    });
}

#[test]
fn recomputed_terms_stand_beside_the_old_and_only_for_the_current_version() {
    on_both(|scratch| {
        scratch.store(&seal(ALICE, 1, vec![term("phone", b"old", Uniqueness::No)]));
        // Another key that was not rotated is at its first version still.
        let of_another_key = term("name", b"name", Uniqueness::No);
        let new = [Term { key_version: 2, ..term("phone", b"new", Uniqueness::No) }, of_another_key];
        assert!(!scratch.write(|db| terms::add(db, &place(), ALICE, 2, &new)).unwrap());
        for _ in 0..2 {
            assert!(scratch.write(|db| terms::add(db, &place(), ALICE, 1, &new)).unwrap());
        }
        let mut counts = scratch.read(|db| terms::count_by_version(db, &place()));
        counts.sort();
        let counts: Vec<_> =
            counts.iter().map(|(field, _, version, count)| (field.as_str(), *version, *count)).collect();
        assert_eq!(counts, [("name", 1, 1), ("phone", 1, 1), ("phone", 2, 1)]);
        assert_eq!(scratch.write(|db| terms::remove_below(db, &place(), "phone", "exact", 2)).unwrap(), 1);
    });
}

#[test]
fn a_unique_term_is_compared_under_every_version_and_stored_under_the_newest() {
    on_both(|scratch| {
        let id = |key_version, value| Term { key_version, ..term("national_id", value, Uniqueness::Refuse) };
        assert_eq!(scratch.store(&seal(ALICE, 1, vec![id(1, b"one")])), created());
        let taken = Stored::Taken { field: "national_id".into() };
        assert_eq!(scratch.store(&seal(BOB, 1, vec![id(1, b"one"), id(2, b"new")])), taken);
        assert_eq!(scratch.store(&seal(BOB, 1, vec![id(1, b"two"), id(2, b"new")])), created());
        let mut counts = scratch.read(|db| terms::count_by_version(db, &place()));
        counts.sort();
        assert_eq!(
            counts.iter().map(|(_, _, version, count)| (*version, *count)).collect::<Vec<_>>(),
            [(1, 1), (2, 1)]
        );
    });
}

#[test]
fn an_idempotency_key_keeps_its_first_answer() {
    on_both(|scratch| {
        use idempotency::{Begun, IdempotencyKey};
        let key = IdempotencyKey { tenant: "demo".into(), caller: "me".into(), key: "k".into() };
        let (soon, late) =
            (NOW.plus(std::time::Duration::from_secs(60)), NOW.plus(std::time::Duration::from_secs(120)));
        let begin = |digest: &[u8], now| scratch.write(|db| idempotency::begin(db, &key, digest, now, soon)).unwrap();
        assert_eq!(begin(b"body", NOW), Begun::New);
        assert_eq!(begin(b"body", NOW), Begun::Running);
        scratch.write(|db| idempotency::abandon(db, &key)).unwrap();
        assert_eq!(begin(b"body", NOW), Begun::New);
        scratch.write(|db| idempotency::finish(db, &key, 201, "{}", late)).unwrap();
        scratch.write(|db| idempotency::abandon(db, &key)).unwrap();
        assert_eq!(begin(b"body", soon), Begun::Answered { status: 201, answer: "{}".into() });
        assert_eq!(begin(b"other", soon), Begun::OtherBody);
        assert_eq!(begin(b"other", late), Begun::New, "forgotten when expired");
    });
}

#[test]
fn a_newer_schema_is_refused_and_names_the_version() {
    on_both(|scratch| {
        let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001'); \
                     UPDATE schema_program SET program = '9.9.9';";
        scratch.write(|db| Ok(db.batch_execute(newer)?)).unwrap();
        for refusal in [MIGRATIONS.run(&scratch.database).map(drop), MIGRATIONS.check(&scratch.database)] {
            assert!(refusal.unwrap_err().to_string().contains("9.9.9"));
        }
    });
}

/// Of everybody in two tenants, one of them erased, one with two versions.
#[test]
fn a_database_of_the_first_schema_keeps_all_that_it_holds() {
    for files in TestDatabase::both() {
        let database = Arc::new(Database::open(files.url(), None, 2).unwrap());
        let first = |db: &mut Db| match db {
            Db::Sqlite(lite) => lite.run_next_migration(super::SQLITE).map(|step| step.to_string()),
            Db::Postgres(postgres) => postgres.run_next_migration(super::POSTGRES).map(|step| step.to_string()),
        };
        assert_eq!(first(database.writer().unwrap().db().unwrap()).unwrap(), "20261101000001");
        let bytes = |hex: &str| if database.is_sqlite() { format!("x'{hex}'") } else { format!("'\\x{hex}'") };
        let (one, two, p) = (bytes("01"), bytes("02"), bytes("70"));
        let at = |tenant: &str, record: &str| format!("'{tenant}', 'individual', '{record}'");
        let (alice, bob, other) = (at("demo", ALICE), at("demo", BOB), at("other", ALICE));
        let old = format!(
            r#"INSERT INTO records VALUES ({alice}, 2, 1, '{{"area":"A-2"}}', 5, 6), ({other}, 1, 1, '{{}}', 5, 5);
               INSERT INTO records VALUES ({bob}, 1, 1, '{{}}', 5, 7, 7, 'certificate');
               INSERT INTO record_versions VALUES ({alice}, 1, 1, '{{}}', 5), ({alice}, 2, 1, '{{"area":"A-2"}}', 6);
               INSERT INTO record_versions VALUES ({other}, 1, 1, '{{}}', 5);
               INSERT INTO sealed_fields VALUES ({alice}, 1, 'name', {one}), ({alice}, 2, 'name', {two});
               INSERT INTO sealed_fields VALUES ({other}, 1, 'name', {one});
               INSERT INTO index_terms VALUES
                 ('demo', 'individual', 'phone', 'exact', 1, {p}, '{ALICE}', 'refuse'),
                 ('demo', 'individual', 'phone', 'prefix', 1, {p}, '{ALICE}', 'no'),
                 ('demo', 'individual', 'phone', 'exact', 2, {p}, '{ALICE}', 'refuse'),
                 ('other', 'individual', 'phone', 'exact', 1, {p}, '{ALICE}', 'refuse');"#
        )
        .replace("5, 6)", "5, 6, NULL, NULL)")
        .replace("5, 5)", "5, 5, NULL, NULL)");
        database.writer().unwrap().db().unwrap().batch_execute(&old).unwrap();

        assert_eq!(MIGRATIONS.run(&database).unwrap(), 1);
        MIGRATIONS.check(&database).unwrap();
        let scratch = Scratch { database, _files: files };
        let elsewhere = Place { tenant: "other".parse().unwrap(), ..place() };
        let row = scratch.read(|db| records::current(db, &place(), &[BOB.into()])).remove(BOB).unwrap();
        assert_eq!((row.updated, row.erased, row.certificate.as_deref()), (7, Some(7), Some("certificate")));
        let [alice] = <[_; 1]>::try_from(scratch.read(|db| records::sealed(db, &place(), &[ALICE.into()]))).unwrap();
        assert_eq!((alice.version, alice.clear.as_str()), (2, r#"{"area":"A-2"}"#));
        assert_eq!(alice.fields, [SealedField { field: "name".into(), value: vec![2] }]);
        let [earlier] = <[_; 1]>::try_from(scratch.read(|db| records::earlier(db, &place(), &alice))).unwrap();
        assert_eq!((earlier.version, &earlier.fields[0].value), (1, &vec![1]));
        assert_eq!(scratch.read(|db| records::sealed(db, &elsewhere, &[ALICE.into()]))[0].fields[0].value, [1]);
        let counts = |place: &Place| {
            let mut counts = scratch.read(|db| terms::count_by_version(db, place));
            counts.sort();
            counts.into_iter().map(|(_, kind, version, count)| (kind, version, count)).collect::<Vec<_>>()
        };
        let exact = |version| ("exact".to_owned(), version, 1);
        assert_eq!(counts(&place()), [exact(1), exact(2), ("prefix".to_owned(), 1, 1)]);
        assert_eq!(counts(&elsewhere), [exact(1)]);
        let phone = term("phone", b"p", Uniqueness::Refuse);
        assert_eq!(
            scratch.read(|db| terms::lookup(db, &place(), std::slice::from_ref(&phone), 9)),
            [(ALICE.to_owned(), 2)]
        );
        let carol = BOB.replace('2', "3");
        assert_eq!(scratch.store(&seal(&carol, 1, vec![phone])), Stored::Taken { field: "phone".into() });
        assert_eq!(scratch.store(&seal(ALICE, 3, vec![])), Stored::Updated { duplicates: vec![] });
    }
}

#[tokio::test]
async fn a_failed_write_leaves_nothing() {
    let scratch = Scratch::new(TestDatabase::sqlite());
    let store = Store::new(Arc::clone(&scratch.database), 2, std::time::Duration::from_secs(20)).unwrap();
    let failed: Result<(), _> = store
        .write(|db| {
            seals::store(db, &place(), &[seal(ALICE, 1, vec![])], NOW)?;
            Err(StoreError::Damaged("records"))
        })
        .await;
    assert!(failed.is_err());
    assert!(store.read(|db| records::current(db, &place(), &[ALICE.into()])).await.unwrap().is_empty());
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(scratch: &Scratch, table: &str) -> i64 {
    scratch.read(|db| Ok(sql_query(format!("SELECT count(*) AS n FROM {table}")).get_result::<Count>(db)?)).n
}
