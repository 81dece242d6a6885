//! `POST /uploadOtherDomainCertificate`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    upload_certificate::{Asked, Status},
};

/// Stores another party's certificate, to encrypt to it and to verify what that party signs.
#[actix_web::post("/uploadOtherDomainCertificate")]
pub async fn upload_other_domain_certificate(
    dialect: Data<Dialect>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let endpoint = Endpoint::UploadOtherDomainCertificate;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let who = call.caller.clone();
            let (name, pem) = call.request::<Asked<'_>>()?.read(endpoint, true)?;
            // Who is encrypted to under such a name reads all that zkEncrypt seals: that is for those who move its keys.
            if dialect.is_zk_recipient(&name) {
                dialect.admit(Endpoint::MigrateZkKeys, &who).await?;
            }
            let now = dialect
                .change(endpoint, move |operations, _| mosip::install_other(operations, &who, &name, &pem))
                .await?;
            Ok(Status { status: "Upload Success", timestamp: time::without_zone(now) })
        })
        .await
}
