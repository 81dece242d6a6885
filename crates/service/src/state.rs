//! The state folder: one process at a time, files written whole or not at all, ports that stay.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::random;

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: in use by another process (see its pid file)", path.display())]
    InUse { path: PathBuf },
}

/// A state folder that this process has locked. The lock ends with the process, however it ends.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    _lock: File,
}

impl StateDir {
    /// Opens the folder for the program `name`, making it with mode 0700, and locks it against a second process of
    /// that name.
    ///
    /// # Errors
    /// The folder cannot be made or written, or another process holds it.
    pub fn open(path: &Path, name: &str) -> Result<Self, StateError> {
        create_private_dir(path)?;
        let lock_path = path.join(format!("{name}.pid"));
        let io = |source| StateError::Io { path: lock_path.clone(), source };
        let mut lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock_path).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        lock.set_len(0).map_err(io)?;
        writeln!(lock, "{}", std::process::id()).map_err(io)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// A listener on 127.0.0.1 under the port that this name had last time; on the first start, or when another
    /// program has taken that port meanwhile, under a free one, which is kept for the next start.
    ///
    /// # Errors
    /// No port can be bound or the number cannot be kept.
    pub fn listen(&self, name: &str) -> Result<TcpListener, StateError> {
        let kept = self.join("ports").join(name);
        let io = |source| StateError::Io { path: kept.clone(), source };
        let before = fs::read_to_string(&kept).ok().and_then(|text| text.trim().parse::<u16>().ok());
        if let Some(port) = before {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                Ok(listener) => return Ok(listener),
                Err(error) => tracing::warn!(
                    event = "state.port-taken",
                    listener = name,
                    port,
                    %error,
                    "the port of the last start cannot be bound; another is taken"
                ),
            }
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(io)?;
        let port = listener.local_addr().map_err(io)?.port();
        create_private_dir(&self.join("ports"))?;
        write_atomically(&kept, format!("{port}\n").as_bytes(), 0o600)?;
        Ok(listener)
    }

    /// The listener of a configured address, or else as [`StateDir::listen`].
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn listen_on(&self, name: &str, configured: Option<SocketAddr>) -> Result<TcpListener, StateError> {
        match configured {
            Some(address) if address.port() != 0 => TcpListener::bind(address)
                .map_err(|source| StateError::Io { path: PathBuf::from(address.to_string()), source }),
            _ => self.listen(name),
        }
    }
}

/// Makes a folder, and those above it, that only its owner can enter. An existing one is left as it is.
///
/// # Errors
/// The folder cannot be made.
pub fn create_private_dir(path: &Path) -> Result<(), StateError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StateError::Io { path: path.to_owned(), source })
}

/// The random name of a state folder, made at its first use: 16 hexadecimal digits. It tells apart what this process left
/// undone before a crash from what another replica is doing.
///
/// # Errors
/// The folder or the file cannot be made.
pub fn instance(folder: &Path) -> Result<String, StateError> {
    let path = folder.join("instance");
    if let Ok(text) = fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    create_private_dir(folder)?;
    let bytes =
        random::bytes::<8>().map_err(|error| StateError::Io { path: path.clone(), source: io::Error::other(error) })?;
    let name = random::hex(&bytes);
    write_atomically(&path, format!("{name}\n").as_bytes(), 0o600)?;
    Ok(name)
}

/// Writes a file so that a reader, or a crash at any moment, sees the old content or the new, never a part: a new file
/// beside it, flushed to disk, renamed over it, the folder flushed.
///
/// # Errors
/// Any step failed; the old content still stands.
pub fn write_atomically(path: &Path, content: &[u8], mode: u32) -> Result<(), StateError> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = folder.join(name);
    let written = (|| {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&fresh)?;
        // The mode of `open` is cut by the umask, and does not apply to a file left by a crash.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(|source| {
        let _ = fs::remove_file(&fresh);
        StateError::Io { path: path.to_owned(), source }
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A folder of this test alone.
    pub(crate) fn scratch(name: &str) -> PathBuf {
        let random = crate::random::hex(&crate::random::bytes::<8>().unwrap());
        let path = std::env::temp_dir().join(format!("km-service-{name}-{random}"));
        create_private_dir(&path).unwrap();
        path
    }

    #[test]
    fn a_second_process_is_kept_out_until_the_first_ends() {
        let path = scratch("lock");
        let first = StateDir::open(&path, "svc").unwrap();
        assert!(matches!(StateDir::open(&path, "svc"), Err(StateError::InUse { .. })));
        assert!(StateDir::open(&path, "other").is_ok());
        drop(first);
        assert!(StateDir::open(&path, "svc").is_ok());
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_port_stays() {
        let path = scratch("ports");
        let state = StateDir::open(&path, "svc").unwrap();
        let first = state.listen("rest").unwrap().local_addr().unwrap();
        assert_eq!(state.listen("rest").unwrap().local_addr().unwrap(), first);
        let held = state.listen("rest").unwrap();
        let other = state.listen("rest").unwrap().local_addr().unwrap();
        assert_ne!(held.local_addr().unwrap(), other);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_file_has_its_mode_and_leaves_no_scrap() {
        let path = scratch("write");
        let file = path.join("secret");
        fs::write(&file, "old").unwrap();
        write_atomically(&file, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        fs::remove_dir_all(path).unwrap();
    }
}
