//! `POST /pdf/sign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::text;
use km_operations::mosip::{self, ToSignPdf};
use serde::Deserialize;

use super::{
    Call, Dialect,
    encrypt::Answer,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Members, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    time_stamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(borrow, default)]
    lower_left_x: Option<Text<'a>>,
    #[serde(borrow, default)]
    lower_left_y: Option<Text<'a>>,
    #[serde(borrow, default)]
    upper_right_x: Option<Text<'a>>,
    #[serde(borrow, default)]
    upper_right_y: Option<Text<'a>>,
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    page_number: Option<Text<'a>>,
    #[serde(borrow, default)]
    password: Option<Text<'a>>,
}

/// Characters of a reason.
const LONGEST_REASON: usize = 512;
/// Units of a page: its longest side (ISO 32000-1, annex C.2).
const LONGEST_SIDE: u32 = 14_400;

fn read(call: Call) -> Result<ToSignPdf, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let application = members.required("applicationId", asked.application_id.as_ref(), Constraint::Unblank);
    members.time("timeStamp", asked.time_stamp.as_ref());
    let data = members.required("data", asked.data.as_ref(), Constraint::Unblank);
    let reason = members.required("reason", asked.reason.as_ref(), Constraint::Unblank);
    if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
        members.fault("reason", "must be at most 512 printable characters");
    }
    if !Members::optional(asked.password.as_ref()).is_empty() {
        members.fault("password", "must be empty: the document stays readable as it is");
    }
    let rectangle = [
        number(&mut members, "lowerLeftX", asked.lower_left_x.as_ref()),
        number(&mut members, "lowerLeftY", asked.lower_left_y.as_ref()),
        number(&mut members, "upperRightX", asked.upper_right_x.as_ref()),
        number(&mut members, "upperRightY", asked.upper_right_y.as_ref()),
    ];
    let page = number(&mut members, "pageNumber", asked.page_number.as_ref());
    let [left, lower, right, upper] = rectangle;
    if right < left || upper < lower {
        members.fault("upperRightX", "and upperRightY must not be less than lowerLeftX and lowerLeftY");
    }
    members.end()?;
    let document = text::decode(data.trim()).map_err(|_| Refusal::not_base64())?;
    Ok(ToSignPdf {
        name: named(Endpoint::PdfSign, application, Members::optional(asked.reference_id.as_ref()))?,
        document: SecretBytes::new(document.unwrap_or_default()),
        // Pages are counted from 1; 0 is taken for it.
        page: usize::try_from(page.saturating_sub(1)).unwrap_or_default(),
        rectangle,
        reason: reason.to_owned(),
    })
}

/// A whole number that is not negative; absent: 0.
fn number(members: &mut Members, name: &str, member: Option<&Text<'_>>) -> u32 {
    match Members::optional(member).trim() {
        "" => 0,
        text => text.parse().ok().filter(|number| *number <= LONGEST_SIDE).unwrap_or_else(|| {
            members.fault(name, "must be a number from 0 to 14400");
            0
        }),
    }
}

/// Signs a PDF: nothing of it changes, the signature comes behind it.
#[actix_web::post("/pdf/sign")]
pub async fn pdf_sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::PdfSign;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::pdf_sign(operations, &who, &asked))
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer { data: text::encode(signed.expose()) })).await
        })
        .await
}
