//! `registryctl import`

use futures_util::stream::{FuturesOrdered, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use km_api::{
    Problem,
    records::{BulkResult, BulkStatus},
};
use km_client::{ClientError, Draft, Session, file_digest, new_record_id};
use km_domain::register::RegisterDefinition;
use km_personal::{FieldFault, validate};
use serde_json::{Map, Value, json};

use super::{definition_file, register, session};
use crate::{
    arguments::{Arguments, Import},
    exit::Outcome,
    import::{
        Row, Rows,
        journal::{Journal, Subject, Tally},
        rows,
    },
    output::Output,
};

/// Version of the journal's format.
const JOURNAL: u32 = 1;

/// What a whole import needs.
struct Run<'a> {
    session: &'a Session,
    definition: &'a RegisterDefinition,
    journal: Journal,
    report: Report<'a>,
}

/// What is told of rows that were refused, and what was counted.
struct Report<'a> {
    output: &'a Output,
    bar: ProgressBar,
    total: Tally,
    refused: Vec<Value>,
    /// Faults to be shown in the end; a file without a single good row would flood the screen.
    shown: u64,
}

const MOST_SHOWN: u64 = 100;
/// Batches sent before the first of them is answered: while one is sealed, another is stored and a third is encrypted, and none of
/// the three waits for work.
const UNDER_WAY: usize = 4;

/// A batch that is sent or has nothing to send.
struct Batch {
    number: u64,
    /// The rows that go out.
    rows: Vec<u64>,
    /// Rows that break a rule by themselves.
    refused: u64,
    /// Where the file stands after it.
    position: u64,
}

/// A batch with what goes out.
struct Prepared {
    batch: Batch,
    drafts: Vec<Draft>,
}

/// Imports a file in batches. A batch that an earlier run finished is passed over; one that it began is sent again under the
/// same record ids.
pub async fn run(arguments: &Arguments, import: &Import, output: &Output) -> Result<Outcome, ClientError> {
    let (digest, length) = file_digest(&import.file)?;
    let report = Report::new(output, length);
    if let (true, Some(path)) = (import.check, &import.definition) {
        let definition = definition_file(path)?;
        return check(rows(&import.file, &definition)?, &definition, report);
    }
    let session = session(arguments)?;
    let definition = match &import.definition {
        Some(path) => definition_file(path)?,
        None => session.registry().definition(&register(&session, import.register.as_ref())).await?,
    };
    let rows = rows(&import.file, &definition)?;
    if import.check {
        return check(rows, &definition, report);
    }
    let place = import
        .journal
        .clone()
        .unwrap_or_else(|| Journal::place(&arguments.endpoints, session.endpoints(), &definition.register, &digest));
    let subject = Subject {
        journal: JOURNAL,
        tenant: session.tenant().clone(),
        register: definition.register.clone(),
        file: digest,
        batch_size: import.batch,
    };
    let journal = Journal::open(&place, &subject)?;
    let run = Run { session: &session, definition: &definition, journal, report };
    run.all(rows, import.batch as usize).await
}

fn check(rows: Rows, definition: &RegisterDefinition, mut report: Report<'_>) -> Result<Outcome, ClientError> {
    for row in rows {
        let row = row?;
        report.bar.set_position(row.position);
        match checked(&row, definition) {
            Ok(_) => report.total.created += 1,
            Err(faults) => report.refuse(row.number, &faults),
        }
    }
    Ok(report.end("would be stored"))
}

/// The fields of a row that keeps every rule.
fn checked<'a>(row: &'a Row, definition: &RegisterDefinition) -> Result<&'a Map<String, Value>, Vec<FieldFault>> {
    let fields = row.fields.as_ref().map_err(Clone::clone)?;
    validate(definition, fields)?;
    Ok(fields)
}

