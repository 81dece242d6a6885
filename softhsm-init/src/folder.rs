//! The token's directory: `softhsm2.conf`, `tokens/`, and two PIN files for each label.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cryptoki::types::AuthPin;

use crate::Failure;

pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the directory and its configuration where they are missing.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        make_private_directory(path)?;
        let path = path.canonicalize().map_err(|error| unavailable(path, &error))?;
        make_private_directory(&path.join("tokens"))?;
        let folder = Self { path };
        let _alone = folder.lock()?;
        let config = folder.config_file();
        if !config.exists() {
            let text = format!(
                "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
                folder.path.join("tokens").display()
            );
            write_new(&config, text.as_bytes())?;
        }
        Ok(folder)
    }

    pub fn config_file(&self) -> PathBuf {
        self.path.join("softhsm2.conf")
    }

    pub fn pin_file(&self, label: &str) -> PathBuf {
        self.path.join(format!("{label}.pin"))
    }

    pub fn so_pin_file(&self, label: &str) -> PathBuf {
        self.path.join(format!("{label}.so-pin"))
    }

    /// Two runs at once would make two tokens, or half a configuration; the second waits here for the first.
    pub fn lock(&self) -> Result<File, Failure> {
        let path = self.path.join(".lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| unavailable(&path, &error))?;
        file.lock().map_err(|error| unavailable(&path, &error))?;
        Ok(file)
    }
}

/// The PIN in this file, made if there is none: 32 random bytes in hexadecimal.
pub fn pin_or_new(path: &Path) -> Result<AuthPin, Failure> {
    if !path.exists() {
        let mut random = [0_u8; 32];
        let source = Path::new("/dev/urandom");
        File::open(source)
            .and_then(|mut file| file.read_exact(&mut random))
            .map_err(|error| unavailable(source, &error))?;
        let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        write_new(path, text.as_bytes())?;
    }
    pin(path)
}

/// The PIN in this file, which nobody but its owner may be able to read.
pub fn pin(path: &Path) -> Result<AuthPin, Failure> {
    let metadata = fs::metadata(path).map_err(|_| {
        Failure::Refused(format!("{}: the PIN of the token with this label is missing", path.display()))
    })?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(Failure::Refused(format!("{}: others may read this PIN; its mode must be 0600", path.display())));
    }
    let text = fs::read_to_string(path).map_err(|error| unavailable(path, &error))?;
    Ok(AuthPin::from(text.trim_end_matches(['\r', '\n'])))
}

fn make_private_directory(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| unavailable(path, &error))
}

/// Writes a file of mode 0600 that is complete on disk or not there: a PIN lost by a crash would lock its token for ever.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let part = path.with_added_extension("part");
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|error| unavailable(path, &error))
}

fn unavailable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Unavailable(format!("{}: {error}", path.display()))
}
