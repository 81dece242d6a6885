//! `GET /v1/status`

use actix_web::web;
use km_api::{
    registers::{RegistryStatus, TermCount},
    rewrap::{IndexVersions, VersionCount},
};
use km_service::Problem;

use super::Rest;
use crate::operations::{Caller, status};

/// Key versions and what is left on each, index terms, and how much of the log was witnessed.
#[utoipa::path(
    get, path = "/v1/status", tag = "registry", security(("token" = [])),
    responses((status = 200, body = RegistryStatus), (status = "4XX", body = km_api::Problem))
)]
pub async fn status(rest: web::Data<Rest>, caller: Caller) -> Result<web::Json<RegistryStatus>, Problem> {
    let found = match status::status(&rest.registry, &caller).await {
        Ok(found) => found,
        Err(error) => return Err(rest.fail(&caller, "", error).await),
    };
    let key_encryption = found.keys.key_encryption.into_iter().map(|count| VersionCount {
        version: count.version,
        state: count.state,
        subject_keys: count.subject_keys,
    });
    let index = found.keys.index.into_iter().map(|index| IndexVersions {
        register: index.register,
        field: index.field,
        kind: index.kind,
        current: index.current,
        live: index.live,
    });
    let terms = found.terms.into_iter().map(|count| TermCount {
        register: count.register,
        field: count.field,
        version: u32::try_from(count.version).unwrap_or_default(),
        terms: u64::try_from(count.terms).unwrap_or_default(),
    });
    Ok(web::Json(RegistryStatus {
        log_size: found.log_size,
        key_encryption: key_encryption.collect(),
        index: index.collect(),
        terms: terms.collect(),
    }))
}
