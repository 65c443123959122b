//! The throttle that counts in memory.

use std::future::{Future, ready};

use crate::access::Access;
use crate::access_log::Binding;
use crate::clock::Clock;
use crate::counter::Counter;
use crate::errors::Result;
use crate::reservation::Kind;
use crate::settings::{Settings, setters};
use crate::store::Store;
use crate::throttle::{Admission, Throttle};
use crate::verdict::Verdict;

/// Lets `throttle_at` requests through in any `timeframe`, counted in memory.
///
/// The window slides and is exact: of any number of requests at once, from any number of
/// threads, exactly `throttle_at` are admitted by [`reserve`](Throttle::reserve), and no window
/// of one timeframe ever holds more. An access counts from the moment of its reservation. With
/// `throttle_at` 0 nobody passes.
///
/// Clones count together. Throttles made apart do not, unless they are given one [`Store`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_throttle::{Access, CacheThrottle, Clock, Result, RetryAfter, Throttle, Verdict};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let clock = Clock::manual();
/// let throttle = CacheThrottle::new()
///     .throttle_at(1)
///     .timeframe(Duration::from_secs(60))
///     .clock(clock.clone());
/// let call = Access::new("daniel");
/// throttle.accessed(&call).await?;
/// clock.advance_secs(15);
///
/// let verdict = throttle.should_be_throttled(&call).await?;
///
/// assert_eq!(verdict, Verdict::Throttled(RetryAfter::After(Duration::from_secs(45))));
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// `CacheThrottle`, `throttle.py:74`. At whole seconds verdicts and waits are the same, but for
/// one: an access exactly `timeframe` old counts in tastypie and leaves a wait of 0, which it then
/// takes for "not throttled"; here it has left the window. Tastypie counts in whole seconds; here
/// times have microseconds (10 µs when the window is longer than 17 minutes, 100 µs when it is
/// longer than 3 hours). `throttle_at=0` is an `IndexError` there.
#[derive(Clone, Debug, Default)]
pub struct CacheThrottle {
    counter: Counter,
}

impl CacheThrottle {
    /// Begins with tastypie's defaults: 150 requests in an hour, remembered for a week.
    pub fn new() -> Self {
        Self::default()
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self {
            counter: self.counter.set(change),
        }
    }

    /// Tells the time by this clock. Throttles that share a store must share its clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self {
            counter: self.counter.clock(clock),
        }
    }

    /// Decides and counts for good in one step, without waiting.
    ///
    /// For callers that have nothing to give back: it costs half of a place that is
    /// [reserved](Throttle::reserve), kept and settled. Where a request that fails, or whose caller
    /// hangs up, shall not count, or costs are known afterwards, reserve a place.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_throttle::{Access, CacheThrottle, Result, Verdict};
    ///
    /// # fn main() -> Result<()> {
    /// let throttle = CacheThrottle::new().rate("2/m");
    /// let call = Access::new("daniel");
    ///
    /// assert_eq!(throttle.admit(&call)?, Verdict::Allowed);
    /// assert_eq!(throttle.admit(&call)?, Verdict::Allowed);
    /// assert_ne!(throttle.admit(&call)?, Verdict::Allowed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::Error::Setting) and
    /// [`Error::ClocksDiffer`](crate::Error::ClocksDiffer) when the settings cannot work.
    pub fn admit(&self, access: &Access<'_>) -> Result<Verdict> {
        self.counter.admit(access)
    }

    /// Counts in this store, together with the other throttles that were given it.
    #[must_use]
    pub fn store(self, store: Store) -> Self {
        Self {
            counter: self.counter.with_store(store),
        }
    }
}

setters!(CacheThrottle);

impl Throttle for CacheThrottle {
    fn should_be_throttled(
        &self,
        access: &Access<'_>,
    ) -> impl Future<Output = Result<Verdict>> + Send {
        ready(self.counter.should_be_throttled(access))
    }

    fn accessed(&self, access: &Access<'_>) -> impl Future<Output = Result<()>> + Send {
        ready(self.counter.accessed(access))
    }

    fn reserve(&self, access: &Access<'_>) -> impl Future<Output = Result<Admission>> + Send {
        ready(self.counter.reserve(access, Kind::Place))
    }

    fn reserve_now(&self, access: &Access<'_>) -> Option<Result<Admission>> {
        Some(self.counter.reserve(access, Kind::Place))
    }

    /// Checks the settings.
    fn bind(&self, _: &Binding) -> Result<()> {
        self.counter.joined().map(drop)
    }

    fn keys(&self) -> Option<usize> {
        Some(self.counter.store().len())
    }

    fn describe(&self) -> Option<String> {
        self.counter.describe()
    }
}
