//! Why a database cannot be used, in words that may go out: no statement, no value, no path.

use diesel::result::{DatabaseErrorKind, Error};

/// Of an error that is an outage, how the database stands: the end of a sentence that begins with the database. `None`
/// where the database works and the statement or a row is at fault.
pub fn outage(error: &Error) -> Option<&'static str> {
    match error {
        Error::DatabaseError(kind, told) => match kind {
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::ExclusionViolation => None,
            DatabaseErrorKind::ReadOnlyTransaction => Some(READ_ONLY),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Some(AWAY),
            _ => Some(from_words(told.message())),
        },
        Error::BrokenTransactionManager
        | Error::AlreadyInTransaction
        | Error::NotInTransaction
        | Error::RollbackErrorOnCommit { .. }
        | Error::RollbackTransaction => Some(AWAY),
        _ => None,
    }
}

const FULL: &str = "is full";
pub(crate) const READ_ONLY: &str = "is read-only";
const LOCKED: &str = "is locked by somebody else";
const AWAY: &str = "does not answer";
const FAILS: &str = "cannot be used";

/// What SQLite and PostgreSQL (lc_messages C or English) say. Words that are not known tell no more than that it fails.
fn from_words(message: &str) -> &'static str {
    const WORDS: [(&str, &str); 12] = [
        ("database or disk is full", FULL),
        ("No space left on device", FULL),
        ("readonly database", READ_ONLY),
        ("read-only transaction", READ_ONLY),
        ("permission denied", READ_ONLY),
        ("database is locked", LOCKED),
        ("database table is locked", LOCKED),
        ("lock timeout", LOCKED),
        ("statement timeout", "is too slow"),
        ("server closed the connection", AWAY),
        ("terminating connection", AWAY),
        ("the database system is", AWAY),
    ];
    WORDS.iter().find(|(words, _)| message.contains(words)).map_or(FAILS, |(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: DatabaseErrorKind, message: &str) -> Option<&'static str> {
        outage(&Error::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn an_outage_is_told_from_a_row_that_breaks_a_rule() {
        assert_eq!(told(DatabaseErrorKind::Unknown, "database or disk is full"), Some(FULL));
        assert_eq!(told(DatabaseErrorKind::Unknown, "attempt to write a readonly database"), Some(READ_ONLY));
        assert_eq!(told(DatabaseErrorKind::Unknown, "what nobody foresaw: 'a value'"), Some(FAILS));
        assert_eq!(told(DatabaseErrorKind::UniqueViolation, "UNIQUE constraint failed"), None);
        assert_eq!(outage(&Error::NotFound), None);
    }
}
