//! `kmctl verify BUNDLE --root evidence-root.pem`

use std::path::PathBuf;

use clap::Args;
use km_domain::{Clock, SystemClock};
use km_evidence::{BundleFiles, FilesError, Report, Status, trusted_root, verify};
use serde_json::json;

use crate::{answer::Answer, failure::Failure, files};

/// Check a signed export offline: digests, signature, chain, checkpoint, inclusion, consistency, sequence.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl verify export.zip --root evidence-root.pem")]
pub struct Arguments {
    /// The export: the zip, or the folder that it was unpacked to.
    bundle: PathBuf,
    /// Root certificate (PEM) that you trust, got another way than in the export.
    #[arg(long)]
    root: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let root = trusted_root(&files::read_text(&arguments.root)?)
        .map_err(|error| Failure::Usage(format!("{}: {error}", arguments.root.display())))?;
    let files = BundleFiles::open(&arguments.bundle).map_err(|error| {
        let why = format!("{}: {error}", arguments.bundle.display());
        if matches!(error, FilesError::Io(_)) { Failure::Unavailable(why) } else { Failure::not_proven(why) }
    })?;
    let report = verify(&files, &root, SystemClock.now());
    let document = json!({ "holds": report.holds(), "checks": report.checks, "manifest": report.manifest });
    Ok(Answer::that(report.holds(), &document, as_text(&report)))
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
