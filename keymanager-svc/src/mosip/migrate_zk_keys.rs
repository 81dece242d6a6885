//! `POST /migrateZKKeys`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::text;
use km_operations::mosip::{self, IncomingRandomKey, Migration, ToMigrate};
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
    zk_encrypted_data_list: Option<Vec<Option<One<'a>>>>,
    #[serde(default)]
    purge_temp_key_flag: Option<Flag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    #[serde(borrow, default)]
    key_index: Option<Text<'a>>,
    #[serde(borrow, default)]
    encrypted_key_data: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    zk_encrypted_data_list: Vec<Became>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Became {
    key_index: i32,
    status_message: &'static str,
}

/// Keys of one call: each is opened by RSA in the token.
const MOST: usize = 1000;

fn read(call: &Call) -> Result<ToMigrate, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let listed = asked.zk_encrypted_data_list.unwrap_or_default();
    if listed.is_empty() || listed.len() > MOST {
        members.fault("zkEncryptedDataList", "must be 1 to 1000 keys");
    }
    let mut keys = Vec::with_capacity(listed.len().min(MOST));
    for (at, one) in listed.iter().take(MOST).enumerate() {
        let number = one.as_ref().and_then(|one| Members::optional(one.key_index.as_ref()).trim().parse().ok());
        let encrypted = one.as_ref().map(|one| Members::optional(one.encrypted_key_data.as_ref()).trim());
        let Some(number) = number else {
            members.fault(&format!("zkEncryptedDataList[{at}].keyIndex"), "must be a whole number");
            continue;
        };
        let encrypted = encrypted.and_then(|text| text::decode(text).ok().flatten());
        keys.push(IncomingRandomKey { number, encrypted, seals: true });
    }
    members.end()?;
    Ok(ToMigrate { keys, ends_transfer: is_true(asked.purge_temp_key_flag) })
}

/// Takes in random keys of another installation, encrypted to the certificate of `getZKTempCertificate`.
#[actix_web::post("/migrateZKKeys")]
pub async fn migrate_zk_keys(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::MigrateZkKeys;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (who, asked) = (call.caller.clone(), read(&call)?);
            let migrated = dialect
                .change(endpoint, move |operations, record| mosip::migrate_zk_keys(operations, record, &who, &asked))
                .await?;
            let became = |(key_index, became): (i32, Migration)| Became { key_index, status_message: message(became) };
            Ok(Answer { zk_encrypted_data_list: migrated.into_iter().map(became).collect() })
        })
        .await
}

/// The dialect's words.
const fn message(became: Migration) -> &'static str {
    match became {
        Migration::Taken => "Migration Success",
        Migration::Same | Migration::Exists => "Migration Not Allowed. Valid Key Exists.",
        Migration::Refused => "Error in Migration",
    }
}
