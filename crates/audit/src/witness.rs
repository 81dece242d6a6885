//! What a witness needs and nothing more: the log's public key, pinned, and the witness's own key. A witness that may
//! name neither crate `crypto` nor a key type can still check and cosign with these.

use km_crypto::{PublicKey, SoftwareKey, pem};
use km_domain::{KeyAlgorithm, SecretText, SignatureAlgorithm, Timestamp};

use crate::{
    checkpoint::Checkpoint,
    note::{Note, NoteError},
};

/// The keys that may sign a log's checkpoints: one, or during a change two.
pub struct LogKeys(Vec<PublicKey>);

impl LogKeys {
    /// Reads PEM text with one `PUBLIC KEY` (SubjectPublicKeyInfo) a key.
    ///
    /// # Errors
    /// The text holds none, or one that is not on P-256.
    pub fn from_pem(text: &str) -> Result<Self, NoteError> {
        let blocks = pem::decode("PUBLIC KEY", text).map_err(|_| NoteError::Signature)?;
        let keys = blocks.iter().map(|der| PublicKey::from_spki_der(der).map_err(|_| NoteError::Signature));
        Self::of(keys.collect::<Result<_, _>>()?)
    }

    /// These keys.
    ///
    /// # Errors
    /// There is none, or one is not on P-256.
    pub fn of(keys: Vec<PublicKey>) -> Result<Self, NoteError> {
        let fit = !keys.is_empty() && keys.iter().all(|key| matches!(key, PublicKey::P256(_)));
        if fit { Ok(Self(keys)) } else { Err(NoteError::Signature) }
    }

    /// The checkpoint of a note that one of these keys signed under the checkpoint's own origin.
    ///
    /// # Errors
    /// No signature of these keys, one that does not hold, or a text that is no checkpoint.
    pub fn verify(&self, note: &Note) -> Result<Checkpoint, NoteError> {
        let checkpoint = note.checkpoint()?;
        let mut outcome = Err(NoteError::NoSignature);
        for key in &self.0 {
            match note.verify_signature(&checkpoint.origin, key) {
                Ok(()) => return Ok(checkpoint),
                Err(NoteError::NoSignature) => {}
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }
}

/// A witness's Ed25519 key.
pub struct WitnessKey(SoftwareKey);

impl WitnessKey {
    /// A new key.
    ///
    /// # Errors
    /// The system's random generator failed.
    pub fn generate() -> Result<Self, NoteError> {
        SoftwareKey::generate(KeyAlgorithm::Ed25519).map(Self).map_err(|_| NoteError::Signature)
    }

    /// Reads the key from the text of its file.
    ///
    /// # Errors
    /// Not one private key, or not of Ed25519.
    pub fn from_pem(text: &str) -> Result<Self, NoteError> {
        let key = SoftwareKey::from_pem(text).map_err(|_| NoteError::Signature)?;
        if key.algorithm() == KeyAlgorithm::Ed25519 { Ok(Self(key)) } else { Err(NoteError::Signature) }
    }

    /// The text for a file of mode 0600.
    pub fn to_pem(&self) -> SecretText {
        self.0.to_pem()
    }

    /// The public key, as PEM text, for those who check this witness.
    pub fn public_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.0.public().to_spki_der())
    }

    /// Adds this witness's cosignature, made at this moment, to a note.
    ///
    /// # Errors
    /// `name` is not a key name.
    pub fn cosign(&self, note: &mut Note, name: &str, at: Timestamp) -> Result<(), NoteError> {
        let signature =
            self.0.sign(SignatureAlgorithm::EdDsa, &note.bytes_to_cosign(at)).map_err(|_| NoteError::Signature)?;
        note.add_cosignature(name, self.0.public(), at, &signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(key: &SoftwareKey) -> Note {
        let mut note = Note::of(&Checkpoint { origin: "log.example/one".into(), size: 3, root: [9; 32] });
        let signature = key.sign(SignatureAlgorithm::Es256, note.bytes_to_sign()).unwrap();
        note.add_signature("log.example/one", key.public(), &signature).unwrap();
        note
    }

    fn spki(key: &SoftwareKey) -> String {
        pem::encode("PUBLIC KEY", &key.public().to_spki_der())
    }

    #[test]
    fn either_pinned_key_is_believed_and_no_other() {
        let [old, new, foreign] = [(); 3].map(|()| SoftwareKey::generate(KeyAlgorithm::P256).unwrap());
        let pinned = LogKeys::from_pem(&format!("{}{}", spki(&old), spki(&new))).unwrap();
        for key in [&old, &new] {
            assert_eq!(pinned.verify(&signed(key)).map(|checkpoint| checkpoint.size), Ok(3));
        }
        assert_eq!(pinned.verify(&signed(&foreign)), Err(NoteError::NoSignature));
        let altered = Note { text: signed(&old).text.replace("\n3\n", "\n4\n"), ..signed(&old) };
        assert_eq!(pinned.verify(&altered), Err(NoteError::BadSignature));
        assert!(LogKeys::from_pem("").is_err());
        let ed25519 = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
        assert!(LogKeys::from_pem(&spki(&ed25519)).is_err());
    }

    #[test]
    fn a_witness_keeps_its_key_and_its_cosignature_holds() {
        let key = WitnessKey::generate().unwrap();
        let again = WitnessKey::from_pem(key.to_pem().expose()).unwrap();
        assert_eq!(again.public_pem(), key.public_pem());
        let mut note = signed(&SoftwareKey::generate(KeyAlgorithm::P256).unwrap());
        let at = Timestamp::from_seconds(1_800_000_000);
        again.cosign(&mut note, "witness.example/w", at).unwrap();
        assert_eq!(note.verify_cosignature("witness.example/w", key.0.public()), Ok(at));
        assert!(again.cosign(&mut note, "not a name", at).is_err());
    }
}
