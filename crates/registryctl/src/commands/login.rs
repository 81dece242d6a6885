//! `registryctl login`

use km_client::{BrowserLogin, ClientError, Endpoints, Holder, Http, forget_login, keep_login};
use km_domain::{Clock, SystemClock};
use serde_json::json;

use super::session;
use crate::{
    arguments::{Arguments, Login},
    exit::Outcome,
    output::Output,
};

/// Gets an access token and shows whose it is.
pub async fn run(arguments: &Arguments, login: &Login, output: &Output) -> Result<Outcome, ClientError> {
    if login.forget {
        forget_login(&Endpoints::read(&arguments.endpoints)?.login_file(&arguments.identity))?;
        output.say("forgotten");
        return Ok(Outcome::Good);
    }
    let holder = if login.browser { in_browser(arguments, login).await? } else { session(arguments)?.holder().await? };
    if output.is_json() {
        output.document(&json!({"subject": holder.subject, "issuer": holder.issuer, "roles": holder.roles}));
    } else {
        output.say(&format!("{} at {}", holder.subject, holder.issuer));
        output.say(&format!("roles: {}", holder.roles.join(", ")));
    }
    Ok(Outcome::Good)
}

async fn in_browser(arguments: &Arguments, login: &Login) -> Result<Holder, ClientError> {
    let endpoints = Endpoints::read(&arguments.endpoints)?;
    endpoints.identity(&arguments.identity)?;
    let http = Http::new(&endpoints.ca, None)?;
    let begun = BrowserLogin::begin(http, &endpoints.issuer, &login.client, login.level.as_deref()).await?;
    eprintln!("Open this address in a browser and log in:\n{}", begun.address);
    let (token, expires) = begun.finish(|| SystemClock.now()).await?;
    keep_login(&endpoints.login_file(&arguments.identity), &token, expires)?;
    Holder::of(&token)
}
