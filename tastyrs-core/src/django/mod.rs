//! The tables of Django and Tastypie that an API uses.
//!
//! - [`access`](AccessTable): `tastypie_apiaccess`

mod access;

pub use access::AccessTable;
