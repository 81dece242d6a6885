//! A fresh database for a test: an SQLite file, or a database in a private PostgreSQL server.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::{TestFolder, wait_until};

/// URL of a server that the whole test run shares, without a database's name: `postgres://USER@/?host=DIR`. Set by
/// `tests/run.sh`; without it each test program starts a server of its own.
const SHARED: &str = "SEALKEEP_TEST_POSTGRES";

pub struct TestDatabase {
    url: String,
    folder: TestFolder,
    server: Option<(Arc<Server>, String)>,
}

impl TestDatabase {
    /// A database file that does not exist yet.
    pub fn sqlite() -> Self {
        let folder = TestFolder::new("sqlite");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { url, folder, server: None }
    }

    /// An empty database. The first call starts a server, which ends when this process does.
    pub fn postgres() -> Self {
        Self::made_in(Arc::clone(Server::running()), None, None)
    }

    /// Another database with all that is in this one, to which nobody is connected; PostgreSQL only.
    pub fn copy(&self) -> Self {
        let (server, name) = self.server.as_ref().expect("a PostgreSQL database");
        Self::made_in(Arc::clone(server), None, Some(name))
    }

    /// An empty database in a server of the test's own. With `through`, its URL names a socket in that folder instead of the
    /// server's; [`TestDatabase::query`] goes to the server all the same.
    pub fn within(server: &TestServer, through: Option<&Path>) -> Self {
        Self::made_in(Arc::clone(&server.server), through, None)
    }

    fn made_in(server: Arc<Server>, through: Option<&Path>, template: Option<&str>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        server.query(&format!("CREATE DATABASE {name}{template}"));
        let url = match through {
            Some(folder) => format!("{}{name}?host={}", server.before, folder.display()),
            None => server.url(&name),
        };
        Self { url, folder: TestFolder::new("postgres"), server: Some((server, name)) }
    }

