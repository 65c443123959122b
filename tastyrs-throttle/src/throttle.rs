//! The trait that throttles implement, and the handle that holds any of them.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::access::Access;
use crate::access_log::Binding;
use crate::counts::Counts;
use crate::errors::Result;
use crate::metrics;
use crate::quota::Refusal;
use crate::reservation::{Reservation, Ticket};
use crate::several::Several;
use crate::verdict::Verdict;
use crate::watch::{Decision, Watch};

/// A future on the heap, as the traits with a `dyn` of their own return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Decides which requests are turned away.
///
/// One method is enough: [`should_be_throttled`](Self::should_be_throttled). A throttle that
/// counts also implements [`accessed`](Self::accessed). Between the two questions other requests
/// may slip through: with `n` clients at once, up to `n - 1` too many pass. Who wants none to
/// pass overrides [`reserve`](Self::reserve), usually by asking a
/// [`CacheThrottle`](crate::CacheThrottle) inside; the built-in throttles do.
///
/// # Examples
///
/// The throttle of tastypie's documentation draws a number and turns the caller away when it is
/// even:
///
/// ```
/// use tastyrs_throttle::{Access, AnyThrottle, Result, RetryAfter, Throttle, Verdict};
///
/// struct RandomThrottle {
///     draw: fn() -> u32,
/// }
///
/// impl Throttle for RandomThrottle {
///     async fn should_be_throttled(&self, _: &Access<'_>) -> Result<Verdict> {
///         Ok(if (self.draw)() % 2 == 0 {
///             Verdict::Throttled(RetryAfter::Unknown)
///         } else {
///             Verdict::Allowed
///         })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let even = AnyThrottle::new(RandomThrottle { draw: || 4 });
/// let odd = AnyThrottle::new(RandomThrottle { draw: || 7 });
/// let call = Access::new("daniel");
///
/// assert_eq!(even.should_be_throttled(&call).await?, Verdict::Throttled(RetryAfter::Unknown));
/// assert_eq!(odd.should_be_throttled(&call).await?, Verdict::Allowed);
/// # Ok(())
/// # }
/// ```
///
/// # Counting in a throttle of one's own
///
/// A number that is read, compared and written in two steps loses what others write meanwhile. A
/// throttle that decides by something else and counts by the way has a
/// [`CacheThrottle`](crate::CacheThrottle) inside, whose every operation is one step:
///
/// ```
/// use tastyrs_throttle::{Access, Admission, AnyThrottle, CacheThrottle, Result, Throttle, Verdict};
///
/// /// Counts a caller's GETs and the rest apart.
/// struct ByMethod {
///     reads: CacheThrottle,
///     writes: CacheThrottle,
/// }
///
/// impl ByMethod {
///     fn of(&self, access: &Access<'_>) -> &CacheThrottle {
///         if access.method == "GET" { &self.reads } else { &self.writes }
///     }
/// }
///
/// impl Throttle for ByMethod {
///     async fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
///         self.of(access).should_be_throttled(access).await
///     }
///
///     async fn reserve(&self, access: &Access<'_>) -> Result<Admission> {
///         self.of(access).reserve(access).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let throttle = AnyThrottle::new(ByMethod {
///     reads: CacheThrottle::new().rate("100/m"),
///     writes: CacheThrottle::new().rate("1/m"),
/// });
/// let write = Access::new("daniel").method("POST");
/// let Admission::Admitted(mut place) = throttle.reserve(&write).await? else {
///     panic!("the first write passes")
/// };
/// place.keep();
/// place.settle().await?;
///
/// assert!(matches!(throttle.reserve(&write).await?, Admission::Refused(_)));
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// `BaseThrottle`, `throttle.py:9`. `convert_identifier_to_key` has no counterpart: it drops
/// characters, so that `alice` and `al:ice` are one; here every identifier has a key of its own.
pub trait Throttle: Send + Sync + 'static {
    /// Says whether the request should be turned away, and counts nothing.
    ///
    /// # Errors
    ///
    /// Whatever keeps the throttle from deciding.
    fn should_be_throttled(
        &self,
        access: &Access<'_>,
    ) -> impl Future<Output = Result<Verdict>> + Send;

    /// Remembers that the request was let through; does nothing unless it is overridden.
    ///
    /// # Errors
    ///
    /// Whatever keeps the throttle from remembering.
    fn accessed(&self, access: &Access<'_>) -> impl Future<Output = Result<()>> + Send {
        let _ = access;
        async { Ok(()) }
    }

    /// Decides and takes a place in one step.
    ///
    /// Provided over the two questions: it asks
    /// [`should_be_throttled`](Self::should_be_throttled), and [`accessed`](Self::accessed) is
    /// called when the reservation is kept and settled.
    ///
    /// # Errors
    ///
    /// Whatever keeps the throttle from deciding.
    fn reserve(&self, access: &Access<'_>) -> impl Future<Output = Result<Admission>> + Send {
        async {
            Ok(match self.should_be_throttled(access).await? {
                Verdict::Allowed => Admission::Admitted(Ticket::new()),
                Verdict::Throttled(retry_after) => Admission::Refused(retry_after.into()),
            })
        }
    }

    /// Decides like [`reserve`](Self::reserve), where that needs no waiting; `None` where it does.
    ///
    /// A throttle that counts in memory overrides it together with `reserve`, to spare its callers
    /// a future on the heap.
    fn reserve_now(&self, access: &Access<'_>) -> Option<Result<Admission>> {
        let _ = access;
        None
    }

    /// Has only such requests count, whatever else would be usual where the throttle is used.
    fn counts(self, counts: Counts) -> AnyThrottle
    where
        Self: Sized,
    {
        AnyThrottle::new(self).counts(counts)
    }

    /// Decides and counts, and says in the log and in metrics whom it would turn away, but turns
    /// nobody away: for trying a limit out.
    fn dry_run(self) -> AnyThrottle
    where
        Self: Sized,
    {
        AnyThrottle::new(self).dry_run()
    }

    /// Has another throttle hold as well: see [`AnyThrottle::and`].
    fn and(self, other: impl Into<AnyThrottle>) -> AnyThrottle
    where
        Self: Sized,
    {
        AnyThrottle::new(self).and(other)
    }

    /// Learns for which resource the throttle will decide: told once for each resource, when the
    /// API is built, and never while requests are served. It may block.
    ///
    /// # Errors
    ///
    /// Whatever must be put right before the first request, such as a setting.
    fn bind(&self, binding: &Binding) -> Result<()> {
        let _ = binding;
        Ok(())
    }

    /// Says how many identifiers are held, for metrics and pages; `None` where that is not known.
    fn keys(&self) -> Option<usize> {
        None
    }

    /// Says in words what the limits are, for pages, as in `10/s, 1000/h`; `None` where there is
    /// nothing to say.
    fn describe(&self) -> Option<String> {
        None
    }

    /// Returns when everything is safe that the throttle was told before, for a process that is
    /// about to end; at once, unless it is overridden.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being safe.
    fn drain(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

impl<T: Throttle> Throttle for Arc<T> {
    fn should_be_throttled(
        &self,
        access: &Access<'_>,
    ) -> impl Future<Output = Result<Verdict>> + Send {
        T::should_be_throttled(self, access)
    }

    fn accessed(&self, access: &Access<'_>) -> impl Future<Output = Result<()>> + Send {
        T::accessed(self, access)
    }

    fn reserve(&self, access: &Access<'_>) -> impl Future<Output = Result<Admission>> + Send {
        T::reserve(self, access)
    }

    fn reserve_now(&self, access: &Access<'_>) -> Option<Result<Admission>> {
        T::reserve_now(self, access)
    }

    fn bind(&self, binding: &Binding) -> Result<()> {
        T::bind(self, binding)
    }

    fn drain(&self) -> impl Future<Output = Result<()>> + Send {
        T::drain(self)
    }

    fn keys(&self) -> Option<usize> {
        T::keys(self)
    }

    fn describe(&self) -> Option<String> {
        T::describe(self)
    }
}

/// What became of a request that asked for a place: `T` is the place.
///
/// A [`Throttle`] hands out a [`Ticket`]; [`AnyThrottle::reserve`] makes a [`Reservation`] of it.
#[derive(Debug)]
#[must_use = "a refusal that nobody reads lets every request through"]
pub enum Admission<T = Ticket> {
    /// The request may go on, and holds this place.
    Admitted(T),
    /// The limit is reached.
    Refused(Refusal),
}

impl<T> Admission<T> {
    /// Makes another place of the place.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Admission<U> {
        match self {
            Self::Admitted(place) => Admission::Admitted(make(place)),
            Self::Refused(refusal) => Admission::Refused(refusal),
        }
    }
}

