//! Synthetic people with ten personal fields, as messages that the registry would send.

use km_client::Draft;
use km_proto::v1;
use km_tests::people::{Reader, definition, new_id};
use km_tests::records::{REGISTER, seal_message};
use km_tests::{System, now};
use serde_json::{Map, Value, json};

/// Records in a call.
pub const BATCH: usize = 100;

/// The personal fields of each, all sealed; eight of them have an index.
pub const FIELDS: [&str; 10] = [
    "national_id",
    "family_name",
    "given_name",
    "display_name",
    "birth_date",
    "sex",
    "phones",
    "emails",
    "address_lines",
    "bank_account",
];

/// How a batch travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All records under one signature in one JWE, as imports send them.
    Together,
    /// Each record signed and encrypted by itself.
    Singly,
}

/// Makes batches of people that nobody has made before.
pub struct Batches<'a> {
    system: &'a System,
    reader: &'a Reader,
    keys: km_client::ServiceKeys,
    definition: km_domain::register::RegisterDefinition,
    made: u64,
}

impl<'a> Batches<'a> {
    pub fn new(system: &'a System, reader: &'a Reader) -> Self {
        let keys = system.service_keys(&reader.tenant);
        // Ids of another run on the same system do not meet these: each system is fresh, and `made` is of this run.
        Self { system, reader, keys, definition: definition(REGISTER), made: first_number() }
    }

    pub fn system(&self) -> &'a System {
        self.system
    }

    /// One call's message.
    pub fn next(&mut self, form: Form) -> v1::SealRecordRequest {
        let drafts: Vec<Draft> = (0..BATCH).map(|_| self.person()).collect();
        let sealer = self.reader.sealer(&self.keys, &self.definition);
        if form == Form::Together {
            return seal_message(REGISTER, &sealer.seal_bulk(&drafts, now()).expect("a batch"));
        }
        let singly = drafts.iter().map(|draft| seal_message(REGISTER, &sealer.seal(draft, now()).expect("a record")));
        let items = singly.flat_map(|message| message.items).collect();
        v1::SealRecordRequest { register: REGISTER.to_owned(), items, ..Default::default() }
    }

    fn person(&mut self) -> Draft {
        self.made += 1;
        Draft { record: new_id(), base_version: 0, fields: fields(self.made) }
    }
}

/// Numbers of one `Batches` begin far from those of another.
fn first_number() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(100_000_000, std::sync::atomic::Ordering::Relaxed)
}

fn fields(number: u64) -> Map<String, Value> {
    let fields = json!({
        "national_id": format!("8888{number:012}"),
        "family_name": format!("Sample {}", number % 997),
        "given_name": format!("Person {}", number % 1009),
        "display_name": format!("Person {number} Sample"),
        "birth_date": format!("{}-{:02}-{:02}", 1930 + number % 90, 1 + number % 12, 1 + number % 28),
        "sex": "F",
        "phones": [format!("+2519{:08}", number % 100_000_000)],
        "emails": [format!("synthetic.{number}@example.org")],
        "address_lines": ["Sample street 12", "Sample town"],
        "bank_account": format!("SYN{number:014}"),
    });
    fields.as_object().expect("an object").clone()
}

/// The seals of an answer in which every record must be sealed, or the first refusal.
pub fn seals(answer: &v1::SealRecordResponse) -> Result<Vec<(&str, &v1::Seal)>, String> {
    let mut seals = Vec::with_capacity(answer.results.len());
    for result in &answer.results {
        match &result.outcome {
            Some(v1::seal_result::Outcome::Seal(seal)) => seals.push((result.record.as_str(), seal)),
            other => return Err(format!("not sealed: {other:?}")),
        }
    }
    Ok(seals)
}
