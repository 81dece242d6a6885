//! Configuration from TOML files, secrets from files of their own.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// What a section of the configuration checks about itself once it has been read.
pub trait Validate {
    /// Every fault as `section.key must …`; never the value of a secret.
    fn faults(&self) -> Vec<String>;
}

/// Why a configuration file is not accepted. All faults that could be found are listed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: {}", path.display(), faults.join("; "))]
    Faulty { path: PathBuf, faults: Vec<String> },
}

/// Reads a TOML file into `T`. `T` and its sections carry `#[serde(deny_unknown_fields)]`.
///
/// # Errors
/// The file cannot be read, or its faults: every unknown key, the first wrong type, every failed rule of
/// [`Validate`].
pub fn load<T: DeserializeOwned + Validate>(path: &Path) -> Result<T, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    parse(&text).map_err(|faults| ConfigError::Faulty { path: path.to_owned(), faults })
}

/// As [`load`], from memory.
///
/// # Errors
/// The faults, at least one.
pub fn parse<T: DeserializeOwned + Validate>(text: &str) -> Result<T, Vec<String>> {
    let (parsed, mut faults) = read_listing_unknown_keys(text.to_owned());
    if let Some(config) = &parsed {
        faults.extend(T::faults(config));
    }
    match parsed {
        Some(config) if faults.is_empty() => Ok(config),
        _ => Err(faults),
    }
}

/// serde stops at the first unknown key. So that all are listed, each one found is blanked out and the text read
/// again.
fn read_listing_unknown_keys<T: DeserializeOwned>(mut text: String) -> (Option<T>, Vec<String>) {
    const MOST: usize = 50;
    let mut faults = Vec::new();
    while faults.len() < MOST {
        let error = match toml::from_str::<T>(&text) {
            Ok(config) => return (Some(config), faults),
            Err(error) => error,
        };
        let line =
            error.span().map_or(1, |span| text.as_bytes()[..span.start].iter().filter(|b| **b == b'\n').count() + 1);
        faults.push(format!("line {line}: {}", error.message().trim()));
        let unknown = error.message().contains("unknown field");
        match error.span().filter(|_| unknown).and_then(|span| statement_around(&text, span.start)) {
            Some(statement) => blank(&mut text, statement),
            None => break,
        }
    }
    (None, faults)
}

/// The line of `key = value` that holds this offset. A table header is not blanked: its keys would move elsewhere.
fn statement_around(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text.get(at..)?.find('\n').map_or(text.len(), |newline| at + newline);
    (!text[start..end].trim_start().starts_with('[')).then_some(start..end)
}

fn blank(text: &mut String, range: std::ops::Range<usize>) {
    let spaces = " ".repeat(range.len());
    text.replace_range(range, &spaces);
}

/// Why a file with a secret is not accepted. Never contains the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: {rule}", path.display())]
    Refused { path: PathBuf, rule: &'static str },
}

const LARGEST_SECRET: u64 = 64 * 1024;

/// Reads a secret from its own file: a regular file that only its owner can read, not empty, at most 64 KiB.
///
/// # Errors
/// The file cannot be read, or which of these rules it breaks.
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let unreadable = |source| SecretFileError::Unreadable { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if let Some(rule) = broken_rule(&metadata) {
        return Err(SecretFileError::Refused { path: path.to_owned(), rule });
    }
    // Room for all of it at once: growing would leave copies behind that are not wiped.
    let room = usize::try_from(metadata.len()).unwrap_or_default() + 1;
    let mut secret = Zeroizing::new(Vec::with_capacity(room));
    file.by_ref().take(metadata.len()).read_to_end(&mut secret).map_err(unreadable)?;
    Ok(secret)
}

/// As [`read_secret_file`], for a text such as a PIN: the line end that an editor leaves is dropped.
///
/// # Errors
/// As [`read_secret_file`], and text that is not UTF-8.
pub fn read_secret_text(path: &Path) -> Result<Zeroizing<String>, SecretFileError> {
    let bytes = read_secret_file(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| SecretFileError::Refused { path: path.to_owned(), rule: "must be UTF-8 text" })?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn broken_rule(metadata: &Metadata) -> Option<&'static str> {
    if !metadata.is_file() {
        return Some("must be a regular file");
    }
    if metadata.mode() & 0o077 != 0 {
        return Some("must have mode 0600: others may not read a secret");
    }
    if metadata.len() == 0 {
        return Some("must not be empty");
    }
    (metadata.len() > LARGEST_SECRET).then_some("must be at most 64 KiB")
}

/// A path of the configuration: as it stands if absolute, else from the folder of the configuration file.
pub fn resolve(config_file: &Path, path: &Path) -> PathBuf {
    config_file.parent().unwrap_or(Path::new("")).join(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        port: u16,
        #[serde(default)]
        deep: Deep,
    }

    #[derive(Deserialize, Default)]
    #[serde(deny_unknown_fields, default)]
    struct Deep {
        size: u8,
    }

    impl Validate for Sample {
        fn faults(&self) -> Vec<String> {
            let mut faults = Vec::new();
            if self.port == 0 {
                faults.push("port must not be 0".to_owned());
            }
            if self.deep.size > 9 {
                faults.push("deep.size must be at most 9".to_owned());
            }
            faults
        }
    }

    #[test]
    fn every_fault_is_listed_at_once() {
        let faults = parse::<Sample>("port = 0\nprot = 1\n[deep]\nsize = 10\nsiez = 2\n").err().unwrap();
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("prot") && fault.contains("line 2")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("siez")));
        assert!(faults.contains(&"deep.size must be at most 9".to_owned()));
        assert!(parse::<Sample>("port = 1").is_ok());
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempdir();
        let path = folder.join("pin");
        std::fs::write(&path, "1234\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(read_secret_file(&path), Err(SecretFileError::Refused { .. })));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(read_secret_text(&path).unwrap().as_str(), "1234");
        std::fs::remove_dir_all(folder).unwrap();
    }

    fn tempdir() -> PathBuf {
        crate::state::tests::scratch("config")
    }
}
