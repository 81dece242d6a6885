//! Secret randomness, from the operating system. The one place that asks for it outside a token.

use ring::rand::{SecureRandom, SystemRandom};

/// Fills the buffer with random bytes fit for keys and nonces.
///
/// A system without randomness cannot keep any promise of this program, and no caller could do better than to stop: the
/// process is aborted.
pub fn fill(buffer: &mut [u8]) {
    if system().fill(buffer).is_err() {
        std::process::abort();
    }
}

/// The source itself, for primitives that take one.
pub(crate) fn system() -> SystemRandom {
    SystemRandom::new()
}

/// As [`system`], for primitives of the other library.
pub(crate) fn system_for_aws_lc() -> aws_lc_rs::rand::SystemRandom {
    aws_lc_rs::rand::SystemRandom::new()
}

/// `N` random bytes; see [`fill`].
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    fill(&mut buffer);
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(bytes::<32>(), bytes::<32>());
        let mut buffer = [0; 64];
        fill(&mut buffer);
        assert!(buffer.iter().any(|byte| *byte != 0));
    }
}
