//! The digest of a file, by which an import knows that it is the same file again.

use std::{fs::File, io::Read, path::Path};

use km_crypto::digest::Sha256;

use crate::ClientError;

/// SHA-256 of a file's content in hexadecimal, and its length. The file is read piece by piece.
pub fn file_digest(path: &Path) -> Result<(String, u64), ClientError> {
    let unreadable = |error: std::io::Error| ClientError::Setup(format!("{} cannot be read: {error}", path.display()));
    let mut file = File::open(path).map_err(unreadable)?;
    let (mut hasher, mut length, mut piece) = (Sha256::new(), 0u64, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut piece).map_err(unreadable)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        length += read as u64;
    }
    Ok((hasher.finish().iter().map(|byte| format!("{byte:02x}")).collect(), length))
}
