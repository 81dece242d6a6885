//! Has each key that was moved answer a challenge: a master key signs it, a base key and a symmetric key open it.

use km_api::{
    Base64Url,
    mosip::{AliasProof, ProveAlias},
};
use km_crypto::{PublicKey, aead, constant_time, digest::sha256_parts, oaep, random};
use km_domain::{SecretBytes, SignatureAlgorithm};

use crate::{
    failure::Failure,
    patient::Patient,
    plan::{Item, Planned},
};

/// As the key manager puts them before what it signs and what it hashes.
const TO_SIGN: &[u8] = b"\0sealkeep: key moved in\0";
const OPENED: &[u8] = b"sealkeep: challenge opened\0";

/// What the key showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Signed,
    Opened,
    /// Another party's certificate has no key here.
    NoKey,
}

impl Proof {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed a challenge",
            Self::Opened => "opened a challenge",
            Self::NoKey => "certificate only",
        }
    }
}

/// Whether a refusal is about the one key that was sent, so that the others can be moved all the same.
pub fn is_about_one_key(code: &str) -> bool {
    ["mosip-alias-differs", "mosip-certificate-of-another-key", "mosip-unique-id-in-use", "unsupported-by-token"]
        .contains(&code)
        || ["not-opened", "invalid-request", "mosip-name-in-use"].contains(&code)
}

/// Asks and checks. Errors: the answer is wrong.
pub async fn prove(
    officer: &Patient<'_>,
    planned: &Planned,
    item: &Item,
    key: Option<&SecretBytes>,
) -> Result<Proof, Failure> {
    let Some(key) = key else { return Ok(Proof::NoKey) };
    let nonce = random::bytes::<32>();
    let path = format!("/v1/officer/mosip/aliases/{}/prove", planned.row.id);
    let ask = |challenge: Vec<u8>| {
        let path = &path;
        async move {
            let body = ProveAlias { challenge: Base64Url(challenge) };
            let proof: AliasProof = officer.post(path, &body).await?;
            Ok::<Vec<u8>, Failure>(proof.answer.0)
        }
    };
    let wrong = || Failure::not_proven(format!("alias {} does not answer as its key would", planned.row.id));
    let (public, kind) = (item.certificate.as_ref().map(|certificate| &certificate.public_key), planned.kind);
    let Some(public) = public else {
        let iv = random::bytes::<12>();
        let sealed = aead::seal(key.expose(), &iv, &[], &nonce).map_err(|_| wrong())?;
        let answer = ask([&iv[..], &sealed].concat()).await?;
        return opened(&answer, &nonce).then_some(Proof::Opened).ok_or_else(wrong);
    };
    if kind == "base" && matches!(public, PublicKey::Rsa { .. }) && !signs(&planned.row.reference) {
        let sealed = oaep::encrypt_sha256(public, &nonce).map_err(|_| wrong())?;
        let answer = ask(sealed).await?;
        return opened(&answer, &nonce).then_some(Proof::Opened).ok_or_else(wrong);
    }
    let algorithm = match public {
        PublicKey::Rsa { .. } => SignatureAlgorithm::Rs256,
        PublicKey::P256(_) => SignatureAlgorithm::Es256,
        PublicKey::P384(_) => SignatureAlgorithm::Es384,
        PublicKey::Secp256k1(_) => SignatureAlgorithm::Es256K,
        PublicKey::Ed25519(_) => SignatureAlgorithm::EdDsa,
    };
    let answer = ask(nonce.to_vec()).await?;
    public.verify(algorithm, &[TO_SIGN, &nonce].concat(), &answer).map_err(|_| wrong())?;
    Ok(Proof::Signed)
}

fn opened(answer: &[u8], nonce: &[u8]) -> bool {
    constant_time::equal(answer, &sha256_parts(&[OPENED, nonce]))
}

/// References under which keys sign, wherever their source keeps them.
fn signs(reference: &str) -> bool {
    ["EC_SECP256R1_SIGN", "EC_SECP256K1_SIGN", "ED25519_SIGN"].contains(&reference)
}
