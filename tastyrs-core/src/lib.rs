//! Resources, dispatch, queries and the wire format of tastyrs.
//!
//! Users add the crate `tastyrs`, which re-exports what they need of this one.

pub mod api;
pub mod authentication;
pub mod authorization;
pub mod bundle;
pub mod cache;
mod clock;
mod compatibility;
pub mod data;
pub mod database;
pub mod dispatch;
pub mod django;
mod errors;
pub mod fields;
pub mod http;
pub mod meta;
pub mod queries;
pub mod resource;
mod schema;
pub mod serializers;
#[cfg(feature = "test")]
pub mod test;
pub mod validation;

pub use compatibility::Compatibility;
pub use errors::{Error, Result};
