//! The databases of a system: one for each service.

use std::path::{Path, PathBuf};
use std::process::Command;

use km_test_support::TestDatabase;

use crate::program::run;

/// Which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// One service's database, and how a test looks into it and changes it behind the service's back.
pub enum Rows {
    Sqlite(PathBuf),
    Postgres(Box<TestDatabase>),
}

impl Rows {
    pub fn new(database: Database, folder: &Path, name: &str) -> Self {
        match database {
            Database::Sqlite => Self::Sqlite(folder.join(format!("{name}.db"))),
            Database::Postgres => Self::Postgres(Box::new(TestDatabase::postgres())),
        }
    }

    /// The key manager's and the registry's.
    pub fn of_both_services(database: Database, folder: &Path) -> [Self; 2] {
        ["keymanager", "registry"].map(|service| Self::new(database, folder, service))
    }

    /// As the configuration spells it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
            Self::Postgres(database) => database.url().to_owned(),
        }
    }

    /// A folder of its own, where it has one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(database) => Some(database.folder()),
        }
    }

    /// Runs SQL; one line a row, columns separated by `|`.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        match self {
            Self::Sqlite(file) => {
                let ran =
                    run(Command::new("sqlite3").args(["-batch", "-bail", "-cmd", ".timeout 10000"]).arg(file).arg(sql));
                ran.good().output.trim_end().to_owned()
            }
            Self::Postgres(database) => database.query(sql),
        }
    }

    /// The database's own files, its write-ahead log among them, with all that was committed.
    #[track_caller]
    pub fn files(&self) -> Vec<PathBuf> {
        let Self::Sqlite(file) = self else { return self.cluster_files() };
        let with = |suffix: &str| PathBuf::from(format!("{}{suffix}", file.display()));
        ["", "-wal", "-shm"].into_iter().map(with).filter(|path| path.exists()).collect()
    }

    /// The files of this database, and the write-ahead log, which all databases of the server share.
    fn cluster_files(&self) -> Vec<PathBuf> {
        self.sql("CHECKPOINT");
        let cluster = PathBuf::from(self.sql("SHOW data_directory"));
        let number = self.sql("SELECT oid FROM pg_database WHERE datname = current_database()");
        let of = |folder: PathBuf| std::fs::read_dir(folder).expect("a folder of the server").flatten();
        let files = of(cluster.join("base").join(number)).chain(of(cluster.join("pg_wal")));
        files.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
    }

    /// A backup of this database as a thief would unpack it.
    #[track_caller]
    pub fn unpacked(&self, backup: &Path) -> PathBuf {
        if self.is_sqlite() {
            return backup.to_owned();
        }
        let text = backup.with_added_extension("sql");
        run(Command::new("pg_restore").arg("--file").arg(&text).arg(backup)).good();
        text
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Bytes as SQL spells them.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if self.is_sqlite() { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") }
    }
}