/// Holds any throttle; a clone is the same throttle.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Access, Admission, AnyThrottle, CacheThrottle, Result};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let throttle = AnyThrottle::new(CacheThrottle::new().throttle_at(1));
/// let call = Access::new("daniel");
///
/// let Admission::Admitted(mut place) = throttle.reserve(&call).await? else {
///     panic!("the first call passes")
/// };
/// place.keep();
/// place.settle().await?;
///
/// assert!(matches!(throttle.reserve(&call).await?, Admission::Refused(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AnyThrottle {
    throttle: Arc<dyn Erased>,
    counts: Option<Counts>,
    dry_run: bool,
    watch: Option<Watch>,
}

impl AnyThrottle {
    /// Takes a throttle in.
    pub fn new(throttle: impl Throttle) -> Self {
        Self {
            throttle: Arc::new(throttle),
            counts: None,
            dry_run: false,
            watch: None,
        }
    }

    /// Has only such requests count, whatever else would be usual where the throttle is used.
    ///
    /// Of throttles that hold together by [`and`](Self::and), each keeps its own way.
    #[must_use]
    pub fn counts(self, counts: Counts) -> Self {
        Self {
            counts: Some(counts),
            ..self
        }
    }

    /// Decides and counts, and says in the log and in metrics whom it would turn away, but turns
    /// nobody away: for trying a limit out.
    #[must_use]
    pub fn dry_run(self) -> Self {
        Self {
            dry_run: true,
            ..self
        }
    }

