//! Throttles that hold exactly.
//!
//! A throttle answers two questions: should this caller be turned away, and remember that it
//! came. Asked one after the other, others slip through between the two. So a request takes its
//! place in one step, keeps it or gives it back, and settles it when it ends: of any number of
//! requests at once exactly `throttle_at` pass.
//!
//! ```
//! use std::time::Duration;
//! use tastyrs_throttle::{Access, Admission, AnyThrottle, CacheThrottle, Result};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let throttle = AnyThrottle::new(
//!     CacheThrottle::new().throttle_at(2).timeframe(Duration::from_secs(60)),
//! );
//! let call = Access::new("192.0.2.1");
//!
//! for _ in 0..2 {
//!     match throttle.reserve(&call).await? {
//!         Admission::Admitted(mut place) => {
//!             // ... do the work; then:
//!             place.keep();
//!             place.settle().await?;
//!         }
//!         Admission::Refused(_) => unreachable!("two may pass"),
//!     }
//! }
//!
//! let Admission::Refused(refusal) = throttle.reserve(&call).await? else {
//!     panic!("the third is turned away")
//! };
//! assert_eq!(refusal.retry_after.header_value().as_deref(), Some("60"));
//! # Ok(())
//! # }
//! ```
//!
//! | what | for |
//! |---|---|
//! | [`BaseThrottle`] | letting everybody through |
//! | [`CacheThrottle`] | an exact sliding window in memory |
//! | [`CacheDbThrottle`] | the same, and every access written down before its answer leaves |
//! | [`ConcurrencyThrottle`] | so many requests at once |
//! | `RedisThrottle` | the same on many machines, with the feature `redis` |
//! | [`Rate`], [`Rates`], [`Plans`] | `20/5m`, several at once, and by caller |
//! | [`Throttle`] | one's own: a trait with one method to write |
//! | [`AnyThrottle`] | holding any of them |
//! | [`Access`] | the request as a throttle sees it |
//! | [`Verdict`], [`RetryAfter`] | what a throttle says |
//! | [`Refusal`], [`Quota`] | why there is no place, and where a caller stands |
//! | [`Fields`], [`quota_exceeded`] | telling the client by header fields and a body |
//! | [`Counts`], [`Outcome`] | which requests count |
//! | [`Admission`], [`Reservation`], [`Ticket`] | the place that a request holds |
//! | [`Store`] | counting together, and how many callers are remembered |
//! | [`AccessLog`], [`AccessRow`], [`Recorded`], [`Binding`] | where accesses are written down |
//! | [`Durability`], [`Redaction`] | when they are, and what of them is not |
//! | [`ClientAddress`], [`TrustedProxies`] | who is calling, behind proxies too |
//! | `actix::Throttling`, `tower::ThrottleLayer` | middleware, with the features of these names |
//! | [`Watch`], [`Report`] | seeing who calls most and who is turned away |
//! | [`Clock`] | moving the time by hand in tests |
//!
//! Without features the crate knows no web framework and runs on any executor. The access log is
//! written on a thread of its own.
//!
//! | feature | brings | costs |
//! |---|---|---|
//! | `actix` | `actix::Throttling`, middleware for actix-web | the crate actix-web |
//! | `tower` | `tower::ThrottleLayer`, for axum and whatever is built on tower | the crates http, tower-layer, tower-service |
//! | `metrics` | decisions, identifiers held, latencies and fallbacks, through the facade `metrics` | the crate metrics |
//! | `redis` | `RedisThrottle`, on Redis or Valkey | the crate redis |
//! | `redis-cluster` | the same on a cluster of them | the same |

mod access;
mod access_log;
mod access_row;
#[cfg(feature = "actix")]
pub mod actix;
mod base;
mod cache;
mod cache_db;
mod client;
mod clock;
mod concurrency;
mod counter;
mod counts;
mod durability;
mod errors;
mod fields;
mod identifier;
mod journal;
mod metrics;
#[cfg(any(feature = "actix", feature = "tower"))]
mod middleware;
mod plans;
mod problem;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod processor_clock;
mod quota;
mod rate;
mod recount;
mod redaction;
#[cfg(feature = "redis")]
mod redis;
mod reservation;
mod settings;
mod several;
mod store;
mod sync;
#[cfg(test)]
mod tests;
mod throttle;
#[cfg(feature = "tower")]
pub mod tower;
mod verdict;
mod watch;

#[cfg(feature = "redis")]
pub use crate::redis::{OnStoreFailure, Redis, RedisHealth, RedisThrottle};
pub use access::Access;
pub use access_log::{AccessLog, Binding, Recorded};
pub use access_row::AccessRow;
pub use base::BaseThrottle;
pub use cache::CacheThrottle;
pub use cache_db::CacheDbThrottle;
pub use client::{ClientAddress, ForwardedHeader, TrustedProxies};
pub use clock::Clock;
pub use concurrency::ConcurrencyThrottle;
pub use counts::{Counts, Outcome};
pub use durability::Durability;
pub use errors::{Error, Result};
pub use fields::{Field, Fields};
pub use plans::Plans;
pub use problem::{PROBLEM_JSON, REDUCED_CAPACITY, asks_for_problem, quota_exceeded};
pub use quota::{Quota, Refusal, Unit};
pub use rate::{IntoRate, Rate, Rates};
pub use redaction::Redaction;
pub use reservation::{Reservation, Ticket};
pub use store::Store;
pub use throttle::{Admission, AnyThrottle, BoxFuture, Throttle};
pub use verdict::{RetryAfter, Verdict};
pub use watch::{Decision, Decisions, Report, Watch, Watched};
