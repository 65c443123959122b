//! Who a request says it is from.

use std::fmt;

/// What a request claims, before anybody looks whether it is true: the guess that a
/// [`LoginThrottle`](super::LoginThrottle) counts.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// To know a secret that names no account, as a key that stands alone.
    Secret,
    /// To be the account of this name.
    Account(String),
}

impl Claim {
    /// The name of the account that is claimed.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::Account(name) => Some(name),
            Self::Secret => None,
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // People type passwords where a name is asked for.
        f.write_str(match self {
            Self::Secret => "Secret",
            Self::Account(_) => "Account(..)",
        })
    }
}
