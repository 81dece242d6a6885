//! Where a database is and how to get in.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::DatabaseError;

/// A database URL, and the file that holds its password. Printing it prints no password, for it holds none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    engine: Engine,
    password_file: Option<PathBuf>,
}

/// Which engine a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    Sqlite { path: PathBuf },
    Postgres { url: String },
}

impl Access {
    /// Reads `sqlite:PATH` or `postgres://USER@HOST:PORT/NAME?…`.
    ///
    /// # Errors
    /// Another scheme, an empty path, or a password inside the URL: it would stand in configuration and process lists, so
    /// it is given as a file.
    pub fn parse(url: &str, password_file: Option<&Path>) -> Result<Self, DatabaseError> {
        let password_file = password_file.map(Path::to_owned);
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(DatabaseError::Url("sqlite: needs a path"));
            }
            return Ok(Self { engine: Engine::Sqlite { path: PathBuf::from(path) }, password_file: None });
        }
        let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) else {
            return Err(DatabaseError::Url("must begin with sqlite: or postgres://"));
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let login_names_password = authority.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'));
        if login_names_password || rest.contains("password=") {
            return Err(DatabaseError::Url("must not hold a password: name a password file"));
        }
        Ok(Self { engine: Engine::Postgres { url: format!("postgres://{rest}") }, password_file })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.engine, Engine::Sqlite { .. })
    }

    /// The password, for libpq's own buffer. Read anew for each connection, so that a changed file takes effect.
    pub(crate) fn password(&self) -> Result<Option<String>, DatabaseError> {
        let Some(path) = &self.password_file else { return Ok(None) };
        let text = fs::read_to_string(path)
            .map_err(|fault| DatabaseError::PasswordFile { path: path.clone(), reason: fault.to_string() })?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// The URL with one more query parameter, its value percent-encoded.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let join = if url.contains('?') { '&' } else { '?' };
    let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{url}{join}{name}={encoded}")
}

/// The same, unless the URL says something about it.
pub(crate) fn with_default(url: &str, name: &str, value: &str) -> String {
    let says = |parameter: &str| parameter.split('=').next() == Some(name);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    if query.split('&').any(says) { url.to_owned() } else { with_parameter(url, name, value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_and_nothing_else() {
        let file = Access::parse("sqlite:/var/lib/a.db", None).unwrap();
        assert_eq!(file.engine(), &Engine::Sqlite { path: "/var/lib/a.db".into() });
        assert_eq!(Access::parse("sqlite:///var/lib/a.db", None).unwrap(), file);
        assert!(!Access::parse("postgresql://me@host/name", None).unwrap().is_sqlite());
        assert!(Access::parse("mysql://host/name", None).is_err());
        assert!(Access::parse("sqlite:", None).is_err());
    }

    #[test]
    fn a_password_in_the_url_is_refused() {
        assert!(Access::parse("postgres://me:secret@host/name", None).is_err());
        assert!(Access::parse("postgres://host/name?password=secret", None).is_err());
        assert!(Access::parse("postgres://me@host:5432/name", None).is_ok());
    }

    #[test]
    fn parameters_are_encoded() {
        assert_eq!(with_parameter("postgres://h/n", "a", "x&"), "postgres://h/n?a=%78%26");
        assert_eq!(with_parameter("postgres://h/n?b=1", "a", "x"), "postgres://h/n?b=1&a=%78");
        assert_eq!(with_default("postgres://h/n?b=1", "b", "2"), "postgres://h/n?b=1");
        assert_eq!(with_default("postgres://h/b?bb=1", "b", "x"), "postgres://h/b?bb=1&b=%78");
    }
}