impl Run<'_> {
    async fn all(mut self, mut rows: Rows, batch_size: usize) -> Result<Outcome, ClientError> {
        let (mut under_way, mut done) = (FuturesOrdered::new(), Ok(()));
        for number in 0.. {
            let batch: Vec<Row> = rows.by_ref().take(batch_size).collect::<Result<_, _>>()?;
            if batch.is_empty() {
                break;
            }
            if let Some(prepared) = self.prepare(number, batch)? {
                let (session, definition) = (self.session, self.definition);
                under_way.push_back(async move {
                    let results = session.put_bulk(definition, &prepared.drafts).await;
                    (prepared.batch, results)
                });
            }
            if under_way.len() >= UNDER_WAY
                && let Some((batch, results)) = under_way.next().await
            {
                done = results.and_then(|results| self.account(&batch, &results));
                if done.is_err() {
                    break;
                }
            }
        }
        // What was sent is waited for, also after a failure: it may be stored all the same.
        while let Some((batch, results)) = under_way.next().await {
            done = done.and(results.and_then(|results| self.account(&batch, &results)));
        }
        done.map(|()| self.report.end("stored"))
    }

    /// What is to be sent of a batch; nothing where an earlier run finished it, or where no row of it keeps the rules.
    fn prepare(&mut self, number: u64, batch: Vec<Row>) -> Result<Option<Prepared>, ClientError> {
        let position = batch.last().map_or(0, |row| row.position);
        if let Some(tally) = self.journal.done(number) {
            self.report.total.existing += tally.created + tally.existing;
            // Rows with faults of their own are told again; those that the service refused are counted.
            let before = self.report.total.refused;
            for row in &batch {
                self.report.check(row, self.definition);
            }
            let told = self.report.total.refused - before;
            self.report.total.refused += tally.refused.saturating_sub(told);
            self.report.bar.set_position(position);
            return Ok(None);
        }
        let before = self.report.total.refused;
        let good: Vec<(u64, Map<String, Value>)> = batch
            .into_iter()
            .filter(|row| self.report.check(row, self.definition))
            .filter_map(|row| Some((row.number, row.fields.ok()?)))
            .collect();
        let refused = self.report.total.refused - before;
        let rows: Vec<u64> = good.iter().map(|(row, _)| *row).collect();
        let batch = Batch { number, rows, refused, position };
        if good.is_empty() {
            self.account(&batch, &[])?;
            return Ok(None);
        }
        let ids = self.journal.ids(number, &batch.rows, || new_record_id(self.session.clock().now()))?;
        let draft = |(record, (_, fields))| Draft { record, base_version: 0, fields };
        Ok(Some(Prepared { batch, drafts: ids.into_iter().zip(good).map(draft).collect() }))
    }

    /// Counts what became of a batch, and notes that it is done.
    fn account(&mut self, batch: &Batch, results: &[BulkResult]) -> Result<(), ClientError> {
        // What may succeed later is no verdict on the row: the batch is not done, and the next run sends it again.
        let passing = results.iter().filter_map(|stored| stored.problem.as_ref());
        if let Some(problem) = passing.into_iter().find(|problem| problem.retry_after.is_some()) {
            return Err(ClientError::Unavailable(problem.to_string()));
        }
        let before = self.report.total.clone();
        batch.rows.iter().zip(results).for_each(|(row, stored)| self.report.stored(*row, stored));
        let mut tally = self.report.total.since(&before);
        tally.refused += batch.refused;
        self.report.bar.set_position(batch.position);
        self.journal.finish(batch.number, &tally)
    }
}

impl<'a> Report<'a> {
    fn new(output: &'a Output, length: u64) -> Self {
        let bar = if output.draws() { ProgressBar::new(length) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {elapsed}") {
            bar.set_style(style);
        }
        Self { output, bar, total: Tally::default(), refused: Vec::new(), shown: 0 }
    }

    /// Checks a row and tells its faults. True: it may be sent.
    fn check(&mut self, row: &Row, definition: &RegisterDefinition) -> bool {
        match checked(row, definition) {
            Ok(_) => true,
            Err(faults) => {
                self.refuse(row.number, &faults);
                false
            }
        }
    }

    fn refuse(&mut self, row: u64, faults: &[FieldFault]) {
        self.total.refused += 1;
        faults.iter().for_each(|fault| self.tell(row, &fault.field, &fault.rule));
    }

    fn stored(&mut self, row: u64, stored: &BulkResult) {
        match stored.status {
            BulkStatus::Created | BulkStatus::Updated => self.total.created += 1,
            BulkStatus::Exists => self.total.existing += 1,
            BulkStatus::Refused => {
                self.total.refused += 1;
                let problem = stored.problem.clone().unwrap_or_else(|| Problem::of("no-reason-given", 0));
                let rule = problem.rule.clone().unwrap_or_else(|| problem.to_string());
                self.tell(row, problem.field.as_deref().unwrap_or("(row)"), &rule);
            }
        }
        let done = self.total.created + self.total.existing;
        self.bar.set_message(format!("{done} stored, {} refused", self.total.refused));
    }

    /// A row, a field and a rule; never a value.
    fn tell(&mut self, row: u64, field: &str, rule: &str) {
        self.shown += 1;
        if self.shown > MOST_SHOWN {
            return;
        }
        if self.output.is_json() {
            self.refused.push(json!({"row": row, "field": field, "rule": rule}));
        } else {
            self.bar.suspend(|| eprintln!("row {row}: field {field}: {rule}"));
        }
    }

    fn end(self, done: &str) -> Outcome {
        self.bar.finish_and_clear();
        let Tally { created, existing, refused } = self.total;
        if self.output.is_json() {
            let rows = json!({"created": created, "exists": existing, "refused": refused, "problems": self.refused});
            self.output.document(&rows);
        } else {
            if self.shown > MOST_SHOWN {
                eprintln!("and {} more faults", self.shown - MOST_SHOWN);
            }
            let sentence = format!("{created} rows {done}, {existing} were there before, {refused} refused");
            self.output.say(&sentence);
        }
        if refused == 0 { Outcome::Good } else { Outcome::Refused }
    }
}

impl Tally {
    fn since(&self, before: &Tally) -> Tally {
        Tally {
            created: self.created - before.created,
            existing: self.existing - before.existing,
            refused: self.refused - before.refused,
        }
    }
}
