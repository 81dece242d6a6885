//! `POST /getCaCertificates`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::Timestamp;
use km_formats::mosip::time;
use km_operations::mosip::{self, Listing, OrderBy, Page, ToList};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Flag, Members, Text, is_true},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    ca_certificate_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    partner_domain: Option<Text<'a>>,
    #[serde(rename = "excludeMosipCA", default)]
    exclude_mosip_ca: Option<Flag>,
    #[serde(borrow, default)]
    sort_order: Option<Text<'a>>,
    #[serde(borrow, default)]
    sort_by_field_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    page_number: Option<Text<'a>>,
    #[serde(borrow, default)]
    page_size: Option<Text<'a>>,
    #[serde(borrow, default)]
    cert_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    issued_to: Option<Text<'a>>,
    #[serde(borrow, default)]
    issued_by: Option<Text<'a>>,
    #[serde(borrow, default)]
    valid_from_date: Option<Text<'a>>,
    #[serde(borrow, default)]
    valid_till_date: Option<Text<'a>>,
    #[serde(borrow, default)]
    upload_time: Option<Text<'a>>,
    #[serde(borrow, default)]
    expiring_within_date: Option<Text<'a>>,
}

/// How many stand on a page unless the caller says so, and at most.
const USUAL: usize = 10;
const MOST: usize = 500;

impl Asked<'_> {
    fn read(&self) -> Result<ToList, Refusal> {
        let mut members = Members::default();
        let text = |member: &Option<Text<'_>>| Members::optional(member.as_ref()).to_owned();
        let asked = ToList {
            kind: text(&self.ca_certificate_type),
            domain: text(&self.partner_domain),
            without_own: is_true(self.exclude_mosip_ca),
            id: text(&self.cert_id),
            issued_to: text(&self.issued_to),
            issued_by: text(&self.issued_by),
            valid_from: moment(&mut members, "validFromDate", self.valid_from_date.as_ref()),
            valid_till: moment(&mut members, "validTillDate", self.valid_till_date.as_ref()),
            uploaded: moment(&mut members, "uploadTime", self.upload_time.as_ref()),
            expiring: moment(&mut members, "expiringWithinDate", self.expiring_within_date.as_ref()),
            order: order(&mut members, self.sort_by_field_name.as_ref()),
            descending: text(&self.sort_order).trim().eq_ignore_ascii_case("DESC"),
            page: number(&mut members, "pageNumber", self.page_number.as_ref()).unwrap_or(1).max(1),
            size: match number(&mut members, "pageSize", self.page_size.as_ref()) {
                None | Some(0) => USUAL,
                Some(size) => size.min(MOST),
            },
        };
        members.end().map(|()| asked)
    }
}

fn moment(members: &mut Members, name: &str, member: Option<&Text<'_>>) -> Option<Timestamp> {
    match Members::optional(member) {
        "" => None,
        text => {
            let moment = time::parse(text).ok();
            if moment.is_none() {
                members.fault(name, "must be of the form 2025-01-15T09:30:00.000Z");
            }
            moment
        }
    }
}

/// A whole number; one below 0 counts as 0.
fn number(members: &mut Members, name: &str, member: Option<&Text<'_>>) -> Option<usize> {
    match Members::optional(member) {
        "" => None,
        text => {
            let number = text.trim().parse::<i64>().ok();
            if number.is_none() {
                members.fault(name, "must be a whole number");
            }
            number.map(|number| usize::try_from(number).unwrap_or(0))
        }
    }
}

/// The names that MOSIP's own rows have, and those of the answer.
fn order(members: &mut Members, member: Option<&Text<'_>>) -> OrderBy {
    match Members::optional(member).trim().to_ascii_lowercase().as_str() {
        "" | "createdtimes" | "uploadtime" => OrderBy::Uploaded,
        "certid" => OrderBy::Id,
        "certsubject" | "issuedto" => OrderBy::IssuedTo,
        "certissuer" | "issuedby" => OrderBy::IssuedBy,
        "certnotbefore" | "validfromdate" => OrderBy::ValidFrom,
        "certnotafter" | "validtilldate" => OrderBy::ValidTill,
        "partnerdomain" => OrderBy::Domain,
        "cacertificatetype" => OrderBy::Kind,
        "certthumbprint" => OrderBy::Thumbprint,
        _ => {
            members.fault("sortByFieldName", "must be the name of a member of the answer");
            OrderBy::Uploaded
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    page_number: usize,
    page_size: usize,
    total_records: usize,
    total_pages: usize,
    all_partner_certificates: Vec<One>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One {
    ca_certificate_type: &'static str,
    partner_domain: String,
    cert_id: String,
    issued_to: String,
    issued_by: String,
    cert_thumbprint: String,
    valid_from_date: String,
    valid_till_date: String,
    upload_time: String,
    status: bool,
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self {
            page_number: page.number,
            page_size: page.size,
            total_records: page.total,
            total_pages: page.total.div_ceil(page.size),
            all_partner_certificates: page.listings.into_iter().map(One::from).collect(),
        }
    }
}

impl From<Listing> for One {
    fn from(listing: Listing) -> Self {
        Self {
            ca_certificate_type: listing.kind.name(),
            partner_domain: listing.domain,
            cert_id: listing.id,
            issued_to: listing.issued_to,
            issued_by: listing.issued_by,
            cert_thumbprint: listing.thumbprint,
            valid_from_date: time::with_zone(listing.valid_from),
            valid_till_date: time::with_zone(listing.valid_till),
            upload_time: time::with_zone(listing.uploaded),
            status: listing.is_valid,
        }
    }
}

/// The authorities in the trust stores, a page at a time.
#[actix_web::post("/getCaCertificates")]
pub async fn get_ca_certificates(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::GetCaCertificates;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, who) = (call.caller.clone(), call.caller.clone());
            let asked = call.request::<Asked<'_>>()?.read()?;
            let listed = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::list_authorities(operations, &who, &asked)
            });
            listed.await.map(Answer::from)
        })
        .await
}
