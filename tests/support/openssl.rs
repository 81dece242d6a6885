//! Stock openssl: makes keys and requests, and verifies without our software.

use std::path::Path;
use std::process::Command;

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
