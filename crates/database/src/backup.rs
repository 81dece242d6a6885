//! Copying a database while it serves, and putting a copy back.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query, sql_types::Text};

use crate::{
    Access, DatabaseError, Db,
    access::{Engine, with_parameter},
    connection::{Intent, connect, make_private_file},
};

/// Writes a consistent copy to `target` while others read and write: SQLite by `VACUUM INTO`, PostgreSQL by `pg_dump` in
/// its custom form. The copy is readable by its owner only.
///
/// # Errors
/// `target` exists, cannot be written, or the engine refuses.
pub fn backup(access: &Access, target: &Path) -> Result<(), DatabaseError> {
    if fs::symlink_metadata(target).is_ok() {
        return Err(file_fault(target, "exists already"));
    }
    make_private_file(target)?;
    let copied = match access.engine() {
        Engine::Sqlite { .. } => backup_sqlite(access, target),
        Engine::Postgres { url } => {
            let options = ["--format=custom", "--no-owner", "--no-privileges", "--file"].map(OsStr::new);
            run_tool(access, url, "pg_dump", &[&options, [target.as_os_str()].as_slice()].concat(), target)
        }
    };
    if copied.is_err() {
        let _ = fs::remove_file(target);
        return copied;
    }
    fs::File::open(target).and_then(|file| file.sync_all()).map_err(|fault| file_fault(target, fault))
}

/// Replaces the database by the copy at `source`. The service must not be running.
///
/// # Errors
/// The copy cannot be read, is not of this engine, or the database is in use.
pub fn restore(access: &Access, source: &Path) -> Result<(), DatabaseError> {
    match access.engine() {
        Engine::Sqlite { path } => restore_sqlite(path, source),
        Engine::Postgres { url } => restore_postgres(access, url, source),
    }
}

fn backup_sqlite(access: &Access, target: &Path) -> Result<(), DatabaseError> {
    // A connection of its own: VACUUM INTO holds its read snapshot as long as the copy takes.
    let Db::Sqlite(mut connection) = connect(access, Intent::Write)? else {
        return Err(DatabaseError::Url("not a SQLite database"));
    };
    let target = target.to_str().ok_or(DatabaseError::Url("the target path must be UTF-8"))?;
    sql_query("VACUUM INTO ?").bind::<Text, _>(target).execute(&mut connection)?;
    Ok(())
}

fn restore_sqlite(path: &Path, source: &Path) -> Result<(), DatabaseError> {
    let source_text = source.to_str().ok_or(DatabaseError::Url("the source path must be UTF-8"))?;
    if !source.is_file() {
        return Err(file_fault(source, "is not a file"));
    }
    prove_unused(path)?;
    let fresh = beside(path, "restoring");
    let _ = fs::remove_file(&fresh);
    make_private_file(&fresh)?;
    let fresh_text = fresh.to_str().ok_or(DatabaseError::Url("the path must be UTF-8"))?;
    // Copied by SQLite, not byte by byte: a file that is no database, or a damaged one, is refused here.
    let mut copy = SqliteConnection::establish(source_text).map_err(|fault| file_fault(source, fault))?;
    copy.batch_execute("PRAGMA query_only = OFF;").map_err(|fault| file_fault(source, fault))?;
    sql_query("VACUUM INTO ?")
        .bind::<Text, _>(fresh_text)
        .execute(&mut copy)
        .map_err(|fault| file_fault(source, fault))?;
    drop(copy);
    for suffix in ["-wal", "-shm"] {
        let mut side = path.as_os_str().to_owned();
        side.push(suffix);
        let _ = fs::remove_file(PathBuf::from(side));
    }
    fs::File::open(&fresh).and_then(|file| file.sync_all()).map_err(|fault| file_fault(&fresh, fault))?;
    fs::rename(&fresh, path).map_err(|fault| file_fault(path, fault))
}

/// In WAL mode every open connection holds a lock that leaving WAL mode needs, so this fails while a service runs.
fn prove_unused(path: &Path) -> Result<(), DatabaseError> {
    if !path.exists() {
        return Ok(());
    }
    let text = path.to_str().ok_or(DatabaseError::Url("the path must be UTF-8"))?;
    let Ok(mut connection) = SqliteConnection::establish(text) else { return Ok(()) };
    match connection.batch_execute("PRAGMA busy_timeout = 500; PRAGMA journal_mode = DELETE;") {
        Err(fault) if fault.to_string().contains("locked") => Err(DatabaseError::InUse),
        // A file too damaged to be opened is what a restore is for.
        _ => Ok(()),
    }
}

/// Takes away what is there, unless somebody else is connected. `pg_restore --clean` would not do: it cannot drop the
/// constraints that partitions inherit.
const CLEAR: &str = "DO $$ DECLARE one regclass; BEGIN
  IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_type = 'client backend') THEN RAISE EXCEPTION 'the database is in use'; END IF;
  FOR one IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  LOOP EXECUTE format('DROP TABLE %s CASCADE', one); END LOOP;
END $$";

