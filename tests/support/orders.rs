//! Orders to the PKCS#11 module that fails on demand (`tests/tokens/faulty`).

use std::path::{Path, PathBuf};

use km_test_support::TestToken;

use crate::{System, program};

/// The module, which must have been built.
pub fn module() -> PathBuf {
    let module = program::folder().join("../tokens/release/libfaulty_token.so");
    assert!(module.exists(), "{} is missing: run tests/tokens/build.sh", module.display());
    module.canonicalize().expect("the module's real path")
}

/// What a process that loads the module needs in its environment.
pub(crate) fn environment(token: &TestToken) -> [(&'static str, PathBuf); 2] {
    [("FAULTY_TOKEN_MODULE", token.module.clone()), ("FAULTY_TOKEN_ORDERS", file(token.folder()))]
}

fn file(folder: &Path) -> PathBuf {
    folder.join("orders")
}

impl System {
    /// Gives the module its orders, in force from the next call on; an empty text takes them back.
    pub fn orders(&self, text: &str) {
        let file = file(self.token.folder());
        let next = file.with_extension("next");
        std::fs::write(&next, text).expect("the orders");
        std::fs::rename(next, file).expect("the orders in their place");
    }

    /// The token's objects on disk, for tests that take them away.
    pub fn token_objects(&self) -> PathBuf {
        self.token.objects()
    }
}
