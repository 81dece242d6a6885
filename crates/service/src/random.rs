//! Random bytes for names that need no key: request ids, nonces of pages. Secrets are made elsewhere.

use crate::tls::provider;

/// `N` bytes from the system's generator.
///
/// # Errors
/// The generator failed; the caller answers 503.
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomFailed> {
    let mut bytes = [0; N];
    provider().secure_random.fill(&mut bytes).map_err(|_| RandomFailed)?;
    Ok(bytes)
}

/// The system's random generator gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random generator failed")]
pub struct RandomFailed;

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
