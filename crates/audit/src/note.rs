//! Signed notes (C2SP signed-note): a text and signature lines under it. The signer is the caller: this file says which
//! bytes are signed and takes the signature.
//!
//! Two types of signature: ECDSA (type 0x02) by the log's own key, and timestamped Ed25519 cosignatures by witnesses
//! (type 0x04, C2SP tlog-cosignature).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use km_crypto::{
    PublicKey,
    digest::sha256_parts,
    ecdsa::{ecdsa_der, ecdsa_fixed},
};
use km_domain::{SignatureAlgorithm, Timestamp};

use crate::checkpoint::{BadCheckpoint, Checkpoint};

/// Longest note that is read.
const LONGEST: usize = 64 * 1024;
const COSIGNATURE_TYPE: u8 = 4;

/// A text and its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed: lines, the last with its newline.
    pub text: String,
    pub signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// The hint which key of that name it was.
    pub key_id: [u8; 4],
    pub signature: Vec<u8>,
}

/// Why a note was not read, signed or believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("the note must be text, an empty line and signature lines")]
    Malformed,
    #[error("a key name must not be empty nor hold spaces or plus signs")]
    Name,
    #[error("the signature or its key is not of the kind that this line needs")]
    Signature,
    #[error("the note has no signature by that key")]
    NoSignature,
    #[error("the signature does not hold")]
    BadSignature,
    #[error(transparent)]
    Checkpoint(#[from] BadCheckpoint),
}

impl Note {
    /// A checkpoint that nobody signed yet.
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Self { text: checkpoint.text(), signatures: Vec::new() }
    }

    /// The checkpoint that the text is.
    pub fn checkpoint(&self) -> Result<Checkpoint, NoteError> {
        Ok(Checkpoint::parse(&self.text)?)
    }

    /// The bytes that the log's key signs, with ES256.
    pub fn bytes_to_sign(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Adds the ECDSA P-256 signature over [`Self::bytes_to_sign`]: 64 bytes as a key store makes it (r and s). The line
    /// holds it in DER.
    pub fn add_signature(&mut self, name: &str, key: &PublicKey, signature: &[u8]) -> Result<(), NoteError> {
        if signature.len() != 64 {
            return Err(NoteError::Signature);
        }
        self.add(name, ecdsa_key_id(key)?, ecdsa_der(signature))
    }

    /// The bytes that a witness signs with Ed25519 at this moment (C2SP tlog-cosignature): only whole seconds count.
    pub fn bytes_to_cosign(&self, at: Timestamp) -> Vec<u8> {
        format!("cosignature/v1\ntime {}\n{}", at.seconds(), self.text).into_bytes()
    }

    /// Adds a witness's Ed25519 signature (64 bytes) over [`Self::bytes_to_cosign`] of the same moment.
    pub fn add_cosignature(
        &mut self,
        name: &str,
        key: &PublicKey,
        at: Timestamp,
        signature: &[u8],
    ) -> Result<(), NoteError> {
        let seconds = u64::try_from(at.seconds()).map_err(|_| NoteError::Signature)?;
        if signature.len() != 64 {
            return Err(NoteError::Signature);
        }
        let timestamped = [seconds.to_be_bytes().as_slice(), signature].concat();
        self.add(name, cosignature_key_id(name, key)?, timestamped)
    }

    /// Checks the signature of the log's own key. Lines of other keys are passed over; every line of this key must hold.
    pub fn verify_signature(&self, name: &str, key: &PublicKey) -> Result<(), NoteError> {
        let mut lines = self.lines_of(name, ecdsa_key_id(key)?).peekable();
        lines.peek().ok_or(NoteError::NoSignature)?;
        lines.try_for_each(|line| {
            let fixed = ecdsa_fixed(&line.signature, 32).map_err(|_| NoteError::BadSignature)?;
            key.verify(SignatureAlgorithm::Es256, self.text.as_bytes(), &fixed).map_err(|_| NoteError::BadSignature)
        })
    }

    /// Checks a witness's cosignature and says when it was made, the newest if there are several.
    pub fn verify_cosignature(&self, name: &str, key: &PublicKey) -> Result<Timestamp, NoteError> {
        let mut newest = None;
        for line in self.lines_of(name, cosignature_key_id(name, key)?) {
            let (seconds, signature) = line.signature.split_first_chunk::<8>().ok_or(NoteError::BadSignature)?;
            let seconds = i64::try_from(u64::from_be_bytes(*seconds)).map_err(|_| NoteError::BadSignature)?;
            // Out of this range a second count would not survive as a Timestamp.
            let at = Timestamp::from_seconds(seconds);
            if at.seconds() != seconds {
                return Err(NoteError::BadSignature);
            }
            key.verify(SignatureAlgorithm::EdDsa, &self.bytes_to_cosign(at), signature)
                .map_err(|_| NoteError::BadSignature)?;
            newest = newest.max(Some(at));
        }
        newest.ok_or(NoteError::NoSignature)
    }

    /// Reads a note. Lines that are not of its form refuse the whole note.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > LONGEST || note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Result<_, _>>()?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    fn lines_of(&self, name: &str, key_id: [u8; 4]) -> impl Iterator<Item = &NoteSignature> {
        self.signatures.iter().filter(move |line| line.name == name && line.key_id == key_id)
    }

    fn add(&mut self, name: &str, key_id: [u8; 4], signature: Vec<u8>) -> Result<(), NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Name);
        }
        self.signatures.push(NoteSignature { name: name.to_owned(), key_id, signature });
        Ok(())
    }
}

/// The note as text: what is served, stored and put into bundles.
impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| {
            let encoded = STANDARD.encode([line.key_id.as_slice(), &line.signature].concat());
            writeln!(f, "\u{2014} {} {encoded}", line.name)
        })
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let (name, encoded) =
            line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::Malformed)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Malformed)?;
        let (key_id, signature) = bytes.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
        if !is_key_name(name) || signature.is_empty() {
            return Err(NoteError::Malformed);
        }
        Ok(Self { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
    }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// Key id of an ECDSA key: the first bytes of the digest of its SubjectPublicKeyInfo (C2SP signed-note, type 0x02).
fn ecdsa_key_id(key: &PublicKey) -> Result<[u8; 4], NoteError> {
    match key {
        PublicKey::P256(_) => Ok(first_four(key.spki_sha256())),
        _ => Err(NoteError::Signature),
    }
}

/// Key id of a witness's key (C2SP tlog-cosignature).
fn cosignature_key_id(name: &str, key: &PublicKey) -> Result<[u8; 4], NoteError> {
    match key {
        PublicKey::Ed25519(bytes) => {
            Ok(first_four(sha256_parts(&[name.as_bytes(), b"\n", &[COSIGNATURE_TYPE], bytes])))
        }
        _ => Err(NoteError::Signature),
    }
}

fn first_four([a, b, c, d, ..]: [u8; 32]) -> [u8; 4] {
    [a, b, c, d]
}

#[cfg(test)]
mod tests;
