//! The throttle that counts in memory.

use std::future::{Future, ready};
use std::time::Duration;

use crate::access::Access;
use crate::access_log::Binding;
use crate::clock::Clock;
use crate::counter::Counter;
use crate::errors::Result;
use crate::reservation::{Kind, Ticket};
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

    /// Lets so many requests through in a timeframe. With 0 nobody passes.
    #[must_use]
    pub fn throttle_at(self, throttle_at: u32) -> Self {
        Self {
            counter: self
                .counter
                .set(|settings| settings.throttle_at = throttle_at),
        }
    }

    /// Sets the length of the window: more than 0 and at most 34 years, else the throttle fails
    /// when it is bound or first asked.
    #[must_use]
    pub fn timeframe(self, timeframe: Duration) -> Self {
        Self {
            counter: self.counter.set(|settings| settings.timeframe = timeframe),
        }
    }

    /// Forgets an identifier so long after it was last checked or counted; more than 0, else the
    /// throttle fails when it is bound or first asked. What is shorter than the timeframe forgets
    /// early, as in tastypie.
    #[must_use]
    pub fn expiration(self, expiration: Duration) -> Self {
        Self {
            counter: self
                .counter
                .set(|settings| settings.expiration = expiration),
        }
    }

    /// Tells the time by this clock. Throttles that share a store must share its clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self {
            counter: self.counter.clock(clock),
        }
    }

    /// Counts in this store, together with the other throttles that were given it.
    #[must_use]
    pub fn store(self, store: Store) -> Self {
        Self {
            counter: self.counter.with_store(store),
        }
    }
}

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
        ready(
            self.counter
                .reserve(access)
                .map(|admission| match admission {
                    Admission::Admitted(place) => {
                        Admission::Admitted(Ticket::of(Kind::Place(place)))
                    }
                    Admission::Refused(retry_after) => Admission::Refused(retry_after),
                }),
        )
    }

    /// Checks the settings.
    fn bind(&self, _: &Binding) -> Result<()> {
        self.counter.joined().map(drop)
    }
}