    /// Has a watch follow who calls and who is turned away. Several throttles may have one watch;
    /// of throttles that hold together by [`and`](Self::and), give it to the whole.
    #[must_use]
    pub fn watched(self, watch: &Watch) -> Self {
        Self {
            watch: Some(watch.clone()),
            ..self
        }
    }

    /// Has another throttle hold as well: a request takes a place with both or with none, and who
    /// is turned away waits for the later of those that refuse.
    ///
    /// The throttles are asked one after the other, so a request may hold a place of the first for
    /// the moment in which the second refuses it. Several [`rates`](crate::CacheThrottle::rates)
    /// of one throttle are decided in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_throttle::{Access, Admission, CacheThrottle, Result, Throttle};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let throttle = CacheThrottle::new().rate("1/s").and(CacheThrottle::new().rate("10/h"));
    /// let call = Access::new("daniel");
    ///
    /// let Admission::Admitted(mut place) = throttle.reserve(&call).await? else {
    ///     panic!("the first call passes")
    /// };
    /// place.keep();
    /// place.settle().await?;
    /// assert!(matches!(throttle.reserve(&call).await?, Admission::Refused(_)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        Self::new(Several::new(vec![self, other.into()]))
    }

    /// Says whether the request should be turned away, and counts nothing.
    ///
    /// # Errors
    ///
    /// What the throttle's [`should_be_throttled`](Throttle::should_be_throttled) returns.
    pub async fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        let verdict = self.throttle.should_be_throttled(access).await?;
        Ok(if self.dry_run {
            Verdict::Allowed
        } else {
            verdict
        })
    }

    /// Counts the request without asking whether it may pass.
    ///
    /// # Errors
    ///
    /// What the throttle's [`accessed`](Throttle::accessed) returns.
    pub async fn accessed(&self, access: &Access<'_>) -> Result<()> {
        self.throttle.accessed(access).await
    }

    /// Decides and takes a place in one step.
    ///
    /// Of any number of requests at once exactly `throttle_at` are admitted by the built-in
    /// throttles. What is admitted must be settled: see [`Reservation`].
    ///
    /// # Errors
    ///
    /// What the throttle's [`reserve`](Throttle::reserve) returns.
    #[inline]
    pub async fn reserve(&self, access: &Access<'_>) -> Result<Admission<Reservation>> {
        let taken = match self.throttle.reserve_now(access) {
            Some(admission) => self.admitted(access, admission),
            None => self.admitted(access, self.throttle.reserve(access).await),
        };
        self.observe(access, &taken);
        taken
    }

    /// Tells the log, the watch and metrics what was decided, where there is anybody to tell.
    #[inline]
    fn observe(&self, access: &Access<'_>, taken: &Result<Admission<Reservation>>) {
        let is_told = cfg!(feature = "metrics") || self.watch.is_some();
        if is_told || matches!(taken, Ok(Admission::Refused(_))) {
            self.tell(access, taken);
        }
    }

    fn tell(&self, access: &Access<'_>, taken: &Result<Admission<Reservation>>) {
        let decision = match taken {
            Ok(Admission::Admitted(place)) if place.would_refuse() => Decision::WouldRefuse,
            Ok(Admission::Admitted(_)) => Decision::Allowed,
            Ok(Admission::Refused(refusal)) => {
                tracing::debug!(
                    target: "tastyrs::throttle",
                    identifier = access.identifier,
                    resource = access.resource,
                    retry_after = ?refusal.retry_after,
                    "turned away"
                );
                Decision::Refused
            }
            Err(_) => Decision::Failed,
        };
        if let Some(watch) = &self.watch {
            watch.saw(access.identifier, decision);
        }
        metrics::decided(access.resource, decision, || self.keys());
    }

    /// Decides like [`reserve`](Self::reserve), where that needs no waiting; `None` where it does.
    #[cfg(any(feature = "actix", feature = "tower"))]
    pub(crate) fn reserve_now(
        &self,
        access: &Access<'_>,
    ) -> Option<Result<Admission<Reservation>>> {
        let taken = self.admitted(access, self.throttle.reserve_now(access)?);
        self.observe(access, &taken);
        Some(taken)
    }

    /// Takes a place, or nothing in a dry run that would refuse.
    #[inline]
    pub(crate) async fn take(&self, access: &Access<'_>) -> Result<Admission<Reservation>> {
        match self.throttle.reserve_now(access) {
            Some(admission) => self.admitted(access, admission),
            None => self.admitted(access, self.throttle.reserve(access).await),
        }
    }

    #[inline]
    fn admitted(
        &self,
        access: &Access<'_>,
        admission: Result<Admission>,
    ) -> Result<Admission<Reservation>> {
        match admission {
            Ok(Admission::Admitted(ticket)) => {
                let place = Reservation::new(self, access, ticket);
                Ok(Admission::Admitted(place))
            }
            Ok(Admission::Refused(refusal)) if self.dry_run => {
                tracing::info!(
                    target: "tastyrs::throttle",
                    identifier = access.identifier,
                    resource = access.resource,
                    retry_after = ?refusal.retry_after,
                    "would be turned away, but for the dry run"
                );
                let place = Reservation::would_be_refused(self, access);
                Ok(Admission::Admitted(place))
            }
            Ok(Admission::Refused(refusal)) => Ok(Admission::Refused(refusal)),
            Err(error) => Err(error),
        }
    }

    /// Says how many identifiers the throttle holds, where it knows.
    pub fn keys(&self) -> Option<usize> {
        self.throttle.keys()
    }

    /// Says in words what the throttle's limits are, where it knows: `10/s, 1000/h`.
    pub fn describe(&self) -> Option<String> {
        self.throttle.describe()
    }

    pub(crate) fn what_counts(&self) -> Option<Counts> {
        self.counts
    }

    /// Tells the throttle for which resource it will decide; see [`Throttle::bind`].
    ///
    /// # Errors
    ///
    /// What the throttle's [`bind`](Throttle::bind) returns.
    pub fn bind(&self, binding: &Binding) -> Result<()> {
        self.throttle.bind(binding)
    }

    /// Returns when everything is safe that the throttle was told before; see [`Throttle::drain`].
    ///
    /// # Errors
    ///
    /// What the throttle's [`drain`](Throttle::drain) returns: for a
    /// [`CacheDbThrottle`](crate::CacheDbThrottle), that its log did not take all rows within 5
    /// seconds.
    pub async fn drain(&self) -> Result<()> {
        self.throttle.drain().await
    }
}

