//! One-time passwords from time (RFC 6238) with HMAC-SHA-256, six digits, thirty seconds.

use km_crypto::{constant_time, digest};
use km_domain::{SecretBytes, Timestamp};
use parking_lot::Mutex;

const SECONDS: i64 = 30;
const DIGITS: u32 = 6;

/// The time step that this moment lies in.
pub fn step(now: Timestamp) -> i64 {
    now.seconds().div_euclid(SECONDS)
}

/// The code of a step.
pub fn code(secret: &[u8], step: i64) -> String {
    format!("{:06}", truncated(secret, step) % 10u32.pow(DIGITS))
}

/// RFC 4226, section 5.3, over 32 bytes.
fn truncated(secret: &[u8], step: i64) -> u32 {
    let mac = digest::hmac_sha256(secret, &step.to_be_bytes());
    let offset = usize::from(mac[31] & 0x0f);
    u32::from_be_bytes([mac[offset], mac[offset + 1], mac[offset + 2], mac[offset + 3]]) & 0x7fff_ffff
}

/// One person's second factor. A step is accepted once (RFC 6238, section 5.2).
pub struct SecondFactor {
    secret: SecretBytes,
    last: Mutex<i64>,
}

impl SecondFactor {
    pub fn new(secret: SecretBytes) -> Self {
        Self { secret, last: Mutex::new(i64::MIN) }
    }

    /// Whether the code is that of this step, the one before or the one after, and of a later step than the last one used.
    pub fn accepts(&self, given: &str, now: Timestamp) -> bool {
        let mut last = self.last.lock();
        let here = step(now);
        let fits =
            |candidate: &i64| constant_time::equal(code(self.secret.expose(), *candidate).as_bytes(), given.as_bytes());
        match [here - 1, here, here + 1].into_iter().filter(|candidate| *candidate > *last).find(fits) {
            Some(used) => {
                *last = used;
                true
            }
            None => false,
        }
    }

    /// What an authenticator app reads, as a picture or typed.
    #[cfg(test)]
    pub fn secret(&self) -> &SecretBytes {
        &self.secret
    }
}

/// The address that an authenticator app reads. It names SHA-256: an app that reads no `algorithm` shows other codes.
pub fn app_address(issuer: &str, account: &str, base32: &str) -> String {
    format!("otpauth://totp/{issuer}:{account}?secret={base32}&issuer={issuer}&algorithm=SHA256&digits=6&period=30")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6238_appendix_b() {
        let secret = b"12345678901234567890123456789012";
        for (seconds, expected) in [
            (59, "46119246"),
            (1_111_111_109, "68084774"),
            (1_111_111_111, "67062674"),
            (1_234_567_890, "91819424"),
            (2_000_000_000, "90698825"),
            (20_000_000_000, "77737706"),
        ] {
            assert_eq!(code(secret, step(Timestamp::from_seconds(seconds))), expected[2..]);
        }
    }

    #[test]
    fn a_code_is_used_once_and_near_its_time() {
        let factor = SecondFactor::new(SecretBytes::new(vec![7; 20]));
        let now = Timestamp::from_seconds(1_790_000_000);
        let of = |offset| code(factor.secret().expose(), step(now) + offset);
        assert!(!factor.accepts(&of(2), now) && !factor.accepts(&of(-2), now) && !factor.accepts("", now));
        assert!(factor.accepts(&of(0), now));
        assert!(!factor.accepts(&of(0), now), "a second time");
        assert!(!factor.accepts(&of(-1), now), "an earlier step");
        assert!(factor.accepts(&of(1), now));
    }
}
