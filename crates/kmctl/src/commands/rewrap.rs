//! `kmctl rewrap`

use std::collections::BTreeMap;

use clap::Args;
use km_api::{keys::KeyList, rewrap::RewrapStatus};
use km_domain::{KeyPurpose, KeyState};
use serde_json::json;

use crate::{answer::Answer, failure::Failure, online::Online};

/// Show how far a rotation has come: subject keys by version of the key that protects the registers.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer rewrap")]
pub struct Arguments {}

pub async fn run(online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let http = session.officer_http()?;
    let status: RewrapStatus = session.officer(&http).get("/v1/officer/rewrap").await?;
    let keys: KeyList = session.key_manager().get("/v1/keys").await?;
    let key = keys.keys.iter().find(|key| key.purpose == KeyPurpose::KeyEncryption);
    Ok(describe(&status, key.map(|key| key.id.as_str())))
}

fn describe(status: &RewrapStatus, key: Option<&str>) -> Answer {
    let active = |state: &str| state == KeyState::Active.name();
    let left: u64 =
        status.key_encryption.iter().filter(|count| !active(&count.state)).map(|count| count.subject_keys).sum();
    let versions: BTreeMap<_, _> =
        status.key_encryption.iter().map(|count| (count.version.to_string(), count.subject_keys)).collect();
    let terms = status.index.iter().filter(|index| index.live.len() > 1).count();
    let mut text = format!("{left} subject keys left on old versions\n");
    for count in &status.key_encryption {
        let name = key.unwrap_or("version");
        text += &format!("{name}.{}  {:<12} {}\n", count.version, count.state, count.subject_keys);
    }
    text += &format!("{terms} of {} index keys with terms of an old version\n", status.index.len());
    Answer::good(&json!({"key": key, "versions": versions, "left": left, "index": status.index}), text)
}

#[cfg(test)]
mod tests {
    use km_api::rewrap::VersionCount;

    use super::*;

    #[test]
    fn what_is_left_is_on_versions_that_no_longer_protect() {
        let count =
            |version, state: &str, subject_keys| VersionCount { version, state: state.to_owned(), subject_keys };
        let key_encryption = vec![count(1, "deactivated", 40), count(2, "deactivated", 2), count(10, "active", 7)];
        let answer = describe(&RewrapStatus { key_encryption, index: vec![] }, Some("kek"));
        let document = answer.document();
        assert_eq!((&document["left"], &document["key"]), (&json!(42), &json!("kek")));
        assert_eq!(document["versions"], json!({"1": 40, "2": 2, "10": 7}));
        assert!(answer.text().contains("kek.10  active       7\n"), "{}", answer.text());
    }
}
