//! Throttles: one store for all of an API, as the processes of Django have one cache, and two that always refuse.

use std::cell::RefCell;

use tastyrs::{
    prelude::*,
    throttle::{Result, Store},
};

thread_local! {
    /// Where the throttles count that are declared on this thread.
    static STORE: RefCell<Store> = RefCell::new(Store::new());
}

/// Starts an API: what is declared from here on counts apart from what was declared before.
pub fn start() {
    STORE.set(Store::new());
}

/// Counts together with the other throttles of the API.
pub fn shared(throttle: CacheThrottle) -> CacheThrottle {
    throttle.store(STORE.with_borrow(Store::clone))
}

/// Counts together with the other throttles of the API.
pub fn shared_and_written(throttle: CacheDbThrottle) -> CacheDbThrottle {
    throttle.store(STORE.with_borrow(Store::clone))
}

/// Turns everybody away, and does not say for how long.
pub struct Shut;

impl Throttle for Shut {
    async fn should_be_throttled(&self, _: &Access<'_>) -> Result<Verdict> {
        Ok(Verdict::Throttled(RetryAfter::Unknown))
    }
}

/// Turns everybody away until the 2nd of January 2040.
pub struct ShutUntil;

impl Throttle for ShutUntil {
    async fn should_be_throttled(&self, _: &Access<'_>) -> Result<Verdict> {
        let until = chrono::DateTime::from_timestamp(2_209_086_245, 0).unwrap_or_default();
        Ok(Verdict::Throttled(RetryAfter::At(until)))
    }
}
