//! What the issuer is and where (OpenID Connect Discovery 1.0, section 3).

use actix_web::HttpResponse;
use serde_json::json;

use super::Shared;
use crate::accounts::{LEVEL_PASSWORD, LEVEL_TWO_FACTORS};

pub async fn show(issuer: Shared) -> HttpResponse {
    let name = &issuer.name;
    HttpResponse::Ok().json(json!({
        "issuer": name,
        "authorization_endpoint": format!("{name}/authorize"),
        "token_endpoint": format!("{name}/token"),
        "jwks_uri": format!("{name}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "acr_values_supported": [LEVEL_PASSWORD, LEVEL_TWO_FACTORS],
        "scopes_supported": ["openid"],
        "authorization_response_iss_parameter_supported": true,
    }))
}
