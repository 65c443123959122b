//! Passwords as Django stores them, and what it costs to check one.
//!
//! - `encoded`: a stored password, taken apart
//! - [`hashing`](Hashing): when and where one is checked
//! - `verified`: what was found right lately

mod encoded;
mod hashing;
mod verified;

use subtle::ConstantTimeEq as _;

pub(crate) use self::{encoded::hex, hashing::Hashing};

/// Compares two secrets in a time that tells at most their lengths.
pub(crate) fn same_secret(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}
