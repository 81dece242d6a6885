//! `kmctl verify FILE --root evidence-root.pem`

use std::path::{Path, PathBuf};

use clap::Args;
use km_client::check_erasure;
use km_domain::{Clock, SystemClock};
use km_evidence::{BundleFiles, FilesError, Report, Status, trusted_root, verify};
use serde_json::json;

use crate::{answer::Answer, failure::Failure, files};

/// Check offline a signed export (digests, signature, chain, checkpoint, inclusion, consistency, sequence) or a certificate of
/// erasure (signature, chain).
#[derive(Args)]
#[command(
    after_help = "Example:\n  kmctl verify export.zip --root evidence-root.pem\n  kmctl verify erasure.jws --root evidence-root.pem"
)]
pub struct Arguments {
    /// The export: the zip, or the folder that it was unpacked to. Or a certificate of erasure, a compact JWS.
    bundle: PathBuf,
    /// Root certificate (PEM) that you trust, got another way than with the file.
    #[arg(long)]
    root: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let root = trusted_root(&files::read_text(&arguments.root)?)
        .map_err(|error| Failure::Usage(format!("{}: {error}", arguments.root.display())))?;
    if let Some(certificate) = certificate_in(&arguments.bundle) {
        return erasure(&certificate, &root);
    }
    let files = BundleFiles::open(&arguments.bundle).map_err(|error| {
        let why = format!("{}: {error}", arguments.bundle.display());
        if matches!(error, FilesError::Io(_)) { Failure::Unavailable(why) } else { Failure::not_proven(why) }
    })?;
    let report = verify(&files, &root, SystemClock.now());
    let document = json!({ "holds": report.holds(), "checks": report.checks, "manifest": report.manifest });
    Ok(Answer::that(report.holds(), &document, as_text(&report)))
}

/// A file that begins as every compact JWS does: a JSON object in base64url.
fn certificate_in(file: &Path) -> Option<String> {
    const LONGEST: u64 = 64 * 1024;
    let is_short = std::fs::metadata(file).is_ok_and(|facts| facts.is_file() && facts.len() <= LONGEST);
    let text = is_short.then(|| std::fs::read_to_string(file).ok()).flatten()?;
    text.starts_with("eyJ").then_some(text)
}

fn erasure(certificate: &str, root: &[u8]) -> Result<Answer, Failure> {
    let erasure = check_erasure(certificate, &[root.to_vec()], SystemClock.now())?;
    let document = json!({
        "holds": true, "tenant": erasure.tenant, "register": erasure.register, "record": erasure.record, "erased": erasure.erased,
        "log_origin": erasure.log_origin, "log_index": erasure.log_index, "purpose": erasure.purpose,
        "subject_key": erasure.subject_key, "key_encryption_key": erasure.key_encryption_key,
        "data_root_generation": erasure.data_root_generation,
    });
    let text = format!(
        "Genuine: record {} of register {}, tenant {}, was erased at {} for {} (log {}, index {}).\n\
         Subject key {}; key-encryption key {}; generation of the data root {}.\n",
        erasure.record,
        erasure.register,
        erasure.tenant,
        erasure.erased,
        erasure.purpose,
        erasure.log_origin,
        erasure.log_index,
        erasure.subject_key,
        erasure.key_encryption_key,
        erasure.data_root_generation
    );
    Ok(Answer::good(&document, text))
}

fn as_text(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let mark = match check.status {
            Status::Holds => "holds",
            Status::Refused => "REFUSED",
            Status::NotChecked => "-",
        };
        text += &format!("{mark:<8} {:<12} {}\n", check.name.title(), check.finding);
    }
    match (&report.manifest, report.holds()) {
        (Some(manifest), true) => {
            let (from, to) = (manifest.range.from, manifest.range.to.saturating_sub(1));
            text += &format!(
                "Genuine: {} events of tenant {} (log {} to {}), exported {} for {} by {}.\n",
                manifest.rows, manifest.tenant, from, to, manifest.created, manifest.purpose, manifest.requester
            );
            if manifest.withheld > 0 {
                text += &format!("{} events of other tenants within the range are withheld.\n", manifest.withheld);
            }
        }
        _ => text += "NOT genuine: do not rely on this export.\n",
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(bundle: &str, root: &str) -> Arguments {
        Arguments { bundle: bundle.into(), root: root.into() }
    }

    #[test]
    fn what_is_missing_or_no_bundle_is_said_so() {
        let missing = run(&arguments("no-such-file.zip", "no-such-root.pem"));
        assert!(matches!(missing, Err(Failure::Unavailable(_))));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert!(matches!(run(&arguments(source, source)), Err(Failure::Usage(_))));
    }
}