    /// Both kinds, for a test that runs on each.
    pub fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    /// `sqlite:PATH` or `postgres://…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn is_sqlite(&self) -> bool {
        self.server.is_none()
    }

    /// A directory beside the database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database's name in its server, PostgreSQL only.
    pub fn name(&self) -> &str {
        &self.server.as_ref().expect("a PostgreSQL database").1
    }

    /// What a query prints, one line a row, columns separated by `|`, PostgreSQL only.
    pub fn query(&self, sql: &str) -> String {
        let (server, name) = self.server.as_ref().expect("a PostgreSQL database");
        server.psql(name, sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            let _ = server.try_psql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// A PostgreSQL server that one test has for itself, to stop and start it.
pub struct TestServer {
    server: Arc<Server>,
    folder: PathBuf,
}

impl TestServer {
    /// Makes a cluster and starts it on a Unix socket in its folder.
    pub fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sealkeep-pg-{}-{number}", std::process::id()));
        Self { server: Arc::new(Server::start(folder.clone())), folder }
    }

    /// Where the socket is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends it: `fast` closes its connections, `immediate` is a crash.
    pub fn stop(&self, mode: &str) {
        self.control(&["-m", mode, "-w", "stop"]);
    }

    /// Starts it again on what it left.
    pub fn start_again(&self) {
        self.control(&["-w", "start"]);
    }

    /// Runs SQL as its owner.
    pub fn query(&self, sql: &str) -> String {
        self.server.psql("postgres", sql)
    }

    fn control(&self, arguments: &[&str]) {
        let ran = as_owner(&self.folder, "pg_ctl")
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-l")
            .arg(self.folder.join("again.log"))
            .arg("-o")
            .arg(format!("-k {} -c listen_addresses= -c fsync=off -c max_connections=200", self.folder.display()))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(ran.is_ok_and(|status| status.success()), "pg_ctl {arguments:?}");
    }
}

/// A program of PostgreSQL as the user to whom the cluster belongs.
fn as_owner(folder: &Path, program: &str) -> Command {
    use std::os::unix::fs::MetadataExt;
    let program = programs().join(program);
    let is_mine = |path: &Path| std::fs::metadata(path).map(|found| found.uid()).ok();
    let mut command = if is_mine(&folder.join("data")) == is_mine(Path::new("/proc/self")) {
        Command::new(program)
    } else {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    };
    command.current_dir(folder).env("LC_ALL", "C");
    command
}

struct Server {
    /// The URL without a database's name: everything before and after it.
    before: String,
    after: String,
    /// Ends the server when its input is closed, which happens when this process ends, however it ends.
    _guard: Option<Child>,
}

impl Server {
    fn running() -> &'static Arc<Self> {
        static SERVER: OnceLock<Arc<Server>> = OnceLock::new();
        SERVER.get_or_init(|| {
            Arc::new(match std::env::var(SHARED) {
                Ok(url) => Self::shared(&url),
                Err(_) => Self::start(std::env::temp_dir().join(format!("sealkeep-pg-{}", std::process::id()))),
            })
        })
    }

    fn shared(url: &str) -> Self {
        let (before, after) =
            url.split_once('?').map_or((url, String::new()), |(before, after)| (before, format!("?{after}")));
        Self { before: format!("{}/", before.trim_end_matches('/')), after, _guard: None }
    }

    /// Makes a cluster in a temporary directory and starts it on a Unix socket there. PostgreSQL refuses to run as root, so
    /// root hands it to the user `postgres`.
    fn start(folder: PathBuf) -> Self {
        let log = folder.with_added_extension("log");
        let script = r#"
            set -eu
            trap 'rm -rf "$FOLDER" "$LOG"' EXIT
            mkdir -m 700 "$FOLDER"
            as=""
            if [ "$(id -u)" = 0 ]; then chown postgres "$FOLDER"; as="runuser -u postgres --"; fi
            cd "$FOLDER"
            $as "$BIN/initdb" -D "$FOLDER/data" -U postgres -A trust -E UTF8 --locale=C -N >"$LOG" 2>&1
            $as "$BIN/postgres" -D "$FOLDER/data" -k "$FOLDER" -c listen_addresses= -c fsync=off \
                -c max_connections=200 >>"$LOG" 2>&1 </dev/null &
            server=$!
            cat >/dev/null || true
            kill -QUIT "$(head -n 1 "$FOLDER/data/postmaster.pid")" 2>/dev/null || kill "$server" 2>/dev/null || true
            wait "$server" || true
            # A test may have started it again, as somebody else's child.
            for _ in $(seq 50); do [ -e "$FOLDER/data/postmaster.pid" ] || break; sleep 0.1; done
        "#;
        let guard = Command::new("sh")
            .args(["-c", script])
            .env("FOLDER", &folder)
            .env("LOG", &log)
            .env("BIN", programs())
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let after = format!("?host={}", folder.display());
        let server = Self { before: "postgres://postgres@/".into(), after, _guard: Some(guard) };
        let ready = wait_until(Duration::from_secs(60), || server.try_psql("postgres", "SELECT 1").is_ok());
        assert!(ready, "PostgreSQL does not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
        server
    }

    fn url(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }

    fn query(&self, sql: &str) {
        self.psql("postgres", sql);
    }

    fn psql(&self, database: &str, sql: &str) -> String {
        self.try_psql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn try_psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(programs().join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "-c", sql])
            .arg(self.url(database))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// Where PostgreSQL's programs lie: Debian keeps the server's out of PATH.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.path()).filter(|path| version(path).is_some()).max_by_key(version);
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .map(|version| version.join("bin"))
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").exists() && folder.join("psql").exists())
        .expect("PostgreSQL is missing: install the package postgresql")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_is_fresh() {
        let (one, other) = (TestDatabase::postgres(), TestDatabase::postgres());
        one.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
        assert_eq!(one.query("SELECT n FROM t"), "1");
        assert_eq!(other.query("SELECT count(*) FROM pg_tables WHERE tablename = 't'"), "0");
        assert_ne!(TestDatabase::sqlite().url(), TestDatabase::sqlite().url());
    }

    #[test]
    fn a_shared_servers_url_takes_a_name() {
        let server = Server::shared("postgres://postgres@/?host=/tmp/x");
        assert_eq!(server.url("name"), "postgres://postgres@/name?host=/tmp/x");
        let server = Server::shared("postgres://u@host:5432");
        assert_eq!(server.url("name"), "postgres://u@host:5432/name");
    }
}
