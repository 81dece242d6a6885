//! One alias made: a key generated in the token, certified by the dialect's own chain, laid out as rows.

use km_audit::{Event, EventKind};
use km_ca::mosip::{Names, Place, Validity};
use km_crypto::random;
use km_domain::{KeyAlgorithm, KeyId, KeyPurpose, RecordId, TenantId, Timestamp};
use km_envelope::mosip::identifiers::UniqueIdentifier;
use km_keystore::StoredKey;
use km_storage::{KeyRow, MosipAliasRow, Unrecorded, VersionRow, Write};
use km_x509::Certificate;

use super::{Alias, Fault, KeyName, Kind, alias::thumbprint_text, retire::unchanged};
use crate::{
    Keys, Operation, OperationError, Operations, Record,
    caller::refused,
    keyring::stored_key,
    keys::{describe, make_version, seal_row},
};

/// What a new alias shall be.
pub(super) struct Wanted {
    pub name: KeyName,
    pub algorithm: KeyAlgorithm,
    /// From when on it is current: now, or when its predecessor stops.
    pub generated: Timestamp,
    pub expires: Timestamp,
    pub subject: Names,
}

impl Wanted {
    fn kind(&self) -> Kind {
        match self.algorithm {
            KeyAlgorithm::Aes256 => Kind::Symmetric,
            _ if self.name.is_master() => Kind::Master,
            _ => Kind::Base,
        }
    }

    fn place(&self) -> Place {
        match self.kind() {
            _ if self.name.is_root() => Place::Root,
            _ if self.name.is_curve_sign() => Place::Signer,
            _ if self.name.is_zk_transfer() => Place::Transfer,
            Kind::Master => Place::Master,
            Kind::Base | Kind::Foreign | Kind::Symmetric => Place::Base,
        }
    }

    fn purpose(&self) -> KeyPurpose {
        match self.kind() {
            Kind::Master => KeyPurpose::MosipMaster,
            Kind::Symmetric => KeyPurpose::MosipSymmetric,
            Kind::Base | Kind::Foreign => KeyPurpose::MosipBase,
        }
    }
}

