//! Tests only: a throw-away certification authority made by stock `openssl`, so that what we write and read is measured
//! against another implementation.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use km_crypto::SoftwareKey;
use km_domain::KeyAlgorithm;
use km_x509::Certificate;

/// A folder that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("km-evidence-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Runs a shell command in the folder and says whether it succeeded.
    pub fn run(&self, command: &str) -> bool {
        Command::new("sh").arg("-c").arg(command).current_dir(&self.0).output().unwrap().status.success()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A root and its key.
pub struct Authority(Folder);

impl Authority {
    pub fn new(name: &str) -> Self {
        let folder = Folder::new();
        assert!(folder.run(&format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 3650 \
             -subj '/CN={name}' -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
        )));
        Self(folder)
    }

    /// The root certificate, DER.
    pub fn root(&self) -> Vec<u8> {
        Certificate::from_pem(&self.root_pem()).unwrap().der
    }

    pub fn root_pem(&self) -> String {
        fs::read_to_string(self.0.path().join("root.pem")).unwrap()
    }

    /// A new P-256 key and its certificate (DER) for this extended usage.
    pub fn issue(&self, extended_usage: &str) -> (SoftwareKey, Vec<u8>) {
        let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
        self.0.write("leaf.key", key.to_pem().expose());
        self.0.write(
            "leaf.ext",
            format!("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage={extended_usage}\n"),
        );
        assert!(self.0.run(
            "openssl req -new -key leaf.key -subj /CN=leaf -out leaf.csr && \
             openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -sha256 \
             -extfile leaf.ext -out leaf.pem"
        ));
        let pem = fs::read_to_string(self.0.path().join("leaf.pem")).unwrap();
        (key, Certificate::from_pem(&pem).unwrap().der)
    }
}
