//! Throttles as a layer of tower, and so for axum and whatever else is built on it (feature
//! `tower`).
//!
//! - `layer`: [`ThrottleLayer`] and the service that it makes
//! - `answering`: what a request behind it comes to
//! - `headers`: fields as it has them

mod answering;
mod headers;
mod layer;
#[cfg(test)]
mod tests;

pub use crate::middleware::{Caller, Charge};
pub use answering::Answering;
pub use layer::{ThrottleLayer, Throttled};
