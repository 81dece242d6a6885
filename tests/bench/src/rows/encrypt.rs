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
    in_the_way: "what the bare handler does not do: token and rights checked, a hand-over to the token's thread and one to the commit \
        thread, the event hashed and written; the bare handler's own processor time is more than what is wished of ours",
};

pub const POSTGRES: Title = Title {
    name: "encrypt-postgres",
    what: "REST encrypt of 1 KiB, PostgreSQL",
    ceiling: "bare actix handler with one AES-GCM in the token",
    reach: 0.35,
    in_the_way: "as on SQLite; the database is another process on the same two cores, and a commit is five round trips to it",
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
