//! The throttle that counts requests under way.

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::access::Access;
use crate::errors::Result;
use crate::identifier::Key;
use crate::quota::{Quota, Refusal, Unit};
use crate::reservation::{Kind, Ticket};
use crate::throttle::{Admission, Throttle};
use crate::verdict::{RetryAfter, Verdict};

/// Lets so many requests of one identifier through at once, whatever they cost and however long
/// they take.
///
/// A request has its seat from its reservation until it is settled or dropped, so a caller who
/// hangs up frees it. Usually it holds together with a throttle that counts requests in time. It
/// remembers who has a request under way and nobody else, and counts those of this process alone.
///
/// A refusal says no time to come back: nobody knows when a request will end.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Access, Admission, CacheThrottle, ConcurrencyThrottle, Result, Throttle};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let throttle = CacheThrottle::new().rate("1000/h").and(ConcurrencyThrottle::new(1));
/// let call = Access::new("daniel");
/// let Admission::Admitted(first) = throttle.reserve(&call).await? else {
///     panic!("nobody else is there")
/// };
/// assert!(matches!(throttle.reserve(&call).await?, Admission::Refused(_)));
///
/// first.settle().await?;
///
/// assert!(matches!(throttle.reserve(&call).await?, Admission::Admitted(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ConcurrencyThrottle {
    at_once: u32,
    name: Arc<str>,
    at_once_for: Option<AtOnceFor>,
    seats: Arc<DashMap<Key, u32>>,
}

type AtOnceFor = Arc<dyn Fn(&Access<'_>) -> Option<u32> + Send + Sync>;

impl ConcurrencyThrottle {
    /// Lets `at_once` requests of an identifier through at once. With 0 nobody passes.
    pub fn new(at_once: u32) -> Self {
        Self {
            at_once,
            name: Arc::from("concurrency"),
            at_once_for: None,
            seats: Arc::default(),
        }
    }

    /// Sets the name by which clients are told of it: printable characters of ASCII; without it
    /// `concurrency`.
    #[must_use]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// Asks at each request how many its caller may have at once; `None` is the usual number. It
    /// must not block.
    #[must_use]
    pub fn at_once_for(
        self,
        at_once_for: impl Fn(&Access<'_>) -> Option<u32> + Send + Sync + 'static,
    ) -> Self {
        Self {
            at_once_for: Some(Arc::new(at_once_for)),
            ..self
        }
    }

    /// Says how many identifiers have a request under way.
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Says whether no request is under way.
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    fn at_once(&self, access: &Access<'_>) -> u32 {
        let own = self.at_once_for.as_ref().and_then(|ask| ask(access));
        own.unwrap_or(self.at_once)
    }

    fn take(&self, access: &Access<'_>) -> Admission {
        let at_once = self.at_once(access);
        let key = Key::of(access.identifier);
        let quotas = |taken: u32, violated| {
            if !access.quotas {
                return Vec::new();
            }
            let mut quota = Quota::new(Arc::clone(&self.name), at_once.into());
            quota.unit = Unit::ConcurrentRequests;
            quota.remaining = at_once.saturating_sub(taken).into();
            quota.violated = violated;
            vec![quota]
        };
        if at_once == 0 {
            return Admission::Refused(Refusal::from(RetryAfter::Unknown).quotas(quotas(0, true)));
        }
        let taken = match self.seats.entry(key) {
            Entry::Occupied(taken) if *taken.get() >= at_once => {
                let quotas = quotas(*taken.get(), true);
                return Admission::Refused(Refusal::from(RetryAfter::Unknown).quotas(quotas));
            }
            Entry::Occupied(mut taken) => {
                *taken.get_mut() += 1;
                *taken.get()
            }
            Entry::Vacant(none) => *none.insert(1),
        };
        let seat = Seat {
            key,
            seats: Arc::clone(&self.seats),
        };
        Admission::Admitted(Ticket::of(Kind::Seat(seat)).quotas(quotas(taken, false)))
    }
}

impl fmt::Debug for ConcurrencyThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyThrottle")
            .field("at_once", &self.at_once)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Throttle for ConcurrencyThrottle {
    fn should_be_throttled(
        &self,
        access: &Access<'_>,
    ) -> impl Future<Output = Result<Verdict>> + Send {
        let at_once = self.at_once(access);
        let taken = self.seats.get(&Key::of(access.identifier));
        ready(Ok(if taken.map_or(0, |taken| *taken) < at_once {
            Verdict::Allowed
        } else {
            Verdict::Throttled(RetryAfter::Unknown)
        }))
    }

    fn reserve(&self, access: &Access<'_>) -> impl Future<Output = Result<Admission>> + Send {
        ready(Ok(self.take(access)))
    }

    fn reserve_now(&self, access: &Access<'_>) -> Option<Result<Admission>> {
        Some(Ok(self.take(access)))
    }

    fn keys(&self) -> Option<usize> {
        Some(self.len())
    }

    fn describe(&self) -> Option<String> {
        Some(format!("{} at once", self.at_once))
    }
}

/// A request under way; dropped, it has ended.
pub(crate) struct Seat {
    key: Key,
    seats: Arc<DashMap<Key, u32>>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Entry::Occupied(mut taken) = self.seats.entry(self.key) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seat")
    }
}
