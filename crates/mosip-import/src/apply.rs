//! From the arguments to the report: read, plan, do, prove.

use std::sync::Arc;

use km_api::{
    Base64Url,
    mosip::{AliasImported, AliasOutcome, ImportAlias, MosipInventory, MosipPolicySet, SealedKey, TransportKey},
    mosip_trust::CertificateOutcome,
};
use km_client::{ClientError, Http, Session};
use km_crypto::{
    PublicKey,
    transport::{self, Form, Padding, Sealing},
};
use km_domain::{SecretBytes, SystemClock};

use crate::{
    arguments::{Arguments, OwnKeys},
    failure::Failure,
    keys::{Entry, KeyStore, Keys},
    patient::Patient,
    plan::{self, Item, Planned, PlannedPolicy, PolicyStep, Step},
    prove, random_keys,
    report::{Outcome, Report},
    source,
    trust::{self, PlannedTrust},
};

/// Does what the command line asks for.
pub async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    if let Some(path) = &arguments.report
        && path.exists()
    {
        return Err(Failure::Usage(format!("{} is there already", path.display())));
    }
    let source = source::read(arguments)?;
    let store = KeyStore::open(arguments)?;
    let who = arguments.who.as_deref();
    let who = who.ok_or_else(|| Failure::Usage("say as whom to act: --as officer".to_owned()))?;
    let session = Session::open(&arguments.endpoints, who, Arc::new(SystemClock))?;
    let http: Http = session.officer_http()?;
    let officer = Patient(session.officer(&http));
    let here: MosipInventory = officer.get("/v1/officer/mosip").await?;
    let keys = Keys { source: &source, store: &store };
    let planned = plan::aliases(&keys, &here);
    let policies = plan::policies(&source.policies, &here, arguments.replace_policies);
    let trusted = trust::plan(&source, &here);
    let mut report = Report::planned(&keys, &planned, &policies, &trusted);
    let opened = match random_keys::open(&keys) {
        Ok((opened, left)) => {
            report.random_keys_left(left, "the row is no number with 32 wrapped bytes");
            opened
        }
        Err(why) => {
            report.random_keys_left(source.random_keys.iter().map(|row| row.number), &why);
            Vec::new()
        }
    };
    if arguments.apply {
        let undecided = plan::undecided(&planned, arguments.own_keys);
        if !undecided.is_empty() {
            let detail = format!(
                "keys of its own are current here for {}; say --own-keys retire or --own-keys keep; nothing was changed",
                undecided.join(", ")
            );
            return Err(Failure::Refused { code: "own-keys-current".to_owned(), detail });
        }
        let target = Target { session: &session, officer: &officer, own_keys: arguments.own_keys };
        target.apply(&keys, &planned, &policies, &mut report).await?;
        target.trust(&trusted, &mut report).await?;
        random_keys::take(&officer, &opened, &mut report).await?;
    } else {
        report.undecided = plan::undecided(&planned, arguments.own_keys);
    }
    if let Some(path) = &arguments.report {
        report.write(path)?;
    }
    Ok(report)
}

struct Target<'a> {
    session: &'a Session,
    officer: &'a Patient<'a>,
    own_keys: Option<OwnKeys>,
}

/// The key to which keys are sealed.
struct Recipient {
    kid: String,
    public: PublicKey,
    form: Form,
}

impl Target<'_> {
    async fn apply(
        &self,
        keys: &Keys<'_>,
        planned: &[Planned],
        policies: &[PlannedPolicy],
        report: &mut Report,
    ) -> Result<(), Failure> {
        report.applied = true;
        for PlannedPolicy { policy, step } in policies {
            if matches!(step, PolicyStep::Set | PolicyStep::Replace) {
                let _: MosipPolicySet = self.officer.post("/v1/officer/mosip/policies", policy).await?;
            }
        }
        let mut recipient = self.recipient().await?;
        for planned in planned {
            let Step::Take(item) = &planned.step else { continue };
            let entry = keys.open(&planned.row.id).map_err(Failure::not_proven)?;
            let key = entry.as_ref().map(Entry::bytes);
            let outcome = match self.take(planned, item, key, &recipient).await {
                // It was rotated in between.
                Err(ClientError::Refused(problem)) if problem.code() == "transport-key-unknown" => {
                    recipient = self.recipient().await?;
                    self.take(planned, item, key, &recipient).await
                }
                other => other,
            };
            let outcome = match outcome {
                Ok(AliasOutcome::Imported) => Outcome::Imported,
                Ok(AliasOutcome::Shortened) => Outcome::Shortened,
                Ok(AliasOutcome::Recertified) => Outcome::Recertified,
                Ok(AliasOutcome::Unchanged) => Outcome::Unchanged,
                // Said of this key; the others are moved all the same.
                Err(ClientError::Refused(problem)) if prove::is_about_one_key(problem.code()) => {
                    report.refused(&planned.row.id, &problem.to_string());
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let proof = prove::prove(self.officer, planned, item, key).await?;
            report.moved(&planned.row.id, outcome, proof);
        }
        Ok(())
    }

    async fn trust(&self, planned: &[PlannedTrust], report: &mut Report) -> Result<(), Failure> {
        for planned in planned {
            match planned.take(self.officer).await {
                Ok(Some(CertificateOutcome::Imported)) => report.trusted(planned, Outcome::Imported, ""),
                Ok(Some(CertificateOutcome::Unchanged)) => report.trusted(planned, Outcome::Unchanged, ""),
                Ok(None) => {}
                Err(ClientError::Refused(problem)) if trust::is_about_one(problem.code()) => {
                    report.trusted(planned, Outcome::Left, &problem.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn recipient(&self) -> Result<Recipient, Failure> {
        let key: TransportKey = self.officer.post("/v1/officer/mosip/transport-key", &()).await?;
        let (kid, public) = self.session.transport_key(key.key)?;
        let form = match (Padding::from_name(&key.padding), Sealing::from_name(&key.sealing)) {
            (Some(padding), Some(sealing)) => Form { padding, sealing },
            _ => return Err(Failure::not_proven("the key manager wants keys sealed in a way that is not known here")),
        };
        Ok(Recipient { kid, public, form })
    }

    async fn take(
        &self,
        planned: &Planned,
        item: &Item,
        key: Option<&SecretBytes>,
        recipient: &Recipient,
    ) -> Result<AliasOutcome, ClientError> {
        let sealed = match key {
            None => None,
            Some(key) => {
                let sealed = transport::seal(&recipient.public, recipient.form, key.expose())
                    .map_err(|_| ClientError::NotProven("the transport key cannot be sealed to"))?;
                let (carrier, key) = (Base64Url(sealed.carrier), Base64Url(sealed.key));
                Some(SealedKey { transport: recipient.kid.clone(), carrier, key })
            }
        };
        let retires = !item.is_here && self.own_keys == Some(OwnKeys::Retire);
        let body = ImportAlias {
            id: planned.row.id.clone(),
            application: planned.row.application.clone(),
            reference: planned.row.reference.trim().to_owned(),
            generated: planned.row.generated,
            expires: planned.row.expires,
            unique_id: item.unique_id.clone(),
            certificate: item.certificate.as_ref().map(|certificate| Base64Url(certificate.der.clone())),
            key: sealed,
            ended: item.is_contested && self.own_keys == Some(OwnKeys::Keep),
            ends: if retires { item.own.clone() } else { Vec::new() },
        };
        let done: AliasImported = self.officer.post("/v1/officer/mosip/aliases", &body).await?;
        Ok(done.outcome)
    }
}
