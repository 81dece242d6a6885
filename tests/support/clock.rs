//! A clock that a test sets wrong (libfaketime).

use std::path::PathBuf;

use km_test_support::TestFolder;

/// The clock of both services, set by writing to a file.
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A right one, whose file lies in this folder.
    pub fn over(folder: &TestFolder) -> Self {
        let clock = Self { file: folder.path().join("clock") };
        clock.set(0);
        clock
    }

    /// Seconds off.
    pub fn set(&self, off: i64) {
        let fresh = self.file.with_extension("fresh");
        std::fs::write(&fresh, format!("{off:+}\n")).expect("a file");
        std::fs::rename(fresh, &self.file).expect("a file");
    }

    /// What the services are started with.
    pub fn environment(&self) -> Vec<(&'static str, String, String)> {
        let library = std::fs::read_dir("/usr/lib")
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|library| library.exists())
            .expect("libfaketime is missing: install the package faketime");
        let file = self.file.to_str().expect("text").to_owned();
        let variables = [
            ("LD_PRELOAD", library.to_str().expect("text").to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", file),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Waiting is by the time since the start, which no clock on a wall changes.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ];
        let of = |service: &'static str| variables.clone().map(|(name, value)| (service, name.to_owned(), value));
        [of("keymanager"), of("registry")].concat()
    }
}
