//! What the middlewares have in common: who is counted, what a refusal is, and a place that is
//! settled however its request ends.
//!
//! - `options`: what they are told
//! - `answers`: what they answer themselves
//! - `headers`: what they write into the headers of answers
//! - `held`: the place of a request

mod answers;
mod headers;
mod held;
mod options;

pub(crate) use answers::{Answer, wants_problem};
pub(crate) use headers::{OLDER, has_less, headers};
pub(crate) use held::Held;
pub(crate) use options::{Asked, Header, Incoming, Options, setters};

/// Who a request is counted for.
///
/// Names and addresses never share a count: where both are used, an address is counted as
/// `address:192.0.2.1`, and a name that begins so gets another `address:` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// For this name, which may be a user's, or a key.
    Named(String),
    /// For the address that it came from.
    Address,
    /// For nobody: it passes.
    Uncounted,
}

impl From<String> for Caller {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}

impl From<&str> for Caller {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

/// Nothing is [`Caller::Uncounted`].
impl<T: Into<Self>> From<Option<T>> for Caller {
    fn from(caller: Option<T>) -> Self {
        caller.map_or(Self::Uncounted, Into::into)
    }
}

/// Says in the extensions of an answer how many places its request takes after all.
///
/// Fewer than it took are given back, more are counted whether there is room for them or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge(pub u32);
