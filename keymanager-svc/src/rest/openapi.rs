//! The interface document (OpenAPI 3.1), made from the handlers and the types of their bodies.

use std::sync::LazyLock;

use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{data_keys, enrol, exports, keys, log, me_keys, random, well_known};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sealkeep key manager",
        description = "Binary members are base64url without padding; both alphabets, padded or not, are accepted. \
                       Errors are problem documents, see /docs/errors. \
                       Idempotency-Key: where a route lists this header, the same key of the same caller with the same \
                       request does the thing once and gets the same answer for 24 hours, across restarts and replicas; \
                       with another request it is refused (422). Only successes are kept. The other routes make nothing \
                       durable and may be repeated at will: there the header has no effect, because their answers hold \
                       secrets and are never kept. A first certificate (/v1/enrol) is bought with a one-time token."
    ),
    paths(
        well_known::jwks,
        keys::list::list,
        keys::show::show,
        keys::encrypt::encrypt,
        keys::decrypt::decrypt,
        keys::rewrap::rewrap,
        keys::sign::sign,
        keys::verify::verify,
        keys::mac::mac,
        data_keys::create,
        data_keys::unwrap,
        random::random,
        me_keys::enrol,
        me_keys::own,
        enrol::enrol,
        exports::create,
        exports::fetch,
        log::checkpoint,
        log::events,
        log::proof
    ),
    components(schemas(km_api::Problem)),
    security(("token" = [])),
    modifiers(&Bearer)
)]
struct Document;

/// Says that every call but the open ones needs a bearer token.
pub struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document as JSON.
pub fn document() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());
    &JSON
}
