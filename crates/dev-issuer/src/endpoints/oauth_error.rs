//! Errors of the token endpoint (RFC 6749, section 5.2).

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde_json::json;

use crate::signing::SigningError;

/// The code and a sentence for developers, never a value of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthError {
    InvalidRequest(&'static str),
    InvalidClient,
    InvalidGrant(&'static str),
    UnauthorizedClient,
    UnsupportedGrantType,
    ServerError,
}

impl OauthError {
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::ServerError => "server_error",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(text) | Self::InvalidGrant(text) => text,
            Self::InvalidClient => "unknown client or wrong secret",
            Self::UnauthorizedClient => "the client may not use this grant",
            Self::UnsupportedGrantType => "grant_type must be client_credentials or authorization_code",
            Self::ServerError => "no token could be signed",
        }
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl ResponseError for OauthError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        if *self == Self::InvalidClient {
            answer.insert_header(("WWW-Authenticate", "Basic realm=\"token\""));
        }
        answer.json(json!({ "error": self.code(), "error_description": self.description() }))
    }
}

impl From<SigningError> for OauthError {
    fn from(error: SigningError) -> Self {
        tracing::error!(event = "issuer.sign", %error, "no token could be signed");
        Self::ServerError
    }
}
