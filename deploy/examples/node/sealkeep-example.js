#!/usr/bin/env node
// A backend talks to Sealkeep with Node and jose, a stock JOSE library.
//
//     node sealkeep-example.js [path to endpoints.json]
//
// Without an argument the path comes from SEALKEEP_ENDPOINTS. The person who is registered here is synthetic.

import { X509Certificate, createPrivateKey, createPublicKey, randomBytes, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { request as https } from "node:https";
import { dirname, join } from "node:path";
import {
  CompactEncrypt, CompactSign, calculateJwkThumbprint, compactDecrypt, compactVerify, decodeProtectedHeader, importJWK,
} from "jose";

const ENDPOINTS = process.argv[2] ?? process.env.SEALKEEP_ENDPOINTS;
const WHERE = JSON.parse(readFileSync(ENDPOINTS, "utf8"));
const ME = WHERE.identities.backend;
const { tenant, register } = WHERE;
const RECORDS = `${WHERE.registry}/v1/registers/${register}/records`;
// Every listener's certificate leads to this root.
const CA = readFileSync(WHERE.ca);

/** One request; resolves to the JSON of the answer. A refusal throws the problem that it says. */
function call(method, url, { body, token, headers = {}, type = "application/json" } = {}) {
  const text = type === "application/json" ? JSON.stringify(body) : body;
  const head = { ...headers };
  if (token) head.authorization = `Bearer ${token}`;
  if (text) Object.assign(head, { "content-type": type, "content-length": Buffer.byteLength(text) });
  return new Promise((resolve, reject) => {
    const sent = https(url, { method, headers: head, ca: CA }, async (answer) => {
      try {
        const parts = [];
        for await (const part of answer) parts.push(part);
        const received = Buffer.concat(parts).toString();
        if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${received}`);
        resolve(JSON.parse(received));
      } catch (error) {
        reject(error);
      }
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

const post = (url, body, token) => call("POST", url, { body, token });
/** base64url without padding, as every binary member of the API. */
const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
const seconds = () => Math.floor(Date.now() / 1000);
const nonce = () => b64(randomBytes(16));

function check(holds, what) {
  if (!holds) throw new Error(`NOT PROVEN: ${what}`);
}

/** Two values that JSON writes alike. */
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// --- 1. An access token for this backend: OAuth 2.0 client credentials. ----------------------------------------------

async function fetchToken() {
  const client_secret = readFileSync(ME.secret_file, "utf8").trim();
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: ME.client_id, client_secret });
  const type = "application/x-www-form-urlencoded";
  return (await call("POST", WHERE.token, { body: form.toString(), type })).access_token;
}

// --- 2. The key manager's public keys. Those that matter must have a certificate up to the pinned root. --------------

/** Whether x5c leads from this very key, under its own name, to the root; each certificate valid today. */
function isCertified(key, root) {
  const given = (key.x5c ?? []).map((part) => new X509Certificate(Buffer.from(part, "base64")));
  if (given.length === 0) return false;
  const chain = [...given.filter((one) => one.fingerprint256 !== root.fingerprint256), root];
  const isIssued = (one, at) => {
    const issuer = chain[at + 1];
    return !issuer || (issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey));
  };
  const isCurrent = (one) => new Date(one.validFrom) <= new Date() && new Date() <= new Date(one.validTo);
  const spki = (publicKey) => publicKey.export({ type: "spki", format: "pem" });
  return (
    chain.every(isIssued) &&
    chain.every(isCurrent) &&
    chain[0].subject.split("\n").includes(`CN=${key.kid}`) &&
    spki(chain[0].publicKey) === spki(createPublicKey({ key, format: "jwk" }))
  );
}

/** The newest ingest key on P-256, the certified answer keys by id, and all keys by id. */
async function fetchKeys() {
  const root = new X509Certificate(readFileSync(join(dirname(ENDPOINTS), "business-root.pem")));
  const { keys } = await call("GET", `${WHERE.rest}/.well-known/jwks.json?tenant=${tenant}`);
  const [name, version] = [(key) => key.kid.replace(/\.\d+$/, ""), (key) => Number(key.kid.split(".").at(-1))];
  // The name in the certificate counts, not what the set says: another certified key must not pass for the answer key.
  const certified = keys.filter((key) => key.tenant === tenant && name(key) === key.purpose && isCertified(key, root));
  const [ingest] = certified
    .filter((key) => key.purpose === "ingest" && key.use === "enc" && key.kty === "EC")
    .sort((one, other) => version(other) - version(one));
  check(ingest, "an ingest key leads to the pinned root");
  const answers = certified.filter((key) => key.purpose === "answer" && key.use === "sig");
  const byId = (list) => new Map(list.map((key) => [key.kid, key]));
  return { ingest, answers: byId(answers), all: byId(keys) };
}

// --- JOSE: sign with our enrolled key, seal to the ingest key, believe only certified answer keys. -------------------

const sign = (reader, typ, payload) =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: "ES256", kid: reader.kid, typ })
    .sign(reader.key);

const seal = async (ingest, header, plaintext) =>
  new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", kid: ingest.kid, ...header })
    .encrypt(await importJWK(ingest, "ECDH-ES"));

/** The payload of a JWS by a certified answer key. */
async function believe(answers, typ, compact) {
  const header = decodeProtectedHeader(compact);
  check(header.typ === typ && answers.has(header.kid), `it is a ${typ} by a certified key`);
  const key = await importJWK(answers.get(header.kid), "ES256");
  const { payload } = await compactVerify(compact, key, { algorithms: ["ES256"] });
  return JSON.parse(Buffer.from(payload));
}

/** A signed request: what is wanted, why, and for how long it is good. */
async function signedRequest(reader, typ, members) {
  const [number, now] = [nonce(), seconds()];
  const why = { purpose: "service-delivery", case: "EX-2026/1" };
  const payload = { tenant, register, ...members, ...why, nonce: number, iat: now, exp: now + 120 };
  return { nonce: number, jws: await sign(reader, typ, payload) };
}

/** A UUIDv7: 48 bits of milliseconds, then chance. */
function newRecordId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const token = await fetchToken();
console.log("token: good for the roles of", ME.client_id);
const keys = await fetchKeys();
console.log("keys: ingest key", keys.ingest.kid, "leads to the pinned root");
const key = createPrivateKey(readFileSync(ME.reader_key));
const reader = { key, kid: await calculateJwkThumbprint(createPublicKey(key).export({ format: "jwk" })) };

// 3. Encrypt and decrypt under an AES key that never leaves the token (deploy/examples/make-keys.sh made it).
const aes = `${WHERE.rest}/v1/keys/example-aes`;
const context = b64("invoice 17");
const sealed = await post(`${aes}/encrypt`, { plaintext: b64("a message"), context }, token);
const opened = await post(`${aes}/decrypt`, { ciphertext: sealed.ciphertext, context }, token);
check(opened.plaintext === b64("a message"), "decrypt gives back what was encrypted");
console.log("encrypt, decrypt: under version", sealed.version);

// 4. Sign; verify over the API, and here with nothing but the public key.
const signing = `${WHERE.rest}/v1/keys/example-sign`;
const message = Buffer.from("a payment list");
const { signature, kid } = await post(`${signing}/sign`, { message: b64(message), algorithm: "ES256" }, token);
const isValid = async (text) => (await post(`${signing}/verify`, { message: b64(text), signature, kid }, token)).valid;
check(await isValid(message), "the API verifies its own signature");
check(!(await isValid("another list")), "the API refuses the signature of another message");
const signer = createPublicKey({ key: keys.all.get(kid), format: "jwk" });
const raw = Buffer.from(signature, "base64url");
check(verify("sha256", message, { key: signer, dsaEncoding: "ieee-p1363" }, raw), "Node verifies the signature");
console.log("sign, verify: by", kid, "over the API and here");

// 5. Seal a record: signed by us, encrypted to the ingest key. The registry in between can read nothing of it.
const record = newRecordId();
const fields = {
  functional_id: `SYNJS${randomBytes(6).toString("hex").toUpperCase()}`,
  display_name: "Synthetic Person (Node)",
  birth_date: "1990-02-28",
  registration_status: "registered",
};
const statement = { tenant, register, record, base_version: 0, schema: 1, iat: seconds(), nonce: nonce(), fields };
const inner = await sign(reader, "sealkeep-record+jws", statement);
const outer = await seal(keys.ingest, { typ: "sealkeep-record+jwe", cty: "JWT", register, record }, inner);
const headers = { "if-none-match": "*" };
const stored = await call("PUT", `${RECORDS}/${record}`, { body: { jwe: outer }, token, headers });
const receipt = await believe(keys.answers, "sealkeep-receipt+jws", stored.receipt);
check(receipt.nonce === statement.nonce && same(receipt.records, [{ record, version: 1 }]), "the receipt is ours");
console.log("seal: record", record, "stored, receipt checked");

// 6. Find it by its id, which travels encrypted too.
const wanted = JSON.stringify({ field: "functional_id", value: fields.functional_id });
const query = await seal(keys.ingest, { typ: "sealkeep-query+jwe", register }, wanted);
const find = await signedRequest(reader, "sealkeep-find+jws", { query });
const found = await post(`${RECORDS}/find`, { request: find.jws }, token);
check(same(found.records, [{ record, version: 1 }]), "find names the record");
console.log("find: one record");

// 7. Open two fields. The answer is encrypted to our key and signed by the key manager.
const names = ["display_name", "birth_date"];
const open = await signedRequest(reader, "sealkeep-open+jws", { records: [record], fields: names });
const { answer } = await post(`${RECORDS}/${record}/open`, { request: open.jws }, token);
const envelope = await compactDecrypt(answer, reader.key, {
  keyManagementAlgorithms: ["ECDH-ES"],
  contentEncryptionAlgorithms: ["A256GCM"],
});
check(envelope.protectedHeader.typ === "sealkeep-answer+jwe", "the envelope holds an answer");
const said = await believe(keys.answers, "sealkeep-answer+jws", Buffer.from(envelope.plaintext).toString());
check(said.request_nonce === open.nonce, "the answer is to this very request");
check(said.tenant === tenant && said.register === register, "the answer is of this register");
check(same(said.records.map((one) => one.record), [record]), "the answer is about this record");
const { values } = said.records[0];
check(names.every((name) => values?.[name] === fields[name]), "the values are what was sealed");
console.log("open:", values.display_name, values.birth_date, "— log index", said.log_index);