/// The copy becomes SQL first, whole, so that a damaged one is refused before anything is touched; then one transaction
/// replaces what is there.
fn restore_postgres(access: &Access, url: &str, source: &Path) -> Result<(), DatabaseError> {
    let sql = PrivateFile(beside(source, "sql"));
    let _ = fs::remove_file(&sql.0);
    make_private_file(&sql.0)?;
    let options = ["--no-owner", "--no-privileges", "--file"].map(OsStr::new);
    run(Command::new("pg_restore").args(options).arg(&sql.0).arg(source), "pg_restore")?;
    let options =
        ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--command", CLEAR, "--file"];
    let options = options.map(OsStr::new);
    match run_tool(access, url, "psql", &[&options, [sql.0.as_os_str()].as_slice()].concat(), source) {
        Err(DatabaseError::Tool { reason, .. }) if reason.contains("the database is in use") => {
            Err(DatabaseError::InUse)
        }
        outcome => outcome,
    }
}

/// Runs one of PostgreSQL's programs on the database. The password goes by a file that lives as long as the call: arguments and
/// environment can be read by others.
fn run_tool(
    access: &Access,
    url: &str,
    program: &'static str,
    arguments: &[&OsStr],
    file: &Path,
) -> Result<(), DatabaseError> {
    let pass_file = match access.password()? {
        Some(password) => Some(pass_file(&beside(file, "pgpass"), &password)?),
        None => None,
    };
    let url = match &pass_file {
        Some(pass) => with_parameter(url, "passfile", &pass.0.to_string_lossy()),
        None => url.to_owned(),
    };
    run(Command::new(program).arg("--dbname").arg(url).arg("--no-password").args(arguments), program)
}

fn run(command: &mut Command, program: &'static str) -> Result<(), DatabaseError> {
    let fault = |reason: String| DatabaseError::Tool { program, reason };
    let output = command.stdin(Stdio::null()).output().map_err(|error| fault(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let told = text.lines().find(|line| line.contains("ERROR") || line.contains("error")).or(text.lines().last());
    Err(fault(told.unwrap_or("no reason given").to_owned()))
}

/// A file of this process alone, removed when dropped.
struct PrivateFile(PathBuf);

/// A password file of libpq (PostgreSQL manual, "The Password File").
fn pass_file(path: &Path, password: &str) -> Result<PrivateFile, DatabaseError> {
    let _ = fs::remove_file(path);
    let escaped = password.replace('\\', "\\\\").replace(':', "\\:");
    fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| writeln!(file, "*:*:*:*:{escaped}"))
        .map_err(|fault| file_fault(path, fault))?;
    Ok(PrivateFile(path.to_owned()))
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn file_fault(path: &Path, reason: impl ToString) -> DatabaseError {
    DatabaseError::File { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use diesel::{QueryableByName, sql_types::BigInt};

    use super::*;
    use crate::Database;

    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }

    fn count(database: &Database) -> i64 {
        let mut reader = database.reader().unwrap();
        sql_query("SELECT count(*) AS n FROM t").get_result::<Count>(&mut *reader).unwrap().n
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("km-database-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn with_table(path: &Path) -> Database {
        let database = Database::open(&format!("sqlite:{}", path.display()), None, 2).unwrap();
        database.writer().unwrap().db().unwrap().batch_execute("CREATE TABLE t (a INTEGER)").unwrap();
        database
    }

    #[test]
    fn a_copy_comes_back() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("copy");
        let (path, copy) = (folder.join("a.db"), folder.join("a.backup"));
        let database = with_table(&path);
        database.writer().unwrap().db().unwrap().batch_execute("INSERT INTO t VALUES (1)").unwrap();
        backup(database.access(), &copy).unwrap();
        assert!(backup(database.access(), &copy).is_err(), "an existing copy was overwritten");
        database.writer().unwrap().db().unwrap().batch_execute("INSERT INTO t VALUES (2)").unwrap();
        assert!(matches!(restore(database.access(), &copy), Err(DatabaseError::InUse)));
        let access = database.access().clone();
        drop(database);
        restore(&access, &copy).unwrap();
        let again = Database::open(&format!("sqlite:{}", path.display()), None, 2).unwrap();
        assert_eq!(count(&again), 1);
        for file in [&path, &copy] {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_no_database_is_not_restored() {
        let folder = folder("junk");
        let (path, copy) = (folder.join("a.db"), folder.join("junk"));
        let access = with_table(&path).access().clone();
        fs::write(&copy, vec![0x55; 8192]).unwrap();
        assert!(restore(&access, &copy).is_err());
        assert_eq!(count(&Database::open(&format!("sqlite:{}", path.display()), None, 1).unwrap()), 0);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn readers_cannot_write_and_failed_work_leaves_nothing() {
        let folder = folder("rollback");
        let database = with_table(&folder.join("a.db"));
        assert!(database.reader().unwrap().batch_execute("INSERT INTO t VALUES (1)").is_err());
        let mut writer = database.writer().unwrap();
        let outcome = crate::write(writer.db().unwrap(), |db| {
            db.batch_execute("INSERT INTO t VALUES (1)")?;
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        });
        assert!(outcome.is_err());
        drop(writer);
        assert_eq!(count(&database), 0);
        fs::remove_dir_all(folder).unwrap();
    }
}
