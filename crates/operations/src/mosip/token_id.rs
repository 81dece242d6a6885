//! A number that stands for a person with one partner: the same at every call, and of no use to another partner.

use km_audit::EventKind;
use km_domain::SecretText;
use km_envelope::mosip::token_id::{Salts, token_id as digits};
use km_storage::Unrecorded;

use super::{Fault, KeyName, renew::rules};
use crate::{Caller, Operation, OperationError, Operations};

/// By what token ids are made.
pub struct TokenIds {
    salts: Salts,
    length: usize,
}

impl TokenIds {
    /// `length`: digits of a token id.
    pub fn new(uin_salt: SecretText, partner_code_salt: SecretText, length: usize) -> Self {
        Self { salts: Salts { uin: uin_salt, partner_code: partner_code_salt }, length }
    }
}

/// The token id of a person's number with a partner.
///
/// Errors: either is blank; configuration has no salts.
pub fn token_id(operations: &Operations, caller: &Caller, uin: &SecretText, partner_code: &str) -> Operation<String> {
    match made(operations, caller, uin, partner_code) {
        Ok(made) => {
            let mut event = caller.event(operations, EventKind::Mac);
            // Whose it is, the log must not say; which partner's, it may.
            event.object = Some("token id".to_owned());
            Unrecorded::new(Ok(made), event)
        }
        Err(error) => caller.refuse(operations, EventKind::Mac, error),
    }
}

fn made(
    operations: &Operations,
    caller: &Caller,
    uin: &SecretText,
    partner_code: &str,
) -> Result<String, OperationError> {
    let rules = rules(operations)?;
    if !rules.admit(caller, &KeyName { application: APPLICATION.to_owned(), reference: String::new() }) {
        return Err(km_policy::Denied::Role.into());
    }
    if uin.expose().trim().is_empty() || partner_code.trim().is_empty() {
        return Err(OperationError::Mosip(Fault::TokenIdOfNobody));
    }
    let ids = operations.rules.token_ids.as_ref().ok_or(OperationError::Mosip(Fault::NoTokenIds))?;
    Ok(digits(uin, partner_code, &ids.salts, ids.length))
}

/// The application that a caller without a token must be open to.
const APPLICATION: &str = "IDA";
