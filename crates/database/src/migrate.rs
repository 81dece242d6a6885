//! Bringing a schema up to this program, and refusing one that is ahead of it.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
    pg::Pg,
    sql_query,
    sql_types::Text,
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use crate::{Database, DatabaseError, Db};

/// A service's migrations, one set an engine, and the version of the program that embeds them.
pub struct Migrations {
    pub sqlite: EmbeddedMigrations,
    pub postgres: EmbeddedMigrations,
    pub program: &'static str,
}

impl Migrations {
    /// Runs what is pending and answers how many steps that were.
    ///
    /// # Errors
    /// [`DatabaseError::SchemaNewer`] before anything is changed; [`DatabaseError::Migration`] when a step fails, which
    /// then leaves no trace of itself.
    pub fn run(&self, database: &Database) -> Result<usize, DatabaseError> {
        let mut writer = database.writer()?;
        in_turn(writer.db()?, |db| {
            self.refuse_newer(db)?;
            let done = match db {
                Db::Sqlite(lite) => lite.run_pending_migrations(Embedded(&self.sqlite)).map(|steps| steps.len()),
                Db::Postgres(postgres) => {
                    postgres.run_pending_migrations(Embedded(&self.postgres)).map(|steps| steps.len())
                }
            };
            let done = done.map_err(|fault| DatabaseError::Migration(fault.to_string()))?;
            if done > 0 {
                note_program(db, self.program)?;
            }
            Ok(done)
        })
    }

    /// Checks, without changing anything, that the schema is exactly this program's.
    ///
    /// # Errors
    /// [`DatabaseError::SchemaNewer`] or [`DatabaseError::SchemaOlder`].
    pub fn check(&self, database: &Database) -> Result<(), DatabaseError> {
        let mut writer = database.writer()?;
        let db = writer.db()?;
        self.refuse_newer(db)?;
        let applied = applied(db)?;
        match self.known(db)?.into_iter().find(|step| !applied.contains(step)) {
            Some(step) => Err(DatabaseError::SchemaOlder { step }),
            None => Ok(()),
        }
    }

    fn refuse_newer(&self, db: &mut Db) -> Result<(), DatabaseError> {
        let known = self.known(db)?;
        let Some(step) = applied(db)?.into_iter().rev().find(|step| !known.contains(step)) else { return Ok(()) };
        let needed = last_program(db).unwrap_or_else(|| "of unknown number".to_owned());
        Err(DatabaseError::SchemaNewer { step, needed, program: self.program.to_owned() })
    }

    fn known(&self, db: &Db) -> Result<BTreeSet<String>, DatabaseError> {
        let names = match db {
            Db::Sqlite(_) => MigrationSource::<Sqlite>::migrations(&self.sqlite)
                .map(|steps| steps.iter().map(|step| step.name().version().to_string()).collect()),
            Db::Postgres(_) => MigrationSource::<Pg>::migrations(&self.postgres)
                .map(|steps| steps.iter().map(|step| step.name().version().to_string()).collect()),
        };
        names.map_err(|fault| DatabaseError::Migration(fault.to_string()))
    }
}

/// The harness wants a source by value, and diesel's embedded one cannot be copied.
struct Embedded<'a>(&'a EmbeddedMigrations);

impl<B: diesel::backend::Backend> MigrationSource<B> for Embedded<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<B>>>> {
        self.0.migrations()
    }
}

fn applied(db: &mut Db) -> Result<BTreeSet<String>, DatabaseError> {
    let versions = match db {
        Db::Sqlite(lite) => lite.applied_migrations(),
        Db::Postgres(postgres) => postgres.applied_migrations(),
    };
    let versions = versions.map_err(|fault| DatabaseError::Migration(fault.to_string()))?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

#[derive(QueryableByName)]
struct Program {
    #[diesel(sql_type = Text)]
    program: String,
}

fn note_program(db: &mut Db, program: &str) -> Result<(), DatabaseError> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS schema_program (program TEXT NOT NULL); DELETE FROM schema_program;")?;
    let insert = match db {
        Db::Sqlite(lite) => {
            sql_query("INSERT INTO schema_program (program) VALUES (?)").bind::<Text, _>(program).execute(lite)
        }
        Db::Postgres(postgres) => {
            sql_query("INSERT INTO schema_program (program) VALUES ($1)").bind::<Text, _>(program).execute(postgres)
        }
    };
    insert?;
    Ok(())
}

fn last_program(db: &mut Db) -> Option<String> {
    let rows: Vec<Program> = sql_query("SELECT program FROM schema_program").load(db).ok()?;
    rows.into_iter().next().map(|row| row.program)
}

/// Replicas on one PostgreSQL migrate one after the other. SQLite's steps take the file's own lock.
fn in_turn<T>(db: &mut Db, work: impl FnOnce(&mut Db) -> Result<T, DatabaseError>) -> Result<T, DatabaseError> {
    if let Db::Postgres(postgres) = db {
        postgres.batch_execute(&format!("SELECT pg_advisory_lock({TURN})"))?;
    }
    let outcome = work(db);
    if let Db::Postgres(postgres) = db {
        postgres.batch_execute(&format!("SELECT pg_advisory_unlock({TURN})"))?;
    }
    outcome
}

// Any fixed number; it only must not mean another thing in the same database.
const TURN: i64 = 7_305_801_210;