/// Makes the alias: intent, generation in the token, outcome. With it, `beside` is written. The alias serves from the next
/// keyring load on. Who makes it, stands in the events that `event` gives. A conflict where the name's aliases are not those of `keys`
/// any more, with which this was planned: two makers would leave two current keys.
pub(super) fn make(
    operations: &Operations,
    record: &Record,
    keys: &Keys,
    tenant: &TenantId,
    event: &dyn Fn(EventKind) -> Event,
    wanted: &Wanted,
    beside: Vec<Write>,
) -> Operation<()> {
    let (id, known) = match key_of(keys, tenant, &wanted.name) {
        Ok(found) => found,
        Err(error) => {
            return Unrecorded::new((), refused(event(EventKind::KeyCreateOutcome), &error)).map(|()| Err(error));
        }
    };
    let number = known.map_or(1, |key| key.versions.keys().last().map_or(1, |last| last + 1));
    let (begins, ends) = match known {
        None => (EventKind::KeyCreateIntent, EventKind::KeyCreateOutcome),
        Some(_) => (EventKind::KeyRotateIntent, EventKind::KeyRotateOutcome),
    };
    let about = |kind| {
        let mut event = event(kind);
        event.tenant = Some(tenant.clone());
        event.key = Some(id.clone());
        event.key_version = Some(number);
        event.object = Some(wanted.name.to_string());
        event
    };
    let begun = match record.record(Unrecorded::new((), about(begins))) {
        Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
        Err(error) => return Unrecorded::unremarkable(Err(error.into())),
    };
    let mut outcome = about(ends);
    outcome.intent = begun;
    let key_row = known.is_none().then(|| {
        let nobody = std::collections::BTreeSet::new();
        describe(operations, tenant, &id, wanted.purpose(), wanted.algorithm, &nobody, None)
    });
    match rows(operations, keys, tenant, wanted, key_row, known.map(|key| &key.row), number) {
        Ok(made) => {
            let conflict = refused(outcome.clone(), &OperationError::Conflict("key-version-exists"));
            Unrecorded::new(Ok(()), outcome)
                .with(unchanged(keys, tenant, &wanted.name))
                .with_all(made.key.map(Write::insert_key))
                .with(Write::insert_key_version(made.version))
                .with(Write::insert_mosip_alias(made.alias))
                .with_all(beside)
                .changing_state()
                .or_on_conflict(conflict)
        }
        Err(error) => {
            let event = refused(outcome, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

/// The key that holds the versions of this name, where there is one already.
pub(super) fn key_of<'a>(
    keys: &'a Keys,
    tenant: &TenantId,
    name: &KeyName,
) -> Result<(KeyId, Option<&'a crate::Key>), OperationError> {
    let id = name.key_id().map_err(OperationError::Mosip)?;
    let known = keys.key(tenant, id.as_str()).map(|key| &**key);
    // Making it anew would cover up that its rows were altered.
    if known.is_none() && keys.refused.contains(&format!("{tenant}/{id}")) {
        return Err(crate::keys::altered(&format!("{tenant}/{id}")));
    }
    Ok((id, known))
}

struct Made {
    key: Option<KeyRow>,
    version: VersionRow,
    alias: MosipAliasRow,
}

fn rows(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    wanted: &Wanted,
    mut fresh: Option<KeyRow>,
    known: Option<&KeyRow>,
    number: u32,
) -> Result<Made, OperationError> {
    // 1. The key.
    let row = fresh.as_ref().or(known).ok_or(OperationError::NotFound("key"))?;
    let mut version = make_version(operations, keys, row, wanted.purpose(), wanted.algorithm, number)?;
    version.activated = wanted.generated.micros();
    let stored = stored_key(&version).ok_or(OperationError::NotFound("key"))?;
    // 2. Its certificate.
    let certificate = match wanted.kind() {
        Kind::Symmetric => None,
        Kind::Master | Kind::Base | Kind::Foreign => Some(certify(operations, keys, tenant, wanted, &stored)?),
    };
    // 3. Its alias.
    let id = RecordId::new(operations.clock.now(), random::bytes()).to_string();
    let unique_id = certificate.as_ref().map(|_| dated(keys, tenant, &wanted.name, wanted.generated, &id));
    let der = certificate.map(|certificate| certificate.der).unwrap_or_default();
    let thumbprint = if der.is_empty() { String::new() } else { thumbprint_text(&km_crypto::digest::sha256(&der)) };
    let mut alias = MosipAliasRow {
        tenant: tenant.to_string(),
        id,
        application: wanted.name.application.clone(),
        reference: wanted.name.reference.clone(),
        kind: wanted.kind().name().to_owned(),
        key_id: version.key_id.clone(),
        version: version.version,
        generated: wanted.generated.micros(),
        expires: wanted.expires.micros(),
        thumbprint,
        unique_id,
        certificate: der,
        log_index: -1,
        integrity: Vec::new(),
    };
    // 4. What vouches for them.
    if let Some(row) = &mut fresh {
        row.integrity = seal_row(operations, keys, &row.covered())?;
    }
    version.integrity = seal_row(operations, keys, &version.covered())?;
    alias.integrity = seal_row(operations, keys, &alias.covered())?;
    Ok(Made { key: fresh, version, alias })
}

/// The unique identifier of a key made on this day: the dialect's own for the first, with the alias behind it for every further one.
pub(super) fn dated(keys: &Keys, tenant: &TenantId, name: &KeyName, day: Timestamp, alias: &str) -> String {
    let of_day = |suffix: &str| UniqueIdentifier::of_day(&name.application, &name.reference, day, suffix).to_text();
    let first = of_day("");
    if keys.mosip.knows(tenant, &first) { of_day(&format!("_{alias}")) } else { first }
}

fn certify(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    wanted: &Wanted,
    key: &StoredKey,
) -> Result<Certificate, OperationError> {
    let store = &*operations.keys as &dyn km_keystore::Sign;
    let validity = Validity { not_before: wanted.generated, not_after: wanted.expires };
    if matches!(wanted.place(), Place::Root | Place::Transfer) {
        let (subject, place) = (&wanted.subject, wanted.place());
        return Ok(km_ca::mosip::self_signed(subject, place, (store, key), random::bytes(), validity)?);
    }
    let (above, issuer) = issuer(operations, keys, tenant, &wanted.name)?;
    let certificate = above.certified()?;
    let public = key.public.as_ref().ok_or(OperationError::NotFound("public key"))?;
    let (subject, place) = (&wanted.subject, wanted.place());
    Ok(km_ca::mosip::issue(certificate, (store, issuer), subject, place, public, random::bytes(), validity)?)
}

/// The alias that issues for this name, and its key: the root for master keys, the application's master key for base keys.
///
/// Errors: no root; no master key, or none that is current.
pub(super) fn issuer<'a>(
    operations: &Operations,
    keys: &'a Keys,
    tenant: &TenantId,
    name: &KeyName,
) -> Result<(&'a Alias, &'a StoredKey), OperationError> {
    let (above, missing) =
        if name.is_master() { (KeyName::root(), Fault::NoRoot) } else { (name.master(), Fault::NotGenerated) };
    let now = operations.clock.now();
    let current = keys.mosip.current(tenant, &above, now).map_err(OperationError::Mosip)?;
    let alias = current.ok_or(OperationError::Mosip(missing))?;
    Ok((alias, signing_key(alias, keys, tenant)?))
}

/// The private key of an alias that may sign now.
pub(super) fn signing_key<'a>(
    alias: &Alias,
    keys: &'a Keys,
    tenant: &TenantId,
) -> Result<&'a StoredKey, OperationError> {
    let missing = || OperationError::Unavailable(format!("the key of {} is missing or altered", alias.name));
    let version = alias.version(keys, tenant).ok_or_else(missing)?;
    if !version.state.protects() {
        return Err(OperationError::refused("key-not-active", "the key was taken out of use"));
    }
    Ok(&version.stored)
}
