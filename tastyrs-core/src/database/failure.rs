//! Whose fault it is when a database refuses or fails.

use diesel::result::{DatabaseErrorKind as Kind, Error};

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It goes against other rows: what must be unique is there, or what is referred to is not or would go.
    Others,
    /// The request holds a value that the database does not take.
    Request,
    /// The statement ran for too long.
    TooLong,
    /// Nobody's: the same request may succeed in a moment. The database is away, or others are in the way.
    Passing,
    /// The program's, or the database's own.
    Inside,
}

impl Failure {
    /// Whether it is the statement that failed, so that others may succeed.
    pub(super) const fn is_of_the_statement(self) -> bool {
        !matches!(self, Self::TooLong | Self::Passing)
    }

    /// Tells whose fault an error is.
    ///
    /// Diesel keeps the codes of PostgreSQL to itself but for a few; of the others the message tells, in English, which
    /// connections ask for.
    pub(crate) fn of(error: &Error) -> Self {
        let (kind, told) = match error {
            Error::DatabaseError(kind, told) => (kind, told),
            // A value that cannot be written as its column wants it, such as a moment before all that it can hold.
            Error::SerializationError(_) => return Self::Request,
            Error::BrokenTransactionManager => return Self::Passing,
            _ => return Self::Inside,
        };
        let message = told.message();
        match kind {
            Kind::UniqueViolation
            | Kind::ForeignKeyViolation
            | Kind::ExclusionViolation
            | Kind::RestrictViolation => Self::Others,
            Kind::CheckViolation => Self::Request,
            Kind::SerializationFailure | Kind::ClosedConnection | Kind::ReadOnlyTransaction => {
                Self::Passing
            }
            // How many parameters a statement has is for the request to say.
            Kind::UnableToSendCommand if message.contains("number of parameters") => Self::Request,
            Kind::UnableToSendCommand => Self::Passing,
            _ if message.starts_with("canceling statement due to statement timeout") => {
                Self::TooLong
            }
            _ if PASSING.iter().any(|part| message.contains(part)) => Self::Passing,
            _ if REFUSED.iter().any(|part| message.contains(part)) => Self::Request,
            _ => Self::Inside,
        }
    }
}

/// Whether the connection is no more.
pub(super) fn is_broken(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _)
            | Error::BrokenTransactionManager
    )
}

/// What databases say when another attempt may succeed.
const PASSING: [&str; 9] = [
    "canceling statement due to",
    "could not obtain lock",
    "could not serialize access",
    "database is locked",
    "database table is locked",
    "deadlock detected",
    "terminating connection",
    "the database system is",
    "too many clients already",
];

/// What PostgreSQL says of a value that only a client can have sent.
const REFUSED: [&str; 13] = [
    "cannot insert a non-DEFAULT value",
    "cannot be represented as",
    "exceeds btree version",
    "index row requires",
    "invalid byte sequence for encoding",
    "invalid input syntax for type",
    "invalid regular expression",
    "numeric field overflow",
    "out of range",
    "size of jsonb",
    "too long to represent as jsonb",
    "unsupported Unicode escape sequence",
    "value too long for type",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: Kind, message: &str) -> Failure {
        Failure::of(&Error::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn whoever_is_in_the_way_of_others_may_come_again() {
        for message in [
            "deadlock detected",
            "canceling statement due to lock timeout",
            "terminating connection due to administrator command",
            "database is locked",
        ] {
            assert_eq!(said(Kind::Unknown, message), Failure::Passing, "{message}");
        }
        assert_eq!(
            said(Kind::SerializationFailure, "could not serialize access"),
            Failure::Passing
        );
    }

    #[test]
    fn a_statement_that_runs_too_long_is_told_apart() {
        let message = "canceling statement due to statement timeout";

        assert_eq!(said(Kind::Unknown, message), Failure::TooLong);
    }

    #[test]
    fn what_nobody_expects_is_the_programs_fault() {
        assert_eq!(
            said(Kind::Unknown, "relation \"note\" does not exist"),
            Failure::Inside
        );
        assert_eq!(Failure::of(&Error::NotFound), Failure::Inside);
    }
}
