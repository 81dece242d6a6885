//! The configuration file.

use std::path::{Path, PathBuf};

use km_service::{LogConfig, Validate, config::resolve};
use serde::Deserialize;

/// The whole file. Paths that are not absolute are looked up from the file's own folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where signing keys, the port and the issuer's address are kept.
    pub state: PathBuf,
    /// The port on 127.0.0.1. 0: a free one at the first start, the same from then on.
    #[serde(default)]
    pub port: u16,
    /// The issuer's name, if it is not the address under which it listens.
    pub issuer: Option<String>,
    /// What access tokens are for.
    #[serde(default = "default_audience")]
    pub audience: Vec<String>,
    /// How long an access token holds.
    #[serde(default = "default_lifetime")]
    pub access_token_seconds: u32,
    /// The claim that holds the tenant.
    #[serde(default = "default_tenant_claim")]
    pub tenant_claim: String,
    /// Absent: plain http on loopback.
    pub tls: Option<TlsFiles>,
    #[serde(default)]
    pub log: LogConfig,
    #[serde(default)]
    pub clients: Vec<ClientSettings>,
    #[serde(default)]
    pub people: Vec<PersonSettings>,
}

/// Certificate chain and key, PEM. They are read again every minute, so that a renewed certificate is shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// A program. With a secret it may ask for a token of its own; with redirect addresses it may log people in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    pub client_id: String,
    /// Made at the first start if it does not exist. Absent: a public client, which can only log people in.
    pub secret_file: Option<PathBuf>,
    /// The `sub` of the client's own tokens; the client id if absent.
    pub subject: Option<String>,
    #[serde(default)]
    pub roles: Vec<String>,
    pub tenant: Option<String>,
    /// The `acr` of the client's own tokens.
    pub acr: Option<String>,
    /// Where a login may return to. A loopback address matches with any port (RFC 8252, section 7.3).
    #[serde(default)]
    pub redirect_uris: Vec<String>,
}

/// A person who logs in with a password and, for level 2, a one-time password.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSettings {
    pub username: String,
    /// Made at the first start if it does not exist.
    pub password_file: PathBuf,
    /// Base32. Made at the first start if it does not exist. Absent: the person reaches level 1 only.
    pub totp_secret_file: Option<PathBuf>,
    /// The user name if absent.
    pub subject: Option<String>,
    #[serde(default)]
    pub roles: Vec<String>,
    pub tenant: Option<String>,
}

fn default_audience() -> Vec<String> {
    vec!["sealkeep".to_owned()]
}

const fn default_lifetime() -> u32 {
    300
}

fn default_tenant_claim() -> String {
    "tenant".to_owned()
}

impl Settings {
    /// All paths from the folder of the configuration file.
    pub fn resolved(mut self, file: &Path) -> Self {
        let mut paths: Vec<&mut PathBuf> = vec![&mut self.state];
        paths.extend(self.tls.iter_mut().flat_map(|tls| [&mut tls.certificate, &mut tls.key]));
        paths.extend(self.clients.iter_mut().filter_map(|client| client.secret_file.as_mut()));
        for person in &mut self.people {
            paths.push(&mut person.password_file);
            paths.extend(person.totp_secret_file.as_mut());
        }
        for path in paths {
            *path = resolve(file, path);
        }
        self
    }
}

impl Validate for Settings {
    fn faults(&self) -> Vec<String> {
        let mut faults = self.log.faults();
        let mut rule = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        rule(!self.audience.is_empty(), "audience must name at least one".to_owned());
        rule((1..=86_400).contains(&self.access_token_seconds), "access_token_seconds must be 1 to 86400".to_owned());
        for (index, client) in self.clients.iter().enumerate() {
            let is_first = self.clients.iter().position(|other| other.client_id == client.client_id) == Some(index);
            rule(is_name(&client.client_id), format!("clients[{index}].client_id must be a name"));
            rule(is_first, format!("clients[{index}].client_id must be named once"));
            let does_something = client.secret_file.is_some() || !client.redirect_uris.is_empty();
            rule(does_something, format!("clients[{index}] must have secret_file or redirect_uris"));
        }
        for (index, person) in self.people.iter().enumerate() {
            let is_first = self.people.iter().position(|other| other.username == person.username) == Some(index);
            rule(is_name(&person.username), format!("people[{index}].username must be a name"));
            rule(is_first, format!("people[{index}].username must be named once"));
        }
        faults
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_listed_together() {
        let text = "state = 's'\naccess_token_seconds = 0\n[[clients]]\nclient_id = 'a b'\n[[people]]\n\
                    username = ''\npassword_file = 'p'\n";
        let faults = km_service::config::parse::<Settings>(text).err().unwrap();
        assert_eq!(faults.len(), 4, "{faults:?}");
    }

    #[test]
    fn paths_are_found_from_the_file() {
        let text = "state = 's'\n[[people]]\nusername = 'a'\npassword_file = '/p'\ntotp_secret_file = 't'\n";
        let settings = km_service::config::parse::<Settings>(text).unwrap().resolved(Path::new("/etc/x/i.toml"));
        assert_eq!(settings.state, Path::new("/etc/x/s"));
        assert_eq!(settings.people[0].password_file, Path::new("/p"));
        assert_eq!(settings.people[0].totp_secret_file.as_deref(), Some(Path::new("/etc/x/t")));
    }
}
