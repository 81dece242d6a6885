//! Records of a register.

pub mod bulk;
pub mod erase;
pub mod find;
pub mod list;
pub mod open;
pub mod open_many;
pub mod put;

use km_api::records::{OpenResult, OpenedRecords, Warning};

use crate::{operations::open::Opened, rest::problems};

/// What the sender should look at.
fn warnings(duplicates: Vec<String>) -> Vec<Warning> {
    duplicates.into_iter().map(|field| Warning { code: "not-unique".to_owned(), field: Some(field) }).collect()
}

fn opened(opened: Opened) -> OpenedRecords {
    let result = |(record, error): (km_domain::RecordId, Option<crate::error::RegistryError>)| OpenResult {
        record,
        opened: error.is_none(),
        problem: error.map(problems::member),
    };
    OpenedRecords {
        answer: (!opened.answer.is_empty()).then_some(opened.answer),
        results: opened.results.into_iter().map(result).collect(),
    }
}
