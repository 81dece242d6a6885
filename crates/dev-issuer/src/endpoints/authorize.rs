//! The login of a person (RFC 6749, section 4.1; RFC 7636; RFC 9207).

use actix_web::{Error, HttpRequest, HttpResponse, http::header, web};
use km_domain::SecretText;
use km_service::problem::{MALFORMED_REQUEST, Problem};
use serde::Deserialize;

use super::{Shared, login_page};
use crate::{
    accounts::{LEVEL_PASSWORD, LEVEL_TWO_FACTORS},
    codes::Login,
    issuer::Issuer,
};

/// With what a login begins. Members that we do not know are passed over, a repeated one is an error.
#[derive(Debug, Clone, Deserialize)]
pub struct LoginRequest {
    response_type: Option<String>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    state: Option<String>,
    scope: Option<String>,
    nonce: Option<String>,
    acr_values: Option<String>,
}

/// What the page sends: the request again, and who logs in.
#[derive(Deserialize)]
pub struct LoginForm {
    username: String,
    password: String,
    #[serde(default)]
    otp: String,
    response_type: Option<String>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    state: Option<String>,
    scope: Option<String>,
    nonce: Option<String>,
    acr_values: Option<String>,
}

/// Shows the page.
pub async fn begin(issuer: Shared, query: Result<web::Query<LoginRequest>, Error>) -> Result<HttpResponse, Problem> {
    let request = query.map_err(|_| refused("the address is not one of a login"))?;
    match request.check(&issuer) {
        Ok(_) => Ok(login_page::form(&request, None)),
        Err(refusal) => refusal.answer(&issuer),
    }
}

/// Checks who logs in and sends them back with a code.
pub async fn finish(
    issuer: Shared,
    http: HttpRequest,
    form: Result<web::Form<LoginForm>, Error>,
) -> Result<HttpResponse, Problem> {
    let form = form.map_err(|_| refused("the form is not the one of the login page"))?;
    if !is_from_here(&issuer, &http) {
        return Err(refused("the form came from another site"));
    }
    let (request, attempt) = form.into_inner().split();
    let checked = match request.check(&issuer) {
        Ok(checked) => checked,
        Err(refusal) => return refusal.answer(&issuer),
    };
    let now = issuer.clock.now();
    let known =
        issuer.accounts.authenticate_person(&attempt.username, attempt.password.expose(), attempt.otp.expose(), now);
    let Some((person, acr)) = known else {
        tracing::warn!(event = "issuer.login-refused", "a login failed");
        return Ok(login_page::form(&request, Some("User name, password or one-time password is wrong.")));
    };
    if request.wants_two_factors() && acr == LEVEL_PASSWORD {
        return Ok(login_page::form(&request, Some("This login needs a one-time password.")));
    }
    let login = Login {
        client_id: checked.client_id.to_owned(),
        redirect_uri: checked.redirect_uri.to_owned(),
        challenge: checked.challenge.to_owned(),
        username: person.username.clone(),
        acr,
        at: now,
        nonce: request.nonce.clone(),
        scope: request.scope.clone(),
    };
    let code = issuer.codes.issue(login, now);
    let answer = code.as_deref().map_or(("error", "temporarily_unavailable"), |code| ("code", code));
    Ok(back(&issuer, checked.redirect_uri, request.state.as_deref(), answer))
}

struct Attempt {
    username: String,
    password: SecretText,
    otp: SecretText,
}

impl LoginForm {
    fn split(self) -> (LoginRequest, Attempt) {
        let request = LoginRequest {
            response_type: self.response_type,
            client_id: self.client_id,
            redirect_uri: self.redirect_uri,
            code_challenge: self.code_challenge,
            code_challenge_method: self.code_challenge_method,
            state: self.state,
            scope: self.scope,
            nonce: self.nonce,
            acr_values: self.acr_values,
        };
        let (password, otp) = (SecretText::new(self.password), SecretText::new(self.otp));
        (request, Attempt { username: self.username, password, otp })
    }
}

