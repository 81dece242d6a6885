//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use km_domain::{FieldName, RecordId, RegisterName};

/// Import, find, open, list and erase records of a Sealkeep registry.
///
/// Personal values are encrypted here, on their way to the key manager, and decrypted here; the registry in between never
/// has them. Values to look for come from standard input, a file or a prompt, never from the command line.
///
/// Exit codes: 0 good, 1 refused or false, 2 usage, 3 not available.
#[derive(Debug, Parser)]
#[command(name = "registryctl", version = env!("SEALKEEP_VERSION"), after_help = "Example:\n  registryctl --endpoints .sealkeep/endpoints.json --identity backend login")]
pub struct Arguments {
    /// Where the services are: the file that the services wrote.
    #[arg(long, global = true, value_name = "FILE", default_value = ".sealkeep/endpoints.json")]
    pub endpoints: PathBuf,
    /// As whom to act: a name under `identities` in that file.
    #[arg(long, visible_alias = "as", global = true, value_name = "NAME", default_value = "backend")]
    pub identity: String,
    /// Sign with the key of this file, instead of the identity's.
    #[arg(long, global = true, value_name = "FILE")]
    pub reader_key: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Log in, and show whose access token it is.
    #[command(after_help = "Example:\n  registryctl --identity caseworker login")]
    Login(Login),
    /// Enrol this identity's key; it is good once an officer has approved it.
    #[command(after_help = "Example:\n  registryctl --identity backend enrol")]
    Enrol,
    /// Import people from CSV or JSON Lines; run it again to resume or to add nothing twice.
    #[command(after_help = "Example:\n  registryctl import people.csv --register individual")]
    Import(Import),
    /// Create one record from a JSON object of fields.
    #[command(after_help = "Example:\n  echo '{\"display_name\":\"Sukarno\"}' | registryctl create")]
    Create(Create),
    /// Store a new version of a record: all of its fields, as a JSON object.
    #[command(
        after_help = "Example:\n  registryctl update 01890a5d-ac96-774b-bcce-b302099a8057 --base-version 1 record.json"
    )]
    Update(Update),
    /// Find records by the value of an indexed field, and read them.
    #[command(
        after_help = "Example:\n  echo 999900007950 | registryctl --identity caseworker find --field national_id --fields display_name --purpose service-delivery"
    )]
    Find(Find),
    /// Read fields of records.
    #[command(
        after_help = "Example:\n  registryctl --identity caseworker open 01890a5d-ac96-774b-bcce-b302099a8057 --fields display_name,phones --purpose grievance --case GR-2026/0012"
    )]
    Open(Open),
    /// List records by clear attributes.
    #[command(after_help = "Example:\n  registryctl list --where registration_status=active --limit 20")]
    List(List),
    /// Erase a record for ever, and print its certificate.
    #[command(
        after_help = "Example:\n  registryctl --identity caseworker erase 01890a5d-ac96-774b-bcce-b302099a8057 --purpose erasure-request --yes"
    )]
    Erase(Erase),
    /// Show a register's definition.
    #[command(subcommand, after_help = "Example:\n  registryctl definition show individual")]
    Definition(Definition),
    /// Print a completion script.
    #[command(after_help = "Example:\n  registryctl completion bash > /etc/bash_completion.d/registryctl")]
    Completion {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub struct Login {
    /// Log in as a person with a browser; the token is kept for the next commands until it expires. Without it, the identity's
    /// own secret is used and nothing is kept.
    #[arg(long)]
    pub browser: bool,
    /// The public client under which people log in.
    #[arg(long, value_name = "CLIENT", default_value = "registryctl", requires = "browser")]
    pub client: String,
    /// The level of authentication that is wished (`acr`), for a second factor.
    #[arg(long, requires = "browser")]
    pub level: Option<String>,
    /// Forget the login that is kept.
    #[arg(long, conflicts_with = "browser")]
    pub forget: bool,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The file: CSV with `,` or `;`, or JSON Lines (`.jsonl`, `.ndjson`). UTF-8, with or without byte order mark. Columns are
    /// fields of the register; items of a list are separated by `|`.
    pub file: PathBuf,
    /// The register; without it, the one that the endpoints file names.
    #[arg(long)]
    pub register: Option<RegisterName>,
    /// Rows in one batch.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub batch: u32,
    /// Where to keep the position; without it, `imports/` beside the endpoints file.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Check the rows and send nothing. With `--definition`, no service is called.
    #[arg(long)]
    pub check: bool,
    /// Take the register's definition from this file instead of the registry.
    #[arg(long, value_name = "FILE", conflicts_with = "register")]
    pub definition: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Create {
    /// A file with a JSON object of fields; without it, standard input.
    pub file: Option<PathBuf>,
    #[arg(long)]
    pub register: Option<RegisterName>,
}

#[derive(Debug, Args)]
pub struct Update {
    pub record: RecordId,
    /// A file with a JSON object of all fields; without it, standard input.
    pub file: Option<PathBuf>,
    /// The version that is to be followed; refused if the record has another by now.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub base_version: u32,
    #[arg(long)]
    pub register: Option<RegisterName>,
}

/// Why records are wanted. It is kept in the log for ever: no names here.
#[derive(Debug, Args)]
pub struct Purpose {
    /// Why: service-delivery, eligibility, correction, grievance, audit, statistics, erasure-request or import.
    #[arg(long)]
    pub purpose: String,
    /// A case number, such as GR-2026/0012.
    #[arg(long)]
    pub case: Option<String>,
    /// The legal basis: consent, law, contract, vital-interest or public-task.
    #[arg(long)]
    pub basis: Option<String>,
}

#[derive(Debug, Args)]
pub struct Find {
    /// The indexed field. Its value comes from standard input, `--value-file` or a prompt.
    #[arg(long)]
    pub field: FieldName,
    /// Read the value from this file.
    #[arg(long, value_name = "FILE")]
    pub value_file: Option<PathBuf>,
    /// Fields to read of the records found, besides the one that is asked.
    #[arg(long, value_delimiter = ',')]
    pub fields: Vec<FieldName>,
    /// Print record ids only, and open nothing. What the registry names is then not checked.
    #[arg(long, conflicts_with = "fields")]
    pub ids_only: bool,
    #[arg(long)]
    pub register: Option<RegisterName>,
    #[command(flatten)]
    pub purpose: Purpose,
}

#[derive(Debug, Args)]
pub struct Open {
    /// Ids of the records.
    #[arg(required = true)]
    pub records: Vec<RecordId>,
    /// Fields to read; there is no "all".
    #[arg(long, value_delimiter = ',', required = true)]
    pub fields: Vec<FieldName>,
    /// Older versions too; a right of its own.
    #[arg(long)]
    pub history: bool,
    /// Keep the answer as the key manager signed it. The file holds personal values; its mode is 0600.
    #[arg(long, value_name = "FILE")]
    pub keep_signed: Option<PathBuf>,
    #[arg(long)]
    pub register: Option<RegisterName>,
    #[command(flatten)]
    pub purpose: Purpose,
}

#[derive(Debug, Args)]
pub struct List {
    /// A clear attribute and its value.
    #[arg(long = "where", value_name = "NAME=VALUE", value_parser = pair)]
    pub clear: Vec<(String, String)>,
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Where the page before ended.
    #[arg(long)]
    pub cursor: Option<String>,
    #[arg(long)]
    pub register: Option<RegisterName>,
}

#[derive(Debug, Args)]
pub struct Erase {
    pub record: RecordId,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    #[arg(long)]
    pub register: Option<RegisterName>,
    #[command(flatten)]
    pub purpose: Purpose,
}

#[derive(Debug, Subcommand)]
pub enum Definition {
    /// Show what the registry's database shows to a thief, field by field.
    #[command(after_help = "Example:\n  registryctl definition show individual")]
    Show {
        /// The register; without it, the one that the endpoints file names.
        register: Option<RegisterName>,
        /// Read a definition file, and call no service.
        #[arg(long, value_name = "FILE", conflicts_with = "register")]
        file: Option<PathBuf>,
    },
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_an_example_that_parses() {
        let mut command = Arguments::command();
        command.build();
        for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
            let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            let line = help.lines().nth(1).unwrap_or_else(|| panic!("{} has no example", subcommand.get_name()));
            let line = line.rsplit(" | ").next().unwrap().split(" > ").next().unwrap();
            Arguments::try_parse_from(line.split_whitespace()).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}
