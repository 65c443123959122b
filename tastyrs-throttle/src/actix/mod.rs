//! Throttles as middleware of actix-web (feature `actix`).
//!
//! - `throttling`: [`Throttling`], the middleware, and what it does with a request
//! - `answering`: what a request behind it comes to
//! - `headers`: fields as it has them

mod answering;
mod headers;
#[cfg(test)]
mod tests;
mod throttling;

pub use crate::middleware::{Caller, Charge};
pub use answering::Answering;
pub use throttling::{Throttled, Throttling};
