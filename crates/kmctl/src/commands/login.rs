//! `kmctl login`

use clap::Args;
use km_client::{BrowserLogin, Holder, Http, forget_login, keep_login};
use km_domain::{Clock, SystemClock};
use serde_json::json;

use crate::{answer::Answer, failure::Failure, online::Online};

/// Log in, and show whose access token it is.
///
/// Without `--browser` the identity's own secret is used, and nothing is kept.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer login --browser --level 2")]
pub struct Arguments {
    /// Log in as a person: prints the address to open. The token is kept, in a file of mode 0600 beside the endpoints file,
    /// until it expires.
    #[arg(long)]
    browser: bool,
    /// The client under which people log in.
    #[arg(long, value_name = "CLIENT", default_value = "kmctl", requires = "browser")]
    client: String,
    /// The level of authentication that is wished (`acr`): officers need a second factor.
    #[arg(long, value_name = "LEVEL", requires = "browser")]
    level: Option<String>,
    /// Forget the login that is kept.
    #[arg(long, conflicts_with = "browser")]
    forget: bool,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    if arguments.forget {
        forget_login(&online.endpoints()?.login_file(online.who()?))?;
        return Ok(Answer::good(&json!({"forgotten": true}), "forgotten"));
    }
    let holder =
        if arguments.browser { in_browser(arguments, online).await? } else { online.session()?.holder().await? };
    let text = format!("{} at {}\nroles: {}", holder.subject, holder.issuer, holder.roles.join(", "));
    Ok(Answer::good(&json!({"subject": holder.subject, "issuer": holder.issuer, "roles": holder.roles}), text))
}

async fn in_browser(arguments: &Arguments, online: &Online) -> Result<Holder, Failure> {
    let endpoints = online.endpoints()?;
    endpoints.identity(online.who()?)?;
    let http = Http::new(&endpoints.ca, None)?;
    let begun = BrowserLogin::begin(http, &endpoints.issuer, &arguments.client, arguments.level.as_deref()).await?;
    eprintln!("Open this address in a browser and log in:\n{}", begun.address);
    let (token, expires) = begun.finish(|| SystemClock.now()).await?;
    keep_login(&endpoints.login_file(online.who()?), &token, expires)?;
    Ok(Holder::of(&token)?)
}
