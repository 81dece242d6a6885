//! `POST /zkEncrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
use km_formats::mosip::text;
use km_operations::mosip::{self, ToSealZk};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
};

/// What both `zkEncrypt` and `zkDecrypt` are sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    zk_data_attributes: Option<Vec<Option<Attribute<'a>>>>,
}

#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(borrow, default)]
    identifier: Option<Text<'a>>,
    #[serde(borrow, default)]
    value: Option<Text<'a>>,
}

/// The request of either, checked: names and values as they stand.
pub struct Read {
    pub id: SecretText,
    pub values: Vec<(String, SecretText)>,
}

/// Values of one call.
const MOST: usize = 1000;

/// Reads the request of `zkEncrypt` or `zkDecrypt`; its body is wiped here.
///
/// # Errors
/// A member that is missing or of another type; too many values.
pub fn read(call: Call) -> Result<Read, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let id = members.required("id", asked.id.as_ref(), Constraint::Filled);
    let attributes = asked.zk_data_attributes.unwrap_or_default();
    if attributes.len() > MOST {
        members.fault("zkDataAttributes", "must be at most 1000");
    }
    let mut values = Vec::with_capacity(attributes.len().min(MOST));
    for (at, attribute) in attributes.iter().take(MOST).enumerate() {
        let part = |name| format!("zkDataAttributes[{at}].{name}");
        let (identifier, value) =
            attribute.as_ref().map_or((None, None), |one| (one.identifier.as_ref(), one.value.as_ref()));
        let identifier = members.required(&part("identifier"), identifier, Constraint::Filled);
        let value = members.required(&part("value"), value, Constraint::Filled);
        values.push((identifier.to_owned(), SecretText::new(value.to_owned())));
    }
    members.end()?;
    Ok(Read { id: SecretText::new(id.to_owned()), values })
}

/// The answer of either; `zkDecrypt` leaves the last two out. The third is spelled so.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub zk_data_attributes: Vec<Named>,
    pub encrypted_random_key: Option<String>,
    pub rankom_key_index: Option<String>,
}

#[derive(Serialize)]
pub struct Named {
    pub identifier: String,
    pub value: String,
}

/// Seals each value under a key that comes from one of the random keys and the id.
#[actix_web::post("/zkEncrypt")]
pub async fn zk_encrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::ZkEncrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let read = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let asked = ToSealZk { id: read.id, values: read.values };
            let sealed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::zk_encrypt(operations, &who, &asked))
                .await?;
            let written = move || {
                let named = |(identifier, value): (String, Vec<u8>)| Named {
                    identifier,
                    value: text::encode(&value).unwrap_or_default(),
                };
                Ok(Answer {
                    zk_data_attributes: sealed.values.into_iter().map(named).collect(),
                    encrypted_random_key: Some(sealed.random_key),
                    rankom_key_index: Some(sealed.number.to_string()),
                })
            };
            dialect.off_the_wire(is_large, written).await
        })
        .await
}
