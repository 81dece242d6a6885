//! One alias of another installation, taken in as it was.

use std::{collections::HashSet, time::Duration};

use km_audit::{Event, EventKind};
use km_crypto::{PublicKey, constant_time, digest::sha256, oaep, random, transport::Sealed};
use km_domain::{KeyAlgorithm, KeyState, KeyVersionRef, RecordId, Timestamp};
use km_envelope::mosip::identifiers::UniqueIdentifier;
use km_keystore::{Residence, StoredKey};
use km_storage::{KeyRow, MosipAliasRow, Unrecorded, VersionRow, Write};
use km_x509::Certificate;

use super::{
    admitted,
    prove::{TO_SIGN, first_signature},
    transport,
};
use crate::{
    Caller, Keys, Operation, OperationError, Operations, Record,
    caller::refused,
    keys::{self, describe, names, seal_row},
    mosip::{
        Alias, Fault, KeyName, Kind,
        alias::thumbprint_text,
        make::key_of,
        retire::{BACK, deactivate, unchanged},
    },
};

/// An alias as its source has it.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// At most 36 characters.
    pub id: String,
    pub name: KeyName,
    pub generated: Timestamp,
    pub expires: Timestamp,
    /// 40 hexadecimal digits; none for a symmetric key.
    pub unique_id: Option<String>,
    /// DER; empty for a symmetric key.
    pub certificate: Vec<u8>,
    /// The private or symmetric key; none of somebody else's certificate.
    pub key: Option<IncomingKey>,
    /// Takes it in as ended: it decrypts and verifies only.
    pub ended: bool,
    /// Ids of aliases that are current here, and are ended with it.
    pub ends: Vec<String>,
}

/// A key that is sealed to the transport key.
#[derive(Debug, Clone)]
pub struct IncomingKey {
    pub transport: KeyVersionRef,
    pub sealed: Sealed,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was not there.
    New,
    /// It was there and ends earlier now, as in its source.
    Shortened,
    /// It was there with another certificate, which stays beside it, ended.
    Recertified,
    /// It was there.
    Unchanged,
}

const LONGEST_ID: usize = 36;

/// Takes an alias in: intent, unwrapping in the token, proof that the key is the certificate's, outcome. It serves from the next
/// keyring load on.
///
/// Errors: a member breaks a rule; the key is not the certificate's; another alias of the name is current, or has the same unique
/// identifier, and is not among those to end; the token cannot hold such a key.
pub fn take_alias(operations: &Operations, record: &Record, caller: &Caller, incoming: &Incoming) -> Operation<Taken> {
    let kind = if incoming.key.is_some() { EventKind::KeyImportOutcome } else { EventKind::CertificateInstalled };
    let keys = operations.keyring.keys();
    let read = match admitted(operations, caller).and_then(|()| Read::of(incoming)) {
        Ok(read) => read,
        Err(error) => return caller.refuse(operations, kind, error),
    };
    let now = operations.clock.now();
    let about = |kind| {
        let mut event = caller.event(operations, kind);
        event.object = Some(format!("{} alias {}", incoming.name, incoming.id));
        if let Some(certificate) = &read.certificate {
            event.digests.insert("certificate".into(), thumbprint_text(&sha256(&certificate.der)).to_lowercase());
        }
        event
    };
    if let Some(known) = keys.mosip.all(caller.tenant()).find(|alias| alias.row.id == incoming.id) {
        return match again(operations, &keys, caller, &read, known, now) {
            Ok((Taken::Unchanged, _)) => Unrecorded::unremarkable(Ok(Taken::Unchanged)),
            Ok((taken, writes)) => {
                conclude(about(kind), taken, unchanged(&keys, caller.tenant(), &incoming.name), writes)
            }
            Err(error) => Unrecorded::new(Err(error.clone()), refused(about(kind), &error)),
        };
    }
    let mut outcome = about(kind);
    if incoming.key.is_some() {
        let mut intent = about(EventKind::KeyImportIntent);
        intent.key = incoming.name.key_id().ok();
        outcome.key.clone_from(&intent.key);
        outcome.intent = match record.record(Unrecorded::new((), intent)) {
            Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
            Err(error) => return Unrecorded::unremarkable(Err(error.into())),
        };
    }
    match fresh(operations, &keys, caller, &read, now) {
        Ok((version, writes)) => {
            outcome.key_version = version;
            conclude(outcome, Taken::New, unchanged(&keys, caller.tenant(), &incoming.name), writes)
        }
        Err(error) => Unrecorded::new(Err(error.clone()), refused(outcome, &error)),
    }
}

