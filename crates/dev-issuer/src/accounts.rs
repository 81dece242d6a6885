//! Clients and people, with what they must know.

use km_domain::{SecretText, Timestamp};
use km_service::{SecretFileError, StateError};

use crate::{
    secrets::{self, Expected},
    settings::{ClientSettings, PersonSettings, Settings},
    totp::{SecondFactor, app_address},
};

/// All accounts of the configuration.
pub struct Accounts {
    clients: Vec<Client>,
    people: Vec<Person>,
    nobody: Expected,
}

/// Whose token it will be.
#[derive(Debug, Clone)]
pub struct Holder {
    pub subject: String,
    pub roles: Vec<String>,
    pub tenant: Option<String>,
}

pub struct Client {
    pub id: String,
    pub holder: Holder,
    pub acr: Option<String>,
    secret: Option<Expected>,
    redirect_uris: Vec<String>,
}

pub struct Person {
    pub username: String,
    pub holder: Holder,
    password: Expected,
    second_factor: Option<SecondFactor>,
}

/// Why the accounts could not be set up.
#[derive(Debug)]
pub enum AccountError {
    File(SecretFileError),
    Write(StateError),
    TotpSecret,
}

impl From<SecretFileError> for AccountError {
    fn from(error: SecretFileError) -> Self {
        Self::File(error)
    }
}

impl From<StateError> for AccountError {
    fn from(error: StateError) -> Self {
        Self::Write(error)
    }
}

impl Accounts {
    /// Reads every secret, making those that do not exist.
    pub fn open(settings: &Settings) -> Result<Self, AccountError> {
        let clients = settings.clients.iter().map(client).collect::<Result<_, _>>()?;
        let people = settings.people.iter().map(person).collect::<Result<_, _>>()?;
        Ok(Self { clients, people, nobody: Expected::nobodys() })
    }

    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    pub fn person(&self, username: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.username == username)
    }

    /// The client with this secret. An unknown client takes as long as a wrong secret.
    pub fn authenticate_client(&self, id: &str, secret: &str) -> Option<&Client> {
        let client = self.client(id);
        let expected = client.and_then(|client| client.secret.as_ref()).unwrap_or(&self.nobody);
        client.filter(|_| expected.is(secret))
    }

    /// The person with this password and code, and the level reached: 1 with the password, 2 with both. A wrong code is a
    /// failure, not level 1.
    pub fn authenticate_person(
        &self,
        username: &str,
        password: &str,
        code: &str,
        now: Timestamp,
    ) -> Option<(&Person, &'static str)> {
        let person = self.person(username);
        let is_right = person.map_or(&self.nobody, |person| &person.password).is(password);
        let person = person.filter(|_| is_right)?;
        match (&person.second_factor, code.trim()) {
            (_, "") => Some((person, LEVEL_PASSWORD)),
            (Some(factor), code) if factor.accepts(code, now) => Some((person, LEVEL_TWO_FACTORS)),
            _ => None,
        }
    }
}

pub const LEVEL_PASSWORD: &str = "1";
pub const LEVEL_TWO_FACTORS: &str = "2";

impl Client {
    pub fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// Whether a login may return there: exactly a configured address, or a configured loopback address with another port
    /// (RFC 8252, section 7.3).
    pub fn may_return_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|allowed| {
            allowed == uri || loopback_parts(allowed).is_some_and(|parts| loopback_parts(uri) == Some(parts))
        })
    }
}

/// Host and path of an http address on loopback, without its port.
fn loopback_parts(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"].into_iter().find(|host| rest.starts_with(host))?;
    let rest = &rest[host.len()..];
    let path_begins = rest.find('/').unwrap_or(rest.len());
    let (port, path) = rest.split_at(path_begins);
    let port_is_plain = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let path_is_plain = !path.contains(['#', '@', '\\']);
    (port_is_plain && path_is_plain).then_some((host, path))
}

fn client(settings: &ClientSettings) -> Result<Client, AccountError> {
    let secret = match &settings.secret_file {
        Some(path) => {
            if secrets::ensure(path, secrets::new_password)? {
                tracing::info!(event = "issuer.secret-made", client = settings.client_id, "a client secret was made");
            }
            Some(Expected::new(&secrets::read(path)?))
        }
        None => None,
    };
    Ok(Client {
        id: settings.client_id.clone(),
        holder: Holder {
            subject: settings.subject.clone().unwrap_or_else(|| settings.client_id.clone()),
            roles: settings.roles.clone(),
            tenant: settings.tenant.clone(),
        },
        acr: settings.acr.clone(),
        secret,
        redirect_uris: settings.redirect_uris.clone(),
    })
}

fn person(settings: &PersonSettings) -> Result<Person, AccountError> {
    secrets::ensure(&settings.password_file, secrets::new_password)?;
    let second_factor = match &settings.totp_secret_file {
        Some(path) => {
            if secrets::ensure(path, secrets::new_totp_secret)? {
                let text = secrets::read(path)?;
                // Beside the secret, for whoever wants the codes in an authenticator app.
                let address = SecretText::new(app_address("sealkeep-development", &settings.username, text.expose()));
                secrets::ensure(&path.with_extension("otpauth"), || address)?;
            }
            let secret = secrets::totp_secret(&secrets::read(path)?).ok_or(AccountError::TotpSecret)?;
            Some(SecondFactor::new(secret))
        }
        None => None,
    };
    Ok(Person {
        username: settings.username.clone(),
        holder: Holder {
            subject: settings.subject.clone().unwrap_or_else(|| settings.username.clone()),
            roles: settings.roles.clone(),
            tenant: settings.tenant.clone(),
        },
        password: Expected::new(&secrets::read(&settings.password_file)?),
        second_factor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_returns_where_it_may() {
        let client = Client {
            id: "kmctl".to_owned(),
            holder: Holder { subject: "kmctl".to_owned(), roles: vec![], tenant: None },
            acr: None,
            secret: None,
            redirect_uris: vec!["http://127.0.0.1/callback".to_owned(), "https://a.example/cb".to_owned()],
        };
        for good in ["http://127.0.0.1:49152/callback", "http://127.0.0.1/callback", "https://a.example/cb"] {
            assert!(client.may_return_to(good), "{good}");
        }
        for bad in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152/callback#x",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1:80@evil.example/callback",
            "http://[::1]:1/callback",
            "https://a.example:1/cb",
            "https://a.example/cb?x",
        ] {
            assert!(!client.may_return_to(bad), "{bad}");
        }
    }
}