struct Checked<'a> {
    client_id: &'a str,
    redirect_uri: &'a str,
    challenge: &'a str,
}

/// Why a login cannot begin: told to the person, or, once the address is known to be the client's, to the client.
enum Refusal<'a> {
    ToPerson(&'static str),
    ToClient { redirect_uri: &'a str, state: Option<&'a str>, error: &'static str },
}

impl LoginRequest {
    fn check<'a>(&'a self, issuer: &Issuer) -> Result<Checked<'a>, Refusal<'a>> {
        let client_id = self.client_id.as_deref().ok_or(Refusal::ToPerson("client_id is missing"))?;
        let client = issuer.accounts.client(client_id).ok_or(Refusal::ToPerson("the client is not known"))?;
        let redirect_uri = self.redirect_uri.as_deref().filter(|uri| client.may_return_to(uri));
        let redirect_uri = redirect_uri.ok_or(Refusal::ToPerson("the client may not return to that address"))?;
        let to_client = |error| Refusal::ToClient { redirect_uri, state: self.state.as_deref(), error };
        if self.response_type.as_deref() != Some("code") {
            return Err(to_client("unsupported_response_type"));
        }
        // PKCE with S256 for everybody (RFC 9700, section 2.1.1).
        let challenge = self.code_challenge.as_deref().filter(|challenge| challenge.len() == 43);
        match (challenge, self.code_challenge_method.as_deref()) {
            (Some(challenge), Some("S256")) => Ok(Checked { client_id, redirect_uri, challenge }),
            _ => Err(to_client("invalid_request")),
        }
    }

    /// OpenID Connect Core 1.0, section 3.1.2.1; the first level named is the one that is wished.
    pub fn wants_two_factors(&self) -> bool {
        self.acr_values.as_deref().and_then(|levels| levels.split(' ').next()) == Some(LEVEL_TWO_FACTORS)
    }

    pub fn members(&self) -> [(&'static str, Option<&str>); 9] {
        [
            ("response_type", self.response_type.as_deref()),
            ("client_id", self.client_id.as_deref()),
            ("redirect_uri", self.redirect_uri.as_deref()),
            ("code_challenge", self.code_challenge.as_deref()),
            ("code_challenge_method", self.code_challenge_method.as_deref()),
            ("state", self.state.as_deref()),
            ("scope", self.scope.as_deref()),
            ("nonce", self.nonce.as_deref()),
            ("acr_values", self.acr_values.as_deref()),
        ]
    }
}

impl Refusal<'_> {
    fn answer(&self, issuer: &Issuer) -> Result<HttpResponse, Problem> {
        match self {
            Self::ToPerson(text) => Err(refused(text)),
            Self::ToClient { redirect_uri, state, error } => Ok(back(issuer, redirect_uri, *state, ("error", error))),
        }
    }
}

fn refused(text: &str) -> Problem {
    Problem::new(&MALFORMED_REQUEST).detail(text)
}

/// 303, so that the browser does not send the password along (RFC 9700, section 4.12).
fn back(issuer: &Issuer, redirect_uri: &str, state: Option<&str>, (name, value): (&str, &str)) -> HttpResponse {
    let mut address = redirect_uri.to_owned();
    address.push(if redirect_uri.contains('?') { '&' } else { '?' });
    let members = [(name, Some(value)), ("state", state), ("iss", Some(issuer.name.as_str()))];
    let members = members.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", percent_encoded(value?))));
    address.push_str(&members.collect::<Vec<_>>().join("&"));
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .finish()
}

pub(super) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
        encoded
    })
}

/// A browser names the site that a form comes from; programs name none.
fn is_from_here(issuer: &Issuer, request: &HttpRequest) -> bool {
    let authority_ends = |name: &str| name.match_indices('/').nth(2).map_or(name.len(), |(index, _)| index);
    let ours = &issuer.name[..authority_ends(&issuer.name)];
    request.headers().get(header::ORIGIN).is_none_or(|origin| origin.as_bytes() == ours.as_bytes())
}