/// A conflict where the name's aliases are not those any more with which this was planned.
fn conclude(event: Event, taken: Taken, planned: Write, writes: Vec<Write>) -> Operation<Taken> {
    let conflict = refused(event.clone(), &OperationError::Conflict("mosip-alias-exists"));
    Unrecorded::new(Ok(taken), event).with(planned).with_all(writes).changing_state().or_on_conflict(conflict)
}

/// What came in, read once.
struct Read<'a> {
    incoming: &'a Incoming,
    certificate: Option<Certificate>,
    kind: Kind,
}

impl<'a> Read<'a> {
    fn of(incoming: &'a Incoming) -> Result<Self, OperationError> {
        let invalid = |field: &str, rule: &str| Err(OperationError::invalid(field, rule));
        let is_id =
            |text: &str| !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_id(&incoming.id) {
            return invalid("id", "must be 1 to 36 visible ASCII characters");
        }
        if incoming.expires < incoming.generated {
            return invalid("expires", "must not be before generated");
        }
        let certificate = match incoming.certificate.as_slice() {
            [] => None,
            der => match Certificate::from_der(der) {
                Ok(certificate) => Some(certificate),
                Err(_) => {
                    return invalid(
                        "certificate",
                        "must be one X.509 certificate with a key of a kind that is used here",
                    );
                }
            },
        };
        if incoming.unique_id.as_deref().is_some_and(|unique| UniqueIdentifier::parse(unique).is_none()) {
            return invalid("unique_id", "must be 40 hexadecimal digits");
        }
        if certificate.is_some() != incoming.unique_id.is_some() {
            return invalid("unique_id", "belongs to a certificate, and every certificate has one");
        }
        let kind = match (&certificate, &incoming.key) {
            (None, None) => return invalid("key", "must be there where there is no certificate"),
            (None, Some(_)) => Kind::Symmetric,
            (Some(_), None) => Kind::Foreign,
            (Some(_), Some(_)) if incoming.name.is_master() => Kind::Master,
            (Some(_), Some(_)) => Kind::Base,
        };
        Ok(Self { incoming, certificate, kind })
    }

    /// The end that the alias has here.
    fn expires(&self, now: Timestamp) -> Timestamp {
        let Incoming { expires, ended, .. } = self.incoming;
        if *ended { (*expires).min(now.minus(BACK)) } else { *expires }
    }

    fn algorithm(&self) -> Result<KeyAlgorithm, OperationError> {
        let Some(certificate) = &self.certificate else { return Ok(KeyAlgorithm::Aes256) };
        match (&certificate.public_key, certificate.public_key.bits(), self.kind) {
            (PublicKey::Rsa { .. }, 2048, _) => Ok(KeyAlgorithm::Rsa2048),
            (PublicKey::Rsa { .. }, 3072, _) => Ok(KeyAlgorithm::Rsa3072),
            (PublicKey::Rsa { .. }, 4096, _) => Ok(KeyAlgorithm::Rsa4096),
            (PublicKey::P256(_), _, Kind::Master) => Ok(KeyAlgorithm::P256),
            (PublicKey::P384(_), _, Kind::Master) => Ok(KeyAlgorithm::P384),
            (PublicKey::Secp256k1(_), _, Kind::Master) => Ok(KeyAlgorithm::Secp256k1),
            (PublicKey::Ed25519(_), _, Kind::Master) => Ok(KeyAlgorithm::Ed25519),
            _ => Err(OperationError::invalid("certificate", "has a key of a kind that keys of this name never are")),
        }
    }

    fn row(&self, caller: &Caller, key: Option<(&str, i64)>, now: Timestamp) -> MosipAliasRow {
        let Incoming { id, name, generated, unique_id, certificate, .. } = self.incoming;
        let (key_id, version) = key.unwrap_or_default();
        let thumbprint = self.certificate.as_ref().map(|certificate| thumbprint_text(&sha256(&certificate.der)));
        MosipAliasRow {
            tenant: caller.tenant().to_string(),
            id: id.clone(),
            application: name.application.clone(),
            reference: name.reference.clone(),
            kind: self.kind.name().to_owned(),
            key_id: key_id.to_owned(),
            version,
            generated: generated.micros(),
            expires: self.expires(now).micros(),
            thumbprint: thumbprint.unwrap_or_default(),
            unique_id: unique_id.as_ref().map(|unique| unique.to_uppercase()),
            certificate: certificate.clone(),
            log_index: -1,
            integrity: Vec::new(),
        }
    }
}

