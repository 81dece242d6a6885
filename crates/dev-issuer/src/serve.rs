//! Starting and stopping.

use std::{fmt, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use km_domain::SystemClock;
use km_service::{
    ConfigError, Door, Limits, SecretFileError, Shutdown, StateDir, StateError, config, state::write_atomically,
    telemetry, tls,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    accounts::{AccountError, Accounts},
    endpoints,
    issuer::Issuer,
    settings::{Settings, TlsFiles},
    signing::{SigningError, SigningKeys},
};

/// Why the issuer does not run.
#[derive(Debug)]
pub enum ServeError {
    Config(ConfigError),
    File(SecretFileError),
    State(StateError),
    Tls(tls::TlsError),
    Io(io::Error),
    Settings(&'static str),
}

/// Reads the configuration; the errors list its faults.
pub fn check(file: &Path) -> Result<(), ServeError> {
    let settings: Settings = config::load(file).map_err(ServeError::Config)?;
    println!("{}: good ({} clients, {} people)", file.display(), settings.clients.len(), settings.people.len());
    Ok(())
}

/// Serves until asked to stop.
pub async fn serve(file: &Path) -> Result<(), ServeError> {
    // 1. Configuration, state folder, port.
    let settings: Settings = config::load(file).map_err(ServeError::Config)?;
    let settings = settings.resolved(file);
    telemetry::start(&settings.log);
    warn();
    let state = StateDir::open(&settings.state, "dev-issuer")?;
    let listener = state.listen_on("issuer", (settings.port != 0).then(|| loopback(settings.port)))?;
    let address = listener.local_addr().map_err(ServeError::Io)?;

    // 2. Keys and accounts.
    let keys = SigningKeys::open(state.join("signing-keys.pem"))?;
    let accounts = Accounts::open(&settings)?;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let name = settings.issuer.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let name = name.trim_end_matches('/').to_owned();
    let issuer = Arc::new(Issuer::new(name, &settings, accounts, keys, Arc::new(SystemClock)));

    // 3. The door.
    let shutdown = Shutdown::on_signals().map_err(ServeError::Io)?;
    let config = match &settings.tls {
        Some(files) => {
            let identity = tls::Identity::from_files(&files.certificate, &files.key)?;
            let config = tls::server_config(&identity, None, tls::HTTP_1_1)?;
            tokio::spawn(follow_certificate(identity, files.clone(), shutdown.clone()));
            Some(config)
        }
        None => None,
    };
    let limits = Limits { max_body: 64 * 1024, ..Limits::default() };
    let door = Door { name: "issuer", listener, tls: config, clear_text: false, limits, patience: Duration::MAX };
    let served = Arc::clone(&issuer);
    let running = door.open(move |routes| endpoints::routes(routes, &served), &shutdown).map_err(ServeError::Io)?;
    let running = tokio::spawn(running);
    tokio::spawn(rotate_on_hangup(Arc::clone(&issuer), shutdown.clone()));

    // 4. Others may find it now.
    write_atomically(&state.join("issuer"), format!("{}\n", issuer.name).as_bytes(), 0o644)?;
    write_atomically(&state.join("port"), format!("{}\n", address.port()).as_bytes(), 0o644)?;
    tracing::info!(event = "issuer.ready", issuer = issuer.name, "the development issuer is ready");
    match running.await {
        Ok(ended) => ended.map_err(ServeError::Io),
        Err(_) => Err(ServeError::Settings("the listener broke off")),
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Nobody shall mistake this for an identity provider.
fn warn() {
    eprintln!("==========================================================================");
    eprintln!("  DEVELOPMENT ONLY: this issuer keeps passwords in files and has no limit");
    eprintln!("  on guesses. Do not point anything at it that holds real people's records.");
    eprintln!("==========================================================================");
    tracing::warn!(event = "issuer.development-only", "this issuer is for development only");
}

/// Shows a renewed certificate without a restart.
async fn follow_certificate(identity: tls::Identity, files: TlsFiles, shutdown: Shutdown) {
    while shutdown.pause(Duration::from_secs(60)).await {
        if let Err(error) = identity.reload(&files.certificate, &files.key) {
            tracing::warn!(event = "issuer.certificate", %error, "the certificate could not be read again");
        }
    }
}

async fn rotate_on_hangup(issuer: Arc<Issuer>, shutdown: Shutdown) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            _ = hangup.recv() => match issuer.keys.rotate() {
                Ok(()) => tracing::info!(event = "issuer.rotated", "tokens are signed with a new key"),
                Err(error) => tracing::error!(event = "issuer.rotated", %error, "the signing key was not rotated"),
            },
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Settings(rule) => f.write_str(rule),
        }
    }
}

impl fmt::Display for SigningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
            Self::Key => f.write_str("the signing key cannot be read or made"),
            Self::Token => f.write_str("the token could not be signed"),
        }
    }
}

impl From<SecretFileError> for ServeError {
    fn from(error: SecretFileError) -> Self {
        Self::File(error)
    }
}

impl From<StateError> for ServeError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<tls::TlsError> for ServeError {
    fn from(error: tls::TlsError) -> Self {
        Self::Tls(error)
    }
}

impl From<SigningError> for ServeError {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::File(error) => Self::File(error),
            SigningError::Write(error) => Self::State(error),
            SigningError::Key => Self::Settings("the signing keys in the state folder cannot be read"),
            SigningError::Token => Self::Settings("no token could be signed"),
        }
    }
}

impl From<AccountError> for ServeError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::File(error) => Self::File(error),
            AccountError::Write(error) => Self::State(error),
            AccountError::TotpSecret => Self::Settings("totp_secret_file must hold base32 of 16 bytes or more"),
        }
    }
}
