//! Checking a bundle offline, against one root certificate that the verifier was given another way.

mod log;
mod signature;

use km_crypto::digest::sha256;
use km_domain::Timestamp;
use km_x509::Certificate;

use crate::{
    files::BundleFiles,
    manifest::{self, LogPosition, Manifest},
    name,
    report::{CheckName, Report},
    sums,
};

/// What was given as the trusted root is not one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the root must be one CA certificate in PEM")]
pub struct BadRoot;

/// Reads the root certificate that a verifier trusts; gives its DER for [`verify`].
pub fn trusted_root(pem: &str) -> Result<Vec<u8>, BadRoot> {
    let mut certificates = km_x509::pem::certificates(pem).map_err(|_| BadRoot)?;
    let root = certificates.pop().filter(|_| certificates.is_empty()).ok_or(BadRoot)?;
    let is_ca = Certificate::from_der(&root).is_ok_and(|certificate| certificate.is_ca);
    if is_ca { Ok(root) } else { Err(BadRoot) }
}

/// Checks everything and says what it found. Inputs: the files; the trusted evidence root, DER; the moment at which
/// certificates are judged (now, unless one asks about the past).
pub fn verify(files: &BundleFiles, root: &[u8], at: Timestamp) -> Report {
    let mut report = Report::default();

    // 1. The files are those that the signed list names.
    report.note(CheckName::Files, check_names(files));
    report.note(CheckName::Digests, check_digests(files));

    // 2. The list is signed under the root.
    match report.note(CheckName::Signature, signature::check(files)) {
        Some(cms) => drop(report.note(CheckName::Signer, signature::check_signer(files, &cms, root, at))),
        None => report.skip(CheckName::Signer),
    }

    // 3. What it says it is.
    report.manifest = report.note(CheckName::Manifest, check_manifest(files));

    // 4. The log: its checkpoint, then the events in it.
    let checkpoint = report.note(CheckName::Checkpoint, log::check_checkpoint(files, root, at));
    let proofs = log::read_proofs(files);
    let run = report.note(CheckName::Sequence, proofs.as_ref().map_err(Clone::clone).and_then(|p| log::read(files, p)));
    match (&checkpoint, &proofs, &run) {
        (Some(checkpoint), Ok(proofs), Some(run)) => {
            report.note(CheckName::Inclusion, log::check_inclusion(checkpoint, proofs, run));
            report.note(CheckName::Consistency, log::check_consistency(checkpoint, proofs, run));
        }
        _ => {
            report.skip(CheckName::Inclusion);
            report.skip(CheckName::Consistency);
        }
    }

    // 5. And it is what it says.
    match (&report.manifest, &checkpoint, &run) {
        (Some(manifest), Some(checkpoint), Some(run)) => {
            let agreement = check_agreement(files, manifest, &LogPosition::of(checkpoint), run);
            report.note(CheckName::Agreement, agreement);
        }
        _ => report.skip(CheckName::Agreement),
    }
    report
}

/// What a check found out for later ones, with a sentence about it; or the sentence why it refuses.
type Finding<T> = Result<(T, String), String>;

fn file<'a>(files: &'a BundleFiles, name: &str) -> Result<&'a [u8], String> {
    files.get(name).ok_or_else(|| format!("{name} is missing"))
}

fn text<'a>(files: &'a BundleFiles, name: &str) -> Result<&'a str, String> {
    std::str::from_utf8(file(files, name)?).map_err(|_| format!("{name} is not UTF-8"))
}

fn check_names(files: &BundleFiles) -> Finding<()> {
    let expected = || name::DESCRIBED.into_iter().chain([name::MANIFEST, name::SUMS, name::SIGNATURE]);
    if let Some(missing) = expected().find(|name| files.get(name).is_none()) {
        return Err(format!("{missing} is missing"));
    }
    let count = expected().count();
    if files.names().count() != count {
        return Err("there is a file that does not belong to a bundle".to_owned());
    }
    Ok(((), format!("{count} files, no other")))
}

fn check_digests(files: &BundleFiles) -> Finding<()> {
    let malformed = || format!("{} is not in its form", name::SUMS);
    let sums = sums::parse(text(files, name::SUMS)?).ok_or_else(malformed)?;
    for name in files.names().filter(|name| ![name::SUMS, name::SIGNATURE].contains(name)) {
        let digest = sums.get(name).ok_or_else(|| format!("{name} is not named in {}", name::SUMS))?;
        if *digest != sums::hex(&sha256(file(files, name)?)) {
            return Err(format!("{name} was changed"));
        }
    }
    match sums.keys().find(|name| files.get(name).is_none() || [name::SUMS, name::SIGNATURE].contains(name)) {
        Some(_) => Err(format!("{} names a file that is not there", name::SUMS)),
        None => Ok(((), format!("{} files are as {} says", sums.len(), name::SUMS))),
    }
}

fn check_manifest(files: &BundleFiles) -> Finding<Manifest> {
    let malformed = |_| format!("{} is not in its form", name::MANIFEST);
    let manifest: Manifest = serde_json::from_slice(file(files, name::MANIFEST)?).map_err(malformed)?;
    if manifest.schema != manifest::SCHEMA {
        return Err(format!("its schema is not {}", manifest::SCHEMA));
    }
    let named: Vec<&str> = manifest.files.iter().map(|entry| entry.name.as_str()).collect();
    if named != name::DESCRIBED {
        return Err("it does not describe exactly the files of a bundle".to_owned());
    }
    for entry in &manifest.files {
        let contents = file(files, &entry.name)?;
        if entry.sha256 != sums::hex(&sha256(contents)) || entry.size != contents.len() as u64 {
            return Err(format!("it describes another {}", entry.name));
        }
    }
    let finding = format!("{}, {} files described", manifest.schema, manifest.files.len());
    Ok((manifest, finding))
}

fn check_agreement(files: &BundleFiles, manifest: &Manifest, log: &LogPosition, run: &log::Run) -> Finding<()> {
    let rows = Some(run.disclosed);
    let agrees = [
        ("the range", (manifest.range.from, manifest.range.to) == (run.from, run.to())),
        ("the number of rows", Some(manifest.rows) == rows && manifest.withheld == run.withheld()),
        ("the log's position", manifest.log == *log),
        (
            "the rows of a file",
            manifest.files.iter().all(|entry| entry.rows == rows.filter(|_| entry.name == name::EVENTS)),
        ),
        ("the tenant", run.tenants.iter().all(|tenant| *tenant == manifest.tenant || tenant.is_system())),
    ];
    if let Some((what, _)) = agrees.into_iter().find(|(_, holds)| !holds) {
        return Err(format!("{} says otherwise about {what}", name::MANIFEST));
    }
    file(files, name::README)?;
    Ok(((), "the manifest says what the other files say".to_owned()))
}

#[cfg(test)]
mod tests;
