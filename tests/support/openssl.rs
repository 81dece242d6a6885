//! Stock openssl: makes keys and requests, and verifies without our software.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use serde_json::Value;

use crate::from_base64url;
use crate::program::{Ran, run};

/// Runs openssl with these arguments, separated by blanks, and the paths at its end.
#[track_caller]
pub fn openssl(arguments: &str, paths: &[&Path]) -> Ran {
    run(Command::new("openssl").args(arguments.split(' ')).args(paths))
}

/// Makes a P-256 key as PKCS#8 PEM of mode 0600.
pub fn make_key(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    openssl("genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out", &[file]).good();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("the mode of a key file");
}

/// What openssl calls a new key on P-256.
pub const P256: &str = "ec -pkeyopt ec_paramgen_curve:P-256";
/// What openssl calls a new RSA key of 2048 bits.
pub const RSA: &str = "rsa:2048";

/// A new key of this kind and a certificate by itself for it, good for a year, that names this subject and is an authority's as far as
/// openssl's defaults go. The key's file; the certificate in PEM, which also lies beside it as `.crt`.
pub fn self_signed(folder: &Path, kind: &str, subject: &str) -> (PathBuf, String) {
    let key = folder.join(format!("{}.key", crate::call::request_id()));
    let out = key.with_extension("crt");
    let how = format!("req -x509 -newkey {kind} -nodes -days 365 -subj /CN={subject} -keyout {}", key.display());
    openssl(&format!("{how} -out"), &[&out]).good();
    (key, std::fs::read_to_string(out).expect("a certificate"))
}

/// The DER of one certificate in standard base64: its PEM text without lines.
pub fn body_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

/// A PKCS#10 request for this key, DER. The name inside is not taken by anybody.
pub fn request(key: &Path) -> Vec<u8> {
    let out = key.with_extension("csr");
    let ran = run(Command::new("openssl")
        .args(["req", "-new", "-subj", "/CN=any", "-outform", "DER", "-key"])
        .arg(key)
        .arg("-out")
        .arg(&out));
    ran.good();
    let request = std::fs::read(&out).expect("the request");
    std::fs::remove_file(&out).expect("the request's file");
    request
}

/// An ES256 signature in JOSE form (RFC 7518, section 3.4) by a P-256 key.
pub fn sign_es256(key: &Path, message: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-sign"])
        .arg(key)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("openssl");
    child.stdin.take().expect("its input").write_all(message).expect("the message");
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "openssl could not sign");
    jose_form(&output.stdout)
}

/// r and s of a DER signature, 32 bytes each.
fn jose_form(der: &[u8]) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut joined = Vec::with_capacity(64);
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = if number.len() > 32 { &number[number.len() - 32..] } else { number };
        joined.extend(std::iter::repeat_n(0, 32 - number.len()));
        joined.extend_from_slice(number);
        rest = &rest[2 + length..];
    }
    joined
}

/// The DER form of r and s, each half of a JOSE signature.
pub fn der_form(signature: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for half in signature.chunks(signature.len() / 2) {
        let first = half.iter().position(|byte| *byte != 0).unwrap_or(half.len() - 1);
        let half = &half[first..];
        let sign = usize::from(half[0] >= 0x80);
        body.extend([0x02, u8::try_from(half.len() + sign).expect("a short number")]);
        body.extend(std::iter::repeat_n(0, sign));
        body.extend_from_slice(half);
    }
    [&[0x30, u8::try_from(body.len()).expect("a short signature")], body.as_slice()].concat()
}

/// A JSON Web Key as SubjectPublicKeyInfo in PEM (RFC 5480, RFC 8017, RFC 8410), for stock openssl to read.
pub fn public_pem(jwk: &Value) -> String {
    let part = |name: &str| from_base64url(jwk[name].as_str().unwrap_or_else(|| panic!("no {name} in {jwk}")));
    let spki = match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
        (Some("RSA"), _) => {
            let key = der(0x30, &[integer(&part("n")), integer(&part("e"))].concat());
            info(&[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00], &key)
        }
        (_, Some("P-256")) => info(
            &[0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            &[vec![4], part("x"), part("y")].concat(),
        ),
        (_, Some("P-384")) => info(
            &[0x30, 0x10, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22],
            &[vec![4], part("x"), part("y")].concat(),
        ),
        (_, Some("secp256k1")) => info(
            &[0x30, 0x10, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x0a],
            &[vec![4], part("x"), part("y")].concat(),
        ),
        (_, Some("Ed25519")) => info(&[0x30, 5, 6, 3, 0x2b, 0x65, 0x70], &part("x")),
        other => panic!("no such kind of key: {other:?}"),
    };
    let text = base64::engine::general_purpose::STANDARD.encode(spki);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

fn info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    der(0x30, &[algorithm.to_vec(), der(0x03, &[&[0], key].concat())].concat())
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign = if bytes[0] >= 0x80 { vec![0] } else { vec![] };
    der(0x02, &[sign, bytes.to_vec()].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

/// Whether openssl takes this signature, in JOSE form, for the message under the key.
pub fn verifies(folder: &Path, jwk: &Value, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(format!("{}-{name}", crate::call::request_id()));
        std::fs::write(&path, content).expect("a file");
        path
    };
    let (key, message) = (file("key", public_pem(jwk).as_bytes()), file("message", message));
    let joined = algorithm.starts_with("ES");
    let signature = file("signature", &if joined { der_form(signature) } else { signature.to_vec() });
    let how = match algorithm {
        "EdDSA" => "pkeyutl -verify -pubin -rawin",
        "ES384" => "dgst -sha384",
        "PS256" => "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256",
        _ => "dgst -sha256",
    };
    let mut command = Command::new("openssl");
    command.args(how.split(' '));
    if algorithm == "EdDSA" {
        command.arg("-inkey").arg(&key).arg("-in").arg(&message).arg("-sigfile").arg(&signature);
    } else {
        command.arg("-verify").arg(&key).arg("-signature").arg(&signature).arg(&message);
    }
    let ran = run(&mut command);
    for path in [key, message, signature] {
        std::fs::remove_file(path).expect("a file less");
    }
    ran.code == Some(0)
}

/// Encrypts to an RSA key: RSAES-OAEP with SHA-256 (RFC 8017, section 7.1).
#[track_caller]
pub fn encrypt_oaep(folder: &Path, jwk: &Value, message: &[u8]) -> Vec<u8> {
    let name = crate::call::request_id();
    let [key, plain, sealed] = ["key", "plain", "sealed"].map(|part| folder.join(format!("{name}-{part}")));
    std::fs::write(&key, public_pem(jwk)).expect("a file");
    std::fs::write(&plain, message).expect("a file");
    let how = "pkeyutl -encrypt -pubin -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256";
    let mut command = Command::new("openssl");
    command.args(how.split(' ')).arg("-inkey").arg(&key).arg("-in").arg(&plain).arg("-out").arg(&sealed);
    run(&mut command).good();
    let bytes = std::fs::read(&sealed).expect("the ciphertext");
    for path in [key, plain, sealed] {
        std::fs::remove_file(path).expect("a file less");
    }
    bytes
}
