//! What a PKCS#11 return code means for the caller. Tokens agree little on codes, so they are sorted by what can be done.

use cryptoki::error::{Error, RvError};
use km_keystore::KeyStoreError;

/// What to do about a failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The handle names nothing any more: find or unwrap the key again.
    StaleHandle,
    /// This session is of no more use; another one may be.
    Session(String),
    /// Token, login or all sessions are gone, and with them what every handle meant: nothing may be used until the token has
    /// been opened again.
    Lost(String),
    /// The token has no room for another object.
    Room(String),
    /// The token did not do it, for a reason of its own.
    Token(String),
    /// The token does not do this at all.
    Unsupported(String),
    /// The token says that the input is bad.
    Input,
    /// Some tokens answer a bad tag, a corrupt blob and a dying device alike: use a known key to tell which it was.
    Unclear(String),
}

pub(crate) fn fault(error: &Error) -> Fault {
    let Error::Pkcs11(code, _) = error else {
        return match error {
            Error::NotSupported | Error::NullFunctionPointer => Fault::Unsupported(error.to_string()),
            _ => Fault::Token(short(error)),
        };
    };
    match code {
        RvError::KeyHandleInvalid
        | RvError::ObjectHandleInvalid
        | RvError::UnwrappingKeyHandleInvalid
        | RvError::WrappingKeyHandleInvalid => Fault::StaleHandle,
        RvError::OperationActive | RvError::OperationNotInitialized => Fault::Session(short(error)),
        // A session that nobody closed is gone when the token was away (PKCS#11 2.40, section 2.6.6), so all are gone.
        RvError::SessionHandleInvalid
        | RvError::SessionClosed
        | RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SlotIdInvalid
        | RvError::UserNotLoggedIn
        | RvError::CryptokiNotInitialized => Fault::Lost(short(error)),
        RvError::DeviceMemory => Fault::Room(short(error)),
        RvError::EncryptedDataInvalid
        | RvError::EncryptedDataLenRange
        | RvError::WrappedKeyInvalid
        | RvError::WrappedKeyLenRange
        | RvError::DataInvalid
        | RvError::DataLenRange
        | RvError::PublicKeyInvalid
        | RvError::KeySizeRange
        | RvError::KeyTypeInconsistent
        | RvError::KeyFunctionNotPermitted => Fault::Input,
        RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::FunctionNotSupported
        | RvError::CurveNotSupported
        | RvError::DomainParamsInvalid
        | RvError::KeyNotWrappable
        | RvError::KeyUnextractable
        | RvError::AttributeTypeInvalid
        | RvError::AttributeValueInvalid
        | RvError::TemplateIncomplete
        | RvError::TemplateInconsistent => Fault::Unsupported(short(error)),
        RvError::GeneralError
        | RvError::DeviceError
        | RvError::FunctionFailed
        | RvError::ArgumentsBad
        | RvError::BufferTooSmall
        | RvError::VendorDefined(_)
        | RvError::UnknownErrorCode(_) => Fault::Unclear(short(error)),
        _ => Fault::Token(short(error)),
    }
}

/// For calls in which there is no caller's input to blame.
pub(crate) fn unavailable(error: Error) -> KeyStoreError {
    KeyStoreError::Unavailable(short(&error))
}

/// The name of the code and of the call, without the standard's paragraph of explanation.
pub(crate) fn short(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("{function:?}: {code:?}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use cryptoki::context::Function;

    use super::*;

    fn of(code: RvError) -> Fault {
        fault(&Error::Pkcs11(code, Function::Decrypt))
    }

    #[test]
    fn codes_are_sorted_by_what_can_be_done() {
        assert_eq!(of(RvError::KeyHandleInvalid), Fault::StaleHandle);
        assert_eq!(of(RvError::EncryptedDataInvalid), Fault::Input);
        assert!(matches!(of(RvError::OperationActive), Fault::Session(_)));
        for code in [RvError::SessionHandleInvalid, RvError::DeviceRemoved, RvError::UserNotLoggedIn] {
            assert!(matches!(of(code), Fault::Lost(_)));
        }
        assert!(matches!(of(RvError::DeviceMemory), Fault::Room(_)));
        assert!(matches!(of(RvError::FunctionCanceled), Fault::Token(_)));
        assert!(matches!(of(RvError::GeneralError), Fault::Unclear(_)));
        assert!(matches!(of(RvError::DeviceError), Fault::Unclear(_)));
        assert!(matches!(of(RvError::MechanismInvalid), Fault::Unsupported(_)));
    }

    #[test]
    fn texts_are_short() {
        assert_eq!(short(&Error::Pkcs11(RvError::GeneralError, Function::Decrypt)), "Decrypt: GeneralError");
    }
}
