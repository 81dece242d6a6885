//! `migrate`: brings the database's schema to the one that this binary knows.

use crate::{
    config::Config,
    startup::{self, StartError},
};

pub fn run(config: &Config) -> Result<(), StartError> {
    let database = startup::database(config)?;
    let steps = km_storage::migrations().run(&database)?;
    println!("{steps} migration steps were run");
    Ok(())
}
