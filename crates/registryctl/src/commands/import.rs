//! `registryctl import`

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
        for number in 0.. {
            let batch: Vec<Row> = rows.by_ref().take(batch_size).collect::<Result<_, _>>()?;
            let Some(position) = batch.last().map(|row| row.position) else { break };
            self.batch(number, batch).await?;
            self.report.bar.set_position(position);
        }
        Ok(self.report.end("stored"))
    }

    async fn batch(&mut self, number: u64, batch: Vec<Row>) -> Result<(), ClientError> {
        if let Some(tally) = self.journal.done(number) {
            self.report.total.existing += tally.created + tally.existing;
            // Rows with faults of their own are told again; those that the service refused are counted.
            let before = self.report.total.refused;
            for row in &batch {
                self.report.check(row, self.definition);
            }
            let told = self.report.total.refused - before;
            self.report.total.refused += tally.refused.saturating_sub(told);
            return Ok(());
        }
        let before = self.report.total.clone();
        let good: Vec<(u64, Map<String, Value>)> = batch
            .into_iter()
            .filter(|row| self.report.check(row, self.definition))
            .filter_map(|row| Some((row.number, row.fields.ok()?)))
            .collect();
        if !good.is_empty() {
            self.send(number, good).await?;
        }
        let tally = self.report.total.since(&before);
        self.journal.finish(number, &tally)
    }

    async fn send(&mut self, number: u64, good: Vec<(u64, Map<String, Value>)>) -> Result<(), ClientError> {
        let rows: Vec<u64> = good.iter().map(|(row, _)| *row).collect();
        let ids = self.journal.ids(number, &rows, || new_record_id(self.session.clock().now()))?;
        let draft = |(record, (_, fields))| Draft { record, base_version: 0, fields };
        let drafts: Vec<Draft> = ids.into_iter().zip(good).map(draft).collect();
        let results = self.session.put_bulk(self.definition, &drafts).await?;
        // What may succeed later is no verdict on the row: the batch is not done, and the next run sends it again.
        let passing = results.iter().filter_map(|stored| stored.problem.as_ref());
        if let Some(problem) = passing.into_iter().find(|problem| problem.retry_after.is_some()) {
            return Err(ClientError::Unavailable(problem.to_string()));
        }
        rows.iter().zip(&results).for_each(|(row, stored)| self.report.stored(*row, stored));
        Ok(())
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
