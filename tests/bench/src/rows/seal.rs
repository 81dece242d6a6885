//! SealRecord: people of ten personal fields, in batches of 100.

use std::collections::VecDeque;
use std::time::Duration;

use km_crypto::agreement::EphemeralKey;
use km_tests::System;

use super::people::{BATCH, Batches, Form, seals};
use crate::ceilings::token::{BareToken, derive, hmac, new_data_key};
use crate::load::{Figures, drive};
use crate::measure::{Plan, Row, Title, rounds};

pub const TOGETHER: Title = Title {
    name: "seal",
    what: "SealRecord, 10 fields, 100 in one JWE, records",
    ceiling: "the token alone: its operations for each record",
    reach: 0.7,
    in_the_way: "two thirds of the processor's time are in the token; the rest: validation and normal forms, sealing, the commit thread, \
        opening the JWE",
};

pub const SINGLY: Title = Title {
    name: "seal-singly",
    what: "SealRecord, 10 fields, 100 JWEs a call, records",
    ceiling: "the token alone: its operations for each record",
    reach: 0.7,
    in_the_way: "done for each JWE and not for each call: the sender's key read and checked 13 %, a receipt signed 10 %, its \
        signature verified 5 %, subjects looked up 5 %",
};

pub fn run(plan: &Plan, system: &System, token: &BareToken, form: Form) -> Row {
    let reader = system.reader("backend");
    let mut batches = Batches::new(system, &reader);
    let server = system.process_id("keymanager");
    let registry = system.registry_for(&reader);
    let first = registry.seal_record(batches.next(form)).good();
    let terms = seals(&first).expect("all sealed")[0].1.terms.len();
    let derives = if form == Form::Together { 1 } else { BATCH };

    // 1. The ceiling: what a batch asks of the token.
    let (ingest, wrapping, index) = (token.p256(), token.wrapping(), token.hmac());
    let sender = EphemeralKey::generate().expect("a key");
    let alone = || {
        token.best(plan.time, |session| {
            (0..derives).for_each(|_| derive(session, ingest, sender.public()));
            for _ in 0..BATCH {
                new_data_key(session, wrapping);
                (0..terms).for_each(|_| hmac(session, index, &[7; 96]));
            }
            BATCH
        })
    };

    // 2. Ours. As many batches are prepared as can be sealed in the time, by a short look at the speed.
    let mut speed = 0.0;
    let mut ours = |connections: usize| {
        if speed == 0.0 {
            speed = run_once(&mut batches, form, server, 4, 8, plan.time).rate;
        }
        let count = (speed * plan.time.as_secs_f64() * 1.5) as usize / BATCH + connections;
        let figures = run_once(&mut batches, form, server, connections, count, plan.time);
        speed = figures.rate.max(speed);
        figures
    };
    let title = if form == Form::Together { TOGETHER } else { SINGLY };
    let note = format!(
        "an operation is a record. Of the token for 100 records: {derives} key agreement(s), 100 data keys made, read and \
         wrapped, {} HMACs of index terms",
        terms * BATCH
    );
    rounds(plan, title, note, alone, &mut ours)
}

fn run_once(
    batches: &mut Batches<'_>,
    form: Form,
    server: u32,
    connections: usize,
    count: usize,
    time: Duration,
) -> Figures {
    let jobs: VecDeque<_> = (0..count).map(|_| batches.next(form)).collect();
    let system = batches.system();
    let token = system.token("backend");
    let callers = (0..connections).map(|_| system.grpc("demo").with_token(&token)).collect();
    drive(server, callers, jobs, time, |registry, message| {
        let answer = registry.seal_record(message).result.map_err(|status| format!("{status:?}"))?;
        seals(&answer).map(|seals| seals.len())
    })
}
