//! `POST /v1/registers/{register}/records`

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, http::header::HeaderMap, web};
use km_api::records::{BulkRecords, BulkResult, BulkResults, BulkStatus};
use km_domain::{RecordId, RegisterName};
use km_service::{Problem, StrictJson};

use super::warnings;
use crate::{
    error::RegistryError,
    operations::{
        Caller,
        seal::{self, Sealed},
        sealing::Item,
    },
    rest::{
        Rest, body,
        idempotency::{self, Reply},
        path, problems, to_its_end,
    },
};

/// Seals up to 1,000 records. Each succeeds or fails by itself; what is there already in the same version is answered as
/// `exists`, so that an import that broke off is simply sent again. A
/// receipt is for all that one JWE held; it stands beside the first of them that was stored.
#[utoipa::path(
    post, path = "/v1/registers/{register}/records", tag = "records", operation_id = "put_records",
    params(
        ("register" = String, Path, example = "individual"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters"),
    ),
    request_body = BulkRecords, security(("token" = [])),
    responses((status = 200, body = BulkResults), (status = "4XX", body = km_api::Problem))
)]
pub async fn bulk(
    request: HttpRequest,
    rest: web::Data<Rest>,
    caller: Caller,
    name: web::Path<String>,
    sent: Result<StrictJson<BulkRecords>, Problem>,
) -> Result<HttpResponse, Problem> {
    to_its_end(put_records(request.headers().clone(), rest, caller, name.into_inner(), sent)).await?
}

async fn put_records(
    headers: HeaderMap,
    rest: web::Data<Rest>,
    caller: Caller,
    name: String,
    sent: Result<StrictJson<BulkRecords>, Problem>,
) -> Result<HttpResponse, Problem> {
    let sent = body::read(&rest, &name, sent)?;
    let outcome = match path::register(&name) {
        Ok(register) => {
            let stands_for = format!("POST {register} {}", serde_json::to_string(&sent).unwrap_or_default());
            let work = store(&rest, &caller, &register, sent);
            idempotency::once(&rest.registry, &caller, &headers, &stands_for, work).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(reply) => Ok(reply.into_response()),
        Err(error) => Err(rest.fail(&caller, &name, error).await),
    }
}

async fn store(
    rest: &Rest,
    caller: &Caller,
    register: &RegisterName,
    sent: BulkRecords,
) -> Result<Reply, RegistryError> {
    let items = sent.items.into_iter().map(|item| Item {
        jwe: item.jwe,
        records: item.records.into_iter().map(|named| (named.record, named.version)).collect(),
    });
    let outcomes = seal::seal(&rest.registry, caller, register, items.collect(), true).await?;
    let results = BulkResults { results: receipts_once(outcomes.into_iter().map(result).collect()) };
    Ok(Reply { status: 200, version: None, body: serde_json::to_value(results).unwrap_or_default() })
}

/// A receipt names every record of its JWE and is as long as that, so it stands once: beside the first of them.
fn receipts_once(mut results: Vec<BulkResult>) -> Vec<BulkResult> {
    let mut shown = BTreeSet::new();
    for result in &mut results {
        result.receipt = result.receipt.take().filter(|receipt| shown.insert(receipt.clone()));
    }
    results
}

fn result((record, outcome): (RecordId, Sealed)) -> BulkResult {
    let bare = |status| BulkResult { record, status, version: None, receipt: None, warnings: vec![], problem: None };
    let done = |status, version, receipt, duplicates| BulkResult {
        version: Some(version),
        receipt: Some(receipt),
        warnings: warnings(duplicates),
        ..bare(status)
    };
    match outcome {
        Sealed::Created { version, receipt, duplicates } => done(BulkStatus::Created, version, receipt, duplicates),
        Sealed::Updated { version, receipt, duplicates } => done(BulkStatus::Updated, version, receipt, duplicates),
        Sealed::Refused(RegistryError::Exists { version }) => {
            BulkResult { version: Some(version), ..bare(BulkStatus::Exists) }
        }
        Sealed::Refused(error) => BulkResult { problem: Some(problems::member(error)), ..bare(BulkStatus::Refused) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_stands_beside_the_first_record_of_its_jwe() {
        let sealed = |number: u8, receipt: &str| {
            let sealed = Sealed::Created { version: 1, receipt: receipt.to_owned(), duplicates: vec![] };
            result((RecordId::from_bytes([number; 16]), sealed))
        };
        let results = receipts_once(vec![sealed(1, "a"), sealed(2, "a"), sealed(3, "b")]);
        let receipts: Vec<_> = results.iter().map(|result| result.receipt.as_deref()).collect();
        assert_eq!(receipts, [Some("a"), None, Some("b")]);
    }
}
