//! What the throttles promise, seen from outside.
//!
//! `edges` holds the faults of others, `model` compares with tastypie's algorithm, `threads` asks
//! from many at once, `schedules` tries their orders, `reservations` gives places back, `several` asks for more than one limit, `stores` shares and fills them, and
//! `access_log` writes rows down.

mod access_log;
mod edges;
mod model;
mod reservations;
#[cfg(shuttle)]
mod schedules;
mod several;
mod stores;
mod threads;

use std::time::Duration;

use crate::{
    Access, Admission, AnyThrottle, CacheThrottle, Clock, Reservation, Result, RetryAfter, Verdict,
};

/// A throttle of `throttle_at` in 60 seconds, and the clock that it goes by.
fn per_minute(throttle_at: u32) -> (AnyThrottle, Clock) {
    let clock = Clock::manual();
    let throttle = CacheThrottle::new()
        .throttle_at(throttle_at)
        .timeframe(Duration::from_secs(60))
        .clock(clock.clone());
    (throttle.into(), clock)
}

fn call() -> Access<'static> {
    Access::new("daniel")
}

fn retry_in(secs: u64) -> Verdict {
    Verdict::Throttled(RetryAfter::After(Duration::from_secs(secs)))
}

async fn admitted(throttle: &AnyThrottle, access: &Access<'_>) -> Result<Reservation> {
    match throttle.reserve(access).await? {
        Admission::Admitted(place) => Ok(place),
        Admission::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

async fn refused(throttle: &AnyThrottle, access: &Access<'_>) -> Result<RetryAfter> {
    match throttle.reserve(access).await? {
        Admission::Admitted(place) => panic!("admitted: {place:?}"),
        Admission::Refused(refusal) => Ok(refusal.retry_after),
    }
}

/// Takes a place and keeps it, if there is one.
async fn passes(throttle: &AnyThrottle, access: &Access<'_>) -> Result<bool> {
    match throttle.reserve(access).await? {
        Admission::Admitted(mut place) => {
            place.keep();
            place.settle().await?;
            Ok(true)
        }
        Admission::Refused(_) => Ok(false),
    }
}

/// A small generator of numbers that only look random: xorshift.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}
