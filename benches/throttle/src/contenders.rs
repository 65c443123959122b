//! Those who are compared: 150 requests in an hour, by each.
//!
//! They do not all do the same. `CacheThrottle` remembers each access and holds an exact window, as tastypie does;
//! governor keeps one number for an identifier (GCRA), lets as many through at once, and earns them back one after
//! another; actix-extensible-rate-limit counts in fixed windows, so that twice as many pass across an edge.

use std::{num::NonZeroU32, time::Duration};

use actix_extensible_rate_limit::backend::{Backend, SimpleInput, memory::InMemoryBackend};
use futures_util::FutureExt;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tastyrs_throttle::{Access, Admission, AnyThrottle, CacheThrottle, Store, Verdict};

pub const THROTTLE_AT: u32 = 150;

/// Limits the calls of identifiers; a new one has seen none.
pub trait Contender: Send + Sync {
    const NAME: &'static str;

    /// Holds so many identifiers, where it bounds them.
    fn new(keys: usize) -> Self;

    /// Decides and counts; says whether the call passes.
    fn call(&self, identifier: &String) -> bool;
}

pub struct Admit(CacheThrottle);

impl Contender for Admit {
    const NAME: &'static str = "admit";

    fn new(keys: usize) -> Self {
        Self(cache_throttle(keys))
    }

    #[inline]
    fn call(&self, identifier: &String) -> bool {
        matches!(self.0.admit(&Access::new(identifier)), Ok(Verdict::Allowed))
    }
}

pub struct Reserve(AnyThrottle);

impl Contender for Reserve {
    const NAME: &'static str = "reserve, keep, settle";

    fn new(keys: usize) -> Self {
        Self(cache_throttle(keys).into())
    }

    #[inline]
    fn call(&self, identifier: &String) -> bool {
        let access = Access::new(identifier);
        let pass = async {
            match self.0.reserve(&access).await {
                Ok(Admission::Admitted(mut place)) => {
                    place.keep();
                    place.settle().await.is_ok()
                }
                _ => false,
            }
        };
        pass.now_or_never() == Some(true)
    }
}

pub struct Governor(DefaultKeyedRateLimiter<String>);

impl Contender for Governor {
    const NAME: &'static str = "governor";

    fn new(_: usize) -> Self {
        let throttle_at = NonZeroU32::new(THROTTLE_AT).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::keyed(Quota::per_hour(throttle_at)))
    }

    #[inline]
    fn call(&self, identifier: &String) -> bool {
        // It wants an owned key to look with; here it is at hand.
        self.0.check_key(identifier).is_ok()
    }
}

pub struct Extensible(InMemoryBackend);

impl Contender for Extensible {
    const NAME: &'static str = "actix-extensible-rate-limit";

    fn new(_: usize) -> Self {
        Self(InMemoryBackend::builder().with_gc_interval(None).build())
    }

    #[inline]
    fn call(&self, identifier: &String) -> bool {
        let input = SimpleInput {
            interval: Duration::from_secs(3_600),
            max_requests: THROTTLE_AT.into(),
            key: identifier.clone(),
        };
        matches!(
            self.0.request(input).now_or_never(),
            Some(Ok((decision, _, _))) if decision.is_allowed()
        )
    }
}

/// With the cap that it has by itself, unless more are to be held.
fn cache_throttle(keys: usize) -> CacheThrottle {
    let store = Store::new().max_keys(keys.max(100_000) * 11 / 10);
    CacheThrottle::new().throttle_at(THROTTLE_AT).store(store)
}

pub fn identifiers(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| {
            let [_, a, b, c] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
            format!("10.{a}.{b}.{c}_nohost")
        })
        .collect()
}
