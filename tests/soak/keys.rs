//! Workers at the key manager's own listener: encrypt, decrypt, sign, while the keys are rotated.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use km_tests::openssl::verifies;
use km_tests::{Client, base64url, from_base64url};
use serde_json::{Value, json};

use crate::random::Random;
use crate::world::World;

const BEFORE_TRYING_AGAIN: Duration = Duration::from_millis(100);
const TOKEN: Duration = Duration::from_secs(240);
/// Ciphertexts that are kept to be opened later; when there are more, one leaves by chance.
const KEPT: usize = 1000;

/// Keys that the workers share and that are rotated.
pub struct Keys {
    pub cipher: String,
    pub signing: String,
}

pub struct Caller<'a> {
    world: &'a World,
    keys: &'a Keys,
    random: Random,
    client: (Client, Instant),
    kept: VecDeque<(String, Vec<u8>)>,
    public: BTreeMap<String, Value>,
    signed: u64,
}

impl<'a> Caller<'a> {
    pub fn new(world: &'a World, keys: &'a Keys, number: u64) -> Self {
        let client = (world.system.rest("backend"), Instant::now());
        let random = Random::new(world.seed, 1000 + number);
        Self { world, keys, random, client, kept: VecDeque::new(), public: BTreeMap::new(), signed: 0 }
    }

    pub fn run(&mut self) {
        let world = self.world;
        while world.step(|| self.turn()) {}
    }

    fn turn(&mut self) {
        if self.client.1.elapsed() > TOKEN {
            self.client = (self.world.system.rest("backend"), Instant::now());
        }
        match self.random.below(100) {
            0..40 => self.encrypt(),
            40..80 => {
                let at = self.random.index(self.kept.len().max(1));
                self.decrypt(at);
            }
            _ => self.sign(),
        }
    }

    /// The body of an answer; none if there was none, or 503.
    fn ask(&self, what: &str, path: &str, body: &Value) -> Option<Value> {
        let sent = self.client.0.try_send("POST", path, Some("application/json"), body.to_string().into_bytes());
        let Ok(answer) = sent else {
            self.world.count(what, "no answer");
            std::thread::sleep(BEFORE_TRYING_AGAIN);
            return None;
        };
        self.world.count(what, &format!("{} {}", answer.status, answer.code()));
        match answer.status {
            200 => Some(answer.body),
            503 | 429 => {
                std::thread::sleep(BEFORE_TRYING_AGAIN);
                None
            }
            _ => {
                self.world.wrong(format!("{what}: {} {}", answer.status, answer.text()));
                None
            }
        }
    }

    fn encrypt(&mut self) {
        let plain: Vec<u8> = (0..self.random.below(300)).map(|_| self.random.next().to_be_bytes()[0]).collect();
        let path = format!("/v1/keys/{}/encrypt", self.keys.cipher);
        let Some(made) = self.ask("encrypt", &path, &json!({"plaintext": base64url(&plain)})) else { return };
        let Some(ciphertext) = made["ciphertext"].as_str() else {
            return self.world.wrong(format!("encrypt: {made}"));
        };
        self.kept.push_back((ciphertext.to_owned(), plain));
        if self.kept.len() > KEPT {
            let leaving = self.random.index(KEPT);
            self.kept.remove(leaving);
        }
    }

    fn decrypt(&self, at: usize) {
        let Some((ciphertext, plain)) = self.kept.get(at) else { return };
        let path = format!("/v1/keys/{}/decrypt", self.keys.cipher);
        if let Some(opened) = self.ask("decrypt", &path, &json!({"ciphertext": ciphertext}))
            && opened["plaintext"] != base64url(plain)
        {
            self.world.wrong(format!("decrypt: {opened} is not what was encrypted in {ciphertext}"));
        }
    }

    fn sign(&mut self) {
        let message = self.random.next().to_be_bytes();
        let path = format!("/v1/keys/{}/sign", self.keys.signing);
        let Some(signed) = self.ask("sign", &path, &json!({"message": base64url(message)})) else { return };
        let (Some(kid), Some(signature)) = (signed["kid"].as_str(), signed["signature"].as_str()) else {
            return self.world.wrong(format!("sign: {signed}"));
        };
        self.signed += 1;
        // Stock OpenSSL looks at some: it is a process each time.
        if self.signed % 20 != 1 {
            return;
        }
        let Some(public) = self.public_key(kid) else { return };
        if !verifies(self.world.system.folder(), &public, "ES256", &message, &from_base64url(signature)) {
            self.world.wrong(format!("sign: the signature by {kid} does not verify"));
        }
    }

    fn public_key(&mut self, kid: &str) -> Option<Value> {
        if let Some(public) = self.public.get(kid) {
            return Some(public.clone());
        }
        let path = "/.well-known/jwks.json?tenant=demo";
        let answer = self.client.0.try_send("GET", path, None, Vec::new()).ok()?;
        if answer.status != 200 {
            return None;
        }
        let found = answer.body["keys"].as_array()?.iter().find(|key| key["kid"] == kid).cloned();
        match found {
            Some(public) => drop(self.public.insert(kid.to_owned(), public.clone())),
            None => self.world.wrong(format!("sign: the key set does not hold {kid}")),
        }
        self.public.get(kid).cloned()
    }

    /// At the end, with all well: every ciphertext that is kept opens.
    pub fn reckon(&self) {
        let path = format!("/v1/keys/{}/decrypt", self.keys.cipher);
        let kept: Vec<_> = self.kept.iter().collect();
        for part in kept.chunks(100) {
            let items: Vec<_> = part.iter().map(|(ciphertext, _)| json!({"ciphertext": ciphertext})).collect();
            let opened = self.ask("decrypt 100", &path, &json!({"items": items})).unwrap_or_default();
            for (at, (ciphertext, plain)) in part.iter().enumerate() {
                if opened["results"][at]["plaintext"] == base64url(plain) {
                    self.world.count("at the end", "a ciphertext opens");
                } else {
                    self.world.wrong(format!("at the end: {} for {ciphertext}", opened["results"][at]));
                }
            }
        }
    }
}
