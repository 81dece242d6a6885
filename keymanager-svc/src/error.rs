//! One table from what can go wrong to what the caller is told: problem documents over REST, codes over gRPC.

use km_operations::OperationError;
use km_service::{LaneError, Problem, ProblemKind, problem};

macro_rules! kinds {
    ($($code:literal $status:literal $title:literal $cause:literal $remedy:literal)*) => {
        /// Every kind of problem that the key manager answers with, besides those that any door has.
        pub const KINDS: &[ProblemKind] = &[
            $(ProblemKind { code: $code, status: $status, title: $title, cause: $cause, remedy: $remedy }),*
        ];
    };
}

kinds! {
    "token-missing" 401
        "An access token is needed"
        "The request has no bearer token."
        "Send Authorization: Bearer with an access token of a configured issuer."
    "token-invalid" 401
        "The credential is not accepted"
        "The token is malformed, expired, not of a trusted issuer, or its signature does not verify; or a one-time token is unknown, used or expired."
        "Get a new token and try again."
    "certificate-refused" 403
        "The client certificate is not accepted here"
        "The certificate is revoked, expired, or of a kind that this listener does not admit."
        "Use a certificate of the right kind; renew it in time."
    "role-missing" 403
        "Your roles do not allow this action"
        "None of the token's roles grants the action."
        "Ask an administrator for the role, or use another identity."
    "step-up-needed" 403
        "A fresh second factor is needed"
        "Officer actions need a sign-in with a second factor not long ago."
        "Sign in again with a second factor."
    "tenant-mismatch" 403
        "Another tenant"
        "The token, the certificate and the request do not name one tenant."
        "Use credentials of one tenant."
    "key-not-found" 404
        "There is no such key, or you may not use it"
        "The key is unknown, forbidden, or not for this operation; which of these is not said."
        "Check the key's id and the roles that may use it."
    "invalid-request" 400
        "A member of the request breaks a rule"
        "Field and rule are named in the document."
        "Correct the member."
    "not-opened" 422
        "The message cannot be opened"
        "Key, ciphertext, tag, padding or context do not fit together; which is not said."
        "Check that ciphertext and context are as they were given out."
    "key-not-active" 409
        "No version of the key is active"
        "The key is deactivated, suspended or destroyed."
        "Use another key or have it rotated."
    "key-used-up" 409
        "The key version has made all the AES-GCM calls it may"
        "NIST SP 800-38D limits the number of random IVs under one key."
        "Have the key rotated."
    "gcm-limit-reached" 409
        "The key version has made all the AES-GCM calls it may"
        "NIST SP 800-38D limits the number of random IVs under one key."
        "Have the key rotated."
    "key-exists" 409
        "The key exists already"
        "Another key has this id."
        "Choose another id."
    "key-version-exists" 409
        "The key was rotated by somebody else at the same time"
        "Two rotations met."
        "Look at the key before rotating again."
    "key-version-changed" 409
        "The key was changed by somebody else at the same time"
        "Two changes met."
        "Look at the key and try again."
    "key-not-rotatable" 422
        "This key is not rotated by this call"
        "Roots are renewed by a ceremony."
        "Rotate another key."
    "key-encryption-key-not-active" 409
        "The key-encryption key was rotated meanwhile"
        "A seal met a rotation."
        "Send the request again."
    "key-already-enrolled" 409
        "The key is enrolled already"
        "Another principal enrolled the same key."
        "Make a key of your own."
    "enrolment-not-waiting" 409
        "The enrolment does not wait"
        "It was approved or revoked before."
        "Look at the list of enrolments."
    "own-enrolment" 403
        "Nobody approves their own key"
        "A second person has to approve."
        "Ask another officer."
    "proof-invalid" 400
        "The proof of possession is not accepted"
        "It must be a fresh JWS by the key to be enrolled over the caller's iss and sub."
        "Make a new proof."
    "key-not-enrolled" 403
        "The signing key is not enrolled for the caller"
        "The key is unknown, waits for approval, or belongs to another principal."
        "Enrol your own key and have it approved."
    "signature-invalid" 403
        "The signature does not verify"
        "The message was altered or signed by another key."
        "Sign the request again with the enrolled key."
    "request-malformed" 400
        "The signed request is malformed"
        "It must be a compact JWS of the documented type and payload."
        "See the documentation of signed requests."
    "request-expired" 403
        "The signed request has expired"
        "A request lives for five minutes at most."
        "Sign a new request."
    "replayed" 409
        "The request was used before"
        "Its nonce is used up."
        "Sign a new request with a new nonce."
    "purpose-refused" 400
        "The stated purpose is not accepted"
        "Purpose, case or basis are not of the accepted form."
        "State a purpose of the closed list; give a case number, not a name."
    "field-unknown" 400
        "The register has no such field"
        "A field of the request is not in the register's definition."
        "See the register's definition."
    "field-invalid" 422
        "A field breaks a rule of the register"
        "Field and rule are named in the document; the value is not repeated."
        "Correct the field."
    "query-malformed" 400
        "The query is malformed"
        "It must be a JWE to the ingest key around field and value."
        "See the documentation of find."
    "jwe-malformed" 400
        "A personal field is accepted inside a JWE only"
        "The message is not a compact JWE of the accepted algorithms."
        "Encrypt the record to the ingest key."
    "record-malformed" 400
        "The record is malformed"
        "Inside the JWE must be a JWS of the documented type and payload."
        "See the documentation of sealing."
    "record-mismatch" 400
        "The JWE is for another record"
        "Record ids inside and outside differ."
        "Make a JWE for this record."
    "register-mismatch" 400
        "The message is for another register"
        "Register names inside and outside differ."
        "Make a message for this register."
    "version-mismatch" 400
        "The base version does not fit"
        "base_version is not the version before the one asked for."
        "Read the record and try again."
    "schema-mismatch" 409
        "The register's definition has another version"
        "The record was made for another schema."
        "Fetch the definition and make the record again."
    "record-expired" 403
        "The record was signed too long ago"
        "A signed record must be sent within fifteen minutes."
        "Sign it again."
    "record-twice" 400
        "The record stands twice in one request"
        "One request may name a record once."
        "Send it once."
    "record-exists" 409
        "The record exists already"
        "base_version 0 creates; the record is there."
        "Read it and send an update."
    "record-unknown" 404
        "There is no such record"
        "The key manager holds no subject key for it."
        "Check the id."
    "record-erased" 410
        "The record was erased"
        "Its subject key is destroyed; nothing opens it."
        "Nothing can be done; the certificate of erasure says when."
    "record-altered" 422
        "The stored values are not those that were sealed"
        "A value or attribute was altered, moved, dropped or replaced. An alert was recorded."
        "Restore the registry's database; look at the audit trail."
    "record-withheld" 422
        "The registry did not supply the record"
        "The reader asked for it, the registry left it out."
        "Look at the registry's database."
    "version-withheld" 422
        "The registry did not supply every version"
        "The reader asked for the record's history; the key manager knows of versions that the registry left out. An alert was recorded."
        "Look at the registry's database."
    "stale-version" 422
        "The registry supplied an old version"
        "The key manager knows a newer one. An alert was recorded."
        "Restore the registry's database; look at the audit trail."
    "version-conflict" 409
        "The record has changed since it was read"
        "Somebody else stored a new version."
        "Read it and try again."
    "register-unknown" 404
        "There is no such register"
        "No definition of this name is installed."
        "Check the register's name."
    "ingest-key-unknown" 400
        "The ingest key is not current"
        "kid must name a current ingest key of the tenant."
        "Fetch the key set again."
    "seal-not-unconfirmed" 409
        "The seal cannot be withdrawn"
        "It was confirmed, or replaced by a newer one."
        "Read the record."
    "integrity" 503
        "A stored row was altered"
        "A row that decides about the request does not match its integrity code."
        "Tell the security officer; restore the key manager's database."
    "budget-used-up" 429
        "Too many requests"
        "The caller's budget for this minute is used up."
        "Wait as long as Retry-After says."
    "certificate-not-valid" 409
        "The certificate is not valid any more"
        "It is unknown or revoked already."
        "Look at the list of certificates."
    "not-operators-tenant" 403
        "Your tenant does not run this installation"
        "Tenants are made by officers of the tenant that the configuration names as operators_tenant; where it names none, by nobody."
        "Ask an officer of that tenant, or use keymanager-svc init --tenant on the key manager's machine."
    "transport-key-unknown" 409
        "The key was sealed to another transport key"
        "It is not the tenant's current one: it was rotated, or never was."
        "Ask for the transport key again and seal the key to it."
    "mosip-alias-differs" 409
        "Another key has this alias"
        "An alias of this id is here with another name, kind or public key."
        "Compare both installations; nothing was changed."
    "mosip-alias-exists" 409
        "The alias was taken in by somebody else at the same time"
        "Two imports met."
        "Send the request again."
    "mosip-alias-changed" 409
        "The alias was changed by somebody else at the same time"
        "Two changes met."
        "Look at the inventory and try again."
    "mosip-more-than-one-current" 409
        "Not exactly one key of the name is current"
        "Random keys are kept under the key KERNEL and IDENTITY_CACHE and come in under KEY_MIGRATE and ZK_TEMP_KEY; one of them is missing."
        "Move the key in first, or make it: generateSymmetricKey; ask for the transfer certificate."
    "mosip-zk-key-exists" 409
        "A random key was taken in by somebody else at the same time"
        "Two imports met."
        "Send the request again."
    "mosip-authority-exists" 409
        "The authority was taken in by somebody else at the same time"
        "Two imports or uploads met."
        "Send the request again."
    "mosip-partner-exists" 409
        "The partner was taken in by somebody else at the same time"
        "Two imports met."
        "Send the request again."
    "mosip-certificate-differs" 409
        "Another certificate has this id"
        "A certificate of this id is here with another domain or other bytes."
        "Compare both installations; nothing was changed."
    "mosip-aliases-changed" 409
        "The keys of this name were changed by somebody else at the same time"
        "Two changes met, or the key manager made a key meanwhile."
        "Send the request again."
    "mosip-name-in-use" 409
        "Another key of this name is current"
        "Two current keys of one application and reference would be a fault of the dialect."
        "Name the other alias in ends, or take this one in as ended."
    "mosip-unique-id-in-use" 409
        "Another alias has the same unique identifier"
        "kid is made from it, so two keys would have one kid."
        "Name the other alias in ends."
    "mosip-certificate-of-another-key" 422
        "The certificate is for another key"
        "The key that came in does not open or sign what its certificate says."
        "Compare key store and database of the source."
    "idempotency-key-in-use" 409
        "The idempotency key is being used"
        "An equal request was faster, and its answer is kept no more."
        "Look at the current state and try again with a new key."
    "idempotency-key-reused" 422
        "The idempotency key was used for another request"
        "The same Idempotency-Key came with another body."
        "Use a new key for a new request."
    "conflict" 409
        "Conflict"
        "Somebody else was faster."
        "Look at the current state and try again."
    "unsupported-by-token" 501
        "The token cannot do this"
        "The PKCS#11 token lacks a capability; the detail names it."
        "Use another algorithm or token."
    "unavailable" 503
        "Not available now"
        "Token, database or audit log cannot be used; the detail says which."
        "Try again after the time in Retry-After."
    "changed-meanwhile" 503
        "Keys or policies changed meanwhile"
        "The operation met a change several times."
        "Try again."
}

