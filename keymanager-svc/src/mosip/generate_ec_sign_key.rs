//! `POST /generateECSignKey/{objectType}`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use km_operations::mosip::Make;

use super::{
    Dialect,
    endpoint::Endpoint,
    generate_master_key::{Object, ordered},
};

/// Makes a signing key on a curve, unless one is current and none is forced.
#[actix_web::post("/generateECSignKey/{object_type}")]
pub async fn generate_ec_sign_key(
    dialect: Data<Dialect>,
    object: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let endpoint = Endpoint::GenerateEcSignKey;
    let work = async |call| ordered(&dialect, endpoint, Make::Curve, Object::parse(&object)?, call).await;
    dialect.serve(endpoint, &request, payload, work).await
}
