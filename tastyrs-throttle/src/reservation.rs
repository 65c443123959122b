//! A place that a request holds until it ends.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use crate::access::{Access, OwnedAccess};
use crate::access_row::AccessRow;
use crate::concurrency::Seat;
use crate::counts::{Counts, Outcome};
use crate::errors::Result;
#[cfg(any(feature = "actix", feature = "tower"))]
use crate::fields::{Fields, Put};
use crate::journal::Journal;
use crate::metrics::Stopwatch;
use crate::quota::Quota;
use crate::store::Place;
use crate::throttle::{AnyThrottle, BoxFuture};

/// What a throttle hands out for a request that it lets through.
///
/// The tickets of the built-in throttles hold a place in their store; a throttle that counts
/// with one of them inside passes its ticket on. Dropped, a ticket gives its place back.
#[derive(Debug)]
#[must_use = "a ticket that is dropped gives its place back"]
pub struct Ticket {
    kind: Kind,
    quotas: Box<[Quota]>,
}

/// No larger than a [`Place`], which is what most requests hold: it is handed on several times.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Nothing to settle.
    Nothing,
    /// Kept, the throttle's own `accessed` is called; who is told is known in a reservation.
    Asked(Option<Box<(AnyThrottle, OwnedAccess)>>),
    /// Kept, the place counts for good.
    Place(Place),
    /// Kept, the place counts for good and a row is written.
    Logged(Box<Logged>),
    /// Kept, the place counts for good on all machines.
    #[cfg(feature = "redis")]
    Shared(Box<crate::redis::SharedPlace>),
    /// Until the request ends, kept or not.
    Seat(#[expect(dead_code, reason = "it is dropped with the request")] Seat),
    /// A place with each of several throttles.
    All(Vec<Reservation>),
}

#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) place: Place,
    pub(crate) row: AccessRow,
    pub(crate) journal: Arc<Journal>,
}

impl Ticket {
    /// Holds no place: when the request is kept, [`Throttle::accessed`](crate::Throttle::accessed)
    /// is called.
    pub fn new() -> Self {
        Self::of(Kind::Asked(None))
    }

    /// Adds where the caller stands, its place included.
    pub fn quotas(self, quotas: Vec<Quota>) -> Self {
        Self::with(self.kind, quotas.into())
    }

    #[inline]
    pub(crate) fn of(kind: Kind) -> Self {
        Self::with(kind, Box::default())
    }

    #[inline]
    pub(crate) fn with(kind: Kind, quotas: Box<[Quota]>) -> Self {
        Self { kind, quotas }
    }
}

impl Default for Ticket {
    fn default() -> Self {
        Self::new()
    }
}

/// A place that a request holds, counted from the moment it was taken.
///
/// The request keeps it or does not, and settles it when it ends: kept, it stays counted, and
/// where a row is to be written it is written before [`settle`](Self::settle) returns; not kept,
/// it is given back. A reservation that is dropped settles the same way, except that nobody waits:
/// a row, or a throttle's own `accessed`, is left to the background.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Access, Admission, AnyThrottle, CacheThrottle, Result, Verdict};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let throttle = AnyThrottle::new(CacheThrottle::new().throttle_at(1));
/// let call = Access::new("daniel");
/// let Admission::Admitted(place) = throttle.reserve(&call).await? else {
///     panic!("the first call passes")
/// };
/// assert_ne!(throttle.should_be_throttled(&call).await?, Verdict::Allowed);
///
/// place.release();
///
/// assert_eq!(throttle.should_be_throttled(&call).await?, Verdict::Allowed);
/// # Ok(())
/// # }
/// ```
#[must_use = "a reservation that is dropped at once gives its place back"]
pub struct Reservation {
    kind: Kind,
    quotas: Box<[Quota]>,
    counts: Option<Counts>,
    /// What the request costs, where that is not what it said before.
    charged: Option<u32>,
    kept: bool,
    /// Whether there was no place, but for a dry run.
    would_refuse: bool,
}

