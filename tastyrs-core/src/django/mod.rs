//! The tables of Django and Tastypie that an API uses.
//!
//! - [`access`](AccessTable): `tastypie_apiaccess`
//! - [`accounts`](Accounts): `auth_user` and `tastypie_apikey`
//! - `password`: passwords as Django stores them

mod access;
mod accounts;
mod password;

pub use access::AccessTable;
pub use accounts::{Account, Accounts};
pub(crate) use password::{Hashing, same_secret};
