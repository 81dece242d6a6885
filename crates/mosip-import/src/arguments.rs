//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Move an existing MOSIP Keymanager in: its keys, certificates and policies.
///
/// Reads the source's PostgreSQL database and its key store, a PKCS#12 file or a PKCS#11 token, and writes to neither. Prints what it
/// found and what it would do; does it with --apply, and then has every key answer a challenge. May be interrupted and run again at any time.
/// Exit codes: 0 good, 1 refused or not all proven, 2 usage, 3 unavailable.
#[derive(Parser)]
#[command(
    name = "kmctl import-mosip",
    version = env!("SEALKEEP_VERSION"),
    after_help = "Example:\n  kmctl --as officer import-mosip --database postgres://reader@db/mosip_keymgr --password-file db.txt --pkcs12 keys.p12 --pkcs12-password-file p12.txt --apply"
)]
pub struct Arguments {
    /// Where the services are: the file that they wrote.
    #[arg(long, value_name = "FILE", default_value = ".sealkeep/endpoints.json")]
    pub endpoints: PathBuf,
    /// As whom to act: a name under `identities` in that file.
    #[arg(long = "as", value_name = "WHO")]
    pub who: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// The source's database, without a password: postgres://USER@HOST:PORT/NAME.
    #[arg(long, value_name = "URL")]
    pub database: String,
    /// File that holds the database's password and nothing else.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The schema of the source's tables.
    #[arg(long, value_name = "NAME", default_value = "keymgr")]
    pub schema: String,
    /// The source's key store, a PKCS#12 file.
    #[arg(long, value_name = "FILE", requires = "pkcs12_password_file", required_unless_present = "pkcs11_module")]
    pub pkcs12: Option<PathBuf>,
    /// File that holds the key store's password and nothing else.
    #[arg(long, value_name = "FILE", requires = "pkcs12")]
    pub pkcs12_password_file: Option<PathBuf>,
    /// Instead: the module of the token that is the source's key store.
    #[arg(long, value_name = "FILE", requires_all = ["pkcs11_token", "pkcs11_pin_file"], conflicts_with = "pkcs12")]
    pub pkcs11_module: Option<PathBuf>,
    /// The token's label.
    #[arg(long, value_name = "LABEL", requires = "pkcs11_module")]
    pub pkcs11_token: Option<String>,
    /// File that holds the token's PIN and nothing else.
    #[arg(long, value_name = "FILE", requires = "pkcs11_module")]
    pub pkcs11_pin_file: Option<PathBuf>,
    /// Do it. Without this nothing is changed anywhere.
    #[arg(long)]
    pub apply: bool,
    /// What becomes of keys that the key manager itself made under a name whose source key is still current.
    #[arg(long, value_name = "WHAT")]
    pub own_keys: Option<OwnKeys>,
    /// Put the source's policies in place of those that stand differently here.
    #[arg(long)]
    pub replace_policies: bool,
    /// Write the report, as JSON, to this new file too.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// What becomes of the key manager's own current keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OwnKeys {
    /// They end; the source's are current. Before the change-over.
    Retire,
    /// They stay current; the source's decrypt and verify only. After the change-over.
    Keep,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_its_example_is_understood() {
        Arguments::command().debug_assert();
        let help = Arguments::command().get_after_help().unwrap().to_string();
        let line = help.lines().last().unwrap().trim().replacen("kmctl --as officer import-mosip", "x --as officer", 1);
        let arguments = Arguments::try_parse_from(line.split_whitespace()).ok().unwrap();
        assert!(arguments.apply && arguments.own_keys.is_none() && arguments.schema == "keymgr");
    }
}
