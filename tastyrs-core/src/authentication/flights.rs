//! Logins whose end is not known yet, and those that wait for them.

use std::{
    collections::{HashMap, hash_map::RandomState},
    fmt,
    hash::BuildHasher as _,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, futures::OwnedNotified};

/// How many logins are on their way, by who is counted.
///
/// Two keys of one hash wait for each other, and no more comes of it.
#[derive(Default)]
pub(super) struct Flights {
    hasher: RandomState,
    by_key: Mutex<HashMap<u64, InFlight>>,
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct InFlight {
    number: usize,
    /// How many wait, and what wakes one of them.
    waiting: usize,
    ended: Arc<Notify>,
}

impl Flights {
    /// Enters a login, before it asks for a place.
    pub(super) fn enter(flights: &Arc<Self>, key: &str) -> Flight {
        let key = flights.hasher.hash_one(key);
        flights.lock().entry(key).or_default().number += 1;
        Flight {
            flights: Arc::clone(flights),
            key,
            left: false,
        }
    }

    /// How many keys there is something to remember of.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, InFlight>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is on its way for a key, and forgets the key where that is nothing.
    fn change(&self, key: u64, change: impl FnOnce(&mut InFlight)) {
        let mut by_key = self.lock();
        if let Some(in_flight) = by_key.get_mut(&key) {
            change(in_flight);
            if in_flight.number == 0 && in_flight.waiting == 0 {
                by_key.remove(&key);
            }
        }
    }
}

impl InFlight {
    /// Takes one out, and says whether others are left.
    fn leave(&mut self) -> bool {
        self.number = self.number.saturating_sub(1);
        self.number > 0
    }

    fn wake_one(&self) {
        if self.waiting > 0 {
            self.ended.notify_one();
        }
    }
}

/// A login on its way. When it ends, whoever waits the longest tries again.
#[derive(Debug)]
pub(super) struct Flight {
    flights: Arc<Flights>,
    key: u64,
    left: bool,
}

impl Flight {
    /// Leaves without a place; what it may wait for are the others that are on their way.
    ///
    /// Where there are none, the next that waits is told so. Else nobody is, or those that wait would wake one another
    /// for nothing.
    pub(super) fn refused(mut self) -> Option<Waiting> {
        let mut waiting = None;
        self.left = true;
        self.flights.change(self.key, |in_flight| {
            if in_flight.leave() {
                in_flight.waiting += 1;
                let mut ended = Box::pin(Arc::clone(&in_flight.ended).notified_owned());
                // In line from now on, not from when it is polled.
                ended.as_mut().enable();
                waiting = Some(Waiting {
                    ended,
                    place: InLine {
                        flights: Arc::clone(&self.flights),
                        key: self.key,
                    },
                });
            } else {
                in_flight.wake_one();
            }
        });
        waiting
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.left {
            self.flights.change(self.key, |in_flight| {
                in_flight.leave();
                in_flight.wake_one();
            });
        }
    }
}

/// What a login waits for that found no place. Dropped, it lets the next one through in its stead.
#[derive(Debug)]
pub(super) struct Waiting {
    ended: Pin<Box<OwnedNotified>>,
    place: InLine,
}

impl Waiting {
    /// Waits for one of the others to end.
    pub(super) async fn ended(self) {
        let Self { ended, place } = self;
        ended.await;
        drop(place);
    }
}

#[derive(Debug)]
struct InLine {
    flights: Arc<Flights>,
    key: u64,
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.flights.change(self.key, |in_flight| {
            in_flight.waiting = in_flight.waiting.saturating_sub(1);
        });
    }
}
