//! A temporary directory that goes with the test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub struct TestFolder {
    path: PathBuf,
    kept: bool,
}

impl TestFolder {
    /// A new directory of mode 0700 under the system's temporary directory.
    pub fn new(name: &str) -> Self {
        use std::os::unix::fs::DirBuilderExt;
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sealkeep-{name}-{}-{number}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&path).expect("a temporary directory");
        Self { path, kept: false }
    }

    /// Somebody else's directory, which stays.
    pub fn borrowed(path: &Path) -> Self {
        Self { path: path.to_path_buf(), kept: true }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Copies the files of a directory into another, with their modes; what is there already is replaced.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    std::fs::set_permissions(to, std::fs::metadata(from).expect("a directory").permissions()).expect("its mode");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind of file").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy of a file");
        }
    }
}

/// A program of this workspace, built in the same profile as the running test.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of the running program");
    // A test lies in PROFILE/deps, a program in PROFILE.
    let built = own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|program| program.is_file());
    built.unwrap_or_else(|| {
        panic!("{name} is not built: run `cargo build --release -p {name}` first (tests/run.sh does)")
    })
}
