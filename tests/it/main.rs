//! What the whole promises, through the public API and HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test has no API"
)]

mod accesses;
mod alone;
mod authentication;
mod authorization;
mod book;
mod caching;
mod client;
// With `postgres` the kitchen serves PostgreSQL; there `.ci/run` plays the cases, by `replay.py`.
#[cfg(not(feature = "postgres"))]
mod conformance;
mod differences;
#[cfg(not(feature = "postgres"))]
mod examples;
mod export;
mod formats;
mod generic;
mod kitchen;
mod limits;
mod logins;
mod mounting;
mod paging;
#[cfg(feature = "postgres")]
mod postgres;
mod queries;
mod rate_limits;
mod redis_throttle;
#[cfg(not(feature = "postgres"))]
mod round_trip;
mod selects;
mod shown;
mod startup;
mod support;
mod throttle_page;
mod throttling;
mod validation;
mod writing;