/// An alias that is here already: what its source changed since.
fn again(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    read: &Read<'_>,
    known: &Alias,
    now: Timestamp,
) -> Result<(Taken, Vec<Write>), OperationError> {
    let spki = |certificate: &Option<Certificate>| certificate.as_ref().map(|certificate| certificate.spki.clone());
    if known.name != read.incoming.name
        || known.kind != read.kind
        || spki(&known.certificate) != spki(&read.certificate)
    {
        return Err(OperationError::Conflict("mosip-alias-differs"));
    }
    let mut row = known.row.clone();
    row.expires = row.expires.min(read.expires(now).micros());
    let is_same = read.certificate.as_ref().map(|certificate| &certificate.der)
        == known.certificate.as_ref().map(|certificate| &certificate.der);
    if is_same {
        if row.expires == known.row.expires {
            return Ok((Taken::Unchanged, Vec::new()));
        }
        row.integrity = seal_row(operations, keys, &row.covered())?;
        return Ok((Taken::Shortened, vec![Write::update_mosip_alias(row, known.row.integrity.clone())]));
    }
    // The former certificate stays beside the new one: what was encrypted to it goes on opening.
    let mut former = known.row.clone();
    former.id = RecordId::new(now, random::bytes()).to_string();
    former.expires = former.expires.min(now.minus(BACK).micros());
    former.integrity = seal_row(operations, keys, &former.covered())?;
    let mut row = read.row(caller, Some((known.row.key_id.as_str(), known.row.version)), now);
    row.integrity = seal_row(operations, keys, &row.covered())?;
    let mut writes = free(operations, keys, caller, read, now)?;
    writes.push(Write::update_mosip_alias(row, known.row.integrity.clone()));
    writes.push(Write::insert_mosip_alias(former));
    Ok((Taken::Recertified, writes))
}

/// An alias that is not here: its rows, and the version of its key.
fn fresh(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    read: &Read<'_>,
    now: Timestamp,
) -> Result<(Option<u32>, Vec<Write>), OperationError> {
    let mut writes = free(operations, keys, caller, read, now)?;
    let Some(key) = &read.incoming.key else {
        let mut row = read.row(caller, None, now);
        row.integrity = seal_row(operations, keys, &row.covered())?;
        writes.push(Write::insert_mosip_alias(row));
        return Ok((None, writes));
    };
    let (made, version, number) = unwrapped(operations, keys, caller, read, key, now)?;
    let mut row = read.row(caller, Some((version.key_id.as_str(), version.version)), now);
    row.integrity = seal_row(operations, keys, &row.covered())?;
    writes.extend(made.map(Write::insert_key));
    writes.push(Write::insert_key_version(version));
    writes.push(Write::insert_mosip_alias(row));
    Ok((Some(number), writes))
}

/// Makes way: the changes that end the named aliases. Refused: that another one would still be current beside it, or has its
/// unique identifier.
fn free(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    read: &Read<'_>,
    now: Timestamp,
) -> Result<Vec<Write>, OperationError> {
    let (tenant, incoming) = (caller.tenant(), read.incoming);
    let early = keys.mosip.early(tenant, &incoming.name);
    let early_here = if read.kind == Kind::Foreign { Duration::ZERO } else { early };
    let expires = read.expires(now);
    let will_serve = incoming.generated < expires && now < expires.minus(early_here);
    let unique = incoming.unique_id.as_ref().map(|unique| unique.to_uppercase());
    let mut writes = Vec::new();
    // A key that has two certificates is deactivated once.
    let mut seen = HashSet::new();
    for alias in keys.mosip.all(tenant).filter(|alias| alias.row.id != incoming.id) {
        let ends = alias.name == incoming.name && incoming.ends.contains(&alias.row.id);
        let serves = alias.name == incoming.name && (alias.is_current(now, early) || alias.is_to_come(now));
        let same_unique = unique.is_some() && alias.row.unique_id == unique;
        if !ends && serves && will_serve {
            return Err(OperationError::Conflict("mosip-name-in-use"));
        }
        if !ends && same_unique {
            return Err(OperationError::Conflict("mosip-unique-id-in-use"));
        }
        if ends {
            let mut row = alias.row.clone();
            row.expires = row.expires.min(now.minus(BACK).micros());
            if same_unique {
                let suffix = format!("_{}", row.id);
                let own = UniqueIdentifier::of_day(&row.application, &row.reference, alias.generated, &suffix);
                row.unique_id = Some(own.to_text());
            }
            row.integrity = seal_row(operations, keys, &row.covered())?;
            writes.push(Write::update_mosip_alias(row, alias.row.integrity.clone()));
            if seen.insert(&alias.key) {
                writes.extend(deactivate(operations, keys, tenant, alias, now)?);
            }
        }
    }
    Ok(writes)
}