impl Reservation {
    #[inline]
    pub(crate) fn new(throttle: &AnyThrottle, access: &Access<'_>, ticket: Ticket) -> Self {
        let mut place = Self {
            kind: ticket.kind,
            quotas: ticket.quotas,
            counts: throttle.what_counts(),
            charged: None,
            kept: false,
            would_refuse: false,
        };
        if let Kind::Asked(asked) = &mut place.kind {
            *asked = Some(Box::new((throttle.clone(), OwnedAccess::of(access))));
        }
        place
    }

    /// Holds nothing, for a dry run alone.
    pub(crate) fn would_be_refused(throttle: &AnyThrottle, access: &Access<'_>) -> Self {
        let mut place = Self::new(throttle, access, Ticket::of(Kind::Nothing));
        place.would_refuse = true;
        place
    }

    /// Whether this place, or one of several, is there because of a dry run alone.
    pub(crate) fn would_refuse(&self) -> bool {
        self.would_refuse
            || match &self.kind {
                Kind::All(places) => places.iter().any(Self::would_refuse),
                _ => false,
            }
    }

    /// Marks the place as one to keep; nothing is written yet.
    #[inline]
    pub fn keep(&mut self) {
        self.kept = true;
        self.parts().for_each(Self::keep);
    }

    /// Says whether the place will be kept.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Gives the place back, marked or not.
    pub fn release(mut self) {
        self.unmark();
    }

    /// Says how many places the request takes after all, where that was not known before: fewer
    /// are given back, more are counted whether there is room for them or not.
    pub fn charge(&mut self, cost: u32) {
        self.charged = Some(cost);
        self.parts().for_each(|place| place.charge(cost));
    }

    /// Takes another place in, so that both share what becomes of the request: where a request
    /// turns out to cost more than the place that it has.
    pub fn join(mut self, mut other: Self) -> Self {
        if self.kept {
            other.keep();
        }
        self.tell_nothing();
        Self {
            kept: self.kept,
            would_refuse: false,
            counts: None,
            charged: None,
            quotas: Box::default(),
            kind: Kind::All(vec![self, other]),
        }
    }

    /// Says how the request ended: a place that was marked stays so if such a request counts, by
    /// what the throttle was told or else by `usual`.
    pub fn ended(&mut self, outcome: Outcome, usual: Counts) {
        let counts = self.counts.unwrap_or(usual);
        if !counts.has(outcome) {
            self.kept = false;
        }
        self.parts().for_each(|place| place.ended(outcome, counts));
    }

    /// Where the caller stands, this place included: an entry for each rate, if the
    /// [`Access`] asked for them.
    pub fn quotas(&self) -> Vec<&Quota> {
        let mut quotas: Vec<&Quota> = self.quotas.iter().collect();
        if let Kind::All(places) = &self.kind {
            quotas.extend(places.iter().flat_map(Self::quotas));
        }
        quotas
    }

    /// Hands each field that tells of those to `put`.
    #[cfg(any(feature = "actix", feature = "tower"))]
    pub(crate) fn put_fields(&self, fields: Fields, put: &mut Put<'_>) {
        match &self.kind {
            Kind::All(_) => fields.put_admitted(self.quotas().into_iter(), put),
            _ => fields.put_admitted(self.quotas.iter(), put),
        }
    }

    /// Ends the reservation as it was marked: a kept one stays counted and is written down before
    /// this returns, the other is given back.
    ///
    /// # Errors
    ///
    /// - [`Error::AccessLog`](crate::Error::AccessLog) and
    ///   [`Error::WriterEnded`](crate::Error::WriterEnded) when the row of a
    ///   [`CacheDbThrottle`](crate::CacheDbThrottle) could not be written; the hit stays counted.
    /// - What [`Throttle::accessed`](crate::Throttle::accessed) returns, for a throttle of one's
    ///   own.
    #[inline]
    pub fn settle(self) -> impl Future<Output = Result<()>> + Send + use<> {
        self.settling()
    }

    #[inline]
    pub(crate) fn settling(self) -> Settling {
        // Most are settled by being dropped.
        if self.waits() {
            Settling(Some(Box::pin(self.settled())))
        } else {
            Settling::done()
        }
    }

