//! What can go wrong, in the field's words.

use tastyrs_throttle::Refusal;

use crate::{http::Answer, validation::Errors};

/// What a step, a view or a hook answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A request that could not be served, or an API that could not be built.
///
/// `dispatch/wrap_view.rs` is where one becomes a status, a body and headers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the client sent cannot be understood or is not allowed; it is told the text.
    #[error("{0}")]
    BadRequest(String),
    /// No object is there, said as an error: the answer has a body.
    #[error("there is no such object")]
    NotFound,
    /// What the client sent for an object is not valid.
    #[error("what was sent for `{resource_name}` is not valid: {errors:?}")]
    Invalid {
        /// The resource of the object.
        resource_name: String,
        /// What is wrong, by field.
        errors: Errors,
    },
    /// What the client wants goes against other rows: a value that must be unique is taken, or a row that is referred
    /// to is missing or would go. The client is told the text.
    #[error("{0}")]
    Conflict(String),
    /// A source of objects cannot do this.
    #[error("the source of `{0}` cannot do this")]
    NotImplemented(&'static str),
    /// Nobody is signed in who may do this.
    #[error("the caller is not authenticated")]
    Unauthorized {
        /// The value of `WWW-Authenticate`, where the authentication has one.
        challenge: Option<String>,
    },
    /// The caller is known and may not do this.
    #[error("the caller may not do this")]
    Forbidden,
    /// The caller called too often.
    #[error("the caller called too often")]
    Throttled(Box<Refusal>),
    /// An answer that ends the request at once.
    ///
    /// # Compatibility
    ///
    /// `ImmediateHttpResponse`, `exceptions.py`.
    #[error("an answer that ends the request")]
    Immediate(Box<Answer>),
    /// No format in which the client could be answered.
    #[error("no supported format is acceptable")]
    UnsupportedSerializationFormat,
    /// The body has a format that is not read.
    #[error("the body's format `{0}` is not supported")]
    UnsupportedDeserializationFormat(String),
    /// The body is longer than `max_body_bytes`.
    #[error("the body is longer than {limit} bytes")]
    BodyTooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// The body broke off.
    #[error("the body could not be read: {0}")]
    Body(String),
    /// The throttle itself failed.
    #[error("the throttle failed")]
    Throttle(#[from] tastyrs_throttle::Error),
    /// The database failed.
    #[error("the database failed while {doing}")]
    Database {
        /// What was being done, as in "loading `entry`".
        doing: &'static str,
        /// What diesel said; for the log, never for the client.
        source: diesel::result::Error,
    },
    /// The connection broke while the database was asked to keep what was written; nobody knows whether it did.
    #[error("the connection broke while something was written")]
    Uncertain(#[source] diesel::result::Error),
    /// No connection, or other thing of which there are only so many, became free in time.
    #[error("nothing became free in time")]
    Busy,
    /// The database could not be opened or reached.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// A column of a row could not be read.
    #[error("the column `{column}` cannot be read as {wanted}")]
    Column {
        /// The column's name.
        column: &'static str,
        /// The Rust type that was asked for.
        wanted: &'static str,
    },
    /// A hook asked for an object where there is none, as in the request of a schema.
    #[error("there is no object here")]
    NoObject,
    /// Code of a resource panicked.
    #[error("a view panicked: {0}")]
    Panicked(String),
    /// The parts of an API do not fit together.
    #[error("{0}")]
    Configuration(String),
}

impl Error {
    /// A request that is wrong, with the text that tells its sender what is.
    pub fn bad_request(text: impl Into<String>) -> Self {
        Self::BadRequest(text.into())
    }

    /// Names what was being done when the database failed.
    pub fn database(doing: &'static str) -> impl FnOnce(diesel::result::Error) -> Self {
        move |source| Self::Database { doing, source }
    }

    /// A value of the wrong form, told as Django's `ValidationError` is.
    ///
    /// # Compatibility
    ///
    /// Tastypie writes the list of messages by Python's `repr` (`resources.py:274`).
    pub(crate) fn invalid(message: &str) -> Self {
        Self::BadRequest(format!("[{}]", python_repr(message)))
    }

    /// A value that its column's type does not have.
    pub(crate) fn mismatched() -> Self {
        Self::BadRequest("Invalid resource lookup data provided (mismatched type).".to_owned())
    }
}

impl From<diesel::result::Error> for Error {
    fn from(source: diesel::result::Error) -> Self {
        Self::Database {
            doing: "running a query",
            source,
        }
    }
}

/// `text` as Python writes it down: in single quotes unless it holds some and no double ones.
pub(crate) fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            quoted if quoted == quote => {
                out.push('\\');
                out.push(quoted);
            }
            control if (control as u32) < 0x20 || control as u32 == 0x7f => {
                out.extend(format!("\\x{:02x}", control as u32).chars());
            }
            other => out.push(other),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_text_down_as_python_does() {
        assert_eq!(python_repr("it"), "'it'");
        assert_eq!(python_repr("it's"), "\"it's\"");
        assert_eq!(python_repr("it's \"x\""), "'it\\'s \"x\"'");
        assert_eq!(python_repr("a\u{0}\n"), "'a\\x00\\n'");
    }
}
