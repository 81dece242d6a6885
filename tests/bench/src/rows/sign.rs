//! REST sign, one message a call and in batches.

use km_tests::{System, base64url};
use serde_json::{Value, json};

use crate::ceilings::token::{BareToken, sign_es256, sign_rs256};
use crate::load::Request;
use crate::measure::{Plan, Row, Title, rounds};

pub const ES256: Title = Title {
    name: "sign-es256",
    what: "REST sign ES256, one a call",
    ceiling: "the token alone: ECDSA P-256",
    reach: 0.5,
    in_the_way: "as for encryption: HTTP, JSON and the commit take more than the signature",
};

pub const ES256_BATCH: Title = Title {
    name: "sign-es256-batch",
    what: "REST sign ES256, batches of 100",
    ceiling: "the token alone: ECDSA P-256",
    reach: 0.85,
    in_the_way: "85 % of the processor's time is in the token; JSON, TLS and the load generator have the rest",
};

pub const RS256: Title = Title {
    name: "sign-rs256",
    what: "REST sign RS256",
    ceiling: "the token alone: RSA-2048 signature",
    reach: 0.8,
    in_the_way: "",
};

/// Bytes of a message.
const MESSAGE: [u8; 256] = [7; 256];

pub fn es256(plan: &Plan, system: &System, token: &BareToken, batch: Option<usize>) -> Row {
    let key = token.p256();
    let alone = || token.best(plan.time, |session| once(|| sign_es256(session, key, &MESSAGE)));
    run(plan, if batch.is_some() { ES256_BATCH } else { ES256 }, system, "P-256", batch, alone)
}

pub fn rs256(plan: &Plan, system: &System, token: &BareToken) -> Row {
    let (_, key) = token.rsa();
    let alone = || token.best(plan.time, |session| once(|| sign_rs256(session, key, &MESSAGE)));
    run(plan, RS256, system, "RSA-2048", None, alone)
}

fn once(operation: impl FnOnce()) -> usize {
    operation();
    1
}

fn run(
    plan: &Plan,
    title: Title,
    system: &System,
    kind: &str,
    batch: Option<usize>,
    alone: impl FnMut() -> f64,
) -> Row {
    let message = json!({"message": base64url(MESSAGE)});
    let (body, items): (Value, usize) = match batch {
        Some(items) => (json!({"items": vec![message; items]}), items),
        None => (message, 1),
    };
    let key = system.key("sign", kind);
    let url = format!("{}/v1/keys/{key}/sign", system.anyone().base());
    let request = Request::post(url, Some(&system.fresh_token("backend")), &body, items);
    let server = system.process_id("keymanager");
    let note = format!("an operation is a signature over {} bytes; {items} in a call", MESSAGE.len());
    rounds(plan, title, note, alone, |connections| request.run(server, connections, plan.time))
}