/// Unwraps the key in the token, proves that it is the certificate's, and lays it out as rows.
fn unwrapped(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    read: &Read<'_>,
    key: &IncomingKey,
    now: Timestamp,
) -> Result<(Option<KeyRow>, VersionRow, u32), OperationError> {
    let algorithm = read.algorithm()?;
    let (id, known) = key_of(keys, caller.tenant(), &read.incoming.name)?;
    let number = known.map_or(1, |key| key.versions.keys().last().map_or(1, |last| last + 1));
    let transport = transport::named(keys, caller, &key.transport)?;
    let Residence::Resident { object: root } = &keys.system(names::KEY_ROOT)?.current()?.stored.residence else {
        return Err(OperationError::Unavailable("the key root is not in the token".into()));
    };
    let residence = operations.keys.import(algorithm, &transport.stored, &key.sealed, root)?;
    let public = read.certificate.as_ref().map(|certificate| certificate.public_key.clone());
    let name = KeyVersionRef { key: id.clone(), version: number };
    let stored = StoredKey { name, algorithm, residence, public };
    if let Err(error) = is_the_certificates(operations, read.kind, &stored) {
        // An object that nothing names would stay in the token for ever.
        let _ = operations.keys.destroy(&stored);
        return Err(error);
    }
    let mut fresh = known.is_none().then(|| {
        let nobody = std::collections::BTreeSet::new();
        describe(operations, caller.tenant(), &id, purpose(read.kind), algorithm, &nobody, None)
    });
    let mut version = keys::version_row(caller.tenant(), &stored, now);
    version.activated = read.incoming.generated.micros();
    if read.expires(now) <= now {
        version.state = KeyState::Deactivated.name().to_owned();
        version.deactivated = Some(read.expires(now).micros());
    }
    if let Some(row) = &mut fresh {
        row.integrity = seal_row(operations, keys, &row.covered())?;
    }
    version.integrity = seal_row(operations, keys, &version.covered())?;
    Ok((fresh, version, number))
}

const fn purpose(kind: Kind) -> km_domain::KeyPurpose {
    match kind {
        Kind::Master => km_domain::KeyPurpose::MosipMaster,
        Kind::Symmetric => km_domain::KeyPurpose::MosipSymmetric,
        Kind::Base | Kind::Foreign => km_domain::KeyPurpose::MosipBase,
    }
}

/// Uses the key once: it opens what is encrypted to the certificate, or signs what the certificate verifies.
fn is_the_certificates(operations: &Operations, kind: Kind, key: &StoredKey) -> Result<(), OperationError> {
    const OTHER: OperationError = OperationError::Mosip(Fault::CertificateOfAnotherKey);
    let Some(public) = &key.public else { return Ok(()) };
    let nonce = random::bytes::<32>();
    if kind == Kind::Base {
        let block = oaep::encrypt_sha256(public, &nonce).map_err(|_| OTHER)?;
        let opened = operations.keys.decrypt_oaep_sha256(key, &block).map_err(|error| not_own(error, OTHER))?;
        return if constant_time::equal(opened.expose(), &nonce) { Ok(()) } else { Err(OTHER) };
    }
    let algorithm = first_signature(key.algorithm)?;
    let message = [TO_SIGN, &nonce].concat();
    let signature = operations.keys.sign(key, algorithm, &message).map_err(|error| not_own(error, OTHER))?;
    public.verify(algorithm, &message, &signature).map_err(|_| OTHER)
}

/// A store that finds another key behind the handle than the one stored for it says so as an outage, though nothing is away.
fn not_own(error: km_keystore::KeyStoreError, other: OperationError) -> OperationError {
    match error {
        km_keystore::KeyStoreError::Refused => other,
        km_keystore::KeyStoreError::Unavailable(reason) if reason.ends_with("is another key") => other,
        error => error.into(),
    }
}
