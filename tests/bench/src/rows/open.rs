//! OpenRecord: ten fields of 100 records a call.

use std::collections::VecDeque;

use km_domain::RecordId;
use km_proto::v1;
use km_tests::System;
use km_tests::records::open_message;

use super::people::{BATCH, Batches, FIELDS, Form, seals};
use crate::ceilings::token::{BareToken, unwrap_data_key};
use crate::load::drive;
use crate::measure::{Plan, Row, Title, rounds};

pub const OPEN: Title = Title {
    name: "open",
    what: "OpenRecord, 10 fields, 100 a call, records",
    ceiling: "the token alone: its operations for each record",
    reach: 0.7,
    in_the_way: "the ceiling has both cores to itself; here the load generator takes a fifth of them, and of the key manager's time the \
        token takes 40 %, values opened 13 %, one event a record 10 %, the answer 8 %",
};

/// Batches that are sealed beforehand; their records are opened in turn.
const SEALED: usize = 20;

pub fn run(plan: &Plan, system: &System, token: &BareToken) -> Row {
    let reader = system.reader("backend");
    let mut batches = Batches::new(system, &reader);
    let server = system.process_id("keymanager");
    let registry = system.registry_for(&reader);
    let kept: Vec<Vec<v1::SealedRecord>> = (0..SEALED)
        .map(|_| {
            let answer = registry.seal_record(batches.next(Form::Together)).good();
            seals(&answer).expect("all sealed").into_iter().map(|(record, seal)| supplied(record, seal)).collect()
        })
        .collect();
    let ids: Vec<Vec<RecordId>> =
        kept.iter().map(|batch| batch.iter().map(|one| one.record.parse().expect("an id")).collect()).collect();
    // Each request is signed and good once.
    let prepared = |count: usize| -> VecDeque<v1::OpenRecordRequest> {
        let message = |at: usize| {
            let request = system.open_request(&reader, &ids[at % SEALED], &FIELDS);
            open_message(&request.jws, kept[at % SEALED].clone())
        };
        (0..count).map(message).collect()
    };
    check(system, &reader, &ids[0], &kept[0]);

    let wrapping = token.wrapping();
    let wrapped = token.wrapped_data_key(wrapping);
    let alone = || {
        token.best(plan.time, |session| {
            unwrap_data_key(session, wrapping, &wrapped);
            1
        })
    };

    let call = |registry: &km_tests::Grpc, message| {
        let answer = registry.open_record(message).result.map_err(|status| format!("{status:?}"))?;
        match answer.results.iter().find(|result| !result.opened) {
            None => Ok(answer.results.len()),
            Some(closed) => Err(format!("not opened: {closed:?}")),
        }
    };
    let mut speed = 0.0;
    let ours = |connections: usize| {
        let callers = |count: usize| {
            let token = system.token("backend");
            (0..count).map(|_| system.grpc("demo").with_token(&token)).collect::<Vec<_>>()
        };
        if speed == 0.0 {
            speed = drive(server, callers(4), prepared(8), plan.time, call).rate;
        }
        let count = (speed * plan.time.as_secs_f64() * 1.5) as usize / BATCH + connections;
        let figures = drive(server, callers(connections), prepared(count), plan.time, call);
        speed = figures.rate.max(speed);
        figures
    };
    let note = "an operation is a record; of the token for each: its data key unwrapped and read".to_owned();
    rounds(plan, OPEN, note, alone, ours)
}

/// What is measured must be worth it: the answer is one that a client believes, with every field of every record.
fn check(system: &System, reader: &km_tests::Reader, ids: &[RecordId], kept: &[v1::SealedRecord]) {
    let request = system.open_request(reader, ids, &FIELDS);
    let opened = system.open(reader, &request, kept.to_vec());
    assert_eq!(opened.records.len(), BATCH);
    for record in opened.records {
        let values = km_tests::records::values(record.outcome).expect("opened");
        assert_eq!(values.len(), FIELDS.len());
    }
}

fn supplied(record: &str, seal: &v1::Seal) -> v1::SealedRecord {
    v1::SealedRecord {
        record: record.to_owned(),
        version: seal.version,
        schema: seal.schema,
        fields: seal.fields.clone(),
        clear: seal.clear.clone(),
    }
}
