//! REST encrypt of 1 KiB: TLS, token checked, audit durable.

use km_tests::{System, base64url};
use serde_json::json;

use crate::ceilings::bare::BareServer;
use crate::load::Request;
use crate::measure::{Plan, Row, Title, rounds};

pub const SQLITE: Title = Title {
    name: "encrypt-sqlite",
    what: "REST encrypt of 1 KiB, SQLite",
    ceiling: "bare actix handler with one AES-GCM in the token",
    reach: 0.5,
    in_the_way: "HTTP and JSON are half of the processor's time (a log line a request 5 %, routes matched by regular expressions 4 %, \
        the body read three times 5 %), the commit thread a quarter (an event's canonical JSON 8 %), the token a fifth",
};

pub const POSTGRES: Title = Title {
    name: "encrypt-postgres",
    what: "REST encrypt of 1 KiB, PostgreSQL",
    ceiling: "bare actix handler with one AES-GCM in the token",
    reach: 0.35,
    in_the_way: "as on SQLite, and each event of a group is a round trip to the database of its own (10 %)",
};

/// What a backend sends: one message of 1 KiB. Measured with the same script as the ceiling.
pub fn run(plan: &Plan, title: Title, system: &System, bare: &BareServer, mut each_round: impl FnMut()) -> Row {
    let body = json!({"plaintext": base64url([7; 1024])});
    let key = system.key("encrypt", "AES-256");
    let ours = Request::post(
        format!("{}/v1/keys/{key}/encrypt", system.anyone().base()),
        Some(&system.fresh_token("backend")),
        &body,
        1,
    );
    let ceiling = Request::post(format!("{}/encrypt", bare.url), Some(&system.token("backend")), &body, 1);
    let (server, bare) = (system.process_id("keymanager"), bare.process_id());
    let note = "an operation is a call".to_owned();
    rounds(
        plan,
        title,
        note,
        || {
            each_round();
            ceiling.run(bare, 32, plan.time)
        },
        |connections| ours.run(server, connections, plan.time),
    )
}
