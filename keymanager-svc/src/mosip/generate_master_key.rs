//! `POST /generateMasterKey/{objectType}`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip::{self, DefaultName, KeyName, Make, Names, Order};
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::{KeyPair, named},
    lenient::{Constraint, Flag, Members, Text, is_true},
};

/// What an order for a key pair is sent, and a request for a certificate.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(default)]
    force: Option<Flag>,
    #[serde(borrow, default)]
    common_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    organization_unit: Option<Text<'a>>,
    #[serde(borrow, default)]
    organization: Option<Text<'a>>,
    #[serde(borrow, default)]
    location: Option<Text<'a>>,
    #[serde(borrow, default)]
    state: Option<Text<'a>>,
    #[serde(borrow, default)]
    country: Option<Text<'a>>,
}

/// The same, checked.
pub struct Read {
    pub name: KeyName,
    pub force: bool,
    pub subject: Names,
}

/// The longest name part that a certificate has room for (RFC 5280, appendix A.1).
const LONGEST_NAME: usize = 64;

impl Asked<'_> {
    /// Checks the members.
    ///
    /// # Errors
    /// A member breaks a rule.
    pub fn read(&self, endpoint: Endpoint) -> Result<Read, Refusal> {
        let mut members = Members::default();
        let application = members.required("applicationId", self.application_id.as_ref(), Constraint::Filled);
        let mut part = |name: &str, member: &Option<Text<'_>>, most: usize| {
            let text = Members::optional(member.as_ref()).trim().to_owned();
            if text.chars().count() > most || text.chars().any(char::is_control) {
                members.fault(name, &format!("must be at most {most} printable characters"));
            }
            text
        };
        let subject = Names {
            common_name: part("commonName", &self.common_name, LONGEST_NAME),
            organizational_unit: part("organizationUnit", &self.organization_unit, LONGEST_NAME),
            organization: part("organization", &self.organization, LONGEST_NAME),
            locality: part("location", &self.location, LONGEST_NAME),
            state: part("state", &self.state, LONGEST_NAME),
            country: part("country", &self.country, 2),
        };
        members.end()?;
        let name = named(endpoint, application, Members::optional(self.reference_id.as_ref()))?;
        Ok(Read { name, force: is_true(self.force), subject })
    }
}

/// What the answer to an order holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    Certificate,
    Request,
}

impl Object {
    /// Whatever its case; looked at before anything is made.
    ///
    /// # Errors
    /// Neither of the two words.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text.to_ascii_uppercase().as_str() {
            "CERTIFICATE" => Ok(Self::Certificate),
            "CSR" => Ok(Self::Request),
            _ => Err(Refusal::no_such_object()),
        }
    }
}

/// Makes a key that is ordered and answers with its certificate or a request for one.
///
/// # Errors
/// What the order is refused with.
pub async fn ordered(
    dialect: &Dialect,
    endpoint: Endpoint,
    make: Make,
    object: Object,
    call: Call,
) -> Result<KeyPair, Refusal> {
    let caller = call.caller.clone();
    let Read { name, force, subject } = call.request::<Asked<'_>>()?.read(endpoint)?;
    let (who, order) = (caller.clone(), Order { name: name.clone(), make, force, subject: subject.clone() });
    dialect.change(endpoint, move |operations, record| mosip::generate(operations, record, &who, &order)).await?;
    let (who, lane) = (caller.clone(), &dialect.edge.token);
    match object {
        Object::Certificate => dialect
            .perform(endpoint, lane, &caller, move |operations, _| mosip::certificate(operations, &who, &name))
            .await
            .map(KeyPair::of),
        Object::Request => {
            let asked = dialect.perform(endpoint, lane, &caller, move |operations, _| {
                mosip::request(operations, &who, &name, &subject, DefaultName::WithKey)
            });
            let made = asked.await?;
            Ok(KeyPair {
                certificate: None,
                cert_sign_request: Some(made.request),
                issued_at: time::with_zone(made.alias.0),
                expiry_at: time::with_zone(made.alias.1),
                timestamp: time::with_zone(made.now),
            })
        }
    }
}

/// Makes a master key, unless one is current and none is forced.
#[actix_web::post("/generateMasterKey/{object_type}")]
pub async fn generate_master_key(
    dialect: Data<Dialect>,
    object: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let endpoint = Endpoint::GenerateMasterKey;
    let work = async |call| ordered(&dialect, endpoint, Make::Master, Object::parse(&object)?, call).await;
    dialect.serve(endpoint, &request, payload, work).await
}
