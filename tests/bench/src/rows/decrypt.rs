//! REST decrypt of RSA-OAEP-256.

use km_tests::openssl::encrypt_oaep;
use km_tests::{System, base64url};
use serde_json::json;

use crate::ceilings::token::{BareToken, decrypt_rsa};
use crate::load::Request;
use crate::measure::{Plan, Row, Title, rounds};

pub const RSA: Title = Title {
    name: "decrypt-rsa",
    what: "REST decrypt RSA-OAEP-256",
    ceiling: "the token alone: RSA-2048 without padding",
    reach: 0.8,
    in_the_way: "",
};

pub fn rsa(plan: &Plan, system: &System, token: &BareToken) -> Row {
    let (public, private) = token.rsa();
    let block = token.encrypted_block(public);
    let alone = || {
        token.best(plan.time, |session| {
            decrypt_rsa(session, private, &block);
            1
        })
    };
    let key = system.key("decrypt", "RSA-2048");
    let sealed = encrypt_oaep(system.folder(), &system.jwk(&format!("{key}.1")), &[7; 32]);
    let url = format!("{}/v1/keys/{key}/decrypt", system.anyone().base());
    let body = json!({"ciphertext": base64url(sealed)});
    let request = Request::post(url, Some(&system.fresh_token("backend")), &body, 1);
    let server = system.process_id("keymanager");
    let note = "an operation is a call; the padding is taken off outside the token".to_owned();
    rounds(plan, RSA, note, alone, |connections| request.run(server, connections, plan.time))
}
