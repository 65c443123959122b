//! What the whole promises, through the public API and HTTP.

// With `postgres` the kitchen serves PostgreSQL; there `.ci/run` plays the cases, by `replay.py`.
#[cfg(not(feature = "postgres"))]
mod conformance;
mod kitchen;
