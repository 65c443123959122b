//! What the throttle in Redis promises, against real servers.
//!
//! `same` compares it with the throttle in memory, `places` gives places back and shares them,
//! `refusals` counts what Redis is asked, `faults` kills, freezes and slows a server of its own,
//! `lines` asks in runtimes that have a connection of their
//! own, `machines` counts from several processes, `cluster` from several nodes. `server` starts them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "what is skipped is told")]

#[cfg(feature = "redis-cluster")]
mod cluster;
mod faults;
mod lines;
mod machines;
mod places;
mod refusals;
mod same;
mod server;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use tastyrs_throttle::{
    Access, Admission, AnyThrottle, Redis, RedisThrottle, Reservation, Result, RetryAfter,
};

fn url() -> String {
    std::env::var("TASTYRS_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

/// Tells that a test is skipped, which nobody wants of a machine that checks changes.
fn skipped(why: &str) {
    let wanted = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!wanted, "{why}");
    eprintln!("skipped: {why}");
}

/// A prefix that no other test has.
fn prefix() -> String {
    format!(
        "tastyrs-test:{:x}:",
        RandomState::new().build_hasher().finish()
    )
}

/// A connection to the Redis of tests, which must not be asked through the throttle; nothing where
/// there is none.
fn redis() -> Option<redis::Connection> {
    let connection = redis::Client::open(url())
        .unwrap()
        .get_connection_with_timeout(Duration::from_secs(2));
    if connection.is_err() {
        skipped(&format!(
            "no Redis at {}; say where one is by TASTYRS_TEST_REDIS_URL",
            url()
        ));
    }
    connection.ok()
}

/// A throttle of its own in the Redis of tests, which has seconds to answer.
fn throttle() -> Option<RedisThrottle> {
    redis()?;
    Some(patient(&url()))
}

/// A throttle of its own in the Redis at `url`, which has seconds to answer.
fn patient(url: &str) -> RedisThrottle {
    RedisThrottle::open(url)
        .unwrap()
        .prefix(prefix())
        .budget(Duration::from_secs(5))
}

/// Reserves, where the runtime may have a connection of its own.
async fn reserve(throttle: &AnyThrottle, access: &Access<'_>) -> Result<Admission<Reservation>> {
    Redis::connect_in_this_runtime();
    throttle.reserve(access).await
}

fn call() -> Access<'static> {
    Access::new("daniel").resource("notes")
}

async fn admitted(throttle: &AnyThrottle, access: &Access<'_>) -> Result<Reservation> {
    match reserve(throttle, access).await? {
        Admission::Admitted(place) => Ok(place),
        Admission::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

/// How long a call must wait that is refused.
async fn refused(throttle: &AnyThrottle, access: &Access<'_>) -> Result<Duration> {
    match reserve(throttle, access).await? {
        Admission::Refused(refusal) => match refusal.retry_after {
            RetryAfter::After(wait) => Ok(wait),
            other => panic!("{other:?}"),
        },
        Admission::Admitted(place) => panic!("admitted: {place:?}"),
    }
}

/// Takes a place and keeps it, if there is one.
async fn passes(throttle: &AnyThrottle, access: &Access<'_>) -> Result<bool> {
    match reserve(throttle, access).await? {
        Admission::Admitted(mut place) => {
            place.keep();
            place.settle().await?;
            Ok(true)
        }
        Admission::Refused(_) => Ok(false),
    }
}

/// Waits until something is so, for as long as a slow machine may need.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
