#!/usr/bin/env python3
"""A backend talks to Sealkeep with the standard library and jwcrypto, a stock JOSE library.

    python3 sealkeep_example.py [path to endpoints.json]

Without an argument the path comes from SEALKEEP_ENDPOINTS. The person who is registered here is synthetic.
"""

import base64
import json
import os
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timezone
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto import jwe, jwk, jws

ENDPOINTS = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["SEALKEEP_ENDPOINTS"])
WHERE = json.loads(ENDPOINTS.read_text())
ME = WHERE["identities"]["backend"]
TENANT, REGISTER = WHERE["tenant"], WHERE["register"]
RECORDS = f"{WHERE['registry']}/v1/registers/{REGISTER}/records"
# Every listener's certificate leads to this root.
TLS = ssl.create_default_context(cafile=WHERE["ca"])


def call(method, url, body=None, token=None, headers=None):
    """One request, JSON in and out. A refusal ends the program with the problem that it says."""
    request = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, context=TLS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()}")


def b64(data):
    """base64url without padding, as every binary member of the API."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check(holds, what):
    if not holds:
        sys.exit(f"NOT PROVEN: {what}")


# --- 1. An access token for this backend: OAuth 2.0 client credentials. -----------------------------------------------


def fetch_token():
    form = {"grant_type": "client_credentials", "client_id": ME["client_id"],
            "client_secret": Path(ME["secret_file"]).read_text().strip()}
    with urllib.request.urlopen(WHERE["token"], urllib.parse.urlencode(form).encode(), context=TLS) as answer:
        return json.load(answer)["access_token"]


# --- 2. The key manager's public keys. Those that matter must have a certificate up to the pinned root. ---------------


def is_certified(key, root):
    """Whether x5c leads from this very key, under its own name, to the root; each certificate valid today."""
    chain = [x509.load_der_x509_certificate(base64.b64decode(part)) for part in key.get("x5c", [])]
    if not chain:
        return False
    chain = [certificate for certificate in chain if certificate != root] + [root]
    now = datetime.now(timezone.utc)
    for certificate, issuer in zip(chain, chain[1:]):
        try:
            certificate.verify_directly_issued_by(issuer)
            if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
                return False
        except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
            return False
    names = chain[0].subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    spki = jwk.JWK(**{k: v for k, v in key.items() if k in ("kty", "crv", "x", "y", "n", "e")}).export_to_pem()
    return (all(c.not_valid_before_utc <= now <= c.not_valid_after_utc for c in chain)
            and [name.value for name in names] == [key["kid"]]
            and chain[0].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) == spki)


def fetch_keys():
    """The newest ingest key on P-256, the answer keys by id, and all keys by id."""
    root = x509.load_pem_x509_certificate((ENDPOINTS.parent / "business-root.pem").read_bytes())
    keys = call("GET", f"{WHERE['rest']}/.well-known/jwks.json?tenant={TENANT}")["keys"]
    # The name in the certificate counts, not what the set says: another certified key must not pass for the answer key.
    certified = [key for key in keys if key.get("tenant") == TENANT and key["kid"].rsplit(".", 1)[0] == key["purpose"]
                 and is_certified(key, root)]
    ingest = [key for key in certified if (key["purpose"], key["use"], key["kty"]) == ("ingest", "enc", "EC")]
    check(ingest, "no ingest key leads to the pinned root")
    newest = max(ingest, key=lambda key: int(key["kid"].rsplit(".", 1)[1]))
    answers = {key["kid"]: jwk.JWK(**key) for key in certified if (key["purpose"], key["use"]) == ("answer", "sig")}
    return jwk.JWK(**newest), answers, {key["kid"]: jwk.JWK(**key) for key in keys}


# --- JOSE: sign with our enrolled key, seal to the ingest key, believe only certified answer keys. --------------------


def sign(reader, typ, payload):
    token = jws.JWS(json.dumps(payload).encode())
    token.add_signature(reader, None, json.dumps({"alg": "ES256", "kid": reader.thumbprint(), "typ": typ}))
    return token.serialize(compact=True)


def seal(ingest, header, plaintext):
    protected = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": ingest["kid"], **header}
    return jwe.JWE(plaintext.encode(), json.dumps(protected), recipient=ingest).serialize(compact=True)


def believe(answers, typ, compact):
    """The payload of a JWS by a certified answer key."""
    token = jws.JWS()
    token.deserialize(compact)
    token.allowed_algs = ["ES256"]
    header = json.loads(from_b64(compact.split(".")[0]))
    check(header.get("typ") == typ and header.get("kid") in answers, f"not a {typ} by a certified key")
    token.verify(answers[header["kid"]])
    return json.loads(token.payload)


def request(reader, typ, members):
    """A signed request: what is wanted, why, and for how long it is good."""
    now = int(time.time())
    nonce = b64(secrets.token_bytes(16))
    payload = {"tenant": TENANT, "register": REGISTER, **members, "purpose": "service-delivery", "case": "EX-2026/1",
               "nonce": nonce, "iat": now, "exp": now + 120}
    return nonce, sign(reader, typ, payload)


def new_record_id():
    """A UUIDv7: 48 bits of milliseconds, then chance."""
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=number & ~(0b11 << 62) | 0b10 << 62))


def main():
    token = fetch_token()
    print("token: good for the roles of", ME["client_id"])
    ingest, answers, keys = fetch_keys()
    print("keys: ingest key", ingest["kid"], "leads to the pinned root")
    reader = jwk.JWK.from_pem(Path(ME["reader_key"]).read_bytes())

    # 3. Encrypt and decrypt under an AES key that never leaves the token (deploy/examples/make-keys.sh made it).
    aes = f"{WHERE['rest']}/v1/keys/example-aes"
    context = b64(b"invoice 17")
    sealed = call("POST", f"{aes}/encrypt", {"plaintext": b64(b"a message"), "context": context}, token)
    opened = call("POST", f"{aes}/decrypt", {"ciphertext": sealed["ciphertext"], "context": context}, token)
    check(from_b64(opened["plaintext"]) == b"a message", "decrypt gives back what was encrypted")
    print("encrypt, decrypt: under version", sealed["version"])

    # 4. Sign; verify over the API, and here with nothing but the public key.
    message = b"a payment list"
    signing = f"{WHERE['rest']}/v1/keys/example-sign"
    signed = call("POST", f"{signing}/sign", {"message": b64(message), "algorithm": "ES256"}, token)
    proof = {"message": b64(message), "signature": signed["signature"], "kid": signed["kid"]}
    check(call("POST", f"{signing}/verify", proof, token)["valid"], "the API verifies its own signature")
    check(not call("POST", f"{signing}/verify", {**proof, "message": b64(b"another list")}, token)["valid"],
          "the API refuses the signature of another message")
    signature = from_b64(signed["signature"])  # r and s, 32 bytes each
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public = keys[signed["kid"]].get_op_key("verify")
    public.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))  # raises if it does not verify
    print("sign, verify: by", signed["kid"], "over the API and here")

    # 5. Seal a record: signed by us, encrypted to the ingest key. The registry in between can read nothing of it.
    record, nonce, functional_id = new_record_id(), b64(secrets.token_bytes(16)), f"SYNPY{secrets.token_hex(6).upper()}"
    fields = {"functional_id": functional_id, "display_name": "Synthetic Person (Python)", "birth_date": "1990-02-28",
              "registration_status": "registered"}
    inner = sign(reader, "sealkeep-record+jws", {
        "tenant": TENANT, "register": REGISTER, "record": record, "base_version": 0, "schema": 1,
        "iat": int(time.time()), "nonce": nonce, "fields": fields})
    outer = seal(ingest, {"typ": "sealkeep-record+jwe", "cty": "JWT", "register": REGISTER, "record": record}, inner)
    stored = call("PUT", f"{RECORDS}/{record}", {"jwe": outer}, token, {"If-None-Match": "*"})
    receipt = believe(answers, "sealkeep-receipt+jws", stored["receipt"])
    check(receipt["nonce"] == nonce and receipt["records"] == [{"record": record, "version": 1}], "the receipt is ours")
    print("seal: record", record, "stored, receipt checked")

    # 6. Find it by its id, which travels encrypted too.
    query = seal(ingest, {"typ": "sealkeep-query+jwe", "register": REGISTER},
                 json.dumps({"field": "functional_id", "value": functional_id}))
    _, asked = request(reader, "sealkeep-find+jws", {"query": query})
    found = call("POST", f"{RECORDS}/find", {"request": asked}, token)["records"]
    check(found == [{"record": record, "version": 1}], "find names the record")
    print("find: one record")

    # 7. Open two fields. The answer is encrypted to our key and signed by the key manager.
    nonce, asked = request(reader, "sealkeep-open+jws", {"records": [record], "fields": ["display_name", "birth_date"]})
    answer = call("POST", f"{RECORDS}/{record}/open", {"request": asked}, token)["answer"]
    envelope = jwe.JWE(algs=["ECDH-ES", "A256GCM"])
    envelope.deserialize(answer, key=reader)
    check(envelope.jose_header.get("typ") == "sealkeep-answer+jwe", "the envelope holds an answer")
    said = believe(answers, "sealkeep-answer+jws", envelope.payload.decode())
    check(said["request_nonce"] == nonce, "the answer is to this very request")
    check((said["tenant"], said["register"]) == (TENANT, REGISTER), "the answer is of this register")
    check([one["record"] for one in said["records"]] == [record], "the answer is about this record")
    values = said["records"][0].get("values")
    check(values == {name: fields[name] for name in ("display_name", "birth_date")}, "the values are what was sealed")
    print("open:", values["display_name"], values["birth_date"], "— log index", said["log_index"])


if __name__ == "__main__":
    main()
