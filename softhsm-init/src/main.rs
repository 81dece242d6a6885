//! `softhsm-init` sets up a SoftHSM token in a directory of its own: configuration, random PINs in files of mode 0600,
//! and the token itself, made through PKCS#11. It may be run again at any time: a token is never overwritten.

mod folder;
mod token;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Parser;

use crate::folder::Folder;
use crate::token::TokenDescription;

/// Where distributions put the module.
const MODULE_PATHS: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

/// Makes a SoftHSM token in its own directory, or checks the one that is there.
///
/// Services that load the module need SOFTHSM2_CONF set to the configuration file that is printed.
#[derive(Parser)]
#[command(name = "softhsm-init", after_help = "Example:\n  softhsm-init --dir ./state/token --label sealkeep")]
struct Arguments {
    /// Directory for configuration, PIN files and token objects; made if it is missing.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Label of the token: 1 to 32 letters, digits, '.', '-' or '_'.
    #[arg(long)]
    label: Option<String>,
    /// PKCS#11 module, if it is not where distributions put it.
    #[arg(long)]
    module: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Print the version.
    #[arg(long)]
    version: bool,
    /// The environment is prepared: set on the second start of this program, which is made by the first.
    #[arg(long, hide = true)]
    prepared: bool,
}

/// Why nothing was done, by exit code.
pub enum Failure {
    /// 1: what is there must not be touched, or does not fit.
    Refused(String),
    /// 2: the arguments are wrong.
    Usage(String),
    /// 3: the module or the directory cannot be used.
    Unavailable(String),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.version {
        println!("softhsm-init {}", env!("SEALKEEP_VERSION"));
        return ExitCode::SUCCESS;
    }
    let (code, reason) = match run(&arguments) {
        Ok(code) => return code,
        Err(Failure::Refused(reason)) => (1, reason),
        Err(Failure::Usage(reason)) => (2, reason),
        Err(Failure::Unavailable(reason)) => (3, reason),
    };
    eprintln!("softhsm-init: {reason}");
    ExitCode::from(code)
}

fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (Some(dir), Some(label)) = (&arguments.dir, &arguments.label) else {
        return Err(Failure::Usage("--dir and --label are required; see --help".into()));
    };
    if !is_label(label) {
        return Err(Failure::Usage("--label: 1 to 32 letters, digits, '.', '-' or '_'".into()));
    }
    let folder = Folder::prepare(dir)?;
    if !arguments.prepared {
        return start_again(&folder);
    }
    let module = find_module(arguments.module.as_deref())?;
    let _alone = folder.lock()?;
    let token = token::ensure(&module, &folder, label)?;
    print(&token, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// The module reads SOFTHSM2_CONF from the environment when it is initialised, so the variable has to be there when the
/// process starts.
fn start_again(folder: &Folder) -> Result<ExitCode, Failure> {
    let program =
        std::env::current_exe().map_err(|error| Failure::Unavailable(format!("this program's own path: {error}")))?;
    let status = Command::new(program)
        .args(std::env::args_os().skip(1))
        .arg("--prepared")
        .env("SOFTHSM2_CONF", folder.config_file())
        .status()
        .map_err(|error| Failure::Unavailable(format!("starting again: {error}")))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(3);
    Ok(ExitCode::from(code))
}

fn find_module(given: Option<&std::path::Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return Ok(path.to_path_buf());
    }
    MODULE_PATHS.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| {
        Failure::Unavailable("libsofthsm2.so was not found: install the package softhsm2 or give --module".into())
    })
}

fn is_label(label: &str) -> bool {
    (1..=32).contains(&label.len())
        && !label.starts_with('.')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn print(token: &TokenDescription, json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(token).map_err(|error| Failure::Unavailable(format!("output: {error}")))?;
        println!("{text}");
    } else {
        println!("module       {}", token.module.display());
        println!("serial       {}", token.serial);
        println!("label        {}", token.label);
        println!("pin_file     {}", token.pin_file.display());
        println!("config_file  {}", token.config_file.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn labels_are_file_names_and_fit_a_token() {
        assert!(is_label("sealkeep"));
        assert!(is_label(&"a".repeat(32)));
        assert!(!is_label(""));
        assert!(!is_label(&"a".repeat(33)));
        assert!(!is_label("../etc"));
        assert!(!is_label(".hidden"));
        assert!(!is_label("two words"));
    }
}
