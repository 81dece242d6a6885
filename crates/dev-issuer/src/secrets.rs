//! Secrets of clients and people: each in a file of its own, made when it is first needed.

use std::path::Path;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_crypto::{constant_time, digest, random};
use km_domain::{SecretBytes, SecretText};
use km_service::{
    SecretFileError, StateError,
    config::read_secret_text,
    state::{create_private_dir, write_atomically},
};

/// What a given secret is compared with. The secret itself is not kept.
pub struct Expected([u8; 32]);

impl Expected {
    pub fn new(secret: &SecretText) -> Self {
        Self(digest::sha256(secret.expose().as_bytes()))
    }

    /// A secret that nobody has, so that an unknown name takes as long as a wrong secret.
    pub fn nobodys() -> Self {
        Self(random::bytes())
    }

    /// Compares digests, so that neither length nor content shows in the duration.
    pub fn is(&self, given: &str) -> bool {
        constant_time::equal(&self.0, &digest::sha256(given.as_bytes()))
    }
}

/// Reads a secret file, without the line end.
pub fn read(path: &Path) -> Result<SecretText, SecretFileError> {
    Ok(SecretText::new(read_secret_text(path)?.as_str().to_owned()))
}

/// Makes a file with a random secret (mode 0600) if there is none.
pub fn ensure(path: &Path, make: impl FnOnce() -> SecretText) -> Result<bool, StateError> {
    if path.exists() {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        create_private_dir(folder)?;
    }
    write_atomically(path, make().expose().as_bytes(), 0o600)?;
    Ok(true)
}

/// 256 bits as a text to type or to send.
pub fn new_password() -> SecretText {
    SecretText::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>()))
}

/// 160 bits (RFC 4226, section 4, R6) as base32, the form that authenticator apps take.
pub fn new_totp_secret() -> SecretText {
    SecretText::new(base32(&random::bytes::<20>()))
}

/// The bytes of a one-time password secret: base32 (RFC 4648, section 6), at least 16 bytes.
pub fn totp_secret(text: &SecretText) -> Option<SecretBytes> {
    let mut bytes = Vec::with_capacity(text.expose().len());
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.expose().bytes().filter(|byte| !matches!(byte, b'=' | b' ')) {
        let value = ALPHABET.iter().position(|known| *known == letter.to_ascii_uppercase())?;
        bits = (bits << 5) | u32::try_from(value).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(((bits >> count) & 0xff) as u8);
        }
    }
    let secret = SecretBytes::new(bytes);
    (secret.len() >= 16).then_some(secret)
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    let (mut bits, mut count) = (0u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(ALPHABET[((bits >> count) & 31) as usize]));
        }
    }
    if count > 0 {
        text.push(char::from(ALPHABET[((bits << (5 - count)) & 31) as usize]));
    }
    text
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_comes_back() {
        // RFC 4648, section 10, without padding.
        assert_eq!((base32(b"foob").as_str(), base32(b"foobar").as_str()), ("MZXW6YQ", "MZXW6YTBOI"));
        let secret = new_totp_secret();
        assert_eq!(base32(totp_secret(&secret).unwrap().expose()), secret.expose());
        assert!(totp_secret(&SecretText::new("MZXW6YQ".to_owned())).is_none());
        assert!(totp_secret(&SecretText::new("not base32 at all, and long enough".to_owned())).is_none());
    }

    #[test]
    fn a_secret_is_itself_only() {
        let expected = Expected::new(&SecretText::new("open".to_owned()));
        assert!(expected.is("open"));
        assert!(!expected.is("open ") && !expected.is("") && !Expected::nobodys().is(""));
    }
}
