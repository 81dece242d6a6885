//! Installations that are made once and copied. Most of a system's start is making keys; a test that does not look at that starts
//! from a copy of the token, the database and the state folder of one in which they are made.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use km_test_support::{Module, TestToken, folder};

use crate::database::Rows;
use crate::{Database, Options, System};

/// What decides which keys an installation has and what its first events say: the database, `development`, and whether the MOSIP
/// dialect is served. What a test adds to the dialect's bootstrap file is made when its copy starts.
type Kind = (Database, bool, bool);

/// The installation to copy, made when it is first asked for and stopped. `None` where the start itself is what matters: on another
/// token or one that fails, with certificates of another life, at another time.
pub(crate) fn like(database: Database, options: &Options) -> Option<&'static System> {
    static MADE: Mutex<Option<HashMap<Kind, &'static OnceLock<System>>>> = Mutex::new(None);
    let ordinary = Options::default();
    let same = options.token == Module::SoftHsm
        && options.faulty_token.is_none()
        && options.lifetime == ordinary.lifetime
        && options.environment.is_empty();
    if options.shipped || !same {
        return None;
    }
    let kind = (database, options.development, options.mosip.is_some());
    let made = {
        let mut made = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *made.get_or_insert_default().entry(kind).or_insert_with(|| Box::leak(Box::default()))
    };
    Some(made.get_or_init(|| {
        let options = Options {
            development: options.development,
            mosip: options.mosip.as_ref().map(|_| String::new()),
            ..ordinary
        };
        let databases = |folder: &Path| Rows::of_both_services(database, folder);
        let system = System::assemble(database, options, TestToken::new(), databases);
        system.initialise();
        let system = system.run();
        for service in ["keymanager", "issuer"] {
            assert_eq!(system.stop(service), Some(Some(0)), "{}", system.logs(60));
        }
        system
    }))
}

/// Copies of the key manager's database and an empty one for the registry.
pub(crate) fn databases(installed: &System, folder: &Path) -> [Rows; 2] {
    let own = match &installed.rows {
        Rows::Sqlite(_) => {
            for file in installed.rows.files() {
                std::fs::copy(&file, folder.join(file.file_name().expect("a name"))).expect("a copy of the database");
            }
            Rows::new(Database::Sqlite, folder, "keymanager")
        }
        Rows::Postgres(database) => Rows::Postgres(Box::new(database.copy())),
    };
    [own, Rows::new(installed.database, folder, "registry")]
}

/// The key manager's state folder, but for its ports: two copies would fight for them.
pub(crate) fn copy_state(installed: &System, folder: &Path) {
    folder::copy(&installed.folder().join("keymanager"), &folder.join("keymanager"));
    std::fs::remove_dir_all(folder.join("keymanager/ports")).expect("the ports");
}
