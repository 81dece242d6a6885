//! The random keys of `zkEncrypt` (`data_encrypt_keystore`): opened with the source's key KERNEL and IDENTITY_CACHE, encrypted to the key
//! manager's transfer certificate, and taken in under their numbers, which stand in every value that was sealed under them.
//!
//! MOSIP wraps them by AES in its simplest mode, so nothing in a row tells whether it was altered, nor whether this is the key under which
//! it was wrapped.

use km_api::{
    Base64Url,
    mosip::{ImportRandomKey, ImportRandomKeys, RandomKeyOutcome, RandomKeyTransfer, RandomKeysImported},
};
use km_client::ClientError;
use km_crypto::{ecb, oaep};
use km_domain::SecretBytes;
use km_formats::mosip::text;
use km_x509::Certificate;

use crate::{
    failure::Failure,
    keys::{Entry, Keys},
    patient::Patient,
    report::Report,
    source::RandomKeyRow,
};

/// What one call takes.
const BATCH: usize = 200;

/// The name of the key under which they are wrapped.
const WRAPPING: (&str, &str) = ("KERNEL", "IDENTITY_CACHE");

/// A random key of the source.
pub struct RandomKey {
    number: i32,
    seals: bool,
    key: SecretBytes,
}

/// All of them in the clear, and the numbers of those that cannot be had. Errors: why none can.
pub fn open(keys: &Keys<'_>) -> Result<(Vec<RandomKey>, Vec<i64>), String> {
    let rows = &keys.source.random_keys;
    if rows.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    // As MOSIP does it: with the newest of the name, whatever a row was wrapped under.
    let named = keys.source.aliases.iter().filter(|row| (row.application.as_str(), row.reference.trim()) == WRAPPING);
    let missing = || "the source has no key KERNEL and IDENTITY_CACHE, which wraps them".to_owned();
    let alias = named.max_by_key(|row| row.generated).ok_or_else(missing)?;
    let Some(Entry::Secret(wrapping)) = keys.open(&alias.id)? else { return Err(missing()) };
    let (mut opened, mut left) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match unwrapped(row, &wrapping) {
            Some(key) => opened.push(key),
            None => left.push(row.number),
        }
    }
    Ok((opened, left))
}

fn unwrapped(row: &RandomKeyRow, wrapping: &SecretBytes) -> Option<RandomKey> {
    let wrapped: [u8; 32] = text::decode(row.wrapped.trim()).ok()??.try_into().ok()?;
    let number = i32::try_from(row.number).ok().filter(|number| *number >= 0)?;
    Some(RandomKey { number, seals: row.is_active, key: ecb::decrypt_32(wrapping, &wrapped).ok()? })
}

/// Takes them in, and then sends each once more: the key manager knows it as the same, or it is not proven.
pub async fn take(officer: &Patient<'_>, opened: &[RandomKey], report: &mut Report) -> Result<(), Failure> {
    for batch in opened.chunks(BATCH) {
        let first = match send(officer, batch).await {
            Err(ClientError::Refused(problem)) => {
                report.random_keys_left(batch.iter().map(|key| key.number.into()), &problem.to_string());
                continue;
            }
            other => other?,
        };
        let again = send(officer, batch).await?;
        for ((one, first), again) in batch.iter().zip(first.keys).zip(again.keys) {
            match (first.outcome, again.outcome) {
                (RandomKeyOutcome::Imported, RandomKeyOutcome::Unchanged) => report.random_keys.imported += 1,
                (RandomKeyOutcome::Unchanged, RandomKeyOutcome::Unchanged) => report.random_keys.unchanged += 1,
                (RandomKeyOutcome::Differs, _) => {
                    let why =
                        "another key has the number here: values that were sealed under it in the source do not open";
                    report.random_keys_left([one.number.into()], why);
                }
                (RandomKeyOutcome::Refused, _) => report.random_keys_left([one.number.into()], "it was refused"),
                (RandomKeyOutcome::Imported | RandomKeyOutcome::Unchanged, _) => {
                    return Err(Failure::not_proven(format!("random key {} is not kept as it was sent", one.number)));
                }
            }
        }
    }
    Ok(())
}

/// The certificate comes from the officers' listener, which its service certificate vouches for; it lives for a day, so each call asks.
async fn send(officer: &Patient<'_>, batch: &[RandomKey]) -> Result<RandomKeysImported, ClientError> {
    let transfer: RandomKeyTransfer = officer.post("/v1/officer/mosip/random-keys/transfer", &()).await?;
    let unusable = || ClientError::NotProven("the transfer certificate is not one for RSA");
    let certificate = Certificate::from_pem(&transfer.certificate).map_err(|_| unusable())?;
    let sealed = |one: &RandomKey| {
        let key = oaep::encrypt_sha256(&certificate.public_key, one.key.expose()).map_err(|_| unusable())?;
        Ok(ImportRandomKey { number: one.number, key: Base64Url(key), seals: one.seals })
    };
    let keys = batch.iter().map(sealed).collect::<Result<_, ClientError>>()?;
    let answer: RandomKeysImported = officer.post("/v1/officer/mosip/random-keys", &ImportRandomKeys { keys }).await?;
    // A key of which nothing is said would be neither here nor left.
    if batch.iter().map(|one| one.number).eq(answer.keys.iter().map(|one| one.number)) {
        Ok(answer)
    } else {
        Err(ClientError::NotProven("the answer is not about the random keys that were sent"))
    }
}
