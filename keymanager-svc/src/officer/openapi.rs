//! The interface document of this door (OpenAPI 3.1), made as that of the other one.

use std::sync::LazyLock;

use utoipa::{
    Modify, OpenApi,
    openapi::{self, security::SecurityScheme},
};

use super::{certificates, enrolments, import_mosip, import_mosip_random, import_mosip_trust, keys, rewrap, tenants};
use crate::rest::Bearer;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sealkeep key manager, officers' listener",
        description = "Every call needs the client certificate of an officer's workstation and an access token with a fresh \
                       second factor, both of one tenant. Errors are problem documents, see /docs/errors. \
                       Idempotency-Key: the same key of the same caller with the same request does the thing once and gets \
                       the same answer for 24 hours, across restarts and replicas; with another request it is refused (422). \
                       Only successes are kept."
    ),
    paths(
        keys::create,
        keys::rotate,
        enrolments::list,
        enrolments::approve,
        rewrap::rewrap,
        certificates::revoke,
        tenants::create,
        import_mosip::inventory,
        import_mosip::transport_key,
        import_mosip::set_policy,
        import_mosip::import_alias,
        import_mosip::prove_alias,
        import_mosip_random::transfer,
        import_mosip_random::import_keys,
        import_mosip_trust::import_authority,
        import_mosip_trust::import_partner
    ),
    components(schemas(km_api::Problem)),
    security(("certificate" = [], "token" = [])),
    modifiers(&Bearer, &Workstation)
)]
struct Document;

struct Workstation;

impl Modify for Workstation {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let description = Some("of kind officer, under the service root".to_owned());
        let scheme = SecurityScheme::MutualTls { description, deprecated: None, extensions: None };
        document.components.get_or_insert_with(Default::default).add_security_scheme("certificate", scheme);
    }
}

/// The document as JSON.
pub fn document() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());
    &JSON
}
