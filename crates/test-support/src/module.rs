//! The PKCS#11 modules that tests run on.

use std::path::{Path, PathBuf};

/// A kind of token: which module, and how it is told where the token lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Module {
    /// The distribution's package, which keeps each object in a file; or whatever SEALKEEP_TEST_MODULE names.
    #[default]
    SoftHsm,
    /// `tests/tokens/kryoptic`, which keeps the token in an SQLite file that it holds open, and has no Ed25519.
    Kryoptic,
    /// The same, configured to offer only what an installation cannot do without.
    Bare,
}

/// What `Bare` does without. Without AES-GCM it cannot wrap private keys either, so they become objects of the token.
const WITHOUT: [&str; 6] = [
    "CKM_AES_GCM",
    "CKM_SHA256_RSA_PKCS",
    "CKM_SHA256_RSA_PKCS_PSS",
    "CKM_EC_EDWARDS_KEY_PAIR_GEN",
    "CKM_ECDSA_SHA256",
    "CKM_ECDSA_SHA384",
];

impl Module {
    pub const ALL: [Self; 3] = [Self::SoftHsm, Self::Kryoptic, Self::Bare];

    pub fn name(self) -> &'static str {
        match self {
            Self::SoftHsm => "softhsm",
            Self::Kryoptic => "kryoptic",
            Self::Bare => "kryoptic-bare",
        }
    }

    /// The module, which must be there: a test that needs a token is never skipped.
    pub fn path(self) -> PathBuf {
        let (path, remedy) = match self {
            Self::SoftHsm => (
                std::env::var_os("SEALKEEP_TEST_MODULE")
                    .unwrap_or_else(|| "/usr/lib/softhsm/libsofthsm2.so".into())
                    .into(),
                "install the package softhsm2, or name a module in SEALKEEP_TEST_MODULE",
            ),
            Self::Kryoptic | Self::Bare => {
                (built_module("libsealkeep_test_kryoptic.so"), "run tests/tokens/build.sh first")
            }
        };
        assert!(path.exists(), "the PKCS#11 module {} is missing: {remedy} (tests/run.sh does)", path.display());
        path
    }

    /// The environment variable in which the module finds the name of its configuration file.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::SoftHsm => "SOFTHSM2_CONF",
            Self::Kryoptic | Self::Bare => "KRYOPTIC_CONF",
        }
    }

    /// Writes the configuration of a token in this folder, where `softhsm-init` does not write it.
    pub(crate) fn configure(self, folder: &Path) -> PathBuf {
        match self {
            Self::SoftHsm => folder.join("softhsm2.conf"),
            Self::Kryoptic | Self::Bare => {
                let (objects, file) = (folder.join("tokens"), folder.join("kryoptic.toml"));
                std::fs::create_dir_all(&objects).expect("the token's folder");
                let database = objects.join("token.sql");
                let mut text =
                    format!("[[slots]]\nslot = 1\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n", database.display());
                if self == Self::Bare {
                    text += &format!("mechanisms = {:?}\n", [&["DENY"][..], &WITHOUT].concat());
                }
                std::fs::write(&file, text).expect("the token's configuration");
                file
            }
        }
    }
}

/// Where `tests/tokens/build.sh` puts what it builds.
fn built_module(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tokens/release").join(name)
}
