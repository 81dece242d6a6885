//! `GET /tokenid/{uin}/{partnercode}`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use km_domain::SecretText;
use km_operations::mosip;
use serde::Serialize;

use super::{Dialect, endpoint::Endpoint, get_partner_certificate::Nothing};

#[derive(Serialize)]
struct Answer {
    #[serde(rename = "tokenID")]
    token_id: String,
}

/// The number that stands for a person with one partner.
#[actix_web::get("/tokenid/{uin}/{partner_code}")]
pub async fn token_id(dialect: Data<Dialect>, names: Path<(String, String)>, request: HttpRequest) -> HttpResponse {
    let endpoint = Endpoint::TokenId;
    let (uin, partner_code) = names.into_inner();
    let uin = SecretText::new(uin);
    dialect
        .serve_query(endpoint, &request, async |caller, _: Nothing| {
            let who = caller.clone();
            let made = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::token_id(operations, &who, &uin, &partner_code)
            });
            Ok(Answer { token_id: made.await? })
        })
        .await
}