/// All kinds, for `/docs/errors`.
pub fn documented() -> &'static [&'static ProblemKind] {
    static ALL: std::sync::LazyLock<Vec<&'static ProblemKind>> =
        std::sync::LazyLock::new(|| KINDS.iter().chain(problem::COMMON).collect());
    &ALL
}

/// The kind of a stable code.
pub fn kind(code: &str) -> &'static ProblemKind {
    documented().iter().find(|kind| kind.code == code).copied().unwrap_or(&problem::INTERNAL)
}

/// What a caller is told of an operation that did not succeed.
pub fn problem_of(error: &OperationError) -> Problem {
    let problem = Problem::new(kind(error.code()));
    match error {
        OperationError::Invalid { field, rule } => problem.detail(error.to_string()).field(field, rule),
        OperationError::Budget { retry_after } => problem.detail(error.to_string()).retry_after(*retry_after),
        OperationError::Unavailable(reason) => {
            problem.detail(error.part_away().unwrap_or_default()).retry_after(RETRY_AFTER).cause(reason)
        }
        OperationError::Stale => problem.retry_after(RETRY_AFTER),
        OperationError::Refused { detail, .. } => problem.detail(*detail),
        OperationError::Denied(_)
        | OperationError::Mosip(_)
        | OperationError::NotOpened
        | OperationError::NotFound(_)
        | OperationError::Conflict(_)
        | OperationError::Unsupported(_) => problem.detail(error.to_string()),
    }
}

const RETRY_AFTER: u32 = 1;

/// What a caller is told when no thread took the work.
pub fn busy(error: LaneError) -> OperationError {
    OperationError::Unavailable(match error {
        LaneError::Full => "the service is busy".into(),
        LaneError::Deadline => "the token or the database did not answer in time".into(),
        LaneError::Closed => "the service is stopping".into(),
        LaneError::Failed => "the operation broke off".into(),
    })
}
