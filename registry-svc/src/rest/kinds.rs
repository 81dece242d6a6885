//! Every problem that the registry answers with, its own and the key manager's that it passes on. Codes never change:
//! clients decide on them.

use km_service::{ProblemKind, problem};

macro_rules! kinds {
    ($($name:ident = $code:literal $status:literal $title:literal, $cause:literal, $remedy:literal;)*) => {
        $(pub const $name: ProblemKind =
            ProblemKind { code: $code, status: $status, title: $title, cause: $cause, remedy: $remedy };)*

        /// All of them, and those that every door has: the list at `/docs/errors`.
        pub const ALL: &[&ProblemKind] = &[
            $(&$name,)*
            &problem::MALFORMED_REQUEST, &problem::MALFORMED_BODY, &problem::NOT_FOUND, &problem::METHOD_NOT_ALLOWED,
            &problem::BODY_TOO_SLOW, &problem::BODY_TOO_LARGE, &problem::UNSUPPORTED_MEDIA_TYPE, &problem::BUSY,
            &problem::INTERNAL,
        ];
    };
}

kinds! {
    // Who asks.
    TOKEN_MISSING = "token-missing" 401 "An access token is needed",
        "The request has no bearer token.",
        "Send Authorization: Bearer with an access token of a configured issuer.";
    TOKEN_INVALID = "token-invalid" 401 "The access token is not accepted",
        "The token is malformed, expired, of an unknown issuer, for another audience, or its signature does not verify.",
        "Get a new token from an issuer that this service trusts.";
    ROLE_MISSING = "role-missing" 403 "Your roles do not allow this",
        "None of the token's roles may do what was asked.",
        "Ask whoever assigns roles; the table is in the documentation.";
    STEP_UP_NEEDED = "step-up-needed" 403 "A fresh sign-in with a second factor is needed",
        "The action demands a higher level of authentication than the token shows.",
        "Sign in again with the second factor.";
    TENANT_MISMATCH = "tenant-mismatch" 403 "The token is of another tenant",
        "Token, service and record must belong to one tenant.",
        "Use the registry of the token's tenant.";
    SERVICE_REFUSED = "service-refused" 502 "The key manager does not accept this service",
        "The registry's certificate is revoked, expired or not for this call.",
        "Tell whoever runs the registry.";

    // What is asked for.
    REGISTER_UNKNOWN = "register-unknown" 404 "There is no such register",
        "The name in the path is not one of this registry's registers.",
        "GET /v1/registers lists them.";
    RECORD_UNKNOWN = "record-unknown" 404 "There is no such record",
        "The register holds no record of this id.",
        "Find the record, or check the id.";
    RECORD_ERASED = "record-erased" 410 "The record is erased",
        "The record's key is destroyed. Nobody can open it again, and its id is not used again.",
        "None: erasure is final. The certificate of erasure says when it happened.";
    RECORD_EXISTS = "record-exists" 412 "The record exists already",
        "If-None-Match: * creates a record only where there is none.",
        "Choose a new id, or update with If-Match.";
    PRECONDITION_REQUIRED = "precondition-required" 428 "If-Match or If-None-Match is required",
        "A record is created with If-None-Match: * and updated with If-Match and its version.",
        "Send one of the two headers.";
    VERSION_CONFLICT = "version-conflict" 412 "The record is at another version",
        "Somebody changed the record since it was read.",
        "Read it again and build on its current version.";
    VERSION_MISMATCH = "version-mismatch" 422 "The signed version is another than the requested one",
        "base_version inside the JWE is not the version before the one asked for.",
        "Sign the record for the version that is asked for.";
    SEAL_UNDER_WAY = "seal-under-way" 409 "Another request is sealing this record",
        "Two requests make the same version of a record at the same time, or the answer to one was lost.",
        "Try again after the seconds in Retry-After.";
    NOT_UNIQUE = "not-unique" 409 "Another record has this value",
        "The field that `field` names must be unique, and another record of the register has the same value in it.",
        "Find the other record by that field.";
    RECORD_TWICE = "record-twice" 422 "A record stands twice in one request",
        "Each record may stand once in a request.", "Send the second change in another request.";

    // What was sent.
    FIELD_INVALID = "field-invalid" 422 "A field breaks a rule of the register",
        "`field` and `rule` say which. The value was seen by the key manager only.",
        "Correct the field and seal the record again.";
    PERSONAL_IN_CLEAR = "personal-in-clear" 422 "A personal field came in clear",
        "Personal fields are accepted inside a JWE to the key manager's ingest key, and nowhere else.",
        "Seal the field on the client. Treat the value as seen by whoever carries this connection.";
    JWE_MALFORMED = "jwe-malformed" 422 "This is not a sealed record",
        "The member must be a compact JWE of the documented form, around a JWS of the documented payload.",
        "Seal with a client library of this project, or compare with the documentation.";
    RECORD_MALFORMED = "record-malformed" 422 "The sealed record is not of its form",
        "What the JWE holds is not a signed record of the documented payload.",
        "Seal with a client library of this project, or compare with the documentation.";
    MISPLACED = "misplaced" 422 "The sealed value is for another place",
        "Register or record in the sealed value differ from the request.",
        "Send it where it was sealed for.";
    REGISTER_MISMATCH = "register-mismatch" 422 "The sealed value is for another register",
        "Register in the sealed value and register in the path differ.", "Send it where it was sealed for.";
    RECORD_MISMATCH = "record-mismatch" 422 "The sealed value is for another record",
        "Record in the sealed value and record in the request differ.", "Send it where it was sealed for.";
    SCHEMA_MISMATCH = "schema-mismatch" 422 "The register's definition has another version",
        "The record was made for another version of the definition.", "Fetch the definition again.";
    RECORD_EXPIRED = "record-expired" 422 "The record was signed too long ago",
        "Time inside the signed record is too far from the key manager's.", "Set the clock, sign again.";
    INGEST_KEY_UNKNOWN = "ingest-key-unknown" 422 "The ingest key is not current",
        "`kid` does not name a current ingest key of this tenant.", "Fetch the key set again and seal anew.";
    NOT_OPENED = "not-opened" 422 "The message cannot be opened",
        "It was not encrypted to this key, or altered. Which, is not said.", "Seal it again.";
    SIGNATURE_INVALID = "signature-invalid" 403 "The signature does not verify",
        "The JWS was not made by the key that it names, or was altered.", "Sign with the enrolled key.";
    KEY_NOT_ENROLLED = "key-not-enrolled" 403 "The signing key is not enrolled for you",
        "The key is unknown, not yet approved, or another person's.", "Enrol the key at the key manager, and have it approved.";

    INVALID_REQUEST = "invalid-request" 400 "A member of the request breaks a rule",
        "Field and rule are named in the document.", "Correct the member.";

    // Requests of readers.
    REQUEST_MALFORMED = "request-malformed" 422 "The signed request is not of its form",
        "The request must be a compact JWS of the documented payload.",
        "Use a client library of this project, or compare with the documentation.";
    REQUEST_EXPIRED = "request-expired" 403 "The signed request has expired",
        "A request holds five minutes at most.", "Sign a new one; set the clock.";
    REPLAYED = "replayed" 409 "The signed request was used before",
        "Each request counts once.", "Sign a new one.";
    PURPOSE_REFUSED = "purpose-refused" 403 "The purpose is not accepted",
        "Purpose, case or basis is not of the configured form.", "State one of the listed purposes.";
    FIELD_UNKNOWN = "field-unknown" 422 "The register has no such field",
        "The request names a field that the definition does not have, or that has no such index.",
        "GET /v1/registers/{register} shows the definition.";
    QUERY_MALFORMED = "query-malformed" 422 "The search value is not sealed as it must be",
        "The query must be a JWE to the ingest key around field and value.", "Use a client library of this project.";
    BUDGET_USED_UP = "budget-used-up" 429 "Too many searches",
        "Whoever can ask for index terms can guess values, so searches are counted per caller.",
        "Wait for the seconds in Retry-After.";

    // What was found to be wrong with what is kept.
    RECORD_ALTERED = "record-altered" 422 "The stored values are not those that were sealed",
        "A sealed or clear value of the record was changed, swapped or removed in the registry's database.",
        "Tell whoever runs the registry; restore the record. The refusal is in the log.";
    STALE_VERSION = "stale-version" 422 "The registry supplied another version than the current one",
        "The registry's database holds another version than the key manager knows: an old backup, or a change under way.",
        "Try again in a few seconds; if it stays, tell whoever runs the registry.";
    VERSION_WITHHELD = "version-withheld" 422 "The registry did not supply every version",
        "History was asked for, and the key manager knows of versions that the registry does not hold.",
        "Tell whoever runs the registry.";
    RECORD_WITHHELD = "record-withheld" 422 "The registry did not supply the record",
        "The request names a record that the registry does not hold.", "Tell whoever runs the registry.";

    INTEGRITY = "integrity" 503 "A stored row of the key manager was altered",
        "A row that decides about the request does not match its integrity code.",
        "Tell the security officer; restore the key manager's database.";
    KEK_NOT_ACTIVE = "key-encryption-key-not-active" 409 "The key-encryption key was rotated meanwhile",
        "A seal met a rotation.", "Send the request again.";
    CONFLICT = "conflict" 409 "Somebody else was faster",
        "Two changes met at the key manager.", "Look at the current state and try again.";
    UNSUPPORTED_BY_TOKEN = "unsupported-by-token" 501 "The token cannot do this",
        "The PKCS#11 token lacks a capability; the detail names it.", "Use another algorithm or token.";

    // Idempotency.
    IDEMPOTENCY_MISMATCH = "idempotency-key-reused" 422 "The idempotency key was used with another request",
        "A key stands for one request, for 24 hours.", "Use a new key for a new request.";
    IDEMPOTENCY_RUNNING = "idempotency-running" 409 "The request with this idempotency key is still running",
        "The first request of this key has no answer yet.", "Try again after the seconds in Retry-After.";

    // What is not available.
    CHANGED_MEANWHILE = "changed-meanwhile" 503 "Keys or policies changed meanwhile",
        "The request was checked against what no longer holds.", "Try again.";
    UNAVAILABLE = "unavailable" 503 "Something that is needed is not available",
        "The key manager, its token or a database does not answer.", "Try again after the seconds in Retry-After.";
    NOT_RECORDED = "not-recorded" 503 "What happened could not be recorded",
        "Nothing is answered that is not in the log, and the log could not be written.",
        "Try again after the seconds in Retry-After.";
    LOG_INCONSISTENT = "log-inconsistent" 503 "The key manager's log is not believed",
        "The log does not extend what this registry has witnessed. Its answers are not passed on.",
        "Tell whoever runs the key manager at once: its log was forked or rolled back.";
    KEY_MANAGER_REFUSED = "key-manager-refused" 422 "The key manager refused",
        "`detail` says why.", "See the key manager's documentation.";
    KEY_MANAGER_FAILED = "key-manager-failed" 502 "The key manager's answer cannot be used",
        "Its answer does not fit the question.", "Give the request id to whoever runs the services.";
}

/// The kind of this code, if there is one.
pub fn find(code: &str) -> Option<&'static ProblemKind> {
    ALL.iter().find(|kind| kind.code == code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_statuses_are_errors() {
        let codes: std::collections::BTreeSet<_> = ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(ALL.iter().all(|kind| (400..600).contains(&kind.status)));
    }
}