    /// Whether there is anything to wait for when it is settled.
    fn waits(&self) -> bool {
        match &self.kind {
            Kind::All(places) => places.iter().any(Self::waits),
            Kind::Asked(_) | Kind::Logged(_) => self.kept,
            _ => false,
        }
    }

    async fn settled(mut self) -> Result<()> {
        match mem::replace(&mut self.kind, Kind::Nothing) {
            Kind::All(places) => all_settled(places).await,
            Kind::Asked(asked) if self.kept => match self.told(asked) {
                Some((throttle, access)) => throttle.accessed(&access.borrow()).await,
                None => Ok(()),
            },
            Kind::Logged(logged) if self.kept => {
                let Logged {
                    mut place,
                    row,
                    journal,
                } = *logged;
                place.keep(self.charged);
                let stopwatch = Stopwatch::start("access_log");
                let written = journal.write(row).await;
                stopwatch.stop();
                written
            }
            // Nobody waits for the others.
            kind => {
                self.kind = kind;
                Ok(())
            }
        }
    }

    /// Settles what is kept without waiting.
    fn dropped(&mut self) {
        match mem::replace(&mut self.kind, Kind::Nothing) {
            // Each of several places is dropped by itself.
            Kind::Nothing | Kind::Seat(_) | Kind::All(_) => {}
            Kind::Asked(asked) => {
                if let Some((throttle, access)) = self.told(asked) {
                    accessed_in_the_background(throttle, access);
                }
            }
            Kind::Place(mut place) => place.keep(self.charged),
            #[cfg(feature = "redis")]
            Kind::Shared(place) => place.keep(self.charged),
            Kind::Logged(logged) => {
                let Logged {
                    mut place,
                    row,
                    journal,
                } = *logged;
                place.keep(self.charged);
                journal.write_in_the_background(row);
            }
        }
    }

    fn tell_nothing(&mut self) {
        self.quotas = Box::default();
        self.parts().for_each(Self::tell_nothing);
    }

    fn unmark(&mut self) {
        self.kept = false;
        self.parts().for_each(Self::unmark);
    }

    /// The places that this one is made of, where it is made of several.
    fn parts(&mut self) -> impl Iterator<Item = &mut Self> {
        match &mut self.kind {
            Kind::All(places) => places.as_mut_slice(),
            _ => &mut [],
        }
        .iter_mut()
    }

    /// Who is told of the access, and what it cost.
    fn told(
        &self,
        asked: Option<Box<(AnyThrottle, OwnedAccess)>>,
    ) -> Option<(AnyThrottle, OwnedAccess)> {
        let (throttle, mut access) = *asked?;
        if let Some(cost) = self.charged {
            access.set_cost(cost);
        }
        Some((throttle, access))
    }
}

/// What is waited for when a place is settled, where there is anything. That is large, and stands
/// apart, so that what holds a request need not be.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Settling(Option<BoxFuture<'static, Result<()>>>);

impl Settling {
    #[inline]
    pub(crate) fn done() -> Self {
        Self(None)
    }
}

impl Future for Settling {
    type Output = Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Some(settled) => settled.as_mut().poll(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Settles all, whatever becomes of each; the first failure is told.
fn all_settled(places: Vec<Reservation>) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let mut settled = Ok(());
        for place in places {
            settled = settled.and(place.settle().await);
        }
        settled
    })
}

impl Drop for Reservation {
    #[inline]
    fn drop(&mut self) {
        if !self.kept {
            return;
        }
        if let Kind::Place(place) = &mut self.kind {
            place.keep(self.charged);
        } else {
            self.dropped();
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("kind", &self.kind)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

fn accessed_in_the_background(throttle: AnyThrottle, access: OwnedAccess) {
    let Ok(runtime) = Handle::try_current() else {
        tracing::warn!(
            ?throttle,
            "a kept request was dropped where nothing can count it"
        );
        return;
    };
    runtime.spawn(async move {
        if let Err(error) = throttle.accessed(&access.borrow()).await {
            tracing::warn!(?throttle, %error, "a dropped request could not be counted");
        }
    });
}
