//! The throttle that counts in Redis.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::connection::{Redis, RedisHealth};
use super::desk::{Desk, Scope};
use super::refusals::Refusals;
use crate::access::Access;
use crate::access_log::Binding;
use crate::clock::Clock;
use crate::counter::{Counter, Joined};
use crate::errors::{Error, Result};
use crate::settings::{Settings, setters};
use crate::throttle::{Admission, Throttle};
use crate::verdict::Verdict;

/// Counts like a [`CacheThrottle`](crate::CacheThrottle), in a Redis or a Valkey that machines
/// share, so that all of them together let exactly `throttle_at` requests through.
///
/// A decision is one script in Redis, by the clock of Redis. An identifier that was refused is
/// refused here until its time, without asking; only after 1, 2, 4, 8 and so on seconds is Redis
/// asked again, since another machine may have given a place back. A place that is given back is
/// removed from Redis in the background. The places of a process that died stay counted until the
/// window has passed.
///
/// When Redis does not answer within the [`budget`](Self::budget), it is left alone until a probe
/// in the background finds it answering, and requests are decided as
/// [`on_store_failure`](Self::on_store_failure) says: by a limit of this process, unless told
/// otherwise. What is admitted meanwhile is told to Redis when it is back, up to 10,000 places.
///
/// Clones count together where they have one name, or one resource and the same rates; so do
/// throttles of other processes. Without a [`name`](Self::name), each resource counts by itself, and
/// throttles of other rates count apart.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{AnyThrottle, RedisThrottle};
///
/// # fn main() -> tastyrs_throttle::Result<()> {
/// let throttle = RedisThrottle::open("redis://127.0.0.1:6379")?.rates(["10/s", "1000/h"]);
///
/// assert!(throttle.health().is_there);
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// `CacheThrottle`, `throttle.py:74`, over a `CACHES` of Django's that lives in Redis; there,
/// requests that come together are not all counted.
#[derive(Clone)]
pub struct RedisThrottle {
    redis: Redis,
    counter: Counter,
    clock: Option<Clock>,
    prefix: Cow<'static, str>,
    name: Option<Cow<'static, str>>,
    budget: Duration,
    on_store_failure: OnStoreFailure,
    refusals: Arc<Refusals>,
    /// Set when the throttle is bound or first asked; no setter is called after that.
    desk: OnceLock<Arc<Desk>>,
}

/// What becomes of requests while the store is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnStoreFailure {
    /// Each process limits by itself, by the same rates; it knows what it admitted before.
    #[default]
    Local,
    /// All of them pass.
    Pass,
    /// All of them fail with [`Error::StoreAway`](crate::Error::StoreAway), but for those that are
    /// known to be limited. Over HTTP that is a 503.
    Refuse,
}

impl RedisThrottle {
    /// Begins with tastypie's defaults, in the Redis at `url`: 150 requests in an hour, remembered
    /// for a week. Nothing is sent until the first request.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where `url` is no address of a Redis.
    pub fn open(url: &str) -> Result<Self> {
        Redis::open(url).map(Self::new)
    }

    /// Begins with tastypie's defaults, in a Redis whose connection others may use, too.
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            counter: Counter::default(),
            clock: None,
            prefix: Cow::Borrowed("tastyrs:throttle:"),
            name: None,
            budget: Duration::from_millis(100),
            on_store_failure: OnStoreFailure::default(),
            refusals: Arc::default(),
            desk: OnceLock::new(),
        }
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let counter = self.counter.clone().set(change);
        self.with(|throttle| throttle.counter = counter)
    }

    /// Sets what its keys begin with, `tastyrs:throttle:` unless told otherwise. Two sites that
    /// share a Redis need two.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.with(|throttle| throttle.prefix = prefix.into())
    }

    /// Counts together with all throttles that have this name and this prefix, whatever their
    /// resources, processes and rates are: each holds against its own rates.
    #[must_use]
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.with(|throttle| throttle.name = Some(name.into()))
    }

    /// Sets how long a request waits for Redis, 100 milliseconds unless told otherwise; more than
    /// 0, else the throttle fails when it is bound or first asked.
    #[must_use]
    pub fn budget(self, budget: Duration) -> Self {
        self.with(|throttle| throttle.budget = budget)
    }

    /// Sets what becomes of requests while Redis is away.
    #[must_use]
    pub fn on_store_failure(self, on_store_failure: OnStoreFailure) -> Self {
        self.with(|throttle| throttle.on_store_failure = on_store_failure)
    }

    /// Tells the time by this clock, and tells it to Redis, too: for tests. All that count together
    /// need the same.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        let counter = self.counter.clone().clock(clock.clone());
        self.with(|throttle| {
            throttle.counter = counter;
            throttle.clock = Some(clock);
        })
    }

    /// Says how its Redis is doing.
    pub fn health(&self) -> RedisHealth {
        self.redis.health()
    }

    /// Says how many identifiers are known to be limited, and are refused without asking; 32,768
    /// at most.
    pub fn known_refusals(&self) -> usize {
        self.refusals.len()
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self.desk = OnceLock::new();
        self
    }

    fn desk(&self) -> Result<&Arc<Desk>> {
        if let Some(desk) = self.desk.get() {
            return Ok(desk);
        }
        if self.budget.is_zero() {
            return Err(Error::Setting {
                setting: "budget",
                value: format!("{:?}", self.budget),
                expected: "longer than 0",
            });
        }
        let Joined { limits, clock } = self.counter.joined()?.clone();
        let desk = Desk {
            redis: self.redis.clone(),
            counter: self.counter.clone(),
            scope: Scope::of(self.name.as_deref(), limits.rates.limits()),
            limits,
            clock,
            tells_time: self.clock.is_some(),
            prefix: self.prefix.clone().into_owned(),
            budget: self.budget,
            on_store_failure: self.on_store_failure,
            refusals: Arc::clone(&self.refusals),
        };
        self.redis.probe_by(desk.probes(), self.budget);
        Ok(self.desk.get_or_init(|| Arc::new(desk)))
    }
}

setters!(RedisThrottle);

impl Throttle for RedisThrottle {
    async fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        self.desk()?.should_be_throttled(access).await
    }

    async fn accessed(&self, access: &Access<'_>) -> Result<()> {
        self.desk()?.accessed(access).await
    }

    async fn reserve(&self, access: &Access<'_>) -> Result<Admission> {
        self.desk()?.reserve(access).await
    }

    /// Checks the settings. Whether Redis is there is not asked.
    fn bind(&self, _: &Binding) -> Result<()> {
        self.desk().map(drop)
    }

    fn keys(&self) -> Option<usize> {
        Some(self.counter.store().len())
    }

    fn describe(&self) -> Option<String> {
        self.counter.describe()
    }
}

impl fmt::Debug for RedisThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisThrottle")
            .field("redis", &self.redis)
            .field("counter", &self.counter)
            .field("prefix", &self.prefix)
            .field("name", &self.name)
            .field("budget", &self.budget)
            .field("on_store_failure", &self.on_store_failure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_fits_in_a_block_that_malloc_keeps_at_hand() -> Result<()> {
        let throttle = RedisThrottle::open("redis://127.0.0.1")?;
        let access = Access::new("daniel");

        // 1,032 bytes in that of glibc, on 64 bits.
        assert!(size_of_val(&throttle.reserve(&access)) <= 1_024);
        Ok(())
    }
}
