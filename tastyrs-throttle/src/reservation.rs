//! A place that a request holds until it ends.

use std::fmt;
use std::mem;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::access::{Access, OwnedAccess};
use crate::access_log::AccessRow;
use crate::errors::Result;
use crate::journal::Journal;
use crate::store::Place;
use crate::throttle::AnyThrottle;

/// What a throttle hands out for a request that it lets through.
///
/// The tickets of the built-in throttles hold a place in their store; a throttle that counts
/// with one of them inside passes its ticket on. Dropped, a ticket gives its place back.
#[derive(Debug)]
#[must_use = "a ticket that is dropped gives its place back"]
pub struct Ticket(Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    /// Nothing to settle.
    Nothing,
    /// Kept, the throttle's own `accessed` is called.
    Asked,
    /// Kept, the place counts for good.
    Place(Place),
    /// Kept, the place counts for good and a row is written.
    Logged {
        place: Place,
        row: Box<AccessRow>,
        journal: Arc<Journal>,
    },
}

impl Ticket {
    /// Holds no place: when the request is kept, [`Throttle::accessed`](crate::Throttle::accessed)
    /// is called.
    pub fn new() -> Self {
        Self(Kind::Asked)
    }

    pub(crate) fn of(kind: Kind) -> Self {
        Self(kind)
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
    throttle: AnyThrottle,
    kind: Kind,
    access: Option<Box<OwnedAccess>>,
    kept: bool,
}

impl Reservation {
    pub(crate) fn new(throttle: AnyThrottle, access: &Access<'_>, ticket: Ticket) -> Self {
        let access = matches!(ticket.0, Kind::Asked).then(|| Box::new(OwnedAccess::of(access)));
        Self {
            throttle,
            kind: ticket.0,
            access,
            kept: false,
        }
    }

    /// Marks the place as one to keep; nothing is written yet.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Says whether the place will be kept.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Gives the place back, marked or not.
    pub fn release(mut self) {
        self.kept = false;
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
    pub async fn settle(mut self) -> Result<()> {
        if !self.kept {
            return Ok(());
        }
        let access = self.access.take();
        match mem::replace(&mut self.kind, Kind::Nothing) {
            Kind::Nothing => Ok(()),
            Kind::Asked => match access {
                Some(access) => self.throttle.accessed(&access.borrow()).await,
                None => Ok(()),
            },
            Kind::Place(place) => {
                place.keep();
                Ok(())
            }
            Kind::Logged {
                place,
                row,
                journal,
            } => {
                place.keep();
                journal.write(*row).await
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.kept {
            return;
        }
        match mem::replace(&mut self.kind, Kind::Nothing) {
            Kind::Nothing => {}
            Kind::Asked => {
                if let Some(access) = self.access.take() {
                    accessed_in_the_background(self.throttle.clone(), access);
                }
            }
            Kind::Place(place) => place.keep(),
            Kind::Logged {
                place,
                row,
                journal,
            } => {
                place.keep();
                journal.write_in_the_background(*row);
            }
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("throttle", &self.throttle)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

fn accessed_in_the_background(throttle: AnyThrottle, access: Box<OwnedAccess>) {
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
