//! Why a certificate of a trust store is not taken in, in words: the officers' door has no codes for what only the dialect's uploads say.

use crate::{
    OperationError,
    mosip::{Fault, PartnerFault},
};

/// A fault of the dialect as a rule that this member of the request breaks; every other error as it is.
pub(in crate::mosip) fn unfit<E: Into<OperationError>>(field: &'static str) -> impl Fn(E) -> OperationError {
    move |error| match error.into() {
        OperationError::Mosip(Fault::Partner(fault)) => OperationError::invalid(field, words(fault)),
        other => other,
    }
}

fn words(fault: PartnerFault) -> &'static str {
    match fault {
        PartnerFault::Invalid("") => "must be a certificate, signed by the one above it",
        PartnerFault::Invalid(why) => why,
        PartnerFault::AlreadyThere => "is in the domain's store",
        PartnerFault::OutOfTime | PartnerFault::Future => "must be in its time",
        PartnerFault::NoRoot => "must lead to a root of its domain's store",
        PartnerFault::NoAuthority => "must be issued by an authority in its domain's store",
        PartnerFault::Version => "must be an X.509 certificate of version 3",
        PartnerFault::Organization => "must name the organization",
        PartnerFault::InvalidId => "must be 1 to 36 visible ASCII characters",
        PartnerFault::Domain => "must be one of mosip.trust.domains",
        PartnerFault::UnknownPartner | PartnerFault::UnknownAuthority => "must be known",
        PartnerFault::KeySize => "must have a key of at least 2048 bits, if it is RSA",
        PartnerFault::Algorithm => "must be signed with SHA-2 or Ed25519",
        PartnerFault::SelfSigned => "must not be signed by itself",
        PartnerFault::SignDenied => "must be signed by whoever may",
        PartnerFault::AuthorityTooShort | PartnerFault::PartnerTooShort => "must last longer",
        PartnerFault::Type => "must be ROOT or INTERMEDIATE",
        PartnerFault::Bundle => "must be a bundle",
    }
}