impl<T: Throttle> From<T> for AnyThrottle {
    fn from(throttle: T) -> Self {
        Self::new(throttle)
    }
}

impl fmt::Debug for AnyThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyThrottle")
            .field(&format_args!("{}", self.throttle.name()))
            .finish()
    }
}

/// The object-safe twin of [`Throttle`].
trait Erased: Send + Sync {
    fn should_be_throttled<'a>(&'a self, access: &'a Access<'a>) -> BoxFuture<'a, Result<Verdict>>;
    fn accessed<'a>(&'a self, access: &'a Access<'a>) -> BoxFuture<'a, Result<()>>;
    fn reserve<'a>(&'a self, access: &'a Access<'a>) -> BoxFuture<'a, Result<Admission>>;
    fn reserve_now(&self, access: &Access<'_>) -> Option<Result<Admission>>;
    fn bind(&self, binding: &Binding) -> Result<()>;
    fn drain(&self) -> BoxFuture<'_, Result<()>>;
    fn keys(&self) -> Option<usize>;
    fn describe(&self) -> Option<String>;
    fn name(&self) -> &'static str;
}

impl<T: Throttle> Erased for T {
    fn should_be_throttled<'a>(&'a self, access: &'a Access<'a>) -> BoxFuture<'a, Result<Verdict>> {
        Box::pin(Throttle::should_be_throttled(self, access))
    }

    fn accessed<'a>(&'a self, access: &'a Access<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(Throttle::accessed(self, access))
    }

    fn reserve<'a>(&'a self, access: &'a Access<'a>) -> BoxFuture<'a, Result<Admission>> {
        Box::pin(Throttle::reserve(self, access))
    }

    fn reserve_now(&self, access: &Access<'_>) -> Option<Result<Admission>> {
        Throttle::reserve_now(self, access)
    }

    fn bind(&self, binding: &Binding) -> Result<()> {
        Throttle::bind(self, binding)
    }

    fn drain(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(Throttle::drain(self))
    }

    fn keys(&self) -> Option<usize> {
        Throttle::keys(self)
    }

    fn describe(&self) -> Option<String> {
        Throttle::describe(self)
    }

    fn name(&self) -> &'static str {
        type_name::<T>()
    }
}
