//! The interface document, OpenAPI 3.1, from the handlers and the types of crate `api`.

use std::sync::OnceLock;

use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sealkeep registry",
        description = "Holds people and households as ciphertext. Personal fields come and go inside JWE only.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        super::status::status,
        super::registers::list::list,
        super::registers::show::show,
        super::records::list::list,
        super::records::bulk::bulk,
        super::records::find::find,
        super::records::open::open,
        super::records::open_many::open_many,
        super::records::put::put,
        super::records::erase::erase,
    ),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document as JSON.
///
/// # Errors
/// It cannot be written as JSON.
pub fn document() -> Result<&'static str, serde_json::Error> {
    static TEXT: OnceLock<String> = OnceLock::new();
    if let Some(text) = TEXT.get() {
        return Ok(text);
    }
    let text = Document::openapi().to_json()?;
    Ok(TEXT.get_or_init(|| text))
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_3_1_and_names_every_route() {
        let document: serde_json::Value = serde_json::from_str(super::document().unwrap()).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let record = &document["paths"]["/v1/registers/{register}/records/{id}"];
        assert!(record["put"].is_object() && record["delete"].is_object());
        assert_eq!(document["paths"].as_object().unwrap().len(), 8);
    }
}
